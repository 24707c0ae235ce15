// Numbers that came back to their pool are given again before new ones are drawn: which, and the
// fact that says so. Its bytes are described in issued.c.
//
// One that an event has named while it lay there is on somebody's paper: it is struck off.
//
// Runs in the committer; memory is the job's arena.
#include "common/arena.h"
#include "service/pool/recover.h"
#include "service/pool/take.h"
#include "service/unit/unit_db.h"

#define RUNS_MAX 100000u // of one request; what lies more scattered is left for the next

// False: there is no room.
static bool add(struct runs *to, unit_id u)
{
    if (to->n == RUNS_MAX) return false;
    runs_add(to, (struct run){u, 1});
    return true;
}

// False: that is enough.
static bool take_span(struct reissue *r, struct unit_rows *rows, uint32_t space,
                      const struct back_span *s)
{
    for (uint64_t i = 0; i < s->count; i++) {
        unit_id u = unit_id_of(space, s->first + i);
        struct unit x = unit_get(rows, u);
        bool untold = x.state == UNIT_RETURNED_TO_OWNER && x.flags == 0 && x.last == s->seq;
        if (r->runs.units == r->wanted || !add(untold ? &r->runs : &r->struck, u)) return false;
    }
    return true;
}

static struct run *room_for(struct arena *a, uint64_t most)
{
    return NEW_ARRAY(a, struct run, most < RUNS_MAX ? most : RUNS_MAX);
}

status reissue_take(struct reissue *r, struct txn *t, struct arena *a, const struct space_row *s)
{
    struct unit_rows rows;
    struct back_span span;
    struct back_walk w;

    r->runs = r->struck = (struct runs){0};
    if (s->back == 0 || r->wanted == 0) return OK;
    r->runs.at = room_for(a, r->wanted < s->back ? r->wanted : s->back);
    r->struck.at = room_for(a, s->back);
    if (r->runs.at == NULL || r->struck.at == NULL) return no_memory();
    unit_rows_read(&rows, t);
    back_walk_open(&w, t, s->space, BACK_LIES, 0);
    while (back_walk_next(&w, &span) && take_span(r, &rows, s->space, &span)) {}
    walk_close(&w.walk);
    return txn_status(t);
}

void reissue_put(const struct reissue *r, struct txn *t, struct buf *out)
{
    struct alike_w previous = {.b = out};
    struct unit_rows rows;
    unit_id u;

    bytes_u(out, 0, 1);
    runs_put(out, &r->runs);
    unit_rows_read(&rows, t);
    for (struct run_walk w = runs_walk(&r->runs); run_next(&w, &u);)
        alike_put(&previous, unit_get(&rows, u).last);
    alike_end(&previous);
    runs_put(out, &r->struck);
}

// ---- writing

static void write_units(struct txn *t, uint64_t seq, const struct runs *runs)
{
    struct unit_rows rows;
    unit_id u;

    unit_rows_write(&rows, t);
    for (struct run_walk w = runs_walk(runs); run_next(&w, &u);) {
        struct unit x = unit_get(&rows, u);
        x.state = UNIT_ALLOCATED;
        x.last = seq;
        unit_put(&rows, u, &x);
    }
    unit_rows_end(&rows);
}

void reissue_write(struct txn *t, uint64_t seq, const struct issued *i, struct space_row *s)
{
    struct bytes_r again = i->again, struck = i->struck;
    struct runs runs, off;
    struct arena a;

    if (again.p == NULL) return;
    arena_init(&a, 64 * MB);
    runs = runs_get(&again, &a);
    off = runs_get(&struck, &a);
    if (again.bad || struck.bad || runs.units + off.units > s->back) {
        txn_spoil(t, "record.corrupt", "numbers given again that do not lie in their pool");
    } else {
        write_units(t, seq, &runs);
        for (uint32_t n = 0; n < off.n; n++) back_cut(t, &off.at[n], BACK_LIES);
        for (uint32_t n = 0; n < runs.n; n++) {
            back_cut(t, &runs.at[n], BACK_LIES);
            back_put(t, &runs.at[n], BACK_GIVEN, seq);
        }
        s->back -= runs.units + off.units;
    }
    arena_fini(&a);
}

// ---- what lay in the pools of a backup

// The lost machine may have given any of it again: so has this one now, to nobody known.
static status lost_decide(struct decide *d)
{
    const struct recover_ask *a = d->ask;
    struct pool_row p;
    struct space_row s;
    struct reissue r = {.wanted = UINT32_MAX};

    if (!pool_row_get(d->t, a->pool, &p) || !space_row_get(d->t, a->space, &s))
        return fail(ST_CONFLICT, "evidence.pool", 0, "there is no space %u of pool %u", a->space,
                    a->pool);
    d->fact->client = s.client;
    TRY(reissue_take(&r, d->t, d->arena, &s));
    d->nothing = r.runs.units + r.struck.units == 0;
    if (d->nothing) return OK;
    reissue_put(&r, d->t, d->out);
    struct take none = {.pool = &p, .row = &s};
    recovered_put(d, &none, ISSUED_RECOVERED);
    return txn_status(d->t);
}

static void reissued_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct issued i;

    (void)arg;
    bool lost = issued_of(f, &i).cls == ST_OK && i.recovered;
    issued_write(t, f, lost ? REQUEST_CONFIRMED : REQUEST_OPEN);
}

const struct kind kind_numbers_reissued = {
    FACT_NUMBERS_REISSUED, 1, "numbers.reissued", lost_decide, reissued_write, issued_print, NULL};
