// key_tail.h - the newest Idempotency-Keys in memory, before they go into rows 'I'.
//
// Keys are random, and a table of a million of them has its every row on another page: put one by
// one they were half of all pages that a commit writes. So a key waits here until the keys that are
// its neighbours are put, too. When that is follows from `seq` alone: keys lie in 8,192 buckets by
// their first bits, every sixteenth fact empties the next bucket into rows, and so each key is in a
// row at the latest 131,072 facts after its own. What waits is what the journal's newest facts say:
// nothing is lost in a crash, the start reads them again.
//
// A sieve of 1 MB knows which keys are certainly neither waiting nor in rows of the newest day, so
// that a new key costs no search of the table. After a start in the middle of a day with very many
// rows it is of use from the next day on.
//
// Owner: the committer, or whoever replays; key_tail_find may be asked by any thread.
#pragma once
#include "service/journal/idempotency.h"

struct key_tail;
struct key_tail *key_tail_new(void);
void key_tail_free(struct key_tail **k);

// Makes it what it is after fact `head`, whatever it was before: after a transaction that was given
// up it takes back what came since; when it is far from `head` it reads the journal's newest facts,
// and may fail as every read may.
status key_tail_at(struct key_tail *k, struct txn *t, uint64_t head);
// A fact was written: keeps its key if it has one, and empties the bucket that is due with it.
void key_tail_add(struct key_tail *k, struct txn *t, const struct fact *f);
// Any thread. May name a fact that is not yet committed.
bool key_tail_find(struct key_tail *k, const struct digest16 *key, struct bound *out);
// False: no row of `day` or of a later one has the key. Owner only.
bool key_tail_may_have_row(const struct key_tail *k, const struct digest16 *key, unsigned day);
