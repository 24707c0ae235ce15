// rows: 'E' client 4, key 16, 0, type 16            -> strs type, id, seq 8, children var
//       'E' client 4, key 16, 1, name 16, type 16   -> str name, digest of the value 16, then 0 and
//                                                      strs value, tree, or 1 and seq 8, at 4
//       'E' client 4, key 16, 2, type 16, number 4  -> id of a child
//       'e' client 4, type 16, key 16               -> nothing
//
// Digests are the first 16 bytes of SHA-256, so that keys are short whatever names are.
#include "service/vocabulary/vocabulary_db.h"
#include <string.h>

#define INLINE_MAX 600u // of a value, in its row

enum part { PART_ELEMENT, PART_ATTR, PART_CHILD };

struct key {
    char b[64];
    size_t n;
};

static str str_key(const struct key *k) { return (str){k->b, k->n}; }

static void add(struct key *k, const void *bytes, size_t n)
{
    assert(k->n + n <= sizeof k->b);
    memcpy(k->b + k->n, bytes, n);
    k->n += n;
}

static void add_u(struct key *k, uint64_t v, unsigned bytes)
{
    assert(k->n + bytes <= sizeof k->b);
    put_be(k->b + k->n, v, bytes);
    k->n += bytes;
}

static struct key key_of(client_id c, const struct digest16 *key, enum part part)
{
    struct key k = {{ROW_VOCABULARY}, 1};

    add_u(&k, c.v, 4);
    add(&k, key, sizeof *key);
    add_u(&k, part, 1);
    return k;
}

static struct key key_element(client_id c, const struct element_id *id)
{
    struct key k = key_of(c, &id->key, PART_ELEMENT);

    add(&k, &id->type, sizeof id->type);
    return k;
}

// Of CBV's own attributes two spellings are about.
static struct digest16 name_digest(str name)
{
    static const str spellings[] = {
        {"urn:epcglobal:cbv:mda#", 22},
        {"urn:epcglobal:cbv:mda:", 22},
        {"cbvmda:",                7 }
    };

    for (size_t i = 0; i < LEN(spellings); i++)
        if (str_starts(name, spellings[i]))
            return digest16_of(S("cbvmda:"), str_from(name, spellings[i].n));
    return digest16_of(name, (str){0});
}

static struct key key_attr(client_id c, const struct element_id *id, str name)
{
    struct key k = key_of(c, &id->key, PART_ATTR);
    struct digest16 d = name_digest(name);

    add(&k, &d, sizeof d);
    add(&k, &id->type, sizeof id->type);
    return k;
}

static struct key key_child(client_id c, const struct element_id *id, uint32_t number)
{
    struct key k = key_of(c, &id->key, PART_CHILD);

    add(&k, &id->type, sizeof id->type);
    add_u(&k, number, 4);
    return k;
}

static struct key key_type(client_id c, const struct digest16 *type)
{
    struct key k = {{ROW_VOCABULARY_OF}, 1};

    add_u(&k, c.v, 4);
    if (type != NULL) add(&k, type, sizeof *type);
    return k;
}

struct element_id element_id_of(str key, str type)
{
    return (struct element_id){digest16_of(key, (str){0}), digest16_of(type, (str){0})};
}

static bool corrupt(struct txn *t)
{
    txn_spoil(t, "store.corrupt", "a row of master data");
    return false;
}

// ---- elements

bool element_get(struct txn *t, client_id c, const struct element_id *id, struct element_row *out)
{
    struct key k = key_element(c, id);
    str v;

    if (!txn_get(t, DB_ROWS, str_key(&k), &v)) return false;
    struct bytes_r r = bytes_reader(v);
    out->type = bytes_get_str(&r);
    out->id = bytes_get_str(&r);
    out->seq = bytes_get_u(&r, 8);
    out->children = (uint32_t)bytes_get_var(&r);
    return bytes_end(&r) || corrupt(t);
}

void element_put(struct txn *t, client_id c, const struct element_id *id,
                 const struct element_row *row)
{
    struct key k = key_element(c, id), of = key_type(c, &id->type);
    struct buf b;

    buf_init(&b, KB);
    bytes_str(&b, row->type);
    bytes_str(&b, row->id);
    bytes_u(&b, row->seq, 8);
    bytes_var(&b, row->children);
    txn_put(t, DB_ROWS, str_key(&k), buf_str(&b));
    buf_fini(&b);
    add(&of, &id->key, sizeof id->key);
    txn_put(t, DB_ROWS, str_key(&of), S(""));
}

// ---- attributes

struct digest16 attr_content(str value, str tree)
{
    struct buf b;

    buf_init(&b, 1 * MB);
    bytes_str(&b, value);
    struct digest16 d = digest16_of(buf_str(&b), tree);
    buf_fini(&b);
    return d;
}

static bool attr_read(struct txn *t, str v, struct attr_row *out)
{
    struct bytes_r r = bytes_reader(v);

    *out = (struct attr_row){.name = bytes_get_str(&r)};
    str digest = bytes_get_raw(&r, sizeof out->content.b);
    if (digest.n == sizeof out->content.b) memcpy(out->content.b, digest.p, digest.n);
    if (bytes_get_u(&r, 1) == 0) {
        out->value = bytes_get_str(&r);
        out->tree = bytes_get_str(&r);
    } else {
        out->seq = bytes_get_u(&r, 8);
        out->at = (uint32_t)bytes_get_u(&r, 4);
    }
    return bytes_end(&r) || corrupt(t);
}

bool attr_get(struct txn *t, client_id c, const struct element_id *id, str name,
              struct attr_row *out)
{
    struct key k = key_attr(c, id, name);
    str v;

    return txn_get(t, DB_ROWS, str_key(&k), &v) && attr_read(t, v, out);
}

void attr_put(struct txn *t, client_id c, const struct element_id *id, const struct attr_row *row)
{
    struct key k = key_attr(c, id, row->name);
    bool here = row->value.n + row->tree.n <= INLINE_MAX;
    struct buf b;

    buf_init(&b, 2 * KB);
    bytes_str(&b, row->name);
    buf_add(&b, (str){(const char *)row->content.b, sizeof row->content.b});
    bytes_u(&b, !here, 1);
    if (here) {
        bytes_str(&b, row->value);
        bytes_str(&b, row->tree);
    } else {
        bytes_u(&b, row->seq, 8);
        bytes_u(&b, row->at, 4);
    }
    txn_put(t, DB_ROWS, str_key(&k), buf_str(&b));
    buf_fini(&b);
}

status attr_value(struct txn *t, struct arena *a, struct attr_row *row)
{
    struct fact f;

    row->name = arena_str(a, row->name);
    if (row->seq == 0) {
        row->value = arena_str(a, row->value);
        row->tree = arena_str(a, row->tree);
        return row->name.p && row->value.p && row->tree.p ? OK : no_memory();
    }
    TRY(journal_get(t, row->seq, a, &f));
    struct bytes_r r = bytes_reader(row->at < f.decided.n ? str_from(f.decided, row->at) : S(""));
    row->value = bytes_get_str(&r);
    row->tree = bytes_get_str(&r);
    return r.bad ? fail(ST_STORE, "record.corrupt", 0, "an attribute of master data") : OK;
}

bool attr_next(struct txn *t, client_id c, const struct element_id *id, str name,
               struct attr_row *out)
{
    struct key all = key_of(c, &id->key, PART_ATTR), from = all;
    bool found = false;
    str k, v;

    if (name.n > 0) {
        from = key_attr(c, id, name);
        add_u(&from, 0, 1); // just behind it
    }
    struct walk w = walk_open(t, DB_ROWS, str_key(&all), str_key(&from));
    while (!found && walk_next(&w, &k, &v))
        found = str_ends(k, (str){(const char *)id->type.b, sizeof id->type.b});
    walk_close(&w);
    return found && attr_read(t, v, out);
}

// ---- children

void child_put(struct txn *t, client_id c, const struct element_id *id, uint32_t number, str child)
{
    struct key k = key_child(c, id, number);
    txn_put(t, DB_ROWS, str_key(&k), child);
}

void child_del(struct txn *t, client_id c, const struct element_id *id, uint32_t number)
{
    struct key k = key_child(c, id, number);
    txn_del(t, DB_ROWS, str_key(&k));
}

bool child_get(struct txn *t, client_id c, const struct element_id *id, uint32_t number, str *out)
{
    struct key k = key_child(c, id, number);
    return txn_get(t, DB_ROWS, str_key(&k), out);
}

// ---- walking

// The 16 bytes at `at` of the first key with the prefix that is behind `from`.
static bool next_of(struct txn *t, const struct key *prefix, const struct key *from, size_t at,
                    struct digest16 *out)
{
    struct walk w = walk_open(t, DB_ROWS, str_key(prefix), str_key(from));
    str k, v;
    bool found = walk_next(&w, &k, &v) && k.n >= at + sizeof out->b;

    if (found) memcpy(out->b, k.p + at, sizeof out->b);
    walk_close(&w);
    return found;
}

bool element_next(struct txn *t, client_id c, const struct digest16 *type,
                  const struct digest16 *after, struct digest16 *key)
{
    struct key prefix = key_type(c, type), from = prefix;

    if (after != NULL) {
        add(&from, after, sizeof *after);
        add_u(&from, 0, 1);
    }
    return next_of(t, &prefix, &from, prefix.n, key);
}

bool vocabulary_type_next(struct txn *t, client_id c, const struct digest16 *after,
                          struct digest16 *type)
{
    struct key prefix = key_type(c, NULL), from = key_type(c, after);
    static const char most[sizeof *type] = {-1, -1, -1, -1, -1, -1, -1, -1,
                                            -1, -1, -1, -1, -1, -1, -1, -1};

    if (after != NULL) { // behind all of its elements
        add(&from, most, sizeof most);
        add_u(&from, 0, 1);
    }
    return next_of(t, &prefix, &from, prefix.n, type);
}

bool element_type_next(struct txn *t, client_id c, const struct digest16 *key,
                       const struct digest16 *after, struct digest16 *type)
{
    struct key prefix = key_of(c, key, PART_ELEMENT), from = prefix;

    if (after != NULL) {
        add(&from, after, sizeof *after);
        add_u(&from, 0, 1);
    }
    return next_of(t, &prefix, &from, prefix.n, type);
}
