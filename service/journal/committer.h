// committer.h - the one thread that changes the ledger. It takes every job that waits, decides and
// writes all in one transaction, syncs once, and hands each back to its loop.
//
// A *job* is what one request (or one slice of a streamed one) asks: one command or several, which
// stand or fall each for itself but lie in one transaction. After committer_submit the sender
// holds no pointer to the job, its arena or what lies there until `done` runs on its loop.
#pragma once
#include "common/loop.h"
#include "service/journal/clock.h"
#include "service/journal/idempotency.h"
#include "service/journal/kind.h"
#include "service/journal/sequencer.h"

struct ask {
    const struct kind *kind;
    const void *what; // for kind->decide
    // The answer:
    status result;
    str units;    // offenders of a refusal: `[{"unit","code"},…]`, or empty
    bool repeat;  // accepted before; fact.seq says as what
    bool nothing; // accepted, and there was nothing to say: no fact
    bool partly;  // accepted but for the units that `units` names, for what `besides` says
    status besides;
    struct fact fact; // the new fact; when bound to a repeated key: the old one, read again
};

// An Idempotency-Key, as digests. A job of one ask binds it in its fact. Where the answer is 2xx
// whatever became of the asks (reports), what cannot be bound so is bound by a `call.bound` fact
// that holds the results.
struct job_key {
    bool present;
    bool always;          // bind refusals too; must be set for jobs of several asks
    struct digest16 key;  // of principal, key, and in later slices of a stream the line's index
    struct digest16 body; // of method, path and body; for slices of all bytes so far and "is last"
    // What the loop found in the days before today, whose rows no longer change; seq 0: nothing.
    uint64_t older_seq;
    struct digest16 older_body;
    unsigned looked; // what was today then, by a clock that may be behind the journal; 0: never
};

struct job {
    struct mail mail;
    unsigned magic;
    struct loop *home;
    void (*done)(struct job *j); // on home
    void *owner;                 // the sender's own, untouched
    struct arena *arena;
    uint32_t actor;
    struct job_key key;
    struct ask *asks;
    uint32_t n;
    // All or nothing: where one of the asks is refused none is done, and this becomes a fact
    // instead, which must not refuse. NULL: each stands or falls for itself.
    struct ask *instead;
    // The same without a fact instead: each refusal is one, and what could have been done is
    // refused by `call.undone`. `doomed`: something of the call was refused elsewhere: all is.
    bool together, doomed;
    // The answer:
    bool undone;      // one was refused: `instead` holds what became of the job
    status whole;     // not OK: nothing of this job was done (store trouble, key mismatch, busy)
    bool repeat;      // the key was bound before: asks hold what was answered then
    uint64_t seq_end; // newest seq of the ledger after this job
    // Of the time since committer_submit: what commits of its own and of earlier jobs waited for
    // the disk, in microseconds.
    uint64_t synced_us;
    uint64_t submitted_us, waited_before; // the committer's
};

struct job *job_new(struct arena *a, struct loop *home, uint32_t n); // NULL at the arena's ceiling

// What falls due by itself is decided as one command after the other until one says `nothing`, by
// the service and for nobody. `what` of the ask:
struct due {
    wall now;   // what is due at this time; 0: only what waits for nothing but its turn
    wall *next; // with `nothing`: when there will be something, INT64_MAX: never
};

struct committer_conf {
    struct db *db;
    const struct kind *const *kinds;
    struct sequencer sequencer;
    const struct env *env;
    void *app;            // handed to decide
    uint32_t queue_max;   // jobs waiting; over it committer_submit refuses
    uint32_t batch_facts; // facts in a transaction, 512
    uint32_t
        refusals_max; // that one caller has as facts of their own in a minute (refusal.h); 0: all
    bool (*refusal_stays)(unsigned kind); // of these kinds all; NULL: of none
    const struct kind *due;               // NULL: nothing ever is
    const struct clock_conf *clock;       // NULL: nobody watches it
    // After each commit, on the committer's thread: the newest seq. Wakes followers.
    void (*committed)(void *self, uint64_t seq);
    void *committed_self;
};

struct committer;
status committer_open(const struct committer_conf *conf, struct committer **out);
void committer_close(struct committer **c);  // after committer_stop; the queue must be empty
status committer_start(struct committer *c); // the thread: while (running) committer_step
void committer_stop(struct committer *c);    // takes what waits, then joins
// Any thread. False when the queue is full: the job is still the caller's (503, Retry-After).
bool committer_submit(struct committer *c, struct job *j);
uint32_t committer_step(struct committer *c, bool wait); // jobs handled; tests call it themselves
void committer_wake(struct committer *c); // any thread: look whether something is due by itself

// Is the key among the newest, which have no rows yet? Any thread. The fact may not be committed.
bool committer_knows_key(struct committer *c, const struct digest16 *key, struct bound *out);

struct committer_stats {
    uint64_t commits, jobs, facts, refusals, busy_us;
    uint64_t waiting; // jobs taken and not yet answered
};
struct committer_stats committer_stats(const struct committer *c); // any thread
