// One transaction from its beginning to its commit, and what the sequencer makes of it. What jobs
// do in between is in batch_job.c.
//
// Invariants: facts are written in the order of their seq, each once; the ledger is committed only
// after the sequencer took the same records; what was refused is remembered only once it stands.
#include "service/journal/batch.h"
#include "service/journal/batch_int.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DECIDED_MAX     (64 * MB) // of one fact
#define UNITS_MAX       (4 * MB)  // offenders of one command, as JSON
#define BATCH_BYTES_MAX (1 * GB)

void batch_init(struct batch *b, const struct committer_conf *conf)
{
    *b = (struct batch){.conf = conf};
    ledger_memory_init(&b->memory);
    buf_init(&b->records, BATCH_BYTES_MAX);
    buf_init(&b->out, DECIDED_MAX);
    buf_init(&b->units, UNITS_MAX);
}

void batch_fini(struct batch *b)
{
    buf_fini(&b->records);
    buf_fini(&b->out);
    buf_fini(&b->units);
    free(b->ends);
    ledger_memory_fini(&b->memory);
    *b = (struct batch){0};
}

_Static_assert(offsetof(struct job, mail) == 0, "a chain of mail is a chain of jobs");
static struct job *job_next(const struct job *j) { return (struct job *)(void *)j->mail.next; }

wall batch_now(const struct batch *b)
{
    wall now = b->clock.now;
    return now.ms < b->ledger.head.at.ms ? b->ledger.head.at : now;
}

void batch_write(struct batch *b, struct fact *f, str packed_body)
{
    ledger_write(&b->ledger, f, packed_body, &b->records);
    if (b->count == b->ends_cap) {
        b->ends_cap = b->ends_cap ? 2 * b->ends_cap : 64;
        b->ends = realloc(b->ends, b->ends_cap * sizeof *b->ends);
        assert(b->ends != NULL);
    }
    b->ends[b->count++] = b->records.n;
}

// ---- the transaction

static void look_at_clock(struct batch *b)
{
    const struct clock_conf *conf = b->conf->clock;
    struct clock_ledger ledger = {.last = b->ledger.head.at};
    struct clock_stop stop;

    b->has_jump = b->waits = false;
    b->clock.now = env_wall(b->conf->env);
    if (conf == NULL) return;
    ledger.stopped = clock_stop_get(b->ledger.t, &stop);
    bool jumped = clock_look(&b->clock, conf, b->conf->env, &ledger, &b->jump);
    b->has_jump = jumped && conf->jumped != NULL;
    b->waits = b->has_jump ? b->jump.effect == CLOCK_STOPS : ledger.stopped;
}

static void begin(struct batch *b)
{
    b->ledger = ledger_begin(txn_write(b->conf->db), b->conf->kinds, &b->memory);
    b->before = b->ledger.head.link;
    b->refusals_before = b->refusals;
    b->refused = 0;
    b->named = 0;
    b->told_jump = false;
    b->count = 0;
    buf_reset(&b->records);
    look_at_clock(b);
}

static status end(struct batch *b, bool commit)
{
    bool writes = commit && b->count > 0;

    if (writes) ledger_end(&b->ledger);
    status st = txn_end(&b->ledger.t, writes);
    if (writes) b->waited_us += db_waited_us(b->conf->db);
    if (st.cls == ST_OK && commit) {
        b->head_seq = b->ledger.head.seq;
        if (b->told_jump) clock_taken(&b->clock, &b->jump);
    } else {
        b->refusals = b->refusals_before; // what was remembered did not come to be
    }
    if (st.cls != ST_OK || !commit) b->due_at = (wall){0};
    return st;
}

// ---- the sequencer

static enum append_result append(struct batch *b)
{
    const struct sequencer *s = &b->conf->sequencer;
    str *records = calloc(b->count + 1, sizeof *records);
    size_t from = 0;

    assert(records != NULL);
    for (size_t i = 0; i < b->count; from = b->ends[i++])
        records[i] = (str){b->records.p + from, b->ends[i] - from};
    struct append what = {b->ledger.head.seq + 1 - b->count, b->before, records, b->count};
    enum append_result r = b->count == 0 ? APPEND_OK : s->append(s->self, &what);
    free(records);
    return r;
}

// Reads and writes one fact that stands in the sequencer.
static status catch_up_one(struct batch *b, uint64_t seq)
{
    const struct sequencer *s = &b->conf->sequencer;
    struct arena a;
    struct fact f;
    str record;

    arena_init(&a, BATCH_BYTES_MAX);
    status st = s->read(s->self, seq, &a, &record);
    if (st.cls == ST_OK) st = record_read(record, &f);
    if (st.cls == ST_OK) batch_write(b, &f, (str){0});
    arena_fini(&a);
    return st;
}

status batch_catch_up(struct batch *b)
{
    const struct sequencer *s = &b->conf->sequencer;
    uint64_t stands;

    TRY(s->head(s->self, &stands));
    begin(b);
    b->head_seq = b->ledger.head.seq;
    b->due_at = (wall){0};
    while (b->ledger.head.seq < stands) {
        status st = catch_up_one(b, b->ledger.head.seq + 1);
        if (st.cls == ST_OK) continue;
        (void)end(b, false).cls;
        return st;
    }
    return end(b, true);
}

static void wait_a_little(void) { nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL); }

// After UNKNOWN: waits until the sequencer can say what stands, and takes it in. True when what
// stands is exactly this batch, whose answers are then right as they are.
static bool find_out(struct batch *b)
{
    struct link ours = b->ledger.head.link;
    uint64_t last = b->ledger.head.seq;
    struct txn *t;

    while (batch_catch_up(b).cls != ST_OK) wait_a_little();
    if (b->head_seq < last) return false;
    t = txn_read(b->conf->db);
    struct journal_head h = journal_head_get(t);
    (void)txn_end(&t, false).cls;
    return h.seq == last && memcmp(&h.link, &ours, sizeof ours) == 0;
}

// Decides the jobs on top of what stands, and makes it true. False: it is not, other facts may
// stand there; those have been taken in, and all is to be decided anew.
static bool attempt(struct batch *b, struct job *jobs, status *st)
{
    begin(b);
    batch_tell_jump(b);
    if (!b->waits) batch_due(b); // its time was over before the jobs came
    for (struct job *j = jobs; j != NULL; j = job_next(j)) batch_job(b, j);
    if (!b->waits || b->ends_now) batch_tell_repeated(b);
    if (jobs != NULL && !b->waits) batch_prune(b);
    *st = txn_status(b->ledger.t);
    enum append_result r = st->cls == ST_OK ? append(b) : APPEND_OK;
    if (r == APPEND_OK) {
        *st = end(b, true); // fails where the transaction is spoilt
        return true;
    }
    (void)end(b, false).cls;
    if (r == APPEND_UNKNOWN) return find_out(b);
    while (batch_catch_up(b).cls != ST_OK) wait_a_little();
    return false;
}

struct batch_result batch_run(struct batch *b, struct job *jobs)
{
    status st;

    b->waited_us = 0;
    while (!attempt(b, jobs, &st)) {}
    for (struct job *j = jobs; j != NULL; j = job_next(j)) {
        if (st.cls != ST_OK) j->whole = st;
        j->seq_end = b->head_seq;
    }
    return (struct batch_result){st.cls == ST_OK && b->count > 0, (uint32_t)b->count, b->refused,
                                 b->waited_us};
}
