// cargo.h - what a container to be shipped holds, as far as the rules of shipping ask: the lots of
// its packs, whether any of it is on hold, and how new its events are.
#pragma once
#include "service/journal/site.h"
#include "service/unit/unit.h"

struct cargo {
    uint64_t seen;  // the container's last event when this was looked up
    uint32_t *lots; // dense, each once, of all that are no SSCCs: theirs say only whose they are
    uint32_t lot_count;
    unsigned flags;  // enum unit_flag, of all inside together
    uint64_t newest; // seq of the newest event of any of them
};

// Of any unit, a single pack too. Costs what it holds: it is looked up on the loop, and on the
// committer only for what was changed in between. While a container's last event stands, so does
// what it holds, for nothing is taken from within before it is taken apart from outside.
status cargo_of(const struct site *site, struct txn *t, struct arena *a, unit_id u,
                struct cargo *out);
