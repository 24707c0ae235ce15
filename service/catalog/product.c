#include "service/catalog/product.h"
#include "service/catalog/market.h"
#include "service/client/client.h"
#include "service/gs1/id.h"
#include "service/item/item_api.h"
#include "service/journal/site.h"
#include <string.h>

enum level_id { ID_SGTIN, ID_SSCC };

struct level_value {
    str level;
    uint8_t id;
    str gtin;
    uint64_t quantity;
    bool label_only;
};

struct product_value {
    str client, holder, name, market;
    struct form_list levels, extra;
    str reason;
};

static const char *const level_ids[] = {"sgtin", "sscc", NULL};

static status gtin_check(str value, struct arena *a, str *out)
{
    char digits[14];

    TRY(gs1_gtin_read(value, digits));
    *out = arena_str(a, (str){digits, sizeof digits});
    return out->p != NULL ? OK : no_memory();
}

// clang-format off
#define L(member) .at = offsetof(struct level_value, member)
static const struct form_field level_fields[] = {
    {.name = "level",      .kind = FORM_NAME, L(level), .required = true},
    {.name = "id",         .kind = FORM_WORD, L(id), .required = true, .words = level_ids},
    {.name = "gtin",       .kind = FORM_STR,  L(gtin), .max = 14, .check = gtin_check},
    {.name = "quantity",   .kind = FORM_U64,  L(quantity), .required = true, .min = 1,
     .max = 1000000},
    {.name = "label_only", .kind = FORM_BOOL, L(label_only)},
    {0},
};
static const struct form level_form = {"level", sizeof(struct level_value), level_fields, 1};

#define P(member) .at = offsetof(struct product_value, member)
static const struct form_field product_fields[] = {
    {.name = "client", .kind = FORM_NAME, P(client), .required = true},
    {.name = "holder", .kind = FORM_STR,  P(holder), .max = 200},
    {.name = "name",   .kind = FORM_STR,  P(name), .required = true, .max = 200},
    {.name = "market", .kind = FORM_STR,  P(market), .max = 40, .check = market_check},
    {.name = "levels", .kind = FORM_MANY, P(levels), .sub = &level_form,
     .count_max = PRODUCT_LEVELS_MAX},
    {.name = "extra",  .kind = FORM_MAP,  P(extra), .max = 500, .count_max = 64},
    {.name = "reason", .kind = FORM_STR,  P(reason), .max = 500},
    {0},
};
static const struct form product_form = {
    "product", sizeof(struct product_value), product_fields, 1};
// clang-format on

static status product_name(str in, struct arena *a, str *out) { return gtin_check(in, a, out); }

static status level_fault(uint32_t i, const char *rule)
{
    return fail(ST_BAD_INPUT, "product.levels", 0, "levels[%u]: %s", i, rule);
}

// One level against the one below it.
static status level_check(const struct level_value *v, uint32_t i, bool above_sscc)
{
    if (v->id == ID_SSCC && i == 0) return level_fault(i, "the innermost level is an sgtin");
    if (v->id == ID_SSCC && v->gtin.n > 0) return level_fault(i, "an SSCC level has no gtin");
    if (v->id == ID_SGTIN && above_sscc)
        return level_fault(i, "an sgtin level never lies above an sscc level");
    if (v->id == ID_SGTIN && i > 0 && v->gtin.n == 0)
        return level_fault(i, "an sgtin level above the innermost has its own gtin");
    if (i == 0 && v->quantity != 1) return level_fault(i, "the innermost level holds 1");
    return OK;
}

static status levels_check(str name, const struct level_value *v, uint32_t n)
{
    bool sscc = false;

    for (uint32_t i = 0; i < n; i++) {
        TRY(level_check(&v[i], i, sscc));
        sscc = sscc || v[i].id == ID_SSCC;
        for (uint32_t k = 0; k < i; k++) {
            if (str_eq(v[k].level, v[i].level)) return level_fault(i, "its name stands twice");
            if (v[i].gtin.n > 0 && str_eq(v[k].gtin, v[i].gtin))
                return level_fault(i, "its gtin stands twice");
        }
    }
    if (!str_eq(v[0].gtin, name)) return level_fault(0, "its gtin is the product's own");
    return OK;
}

static status product_prepare(struct txn *t, struct arena *a, str name, void *value,
                              client_id *client)
{
    struct product_value *v = value;

    if (!client_by_name(t, v->client, client))
        return fail(ST_UNPROCESSABLE, "client.unknown", 0, "client: there is no client %.*s",
                    STR(v->client));
    if (v->levels.n == 0) {
        struct level_value *only = NEW(a, struct level_value);
        if (only == NULL) return no_memory();
        *only = (struct level_value){.level = S("each"), .quantity = 1};
        v->levels = (struct form_list){only, 1};
    }
    struct level_value *levels = v->levels.items;
    if (levels[0].id == ID_SGTIN && levels[0].gtin.n == 0) levels[0].gtin = name;
    return levels_check(name, levels, v->levels.n);
}

static str gtin_key(char key[15], str gtin)
{
    assert(gtin.n == 14);
    key[0] = ROW_GTIN;
    memcpy(key + 1, gtin.p, 14);
    return (str){key, 15};
}

bool gtin_get(struct txn *t, const char gtin[14], struct gtin_row *out)
{
    char key[15];
    str v;

    if (!txn_get(t, DB_ROWS, gtin_key(key, (str){gtin, 14}), &v)) return false;
    struct bytes_r r = bytes_reader(v);
    out->product = (uint32_t)bytes_get_u(&r, 4);
    out->level = (uint8_t)bytes_get_u(&r, 1);
    out->client.v = (uint32_t)bytes_get_u(&r, 4);
    if (bytes_end(&r)) return true;
    txn_spoil(t, "store.corrupt", "the row of a GTIN");
    return false;
}

// A new market must like the pools that give this product's numbers already.
static status market_decide(struct decide *d, const struct product_value *v, const struct item *old)
{
    const struct market *m = market_find(v->market);
    const struct level_value *levels = v->levels.items;
    const struct site *site = d->app;
    struct product before = {0};

    if (m == NULL || site->pools_fit == NULL) return OK;
    if (old != NULL) TRY(product_get(d->t, old->number, d->arena, &before));
    for (uint32_t i = 0; i < v->levels.n; i++) {
        bool ruled = levels[i].gtin.n > 0 && (i == 0 || m->all_levels);
        if (ruled && market_of_level(&before, (uint8_t)i) != m)
            TRY(site->pools_fit(d, levels[i].gtin.p, m));
    }
    return OK;
}

// REQ EPCIS-1.2-URN: of GTINs that are new here
static status prefixes_decide(struct decide *d, const struct product_value *v, client_id client)
{
    const struct level_value *levels = v->levels.items;
    const struct site *site = d->app;
    struct gtin_row row;
    uint32_t i = 0;

    while (i < v->levels.n && (levels[i].gtin.n == 0 || gtin_get(d->t, levels[i].gtin.p, &row) ||
                               client_of_prefix(d->t, str_from(levels[i].gtin, 1)).v != 0))
        i++;
    if (i == v->levels.n || site->reads_urns == NULL || !site->reads_urns(d->t, client)) return OK;
    return fail(
        ST_CONFLICT, "prefix.unknown", 0,
        "levels[%u].gtin: of no client's company prefix, which a partner of EPCIS 1.2 needs", i);
}

static status product_decide(struct decide *d, const struct item_put *put, const struct item *old)
{
    const struct product_value *v = put->value;
    const struct level_value *levels = v->levels.items;
    struct gtin_row row;

    if (old != NULL && old->client.v != put->client.v)
        return fail(ST_CONFLICT, "product.client", 0, "client: a product stays its client's");
    for (uint32_t i = 0; i < v->levels.n; i++) {
        // A client may have a licensed product packed under its holder's prefix: that is no fault.
        if (levels[i].gtin.n == 0 || !gtin_get(d->t, levels[i].gtin.p, &row)) continue;
        if (old == NULL || row.product != old->number)
            return fail(ST_CONFLICT, "gtin.taken", 0, "levels[%u].gtin: another product has it", i);
        if (row.level != i)
            return fail(ST_CONFLICT, "gtin.level", 0, "levels[%u].gtin: it was of another level",
                        i);
    }
    TRY(prefixes_decide(d, v, put->client));
    return market_decide(d, v, old);
}

static void product_write(struct txn *t, const struct fact *f, const struct item *now,
                          const void *value)
{
    const struct product_value *v = value;
    const struct level_value *levels = v->levels.items;
    char key[15], row[9];

    (void)f;
    for (uint32_t i = 0; i < v->levels.n; i++) {
        if (levels[i].gtin.n == 0) continue;
        put_be(row, now->number, 4);
        put_be(row + 4, i, 1);
        put_be(row + 5, now->client.v, 4);
        txn_put(t, DB_ROWS, gtin_key(key, levels[i].gtin), (str){row, sizeof row});
    }
}

const struct item_noun noun_product = {.number = NOUN_PRODUCT,
                                       .word = "gtin",
                                       .unknown = "product.unknown",
                                       .form = &product_form,
                                       .reason_at = offsetof(struct product_value, reason),
                                       .kind = &kind_product_put,
                                       .name = product_name,
                                       .prepare = product_prepare,
                                       .decide = product_decide,
                                       .write = product_write};
const struct kind kind_product_put = {
    FACT_PRODUCT_PUT, 1, "product.put", item_put_decide, item_put_write, item_put_print,
    &noun_product};

const struct http_route product_routes[] = {
    ITEM_ROUTES("/v1/products", "{gtin}", noun_product),
    {0},
};

static status unknown(struct txn *t)
{
    TRY(txn_status(t));
    return fail(ST_NOT_FOUND, "product.unknown", 0, "there is no such product");
}

static status read_product(const struct item *i, struct arena *a, struct product *out)
{
    struct product_value v;

    TRY(item_value(&noun_product, i, a, &v));
    *out = (struct product){.number = i->number,
                            .version = i->version,
                            .client = i->client,
                            .name = v.name,
                            .market = v.market,
                            .holder = v.holder,
                            .level_count = v.levels.n};
    memcpy(out->gtin, i->name.p, sizeof out->gtin);
    const struct level_value *levels = v.levels.items;
    for (uint32_t k = 0; k < v.levels.n && k < PRODUCT_LEVELS_MAX; k++) {
        struct product_level *l = &out->levels[k];
        *l = (struct product_level){.level = levels[k].level,
                                    .is_sscc = levels[k].id == ID_SSCC,
                                    .quantity = (uint32_t)levels[k].quantity,
                                    .label_only = levels[k].label_only};
        if (levels[k].gtin.n == sizeof l->gtin) memcpy(l->gtin, levels[k].gtin.p, sizeof l->gtin);
    }
    return OK;
}

status product_get(struct txn *t, uint32_t number, struct arena *a, struct product *out)
{
    struct item i;

    return item_by_number(t, &noun_product, number, &i) ? read_product(&i, a, out) : unknown(t);
}

status product_get_version(struct txn *t, uint32_t number, uint32_t version, struct arena *a,
                           struct product *out)
{
    struct item i;

    return item_version(t, &noun_product, number, version, &i) ? read_product(&i, a, out)
                                                               : unknown(t);
}
