// cargo_db.h - what a container holds at any depth, as far as shipping asks: the lots of its trade
// items, what is marked (on hold, recalled, lost, stolen), containers left open, how deep they lie.
// Kept as it is filled, emptied and marked, so that asking costs one read, however much it holds.
//
// row '5' container 8 -> late var, open var, marks 1 (bit i: marked[i] follows; CARGO_MANY), marked
//     var each, with CARGO_DEEP depths 1, deep var each, then lots: lot var, trade items var each
// A container of packs of one lot, none of them marked, has no row: its children say the same.
#pragma once
#include "common/db.h"
#include "service/unit/run.h"

#define CARGO_LOTS_MAX 100u // told one by one; of more none is told, and whoever asks must look
#define CARGO_MANY     0x80u
#define CARGO_DEEP     0x40u

// So many containers lie in one another at most; a product names far fewer levels.
#define CONTAINERS_DEEP 16u

enum { CARGO_HOLD, CARGO_RECALLED, CARGO_LOST, CARGO_STOLEN, CARGO_MARKS };

struct cargo_lot {
    uint32_t lot;   // dense; 0: of units whose lot is not known
    uint64_t count; // of units that are no SSCCs: theirs say only whose they are
};
struct cargo {
    uint64_t marked[CARGO_MARKS]; // units inside, by flags of their own
    uint64_t open;                // containers inside
    uint64_t late;                // newest fact that names what lies in it and not itself; 0: none
    // Containers inside, right in it first, then those in these … A unit that began elsewhere
    // counts as one: it may be.
    uint64_t deep[CONTAINERS_DEEP - 1];
    bool many;
    uint32_t lot_count;
    struct cargo_lot lots[CARGO_LOTS_MAX];
};

void cargo_get(struct txn *t, unit_id container, struct cargo *out);
unsigned cargo_flags(const struct cargo *c); // enum unit_flag, of all inside together
// How many containers lie in one another inside it. One read.
unsigned cargo_height(struct txn *t, unit_id container);

// Units lie in a container and flags of their own change, or a fact names them: all containers
// around are told. Neighbours in one container cost as much as one.
struct cargo_marking {
    struct txn *t;
    uint64_t seq; // of the fact
    unit_id parent;
    int64_t more[CARGO_MARKS];
};
void cargo_mark(struct cargo_marking *m, unit_id parent, unsigned before, unsigned after);
void cargo_mark_end(struct cargo_marking *m);

// For tree_db.c, before the rows of children are changed.
void cargo_added(struct txn *t, unit_id parent, const struct runs *more);
void cargo_removed(struct txn *t, unit_id parent, const struct runs *gone);
void cargo_cleared(struct txn *t, unit_id parent);
