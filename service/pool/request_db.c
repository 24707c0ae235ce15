// row 'r' space 3, ordinal 5 -> why 1 (enum barred): a number that its space never gives
// row 'Q' request 8 -> client 4, pool 4, space 3, first 5, consumed 5, quantity 4, returned 4,
//     state 1, state_seq 8, time 8, gtin 14, sscc 1, strs line, lot, order (varint length, bytes)
// row '(' client 4, digest 16 of (gtin, lot, 1 for SSCCs) -> requested 8, returned 8, unconfirmed 8
//
// Written by the committer only; no state of its own.
#include "common/bytes.h"
#include "common/digest.h"
#include "service/pool/pool_int.h"
#include <string.h>

enum { REQUEST_MAX = 500 };

struct key {
    char b[24];
    size_t n;
};
static str str_key(const struct key *k) { return (str){k->b, k->n}; }

static struct key key_ordinal(enum row_tag tag, uint32_t space, uint64_t ordinal)
{
    struct key k = {.b = {(char)tag}, .n = 9};

    put_be(k.b + 1, space, 3);
    put_be(k.b + 4, ordinal, 5);
    return k;
}

// ---- numbers never given

unsigned barred_get(struct txn *t, unit_id u)
{
    struct key k = key_ordinal(ROW_RESERVED, unit_space(u), unit_ordinal(u));
    str v;

    return txn_get(t, DB_ROWS, str_key(&k), &v) && v.n == 1 ? (uint8_t)v.p[0] : 0;
}

void barred_put(struct txn *t, unit_id u, enum barred why)
{
    struct key k = key_ordinal(ROW_RESERVED, unit_space(u), unit_ordinal(u));
    txn_put(t, DB_ROWS, str_key(&k), (str){(char[]){(char)why}, 1});
}

void barred_del(struct txn *t, unit_id u)
{
    struct key k = key_ordinal(ROW_RESERVED, unit_space(u), unit_ordinal(u));
    txn_del(t, DB_ROWS, str_key(&k));
}

uint32_t barred_list(struct txn *t, const struct barred_range *r, uint64_t *out, uint32_t max)
{
    struct key from = key_ordinal(ROW_RESERVED, r->space, r->from);
    struct walk w = walk_open(t, DB_ROWS, (str){from.b, 4}, str_key(&from));
    uint32_t n = 0;
    str k, v;

    while (n < max && walk_next(&w, &k, &v) && get_be(k.p + 4, 5) < r->below)
        out[n++] = get_be(k.p + 4, 5);
    walk_close(&w);
    return n;
}

// ---- requests

const char *request_state_word(enum request_state s)
{
    static const char *const words[] = {[REQUEST_OPEN] = "open",
                                        [REQUEST_CONFIRMED] = "confirmed",
                                        [REQUEST_RETURNED] = "returned"};

    assert(s >= REQUEST_OPEN && s <= REQUEST_RETURNED);
    return words[s];
}

static struct key key_request(uint64_t seq)
{
    struct key k = {.b = {ROW_REQUEST}, .n = 9};

    put_be(k.b + 1, seq, 8);
    return k;
}

static bool request_read(struct txn *t, uint64_t seq, str v, struct request_row *out)
{
    struct request_row q = {.seq = seq};
    struct bytes_r r = bytes_reader(v);

    q.client.v = (uint32_t)bytes_get_u(&r, 4);
    q.pool = (uint32_t)bytes_get_u(&r, 4);
    q.space = (uint32_t)bytes_get_u(&r, 3);
    q.first = bytes_get_u(&r, 5);
    q.consumed = bytes_get_u(&r, 5);
    q.quantity = (uint32_t)bytes_get_u(&r, 4);
    q.returned = (uint32_t)bytes_get_u(&r, 4);
    q.state = (enum request_state)bytes_get_u(&r, 1);
    q.state_seq = bytes_get_u(&r, 8);
    q.at.ms = (int64_t)bytes_get_u(&r, 8);
    str gtin = bytes_get_raw(&r, sizeof q.gtin);
    q.is_sscc = bytes_get_u(&r, 1) != 0;
    q.line = bytes_get_str(&r);
    q.lot = bytes_get_str(&r);
    q.order = bytes_get_str(&r);
    if (!bytes_end(&r) || q.state < REQUEST_OPEN || q.state > REQUEST_RETURNED)
        return txn_spoil(t, "store.corrupt", "the row of a request"), false;
    memcpy(q.gtin, gtin.p, sizeof q.gtin);
    *out = q;
    return true;
}

bool request_get(struct txn *t, uint64_t seq, struct request_row *out)
{
    struct key k = key_request(seq);
    str v;

    return txn_get(t, DB_ROWS, str_key(&k), &v) && request_read(t, seq, v, out);
}

void request_walk_open(struct request_walk *w, struct txn *t, uint64_t from)
{
    struct key k = key_request(from);

    memcpy(w->from, k.b, sizeof w->from);
    w->walk = walk_open(t, DB_ROWS, (str){w->from, 1}, (str){w->from, sizeof w->from});
}

bool request_walk_next(struct request_walk *w, struct request_row *out)
{
    str k, v;

    return walk_next(&w->walk, &k, &v) && request_read(w->walk.t, get_be(k.p + 1, 8), v, out);
}

static char *put(char *p, uint64_t v, unsigned bytes)
{
    put_be(p, v, bytes);
    return p + bytes;
}

static char *put_str(char *p, str s) // shorter than 128 bytes: its varint is one
{
    assert(s.n < 128);
    *p++ = (char)s.n;
    if (s.n > 0) memcpy(p, s.p, s.n);
    return p + s.n;
}

void request_put(struct txn *t, const struct request_row *q)
{
    struct key k = key_request(q->seq);
    char v[REQUEST_MAX], *p = v;

    p = put(p, q->client.v, 4);
    p = put(p, q->pool, 4);
    p = put(p, q->space, 3);
    p = put(p, q->first, 5);
    p = put(p, q->consumed, 5);
    p = put(p, q->quantity, 4);
    p = put(p, q->returned, 4);
    p = put(p, q->state, 1);
    p = put(p, q->state_seq, 8);
    p = put(p, (uint64_t)q->at.ms, 8);
    memcpy(p, q->gtin, sizeof q->gtin);
    p = put(p + sizeof q->gtin, q->is_sscc, 1);
    p = put_str(p, q->line);
    p = put_str(p, q->lot);
    p = put_str(p, q->order);
    txn_put(t, DB_ROWS, str_key(&k), (str){v, (size_t)(p - v)});
}

static str keep(str s, char **room)
{
    char *p = *room;

    if (s.n > 0) memcpy(p, s.p, s.n);
    *room += s.n;
    return (str){p, s.n};
}

bool request_load(struct txn *t, uint64_t seq, struct request_row *out, struct request_texts *kept)
{
    char *room = kept->room;

    if (!request_get(t, seq, out)) return false;
    assert(out->line.n + out->lot.n + out->order.n <= sizeof kept->room);
    out->line = keep(out->line, &room);
    out->lot = keep(out->lot, &room);
    out->order = keep(out->order, &room);
    return true;
}

void request_settle(struct txn *t, struct request_row *q, enum request_state to, uint64_t by)
{
    bool was_open = q->state == REQUEST_OPEN;

    q->state = to;
    q->state_seq = by;
    if (!was_open || q->lot.n == 0) return;
    struct asked_of of = {q->client, q->gtin, q->lot, q->is_sscc};
    asked_add(t, &of, &(struct asked){.unconfirmed = UINT64_MAX});
}

// ---- what was asked for with a lot in mind

static struct key key_asked(const struct asked_of *of)
{
    struct key k = {.b = {ROW_ASKED}, .n = 21};
    char what[14 + 128 + 1];

    assert(of->lot.n < 128);
    memcpy(what, of->gtin, 14);
    if (of->lot.n > 0) memcpy(what + 14, of->lot.p, of->lot.n);
    what[14 + of->lot.n] = of->is_sscc ? 1 : 0;
    struct sha256 sum = sha256_of((str){what, 15 + of->lot.n});
    put_be(k.b + 1, of->client.v, 4);
    memcpy(k.b + 5, sum.b, 16);
    return k;
}

static struct asked asked_read(struct txn *t, const struct key *k)
{
    str v;

    if (!txn_get(t, DB_ROWS, str_key(k), &v)) return (struct asked){0};
    if (v.n != 24) return txn_spoil(t, "store.corrupt", "the count of a lot"), (struct asked){0};
    return (struct asked){get_be(v.p, 8), get_be(v.p + 8, 8), get_be(v.p + 16, 8)};
}

struct asked asked_get(struct txn *t, const struct asked_of *of)
{
    struct key k = key_asked(of);
    return asked_read(t, &k);
}

void asked_add(struct txn *t, const struct asked_of *of, const struct asked *more)
{
    struct key k = key_asked(of);
    struct asked a = asked_read(t, &k);
    char v[24];

    put_be(v, a.requested + more->requested, 8);
    put_be(v + 8, a.returned + more->returned, 8);
    put_be(v + 16, a.unconfirmed + more->unconfirmed, 8);
    txn_put(t, DB_ROWS, str_key(&k), (str){v, sizeof v});
}
