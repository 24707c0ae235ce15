#include "service/journal/idempotency.h"
#include "common/bytes.h"
#include <string.h>

#define DAY_MS 86400000

struct key {
    char b[19];
};

unsigned idempotency_day(wall at) { return at.ms < 0 ? 0 : (unsigned)(at.ms / DAY_MS) & 0xffffu; }

static struct key key_of(unsigned day, const struct digest16 *key)
{
    struct key k;

    k.b[0] = ROW_IDEMPOTENCY;
    put_be(k.b + 1, day, 2);
    memcpy(k.b + 3, key->b, sizeof key->b);
    return k;
}

bool idempotency_get(struct txn *t, unsigned day, const struct digest16 *key, struct bound *out)
{
    struct key k = key_of(day, key);
    str v;

    if (!txn_get(t, DB_ROWS, (str){k.b, sizeof k.b}, &v)) return false;
    if (v.n != 24) return txn_spoil(t, "store.corrupt", "an idempotency row"), false;
    out->seq = get_be(v.p, 8);
    memcpy(out->body.b, v.p + 8, 16);
    return true;
}

void idempotency_put(struct txn *t, unsigned day, const struct digest16 *key, const struct bound *b)
{
    struct key k = key_of(day, key);
    char v[24];

    put_be(v, b->seq, 8);
    memcpy(v + 8, b->body.b, 16);
    txn_put(t, DB_ROWS, (str){k.b, sizeof k.b}, (str){v, sizeof v});
}

bool idempotency_keys(struct txn *t, unsigned day, uint32_t max, idempotency_each *each, void *self)
{
    static const struct digest16 none = {{0}};
    struct key prefix = key_of(day, &none);
    struct walk w = walk_open(t, DB_ROWS, (str){prefix.b, 3}, (str){0});
    bool more;
    str k, v;

    while ((more = walk_next(&w, &k, &v)) && max-- > 0 && k.n == sizeof prefix.b) {
        struct digest16 key;
        memcpy(key.b, k.p + 3, sizeof key.b);
        each(self, &key);
    }
    walk_close(&w);
    return !more;
}

// The newest day below `below` that has rows.
static bool day_before(struct txn *t, unsigned below, unsigned *day)
{
    static const char tag = ROW_IDEMPOTENCY;
    char from[3];
    str k, v;
    bool found = false;

    from[0] = tag;
    put_be(from + 1, below, 2);
    struct walk w = walk_open(t, DB_ROWS, (str){&tag, 1}, (str){from, sizeof from});
    if (walk_before(&w, &k, &v) && k.n == 19) {
        *day = (unsigned)get_be(k.p + 1, 2);
        found = true;
    }
    walk_close(&w);
    return found;
}

bool idempotency_find_older(struct txn *t, wall now, const struct digest16 *key, struct bound *out)
{
    unsigned today = idempotency_day(now), day = today;

    while (day_before(t, day, &day) && day + IDEMPOTENCY_DAYS > today)
        if (idempotency_get(t, day, key, out)) return true;
    return false;
}

uint32_t idempotency_oldest(struct txn *t, unsigned below, uint32_t max)
{
    static const char tag = ROW_IDEMPOTENCY;
    struct walk w = walk_open(t, DB_ROWS, (str){&tag, 1}, (str){0});
    uint32_t n = 0;
    str k, v;

    while (n < max && walk_next(&w, &k, &v) && k.n == sizeof(struct key) &&
           get_be(k.p + 1, 2) < below)
        n++;
    walk_close(&w);
    return n;
}

bool idempotency_forget(struct txn *t, uint32_t count)
{
    static const char tag = ROW_IDEMPOTENCY;
    struct key gone;
    str k, v;

    for (uint32_t i = 0; i < count; i++) {
        struct walk w = walk_open(t, DB_ROWS, (str){&tag, 1}, (str){0});
        bool there = walk_next(&w, &k, &v) && k.n == sizeof gone.b;
        if (there) memcpy(gone.b, k.p, sizeof gone.b);
        walk_close(&w);
        if (!there || !txn_del(t, DB_ROWS, (str){gone.b, sizeof gone.b})) return false;
    }
    return true;
}
