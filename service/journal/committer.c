// The committer's thread: queue, batches, answers. What one job does inside a transaction is in
// batch.c.
//
// Invariants: one write transaction at a time; an answer leaves only after the sync of its
// transaction; a job that was taken is answered exactly once.
#include "service/journal/committer.h"
#include "common/metric.h"
#include "service/journal/batch.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#define COMMITTER_MAGIC 0xc0331773u
#define JOB_MAGIC       0x0000706au

static const char *const parts[] = {"work", "wait"};
static const uint64_t bounds_us[] = {100,   250,   500,    1000,   2500,   5000,   10000,
                                     25000, 50000, 100000, 250000, 500000, 1000000};
static const struct metric seconds = METRIC_TIMES_OF(
    "packtrail_commit_seconds", "One transaction of the committer: work, and wait for the disk.",
    1000000, bounds_us, "part", parts);

struct committer {
    unsigned magic;
    struct committer_conf conf;
    struct mailbox *box;
    struct job *waiting, **tail; // taken from the box, not yet in a batch
    struct batch batch;
    pthread_t thread;
    bool started;
    atomic_bool stopping;
    // What commits have waited for the disk: all of them, the last one, and when that one ended.
    uint64_t waited_us, last_waited_us, last_end_us;
    _Atomic uint64_t commits, jobs, facts, refusals, busy_us, held;
};

struct job *job_new(struct arena *a, struct loop *home, uint32_t n)
{
    struct job *j = NEW(a, struct job);
    struct ask *asks = NEW_ARRAY(a, struct ask, n);

    if (j == NULL || asks == NULL) return NULL;
    *j = (struct job){.magic = JOB_MAGIC, .home = home, .arena = a, .asks = asks, .n = n};
    return j;
}

static void job_open(struct mail *m)
{
    struct job *j = CONTAINER_OF(m, struct job, mail);

    OBJ_CHECK(j, JOB_MAGIC);
    j->done(j);
}

status committer_open(const struct committer_conf *conf, struct committer **out)
{
    struct committer *c = calloc(1, sizeof *c);

    assert(c != NULL && conf->batch_facts > 0);
    metric_register(&seconds);
    c->magic = COMMITTER_MAGIC;
    c->conf = *conf;
    c->tail = &c->waiting;
    c->box = mailbox_new(conf->queue_max);
    batch_init(&c->batch, &c->conf);
    status st = batch_catch_up(&c->batch);
    if (st.cls != ST_OK) committer_close(&c);
    *out = c;
    return st;
}

void committer_close(struct committer **cp)
{
    struct committer *c = *cp;

    *cp = NULL;
    if (c == NULL) return;
    OBJ_CHECK(c, COMMITTER_MAGIC);
    assert(!c->started && c->waiting == NULL);
    batch_fini(&c->batch);
    mailbox_free(&c->box);
    c->magic = 0;
    free(c);
}

bool committer_submit(struct committer *c, struct job *j)
{
    OBJ_CHECK(c, COMMITTER_MAGIC);
    OBJ_CHECK(j, JOB_MAGIC);
    assert(j->n == 1 || j->key.always || !j->key.present);
    if (atomic_load(&c->stopping)) return false;
    j->mail.open = job_open;
    j->submitted_us = metric_us(CLOCK_MONOTONIC);
    atomic_fetch_add(&c->held, 1); // before it can be answered
    if (mailbox_put(c->box, &j->mail)) return true;
    atomic_fetch_sub(&c->held, 1);
    return false;
}

// The crash test's build raises SIGKILL between commit and answer; the shipped one has no such
// code.
#ifdef FAULTS
static void fault_after_commit(void)
{
    static long left = -1;
    const char *at = getenv("PACKTRAIL_KILL_AFTER_COMMITS");

    if (left < 0) left = at == NULL ? 0 : strtol(at, NULL, 10);
    if (left > 0 && --left == 0) raise(SIGKILL);
}
#else
static void fault_after_commit(void) {}
#endif

// Of what the last commit waited: as much as can have been after the job was submitted.
static uint64_t waited_before(const struct committer *c, const struct job *j)
{
    uint64_t since = c->last_end_us > j->submitted_us ? c->last_end_us - j->submitted_us : 0;
    return c->waited_us - (since < c->last_waited_us ? since : c->last_waited_us);
}

static void take_in(struct committer *c, struct mail *m)
{
    while (m != NULL) {
        struct job *j = CONTAINER_OF(m, struct job, mail);
        m = m->next;
        j->mail.next = NULL;
        j->waited_before = waited_before(c, j);
        *c->tail = j;
        c->tail = (struct job **)(void *)&j->mail.next;
    }
}

// Jobs for one transaction: as many as batch_facts allows, one at least.
static struct job *cut(struct committer *c)
{
    struct job *first = c->waiting, *last = first;
    uint32_t facts = first->n;

    while (last->mail.next != NULL) {
        struct job *next = (struct job *)(void *)last->mail.next;
        if (facts + next->n > c->conf.batch_facts) break;
        facts += next->n;
        last = next;
    }
    c->waiting = (struct job *)(void *)last->mail.next;
    if (c->waiting == NULL) c->tail = &c->waiting;
    last->mail.next = NULL;
    return first;
}

static uint32_t answer(const struct committer *c, struct job *j)
{
    uint32_t n = 0;

    while (j != NULL) {
        struct job *next = (struct job *)(void *)j->mail.next;
        j->synced_us = c->waited_us - j->waited_before;
        loop_post(j->home, &j->mail); // gives the job away
        j = next;
        n++;
    }
    return n;
}

static void time_it(struct committer *c, const struct batch_result *r, uint64_t from)
{
    c->last_end_us = metric_us(CLOCK_MONOTONIC);
    c->last_waited_us = r->waited_us;
    c->waited_us += r->waited_us;
    if (!r->committed) return;
    metric_observe_at(&seconds, 0, c->last_end_us - from - r->waited_us);
    metric_observe_at(&seconds, 1, r->waited_us);
}

static uint32_t run_batch(struct committer *c, struct job *jobs)
{
    uint64_t from = metric_us(CLOCK_MONOTONIC);
    struct batch_result r = batch_run(&c->batch, jobs);

    time_it(c, &r, from);
    if (r.committed) {
        fault_after_commit();
        atomic_fetch_add(&c->commits, 1);
        atomic_fetch_add(&c->facts, r.facts);
        atomic_fetch_add(&c->refusals, r.refusals);
    }
    uint32_t n = answer(c, jobs);
    atomic_fetch_add(&c->jobs, n);
    atomic_fetch_sub(&c->held, n);
    atomic_fetch_add(&c->busy_us, metric_us(CLOCK_MONOTONIC) - from);
    if (r.committed && c->conf.committed != NULL)
        c->conf.committed(c->conf.committed_self, c->batch.head_seq);
    return n;
}

uint32_t committer_step(struct committer *c, bool wait)
{
    OBJ_CHECK(c, COMMITTER_MAGIC);
    bool idle = c->waiting == NULL;
    take_in(c, wait && idle ? mailbox_wait(c->box) : mailbox_take(c->box));
    if (c->waiting != NULL) return run_batch(c, cut(c));
    if (batch_has_tidings(&c->batch)) run_batch(c, NULL);
    return 0;
}

static void *committer_main(void *arg)
{
    struct committer *c = arg;

    while (!atomic_load(&c->stopping)) committer_step(c, true);
    while (committer_step(c, false) > 0) {}
    c->batch.ends_now = true;
    if (batch_has_tidings(&c->batch)) run_batch(c, NULL);
    return NULL;
}

status committer_start(struct committer *c)
{
    OBJ_CHECK(c, COMMITTER_MAGIC);
    int rc = pthread_create(&c->thread, NULL, committer_main, c);
    if (rc != 0) return fail(ST_INTERNAL, "thread.create", 0, "the committer: error %d", rc);
    c->started = true;
    return OK;
}

void committer_stop(struct committer *c)
{
    OBJ_CHECK(c, COMMITTER_MAGIC);
    atomic_store(&c->stopping, true);
    mailbox_wake(c->box);
    if (c->started) pthread_join(c->thread, NULL);
    c->started = false;
}

void committer_wake(struct committer *c)
{
    OBJ_CHECK(c, COMMITTER_MAGIC);
    mailbox_wake(c->box);
}

bool committer_knows_key(struct committer *c, const struct digest16 *key, struct bound *out)
{
    OBJ_CHECK(c, COMMITTER_MAGIC);
    return key_tail_find(c->batch.memory.keys, key, out);
}

struct committer_stats committer_stats(const struct committer *c)
{
    OBJ_CHECK(c, COMMITTER_MAGIC);
    return (struct committer_stats){atomic_load(&c->commits), atomic_load(&c->jobs),
                                    atomic_load(&c->facts),   atomic_load(&c->refusals),
                                    atomic_load(&c->busy_us), atomic_load(&c->held)};
}
