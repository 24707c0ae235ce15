// row 'c' parent 8, part 2 -> runs (runs_put), at most CHILDREN_PART bytes a part: what is put into
// a container later goes into its last part, so that filling a pallet never rewrites it whole.
#include "service/tree/tree_db.h"
#include "common/arena.h"
#include "common/bytes.h"
#include "service/journal/numbers.h"
#include <string.h>

#define CHILDREN_PART 900u
#define RUN_BYTES_MAX 15u // of one run: 10 and 5
#define RUNS_A_PART   (CHILDREN_PART / RUN_BYTES_MAX)
#define KEY_BYTES     11u

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

// Appends a part's runs to all; false at the arena's ceiling or where the row makes no sense.
static bool gather(struct txn *t, str v, struct arena *a, struct runs *all)
{
    struct bytes_r in = bytes_reader(v);
    struct runs more = runs_get(&in, a);

    if (!bytes_end(&in)) return spoil(t), false;
    if (all->n == 0) return *all = more, true;
    struct run *both = NEW_ARRAY(a, struct run, all->n + more.n);
    if (both == NULL) return false;
    memcpy(both, all->at, all->n * sizeof *both);
    memcpy(both + all->n, more.at, more.n * sizeof *both);
    *all = (struct runs){both, all->n + more.n, all->units + more.units};
    return true;
}

struct runs children_get(struct txn *t, unit_id parent, struct arena *a)
{
    struct key k = key_of(parent, 0);
    struct runs all = {0};
    str key, v;

    struct walk w = walk_open(t, DB_ROWS, str_parent(&k), (str){0});
    while (walk_next(&w, &key, &v) && gather(t, v, a, &all)) {}
    walk_close(&w);
    return all;
}

uint64_t children_count(struct txn *t, unit_id parent)
{
    struct arena a;

    arena_init(&a, 64 * MB);
    uint64_t n = children_get(t, parent, &a).units;
    arena_fini(&a);
    return n;
}

static void put_part(struct txn *t, unit_id parent, unsigned part, const struct runs *r)
{
    struct key k = key_of(parent, part);
    struct buf b;

    buf_init(&b, 2 * CHILDREN_PART);
    runs_put(&b, r);
    txn_put(t, DB_ROWS, str_key(&k), buf_str(&b));
    buf_fini(&b);
}

// The number of the last part and its runs; -1 where there is none.
static int last_part(struct txn *t, unit_id parent, struct arena *a, struct runs *r)
{
    struct key k = key_of(parent, 0);
    int part = -1;
    str key, v;

    struct walk w = walk_open(t, DB_ROWS, str_parent(&k), (str){0});
    if (walk_last(&w, &key, &v) && key.n == KEY_BYTES) {
        part = (int)get_be(key.p + 9, 2);
        (void)gather(t, v, a, r);
    }
    walk_close(&w);
    return part;
}

static void put_from(struct txn *t, unit_id parent, unsigned part, struct runs r)
{
    for (uint32_t at = 0; at < r.n; part++) {
        uint32_t n = r.n - at > RUNS_A_PART ? RUNS_A_PART : r.n - at;
        struct runs piece = {r.at + at, n, 0};
        put_part(t, parent, part, &piece);
        at += n;
    }
}

static void add_run(struct runs *all, struct run more)
{
    struct run *last = all->n > 0 ? &all->at[all->n - 1] : NULL;

    if (last != NULL && more.first.v == last->first.v + last->count &&
        unit_space(more.first) == unit_space(last->first))
        last->count += more.count;
    else
        all->at[all->n++] = more;
    all->units += more.count;
}

void children_add(struct txn *t, unit_id parent, const struct runs *more)
{
    struct arena a;
    struct runs last = {0}, both = {0};

    arena_init(&a, 64 * MB);
    int part = last_part(t, parent, &a, &last);
    both.at = NEW_ARRAY(&a, struct run, last.n + more->n);
    assert(both.at != NULL); // a report's units are bounded far below the ceiling
    for (uint32_t i = 0; i < last.n; i++) add_run(&both, last.at[i]);
    for (uint32_t i = 0; i < more->n; i++) add_run(&both, more->at[i]);
    put_from(t, parent, part < 0 ? 0 : (unsigned)part, both);
    arena_fini(&a);
}

void children_clear(struct txn *t, unit_id parent)
{
    struct arena a;
    struct runs last = {0};

    arena_init(&a, 64 * MB);
    for (int part = last_part(t, parent, &a, &last); part >= 0; part--) {
        struct key k = key_of(parent, (unsigned)part);
        txn_del(t, DB_ROWS, str_key(&k));
    }
    arena_fini(&a);
}

void children_remove(struct txn *t, unit_id parent, const struct runs *gone)
{
    struct arena a;
    struct runs left = {0};

    arena_init(&a, 256 * MB);
    struct runs all = children_get(t, parent, &a);
    left.at = NEW_ARRAY(&a, struct run, all.n + gone->units);
    assert(left.at != NULL);
    for (uint32_t i = 0; i < all.n; i++) {
        struct run r = all.at[i];
        for (uint32_t k = 0; k < r.count; k++) {
            unit_id u = {r.first.v + k};
            if (!runs_hold(gone, u)) add_run(&left, (struct run){u, 1});
        }
    }
    children_clear(t, parent);
    put_from(t, parent, 0, left);
    arena_fini(&a);
}
