// row 'l' space 3, ordinal 5 -> text str, attributes: varint count, then name str and value str
// each row 's' client 4, first 16 bytes of SHA-256(key, text) -> space 3, ordinal 5. `key` is the
// GTIN
//     of a serial. What is found is always compared with the text itself.
// row 'm' pool 4, 'n' -> names of attributes that its numbers have, strs
// row 'm' pool 4 -> seq of the import that is under way 8, its first ordinal 8, numbers so far 8
//
// Foreign units (foreign.h) have the canonical text of their identity and no key.
//
// Written by the committer only; no state of its own.
#include "common/bytes.h"
#include "common/digest.h"
#include "service/pool/pool_int.h"
#include <string.h>

enum { KEY_TEXT_MAX = 1024, NUMBER_MAX = 1000 };

struct key {
    char b[24];
    size_t n;
};
static str str_key(const struct key *k) { return (str){k->b, k->n}; }

static struct key key_number(unit_id u)
{
    struct key k = {.b = {ROW_LIST_TEXT}, .n = 9};

    put_be(k.b + 1, u.v, 8);
    return k;
}

static struct key key_text(const struct text_of *of)
{
    struct key k = {.b = {ROW_SERIAL}, .n = 21};
    char both[KEY_TEXT_MAX];

    assert(of->key.n + of->text.n <= sizeof both);
    if (of->key.n > 0) memcpy(both, of->key.p, of->key.n);
    memcpy(both + of->key.n, of->text.p, of->text.n);
    struct sha256 sum = sha256_of((str){both, of->key.n + of->text.n});
    put_be(k.b + 1, of->client.v, 4);
    memcpy(k.b + 5, sum.b, 16);
    return k;
}

void list_number_put(struct txn *t, unit_id u, const struct text_of *of, str attributes)
{
    struct key k = key_number(u), index = key_text(of);
    char id[8];
    struct buf v;

    buf_init(&v, NUMBER_MAX);
    bytes_str(&v, of->text);
    buf_add(&v, attributes);
    put_be(id, u.v, 8);
    txn_put(t, DB_ROWS, str_key(&k), buf_str(&v));
    buf_fini(&v);
    txn_put(t, DB_ROWS, str_key(&index), (str){id, sizeof id});
}

void list_number_del(struct txn *t, unit_id u, const struct text_of *of)
{
    struct key k = key_number(u), index = key_text(of);

    txn_del(t, DB_ROWS, str_key(&k));
    txn_del(t, DB_ROWS, str_key(&index));
}

bool list_number_get(struct txn *t, unit_id u, struct list_number *out)
{
    struct key k = key_number(u);
    str v;

    if (!txn_get(t, DB_ROWS, str_key(&k), &v)) return false;
    struct bytes_r r = bytes_reader(v);
    str text = bytes_get_str(&r);
    if (r.bad) return txn_spoil(t, "store.corrupt", "an imported number"), false;
    *out = (struct list_number){
        text, {(const char *)r.p, (size_t)(r.end - r.p)}
    };
    return true;
}

bool list_numbers(struct txn *t, struct run r, list_number_each *each, void *self)
{
    struct key from = key_number(r.first);
    struct walk w = walk_open(t, DB_ROWS, (str){from.b, 4}, str_key(&from));
    uint32_t n = 0;
    str k, v;

    for (; n < r.count && walk_next(&w, &k, &v); n++) {
        struct bytes_r in = bytes_reader(v);
        struct list_number x = {.text = bytes_get_str(&in)};
        if (k.n != from.n || get_be(k.p + 1, 8) != r.first.v + n || in.bad) break;
        x.attributes = (str){(const char *)in.p, (size_t)(in.end - in.p)};
        each(self, &x);
    }
    walk_close(&w);
    return n == r.count;
}

unit_id text_find(struct txn *t, const struct text_of *of)
{
    struct key k = key_text(of);
    struct list_number x;
    str v;

    if (!txn_get(t, DB_ROWS, str_key(&k), &v)) return (unit_id){0};
    if (v.n != 8) return txn_spoil(t, "store.corrupt", "the index of texts"), (unit_id){0};
    unit_id u = {get_be(v.p, 8)};
    if (!list_number_get(t, u, &x) || !str_eq(x.text, of->text)) return (unit_id){0};
    return u;
}

bool number_is_visible(struct txn *t, unit_id u)
{
    struct space_row s;
    return space_get(t, unit_space(u), &s) &&
           (s.sort != SPACE_OF_LIST || unit_ordinal(u) < s.capacity);
}

static struct key key_import(uint32_t pool)
{
    struct key k = {.b = {ROW_IMPORT}, .n = 5};

    put_be(k.b + 1, pool, 4);
    return k;
}

struct import_row import_row_get(struct txn *t, uint32_t pool)
{
    struct key k = key_import(pool);
    str v;

    if (!txn_get(t, DB_ROWS, str_key(&k), &v)) return (struct import_row){0};
    if (v.n != 24)
        return txn_spoil(t, "store.corrupt", "an import under way"), (struct import_row){0};
    return (struct import_row){get_be(v.p, 8), get_be(v.p + 8, 8), get_be(v.p + 16, 8)};
}

void import_row_put(struct txn *t, uint32_t pool, const struct import_row *m)
{
    struct key k = key_import(pool);
    char v[24];

    if (m->seq == 0) {
        txn_del(t, DB_ROWS, str_key(&k));
        return;
    }
    put_be(v, m->seq, 8);
    put_be(v + 8, m->base, 8);
    put_be(v + 16, m->count, 8);
    txn_put(t, DB_ROWS, str_key(&k), (str){v, sizeof v});
}

bool import_under_way(struct txn *t, uint32_t *pool)
{
    char tag = ROW_IMPORT;
    struct walk w = walk_open(t, DB_ROWS, (str){&tag, 1}, (str){&tag, 1});
    bool found = false;
    str k, v;

    while (!found && walk_next(&w, &k, &v)) // the names of attributes lie among them
        if ((found = k.n == 5)) *pool = (uint32_t)get_be(k.p + 1, 4);
    walk_close(&w);
    return found;
}

void list_names_get(struct txn *t, uint32_t pool, struct list_names *out)
{
    struct key k = key_import(pool);
    struct list_names names = {0};
    str v;

    k.b[k.n++] = 'n';
    *out = names;
    if (!txn_get(t, DB_ROWS, str_key(&k), &v)) return;
    struct bytes_r r = bytes_reader(v);
    while (r.p < r.end && !r.bad && names.n < LIST_NAMES_MAX)
        names.name[names.n++] = bytes_get_str(&r);
    if (bytes_end(&r))
        *out = names;
    else
        txn_spoil(t, "store.corrupt", "the names of a list's attributes");
}

void list_names_put(struct txn *t, uint32_t pool, const struct list_names *names)
{
    struct key k = key_import(pool);
    struct buf b;

    k.b[k.n++] = 'n';
    buf_init(&b, 8 * KB);
    for (uint32_t i = 0; i < names->n; i++) bytes_str(&b, names->name[i]);
    txn_put(t, DB_ROWS, str_key(&k), buf_str(&b));
    buf_fini(&b);
}
