// journal_gather.h - facts that stand in no list of what they are about. Of lots: numbers asked for
// with a lot in mind (it may have been opened later), confirmed and returned; what was refused and
// what people did about it; holds of units that ended. Of one unit: refusals that name it, also of
// a name that is no unit's, and what people did about these and its other exceptions.
//
// They are gathered from the rows of requests, exceptions and holds before the first record is
// looked at, some rows at a time, so that no caller waits for the search of another.
#pragma once
#include "service/api/caller.h"
#include "service/gs1/id.h"
#include "service/lot/lot_db.h"

struct named_lot {
    client_id client;
    char number[4];      // as the lot's list is named
    uint64_t from, till; // seqs: holds that began before or after are none of its
    uint64_t next; // the first fact that names it, from where was looked last; UINT64_MAX: none
};

struct lots_wish {
    const struct caller *caller;
    str name; // empty: any
    bool by_product;
    uint32_t product;
};

struct unit_wish {
    const struct caller *caller;
    struct gs1_id id;
    unit_id unit; // {0}: nothing is known of it
};

struct journal_gather {
    struct lots_wish wish;
    const struct named_lot *lots;
    uint32_t lot_count;
    const struct unit_wish *unit; // instead of lots
    bool apart;                   // of each lot for itself
    // The walk: through requests, exceptions of each lot's client, holds; of a unit through the
    // exceptions of all clients, since whoever names another's has its own refusal.
    unsigned stage;
    uint32_t client; // whose exceptions are walked
    bool walking, resolved;
    uint64_t from;
    unsigned index;
    uint32_t looked;   // rows, in this turn
    struct buf found;  // what it is about and where, as journal_gather.c has it
    size_t begin, end; // of those sorted, which are told of
    size_t at;         // and where was looked last
    bool done;
};

// Wish and lots stay the caller's and must live on; lots ascend by number.
void journal_gather_begin(struct journal_gather *g, const struct lots_wish *wish,
                          const struct named_lot *lots, uint32_t n);
// One walk for many lots: of what it finds each has its own, see journal_gather_lot.
void journal_gather_begin_apart(struct journal_gather *g, const struct named_lot *lots, uint32_t n);
void journal_gather_begin_unit(struct journal_gather *g, const struct unit_wish *wish);
void journal_gather_end(struct journal_gather *g); // also of zeros
// A stretch of the rows; g->done: that was the last. journal.too_many (413).
status journal_gather_some(struct journal_gather *g, struct txn *t, struct arena *scratch);
// Of lots apart, once that is done: from here on is told of this one, in whatever order of lots.
void journal_gather_lot(struct journal_gather *g, uint32_t lot);
// The first one gathered from `from` on; UINT64_MAX: none. `from` only grows.
uint64_t journal_gather_next(struct journal_gather *g, uint64_t from);
uint64_t journal_gather_last(const struct journal_gather *g); // of all; 0: none
