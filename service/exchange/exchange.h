// exchange.h - everyone who must be told of a client's events is told: partners, in their format,
// in order, at least once, and exactly once where nothing failed.
#pragma once
#include "service/exchange/follower.h"
#include "service/journal/site.h"

struct exchange;

struct exchange_certificate { // shown to a partner that asks for one; PEM files
    str partner;
    const char *certificate, *key;
};
struct exchange_conf {
    struct exchange_limits limits; // EXCHANGE_LIMITS: the defaults
    const char *messages;          // folder; made where it is missing
    const char *ca_file;           // PEM, trusted instead of the system's; NULL: the system's
    const struct exchange_certificate *certificates; // live as long as the exchange
    uint32_t certificate_count;
};
// After committer_start and before anybody else may submit: sets site->exchange, site->wake and the
// hooks of lots and shipments, and starts the courier's and the shapers' threads. message.write,
// thread.create, loop.thread.
status exchange_start(struct site *site, const struct exchange_conf *conf);
// Before committer_stop. Messages under way may come to their end for `wait_ms`.
void exchange_stop(struct site *site, uint32_t wait_ms);
// After committer_stop and the end of the loops: nobody rings or asks any more. NULL-safe, as stop.
void exchange_free(struct site *site);

extern const struct http_route exchange_routes[];
extern const struct http_route subscriptions_routes[]; // below /epcis/v2/queries
