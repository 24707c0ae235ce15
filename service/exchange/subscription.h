// subscription.h - who has subscribed to a query: where results go, when, and in which spelling.
//
// A subscription is told like a partner (follower.h), as a number above all partners', so that
// positions, messages and outcomes are one machinery. It ends by DELETE, or with its query.
//
// decided part of subscription.made:
//   number var | query made var, name str, params str | position var | initial 8 | media 1 | epcs 1
//   | words 1 | id str | form
// of subscription.ended: number var | why 1 | id str
#pragma once
#include "common/form.h"
#include "service/exchange/asking.h"
#include "service/exchange/schedule.h"
#include "service/journal/kind.h"
#include "service/journal/site.h"
#include "service/rest/rest.h"

#define SUBSCRIPTIONS_MAX   1000u       // of a client
#define SUBSCRIPTION_ID_MAX 200u        // bytes
#define SUBSCRIBER          0x80000000u // added to a subscription's number: the follower's

static inline bool is_subscriber(uint32_t follower) { return (follower & SUBSCRIBER) != 0; }

struct subscription_schedule {
    str fields[SCHEDULE_FIELDS]; // JSON as given, a text or a number; empty: not given
};
void subscription_fields(const struct subscription_schedule *s, str out[SCHEDULE_FIELDS]);
struct subscription_wish { // what the POST says
    str dest, token;       // the token sealed, or empty
    bool stream, report_if_empty;
    struct subscription_schedule *schedule;
    str initial; // initialRecordTime
};
extern const struct form subscription_form;
// Everything that one field alone cannot show. subscription.controls, schedule.*
status subscription_check(const struct subscription_wish *w);
status subscription_dest_check(str dest); // subscription.dest
// Sealed with a fresh nonce, into the arena.
status subscription_seal(const struct site *s, struct arena *a, struct subscription_wish *w);

enum subscription_media { // on disk; the first two are those of enum rest_media
    SUBSCRIPTION_JSON,
    SUBSCRIPTION_XML,
    SUBSCRIPTION_XML_1_2 // asked for by SOAP
};

struct subscription {
    uint32_t number; // from 1
    str id;          // as the subscriber named it, or empty: it knows the number's own text
    client_id client;
    struct asked_query query;
    uint64_t position; // it is told of events after this one
    wall initial;      // and not of those recorded before
    wall made;
    uint8_t media; // enum subscription_media
    struct rest_form form;
    struct subscription_wish wish;
};
// Views into the fact and the arena. record.corrupt
status subscription_of_fact(const struct fact *f, struct arena *a, struct subscription *out);

struct subscription_new { // the ask
    client_id client;
    str query, params; // see struct asked_query
    str id;            // or empty
    bool has_initial;
    wall initial;
    uint8_t media;
    struct rest_form form;
    struct subscription_wish wish; // sealed
};
enum subscription_end { // on disk
    SUBSCRIPTION_DELETED = 1,
    SUBSCRIPTION_ORPHANED // its query is gone
};
struct subscription_over { // the ask
    uint32_t number;
    enum subscription_end why;
    str reason; // or empty
};
// Codes: query.no_such, subscription.too_many, subscription.exists (of its id);
// subscription.unknown.
extern const struct kind kind_subscription_made, kind_subscription_ended;

// The last fact that was recorded before the time; what follows it is told.
status subscription_position(struct txn *t, wall at, uint64_t *out);

// ---- rows

struct subscription_row {
    client_id client;
    uint64_t query; // struct asked_query's `made`
    uint64_t seq;   // of the fact that made it
    wall notified;  // when its receiver last answered 200; 0: never
};
bool subscription_row_get(struct txn *t, uint32_t number, struct subscription_row *out);
// The client's subscription that it named so; 0: none.
uint32_t subscription_named(struct txn *t, client_id client, str id);
// The first subscription of any client from `from` on; 0: none.
uint32_t subscription_from(struct txn *t, uint32_t from);
// The first one of a query from `from` on; 0: none.
uint32_t subscription_of_query(struct txn *t, client_id client, uint64_t query, uint32_t from);
void subscription_notified(struct txn *t, uint32_t number, wall at);
// Is it still there, and so is its query? `over` says what is to be noted where only the query is
// gone.
bool subscription_lives(struct txn *t, uint32_t number, bool *orphan);
