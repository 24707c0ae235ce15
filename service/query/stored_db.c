// row 'Y' client 4, name -> seq 8 of the fact query.put
#include "service/query/stored_db.h"
#include "common/bytes.h"
#include <string.h>

struct key {
    char b[5 + QUERY_NAME_MAX + 1];
    size_t n;
};

static struct key key_of(client_id c, str name)
{
    struct key k = {.n = 5 + name.n};

    assert(name.n <= QUERY_NAME_MAX);
    k.b[0] = ROW_QUERY;
    put_be(k.b + 1, c.v, 4);
    if (name.n > 0) memcpy(k.b + 5, name.p, name.n);
    return k;
}

static uint64_t seq_of(struct txn *t, str v)
{
    if (v.n == 8) return get_be(v.p, 8);
    txn_spoil(t, "store.corrupt", "the row of a named query");
    return 0;
}

uint64_t stored_seq(struct txn *t, client_id c, str name)
{
    struct key k;
    str v;

    if (name.n > QUERY_NAME_MAX) return 0;
    k = key_of(c, name);
    return txn_get(t, DB_ROWS, (str){k.b, k.n}, &v) ? seq_of(t, v) : 0;
}

void stored_put(struct txn *t, client_id c, str name, uint64_t seq)
{
    struct key k = key_of(c, name);
    char v[8];

    put_be(v, seq, sizeof v);
    txn_put(t, DB_ROWS, (str){k.b, k.n}, (str){v, sizeof v});
}

void stored_del(struct txn *t, client_id c, str name)
{
    struct key k = key_of(c, name);
    txn_del(t, DB_ROWS, (str){k.b, k.n});
}

bool stored_next(struct txn *t, client_id c, str after, str *name, uint64_t *seq)
{
    struct key from = key_of(c, after);
    str k, v;

    if (after.n > 0) from.b[from.n++] = 0; // just behind it
    struct walk w = walk_open(t, DB_ROWS, (str){from.b, 5}, (str){from.b, from.n});
    bool got = walk_next(&w, &k, &v);
    walk_close(&w);
    if (!got) return false;
    *name = str_from(k, 5);
    *seq = seq_of(t, v);
    return *seq != 0;
}
