// journal_db.h - the rows of the journal: records and their links, the head, the count of each
// client's facts.
//
// Every function takes a transaction; its trouble sticks there (common/db.h).
#pragma once
#include "common/db.h"
#include "service/journal/fact.h"

#define LINK_EVERY 1000u // a link is kept at every 1,000th record, the rest recomputed

struct journal_head {
    uint64_t seq; // of the newest record; 0: empty
    struct link link;
    wall at; // its recordTime
};

struct journal_head journal_head_get(struct txn *t);
void journal_head_put(struct txn *t, const struct journal_head *h);

// Appends one record; `record` is what record_write(f) gave. `packed_body` is the body as zlib
// deflated it, or empty where it is stored raw.
void journal_append(struct txn *t, const struct fact *f, str record, str packed_body);
// Reads a record whole into the arena. journal.no_record when there is none.
status journal_get(struct txn *t, uint64_t seq, struct arena *a, struct fact *out);
// The same, and the body as it is stored (empty where it is stored raw).
status journal_get_packed(struct txn *t, uint64_t seq, struct arena *a, struct fact *out,
                          str *packed_body);
// The same, but only what the header says; body and decided stay empty. Cheap: one get.
status journal_get_header(struct txn *t, uint64_t seq, struct fact *out);
bool journal_link_get(struct txn *t, uint64_t seq, struct link *out); // multiples of LINK_EVERY
void journal_link_put(struct txn *t, uint64_t seq, const struct link *l);

uint64_t client_count_get(struct txn *t, client_id c);
void client_count_put(struct txn *t, client_id c, uint64_t n);

// A named counter of the ledger, for dense numbers: the next one, starting at 1.
enum counter {
    COUNTER_CLIENT,
    COUNTER_ACTOR,
    COUNTER_SPACE,
    COUNTER_LOT,
    COUNTER_ITEM,
    COUNTER_SHIPMENT,
    COUNTER_IMPORT,
    COUNTER_SUBSCRIPTION = 16
};
uint64_t counter_get(struct txn *t, enum counter c); // how many have been given
void counter_put(struct txn *t, enum counter c, uint64_t given);
