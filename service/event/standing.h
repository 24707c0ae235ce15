// standing.h - a unit as guards judge it: its own row, and what its containers and its lot add. A
// unit in a shipped container is shipped; one of a lot on hold is on hold. Nothing of this is
// stored (DESIGN, "No act grows with what it stands for"); unit_view.h tells people the same.
#pragma once
#include "service/lot/lot_db.h"
#include "service/unit/unit_db.h"

struct standing { // of one transaction; neighbours have the same containers and lot
    struct txn *t;
    unit_id parent; // looked at last
    struct unit above;
    uint32_t lot; // likewise
    unsigned lot_flags;
};

// `lot`: the unit's own; 0 for a logistic unit, whose lot says whose it is and nothing more.
struct unit standing_of(struct standing *s, const struct unit *own, uint32_t lot);
// What lies in a container, at any depth, is and its lots are: enum unit_flag, of all together.
unsigned standing_inside(struct standing *s, unit_id container);
