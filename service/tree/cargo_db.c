// row '5': cargo_db.h. A fact that puts something in or takes it out adds or subtracts what the
// children hold themselves; what lies in containers does not change otherwise, but for its marks.
#include "service/tree/cargo_db.h"
#include "common/bytes.h"
#include "service/journal/journal_db.h"
#include "service/pool/pool_db.h"
#include "service/tree/tree_db.h"
#include "service/unit/unit_db.h"
#include <string.h>

#define WORK_MAX (64 * MB)

static const unsigned flag_of[CARGO_MARKS] = {
    [CARGO_HOLD] = UNIT_HOLD,
    [CARGO_RECALLED] = UNIT_RECALLED,
    [CARGO_LOST] = UNIT_LOST,
    [CARGO_STOLEN] = UNIT_STOLEN,
};

struct key {
    char b[9];
};

static struct key key_of(unit_id u)
{
    struct key k = {{ROW_CARGO}};

    put_be(k.b + 1, u.v, 8);
    return k;
}

// ---- sums

static void add_lot(struct cargo *c, uint32_t lot, uint64_t n)
{
    uint32_t i = 0;

    while (i < c->lot_count && c->lots[i].lot != lot) i++;
    if (i == CARGO_LOTS_MAX) {
        c->many = true;
        return;
    }
    if (i == c->lot_count) c->lots[c->lot_count++] = (struct cargo_lot){.lot = lot};
    c->lots[i].count += n;
}

static void sum_add(struct cargo *c, const struct cargo *more)
{
    for (unsigned i = 0; i < CARGO_MARKS; i++) c->marked[i] += more->marked[i];
    for (unsigned i = 0; i < LEN(c->deep); i++) c->deep[i] += more->deep[i];
    c->open += more->open;
    c->many |= more->many;
    for (uint32_t i = 0; i < more->lot_count; i++)
        add_lot(c, more->lots[i].lot, more->lots[i].count);
}

static void less(struct txn *t, uint64_t *from, uint64_t n)
{
    if (*from < n) txn_spoil(t, "store.corrupt", "a container's cargo would fall below none");
    *from -= n <= *from ? n : *from;
}

static void sub_lot(struct txn *t, struct cargo *c, uint32_t lot, uint64_t n)
{
    uint32_t i = 0;

    if (c->many) return; // its lots are not told any more
    while (i < c->lot_count && c->lots[i].lot != lot) i++;
    if (i == c->lot_count) {
        txn_spoil(t, "store.corrupt", "a container's cargo without a lot of it");
        return;
    }
    less(t, &c->lots[i].count, n);
    if (c->lots[i].count == 0) c->lots[i] = c->lots[--c->lot_count];
}

static void sum_sub(struct txn *t, struct cargo *c, const struct cargo *gone)
{
    for (unsigned i = 0; i < CARGO_MARKS; i++) less(t, &c->marked[i], gone->marked[i]);
    for (unsigned i = 0; i < LEN(c->deep); i++) less(t, &c->deep[i], gone->deep[i]);
    less(t, &c->open, gone->open);
    for (uint32_t i = 0; i < gone->lot_count; i++)
        sub_lot(t, c, gone->lots[i].lot, gone->lots[i].count);
}

// As those count it that the container lies in: depth.h keeps the last place free.
static void deepen(struct cargo *c)
{
    memmove(c->deep + 1, c->deep, sizeof c->deep - sizeof c->deep[0]);
    c->deep[0] = 0;
}

static unsigned height(const struct cargo *c)
{
    unsigned n = LEN(c->deep);

    while (n > 0 && c->deep[n - 1] == 0) n--;
    return n;
}

static bool is_marked(const struct cargo *c)
{
    return (c->marked[0] | c->marked[1] | c->marked[2] | c->marked[3] | c->open) != 0;
}

// ---- rows

static bool row_get(struct txn *t, unit_id u, struct cargo *out)
{
    struct key k = key_of(u);
    str v;

    out->lot_count = 0;
    if (!txn_get(t, DB_ROWS, (str){k.b, sizeof k.b}, &v)) return false;
    struct bytes_r r = bytes_reader(v);
    out->late = bytes_get_var(&r);
    out->open = bytes_get_var(&r);
    unsigned marks = (unsigned)bytes_get_u(&r, 1);
    out->many = marks & CARGO_MANY;
    for (unsigned i = 0; i < CARGO_MARKS; i++)
        out->marked[i] = marks & 1u << i ? bytes_get_var(&r) : 0;
    memset(out->deep, 0, sizeof out->deep);
    uint64_t deep = marks & CARGO_DEEP ? bytes_get_u(&r, 1) : 0;
    if (deep > LEN(out->deep)) r.bad = true;
    for (uint64_t i = 0; i < deep && !r.bad; i++) out->deep[i] = bytes_get_var(&r);
    while (!r.bad && r.p < r.end && out->lot_count < CARGO_LOTS_MAX) {
        struct cargo_lot *l = &out->lots[out->lot_count++];
        l->lot = (uint32_t)bytes_get_var(&r);
        l->count = bytes_get_var(&r);
    }
    if (!bytes_end(&r)) txn_spoil(t, "store.corrupt", "the cargo of a container");
    return true;
}

static void row_put(struct txn *t, unit_id u, const struct cargo *c)
{
    struct key k = key_of(u);
    unsigned deep = height(c), marks = (c->many ? CARGO_MANY : 0) | (deep > 0 ? CARGO_DEEP : 0);
    struct buf b;

    buf_init(&b, 4 * KB);
    bytes_var(&b, c->late);
    bytes_var(&b, c->open);
    for (unsigned i = 0; i < CARGO_MARKS; i++) marks |= c->marked[i] ? 1u << i : 0;
    bytes_u(&b, marks, 1);
    for (unsigned i = 0; i < CARGO_MARKS; i++)
        if (c->marked[i]) bytes_var(&b, c->marked[i]);
    if (deep > 0) bytes_u(&b, deep, 1);
    for (unsigned i = 0; i < deep; i++) bytes_var(&b, c->deep[i]);
    for (uint32_t i = 0; i < c->lot_count && !c->many; i++) {
        bytes_var(&b, c->lots[i].lot);
        bytes_var(&b, c->lots[i].count);
    }
    txn_put(t, DB_ROWS, (str){k.b, sizeof k.b}, buf_str(&b));
    buf_fini(&b);
}

// ---- what children hold

struct looking { // at the children of one act
    struct txn *t;
    struct unit_rows rows;
    struct space_row space; // of the run at hand
    uint64_t first;         // the first event asked for last, and
    uint32_t lot;           // the lot that it gave
    struct cargo *sum;
    bool plain; // all of them packs of the site's own pools
};

static uint32_t lot_of(struct looking *x, uint64_t first)
{
    struct fact f;

    if (first == 0 || first == x->first) return first == 0 ? 0 : x->lot;
    if (journal_get_header(x->t, first, &f).cls != ST_OK) {
        txn_spoil(x->t, "store.corrupt", "the first event of a unit");
        return 0;
    }
    x->first = first;
    return x->lot = f.lot;
}

static void add_unit(struct looking *x, const struct unit *u)
{
    for (unsigned i = 0; i < CARGO_MARKS; i++)
        if (u->flags & flag_of[i]) x->sum->marked[i]++;
    if (u->state == UNIT_OPEN) x->sum->open++;
    // What began elsewhere counts with no lot, also once it is told to have begun.
    uint32_t lot = x->space.sort == SPACE_OF_FOREIGN ? 0 : lot_of(x, u->first);
    if (x->space.sort != SPACE_OF_SSCC) add_lot(x->sum, lot, 1);
}

// Not of a container of containers: its own children are not come to. No act reads more than two
// levels, but where a row is missing.
static void add_run(struct looking *x, const struct run *r)
{
    struct cargo inside;

    if (x->space.space != unit_space(r->first) &&
        !space_get(x->t, unit_space(r->first), &x->space)) {
        txn_spoil(x->t, "store.corrupt", "a unit of no space");
        return;
    }
    bool holds = space_is_container(&x->space) || x->space.sort == SPACE_OF_FOREIGN;
    if (holds) x->plain = false;
    for (uint32_t i = 0; i < r->count; i++) {
        unit_id u = {r->first.v + i};
        struct unit row = unit_get(&x->rows, u);
        add_unit(x, &row);
        if (!holds) continue;
        cargo_get(x->t, u, &inside);
        deepen(&inside);
        inside.deep[0] = 1;
        sum_add(x->sum, &inside);
    }
}

// True: all are packs of one lot, or of none.
static bool sum_up(struct txn *t, const struct runs *units, struct cargo *out)
{
    struct looking x = {.t = t, .sum = out, .plain = true};

    memset(out, 0, offsetof(struct cargo, lots));
    unit_rows_read(&x.rows, t);
    for (uint32_t i = 0; i < units->n; i++) add_run(&x, &units->at[i]);
    return x.plain && out->lot_count <= 1;
}

// Without a row its children say it: packs alike, of which the first stands for all. None of them
// was marked: whoever marks one makes the row, and may have written the mark already.
static void of_children(struct txn *t, unit_id container, struct cargo *out)
{
    unit_id first = children_first(t, container);
    struct runs one = {
        &(struct run){first, 1},
         first.v != 0, first.v != 0
    };
    struct arena a;

    if (sum_up(t, &one, out)) {
        memset(out->marked, 0, sizeof out->marked);
        out->open = 0;
        if (out->lot_count > 0) out->lots[0].count = children_count(t, container);
        return;
    }
    arena_init(&a, WORK_MAX);
    struct runs all = children_get(t, container, &a);
    (void)sum_up(t, &all, out);
    arena_fini(&a);
}

void cargo_get(struct txn *t, unit_id container, struct cargo *out)
{
    if (!row_get(t, container, out)) of_children(t, container, out);
}

unsigned cargo_flags(const struct cargo *c)
{
    unsigned all = 0;

    for (unsigned i = 0; i < CARGO_MARKS; i++)
        if (c->marked[i] > 0) all |= flag_of[i];
    return all;
}

// Without a row no containers lie in it.
unsigned cargo_height(struct txn *t, unit_id container)
{
    struct cargo c;

    return row_get(t, container, &c) ? height(&c) : 0;
}

// ---- changes

// The container that this one lies in, {0}: none. `depth` counts the steps: a damaged store must
// not keep the committer for ever.
static unit_id around(struct txn *t, unit_id u, unsigned *depth)
{
    if (++*depth <= UNIT_DEPTH_MAX) return unit_one(t, u).parent;
    txn_spoil(t, "store.corrupt", "containers lie in one another without end");
    return (unit_id){0};
}

void cargo_added(struct txn *t, unit_id parent, const struct runs *more)
{
    struct cargo is, adds;
    bool plain = sum_up(t, more, &adds), has_row = row_get(t, parent, &is);
    unsigned depth = 0;

    if (!has_row) of_children(t, parent, &is);
    bool same = is.lot_count == 0 || adds.lot_count == 0 || is.lots[0].lot == adds.lots[0].lot;
    bool told = is.lot_count == adds.lot_count || is.lot_count == 0;
    if (has_row || !plain || !same || !told || is_marked(&adds)) {
        sum_add(&is, &adds);
        row_put(t, parent, &is);
    }
    // Containers of containers all have a row.
    for (unit_id at = around(t, parent, &depth); at.v != 0; at = around(t, at, &depth)) {
        deepen(&adds);
        if (!row_get(t, at, &is)) continue;
        sum_add(&is, &adds);
        row_put(t, at, &is);
    }
}

// From `at` up.
static void take_off(struct txn *t, unit_id at, struct cargo *gone)
{
    struct cargo is;

    for (unsigned depth = 0; at.v != 0; at = around(t, at, &depth), deepen(gone)) {
        if (!row_get(t, at, &is)) continue;
        sum_sub(t, &is, gone);
        row_put(t, at, &is);
    }
}

void cargo_removed(struct txn *t, unit_id parent, const struct runs *gone)
{
    struct cargo sum;

    (void)sum_up(t, gone, &sum);
    take_off(t, parent, &sum);
}

void cargo_cleared(struct txn *t, unit_id parent)
{
    unit_id above = unit_one(t, parent).parent;
    struct key k = key_of(parent);
    struct cargo was;
    str v;

    if (above.v != 0) {
        cargo_get(t, parent, &was);
        deepen(&was);
        take_off(t, above, &was);
    }
    if (txn_get(t, DB_ROWS, (str){k.b, sizeof k.b}, &v))
        txn_del(t, DB_ROWS, (str){k.b, sizeof k.b});
}

void cargo_mark_end(struct cargo_marking *m)
{
    unsigned depth = 0;
    struct cargo c;

    for (unit_id at = m->parent; at.v != 0; at = around(m->t, at, &depth)) {
        cargo_get(m->t, at, &c);
        for (unsigned i = 0; i < CARGO_MARKS; i++) {
            if (m->more[i] < 0) less(m->t, &c.marked[i], (uint64_t)-m->more[i]);
            if (m->more[i] > 0) c.marked[i] += (uint64_t)m->more[i];
        }
        if (m->seq > c.late) c.late = m->seq;
        row_put(m->t, at, &c);
    }
    m->parent = (unit_id){0};
    memset(m->more, 0, sizeof m->more);
}

void cargo_mark(struct cargo_marking *m, unit_id parent, unsigned before, unsigned after)
{
    if (parent.v != m->parent.v) cargo_mark_end(m);
    m->parent = parent;
    for (unsigned i = 0; i < CARGO_MARKS && parent.v != 0; i++)
        m->more[i] += ((after & flag_of[i]) != 0) - ((before & flag_of[i]) != 0);
}
