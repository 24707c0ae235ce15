// hold_db.h - the rows of holds. A hold is known by the fact that began it, which says what it
// holds: `units.changed`, a captured event, or `lot.held`.
#pragma once
#include "service/journal/kind.h"
#include "service/unit/unit.h"

struct hold {
    uint64_t id; // seq of the fact
    bool ended;
    client_id client;
    uint32_t lot;   // that is held; 0: units are
    uint64_t units; // how many
    uint64_t end;   // seq of the fact that released it, 0
};
bool hold_get(struct txn *t, uint64_t id, struct hold *out);
void hold_put(struct txn *t, const struct hold *h);
void hold_end(struct txn *t, struct hold *h, uint64_t end);

// Is it on the lot, or on units of it? Of these the lot's list has the fact that began it.
bool hold_is_of_lot(struct txn *t, const struct hold *h, client_id client, uint32_t lot);

// Holds that have ended, or have not, oldest first, from `id` on.
struct hold_walk {
    struct walk walk;
    char from[10];
};
void hold_walk_open(struct hold_walk *w, struct txn *t, bool ended, uint64_t from);
bool hold_walk_next(struct hold_walk *w, struct hold *out);
