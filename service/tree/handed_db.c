// row '6': handed_db.h.
#include "service/tree/handed_db.h"
#include "common/bytes.h"
#include "service/journal/numbers.h"
#include "service/unit/unit_db.h"

#define KEY_BYTES 18u
#define ROW_BYTES 5u
#define SEQ_BYTES 5u // more, of an event

enum { SUB_UNIT = 1, CAME_BACK = 1 };

struct key {
    char b[KEY_BYTES];
};

static struct key key_of(unit_id u, uint64_t party)
{
    struct key k = {
        {ROW_HANDED, SUB_UNIT}
    };

    put_be(k.b + 2, u.v, 8);
    put_be(k.b + 10, party, 8);
    return k;
}

static bool row_read(struct txn *t, str k, str v, struct handed *out)
{
    if (k.n != KEY_BYTES || (v.n != ROW_BYTES && v.n != ROW_BYTES + SEQ_BYTES)) {
        txn_spoil(t, "store.corrupt", "what was handed to a party");
        return false;
    }
    *out = (struct handed){
        {get_be(k.p + 2, 8)},      get_be(k.p + 10, 8),
        (uint32_t)get_be(v.p, 4),  v.n == ROW_BYTES ? 0 : get_be(v.p + ROW_BYTES, SEQ_BYTES),
        (v.p[4] & CAME_BACK) != 0, (uint8_t)v.p[4] & ~(unsigned)CAME_BACK};
    return true;
}

static bool row_get(struct txn *t, unit_id u, uint64_t party, struct handed *out)
{
    struct key k = key_of(u, party);
    str v;

    return txn_get(t, DB_ROWS, (str){k.b, sizeof k.b}, &v) &&
           row_read(t, (str){k.b, sizeof k.b}, v, out);
}

void handed_put(struct txn *t, const struct handed *h)
{
    struct key k = key_of(h->unit, h->party);
    char v[ROW_BYTES + SEQ_BYTES];

    put_be(v, h->shipment, 4);
    v[4] = (char)((h->came_back ? CAME_BACK : 0) | h->marks);
    put_be(v + ROW_BYTES, h->event, SEQ_BYTES);
    txn_put(t, DB_ROWS, (str){k.b, sizeof k.b}, (str){v, h->event == 0 ? ROW_BYTES : sizeof v});
}

void handed_del(struct txn *t, const struct handed *h)
{
    struct key k = key_of(h->unit, h->party);
    struct handed is;

    if (row_get(t, h->unit, h->party, &is) && is.shipment == h->shipment)
        txn_del(t, DB_ROWS, (str){k.b, sizeof k.b});
}

// The unit's own rows, as many as there is room for.
static unsigned rows_of(struct txn *t, unit_id u, struct handed *out, unsigned max)
{
    struct key k = key_of(u, 0);
    struct walk w = walk_open(t, DB_ROWS, (str){k.b, KEY_BYTES - 8}, (str){0});
    unsigned n = 0;
    str key, v;

    while (n < max && walk_next(&w, &key, &v) && row_read(t, key, v, &out[n])) n++;
    walk_close(&w);
    return n;
}

void handed_end(struct txn *t, unit_id u)
{
    struct handed some[16];
    unsigned n;

    while ((n = rows_of(t, u, some, LEN(some))) > 0) {
        for (unsigned i = 0; i < n; i++) {
            struct key k = key_of(u, some[i].party);
            txn_del(t, DB_ROWS, (str){k.b, sizeof k.b});
        }
    }
}

bool handed_get(struct txn *t, unit_id u, uint64_t party, struct handed *out)
{
    return row_get(t, u, party, out) && !(out->marks & HANDED_MARKS_ONLY);
}

struct handed handed_all(struct txn *t, unit_id u)
{
    struct key k = key_of(u, 0);
    struct walk w = walk_open(t, DB_ROWS, (str){k.b, KEY_BYTES - 8}, (str){0});
    struct handed all = {.unit = u}, h;
    str key, v;

    while (walk_next(&w, &key, &v) && row_read(t, key, v, &h)) {
        all.marks |= h.marks;
        all.came_back |= h.came_back;
    }
    walk_close(&w);
    return all;
}

// Of one unit, to anybody: the newest.
static bool newest(struct txn *t, unit_id u, struct handed *out)
{
    struct key k = key_of(u, 0);
    struct walk w = walk_open(t, DB_ROWS, (str){k.b, KEY_BYTES - 8}, (str){0});
    struct handed h;
    bool any = false;
    str key, v;

    while (walk_next(&w, &key, &v)) {
        if (!row_read(t, key, v, &h)) break;
        if (h.marks & HANDED_MARKS_ONLY) continue;
        if (!any || h.shipment > out->shipment) *out = h;
        any = true;
    }
    walk_close(&w);
    return any;
}

// What the unit itself was handed over as.
static bool row_of(struct txn *t, unit_id u, uint64_t party, struct handed *out)
{
    return party == 0 ? newest(t, u, out) : handed_get(t, u, party, out);
}

bool handed_find(struct txn *t, unit_id u, uint64_t party, struct handed *out)
{
    unsigned depth = 0;

    for (unit_id at = u; at.v != 0 && depth < UNIT_DEPTH_MAX; depth++) {
        if (row_of(t, at, party, out)) return true;
        at = unit_one(t, at).parent;
    }
    return false;
}

// What lies there of an earlier time that the party had the goods is not said of this one.
static bool marks_get(struct txn *t, unit_id u, const struct handed *got, struct handed *out)
{
    return row_get(t, u, got->party, out) && out->shipment == got->shipment &&
           out->event == got->event;
}

unsigned handed_marks(struct txn *t, unit_id u, uint64_t party)
{
    unsigned marks = 0, depth = 0;
    struct handed got, h;

    if (!handed_find(t, u, party, &got)) return 0;
    for (unit_id at = u; at.v != 0 && depth < UNIT_DEPTH_MAX; depth++) {
        if (marks_get(t, at, &got, &h))
            marks |= h.marks & (at.v == u.v ? ~0u : ~(unsigned)HANDED_PART_FORWARDED);
        if (at.v == got.unit.v) break;
        at = unit_one(t, at).parent;
    }
    return marks & ~(unsigned)HANDED_MARKS_ONLY;
}

void handed_mark(struct txn *t, unit_id u, uint64_t party, enum handed_mark mark)
{
    unsigned depth = 0;
    struct handed got, h;

    if (!handed_find(t, u, party, &got)) return;
    for (unit_id at = u; at.v != 0 && depth < UNIT_DEPTH_MAX; depth++) {
        if (!marks_get(t, at, &got, &h))
            h = (struct handed){at, party, got.shipment, got.event, false, HANDED_MARKS_ONLY};
        h.marks |= at.v == u.v ? (unsigned)mark : HANDED_PART_FORWARDED;
        handed_put(t, &h);
        if (at.v == got.unit.v || mark != HANDED_FORWARDED) return;
        at = unit_one(t, at).parent;
    }
}

// All of them that are not marked yet, as many as there is room for.
static unsigned unmarked(struct txn *t, unit_id u, struct handed *out, unsigned max)
{
    struct key k = key_of(u, 0);
    struct walk w = walk_open(t, DB_ROWS, (str){k.b, KEY_BYTES - 8}, (str){0});
    unsigned n = 0;
    str key, v;

    while (n < max && walk_next(&w, &key, &v))
        if (row_read(t, key, v, &out[n]) && !out[n].came_back) n++;
    walk_close(&w);
    return n;
}

void handed_came_back(struct txn *t, unit_id u)
{
    struct handed some[16];
    unsigned depth = 0, n;

    for (unit_id at = u; at.v != 0 && depth < UNIT_DEPTH_MAX; depth++) {
        while ((n = unmarked(t, at, some, LEN(some))) > 0) {
            for (unsigned i = 0; i < n; i++) {
                some[i].came_back = true;
                handed_put(t, &some[i]);
            }
        }
        at = unit_one(t, at).parent;
    }
}
