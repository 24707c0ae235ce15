#include "service/event/scanned.h"
#include <stdlib.h>
#include <string.h>

static bool says_more(const struct gs1_id *id)
{
    return id->scheme != GS1_SSCC && (id->lot.n > 0 || id->expiry.n > 0);
}

static int by_unit(const void *a, const void *b)
{
    const struct scanned *x = a, *y = b;

    return (x->unit.v > y->unit.v) - (x->unit.v < y->unit.v);
}

status scans_add(struct scans *s, const struct gs1_id *ids, const unit_id *units, uint32_t n,
                 struct arena *a)
{
    struct scanned *all;
    uint32_t more = 0;

    for (uint32_t i = 0; i < n; i++) more += says_more(&ids[i]);
    if (more == 0) return OK;
    all = NEW_ARRAY(a, struct scanned, s->n + more);
    if (all == NULL) return no_memory();
    if (s->n > 0) memcpy(all, s->at, s->n * sizeof *all);
    for (uint32_t i = 0; i < n; i++)
        if (says_more(&ids[i])) all[s->n++] = (struct scanned){units[i], ids[i].lot, ids[i].expiry};
    qsort(all, s->n, sizeof *all, by_unit);
    s->at = all;
    return OK;
}

const struct scanned *scans_find(const struct scans *s, unit_id u)
{
    struct scanned key = {.unit = u};

    return s->n == 0 ? NULL : bsearch(&key, s->at, s->n, sizeof key, by_unit);
}

bool scans_say_the_same(const struct scans *s, unit_id u, unit_id v)
{
    const struct scanned *x = scans_find(s, u), *y = scans_find(s, v);

    if (x == NULL || y == NULL) return x == y;
    return str_eq(x->lot, y->lot) && str_eq(x->expiry, y->expiry);
}
