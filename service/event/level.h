// level.h - which packaging level a unit counts with in the counters of its lot.
#pragma once
#include "service/lot/lot.h"
#include "service/pool/names.h"

struct level_reader { // remembers the shape of the lot asked for last
    struct txn *t;
    struct names *names; // NULL in a write: what a space is, is read from its row then
    struct arena *arena;
    uint32_t lot;
    struct shape shape;
};

// The shape of the lot's product; NULL where the store is in trouble.
const struct shape *level_shape(struct level_reader *r, uint32_t lot);
// Of an SGTIN the level of its GTIN; of an SSCC what lot_db.h says, read from what it holds now.
// `lot` is the unit's own, of its first event. What began elsewhere is of level 0.
uint8_t level_of_unit(struct level_reader *r, unit_id u, uint32_t lot);
// Is its GTIN one of the version of the product that the lot was opened with? SSCCs have none.
bool level_is_of_lot(struct level_reader *r, unit_id u, uint32_t lot);
