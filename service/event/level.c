#include "service/event/level.h"
#include "service/tree/tree_db.h"

const struct shape *level_shape(struct level_reader *r, uint32_t lot)
{
    struct lot_brief b;

    if (lot == r->lot && lot != 0) return &r->shape;
    r->lot = 0;
    if (!lot_brief_get(r->t, lot, &b)) return NULL;
    status st = shape_of_lot(r->t, &b, r->arena, &r->shape);
    if (st.cls != ST_OK) {
        txn_spoil(r->t, "store.corrupt", "the product of a lot");
        return NULL;
    }
    r->lot = lot;
    return &r->shape;
}

static bool is_sscc(const struct space_row *s) { return s->level == 0xff; }

static bool space_of(struct level_reader *r, unit_id u, struct space_row *out)
{
    if (r->names == NULL) return space_get(r->t, unit_space(u), out);
    const struct space_row *s = names_space(r->names, r->t, unit_space(u));
    if (s != NULL) *out = *s;
    return s != NULL;
}

// Down the first of what each holds; no product has more levels than this goes deep.
uint8_t level_of_unit(struct level_reader *r, unit_id u, uint32_t lot)
{
    struct space_row s = {0};
    bool known = space_of(r, u, &s);
    const struct shape *shape;
    unsigned deep = 0;

    if (known && !is_sscc(&s)) return s.level;
    shape = known ? level_shape(r, lot) : NULL;
    if (shape == NULL) return LEVEL_SSCC;
    if (shape_sscc_levels(shape) < 2) return shape_sscc_empty(shape);
    while (known && is_sscc(&s) && deep <= PRODUCT_LEVELS_MAX) {
        unit_id first = children_first(r->t, u);
        if (first.v == 0) break;
        u = first;
        known = space_of(r, u, &s);
        deep++;
    }
    bool empty = !known || is_sscc(&s);
    uint8_t level = empty ? shape_sscc_empty(shape) : s.level;
    for (unsigned i = 0; i < deep; i++) level = shape_sscc_over(shape, level);
    return level;
}

// The innermost GTIN is the product's own in every version.
bool level_is_of_lot(struct level_reader *r, unit_id u, uint32_t lot)
{
    struct space_row s = {0};

    if (!space_of(r, u, &s) || is_sscc(&s) || s.level == 0 || s.product == 0) return true;
    const struct shape *shape = level_shape(r, lot);
    return shape == NULL || shape_has_gtin(shape, s.level, s.gtin);
}
