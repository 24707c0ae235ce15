#include "service/event/newest.h"
#include "common/arena.h"
#include "service/event/captured.h"
#include "service/event/report.h"

#define LATE_MAX 64u // facts of a unit's chain that are asked when it was

static int64_t time_of(const struct fact *f)
{
    return f->flags & FACT_HAS_TIME ? f->event.at.ms : INT64_MIN;
}

// A correction is of its event's time, and that stands in the chain itself.
static bool is_measure(const struct fact *f, struct arena *a)
{
    return f->kind != FACT_CORRECTION_MADE && !captured_is_ahead(f, a);
}

int64_t newest_of(struct txn *t, unit_id u, const struct unit *x, const struct fact *last)
{
    int64_t at = INT64_MIN, before;
    struct arena a;
    struct fact f;
    uint64_t seq = x->last;

    if (!(x->flags & UNIT_LATE)) return time_of(last);
    arena_init(&a, 256 * MB);
    for (unsigned i = 0; i < LATE_MAX && seq != 0; i++) {
        arena_reset(&a);
        if (journal_get(t, seq, &a, &f).cls != ST_OK) break;
        before = is_measure(&f, &a) ? time_of(&f) : INT64_MIN;
        if (before > at) at = before;
        seq = fact_previous(&f, u, &a);
    }
    arena_fini(&a);
    return at;
}
