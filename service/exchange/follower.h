// follower.h - one who must be told, a partner or a subscription, being followed up: where it is,
// the message being made for it or under way, what its answer means. What differs between the sorts
// of them is a struct follower_sort; a subscription's number has SUBSCRIBER in it.
//
// owner: the courier's loop; while `state` is FOLLOWER_SHAPING or FOLLOWER_FILING the shaper that
// has it. Nothing here is on disk: after a restart a follower goes on where its partner's row is.
#pragma once
#include "common/http_client.h"
#include "service/event/render.h"
#include "service/exchange/outcome.h"
#include "service/exchange/packing.h"
#include "service/exchange/subscription.h"

struct site;

struct exchange_limits {        // settings, each with its default in service/settings.c
    uint32_t events_max;        // facts a message, 100
    size_t bytes_max;           // of a message, 1 MB; one large event may be more
    uint32_t parked_max;        // deliveries parked for a partner, 10,000; over it the rest waits
    uint32_t retry_min_ms;      // before the second attempt, 1 s; doubled with every further one
    uint32_t retry_max_ms;      // 5 min
    uint32_t retry_after_max_s; // the longest pause that a partner may ask for, 1 h
    uint32_t answer_ms;         // a partner's time to answer, 60 s
    uint32_t gather_ms;         // from a commit to looking for what it brought, 20 ms
    uint32_t shapers;           // threads that write messages, 1
    uint64_t file_max;          // of a file in messages/, 64 MB
};
#define EXCHANGE_LIMITS                                                                            \
    {                                                                                              \
        .events_max = 100, .bytes_max = 1 * MB, .parked_max = 10000, .retry_min_ms = 1000,         \
        .retry_max_ms = 300000, .retry_after_max_s = 3600, .answer_ms = 60000, .gather_ms = 20,    \
        .shapers = 1, .file_max = 64 * MB                                                          \
    }

enum follower_state {
    FOLLOWER_IDLE,    // nothing to tell, until something is committed
    FOLLOWER_READY,   // wants a message made
    FOLLOWER_SHAPING, // a shaper makes it
    FOLLOWER_SENDING, // it is under way
    FOLLOWER_FILING,  // a shaper keeps its bytes
    FOLLOWER_WRITING, // the committer writes its outcome
    FOLLOWER_RESTING  // until `due`, then goes on with `resume`
};

enum shaped {
    SHAPED_NOTHING, // there is nothing to tell
    SHAPED_MORE,    // enough was looked at for once
    SHAPED_MESSAGE,
    SHAPED_PASSED, // nothing to send, but the position moves
    SHAPED_UNTOLD, // the next event cannot be put into words: `trouble` says why
    SHAPED_HELD,   // no more may be parked: only a retry helps
    SHAPED_GONE,   // there is nobody to tell any more
    SHAPED_TROUBLE // the store could not be read
};

struct follower;
struct calling;
// For choosing what of a fact is told; of one snapshot.
struct choosing {
    struct event_render *render;
    struct arena *matching; // scratch
};
struct follower_sort {
    bool parks; // one refused event is parked; else nothing passes what is not taken
    // Reads what it asks for, anew where that changed. False: there is none.
    bool (*load)(struct follower *f, struct txn *t, const struct exchange_limits *l);
    bool (*has_news)(const struct follower *f, struct txn *t); // put anew since, or over
    // The parts of the fact that it is to be told; none: parts->n is 0. What they affirm is filled
    // where its documents say so: such a fact goes in one of its own.
    status (*choose)(struct follower *f, const struct choosing *x, const struct fact *fact,
                     struct event_parts *parts);
    void (*dress)(const struct follower *f, struct epcis_out *out); // its documents
    // Where nothing is parked: the message that stands for one event which cannot be put into
    // words.
    void (*excuse)(const struct follower *f, status why, struct buf *out);
    status (*call)(struct follower *f, struct calling *x); // address, headers, secrets
    bool (*takes)(const struct follower *f, const struct http_answer *a);
};
extern const struct follower_sort follower_partner, follower_subscription;

struct message {
    enum shaped what;
    bool again;    // of parked events
    bool may_park; // there is room for one that is refused
    bool gzip;     // the body is
    bool excuse;   // the body says why there is no document
    uint64_t before, position;
    uint64_t *events; // facts, ascending
    uint32_t count;
    struct parking *parked; // those passed over that wait behind parked ones
    uint32_t parked_count;
    struct lots lots; // of the event, where it is one alone
    status trouble;
    struct buf body; // as it is sent; its memory is given back when it is not needed
};

struct follower {
    struct mail mail; // to and from a shaper
    unsigned magic;
    struct courier *courier;
    enum follower_state state, resume;
    uint64_t generation; // of the courier, when shaping began
    const struct follower_sort *sort;
    const struct site *site;
    uint32_t number; // of the partner's item, or SUBSCRIBER and that of the subscription
    // Who it is, as read last:
    uint32_t version; // 0: not yet
    client_id client;
    struct arena own;
    str name;
    struct partner partner;
    struct packing_span packing;
    struct success_rule *rule;
    struct subscription subscription;
    struct asking *asking;
    struct arena within; // what `asking` found in the present snapshot
    bool is_over;        // the subscription's end was seen
    bool orphan;         // and that only its query is gone
    // Of a scheduled subscription: between runs nothing is told.
    bool scheduled, running;
    bool told; // something was sent in this run
    struct schedule schedule;
    wall next;          // when the next run is due; 0: not yet known
    uint64_t run_until; // events up to here belong to the run; 0: it has just begun
    // How far:
    uint64_t examined;  // looked at beyond the row's position: nothing to tell up to here
    uint32_t skipped;   // events since the position that the filter leaves out
    bool drain;         // parked ones may have become free
    uint32_t parked_at; // how many were parked when it was held
    // How it goes:
    uint32_t fit;             // events a message that the partner can take
    uint32_t limit;           // of the next message; less than fit while the culprit is searched
    uint64_t suspect;         // it is at or before this event
    uint64_t too_large;       // an event that a subscriber answers 413 even alone; 0: none
    uint32_t too_large_times; // in a row
    uint32_t attempts;
    bool failing;  // a fact says so
    bool hindered; // by our own store, clock or disk, and that was told
    mono due;
    struct arena arena; // of the message
    struct message message;
    // What is to be kept and written:
    struct outcome outcome;
    struct subscription_over over;
    struct buf answer;
    status filed;
    struct arena job_arena;
};
#define FOLLOWER_MAGIC 0xf0110e50u

struct follower *follower_new(const struct site *site, uint32_t number,
                              const struct exchange_limits *l);
void follower_free(struct follower **f);
// Is it between two runs of its schedule?
bool follower_pauses(const struct follower *f);
// The subscriber will not take the event, however often: a problem is told in its place.
bool follower_excuses(const struct follower *f, uint64_t event);

// What an answer means for the message under way.
enum answer_means {
    MEANS_WRITE, // f->outcome says what became of it
    MEANS_SHAPE, // smaller messages may do
    MEANS_REST   // try again at f->due
};
struct answered {
    const struct exchange_limits *limits;
    const struct env *env;
    const struct http_answer *answer;
};
enum answer_means follower_answered(struct follower *f, const struct answered *a);
// The same for what was never sent: passed over, or not to be put into words.
void follower_decided(struct follower *f);
// After the outcome was written. The message is gone.
void follower_written(struct follower *f);
// Sets f->due by what the attempts so far, and the answer if there is one, ask for.
void follower_rest(struct follower *f, const struct answered *a);
void follower_drop_body(struct follower *f);
