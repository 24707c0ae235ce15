// leaving.h - what containers hold changes, and nobody opened or closed them: content comes out of
// shipped ones, captured events move it.
//
// An SSCC's level is told by what it holds: the containers around may count with another one from
// then on, in the counters of their lots. Runs in writes, while the rows in the store are as they
// are up to then.
#pragma once
#include "service/event/level.h"

struct leaving { // containers, from the nearest on
    struct level_reader levels;
    unit_id at[PRODUCT_LEVELS_MAX];
    uint32_t lot[PRODUCT_LEVELS_MAX];
    uint8_t level[PRODUCT_LEVELS_MAX];
    uint32_t n;
};
void leaving_look(struct leaving *x, struct txn *t, struct arena *a, unit_id container);
void leaving_count(struct leaving *x); // after the change

// A unit comes out; its own row is the caller's.
void leaving_write(struct txn *t, struct arena *a, unit_id u, unit_id parent);
