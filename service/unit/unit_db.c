// row 'U' space 3, number of the row 5 (ordinal / 200) -> the units as runs of such that are alike,
// each told by what sets it apart from the run before (the first: from nothing): marks 1, how many
// var where there are more, then the difference of what changed, zig: often x 16 + state and flags,
// first, last less first, parent. Or, where that is no shorter, the 200 units as they are, 20 bytes
// each: often x 16 + state 1, flags 1, first 5, last 5, parent 8.
//
// Neighbours are mostly alike (one report, one case) and containers follow one another, so that
// dozens of rows share a page of the store.
#include "service/unit/unit_db.h"
#include "service/journal/numbers.h"
#include <string.h>

#define ROW_BYTES (UNITS_A_ROW * UNIT_BYTES)
#define RUN_BYTES 28u // at most: 1 + 2 + 3 + 6 + 6 + 10

enum run_mark { HEAD = 1, FIRST = 2, SINCE = 4, PARENT = 8, MANY = 16 };

struct fields { // a unit as its bytes are; from one container to the next `since` mostly stays
    uint64_t head, first, since, parent; // since: last less first
};

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
    r->key[0] = r->key[1] = 0;
    r->at = 0;
    r->changed = r->writes = false;
}

void unit_rows_write(struct unit_rows *r, struct txn *t)
{
    unit_rows_read(r, t);
    r->writes = true;
}

static struct fields get_fields(const char *p)
{
    uint64_t first = get_be(p + 2, 5);

    return (struct fields){get_be(p, 2), first, get_be(p + 7, 5) - first, get_be(p + 12, 8)};
}

static void put_fields(char *p, const struct fields *f)
{
    put_be(p, f->head, 2);
    put_be(p + 2, f->first, 5);
    put_be(p + 7, f->first + f->since, 5);
    put_be(p + 12, f->parent, 8);
}

static char *put_way(char *to, uint64_t way) { return put_var(to, zigzag((int64_t)way)); }

static uint64_t get_way(struct bytes_r *in) { return (uint64_t)bytes_get_zig(in); }

static char *pack_run(char *to, const struct fields *was, const struct fields *is, size_t count)
{
    char *marks = to++;

    *marks = (char)((is->head != was->head ? HEAD : 0) | (is->first != was->first ? FIRST : 0) |
                    (is->since != was->since ? SINCE : 0) |
                    (is->parent != was->parent ? PARENT : 0) | (count > 1 ? MANY : 0));
    if (*marks & MANY) to = put_var(to, count);
    if (*marks & HEAD) to = put_way(to, is->head - was->head);
    if (*marks & FIRST) to = put_way(to, is->first - was->first);
    if (*marks & SINCE) to = put_way(to, is->since - was->since);
    if (*marks & PARENT) to = put_way(to, is->parent - was->parent);
    return to;
}

// The row as it is stored: as runs in `to`, or as it is.
static str pack(const char *row, char to[ROW_BYTES + RUN_BYTES])
{
    const char *end = row + ROW_BYTES, *next;
    struct fields was = {0};
    char *at = to;

    for (const char *p = row; p < end; p = next) {
        struct fields is = get_fields(p);
        next = p + UNIT_BYTES;
        while (next < end && memcmp(p, next, UNIT_BYTES) == 0) next += UNIT_BYTES;
        at = pack_run(at, &was, &is, (size_t)(next - p) / UNIT_BYTES);
        if (at >= to + ROW_BYTES) return (str){row, ROW_BYTES};
        was = is;
    }
    return (str){to, (size_t)(at - to)};
}

// False where `v` is no row.
static bool unpack(str v, char *row)
{
    char *end = row + ROW_BYTES;
    struct bytes_r in = bytes_reader(v);
    struct fields f = {0};

    if (v.n == ROW_BYTES) {
        memcpy(row, v.p, ROW_BYTES);
        return true;
    }
    while (row < end && in.p < in.end) {
        unsigned marks = *in.p++;
        uint64_t n = marks & MANY ? bytes_get_var(&in) : 1;
        if (marks & HEAD) f.head += get_way(&in);
        if (marks & FIRST) f.first += get_way(&in);
        if (marks & SINCE) f.since += get_way(&in);
        if (marks & PARENT) f.parent += get_way(&in);
        bool wide = f.head >> 16 != 0 || f.first >> 40 != 0 || (f.first + f.since) >> 40 != 0;
        if (in.bad || wide || n == 0 || n > (uint64_t)(end - row) / UNIT_BYTES) return false;
        put_fields(row, &f);
        for (const char *first = row; row += UNIT_BYTES, --n > 0;) memcpy(row, first, UNIT_BYTES);
    }
    return row == end && bytes_end(&in);
}

void unit_rows_end(struct unit_rows *r)
{
    if (r->changed) {
        struct key k = key_of((unit_id){r->key[r->at]});
        char packed[ROW_BYTES + RUN_BYTES];
        txn_put(r->t, DB_ROWS, (str){k.b, sizeof k.b}, pack(r->row[r->at], packed));
    }
    r->key[0] = r->key[1] = 0;
    r->changed = false;
}

static void load(struct unit_rows *r, unit_id first)
{
    struct key k = key_of(first);
    char *row = r->row[r->at];
    str v = {0};

    r->key[r->at] = first.v;
    if (!txn_get(r->t, DB_ROWS, (str){k.b, sizeof k.b}, &v)) {
        memset(row, 0, ROW_BYTES);
    } else if (!unpack(v, row)) {
        txn_spoil(r->t, "store.corrupt", "a row of units");
        memset(row, 0, ROW_BYTES);
    }
}

static void turn_to(struct unit_rows *r, unit_id first)
{
    if (r->writes)
        unit_rows_end(r);
    else
        r->at ^= 1u;
    if (r->key[r->at] != first.v) load(r, first);
}

// Where the unit's bytes lie.
static char *find(struct unit_rows *r, unit_id u)
{
    uint64_t at = unit_ordinal(u) % UNITS_A_ROW;

    assert(u.v != 0);
    if (r->key[r->at] != u.v - at) turn_to(r, (unit_id){u.v - at});
    return r->row[r->at] + at * UNIT_BYTES;
}

struct unit unit_get(struct unit_rows *r, unit_id u)
{
    const char *p = find(r, u);
    struct unit x = {0};

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

uint32_t units_alike(struct unit_rows *r, unit_id u, uint32_t most)
{
    char one[UNIT_BYTES];
    uint32_t n = 1;

    memcpy(one, find(r, u), UNIT_BYTES);
    for (; n < most; n++) {
        const char *p = find(r, (unit_id){u.v + n});
        bool same = (uint8_t)p[0] % 16 == (uint8_t)one[0] % 16 && memcmp(p + 2, one + 2, 5) == 0;
        if (!same) break;
    }
    return n;
}

void unit_put(struct unit_rows *r, unit_id u, const struct unit *x)
{
    assert(r->writes);
    char *p = find(r, u);

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
    char row[ROW_BYTES];
    uint64_t n = 0;
    str k, v;

    while (walk_next(&w, &k, &v)) {
        if (!unpack(v, row)) continue;
        for (size_t at = 0; at < ROW_BYTES; at += UNIT_BYTES) n += (uint8_t)row[at] % 16 != 0;
    }
    walk_close(&w);
    return n;
}
