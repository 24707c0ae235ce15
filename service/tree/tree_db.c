// row 'c' parent 8, part 2 -> children in the parts before varint, runs (runs_put), at most
// CHILDREN_PART bytes: what is put into a container later goes into its last part, so that filling
// a pallet never rewrites it whole, and the last part alone tells how many there are.
#include "service/tree/tree_db.h"
#include "common/arena.h"
#include "common/bytes.h"
#include "service/journal/numbers.h"
#include "service/tree/cargo_db.h"
#include <string.h>

#define CHILDREN_PART 900u
#define RUN_BYTES_MAX 15u // of one run: 10 and 5
#define HEAD_BYTES    15u // the children before, the number of runs
#define RUNS_A_PART   ((CHILDREN_PART - HEAD_BYTES) / RUN_BYTES_MAX)
#define KEY_BYTES     11u
#define WORK_MAX      (64 * MB) // of one act: CHILDREN_MAX runs take a tenth of it

struct key {
    char b[KEY_BYTES];
};

static struct key key_of(unit_id parent, unsigned part)
{
    struct key k;

    k.b[0] = ROW_CHILDREN;
    put_be(k.b + 1, parent.v, 8);
    put_be(k.b + 9, part, 2);
    return k;
}

static str str_key(const struct key *k) { return (str){k->b, KEY_BYTES}; }
static str str_parent(const struct key *k) { return (str){k->b, KEY_BYTES - 2}; }

static void spoil(struct txn *t) { txn_spoil(t, "store.corrupt", "a row of children"); }

struct part {
    int number; // -1: there is none
    uint64_t before;
    struct runs runs;
};

static struct part read_part(struct txn *t, str key, str v, struct arena *a)
{
    struct bytes_r in = bytes_reader(v);
    struct part p = {.number = key.n == KEY_BYTES ? (int)get_be(key.p + 9, 2) : -1};

    p.before = bytes_get_var(&in);
    p.runs = runs_get(&in, a);
    if (bytes_end(&in) && p.number >= 0) return p;
    spoil(t);
    return (struct part){.number = -1};
}

static struct part last_part(struct txn *t, unit_id parent, struct arena *a)
{
    struct key k = key_of(parent, 0);
    struct part p = {.number = -1};
    str key, v;

    struct walk w = walk_open(t, DB_ROWS, str_parent(&k), (str){0});
    if (walk_last(&w, &key, &v)) p = read_part(t, key, v, a);
    walk_close(&w);
    return p;
}

// ---- reading

// A first part that is not full is the only one. Else the last says how many there are, and so how
// much room all runs can need.
struct runs children_get(struct txn *t, unit_id parent, struct arena *a)
{
    struct key k = key_of(parent, 0);
    struct runs all = {0};
    struct part p;
    str key, v;

    if (!txn_get(t, DB_ROWS, str_key(&k), &v)) return all;
    p = read_part(t, str_key(&k), v, a);
    if (p.runs.n < RUNS_A_PART) return p.runs;
    struct part last = last_part(t, parent, a);
    if (last.number <= 0) return last.runs;
    size_t room = (size_t)last.number * RUNS_A_PART + last.runs.n;
    all.at = NEW_ARRAY(a, struct run, room);
    if (all.at == NULL) return all;
    struct walk w = walk_open(t, DB_ROWS, str_parent(&k), (str){0});
    while (walk_next(&w, &key, &v)) {
        p = read_part(t, key, v, a);
        if (p.runs.n > room - all.n) {
            spoil(t);
            break;
        }
        if (p.runs.n > 0) memcpy(all.at + all.n, p.runs.at, p.runs.n * sizeof *all.at);
        all.n += p.runs.n;
        all.units += p.runs.units;
    }
    walk_close(&w);
    return all;
}

uint64_t children_count(struct txn *t, unit_id parent)
{
    struct arena a;

    arena_init(&a, WORK_MAX);
    struct part p = last_part(t, parent, &a);
    arena_fini(&a);
    return p.number < 0 ? 0 : p.before + p.runs.units;
}

unit_id children_first(struct txn *t, unit_id parent)
{
    struct key k = key_of(parent, 0);
    unit_id first = {0};
    str v;

    if (!txn_get(t, DB_ROWS, str_key(&k), &v)) return first;
    struct bytes_r in = bytes_reader(v);
    bytes_get_var(&in);
    bytes_get_var(&in);
    first.v = (uint64_t)bytes_get_zig(&in);
    if (!in.bad && first.v != 0) return first;
    spoil(t);
    return (unit_id){0};
}

// ---- writing

static void put_part(struct txn *t, unit_id parent, const struct part *p)
{
    struct key k = key_of(parent, (unsigned)p->number);
    struct buf b;

    buf_init(&b, 2 * CHILDREN_PART);
    bytes_var(&b, p->before);
    runs_put(&b, &p->runs);
    txn_put(t, DB_ROWS, str_key(&k), buf_str(&b));
    buf_fini(&b);
}

// Writes all runs into as many parts as they need; the first of them takes p's number and place.
static void put_from(struct txn *t, unit_id parent, struct part p)
{
    struct runs all = p.runs;

    for (uint32_t at = 0; at < all.n; p.number++) {
        uint32_t n = all.n - at > RUNS_A_PART ? RUNS_A_PART : all.n - at;
        p.runs = (struct runs){all.at + at, n, 0};
        put_part(t, parent, &p);
        for (uint32_t i = 0; i < n; i++) p.before += p.runs.at[i].count;
        at += n;
    }
}

void children_add(struct txn *t, unit_id parent, const struct runs *more)
{
    struct arena a;

    cargo_added(t, parent, more);
    arena_init(&a, WORK_MAX);
    struct part last = last_part(t, parent, &a);
    struct runs both = {.at = NEW_ARRAY(&a, struct run, last.runs.n + more->n)};
    assert(both.at != NULL);
    for (uint32_t i = 0; i < last.runs.n; i++) runs_add(&both, last.runs.at[i]);
    for (uint32_t i = 0; i < more->n; i++) runs_add(&both, more->at[i]);
    last.runs = both;
    if (last.number < 0) last.number = 0;
    put_from(t, parent, last);
    arena_fini(&a);
}

static void clear(struct txn *t, unit_id parent)
{
    struct arena a;

    arena_init(&a, WORK_MAX);
    for (int part = last_part(t, parent, &a).number; part >= 0; part--) {
        struct key k = key_of(parent, (unsigned)part);
        txn_del(t, DB_ROWS, str_key(&k));
    }
    arena_fini(&a);
}

void children_clear(struct txn *t, unit_id parent)
{
    cargo_cleared(t, parent);
    clear(t, parent);
}

// The first of the sorted runs that ends above `v`.
static uint32_t find_above(const struct runs *s, uint64_t v)
{
    uint32_t low = 0, high = s->n;

    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (s->at[mid].first.v + s->at[mid].count > v)
            high = mid;
        else
            low = mid + 1;
    }
    return low;
}

// What is left of a run when the sorted runs are cut out of it.
static void add_rest(struct runs *left, struct run r, const struct runs *gone)
{
    uint64_t at = r.first.v, end = at + r.count;

    for (uint32_t i = find_above(gone, at); i < gone->n && gone->at[i].first.v < end; i++) {
        struct run g = gone->at[i];
        if (g.first.v > at) runs_add(left, (struct run){{at}, (uint32_t)(g.first.v - at)});
        at = g.first.v + g.count;
    }
    if (at < end) runs_add(left, (struct run){{at}, (uint32_t)(end - at)});
}

void children_remove(struct txn *t, unit_id parent, const struct runs *gone)
{
    struct arena a;

    cargo_removed(t, parent, gone);
    arena_init(&a, WORK_MAX);
    struct runs all = children_get(t, parent, &a), cut = runs_sorted(gone, &a);
    struct runs left = {.at = NEW_ARRAY(&a, struct run, all.n + cut.n + 1)};
    assert(cut.at != NULL && left.at != NULL);
    for (uint32_t i = 0; i < all.n; i++) add_rest(&left, all.at[i], &cut);
    clear(t, parent);
    put_from(t, parent, (struct part){.runs = left});
    arena_fini(&a);
}

unit_id children_first_without(struct txn *t, unit_id parent, const struct runs *gone)
{
    struct arena a;

    arena_init(&a, WORK_MAX);
    struct runs all = children_get(t, parent, &a), cut = runs_sorted(gone, &a);
    struct runs left = {.at = NEW_ARRAY(&a, struct run, cut.n + 2)};
    assert(cut.at != NULL && left.at != NULL);
    for (uint32_t i = 0; i < all.n && left.n == 0; i++) add_rest(&left, all.at[i], &cut);
    unit_id first = left.n > 0 ? left.at[0].first : (unit_id){0};
    arena_fini(&a);
    return first;
}
