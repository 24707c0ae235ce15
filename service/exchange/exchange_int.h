// exchange_int.h - what the files of this folder share.
#pragma once
#include "service/api/opaque.h"
#include "service/exchange/courier.h"
#include "service/exchange/exchange.h"
#include "service/exchange/live.h"
#include "service/exchange/order.h"
#include "service/exchange/packing.h"

#define EXCHANGE_MAGIC 0xe8c4a9e0u

// owner: the service, from exchange_start to exchange_stop.
struct exchange {
    unsigned magic;
    struct exchange_limits limits;
    const char *ca_file;
    const struct exchange_certificate *certificates;
    uint32_t certificate_count;
    struct messages *messages;
    struct loop *loop;
    struct http_client *client;
    struct http_client *abroad; // for subscribers: its connections are to public addresses only
    struct shapers *shapers;
    struct courier *courier;
    struct live_ring rings[SITE_LOOPS_MAX]; // each its loop's
    const struct site *site;
    bool running; // the loop's thread
};

// exchange.c: the certificate that the partner is shown, if there is one for it.
void exchange_show_certificate(const struct site *s, str partner, struct http_call *call);

// waiting.c: the hooks of the site.
void exchange_waiting(const struct site *s, struct txn *t, client_id client, struct json_w *w);
bool exchange_acknowledged(const struct site *s, struct txn *t, const struct goods_told *g);

// delivery.c: one delivery as people see it.
enum delivery_state {
    DELIVERY_WAITING,
    DELIVERY_SENDING,
    DELIVERY_SENT, // a verdict is to come later: no format of today has that
    DELIVERY_ACCEPTED,
    DELIVERY_REJECTED,
    DELIVERY_PARKED,
    DELIVERY_SKIPPED, // the filter leaves it out
    DELIVERY_STATES
};
extern const char *const delivery_words[DELIVERY_STATES];

str delivery_id_text(const struct site *s, uint32_t partner, uint64_t seq, char out[OPAQUE_LEN]);
// False: it is no id of this partner's.
bool delivery_id_get(const struct site *s, str text, uint32_t partner, uint64_t *seq);

struct delivery {
    struct fact fact; // in the arena
    enum delivery_state state;
    uint64_t outcome; // the fact that decided it, or that it fails; 0: none
};

// Looks at the deliveries of one partner, in one snapshot. `a` keeps what is found.
struct delivery_view {
    const struct site *site;
    struct txn *t;
    struct arena *a;
    uint32_t partner;
    struct partner_row row;
    struct event_wish wish;
    struct event_render render; // of the delivery found last
    struct packing_span packing;
    struct outcome last; // the outcome looked at last: neighbours mostly share it
    uint64_t last_seq;
};
// False: the event is none of the partner's.
bool delivery_get(struct delivery_view *v, uint64_t seq, struct delivery *out);
status delivery_outcome(struct delivery_view *v, uint64_t seq, struct outcome *out);
