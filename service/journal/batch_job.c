// One job inside a batch's transaction: its key, its asks, and where it is all or nothing that.
// Where the key was bound before nothing is decided: the old answer is read again. Owner: the
// committer.
#include "service/journal/batch_int.h"
#include "service/journal/call_bound.h"
#include "service/journal/idempotency.h"
#include <string.h>

#define YESTERDAY_MS 600000 // rows put just before midnight are still looked for

// ---- keys

// Fills a job's answers from the fact that its key was bound by.
static status answer_again(struct batch *b, struct job *j, uint64_t seq)
{
    struct fact f;

    TRY(journal_get(b->ledger.t, seq, j->arena, &f));
    if (j->instead != NULL && f.kind == j->instead->kind->number) {
        j->undone = true;
        j->instead->fact = f;
        return OK;
    }
    if (f.kind == FACT_CALL_BOUND) {
        TRY(call_bound_get(f.decided, j));
        for (uint32_t i = 0; i < j->n; i++)
            if (j->asks[i].result.cls == ST_OK && !j->asks[i].nothing)
                TRY(journal_get(b->ledger.t, j->asks[i].fact.seq, j->arena, &j->asks[i].fact));
        return OK;
    }
    if (j->n != 1) return fail(ST_STORE, "record.corrupt", 0, "a key bound to another call");
    j->asks[0].result = OK;
    j->asks[0].fact = f;
    return OK;
}

// The loop has looked at the days before its own today. From there on it is looked at here: a clock
// that was set back made its today an earlier one than the journal's, one that jumped ahead since
// made it an earlier one than ours.
static unsigned first_day(const struct job_key *key, wall now)
{
    unsigned day = idempotency_day((wall){now.ms - YESTERDAY_MS}), today = idempotency_day(now);

    if (key->looked != 0 && key->looked < day) day = key->looked;
    return day + IDEMPOTENCY_DAYS > today ? day : today - IDEMPOTENCY_DAYS;
}

static bool find_bound(struct batch *b, const struct job_key *key, struct bound *out)
{
    wall now = batch_now(b);
    unsigned first = first_day(key, now);

    *out = (struct bound){key->older_seq, key->older_body};
    if (out->seq != 0 || key_tail_find(b->memory.keys, &key->key, out)) return true;
    if (!key_tail_may_have_row(b->memory.keys, &key->key, first)) return false;
    for (unsigned day = idempotency_day(now) + 1; day-- > first;)
        if (idempotency_get(b->ledger.t, day, &key->key, out)) return true;
    return false;
}

// Was the job's key bound before? Then its answer is given again, or refused if the body differs.
static bool job_is_repeat(struct batch *b, struct job *j)
{
    struct bound bound;

    if (!j->key.present || !find_bound(b, &j->key, &bound)) return false;
    j->repeat = true;
    j->whole = memcmp(&bound.body, &j->key.body, sizeof bound.body) == 0
                   ? answer_again(b, j, bound.seq)
                   : fail(ST_UNPROCESSABLE, "idempotency.mismatch", 0,
                          "Idempotency-Key: it was used before for another request");
    return true;
}

// Where no fact of the job's own holds its answer, one is made that does.
static void bind_call(struct batch *b, const struct job *j)
{
    bool good = j->n == 1 && j->asks[0].result.cls == ST_OK;
    bool in_fact = good && !j->asks[0].repeat && !j->asks[0].nothing && !j->asks[0].partly;
    struct ask bound = {.kind = &kind_call_bound, .what = j};

    if (j->key.present && (j->key.always || (good && !j->asks[0].nothing)) && !in_fact)
        batch_write_own(b, j, &bound, &j->key);
}

// ---- all or nothing

static void write_instead(struct batch *b, struct job *j)
{
    struct ask *a = j->instead;
    struct fact f;
    struct decide d = {.fact = &f};

    a->result = batch_decide(b, j, a, &d);
    assert(a->result.cls == ST_OK || txn_status(b->ledger.t).cls != ST_OK);
    if (a->result.cls != ST_OK) return;
    str decided = arena_str(j->arena, f.decided);
    if (j->key.present) batch_bind(&f, &j->key);
    batch_write_new(b, &f, d.packed_body);
    a->fact = f;
    a->fact.decided = decided;
}

// What was refused stays so, each as a fact; nothing else was done either.
static void refuse_all(struct batch *b, struct job *j)
{
    for (uint32_t i = 0; i < j->n && txn_status(b->ledger.t).cls == ST_OK; i++) {
        struct ask *a = &j->asks[i];
        struct fact tried = a->fact;
        if (a->result.cls != ST_OK)
            (void)batch_record_refusal(b, j, a, &tried);
        else
            a->result = fail(ST_CONFLICT, "call.undone", 0,
                             "another of the call was refused, and the call is all or nothing");
        a->repeat = a->nothing = a->partly = false;
    }
    bind_call(b, j);
}

// Every ask is looked at, so that whoever asked learns of all that is wrong.
static void run_together(struct batch *b, struct job *j)
{
    struct batch_part part = batch_part_begin(b);
    bool all = !j->doomed;

    for (uint32_t i = 0; i < j->n; i++) {
        batch_ask(b, j, &j->asks[i]);
        all &= j->asks[i].result.cls == ST_OK;
    }
    if (all) {
        batch_part_keep(b);
        bind_call(b, j);
        return;
    }
    batch_part_undo(b, &part);
    j->undone = true;
    if (j->instead != NULL)
        write_instead(b, j);
    else
        refuse_all(b, j);
}

// ---- the job

// While the clock is stopped nothing is stamped but what ends that, or guards it.
static bool is_allowed(const struct clock_conf *conf, const struct kind *kind)
{
    for (const struct kind *const *k = conf->allowed; k != NULL && *k != NULL; k++)
        if (kind == *k) return true;
    return conf->allowed == NULL;
}

static bool may_run(const struct batch *b, const struct job *j)
{
    bool may = !b->waits || j->n > 0; // a job of nothing binds its key

    for (uint32_t i = 0; b->waits && i < j->n; i++)
        may &= is_allowed(b->conf->clock, j->asks[i].kind);
    return may;
}

void batch_job(struct batch *b, struct job *j)
{
    j->whole = OK;
    j->repeat = j->undone = false;
    b->named = 0;
    for (uint32_t i = 0; i < j->n; i++) ask_reset(&j->asks[i]);
    if (job_is_repeat(b, j)) return;
    if (!may_run(b, j)) {
        j->whole = clock_refusal();
        return;
    }
    if (j->instead != NULL || j->together) {
        run_together(b, j);
        return;
    }
    for (uint32_t i = 0; i < j->n; i++) batch_ask(b, j, &j->asks[i]);
    bind_call(b, j);
}
