// rows: 'A' number 4 -> id str, role str, user str, line str, party str, clients varint, each
//                       client 4, token 32, created 8, expires 8, revoked 8, revoked seq 8
//       't' id       -> number 4
//       'T' token 32 -> number 4 (token: SHA-256 of its text; none where it is zero)
#include "service/access/actor_db.h"
#include "common/bytes.h"
#include <openssl/crypto.h>
#include <string.h>

#define ROW_MAX (4 * KB)

struct key {
    char b[1 + ACTOR_ID_MAX];
    size_t n;
};

static str str_key(const struct key *k) { return (str){k->b, k->n}; }

static struct key key_of(enum row_tag tag, str what)
{
    struct key k = {.n = 1 + what.n};

    assert(what.n <= ACTOR_ID_MAX);
    k.b[0] = (char)tag;
    memcpy(k.b + 1, what.p, what.n);
    return k;
}

static struct key key_number(uint32_t number)
{
    char be[4];

    put_be(be, number, sizeof be);
    return key_of(ROW_ACTOR, (str){be, sizeof be});
}

static struct key key_token(const struct sha256 *token)
{
    return key_of(ROW_TOKEN, (str){(const char *)token->b, sizeof token->b});
}

static wall get_wall(struct bytes_r *r) { return (wall){(int64_t)bytes_get_u(r, 8)}; }

static void get_clients(struct bytes_r *r, struct arena *a, struct actor *x)
{
    uint64_t n = bytes_get_var(r);
    client_id *clients = n > CALLER_CLIENTS_MAX ? NULL : NEW_ARRAY(a, client_id, n);

    if (clients == NULL) {
        r->bad = true;
        return;
    }
    for (uint64_t i = 0; i < n; i++) clients[i].v = (uint32_t)bytes_get_u(r, 4);
    x->clients = clients;
    x->client_count = (uint32_t)n;
}

// Reads a row that has been copied to the arena.
static bool row_read(str row, struct arena *a, struct actor *x)
{
    struct bytes_r r = bytes_reader(row);

    x->id = bytes_get_str(&r);
    bool known = role_find(bytes_get_str(&r), &x->role);
    x->user = bytes_get_str(&r);
    x->line = bytes_get_str(&r);
    x->party = bytes_get_str(&r);
    get_clients(&r, a, x);
    str token = bytes_get_raw(&r, sizeof x->token.b);
    x->created = get_wall(&r);
    x->expires = get_wall(&r);
    x->revoked = get_wall(&r);
    x->revoked_seq = bytes_get_u(&r, 8);
    if (!bytes_end(&r) || !known) return false;
    memcpy(x->token.b, token.p, sizeof x->token.b);
    return true;
}

bool actor_get(struct txn *t, uint32_t number, struct arena *a, struct actor *out)
{
    struct key k = key_number(number);
    struct actor x = {.number = number};
    str v;

    if (!txn_get(t, DB_ROWS, str_key(&k), &v)) return false;
    str row = arena_str(a, v);
    if (row.p != NULL && row_read(row, a, &x)) return *out = x, true;
    txn_spoil(t, "store.corrupt", "the row of an actor");
    return false;
}

static bool get_by(struct txn *t, const struct key *k, struct arena *a, struct actor *out)
{
    str v;

    if (!txn_get(t, DB_ROWS, str_key(k), &v)) return false;
    if (v.n == 4) return actor_get(t, (uint32_t)get_be(v.p, 4), a, out);
    txn_spoil(t, "store.corrupt", "the row of a token");
    return false;
}

bool actor_by_token(struct txn *t, const struct sha256 *token, struct arena *a, struct actor *out)
{
    struct key k = key_token(token);
    struct actor x;

    if (!get_by(t, &k, a, &x)) return false;
    if (CRYPTO_memcmp(x.token.b, token->b, sizeof token->b) != 0) return false;
    *out = x;
    return true;
}

bool actor_by_id(struct txn *t, str id, struct arena *a, struct actor *out)
{
    if (id.n == 0 || id.n > ACTOR_ID_MAX) return false;
    struct key k = key_of(ROW_ACTOR_ID, id);
    return get_by(t, &k, a, out);
}

str actor_id(struct txn *t, uint32_t number)
{
    struct key k = key_number(number);
    str v;

    if (number == 0 || !txn_get(t, DB_ROWS, str_key(&k), &v)) return (str){"", 0};
    struct bytes_r r = bytes_reader(v);
    return bytes_get_str(&r);
}

bool actor_has_token(const struct actor *x)
{
    static const struct sha256 none;
    return memcmp(&x->token, &none, sizeof none) != 0;
}

void actor_put(struct txn *t, const struct actor *x)
{
    struct key row = key_number(x->number), token = key_token(&x->token);
    struct key id = key_of(ROW_ACTOR_ID, x->id);
    struct buf b;
    str v;

    buf_init(&b, ROW_MAX);
    bytes_str(&b, x->id);
    bytes_str(&b, str_of(role_word(x->role)));
    bytes_str(&b, x->user);
    bytes_str(&b, x->line);
    bytes_str(&b, x->party);
    bytes_var(&b, x->client_count);
    for (uint32_t i = 0; i < x->client_count; i++) bytes_u(&b, x->clients[i].v, 4);
    buf_add(&b, (str){(const char *)x->token.b, sizeof x->token.b});
    bytes_u(&b, (uint64_t)x->created.ms, 8);
    bytes_u(&b, (uint64_t)x->expires.ms, 8);
    bytes_u(&b, (uint64_t)x->revoked.ms, 8);
    bytes_u(&b, x->revoked_seq, 8);
    if (buf_done(&b, &v).cls == ST_OK)
        txn_put(t, DB_ROWS, str_key(&row), v);
    else
        txn_spoil(t, "store.row_too_long", "the row of an actor");
    buf_fini(&b);
    if (actor_has_token(x)) txn_put(t, DB_ROWS, str_key(&token), (str){row.b + 1, 4});
    txn_put(t, DB_ROWS, str_key(&id), (str){row.b + 1, 4});
}

void actor_end(struct txn *t, uint32_t number, const struct fact *f)
{
    struct arena a;
    struct actor x;

    arena_init(&a, 16 * KB);
    if (actor_get(t, number, &a, &x)) {
        x.revoked = f->at;
        x.revoked_seq = f->seq;
        actor_put(t, &x);
    } else {
        txn_spoil(t, "record.corrupt", "the fact that ends an actor");
    }
    arena_fini(&a);
}
