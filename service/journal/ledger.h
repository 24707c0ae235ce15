// ledger.h - writes facts, in order, into rows: what the committer, a catching-up and a replay
// have in common. The ledger is what writing the facts of the journal in order yields.
#pragma once
#include "service/journal/key_tail.h"
#include "service/journal/kind.h"

struct ledger {
    struct txn *t;
    const struct kind *const *kinds;
    struct key_tail *keys;    // NULL: the transaction is spoilt
    struct journal_head head; // after the last fact written
    uint32_t term;            // of new facts (restored.h)
    client_id client;         // of the last fact that had one: its row is put when another's comes
    uint64_t client_no;       // how many facts it has
};

// What whoever writes a ledger keeps from one transaction to the next. Nothing in it needs to be
// saved: the journal tells it again.
struct ledger_memory {
    struct key_tail *keys;
    struct list_notes *notes;
};
void ledger_memory_init(struct ledger_memory *m);
void ledger_memory_fini(struct ledger_memory *m);

struct ledger ledger_begin(struct txn *t, const struct kind *const *kinds, struct ledger_memory *m);
// f->seq must be head.seq + 1; sets f->client_no. `record` gets the record's bytes (appended).
void ledger_write(struct ledger *l, struct fact *f, str packed_body, struct buf *record);
void ledger_end(struct ledger *l); // the rows of the head, of the last client's count, of lists
