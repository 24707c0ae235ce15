// batch_int.h - what the files of a batch share while its transaction is open:
//
//     batch.c      begins, has the jobs done, appends, commits
//     batch_job.c  one job: its key, and all or nothing
//     batch_ask.c  one ask: decided and written, with what must be first, what is left of it
//     batch_own.c  what nobody asked for: the journal's own facts, refusals, what is due
#pragma once
#include "service/journal/batch.h"

// ---- batch.c

// recordTime of the facts to come: the clock is looked at once a batch. It never goes back,
// whatever the clock does: only seq orders.
wall batch_now(const struct batch *b);
void batch_write(struct batch *b, struct fact *f, str packed_body); // the next fact

// ---- batch_job.c

void batch_job(struct batch *b, struct job *j);

// ---- batch_ask.c

void ask_reset(struct ask *a); // as if nothing had become of it yet
void batch_ask(struct batch *b, struct job *j, struct ask *a);
// Asks the kind; `fact`, `again` and `refused_seq` of *d are the caller's. On success *d->fact is
// complete but not written; its decided part lies in b->out until something else is decided.
status batch_decide(struct batch *b, const struct job *j, const struct ask *a, struct decide *d);
// A new fact, marked where nobody could say that its recordTime is right.
void batch_write_new(struct batch *b, struct fact *f, str packed_body);
// The answer of the job is this fact: its key leads here.
void batch_bind(struct fact *f, const struct job_key *key);

struct batch_part { // what a part of the transaction moves on, as it was before
    struct ledger ledger;
    struct refusal_memory refusals;
    size_t count, bytes;
    uint32_t refused;
};
struct batch_part batch_part_begin(struct batch *b);
void batch_part_keep(struct batch *b);
void batch_part_undo(struct batch *b, const struct batch_part *x);

// ---- batch_own.c

// A fact of the journal's own kinds, which never refuse; NULL: it binds no key.
void batch_write_own(struct batch *b, const struct job *j, const struct ask *a,
                     const struct job_key *key);
// The seq of the fact that holds the refusal of `a`, which may be an equal one's; of one that is
// counted alone, the newest.
uint64_t batch_record_refusal(struct batch *b, const struct job *j, const struct ask *a,
                              const struct fact *tried);
void batch_tell_jump(struct batch *b); // that the clock has jumped
// The counts of refusals that have come of age, or that give room.
void batch_tell_repeated(struct batch *b);
void batch_prune(struct batch *b); // keys whose time is over
void batch_due(struct batch *b);   // what is due by now
void batch_woken(struct batch *b); // what waited for nothing but its turn
