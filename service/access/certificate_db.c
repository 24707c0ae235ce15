// rows: '@' 'n' name       -> actor 4, seq 8, sort 1, what str
//       '@' 'f' SHA-256 32 -> actor 4 (of the certificate)
//       '@' 's' SHA-256 32 -> actor 4 (of the subject's text)
//       '@' 'i' SHA-256 32 -> actor 4 (of subject str and authority str)
// A certificate that has ended keeps its rows until another is put for the same. By its SHA-256 it
// stays ended where its name is put for another one: the row 'f' is CERTIFICATE_NOBODY then.
#include "service/access/certificate_db.h"
#include "common/bytes.h"
#include <string.h>

#define NAME_LEN 64u

struct key {
    char b[2 + NAME_LEN];
    size_t n;
};

static str str_key(const struct key *k) { return (str){k->b, k->n}; }

static struct key key_of(char what, str rest)
{
    struct key k = {
        .b = {ROW_CERTIFICATE, what},
          .n = 2 + rest.n
    };

    assert(rest.n <= NAME_LEN);
    if (rest.n > 0) memcpy(k.b + 2, rest.p, rest.n);
    return k;
}

static struct key key_index(enum certificate_sort sort, str what)
{
    struct sha256 digest = {{0}};

    if (sort != CERTIFICATE_FINGERPRINT)
        digest = sha256_of(what);
    else
        memcpy(digest.b, what.p, what.n == sizeof digest.b ? sizeof digest.b : 0);
    return key_of((char)sort, (str){(const char *)digest.b, sizeof digest.b});
}

static bool row_read(struct txn *t, str name, str row, struct certificate *out)
{
    struct bytes_r r = bytes_reader(row);
    struct certificate c = {.name = name, .actor = (uint32_t)bytes_get_u(&r, 4)};

    c.seq = bytes_get_u(&r, 8);
    c.sort = (enum certificate_sort)bytes_get_u(&r, 1);
    c.what = bytes_get_str(&r);
    if (bytes_end(&r)) return *out = c, true;
    txn_spoil(t, "store.corrupt", "the row of a certificate");
    return false;
}

bool certificate_get(struct txn *t, str name, struct certificate *out)
{
    str v;

    if (name.n == 0 || name.n > NAME_LEN) return false;
    struct key k = key_of('n', name);
    return txn_get(t, DB_ROWS, str_key(&k), &v) && row_read(t, name, v, out);
}

struct walk certificate_walk(struct txn *t, str after, struct buf *key)
{
    struct key prefix = key_of('n', (str){"", 0});

    if (after.n > NAME_LEN) after.n = NAME_LEN; // a stranger's; no name is longer
    buf_reset(key);
    buf_add(key, str_key(&prefix));
    buf_add(key, after);
    if (after.n > 0) buf_addc(key, 0); // the first key above it
    str from = buf_str(key);
    return walk_open(t, DB_ROWS, (str){from.p, 2}, from);
}

bool certificate_next(struct walk *w, struct certificate *out)
{
    str k, v;
    return walk_next(w, &k, &v) && row_read(w->t, str_from(k, 2), v, out);
}

uint32_t certificate_actor(struct txn *t, enum certificate_sort sort, str what)
{
    struct key k = key_index(sort, what);
    str v;

    if (!txn_get(t, DB_ROWS, str_key(&k), &v)) return 0;
    if (v.n == 4) return (uint32_t)get_be(v.p, 4);
    txn_spoil(t, "store.corrupt", "the row of a certificate");
    return 0;
}

static void leave(struct txn *t, const struct certificate *old, bool ended)
{
    struct key was = key_index(old->sort, old->what);
    char nobody[4];

    put_be(nobody, CERTIFICATE_NOBODY, sizeof nobody);
    if (ended && old->sort == CERTIFICATE_FINGERPRINT)
        txn_put(t, DB_ROWS, str_key(&was), (str){nobody, sizeof nobody});
    else
        txn_del(t, DB_ROWS, str_key(&was));
}

void certificate_put(struct txn *t, const struct certificate *c, const struct certificate *old,
                     bool ended)
{
    struct key name = key_of('n', c->name), now = key_index(c->sort, c->what);
    char actor[4];
    struct buf b;

    if (old != NULL && certificate_actor(t, old->sort, old->what) == c->actor) leave(t, old, ended);
    put_be(actor, c->actor, sizeof actor);
    buf_init(&b, 4 * KB);
    bytes_u(&b, c->actor, 4);
    bytes_u(&b, c->seq, 8);
    bytes_u(&b, c->sort, 1);
    bytes_str(&b, c->what);
    txn_put(t, DB_ROWS, str_key(&name), buf_str(&b));
    txn_put(t, DB_ROWS, str_key(&now), (str){actor, sizeof actor});
    buf_fini(&b);
}
