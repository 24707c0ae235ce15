// waiting.h - captured events that wait: they pack own numbers that are not commissioned yet.
//
// Rows of the ledger. Each event has a row, a place in the order of time, and a row at each of its
// units, so that a unit which begins finds what waits for it with one look. Nobody looks for a unit
// that no event has named: an event that waits for a unit is in the unit's chain.
#pragma once
#include "common/when.h"
#include "service/unit/run.h"

struct txn;

#define WAITING_MAX 16u // events that name one unit; more do not wait

struct waiting {
    wall until;
    uint32_t left; // units that are still to begin
};
bool waiting_get(struct txn *t, uint64_t seq, struct waiting *out);
// Events that name the unit, oldest first; whether they wait for it (`own`) or for others.
struct waiting_at {
    uint64_t seq;
    bool own;
};
uint32_t waiting_of(struct txn *t, unit_id u, struct waiting_at out[WAITING_MAX]);
bool waiting_for(struct txn *t, unit_id u); // does any event wait for it?
// The event whose time is over at `now`, or that waits for nothing more. None: *next is when the
// first of those that there are will be, INT64_MAX where there are none.
bool waiting_due(struct txn *t, wall now, uint64_t *seq, wall *next);

// ---- in writes of facts

void waiting_put(struct txn *t, uint64_t seq, const struct waiting *w);
void waiting_put_unit(struct txn *t, unit_id u, const struct waiting_at *w);
// The unit begins, or never will. True where an event waited for it.
bool waiting_begun(struct txn *t, unit_id u);
void waiting_end(struct txn *t, uint64_t seq, const struct runs *units);
