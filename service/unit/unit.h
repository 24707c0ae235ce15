// unit.h - the life of a pack or a container: states, acts, flags. Pure.
//
// glossary: a *unit* is whatever has a number of its own: a pack, a case, a pallet. A *container*
// is a unit that others are put into: an SSCC, or an SGTIN of a level above the innermost. A
// *space* is one epoch of one pool; an *ordinal* counts the numbers of a space from 0.
#pragma once
#include "common/status.h"

typedef struct {
    uint64_t v; // space 24 bits | ordinal 40 bits; 0 is no unit (space 0 is never given)
} unit_id;

#define ORDINAL_BITS 40
#define ORDINAL_MAX  ((UINT64_C(1) << ORDINAL_BITS) - 1)

static inline unit_id unit_id_of(uint32_t space, uint64_t ordinal)
{
    return (unit_id){(uint64_t)space << ORDINAL_BITS | ordinal};
}
static inline uint32_t unit_space(unit_id u) { return (uint32_t)(u.v >> ORDINAL_BITS); }
static inline uint64_t unit_ordinal(unit_id u) { return u.v & ORDINAL_MAX; }

// The numbers lie on disk for ever (FORMS, "Unit row").
enum unit_state {
    UNIT_NONE = 0, // row never written: allocated if the number was issued
    UNIT_ALLOCATED = 1,
    UNIT_PRINTED = 2,
    UNIT_COMMISSIONED = 3,
    UNIT_SCRAPPED = 4,
    UNIT_LABEL_SAMPLED = 5,
    UNIT_SAMPLED = 6,
    UNIT_INACTIVE = 7,
    UNIT_DESTROYED = 8,
    UNIT_SHIPPED = 9,
    UNIT_RETURNED_TO_OWNER = 10,
    UNIT_INVALID = 11,
    UNIT_DISSOLVED = 12,
    UNIT_OPEN = 13,
    UNIT_CLOSED = 14,
    UNIT_STATES
};

enum unit_flag {
    UNIT_HOLD = 1,
    UNIT_RECALLED = 2,
    UNIT_LOST = 4,
    UNIT_STOLEN = 8,
    UNIT_RECEIVED_BACK = 16,
    UNIT_PARTIAL = 32,
    UNIT_SEEN = 64,
    UNIT_LATE = 128 // its newest event is older than one before it; never shown
};

struct unit {
    enum unit_state state;
    uint8_t flags;
    uint8_t often;  // about the logarithm of how many captured events named it, 0..15
    uint64_t first; // seq of the event that gave the unit its lot, 0 before
    uint64_t last;  // seq of its newest event, 0 before
    unit_id parent;
};

// What can be done to a unit. Each act is one row of the table for each state it is allowed from;
// what is not listed is refused.
enum unit_act {
    ACT_COMMISSION,  // a pack is good, a container begins
    ACT_SCRAP,       // a label that never came onto a good pack
    ACT_RETURN,      // a number goes back to its owner, never printed
    ACT_PACK_INTO,   // be the parent of a pack
    ACT_BE_PACKED,   // be a child
    ACT_UNPACK_FROM, // be the parent of an unpack
    ACT_BE_UNPACKED,
    ACT_CLOSE, // a container is full, or closed short of it
    ACT_SHIP,
    ACT_COUNT
};

enum unit_sort {
    SORT_PACK,     // of the innermost level
    SORT_CONTAINER // SSCC, or SGTIN of a level above
};

const char *unit_state_name(enum unit_state s); // "commissioned"
const char *unit_act_name(enum unit_act a);     // "commission"

// The state after `act`, or ST_CONFLICT with a code that tells which rule forbids it; *next is
// untouched then. Judges state, parent and flags together (STATES, guards 1 and 4).
status unit_step(enum unit_sort sort, const struct unit *u, enum unit_act act,
                 enum unit_state *next);
// How it is shown: "packed" for a commissioned unit with a parent.
const char *unit_shown(const struct unit *u);
