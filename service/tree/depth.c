#include "service/tree/depth.h"
#include "service/unit/unit_db.h"

void depth_begin(struct depth *d, struct txn *t, unit_id container)
{
    *d = (struct depth){.t = t};
    for (unit_id at = container; at.v != 0 && d->n < CONTAINERS_DEEP; at = unit_one(t, at).parent)
        d->around[d->n++] = at;
}

enum depth_says depth_check(const struct depth *d, unit_id child)
{
    for (unsigned i = 0; i < d->n; i++)
        if (d->around[i].v == child.v) return DEPTH_CYCLE;
    bool fits = d->n + 1 + cargo_height(d->t, child) <= CONTAINERS_DEEP;
    return fits ? DEPTH_FITS : DEPTH_OVER;
}
