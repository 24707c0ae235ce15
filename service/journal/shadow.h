// shadow.h - feeds a ledger with the facts of a journal that others go on writing: what a backup
// is made of (DESIGN, "Shadow").
//
// Facts are read in snapshots of at most `records` records or `read_ms`, and written, by the same
// kinds, while no snapshot is held: the store that is read from never keeps old pages for it.
// Nothing is committed that a link of the journal has not proven: a transaction ends at a record
// whose link is kept, or at the head.
#pragma once
#include "service/journal/ledger.h"

#define SHADOW_RECORDS 1000u
#define SHADOW_READ_MS 50

struct shadow_conf {
    struct db *from, *into; // `into`: empty, or fed before
    const struct kind *const *kinds;
    const struct env *env;
    uint32_t records; // 0: SHADOW_RECORDS
    int64_t read_ms;  // 0: SHADOW_READ_MS
    // After each transaction; false: enough.
    bool (*progress)(void *self, uint64_t seq, uint64_t of);
    void *self;
};

struct shadow_result {
    struct journal_head head; // of `into`
    uint64_t fed;             // records
    uint64_t snapshots;       // that were taken of `from`
    int64_t longest_ms;       // of them
};

// Up to the head that `from` has when this begins. Codes: shadow.other (what is in `into` is no
// beginning of the journal), journal.broken (a record departs; the transaction is undone), store.*.
status shadow_feed(const struct shadow_conf *conf, struct shadow_result *out);
