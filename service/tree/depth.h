// depth.h - how deep containers lie in one another. Every command that puts something somewhere
// asks here before, so that whoever looks at all that a unit lies in, or changes what those hold,
// comes to an end after a few steps. Runs in the committer: gets.
#pragma once
#include "service/tree/cargo_db.h"

struct depth { // of what is put into one container
    struct txn *t;
    unit_id around[CONTAINERS_DEEP]; // the container and all that it lies in, from itself up
    unsigned n;
};
enum depth_says {
    DEPTH_FITS,
    DEPTH_CYCLE, // it is one of those around
    DEPTH_OVER   // with what it holds, more than CONTAINERS_DEEP would lie in one another
};

void depth_begin(struct depth *d, struct txn *t, unit_id container);
// Of a container, or a unit that began elsewhere. What can hold nothing always fits.
enum depth_says depth_check(const struct depth *d, unit_id child);
