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
    UNIT_UNALLOCATED = 15, // in no row: returned, and lies in its pool
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

// What a container hands down to what lies in it; `partial` and `seen` speak of itself alone.
#define UNIT_HANDED_DOWN (UNIT_HOLD | UNIT_RECALLED | UNIT_LOST | UNIT_STOLEN | UNIT_RECEIVED_BACK)
#define UNIT_DEPTH_MAX   64u // containers within containers; more is a damaged store

struct unit {
    enum unit_state state;
    uint8_t flags;
    uint8_t often;  // about the logarithm of how many captured events named it, 0..15
    uint64_t first; // seq of the event that gave the unit its lot, 0 before
    uint64_t last;  // seq of its newest event, 0 before
    unit_id parent;
};

// What can be done to a unit; schemas/states.txt says from which state each is allowed, and a test
// holds the table to it. The numbers lie on disk.
//
// Captured events say nothing of closing: what they pack into is closed by that, and what they ship
// or pack may be open. That is what the acts called *told* are for; all others are one for all
// doors.
//      name            number  word
#define UNIT_ACTS(X)                                                                               \
    X(COMMISSION, 1, "commission") /* a pack is good, a container begins */                        \
    X(PRINT, 2, "print")                                                                           \
    X(SCRAP, 3, "scrap")               /* a label that never came onto a good pack */              \
    X(LABEL_SAMPLE, 4, "label sample") /* a label kept for the batch record */                     \
    X(RETURN, 5, "return")             /* a number goes back to its owner, never printed */        \
    X(INVALIDATE, 6, "invalidate")     /* a number that shall never be used */                     \
    X(PACK_INTO, 7, "pack into")       /* be the parent of a pack */                               \
    X(BE_PACKED, 8, "pack")            /* be a child */                                            \
    X(UNPACK_FROM, 9, "unpack from")                                                               \
    X(BE_UNPACKED, 10, "unpack")                                                                   \
    X(CLOSE, 11, "close") /* a container is full, or closed short of it */                         \
    X(SAMPLE, 12, "sample")                                                                        \
    X(DECOMMISSION, 13, "decommission")                                                            \
    X(DESTROY, 14, "destroy")                                                                      \
    X(HOLD, 15, "hold")                                                                            \
    X(END_HOLD, 16, "end hold") /* signed by QA */                                                 \
    X(RECALL, 17, "recall")                                                                        \
    X(LOSE, 18, "lose")                                                                            \
    X(STEAL, 19, "steal")                                                                          \
    X(FIND, 20, "find")                                                                            \
    X(SHIP, 21, "ship")                                                                            \
    X(VOID_SHIP, 22, "void shipment")                                                              \
    X(RECEIVE, 23, "receive") /* by whom it was shipped to */                                      \
    X(RECEIVE_BACK, 24, "receive back")                                                            \
    X(PACK_INTO_TOLD, 25, "pack into as told")                                                     \
    X(BE_PACKED_TOLD, 26, "pack as told")                                                          \
    X(SHIP_TOLD, 27, "ship as told")                                                               \
    X(RELABEL, 28, "relabel") /* what it is gets a new number; told as what that means */          \
    X(UNPACK_FROM_TOLD, 29, "unpack from as told")                                                 \
    X(UNSAMPLE, 30, "unsample") /* it was never taken, as a signed correction says */

enum unit_act {
#define X(name, number, word) ACT_##name = (number),
    UNIT_ACTS(X)
#undef X
        ACT_END
};

enum unit_sort {        // bits: a foreign unit is of two sorts
    SORT_PACK = 1,      // of the innermost level
    SORT_CONTAINER = 2, // SSCC, or SGTIN of a level above
    SORT_FOREIGN = 4    // of no pool of the client: it began elsewhere
};

struct unit_change {
    enum unit_state to;
    uint8_t set, clear; // enum unit_flag
};

const char *unit_state_name(enum unit_state s); // "commissioned"
const char *unit_act_name(enum unit_act a);     // "commission"
// An act's flags: those that forbid it, those it sets, those it clears.
struct unit_act_flags {
    uint8_t forbid, set, clear;
    bool own; // its container's flags do not matter
};
struct unit_act_flags unit_act_flags(enum unit_act a);

// What `act` changes, or ST_CONFLICT with a code that tells which rule forbids it; *out is
// untouched then. Judges state, parent and flags together (STATES, guards 1 and 4). `u` is the unit
// as it is told: what it has from its containers and its lot included.
status unit_step(unsigned sorts, const struct unit *u, enum unit_act act, struct unit_change *out);
// The same of a unit that lies somewhere: `stands` is it as it is told, `own` what its row says.
// Acts whose own flags alone count see the others' not; a state that stays is the row's.
status unit_step_inside(unsigned sorts, const struct unit *own, const struct unit *stands,
                        enum unit_act act, struct unit_change *out);
// What its container, by itself, was stopped for, a unit that comes out of it takes along: flags.
static inline uint8_t unit_takes_along(const struct unit *own, const struct unit *stands)
{
    return stands->flags & ~own->flags & (UNIT_HOLD | UNIT_RECALLED);
}
static inline void unit_apply(struct unit *u, const struct unit_change *c)
{
    u->state = c->to;
    u->flags = (uint8_t)((u->flags & ~c->clear) | c->set);
}
// How it is shown: "packed" for a commissioned unit with a parent.
const char *unit_shown(const struct unit *u);
