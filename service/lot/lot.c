#include "service/lot/lot.h"
#include "service/gs1/id.h"
#include "service/pool/pool_db.h"
#include <string.h>

struct shape shape_of(const struct product *p)
{
    struct shape s = {.product = p->number, .levels = (uint8_t)p->level_count};

    assert(p->level_count >= 1 && p->level_count <= PRODUCT_LEVELS_MAX);
    for (uint8_t i = 0; i < s.levels; i++) {
        s.level[i].is_sscc = p->levels[i].is_sscc;
        s.level[i].label_only = p->levels[i].label_only;
        s.level[i].quantity = p->levels[i].quantity;
        memcpy(s.level[i].gtin, p->levels[i].gtin, sizeof s.level[i].gtin);
    }
    return s;
}

bool shape_has_gtin(const struct shape *s, uint8_t level, const char gtin[14])
{
    return level < s->levels && memcmp(s->level[level].gtin, gtin, 14) == 0;
}

status lot_code_check(const struct lot *lot, str said_lot, str said_expiry)
{
    struct date said;

    if (said_lot.n > 0 && !str_eq(said_lot, lot->lot))
        return fail(ST_CONFLICT, "unit.lot_differs", 0, "it was made in another lot");
    if (said_expiry.n == 0 || lot->expiry.year == 0) return OK;
    status st = gs1_date_read(said_expiry, lot->expiry.year, &said);
    if (st.cls == ST_OK && date_days(said) == date_days(lot->expiry)) return OK;
    return fail(ST_CONFLICT, "unit.expiry_differs", 0, "it expires at another date");
}

status lot_expiry_check(const struct lot *lot, wall at)
{
    if (!lot_is_over(lot->expiry, at)) return OK;
    return fail(ST_CONFLICT, "lot.expired", 0,
                "lot: it expired on %.*s, nothing more is commissioned for it",
                STR(lot->expiry_printed));
}

status shape_of_lot(struct txn *t, const struct lot_brief *lot, struct arena *a, struct shape *out)
{
    struct product p;

    TRY(product_get_version(t, lot->product, lot->product_version, a, &p));
    *out = shape_of(&p);
    return OK;
}

static bool is_sscc(const struct shape *s, uint8_t level)
{
    return s->level[level].is_sscc && !s->level[level].label_only;
}

uint8_t shape_sscc_levels(const struct shape *s)
{
    uint8_t n = 0;

    for (uint8_t i = 0; i < s->levels; i++) n = (uint8_t)(n + is_sscc(s, i));
    return n;
}

uint8_t shape_sscc_empty(const struct shape *s)
{
    for (uint8_t i = 0; i < s->levels; i++)
        if (is_sscc(s, i)) return i;
    return LEVEL_SSCC;
}

// What holds more than the product foresees counts with its outermost SSCCs.
uint8_t shape_sscc_over(const struct shape *s, uint8_t below)
{
    uint8_t outermost = LEVEL_SSCC;

    for (uint8_t i = 0; i < s->levels; i++) {
        if (!is_sscc(s, i)) continue;
        outermost = i;
        if (i > below) break;
    }
    return outermost;
}

int shape_below(const struct shape *s, uint8_t level)
{
    for (int i = (int)level - 1; i >= 0; i--)
        if (i < s->levels && !s->level[i].label_only) return i;
    return -1;
}

uint64_t shape_nominal(const struct shape *s, uint8_t above, uint8_t below)
{
    uint64_t n = 1;

    if (above >= s->levels || shape_below(s, above) != below) return 0;
    for (uint8_t i = above; i > below; i--)
        if (n <= UINT32_MAX) n *= s->level[i].quantity; // far more than any container takes
    return n;
}

bool shape_has_above(const struct shape *s, uint8_t level)
{
    for (uint8_t i = (uint8_t)(level + 1); i < s->levels; i++)
        if (!s->level[i].label_only) return true;
    return false;
}

void lot_asked(struct txn *t, const struct lot *lot, const struct product *p, struct lot_counts *c,
               uint64_t returned[PRODUCT_LEVELS_MAX])
{
    struct shape s = shape_of(p);

    memset(returned, 0, PRODUCT_LEVELS_MAX * sizeof *returned);
    for (uint32_t i = 0; i < p->level_count; i++) {
        if (p->levels[i].is_sscc) continue;
        // SSCCs are asked for with the lot and any GTIN of its product
        for (unsigned sscc = 0; sscc < 2; sscc++) {
            struct asked_of of = {lot->client, p->levels[i].gtin, lot->lot, sscc != 0};
            struct asked a = asked_get(t, &of);
            uint8_t level = sscc ? shape_sscc_empty(&s) : (uint8_t)i;
            c->level[level].issued += a.requested;
            c->unconfirmed += a.unconfirmed;
            returned[level] += a.returned;
        }
    }
}
