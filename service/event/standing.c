#include "service/event/standing.h"
#include "service/tree/cargo_db.h"

// What all containers above have together, and whether one of them is shipped.
static const struct unit *above(struct standing *s, unit_id parent)
{
    struct unit sum = {.state = UNIT_NONE};
    unsigned depth = 0;

    if (s->parent.v == parent.v) return &s->above;
    s->parent = parent;
    for (unit_id at = parent; at.v != 0 && depth < UNIT_DEPTH_MAX; depth++) {
        struct unit x = unit_one(s->t, at);
        sum.flags |= x.flags & UNIT_HANDED_DOWN;
        if (x.state == UNIT_SHIPPED) sum.state = UNIT_SHIPPED;
        at = x.parent;
    }
    s->above = sum;
    return &s->above;
}

static unsigned flags_of_lot(struct standing *s, uint32_t lot)
{
    struct lot_brief b;

    if (lot == 0) return 0;
    if (lot != s->lot)
        s->lot_flags = lot_brief_get(s->t, lot, &b) ? lot_unit_flags(b.state, b.held) : 0;
    s->lot = lot;
    return s->lot_flags;
}

struct unit standing_of(struct standing *s, const struct unit *own, uint32_t lot)
{
    struct unit u = *own;

    u.flags |= (uint8_t)flags_of_lot(s, lot);
    if (own->parent.v == 0) return u;
    const struct unit *up = above(s, own->parent);
    u.flags |= up->flags;
    if (up->state == UNIT_SHIPPED) u.state = UNIT_SHIPPED;
    return u;
}

unsigned standing_inside(struct standing *s, unit_id container)
{
    struct cargo c;

    cargo_get(s->t, container, &c);
    unsigned all = cargo_flags(&c);
    for (uint32_t i = 0; i < c.lot_count; i++) all |= flags_of_lot(s, c.lots[i].lot);
    return all;
}
