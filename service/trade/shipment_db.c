// row 'h' number 4 -> client 4, seq 8
#include "common/bytes.h"
#include "service/trade/trade_int.h"

#define ROW_BYTES 12u

struct key {
    char b[5];
};

static struct key key_of(uint32_t number)
{
    struct key k = {{ROW_SHIPMENT}};

    put_be(k.b + 1, number, 4);
    return k;
}

bool shipment_row_get(struct txn *t, uint32_t number, struct shipment_row *out)
{
    struct key k = key_of(number);
    str v;

    if (!txn_get(t, DB_ROWS, (str){k.b, sizeof k.b}, &v)) return false;
    if (v.n != ROW_BYTES) return txn_spoil(t, "store.corrupt", "the row of a shipment"), false;
    *out = (struct shipment_row){{(uint32_t)get_be(v.p, 4)}, get_be(v.p + 4, 8)};
    return true;
}

void shipment_row_put(struct txn *t, uint32_t number, const struct shipment_row *row)
{
    struct key k = key_of(number);
    char v[ROW_BYTES];

    put_be(v, row->client.v, 4);
    put_be(v + 4, row->seq, 8);
    txn_put(t, DB_ROWS, (str){k.b, sizeof k.b}, (str){v, sizeof v});
}
