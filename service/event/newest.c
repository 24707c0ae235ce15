#include "service/event/newest.h"
#include "common/arena.h"
#include "service/event/report.h"

#define LATE_MAX 64u // facts of a unit's chain that are asked when it was

static int64_t time_of(const struct fact *f)
{
    return f->flags & FACT_HAS_TIME ? f->event.at.ms : INT64_MIN;
}

int64_t newest_of(struct txn *t, unit_id u, const struct unit *x, const struct fact *last)
{
    int64_t at = time_of(last), before;
    struct arena a;
    struct fact f;
    uint64_t seq = x->last;

    if (!(x->flags & UNIT_LATE)) return at;
    arena_init(&a, 256 * MB);
    for (unsigned i = 0; i < LATE_MAX && seq != 0; i++) {
        arena_reset(&a);
        if (journal_get(t, seq, &a, &f).cls != ST_OK) break;
        before = time_of(&f);
        if (before > at) at = before;
        seq = fact_previous(&f, u, &a);
    }
    arena_fini(&a);
    return at;
}
