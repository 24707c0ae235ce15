// row 'U' space 3, number of the row 5 (ordinal / 200) -> 200 x {often x 16 + state 1, flags 1,
// first 5, last 5, parent 8} = 4,000 bytes: exactly one overflow page.
#include "service/unit/unit_db.h"
#include "service/journal/numbers.h"
#include <string.h>

#define ROW_BYTES (UNITS_A_ROW * UNIT_BYTES)

struct key {
    char b[9];
};

static struct key key_of(unit_id u)
{
    struct key k;

    k.b[0] = ROW_UNIT;
    put_be(k.b + 1, unit_space(u), 3);
    put_be(k.b + 4, unit_ordinal(u) / UNITS_A_ROW, 5);
    return k;
}

void unit_rows_read(struct unit_rows *r, struct txn *t)
{
    r->t = t;
    r->key = 0;
    r->changed = r->writes = false;
}

void unit_rows_write(struct unit_rows *r, struct txn *t)
{
    unit_rows_read(r, t);
    r->writes = true;
}

void unit_rows_end(struct unit_rows *r)
{
    if (r->changed) {
        struct key k = key_of((unit_id){r->key});
        txn_put(r->t, DB_ROWS, (str){k.b, sizeof k.b}, (str){r->row, ROW_BYTES});
    }
    r->key = 0;
    r->changed = false;
}

static void load(struct unit_rows *r, unit_id first)
{
    struct key k = key_of(first);
    str v = {0};

    unit_rows_end(r);
    r->key = first.v;
    r->seen = NULL;
    if (txn_get(r->t, DB_ROWS, (str){k.b, sizeof k.b}, &v)) {
        if (v.n == ROW_BYTES)
            r->seen = v.p;
        else
            txn_spoil(r->t, "store.corrupt", "a row of units");
    }
    if (!r->writes) return;
    if (r->seen != NULL)
        memcpy(r->row, r->seen, ROW_BYTES);
    else
        memset(r->row, 0, ROW_BYTES);
    r->seen = r->row;
}

// Where the unit's bytes lie, or NULL where its row was never written.
static const char *find(struct unit_rows *r, unit_id u)
{
    uint64_t at = unit_ordinal(u) % UNITS_A_ROW;

    assert(u.v != 0);
    if (r->key != u.v - at) load(r, (unit_id){u.v - at});
    return r->seen == NULL ? NULL : r->seen + at * UNIT_BYTES;
}

struct unit unit_get(struct unit_rows *r, unit_id u)
{
    const char *p = find(r, u);
    struct unit x = {0};

    if (p == NULL) return x;
    x.state = (enum unit_state)((uint8_t)p[0] % 16);
    x.often = (uint8_t)p[0] / 16;
    x.flags = (uint8_t)p[1];
    x.first = get_be(p + 2, 5);
    x.last = get_be(p + 7, 5);
    x.parent.v = get_be(p + 12, 8);
    if (x.state >= UNIT_UNALLOCATED) {
        txn_spoil(r->t, "store.corrupt", "the state of a unit");
        return (struct unit){0};
    }
    return x;
}

void unit_put(struct unit_rows *r, unit_id u, const struct unit *x)
{
    assert(r->writes);
    char *p = r->row + (find(r, u) - r->row);

    p[0] = (char)(x->often * 16 + x->state);
    p[1] = (char)x->flags;
    put_be(p + 2, x->first, 5);
    put_be(p + 7, x->last, 5);
    put_be(p + 12, x->parent.v, 8);
    r->changed = true;
}

struct unit unit_one(struct txn *t, unit_id u)
{
    struct unit_rows r;

    unit_rows_read(&r, t);
    return unit_get(&r, u);
}

unit_id unit_next(struct txn *t, unit_id u)
{
    struct key from = key_of(u);
    struct walk w = walk_open(t, DB_ROWS, (str){from.b, 4}, (str){from.b, sizeof from.b});
    unit_id out = {0};
    str k, v;

    if (walk_next(&w, &k, &v) && k.n == sizeof from.b) {
        uint64_t first = get_be(k.p + 4, 5) * UNITS_A_ROW;
        out = unit_ordinal(u) > first ? u : unit_id_of(unit_space(u), first);
    }
    walk_close(&w);
    return out;
}

uint64_t units_count(struct txn *t)
{
    static const char tag[1] = {ROW_UNIT};
    struct walk w = walk_open(t, DB_ROWS, (str){tag, 1}, (str){0});
    uint64_t n = 0;
    str k, v;

    while (walk_next(&w, &k, &v))
        for (size_t at = 0; at < v.n; at += UNIT_BYTES) n += v.p[at] % 16 != 0;
    walk_close(&w);
    return n;
}
