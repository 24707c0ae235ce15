// recover.h - after a restore: the facts that move pools past what the lost machine gave out, and
// the one that lets them give numbers again.
//
// `numbers.recovered` is an issue that nobody here remembers: the same decided part, written by the
// same rows, as a request that is confirmed and has no line, lot or order. So its numbers are known
// again, may be reported and returned, and are never given again. In a site's daily life it moves a
// mark past numbers that lists have taken (service/pool/issue.h), and gives none.
#pragma once
#include "service/access/second.h"
#include "service/pool/issue.h"

struct recover_ask {
    uint32_t pool, space;
    bool opens;     // a space of a newer epoch that this journal knows nothing of
    uint32_t epoch; // of the one that is opened
    uint64_t to;    // ordinals below it were given
};
// Where the space has come that far there is no fact. Codes: evidence.pool, evidence.mark (beyond
// the space), evidence.space (another has that number), pool.crowded.
extern const struct kind kind_numbers_recovered; // ask: struct recover_ask

struct advanced_evidence {
    str name; // of the file
    struct digest16 sum;
    uint64_t numbers; // in it
};
struct advance_ask {
    const struct advanced_evidence *files;
    uint32_t n;
    str reason, by;   // of who accepts what the evidence leaves open; empty: nobody had to
    bool tests_names; // some numbers are of no pool that there is now
    bool evident;     // the files say what was given since the backup
    struct second_pair pair;
};
// Unfreezes. evidence.none: nothing is known of numbers given since, and no reason; act.second:
// nobody has signed it.
extern const struct kind kind_pools_advanced, kind_pools_advanced_1; // ask: struct advance_ask
