// rows: 'u' user 4        -> hash (sealed, password.h) str, given hash str, first 1, wrong since 8,
// wrong 4,
//                           locked until 8, seq of the lock 8
//       'b' user 4, seq 8 -> hash str: every password of a person, the newest PASSWORDS_KEPT
#include "service/access/user_db.h"
#include "common/bytes.h"
#include <string.h>

#define ROW_MAX (1 * KB)

struct key {
    char b[1 + 4 + 8];
    size_t n;
};

static str str_key(const struct key *k) { return (str){k->b, k->n}; }

static struct key key_state(uint32_t user)
{
    struct key k = {.b = {ROW_USER}, .n = 5};

    put_be(k.b + 1, user, 4);
    return k;
}

static struct key key_password(uint32_t user, uint64_t seq)
{
    struct key k = {.b = {ROW_USER_PASSWORD_OF}, .n = seq == 0 ? 5 : 13};

    put_be(k.b + 1, user, 4);
    put_be(k.b + 5, seq, 8);
    return k;
}

void user_state_get(struct txn *t, uint32_t user, struct user_state *out)
{
    struct key k = key_state(user);
    struct user_state s = {0};
    str v;

    *out = s;
    if (!txn_get(t, DB_ROWS, str_key(&k), &v)) return;
    struct bytes_r r = bytes_reader(v);
    s.hash = bytes_get_str(&r);
    s.given = bytes_get_str(&r);
    s.first = bytes_get_u(&r, 1) != 0;
    s.wrong_since.ms = (int64_t)bytes_get_u(&r, 8);
    s.wrong = (uint32_t)bytes_get_u(&r, 4);
    s.locked_until.ms = (int64_t)bytes_get_u(&r, 8);
    s.lock_seq = bytes_get_u(&r, 8);
    if (bytes_end(&r))
        *out = s;
    else
        txn_spoil(t, "store.corrupt", "the row of a user");
}

void user_state_put(struct txn *t, uint32_t user, const struct user_state *s)
{
    struct key k = key_state(user);
    struct buf b;

    buf_init(&b, ROW_MAX);
    bytes_str(&b, s->hash);
    bytes_str(&b, s->given);
    bytes_u(&b, s->first, 1);
    bytes_u(&b, (uint64_t)s->wrong_since.ms, 8);
    bytes_u(&b, s->wrong, 4);
    bytes_u(&b, (uint64_t)s->locked_until.ms, 8);
    bytes_u(&b, s->lock_seq, 8);
    txn_put(t, DB_ROWS, str_key(&k), buf_str(&b)); // a copy: the old row's texts may lie in it
    buf_fini(&b);
}

uint32_t user_passwords(struct txn *t, uint32_t user, uint32_t n, str *out)
{
    struct key prefix = key_password(user, 0);
    uint32_t have = 0;
    str k, v;

    struct walk w = walk_open(t, DB_ROWS, str_key(&prefix), (str){0});
    bool more = walk_last(&w, &k, &v);
    for (; more && have < n; more = walk_before(&w, &k, &v)) {
        struct bytes_r r = bytes_reader(v);
        out[have++] = bytes_get_str(&r);
        if (!bytes_end(&r)) txn_spoil(t, "store.corrupt", "the row of a password");
    }
    walk_close(&w);
    return have;
}

wall user_password_since(struct txn *t, uint32_t user)
{
    struct key prefix = key_password(user, 0);
    struct fact f = {0};
    str k, v;

    struct walk w = walk_open(t, DB_ROWS, str_key(&prefix), (str){0});
    bool found = walk_last(&w, &k, &v);
    uint64_t seq = found ? get_be(k.p + 5, 8) : 0;
    walk_close(&w);
    if (found && journal_get_header(t, seq, &f).cls != ST_OK)
        txn_spoil(t, "store.corrupt", "the fact of a password");
    return f.at;
}

static void forget_oldest(struct txn *t, uint32_t user)
{
    struct key prefix = key_password(user, 0);
    char oldest[sizeof prefix.b];
    uint32_t have = 0;
    str k, v;

    struct walk w = walk_open(t, DB_ROWS, str_key(&prefix), (str){0});
    while (walk_next(&w, &k, &v))
        if (have++ == 0) memcpy(oldest, k.p, sizeof oldest);
    walk_close(&w);
    if (have > PASSWORDS_KEPT) txn_del(t, DB_ROWS, (str){oldest, sizeof oldest});
}

void user_password_add(struct txn *t, uint32_t user, uint64_t seq, str hash)
{
    struct key k = key_password(user, seq);
    struct buf b;

    buf_init(&b, ROW_MAX);
    bytes_str(&b, hash);
    txn_put(t, DB_ROWS, str_key(&k), buf_str(&b));
    buf_fini(&b);
    forget_oldest(t, user);
}
