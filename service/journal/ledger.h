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
    client_id client;         // of the last fact that had one: its row is put when another's comes
    uint64_t client_no;       // how many facts it has
};

// `keys` belongs to whoever writes this ledger, from one transaction to the next.
struct ledger ledger_begin(struct txn *t, const struct kind *const *kinds, struct key_tail *keys);
// f->seq must be head.seq + 1; sets f->client_no. `record` gets the record's bytes (appended).
void ledger_write(struct ledger *l, struct fact *f, str packed_body, struct buf *record);
void ledger_end(struct ledger *l); // the rows of the head and of the last client's count
