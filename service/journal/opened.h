// opened.h - the first fact: whose journal this is.
#pragma once
#include "service/journal/kind.h"

#define FORMAT_NOW 1 // of the data folder; a newer one is refused, an older one upgraded

struct journal_meta {
    uint16_t format;          // of the folder that these facts were first written to
    uint16_t smallest_reader; // the oldest format whose programs may read them
    uint8_t journal_id[16];   // random
    str created_by;           // "packtrail 0.1.0"
    uint32_t epoch;           // of the first site key, 1
    uint8_t key_check[8];     // HKDF(site key, "packtrail check 1"), service/pool/site_key.h
};

extern const struct kind kind_journal_opened; // ask: struct journal_meta
// journal.not_opened where the ledger is empty; created_by lies in the arena.
status journal_meta_get(struct txn *t, struct arena *a, struct journal_meta *out);
