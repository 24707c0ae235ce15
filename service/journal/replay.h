// replay.h - writes a journal's facts, in order, into an empty ledger, and compares two ledgers
// table by table. A table is a tag (of `rows`) or an attribute list.
#pragma once
#include "common/digest.h"
#include "service/journal/ledger.h"

struct replay_conf {
    struct db *from, *into; // `into` is empty or holds a beginning of `from`'s facts
    const struct kind *const *kinds;
    uint32_t batch; // facts a transaction
    void (*progress)(void *self, uint64_t seq, uint64_t of);
    void *self;
};

// Reads in short transactions. The links are recomputed and compared where `from` holds them;
// journal.broken names the first record where something departs.
status replay_run(const struct replay_conf *conf, uint64_t *records);

struct table_digest {
    uint8_t tag; // of rows; LIST_TAG for the lists; 0 for the journal's own records
    uint64_t rows;
    struct sha256 sum; // over length and bytes of every key and value, in key order
};
// At most `max` tables; how many there are.
size_t ledger_digests(struct txn *t, struct table_digest *out, size_t max);
// journal.differs names the first table that differs.
status ledger_compare(struct db *a, struct db *b);
