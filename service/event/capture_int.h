// capture_int.h - one captured event being decided, as the files that decide it share it:
//
//     capture_judge.c   the whole event: a repeat? does it wait? its header; what waited, again
//     capture_named.c   the units that it is about, with what it empties or ends
//     capture_one.c     what becomes of one of them
//     capture_party.c   what parties do with goods that were handed to them
//
// Each unit is looked at once, in the order of the runs: the parent, the first list, the outputs of
// a transformation, and what an emptied or ended container held. Runs in the committer.
#pragma once
#include "service/event/capture.h"
#include "service/event/capture_guard.h"
#include "service/tree/depth.h"

struct capturing {
    struct decide *d;
    const struct capture_ask *ask;
    uint64_t event; // applied: the seq of the event that waited; else 0
    struct judge j; // headers, sorts, offenders, how units stand
    struct capture_guard guard;
    struct depth depth; // of the parent; n 0: not looked at yet
    struct level_reader levels;
    struct owner_reader owners;
    struct client_profile profile; // where the act asks for it
    // The units:
    unit_id *units;
    uint32_t *under; // of what a container's end brings along: the container's place + 1; else 0
    uint32_t n;
    struct runs named; // those of the ask, ascending, where the act asks for it
    bool lot_known, lot_asked;
    struct lot lot_told; // the lot that the event tells, where it is known; its numbers alone
    // What becomes of them:
    uint32_t *effects;                     // one a unit: enum captured_effect
    uint32_t lot;                          // of the first own unit
    bool parent_bad;                       // the parent's act was not taken: so are the children's
    uint32_t moved;                        // children put in or taken out
    bool begun;                            // some own unit begins
    bool waits;                            // nothing is done yet
    uint64_t reads;                        // of newest_against
    struct captured_exception *exceptions; // own.exceptions
    struct captured_event own;
};

// ---- capture_named.c

// Fills the units, and with them the profile and effects. request.memory
status capturing_units(struct capturing *c);

// ---- capture_one.c

// `unit`: its place + 1; 0: of the event itself.
void capturing_except(struct capturing *c, enum capture_exception code, uint32_t unit);
// The same, where exceptions are refusals of the whole event, too.
void capturing_refuse(struct capturing *c, enum capture_exception code, const char *says);
// An own number that may still begin. Foreign units begin elsewhere, nobody waits for them.
bool capturing_begins(const struct capturing *c, uint32_t i, const struct unit *x);
void capturing_one(struct capturing *c, uint32_t i, struct unit_rows *rows); // sets its effect
// After all of them: what became of the parent, and its counters.
void capturing_parent(struct capturing *c);

// ---- capture_party.c

struct passing {
    unit_id u;
    struct unit x;
    unsigned sort;
    enum unit_act act; // ACT_SHIP_TOLD, ACT_RECEIVE
};
// Is it out, and was it handed to the party that the event has it shipped from, or received by?
bool capturing_is_passed(struct capturing *c, const struct passing *p);
// By the guards of shipments.forwarded and receipts. 0 or enum capture_exception; *effect: what
// becomes of it.
unsigned capturing_pass_on(struct capturing *c, const struct passing *p, unsigned *effect);

static inline bool act_ends(enum unit_act act)
{
    return act == ACT_DECOMMISSION || act == ACT_DESTROY;
}
