// lot_leaving.h - may what is of a lot leave the site? One rule for shipments and for captured
// events that tell of one (STATES, guard 6).
#pragma once
#include "service/client/client.h"
#include "service/lot/lot_db.h"

enum lot_stay {
    LOT_LEAVES,
    LOT_STAYS_HELD,
    LOT_STAYS_RECALLED,
    LOT_STAYS_UNRELEASED,
    LOT_STAYS_OPEN
};

static inline enum lot_stay lot_stays(const struct lot_brief *b, uint8_t ship_rule)
{
    if (b->held) return LOT_STAYS_HELD;
    if (b->state == LOT_RECALLED) return LOT_STAYS_RECALLED;
    if (ship_rule == SHIP_QUARANTINE || b->state == LOT_RELEASED) return LOT_LEAVES;
    if (b->state == LOT_CLOSED) return ship_rule == SHIP_CLOSED ? LOT_LEAVES : LOT_STAYS_UNRELEASED;
    return LOT_STAYS_OPEN;
}
