// lot_leaving.h - may what is of a lot leave the site? One rule for shipments and for captured
// events that tell of one (STATES, guard 6).
#pragma once
#include "service/client/client.h"
#include "service/lot/lot_db.h"

// NULL: it may. lot.on_hold, lot.recalled, lot.unreleased, lot.open
static inline const char *lot_stays(const struct lot_brief *b, uint8_t ship_rule)
{
    if (b->held) return "lot.on_hold";
    if (b->state == LOT_RECALLED) return "lot.recalled";
    if (ship_rule == SHIP_QUARANTINE || b->state == LOT_RELEASED) return NULL;
    if (b->state == LOT_CLOSED) return ship_rule == SHIP_CLOSED ? NULL : "lot.unreleased";
    return "lot.open";
}
