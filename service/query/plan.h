// plan.h - where the candidates of a question come from: for each parameter that lists know, the
// lists of its values; for objects that are known, their own histories. What is in all of them is
// a candidate, and every event that fits is among the candidates.
#pragma once
#include "service/pool/names.h"
#include "service/query/query.h"
#include "service/query/source_list.h"

#define PLAN_CHOICES_MAX 32u
#define PLAN_SOURCES_MAX 1000u // lists of one question; parameters with more only filter
#define PLAN_CHAIN_MAX   1000u // facts of one object, before its list is taken instead

struct plan {
    struct sources from;
    struct choice choices[PLAN_CHOICES_MAX];
    uint32_t n;
    uint32_t sources;    // of all choices
    uint64_t first, end; // places: from `first` up to before `end`
    bool is_empty;       // nothing can fit
    // Where it is being made:
    const struct query *q;
    uint32_t term, value;
    struct choice open;
    bool stays; // at the same value: its facts are searched from `scan` on
    uint64_t scan;
    bool dropped;  // the term at hand takes too many lists
    bool has_base; // all events, for want of a better list
    bool has_hour; // the first choice is one hour
};

struct plan_conf {
    const struct query *q; // expanded
    client_id client;
    bool ascending;
    uint64_t upper; // newest seq that counts
};
void plan_init(struct plan *p, const struct plan_conf *c);
// Adds the lists of one value; true while there is more to do. For short turns.
struct plan_world {
    struct txn *t;
    struct names *names;
    const uint8_t *journal_id;
    struct arena *arena;   // of the plan
    struct arena *scratch; // of one value
};
bool plan_step(struct plan *p, const struct plan_world *w, status *st);
// The first candidate from this place on; PLACE_END: none.
uint64_t plan_seek(struct plan *p, struct txn *t, uint64_t from);

// Hours of eventTime that a question allows, [from, to).
struct hours {
    uint32_t from, to;
};
struct hours plan_hours(const struct query *q);
// The hour after `hour` (before it, downwards) that has events, within the span. False: none.
struct hour_step {
    struct hours span;
    bool ascending, begun;
    uint32_t hour;
};
bool plan_hour_next(struct txn *t, client_id c, struct hour_step *h);
void plan_rewind(struct plan *p); // all sources begin anew
// Candidates of this hour alone from now on; all sources begin anew.
status plan_hour(struct plan *p, struct arena *a, uint32_t hour);
