// row 'z' seq of the event 8 -> until 8, units still to begin 4
// row 'Z' until 8 (0: it waits for nothing more), seq 8 -> nothing
// row 'y' unit 8, seq 8 -> does it wait for this unit 1
#include "service/event/waiting.h"
#include "common/bytes.h"
#include "common/db.h"
#include "service/journal/numbers.h"

struct key {
    char b[17];
    uint32_t n;
};

static struct key key_of(enum row_tag tag, uint64_t first, uint64_t second)
{
    struct key k = {.b = {(char)tag}, .n = 17};

    put_be(k.b + 1, first, 8);
    put_be(k.b + 9, second, 8);
    return k;
}

static struct key key_event(uint64_t seq)
{
    struct key k = {.b = {ROW_WAITING}, .n = 9};

    put_be(k.b + 1, seq, 8);
    return k;
}

static str str_key(const struct key *k) { return (str){k->b, k->n}; }

bool waiting_get(struct txn *t, uint64_t seq, struct waiting *out)
{
    struct key k = key_event(seq);
    str v;

    if (!txn_get(t, DB_ROWS, str_key(&k), &v)) return false;
    if (v.n != 12) return txn_spoil(t, "store.corrupt", "an event that waits"), false;
    *out = (struct waiting){{(int64_t)get_be(v.p, 8)}, (uint32_t)get_be(v.p + 8, 4)};
    return true;
}

uint32_t waiting_of(struct txn *t, unit_id u, struct waiting_at out[WAITING_MAX])
{
    struct key k = key_of(ROW_WAITING_UNIT, u.v, 0);
    struct walk w = walk_open(t, DB_ROWS, (str){k.b, 9}, (str){0});
    uint32_t n = 0;
    str key, v;

    while (n < WAITING_MAX && walk_next(&w, &key, &v))
        if (key.n == 17 && v.n == 1)
            out[n++] = (struct waiting_at){get_be(key.p + 9, 8), v.p[0] != 0};
    walk_close(&w);
    return n;
}

bool waiting_for(struct txn *t, unit_id u)
{
    struct waiting_at all[WAITING_MAX];
    uint32_t n = waiting_of(t, u, all);

    while (n > 0 && !all[n - 1].own) n--;
    return n > 0;
}

bool waiting_due(struct txn *t, wall now, uint64_t *seq, wall *next)
{
    char tag = ROW_WAITING_UNTIL;
    struct walk w = walk_open(t, DB_ROWS, (str){&tag, 1}, (str){0});
    bool due = false;
    str key, v;

    *next = (wall){INT64_MAX};
    if (walk_next(&w, &key, &v) && key.n == 17) {
        next->ms = (int64_t)get_be(key.p + 1, 8);
        *seq = get_be(key.p + 9, 8);
        due = next->ms <= now.ms;
    }
    walk_close(&w);
    return due;
}

// ---- in writes of facts

static void row_put(struct txn *t, uint64_t seq, const struct waiting *w)
{
    struct key k = key_event(seq);
    char v[12];

    put_be(v, (uint64_t)w->until.ms, 8);
    put_be(v + 8, w->left, 4);
    txn_put(t, DB_ROWS, str_key(&k), (str){v, sizeof v});
}

// Where it stands in the order of time.
static struct key key_place(uint64_t seq, const struct waiting *w)
{
    return key_of(ROW_WAITING_UNTIL, w->left == 0 ? 0 : (uint64_t)w->until.ms, seq);
}

void waiting_put(struct txn *t, uint64_t seq, const struct waiting *w)
{
    struct key place = key_place(seq, w);

    row_put(t, seq, w);
    txn_put(t, DB_ROWS, str_key(&place), (str){"", 0});
}

void waiting_put_unit(struct txn *t, unit_id u, const struct waiting_at *w)
{
    struct key k = key_of(ROW_WAITING_UNIT, u.v, w->seq);
    char v = w->own;

    txn_put(t, DB_ROWS, str_key(&k), (str){&v, 1});
}

static void one_less(struct txn *t, uint64_t seq)
{
    struct waiting w;

    if (!waiting_get(t, seq, &w) || w.left == 0) {
        txn_spoil(t, "store.corrupt", "a unit that no event waits for");
        return;
    }
    struct key before = key_place(seq, &w);
    w.left--;
    if (w.left > 0) {
        row_put(t, seq, &w);
        return;
    }
    (void)txn_del(t, DB_ROWS, str_key(&before));
    waiting_put(t, seq, &w);
}

bool waiting_begun(struct txn *t, unit_id u)
{
    struct waiting_at all[WAITING_MAX];
    uint32_t n = waiting_of(t, u, all);
    bool any = false;

    for (uint32_t i = 0; i < n; i++) {
        if (!all[i].own) continue;
        any = true;
        one_less(t, all[i].seq);
        waiting_put_unit(t, u, &(struct waiting_at){all[i].seq, false});
    }
    return any;
}

void waiting_end(struct txn *t, uint64_t seq, const struct runs *units)
{
    struct key k = key_event(seq);
    struct waiting w;
    unit_id u;

    if (!waiting_get(t, seq, &w)) {
        txn_spoil(t, "store.corrupt", "an event that does not wait");
        return;
    }
    struct key place = key_place(seq, &w);
    (void)txn_del(t, DB_ROWS, str_key(&place));
    (void)txn_del(t, DB_ROWS, str_key(&k));
    for (struct run_walk walk = runs_walk(units); run_next(&walk, &u);) {
        k = key_of(ROW_WAITING_UNIT, u.v, seq);
        (void)txn_del(t, DB_ROWS, str_key(&k));
    }
}
