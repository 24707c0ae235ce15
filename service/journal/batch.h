// batch.h - one transaction's work: decide, write, append, commit; and what to do when the
// sequencer says LOST or UNKNOWN. Owner: the committer.
#pragma once
#include "service/journal/committer.h"
#include "service/journal/ledger.h"
#include "service/journal/refusal.h"

struct batch {
    const struct committer_conf *conf;
    struct ledger ledger; // while a transaction is open
    struct ledger_memory memory;
    struct buf records; // bytes of all records of the batch, one after the other
    size_t *ends;       // where each ends
    size_t count, ends_cap;
    struct buf out, units; // for decide
    size_t named;          // bytes of offenders that the job at hand has named
    struct refusal_memory refusals, refusals_before;
    uint64_t head_seq;  // after the last commit
    struct link before; // link of the fact before the batch
    uint32_t refused;
    uint64_t waited_us;  // of all attempts
    unsigned pruned_day; // on which no key was left to forget
    wall due_at;         // when something may be due again; never too late
    struct clock_watch clock;
    struct clock_jump jump; // with has_jump: what this batch tells first
    bool told_jump;         // its fact lies in this batch
    bool ends_now;          // no batch follows: what is counted is told
    bool has_jump, waits;   // waits: the clock is stopped, only what is allowed then is done
};

struct batch_result {
    bool committed;
    uint32_t facts, refusals;
    uint64_t waited_us; // for the disk, see db_waited_us
};

void batch_init(struct batch *b, const struct committer_conf *conf);
void batch_fini(struct batch *b);
// Decides all jobs of the chain, commits, and fills in their answers. Every job has one afterwards.
struct batch_result batch_run(struct batch *b, struct job *jobs);
// Writes the facts that stand in the sequencer above the ledger's head.
status batch_catch_up(struct batch *b);
bool batch_has_tidings(struct batch *b); // something became due that no job asks for
