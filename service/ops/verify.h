// verify.h - is the journal whole, and are all other rows what its facts yield?
#pragma once
#include "service/journal/kind.h"
#include "service/ops/folder.h"

struct verify_conf {
    const struct folder *folder; // its lock is held
    const struct kind *const *kinds;
    const char *scratch; // a folder on a disk with room for a copy of the ledger
    // Called now and then, with what is done of how much.
    void (*progress)(void *self, const char *step, uint64_t done, uint64_t of);
    void *self;
    bool may_be_behind; // head.json beside it may know more records
};

struct verify_result {
    uint64_t records, units; // units: that were ever given a state
    uint64_t published;      // records that head.json beside it knows; 0: there is none
};

// First the chain of links over all records, then a replay into a ledger of its own in `scratch`,
// which vanishes with the process at the latest, then both compared table by table.
// journal.broken and journal.differs name the records or the table. A journal that is shorter than
// head.json beside it says is journal.truncated; with another link there, journal.rewritten.
status verify_run(const struct verify_conf *conf, struct verify_result *out);
