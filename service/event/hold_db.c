// row '3' whether it has ended 1, seq of the fact that began it 8 -> client 4, lot 4, units var,
//     seq of the fact that ended it 8
#include "service/event/hold_db.h"
#include "common/bytes.h"
#include "service/journal/lists.h"
#include <string.h>

struct key {
    char b[10];
};

static struct key key_of(bool ended, uint64_t id)
{
    struct key k = {.b = {ROW_HOLD}};

    put_be(k.b + 1, ended, 1);
    put_be(k.b + 2, id, 8);
    return k;
}

static bool read_row(struct txn *t, str k, str v, struct hold *out)
{
    struct bytes_r r = bytes_reader(v);
    struct hold h = {.ended = k.p[1] != 0, .id = get_be(k.p + 2, 8)};

    h.client.v = (uint32_t)bytes_get_u(&r, 4);
    h.lot = (uint32_t)bytes_get_u(&r, 4);
    h.units = bytes_get_var(&r);
    h.end = bytes_get_u(&r, 8);
    if (!bytes_end(&r)) return txn_spoil(t, "store.corrupt", "a hold"), false;
    *out = h;
    return true;
}

bool hold_get(struct txn *t, uint64_t id, struct hold *out)
{
    str v;

    for (unsigned ended = 0; ended < 2; ended++) {
        struct key k = key_of(ended, id);
        str key = {k.b, sizeof k.b};
        if (txn_get(t, DB_ROWS, key, &v)) return read_row(t, key, v, out);
    }
    return false;
}

void hold_put(struct txn *t, const struct hold *h)
{
    struct key k = key_of(h->ended, h->id);
    struct buf b;

    buf_init(&b, 64);
    bytes_u(&b, h->client.v, 4);
    bytes_u(&b, h->lot, 4);
    bytes_var(&b, h->units);
    bytes_u(&b, h->end, 8);
    txn_put(t, DB_ROWS, (str){k.b, sizeof k.b}, buf_str(&b));
    buf_fini(&b);
}

void hold_end(struct txn *t, struct hold *h, uint64_t end)
{
    struct key k = key_of(false, h->id);

    txn_del(t, DB_ROWS, (str){k.b, sizeof k.b});
    h->ended = true;
    h->end = end;
    hold_put(t, h);
}

bool hold_is_of_lot(struct txn *t, const struct hold *h, client_id client, uint32_t lot)
{
    uint64_t found;
    char list[4];

    if (h->client.v != client.v) return false;
    if (h->lot != 0) return h->lot == lot;
    put_be(list, lot, sizeof list);
    return list_of(t, client, LIST_LOT, (str){list, sizeof list}, h->id, &found, 1) == 1 &&
           found == h->id;
}

void hold_walk_open(struct hold_walk *w, struct txn *t, bool ended, uint64_t from)
{
    struct key k = key_of(ended, from);

    memcpy(w->from, k.b, sizeof w->from);
    w->walk = walk_open(t, DB_ROWS, (str){w->from, 2}, (str){w->from, sizeof w->from});
}

bool hold_walk_next(struct hold_walk *w, struct hold *out)
{
    str k, v;

    return walk_next(&w->walk, &k, &v) && read_row(w->walk.t, k, v, out);
}
