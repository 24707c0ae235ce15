// How an import ends: all of it becomes visible, or its parts are taken back; and how the rest of a
// list goes back to its owner.
//
// Of a list's own ordinals those are barred that captured events named while they were on their way
// (foreign.h): such an import is taken back. What its numbers have barred in generated spaces is
// given up then, but not of those.
//
// decided part of `import.done`: pool 4 | space 3 | import 8 | count 8
// decided part of `import.dropped`: pool 4 | space 3 | first ordinal 5 | count 4 | claims given up:
//   space 3, ordinal 5, to the end
// decided part of `pool.returned`: pool 4 | space 3 | first ordinal 5 | count 8 (of those from
//   there on that no event told of) | reason str | how many lay in the pool again var, where there
//   were any
#include "common/arena.h"
#include "service/journal/restored.h"
#include "service/pool/import_int.h"
#include "service/pool/take.h"
#include <string.h>

static status refuse_named(struct decide *d, const struct import_place *at)
{
    uint64_t base = at->under_way.base, named[IMPORT_OFFENDERS_MAX];
    struct barred_range all = {at->space.space, base, base + at->under_way.count};
    struct list_number x;

    if (at->space.ahead == 0) return OK;
    uint32_t n = barred_list(d->t, &all, named, IMPORT_OFFENDERS_MAX);
    for (uint32_t i = 0; i < n; i++) {
        if (!list_number_get(d->t, unit_id_of(at->space.space, named[i]), &x)) continue;
        struct import_number one = {.text = x.text};
        import_offender(d->units, at->pool.id.p, &one, "serial.duplicate");
    }
    return fail(ST_CONFLICT, "serial.duplicate", 0,
                "captured events named %llu of the numbers while they were imported",
                (unsigned long long)at->space.ahead);
}

static status done_decide(struct decide *d)
{
    const struct import_end *e = d->ask;
    struct import_place at;

    TRY(import_place_get(d, e->pool, &at));
    if (at.under_way.seq != e->import || at.under_way.count != e->count)
        return fail(ST_CONFLICT, "import.running", 0, "another import into this pool came between");
    TRY(refuse_named(d, &at));
    bytes_u(d->out, e->pool, 4);
    bytes_u(d->out, at.space.space, 3);
    bytes_u(d->out, e->import, 8);
    bytes_u(d->out, e->count, 8);
    return OK;
}

uint64_t import_count(const struct fact *done)
{
    return done->decided.n == 23 ? get_be(done->decided.p + 15, 8) : 0;
}

static void done_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct space_row s;
    struct pool_row p;

    (void)arg;
    if (f->decided.n != 23 || !space_row_get(t, (uint32_t)get_be(f->decided.p + 4, 3), &s)) {
        txn_spoil(t, "record.corrupt", "the end of an import");
        return;
    }
    s.capacity += import_count(f);
    space_row_put(t, &s);
    import_row_put(t, (uint32_t)get_be(f->decided.p, 4), &(struct import_row){0});
    if (pool_row_get(t, s.pool, &p)) pool_alerts_settle(t, f, &p);
}

static void done_print(const struct fact *f, struct json_w *w, const void *arg)
{
    (void)arg;
    if (f->decided.n != 23) return;
    json_w_kinner(w, "pool", get_be(f->decided.p, 4));
    json_w_kinner(w, "import", get_be(f->decided.p + 7, 8));
    json_w_kint(w, "count", (int64_t)import_count(f));
}

const struct kind kind_import_done = {FACT_IMPORT_DONE, 1,          "import.done", done_decide,
                                      done_write,       done_print, NULL};

// ---- taking back

struct dropping {
    struct import_number *numbers;
    uint32_t n;
    struct arena *arena;
    bool failed;
};

static void drop_text(void *self, const struct list_number *x)
{
    struct dropping *g = self;
    str text = arena_str(g->arena, x->text);

    if (text.p == NULL) g->failed = true;
    g->numbers[g->n++].text = text;
}

// Whose claims go: the numbers but for those that events named, of which the list's own bar goes.
static status give_up(struct decide *d, const struct import_place *at, uint64_t first,
                      struct dropping *g)
{
    struct import_check k = {.names = names_here(d->app),
                             .t = d->t,
                             .arena = d->arena,
                             .pool = at->pool.pool,
                             .numbers = g->numbers};
    struct barred_range all = {at->space.space, first, first + g->n};
    uint64_t *named = NEW_ARRAY(d->arena, uint64_t, g->n + 1);
    uint32_t n = 0, next = 0;

    if (named == NULL) return no_memory();
    if (at->space.ahead > 0) n = barred_list(d->t, &all, named, g->n);
    for (uint32_t i = 0; i < g->n; i++) {
        if (next < n && named[next] == first + i)
            next++;
        else
            g->numbers[k.n++] = g->numbers[i];
    }
    TRY(import_claims_of(&k, d->out));
    for (uint32_t i = 0; i < n; i++) bytes_u(d->out, unit_id_of(at->space.space, named[i]).v, 8);
    return OK;
}

static status dropped_decide(struct decide *d)
{
    const struct import_end *e = d->ask;
    struct dropping g = {.arena = d->arena};
    struct import_place at;

    TRY(import_place_get(d, e->pool, &at));
    uint64_t count = at.under_way.count;
    if (at.under_way.seq == 0)
        return fail(ST_CONFLICT, "import.none", 0, "no import into this pool is under way");
    uint32_t n = count < IMPORT_PART ? (uint32_t)count : IMPORT_PART;
    uint64_t first = at.under_way.base + count - n;
    g.numbers = NEW_ARRAY(d->arena, struct import_number, n + 1);
    if (g.numbers == NULL) return no_memory();
    struct run r = {unit_id_of(at.space.space, first), n};
    bool whole = list_numbers(d->t, r, drop_text, &g);
    TRY(txn_status(d->t));
    if (g.failed) return no_memory();
    if (!whole) return fail(ST_STORE, "store.corrupt", 0, "an imported number is missing");
    bytes_u(d->out, e->pool, 4);
    bytes_u(d->out, at.space.space, 3);
    bytes_u(d->out, first, 5);
    bytes_u(d->out, n, 4);
    return give_up(d, &at, first, &g);
}

static void dropped_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct bytes_r in = bytes_reader(f->decided);
    uint32_t pool = (uint32_t)bytes_get_u(&in, 4), space = (uint32_t)bytes_get_u(&in, 3);
    uint64_t first = bytes_get_u(&in, 5), n = bytes_get_u(&in, 4);
    struct import_row m = import_row_get(t, pool);
    struct list_number x;
    struct space_row s;

    (void)arg;
    if (in.bad || m.count < n || !space_row_get(t, space, &s)) {
        txn_spoil(t, "record.corrupt", "a dropped import");
        return;
    }
    for (uint64_t i = 0; i < n && list_number_get(t, unit_id_of(space, first + i), &x); i++) {
        char room[GS1_SERIAL_MAX]; // the row that the text is a view of goes
        assert(x.text.n <= sizeof room);
        memcpy(room, x.text.p, x.text.n);
        struct text_of of = {
            s.client, {s.gtin, 14      },
             {room,   x.text.n}
        };
        list_number_del(t, unit_id_of(space, first + i), &of);
    }
    import_claims_write(t, &in, true);
    m.count -= n;
    if (m.count == 0) m.seq = 0;
    import_row_put(t, pool, &m);
}

static void dropped_print(const struct fact *f, struct json_w *w, const void *arg)
{
    (void)arg;
    if (f->decided.n < 16) return;
    json_w_kinner(w, "pool", get_be(f->decided.p, 4));
    json_w_kint(w, "count", (int64_t)get_be(f->decided.p + 12, 4));
}

const struct kind kind_import_dropped = {
    FACT_IMPORT_DROPPED, 1, "import.dropped", dropped_decide, dropped_write, dropped_print, NULL};

// ---- the rest goes back

static status back_decide(struct decide *d)
{
    const struct pool_return *p = d->ask;
    struct import_place at;

    TRY(import_place_get(d, p->pool, &at));
    if (restored_get(d->t).frozen) return restored_refusal();
    if (at.under_way.seq != 0)
        return fail(ST_CONFLICT, "import.running", 0, "an import into this pool is under way");
    bytes_u(d->out, p->pool, 4);
    bytes_u(d->out, at.space.space, 3);
    bytes_u(d->out, at.space.high, 5);
    bytes_u(d->out, at.space.capacity - at.space.high - list_told(d->t, &at.space), 8);
    TRY(txn_status(d->t));
    bytes_str(d->out, p->reason);
    if (at.space.back > 0) bytes_var(d->out, at.space.back);
    return OK;
}

struct rest {
    uint64_t never; // numbers that were never given, above the mark
    str reason;
    uint64_t back; // that lay in the pool again
};

static struct rest rest_get(const struct fact *f)
{
    struct bytes_r in = bytes_reader(f->decided);
    struct rest x = {0};

    (void)bytes_get_raw(&in, 12); // pool, space and the mark
    x.never = bytes_get_u(&in, 8);
    x.reason = bytes_get_str(&in);
    if (in.p != in.end) x.back = bytes_get_var(&in);
    return in.bad ? (struct rest){0} : x;
}

uint64_t pool_returned_count(const struct fact *f)
{
    struct rest x = rest_get(f);
    return x.never + x.back;
}

static void back_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct space_row s;

    (void)arg;
    if (f->decided.n < 20 || !space_row_get(t, (uint32_t)get_be(f->decided.p + 4, 3), &s)) {
        txn_spoil(t, "record.corrupt", "the return of a pool");
        return;
    }
    struct rest x = rest_get(f);
    if (x.back > 0) back_cut_lying(t, s.space);
    s.high = s.capacity; // the others, which events told of, are not given either
    s.back -= x.back;
    space_row_put(t, &s);
}

static void back_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct rest x = rest_get(f);

    (void)arg;
    if (f->decided.n < 20) return;
    json_w_kinner(w, "pool", get_be(f->decided.p, 4));
    json_w_kint(w, "returned", (int64_t)(x.never + x.back));
    if (x.reason.n > 0) json_w_kstr(w, "reason", x.reason);
}

const struct kind kind_pool_returned = {
    FACT_POOL_RETURNED, 1, "pool.returned", back_decide, back_write, back_print, NULL};
