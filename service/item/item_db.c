// rows: 'X' noun 1, name                 -> number 4, client 4, version 4, seq 8, packed form
//       'x' noun 1, number 4             -> name
//       'x' noun 1, number 4, version 4  -> client 4, seq 8, packed form: every version
#include "service/item/item_db.h"
#include <string.h>

#define NAME_MAX_BYTES 80u

struct key {
    char b[2 + NAME_MAX_BYTES];
    size_t n;
};

static str str_key(const struct key *k) { return (str){k->b, k->n}; }

static struct key key_name(const struct item_noun *n, str name)
{
    struct key k = {.n = 2 + name.n};

    assert(name.n <= NAME_MAX_BYTES);
    k.b[0] = ROW_ITEM;
    k.b[1] = (char)n->number;
    if (name.n > 0) memcpy(k.b + 2, name.p, name.n);
    return k;
}

static struct key key_number(const struct item_noun *n, uint32_t number, uint32_t version)
{
    struct key k = {.n = version == 0 ? 6 : 10};

    k.b[0] = ROW_ITEM_NUMBER;
    k.b[1] = (char)n->number;
    put_be(k.b + 2, number, 4);
    if (version > 0) put_be(k.b + 6, version, 4);
    return k;
}

static bool read_item(str name, str v, struct item *out)
{
    struct bytes_r r = bytes_reader(v);
    struct item i = {.name = name, .number = (uint32_t)bytes_get_u(&r, 4)};

    i.client.v = (uint32_t)bytes_get_u(&r, 4);
    i.version = (uint32_t)bytes_get_u(&r, 4);
    i.seq = bytes_get_u(&r, 8);
    i.packed = bytes_get_raw(&r, (size_t)(r.end - r.p));
    *out = i;
    return bytes_end(&r);
}

bool item_get(struct txn *t, const struct item_noun *n, str name, struct item *out)
{
    struct key k;
    str v;

    if (name.n == 0 || name.n > NAME_MAX_BYTES) return false;
    k = key_name(n, name);
    if (!txn_get(t, DB_ROWS, str_key(&k), &v)) return false;
    if (read_item(name, v, out)) return true;
    txn_spoil(t, "store.corrupt", "the row of an item");
    return false;
}

str item_name(struct txn *t, const struct item_noun *n, uint32_t number)
{
    struct key k = key_number(n, number, 0);
    str name = {"", 0};

    (void)txn_get(t, DB_ROWS, str_key(&k), &name);
    return name;
}

bool item_by_number(struct txn *t, const struct item_noun *n, uint32_t number, struct item *out)
{
    str name = item_name(t, n, number);
    return name.n > 0 && item_get(t, n, name, out);
}

bool item_version(struct txn *t, const struct item_noun *n, uint32_t number, uint32_t version,
                  struct item *out)
{
    struct key k = key_number(n, number, version), of_name = key_number(n, number, 0);
    str v, name;

    if (!txn_get(t, DB_ROWS, str_key(&of_name), &name)) return false;
    if (!txn_get(t, DB_ROWS, str_key(&k), &v)) return false;
    struct bytes_r r = bytes_reader(v);
    *out = (struct item){.number = number, .version = version, .name = name};
    out->client.v = (uint32_t)bytes_get_u(&r, 4);
    out->seq = bytes_get_u(&r, 8);
    out->packed = bytes_get_raw(&r, (size_t)(r.end - r.p));
    if (!r.bad) return true;
    txn_spoil(t, "store.corrupt", "the row of an item's version");
    return false;
}

static void put_row(struct txn *t, const struct key *k, const struct item *i, bool whole)
{
    struct buf b;

    buf_init(&b, 1 * MB);
    if (whole) bytes_u(&b, i->number, 4);
    bytes_u(&b, i->client.v, 4);
    if (whole) bytes_u(&b, i->version, 4);
    bytes_u(&b, i->seq, 8);
    buf_add(&b, i->packed);
    txn_put(t, DB_ROWS, str_key(k), buf_str(&b));
    buf_fini(&b);
}

void item_put_rows(struct txn *t, const struct item_noun *n, const struct item *i)
{
    struct key name = key_name(n, i->name), number = key_number(n, i->number, 0);
    struct key version = key_number(n, i->number, i->version);

    put_row(t, &name, i, true);
    put_row(t, &version, i, false);
    txn_put(t, DB_ROWS, str_key(&number), i->name);
}

uint32_t item_last_number(struct txn *t, const struct item_noun *n)
{
    struct key prefix = key_number(n, 0, 0);
    uint32_t last = 0;
    str k, v;

    prefix.n = 2;
    struct walk w = walk_open(t, DB_ROWS, str_key(&prefix), (str){0});
    if (walk_last(&w, &k, &v)) last = (uint32_t)get_be(k.p + 2, 4);
    walk_close(&w);
    return last;
}

struct walk item_walk(struct txn *t, const struct item_noun *n, str after, struct buf *key)
{
    struct key prefix = key_name(n, (str){"", 0});

    if (after.n > NAME_MAX_BYTES) after.n = NAME_MAX_BYTES; // a stranger's; no name is longer
    buf_reset(key);
    buf_add(key, str_key(&prefix));
    buf_add(key, after);
    if (after.n > 0) buf_addc(key, 0); // the first key above it
    str from = buf_str(key);
    return walk_open(t, DB_ROWS, (str){from.p, 2}, from);
}

bool item_next(struct walk *w, struct item *out)
{
    str k, v;

    if (!walk_next(w, &k, &v)) return false;
    if (read_item(str_from(k, 2), v, out)) return true;
    txn_spoil(w->t, "store.corrupt", "the row of an item");
    return false;
}

status item_value(const struct item_noun *n, const struct item *i, struct arena *a, void *out)
{
    return form_unpack(n->form, i->packed, a, out);
}
