// delivery_db.h - the rows of deliveries: how far each partner is, what is parked, what was taken.
//
// glossary: a *delivery* is one fact that one partner must be told of. It is *parked* where the
// partner refused it (*rejected*) or where an earlier parked one shares a lot with it. A parked one
// that is *released* is sent again. Nothing is written for a delivery that merely waits.
#pragma once
#include "service/journal/journal_db.h"

#define PARKED_LOTS_MAX 64u
#define PARKED_ALL_LOTS 0u // stands for more lots than that: it shares with everything

struct partner_row {
    client_id client;
    uint64_t position; // every event up to it was accepted, parked or passed over
    uint64_t accepted; // facts
    uint32_t parked, released;
    wall failing_since; // 0: the last message was answered
    uint64_t outcome;   // seq of the newest outcome fact, 0
};

bool partner_row_get(struct txn *t, uint32_t partner, struct partner_row *out);
void partner_row_put(struct txn *t, uint32_t partner, const struct partner_row *row);
void partner_row_del(struct txn *t, uint32_t partner);

struct lots {
    uint32_t at[PARKED_LOTS_MAX]; // dense numbers, no order, none twice; or PARKED_ALL_LOTS alone
    uint32_t n;
};
void lots_add(struct lots *l, uint32_t lot); // 0 is no lot
bool lots_share(const struct lots *a, const struct lots *b);

struct parked {
    uint64_t seq;
    bool rejected;    // by the partner, or never understood here; else it waits behind such a one
    bool released;    // somebody said: send it again
    uint64_t outcome; // the fact that tells why
    struct lots lots;
};
bool parked_get(struct txn *t, uint32_t partner, uint64_t seq, struct parked *out);
// Writes the row and counts it in the row of the partner and in the rows of its lots.
void parked_put(struct txn *t, uint32_t partner, const struct parked *p);
void parked_del(struct txn *t, uint32_t partner, uint64_t seq);
// Does a parked one of this partner share a lot with it?
bool parked_blocks(struct txn *t, uint32_t partner, const struct lots *l);

// One that `p` stands behind: it is earlier, shares a lot, and nobody released it. False: there is
// none.
bool parked_before(struct txn *t, uint32_t partner, const struct parked *p, struct parked *out);

// Those of a partner in the order of their events, from `from` on.
struct parked_walk {
    struct walk w;
    char prefix[5], from[13];
};
void parked_walk(struct parked_walk *w, struct txn *t, uint32_t partner, uint64_t from);
bool parked_next(struct parked_walk *w, struct parked *out);

// Notes that a message whose last event is `seq` was taken, or one event apart from its neighbours.
void taken_put(struct txn *t, uint32_t partner, bool apart, uint64_t seq, uint64_t outcome);
// The outcome fact that may hold this event as taken; 0: none does.
uint64_t taken_find(struct txn *t, uint32_t partner, bool apart, uint64_t seq);
