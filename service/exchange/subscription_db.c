// Rows of subscriptions.
//
//   'w' number 4                          client 4, query 8, seq 8, notified 8
//   'W' client 4, query 8, number 4       nothing
//   'B' client 4, id                      number 4, where the subscriber named it
#include "common/bytes.h"
#include "service/exchange/subscription_int.h"
#include <string.h>

#define ROW_BYTES 28u

struct key {
    char b[17];
    size_t n;
};

static str str_key(const struct key *k) { return (str){k->b, k->n}; }

static struct key key_of(uint32_t number)
{
    struct key k = {{ROW_SUBSCRIPTION}, 5};

    put_be(k.b + 1, number, 4);
    return k;
}

static struct key key_by_query(client_id client, uint64_t query, uint32_t number)
{
    struct key k = {{ROW_SUBSCRIPTION_OF}, 17};

    put_be(k.b + 1, client.v, 4);
    put_be(k.b + 5, query, 8);
    put_be(k.b + 13, number, 4);
    return k;
}

bool subscription_row_get(struct txn *t, uint32_t number, struct subscription_row *out)
{
    struct key k = key_of(number);
    str v;

    if (!txn_get(t, DB_ROWS, str_key(&k), &v)) return false;
    if (v.n != ROW_BYTES) return txn_spoil(t, "store.corrupt", "the row of a subscription"), false;
    *out = (struct subscription_row){{(uint32_t)get_be(v.p, 4)},
                                     get_be(v.p + 4, 8),
                                     get_be(v.p + 12, 8),
                                     {(int64_t)get_be(v.p + 20, 8)}};
    return true;
}

static void row_write(struct txn *t, uint32_t number, const struct subscription_row *row)
{
    struct key k = key_of(number);
    char v[ROW_BYTES];

    put_be(v, row->client.v, 4);
    put_be(v + 4, row->query, 8);
    put_be(v + 12, row->seq, 8);
    put_be(v + 20, (uint64_t)row->notified.ms, 8);
    txn_put(t, DB_ROWS, str_key(&k), (str){v, sizeof v});
}

void subscription_row_put(struct txn *t, uint32_t number, const struct subscription_row *row)
{
    struct key k = key_by_query(row->client, row->query, number);

    row_write(t, number, row);
    txn_put(t, DB_ROWS, str_key(&k), S(""));
}

void subscription_row_del(struct txn *t, uint32_t number)
{
    struct key k = key_of(number), by_query;
    struct subscription_row row;

    if (!subscription_row_get(t, number, &row)) return;
    by_query = key_by_query(row.client, row.query, number);
    txn_del(t, DB_ROWS, str_key(&k));
    txn_del(t, DB_ROWS, str_key(&by_query));
}

void subscription_notified(struct txn *t, uint32_t number, wall at)
{
    struct subscription_row row;

    if (!subscription_row_get(t, number, &row)) return;
    row.notified = at;
    row_write(t, number, &row);
}

// The number at the end of the first key with the prefix from `from` on; 0: none.
static uint32_t first_of(struct txn *t, str prefix, str from)
{
    struct walk w = walk_open(t, DB_ROWS, prefix, from);
    uint32_t number = 0;
    str k, v;

    if (walk_next(&w, &k, &v) && k.n >= 5) number = (uint32_t)get_be(k.p + k.n - 4, 4);
    walk_close(&w);
    return number;
}

uint32_t subscription_from(struct txn *t, uint32_t from)
{
    struct key k = key_of(from);

    return first_of(t, (str){k.b, 1}, str_key(&k));
}

uint32_t subscription_of_query(struct txn *t, client_id client, uint64_t query, uint32_t from)
{
    struct key k = key_by_query(client, query, from);

    return first_of(t, (str){k.b, 13}, str_key(&k));
}

uint32_t subscriptions_of(struct txn *t, client_id client, uint32_t most)
{
    struct key k = key_by_query(client, 0, 0);
    struct walk w = walk_open(t, DB_ROWS, (str){k.b, 5}, (str){0});
    uint32_t n = 0;
    str key, v;

    while (n < most && walk_next(&w, &key, &v)) n++;
    walk_close(&w);
    return n;
}

// ---- names

struct name_key {
    char b[5 + SUBSCRIPTION_ID_MAX];
    size_t n;
};

static struct name_key key_named(client_id client, str id)
{
    struct name_key k = {{ROW_SUBSCRIPTION_ID}, 5 + id.n};

    assert(id.n > 0 && id.n <= SUBSCRIPTION_ID_MAX);
    put_be(k.b + 1, client.v, 4);
    memcpy(k.b + 5, id.p, id.n);
    return k;
}

uint32_t subscription_named(struct txn *t, client_id client, str id)
{
    struct name_key k;
    str v;

    if (id.n == 0 || id.n > SUBSCRIPTION_ID_MAX) return 0;
    k = key_named(client, id);
    return txn_get(t, DB_ROWS, (str){k.b, k.n}, &v) && v.n == 4 ? (uint32_t)get_be(v.p, 4) : 0;
}

void subscription_name_put(struct txn *t, client_id client, str id, uint32_t number)
{
    struct name_key k = key_named(client, id);
    char v[4];

    put_be(v, number, sizeof v);
    txn_put(t, DB_ROWS, (str){k.b, k.n}, (str){v, sizeof v});
}

void subscription_name_del(struct txn *t, client_id client, str id)
{
    struct name_key k = key_named(client, id);
    txn_del(t, DB_ROWS, (str){k.b, k.n});
}
