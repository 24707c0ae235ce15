// row '9' key principal 4, digest of corrUUID and question 16 -> seq of the answer 8
//
// lists: LIST_VERIFICATION, value nothing: every answer; "s": those that are false or have
// something added. Of the GTIN's owner and, for those who see the whole site, of client 0.
#include "common/bytes.h"
#include "service/journal/journal_db.h"
#include "service/verification/verification_int.h"

struct key {
    char b[21];
};

static struct key key_of(uint32_t actor, const struct digest16 *d)
{
    struct key k = {.b = {ROW_VERIFICATION}};

    put_be(k.b + 1, actor, 4);
    memcpy(k.b + 5, d->b, sizeof d->b);
    return k;
}

struct digest16 verification_digest(const struct verification *v)
{
    struct buf b;

    buf_init(&b, 64 * KB);
    buf_add(&b, (str){v->gtin, sizeof v->gtin});
    bytes_str(&b, v->lot);
    bytes_str(&b, v->serial);
    bytes_str(&b, v->exp);
    bytes_var(&b, v->asker);
    bytes_str(&b, v->context);
    struct digest16 d = digest16_of(v->corr, buf_str(&b));
    buf_fini(&b);
    return d;
}

uint64_t verification_row_get(struct txn *t, uint32_t actor, const struct digest16 *d)
{
    struct key k = key_of(actor, d);
    str v;

    if (!txn_get(t, DB_ROWS, (str){k.b, sizeof k.b}, &v)) return 0;
    if (v.n != 8) return txn_spoil(t, "store.corrupt", "the row of a verification"), 0;
    return get_be(v.p, 8);
}

void verification_row_put(struct txn *t, uint32_t actor, const struct digest16 *d, uint64_t seq)
{
    struct key k = key_of(actor, d);
    char v[8];

    put_be(v, seq, sizeof v);
    txn_put(t, DB_ROWS, (str){k.b, sizeof k.b}, (str){v, sizeof v});
}

str verification_list(bool suspect) { return suspect ? S("s") : S(""); }
