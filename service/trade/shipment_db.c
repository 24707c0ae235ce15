// row 'h' number 4 -> client 4, seq 8, state 1, to 8, by 8, voided 8
// row '6' 2, party 8, number 4 -> nothing: shipments to a party, and those that it made
// row '6' 3, client 4, number 4 -> nothing
#include "common/bytes.h"
#include "service/trade/trade_int.h"

#define ROW_BYTES 37u

enum { SUB_PARTY = 2, SUB_CLIENT = 3 };

struct key {
    char b[5];
};

static struct key key_of(uint32_t number)
{
    struct key k = {{ROW_SHIPMENT}};

    put_be(k.b + 1, number, 4);
    return k;
}

const char *shipment_state_word(enum shipment_state s)
{
    static const char *const words[SHIPMENT_STATES] = {
        [SHIPMENT_DRAFT] = "draft",
        [SHIPMENT_SHIPPED] = "shipped",
        [SHIPMENT_VOID] = "void",
        [SHIPMENT_FORWARDED] = "forwarded",
    };
    return words[s];
}

bool shipment_row_get(struct txn *t, uint32_t number, struct shipment_row *out)
{
    struct key k = key_of(number);
    str v;

    if (!txn_get(t, DB_ROWS, (str){k.b, sizeof k.b}, &v)) return false;
    if (v.n != ROW_BYTES || v.p[12] < SHIPMENT_DRAFT || v.p[12] >= SHIPMENT_STATES)
        return txn_spoil(t, "store.corrupt", "the row of a shipment"), false;
    *out = (struct shipment_row){{(uint32_t)get_be(v.p, 4)},   get_be(v.p + 4, 8),
                                 (enum shipment_state)v.p[12], get_be(v.p + 13, 8),
                                 get_be(v.p + 21, 8),          get_be(v.p + 29, 8)};
    return true;
}

// ---- what lists are made of

struct list_key {
    char b[14];
    uint8_t n; // without the number
};

static struct list_key list_key(const struct shipment_list *of)
{
    struct list_key k = {
        {ROW_HANDED, of->party != 0 ? SUB_PARTY : SUB_CLIENT},
        0
    };

    if (of->party == 0 && of->client.v == 0) {
        k.b[0] = ROW_SHIPMENT;
        k.n = 1;
    } else if (of->party != 0) {
        put_be(k.b + 2, of->party, 8);
        k.n = 10;
    } else {
        put_be(k.b + 2, of->client.v, 4);
        k.n = 6;
    }
    return k;
}

static void note(struct txn *t, const struct shipment_list *of, uint32_t number)
{
    struct list_key k = list_key(of);

    put_be(k.b + k.n, number, 4);
    txn_put(t, DB_ROWS, (str){k.b, k.n + 4u}, (str){0});
}

void shipment_row_put(struct txn *t, uint32_t number, const struct shipment_row *row)
{
    struct key k = key_of(number);
    char v[ROW_BYTES];

    put_be(v, row->client.v, 4);
    put_be(v + 4, row->seq, 8);
    v[12] = (char)row->state;
    put_be(v + 13, row->to, 8);
    put_be(v + 21, row->by, 8);
    put_be(v + 29, row->voided, 8);
    txn_put(t, DB_ROWS, (str){k.b, sizeof k.b}, (str){v, sizeof v});
    note(t, &(struct shipment_list){.client = row->client}, number);
    if (row->to != 0) note(t, &(struct shipment_list){.party = row->to}, number);
    if (row->by != 0) note(t, &(struct shipment_list){.party = row->by}, number);
}

uint32_t shipment_list_next(struct txn *t, const struct shipment_list *of, uint32_t after)
{
    struct list_key k = list_key(of);
    uint32_t found = 0;
    str key, v;

    if (after == UINT32_MAX) return 0;
    put_be(k.b + k.n, after + 1, 4);
    struct walk w = walk_open(t, DB_ROWS, (str){k.b, k.n}, (str){k.b, k.n + 4u});
    if (walk_next(&w, &key, &v) && key.n == k.n + 4u) found = (uint32_t)get_be(key.p + k.n, 4);
    walk_close(&w);
    return found;
}
