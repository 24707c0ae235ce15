// row '8' space 3, sort 1 (0 they lie in the pool, 1 they were given again), first ordinal 5 ->
//     count var, seq of the fact that made it so var: numbers that came back to their pool
//
// Spans of one sort never overlap, and none of a number has both sorts. A space that never had such
// a row says so in its row '&', and none of this is asked.
//
// Written by the committer only; no state of its own.
#include "common/bytes.h"
#include "service/pool/pool_int.h"

enum { KEY_SIZE = 10, PREFIX_SIZE = 5 };

struct key {
    char b[KEY_SIZE];
};
static str str_key(const struct key *k) { return (str){k->b, sizeof k->b}; }

static struct key key_of(uint32_t space, enum back sort, uint64_t ordinal)
{
    struct key k = {.b = {ROW_BACK}};

    put_be(k.b + 1, space, 3);
    k.b[4] = (char)sort;
    put_be(k.b + 5, ordinal, 5);
    return k;
}

static bool span_read(struct txn *t, str k, str v, struct back_span *out)
{
    struct bytes_r r = bytes_reader(v);
    struct back_span s = {get_be(k.p + 5, 5), bytes_get_var(&r), bytes_get_var(&r)};

    if (!bytes_end(&r) || s.count == 0)
        return txn_spoil(t, "store.corrupt", "numbers that came back"), false;
    *out = s;
    return true;
}

// The last span that begins below the ordinal.
static bool span_before(struct txn *t, uint32_t space, enum back sort, uint64_t ordinal,
                        struct back_span *out)
{
    struct key at = key_of(space, sort, ordinal);
    struct walk w = walk_open(t, DB_ROWS, (str){at.b, PREFIX_SIZE}, str_key(&at));
    str k, v;

    bool got = walk_before(&w, &k, &v) && span_read(t, k, v, out);
    walk_close(&w);
    return got;
}

// The first span that begins at the ordinal or above.
static bool span_from(struct txn *t, uint32_t space, enum back sort, uint64_t ordinal,
                      struct back_span *out)
{
    struct back_walk w;

    back_walk_open(&w, t, space, sort, ordinal);
    bool got = back_walk_next(&w, out);
    walk_close(&w.walk);
    return got;
}

bool back_at(struct txn *t, unit_id u, enum back sort, struct back_span *out)
{
    uint64_t ordinal = unit_ordinal(u);
    struct back_span s;

    if (!span_before(t, unit_space(u), sort, ordinal + 1, &s)) return false;
    if (ordinal - s.first >= s.count) return false;
    *out = s;
    return true;
}

void back_walk_open(struct back_walk *w, struct txn *t, uint32_t space, enum back sort,
                    uint64_t from)
{
    struct key k = key_of(space, sort, from);

    memcpy(w->from, k.b, sizeof w->from);
    w->walk = walk_open(t, DB_ROWS, (str){w->from, PREFIX_SIZE}, (str){w->from, sizeof w->from});
}

bool back_walk_next(struct back_walk *w, struct back_span *out)
{
    str k, v;
    return walk_next(&w->walk, &k, &v) && span_read(w->walk.t, k, v, out);
}

static void span_put(struct txn *t, uint32_t space, enum back sort, const struct back_span *s)
{
    struct key k = key_of(space, sort, s->first);
    struct buf b;

    buf_init(&b, 32);
    bytes_var(&b, s->count);
    bytes_var(&b, s->seq);
    txn_put(t, DB_ROWS, str_key(&k), buf_str(&b));
    buf_fini(&b);
}

// What of one of the spans reaches into from..to-1 is taken out of it. False: none does.
static bool cut_one(struct txn *t, uint32_t space, enum back sort, uint64_t from, uint64_t to)
{
    struct back_span s;

    if (!back_at(t, unit_id_of(space, from), sort, &s) &&
        (!span_from(t, space, sort, from, &s) || s.first >= to))
        return false;
    uint64_t end = s.first + s.count;
    struct key k = key_of(space, sort, s.first);
    txn_del(t, DB_ROWS, str_key(&k));
    if (s.first < from)
        span_put(t, space, sort, &(struct back_span){s.first, from - s.first, s.seq});
    if (end > to) span_put(t, space, sort, &(struct back_span){to, end - to, s.seq});
    return true;
}

void back_cut(struct txn *t, const struct run *r, enum back sort)
{
    uint32_t space = unit_space(r->first);
    uint64_t from = unit_ordinal(r->first);

    while (cut_one(t, space, sort, from, from + r->count)) {}
}

void back_cut_lying(struct txn *t, uint32_t space)
{
    struct back_span s;

    while (span_from(t, space, BACK_LIES, 0, &s)) {
        struct key k = key_of(space, BACK_LIES, s.first);
        txn_del(t, DB_ROWS, str_key(&k));
    }
}

void back_put(struct txn *t, const struct run *r, enum back sort, uint64_t seq)
{
    span_put(t, unit_space(r->first), sort,
             &(struct back_span){unit_ordinal(r->first), r->count, seq});
}

void back_narrow(struct txn *t, unit_id u, struct issue_row *i)
{
    static const enum back sorts[] = {BACK_LIES, BACK_GIVEN};
    uint64_t at = unit_ordinal(u), from = i->first, to = i->first + i->consumed;
    struct back_span s;

    for (size_t n = 0; n < LEN(sorts); n++) {
        if (span_before(t, unit_space(u), sorts[n], at, &s) && s.first + s.count > from)
            from = s.first + s.count;
        if (span_from(t, unit_space(u), sorts[n], at + 1, &s) && s.first < to) to = s.first;
    }
    i->first = from;
    i->consumed = to - from;
}
