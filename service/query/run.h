// run.h - a question being answered: candidates are looked at event by event, in short turns, until
// as many fit as are wanted. What is kept is where they are, not what they say.
//
// owner: one loop, or one shaper. Each turn has a snapshot of its own; what counts is bounded by
// `upper`, the newest seq when the first page was asked for, so that all pages are of one state.
#pragma once
#include "service/event/render.h"
#include "service/query/ns_seen.h"
#include "service/query/plan.h"

#define QUERY_WANT_MAX 100000u // hits kept at once

// Where an event stands: in the order asked for, then as recorded.
struct query_at {
    int64_t key; // eventTime; 0 where it plays no part
    uint64_t seq;
    uint32_t part;
};
struct query_hit {
    struct query_at at;
    str text; // of a field that the order is by; NULL: the event has none
};

struct query_conf {
    const struct site *site;
    const struct query *q; // lives as long as the run
    client_id client;
    uint64_t upper;
    struct query_at after; // what comes after this; seq 0: from the first on
    uint32_t want;         // hits kept: the first ones of the order
    uint64_t count_to;     // goes on counting up to this many; 0: what is wanted is enough
    uint64_t looks_max;    // events looked at before it is query.too_complex
    uint32_t gather_max;   // candidates before an order by eventTime goes hour by hour; 0: 150
};

struct query_run;
// query.too_complex, query.memory
status query_run_new(const struct query_conf *c, struct txn *t, struct query_run **out);
void query_run_free(struct query_run **r);
// One turn, about `looks` events or one part of the plan; true while there is more. `t` is the
// turn's snapshot. Its trouble is in *st, and ends it.
bool query_run_turn(struct query_run *r, struct txn *t, uint32_t looks, status *st);
// In order. `count` is how many fit, as far as was counted.
struct query_hits {
    const struct query_hit *at;
    uint32_t n;
    uint64_t count;
};
struct query_hits query_run_hits(const struct query_run *r);
const struct ns_seen *query_run_ns(const struct query_run *r); // of the hits, and maybe others
uint64_t query_run_looks(const struct query_run *r);           // events looked at so far

// Puts one event of one of the client's facts into the arena. event.unknown (NOT_FOUND).
struct event_from {
    const struct site *site;
    client_id client;
    bool words_as_given; // struct event_render
};
status query_event(const struct event_from *from, struct txn *t, const struct query_at *at,
                   struct arena *a, struct epcis_event *out);
