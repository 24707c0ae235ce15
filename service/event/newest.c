#include "service/event/newest.h"
#include "common/arena.h"
#include "service/event/captured.h"
#include "service/event/report.h"
#include "service/tree/cargo_db.h"
#include "service/tree/tree_db.h"
#include "service/unit/unit_db.h"

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

// Something that it says of a unit was not taken: it happened all the same.
static bool says_more(const struct captured_event *e)
{
    bool any = false;

    for (uint32_t i = 0; i < e->exception_count && !any; i++) any = e->exceptions[i].unit != 0;
    return any && e->wait_ms == 0;
}

// What a captured event did to the unit: does it stand against an older packing?
static bool captured_bars(const struct fact *f, unit_id unit, bool holds, struct arena *a)
{
    struct captured_event e;
    struct touched touched;
    struct report report;
    struct bytes_r rest;
    uint64_t event, at = 0, packed = 0, effect, mine = EFFECT_NAMED;
    bool first = false;
    unit_id u;

    if (report_get(f->decided, a, &report, &touched, &rest).cls != ST_OK ||
        !captured_of(&rest, f, &event) ||
        captured_event_get(&rest, f, touched.runs.units, a, &e).cls != ST_OK)
        return true;
    struct alike_r effects = {.in = &e.effects};
    for (struct run_walk w = runs_walk(&touched.runs); run_next(&w, &u); at++) {
        effect = alike_get(&effects);
        packed += effect_packs(effect);
        if (u.v != unit.v) continue;
        mine = effect;
        first = at == 0;
    }
    if (effect_packs(mine) || mine == EFFECT_UNPACKED) return !holds;
    if (mine == EFFECT_NAMED) return says_more(&e);
    if (mine == EFFECT_FORWARDED || mine == EFFECT_RECEIVED) return true;
    return mine >= EFFECT_CHANGED && !(first && e.has_parent && packed > 0);
}

static bool bars(const struct fact *f, unit_id u, bool holds, struct arena *a)
{
    if (is_captured(f)) return captured_bars(f, u, holds, a);
    return f->kind != FACT_CORRECTION_MADE;
}

int64_t newest_against(struct txn *t, unit_id u, uint64_t last, bool holds, uint64_t *reads)
{
    int64_t at = INT64_MIN;
    struct arena a;
    struct fact f;

    arena_init(&a, 256 * MB);
    for (unsigned i = 0; i < LATE_MAX && last != 0; i++) {
        arena_reset(&a);
        if (journal_get(t, last, &a, &f).cls != ST_OK) break;
        *reads += f.decided.n;
        if (*reads > NEWEST_READS) {
            at = INT64_MAX;
            break;
        }
        if (time_of(&f) > at && bars(&f, u, holds, &a)) at = time_of(&f);
        last = fact_previous(&f, u, &a);
    }
    arena_fini(&a);
    return at;
}

static int64_t newest_read(struct txn *t, unit_id u, const struct unit *x, const struct fact *last,
                           uint64_t *reads)
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
        *reads += f.decided.n;
        before = is_measure(&f, &a) ? time_of(&f) : INT64_MIN;
        if (before > at) at = before;
        seq = fact_previous(&f, u, &a);
    }
    arena_fini(&a);
    return at;
}

int64_t newest_of(struct txn *t, unit_id u, const struct unit *x, const struct fact *last)
{
    uint64_t reads = 0;
    return newest_read(t, u, x, last, &reads);
}

// ---- around and inside

struct looking {
    struct txn *t;
    struct fact last; // neighbours have one last event
    int64_t newest;
    uint64_t reads;
    struct arena arena;
};

static bool take(struct looking *l, unit_id u, const struct unit *x)
{
    if (x->last == 0) return true;
    if (x->last != l->last.seq && journal_get_header(l->t, x->last, &l->last).cls != ST_OK)
        return txn_spoil(l->t, "store.corrupt", "an event of a unit"), false;
    int64_t at = newest_read(l->t, u, x, &l->last, &l->reads);
    if (at > l->newest) l->newest = at;
    if (l->reads > NEWEST_READS) l->newest = INT64_MAX;
    return l->newest != INT64_MAX;
}

int64_t newest_around(struct txn *t, const struct unit *x)
{
    struct looking l = {.t = t, .newest = INT64_MIN};
    unit_id at = x->parent;

    for (unsigned depth = 0; at.v != 0 && depth < UNIT_DEPTH_MAX; depth++) {
        struct unit around = unit_one(t, at);
        if (!take(&l, at, &around)) break;
        at = around.parent;
    }
    return l.newest;
}

// Facts that name the container are in its own row: only what was named without it is looked for.
static void look_inside(struct looking *l, unit_id container, unsigned depth)
{
    struct unit_rows rows;
    struct cargo cargo;
    unit_id u;

    cargo_get(l->t, container, &cargo);
    if (cargo.late == 0 || depth == UNIT_DEPTH_MAX) return;
    struct runs inside = children_get(l->t, container, &l->arena);
    unit_rows_read(&rows, l->t);
    for (struct run_walk w = runs_walk(&inside); run_next(&w, &u);) {
        struct unit x = unit_get(&rows, u);
        if (!take(l, u, &x)) return;
        if (x.state != UNIT_COMMISSIONED && children_count(l->t, u) > 0)
            look_inside(l, u, depth + 1);
    }
}

int64_t newest_inside(struct txn *t, unit_id container)
{
    struct looking l = {.t = t, .newest = INT64_MIN};

    arena_init(&l.arena, 256 * MB);
    look_inside(&l, container, 0);
    arena_fini(&l.arena);
    return l.newest;
}
