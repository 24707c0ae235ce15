// Rows of deliveries.
//
//   'D' partner 4                  client 4, position 8, accepted 8, parked 4, released 4,
//                                  failing since 8, newest outcome 8
//   'p' partner 4, seq 8           flags 1 (1 rejected, 2 released), outcome 8, count var, lots var
//   'q' partner 4, lot 4           how many parked ones touch the lot 4
//   'd' partner 4, apart 1, seq 8  seq of the outcome fact 8. apart 0: seq is the last event of a
//                                  message; 1: seq was parked once and taken by itself
#include "service/exchange/delivery_db.h"
#include "common/bytes.h"
#include <string.h>

enum { REJECTED = 1, RELEASED = 2 };

struct key {
    char b[16];
    size_t n;
};

static str str_key(const struct key *k) { return (str){k->b, k->n}; }

static struct key key_of(enum row_tag tag, uint32_t partner)
{
    struct key k = {.n = 5};

    k.b[0] = (char)tag;
    put_be(k.b + 1, partner, 4);
    return k;
}

static struct key key_more(enum row_tag tag, uint32_t partner, uint64_t v, unsigned bytes)
{
    struct key k = key_of(tag, partner);

    put_be(k.b + k.n, v, bytes);
    k.n += bytes;
    return k;
}

bool partner_row_get(struct txn *t, uint32_t partner, struct partner_row *out)
{
    struct key k = key_of(ROW_PARTNER_STATE, partner);
    struct partner_row row;
    str v;

    if (!txn_get(t, DB_ROWS, str_key(&k), &v)) return false;
    struct bytes_r r = bytes_reader(v);
    row.client.v = (uint32_t)bytes_get_u(&r, 4);
    row.position = bytes_get_u(&r, 8);
    row.accepted = bytes_get_u(&r, 8);
    row.parked = (uint32_t)bytes_get_u(&r, 4);
    row.released = (uint32_t)bytes_get_u(&r, 4);
    row.failing_since.ms = (int64_t)bytes_get_u(&r, 8);
    row.outcome = bytes_get_u(&r, 8);
    if (bytes_end(&r)) {
        *out = row;
        return true;
    }
    txn_spoil(t, "store.corrupt", "the row of a partner");
    return false;
}

void partner_row_put(struct txn *t, uint32_t partner, const struct partner_row *row)
{
    struct key k = key_of(ROW_PARTNER_STATE, partner);
    char v[44];

    put_be(v, row->client.v, 4);
    put_be(v + 4, row->position, 8);
    put_be(v + 12, row->accepted, 8);
    put_be(v + 20, row->parked, 4);
    put_be(v + 24, row->released, 4);
    put_be(v + 28, (uint64_t)row->failing_since.ms, 8);
    put_be(v + 36, row->outcome, 8);
    txn_put(t, DB_ROWS, str_key(&k), (str){v, sizeof v});
}

void partner_row_del(struct txn *t, uint32_t partner)
{
    struct key k = key_of(ROW_PARTNER_STATE, partner);

    txn_del(t, DB_ROWS, str_key(&k));
}

// ---- lots

static bool is_all(const struct lots *l) { return l->n == 1 && l->at[0] == PARKED_ALL_LOTS; }

void lots_add(struct lots *l, uint32_t lot)
{
    if (lot == 0 || is_all(l)) return;
    for (uint32_t i = 0; i < l->n; i++)
        if (l->at[i] == lot) return;
    if (l->n == PARKED_LOTS_MAX)
        *l = (struct lots){{PARKED_ALL_LOTS}, 1};
    else
        l->at[l->n++] = lot;
}

bool lots_share(const struct lots *a, const struct lots *b)
{
    if (a->n == 0 || b->n == 0) return false;
    if (is_all(a) || is_all(b)) return true;
    for (uint32_t i = 0; i < a->n; i++)
        for (uint32_t k = 0; k < b->n; k++)
            if (a->at[i] == b->at[k]) return true;
    return false;
}

static uint32_t lot_count(struct txn *t, uint32_t partner, uint32_t lot)
{
    struct key k = key_more(ROW_PARKED_LOT, partner, lot, 4);
    str v;

    if (!txn_get(t, DB_ROWS, str_key(&k), &v)) return 0;
    if (v.n == 4) return (uint32_t)get_be(v.p, 4);
    txn_spoil(t, "store.corrupt", "the row of a parked lot");
    return 0;
}

static void lots_count(struct txn *t, uint32_t partner, const struct lots *l, bool more)
{
    for (uint32_t i = 0; i < l->n; i++) {
        struct key k = key_more(ROW_PARKED_LOT, partner, l->at[i], 4);
        uint32_t n = lot_count(t, partner, l->at[i]);
        char v[4];

        if (!more && n <= 1) {
            txn_del(t, DB_ROWS, str_key(&k));
            continue;
        }
        put_be(v, more ? n + 1 : n - 1, 4);
        txn_put(t, DB_ROWS, str_key(&k), (str){v, sizeof v});
    }
}

bool parked_blocks(struct txn *t, uint32_t partner, const struct lots *l)
{
    struct key any = key_of(ROW_PARKED_LOT, partner);
    str k, v;
    bool found = false;

    if (l->n == 0) return false;
    if (is_all(l)) {
        struct walk w = walk_open(t, DB_ROWS, str_key(&any), (str){0});
        found = walk_next(&w, &k, &v);
        walk_close(&w);
        return found;
    }
    if (lot_count(t, partner, PARKED_ALL_LOTS) > 0) return true;
    for (uint32_t i = 0; i < l->n && !found; i++) found = lot_count(t, partner, l->at[i]) > 0;
    return found;
}

// ---- parked ones

static bool parked_read(str v, uint64_t seq, struct parked *out)
{
    struct bytes_r r = bytes_reader(v);
    unsigned flags = (unsigned)bytes_get_u(&r, 1);

    *out = (struct parked){.seq = seq,
                           .rejected = (flags & REJECTED) != 0,
                           .released = (flags & RELEASED) != 0,
                           .outcome = bytes_get_u(&r, 8)};
    uint64_t n = bytes_get_var(&r);
    if (n > PARKED_LOTS_MAX) return false;
    for (; out->lots.n < n; out->lots.n++) out->lots.at[out->lots.n] = (uint32_t)bytes_get_var(&r);
    return bytes_end(&r);
}

bool parked_get(struct txn *t, uint32_t partner, uint64_t seq, struct parked *out)
{
    struct key k = key_more(ROW_PARKED, partner, seq, 8);
    str v;

    if (!txn_get(t, DB_ROWS, str_key(&k), &v)) return false;
    if (parked_read(v, seq, out)) return true;
    txn_spoil(t, "store.corrupt", "the row of a parked delivery");
    return false;
}

static void row_write(struct txn *t, uint32_t partner, const struct parked *p)
{
    struct key k = key_more(ROW_PARKED, partner, p->seq, 8);
    struct buf b;

    buf_init(&b, KB);
    bytes_u(&b, (p->rejected ? REJECTED : 0u) | (p->released ? RELEASED : 0u), 1);
    bytes_u(&b, p->outcome, 8);
    bytes_var(&b, p->lots.n);
    for (uint32_t i = 0; i < p->lots.n; i++) bytes_var(&b, p->lots.at[i]);
    txn_put(t, DB_ROWS, str_key(&k), buf_str(&b));
    buf_fini(&b);
}

void parked_put(struct txn *t, uint32_t partner, const struct parked *p)
{
    struct partner_row row;
    struct parked old;
    bool there = parked_get(t, partner, p->seq, &old);

    if (!partner_row_get(t, partner, &row)) return;
    if (there) {
        lots_count(t, partner, &old.lots, false);
        row.parked--;
        row.released -= old.released;
    }
    row.parked++;
    row.released += p->released;
    lots_count(t, partner, &p->lots, true);
    row_write(t, partner, p);
    partner_row_put(t, partner, &row);
}

void parked_del(struct txn *t, uint32_t partner, uint64_t seq)
{
    struct key k = key_more(ROW_PARKED, partner, seq, 8);
    struct partner_row row;
    struct parked old;

    if (!parked_get(t, partner, seq, &old) || !partner_row_get(t, partner, &row)) return;
    lots_count(t, partner, &old.lots, false);
    row.parked--;
    row.released -= old.released;
    txn_del(t, DB_ROWS, str_key(&k));
    partner_row_put(t, partner, &row);
}

void parked_walk(struct parked_walk *w, struct txn *t, uint32_t partner, uint64_t from)
{
    struct key prefix = key_of(ROW_PARKED, partner), first = key_more(ROW_PARKED, partner, from, 8);

    memcpy(w->prefix, prefix.b, sizeof w->prefix);
    memcpy(w->from, first.b, sizeof w->from);
    w->w =
        walk_open(t, DB_ROWS, (str){w->prefix, sizeof w->prefix}, (str){w->from, sizeof w->from});
}

bool parked_next(struct parked_walk *w, struct parked *out)
{
    str k, v;

    if (!walk_next(&w->w, &k, &v)) return false;
    if (k.n == 13 && parked_read(v, get_be(k.p + 5, 8), out)) return true;
    txn_spoil(w->w.t, "store.corrupt", "the row of a parked delivery");
    return false;
}

bool parked_before(struct txn *t, uint32_t partner, const struct parked *p, struct parked *out)
{
    struct parked_walk w;
    bool found = false;

    parked_walk(&w, t, partner, 0);
    while (!found && parked_next(&w, out) && out->seq < p->seq)
        found = !out->released && lots_share(&out->lots, &p->lots);
    walk_close(&w.w);
    return found;
}

// ---- taken ones

static struct key taken_key(uint32_t partner, bool apart, uint64_t seq)
{
    struct key k = key_of(ROW_DELIVERY, partner);

    k.b[k.n++] = (char)apart;
    put_be(k.b + k.n, seq, 8);
    k.n += 8;
    return k;
}

void taken_put(struct txn *t, uint32_t partner, bool apart, uint64_t seq, uint64_t outcome)
{
    struct key k = taken_key(partner, apart, seq);
    char v[8];

    put_be(v, outcome, 8);
    txn_put(t, DB_ROWS, str_key(&k), (str){v, sizeof v});
}

uint64_t taken_find(struct txn *t, uint32_t partner, bool apart, uint64_t seq)
{
    struct key from = taken_key(partner, apart, seq);
    str prefix = {from.b, 6}, k, v;
    uint64_t found = 0;

    struct walk w = walk_open(t, DB_ROWS, prefix, str_key(&from));
    if (walk_next(&w, &k, &v) && v.n == 8 && (!apart || str_eq(k, str_key(&from))))
        found = get_be(v.p, 8);
    walk_close(&w);
    return found;
}
