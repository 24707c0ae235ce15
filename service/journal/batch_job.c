// What one job does inside a batch's transaction: its asks decided and written, its refusals kept,
// its answers bound to its key. Owner: the committer.
//
// A kind decides before anything of its fact is written, so a refusal leaves nothing behind but a
// `refusal` fact. Where the key was bound before, nothing is decided: the old answer is read again.
#include "common/bytes.h"
#include "service/journal/batch.h"
#include "service/journal/call_bound.h"
#include "service/journal/idempotency.h"
#include "service/journal/pruned.h"
#include <string.h>

#define DUE_MEMORY   (256 * MB) // for one command
#define DUE_MAX      256u       // whose time is over, in one batch
#define YESTERDAY_MS 600000     // rows put just before midnight are still looked for

// ---- deciding

// Asks the kind. On success `f` is complete but not yet written; its decided part lies in b->out.
static status decide_as(struct batch *b, const struct job *j, const struct ask *a, struct decide *d,
                        struct fact *f)
{
    bool again = d->again;
    uint64_t refused_seq = d->refused_seq;

    buf_reset(&b->out);
    buf_reset(&b->units);
    *f = (struct fact){.kind = a->kind->number,
                       .kind_version = a->kind->version,
                       .seq = b->ledger.head.seq + 1,
                       .term = b->ledger.term,
                       .at = batch_now(b),
                       .actor = j->actor};
    *d = (struct decide){.t = b->ledger.t,
                         .app = b->conf->app,
                         .ask = a->what,
                         .arg = a->kind->arg,
                         .now = f->at,
                         .seq = f->seq,
                         .actor = j->actor,
                         .arena = j->arena,
                         .fact = f,
                         .out = &b->out,
                         .units = &b->units,
                         .again = again,
                         .refused_seq = refused_seq};
    status st = a->kind->decide(d);
    if (st.cls == ST_OK) TRY(buf_done(&b->out, &f->decided));
    return st;
}

static status decide(struct batch *b, const struct job *j, const struct ask *a, struct decide *d,
                     struct fact *f)
{
    *d = (struct decide){0};
    return decide_as(b, j, a, d, f);
}

// A new fact, marked where nobody could say that its recordTime is right.
static void write_new(struct batch *b, struct fact *f, str packed_body)
{
    const struct clock_conf *conf = b->conf->clock;

    if (conf != NULL && (b->clock.unsynced || b->clock.now.ms + conf->jump_max_ms < f->at.ms))
        f->flags |= FACT_CLOCK_UNSURE;
    batch_write(b, f, packed_body);
}

// The answer of the job is this fact: its key leads here.
static void bind(struct fact *f, const struct job_key *key)
{
    f->flags |= FACT_HAS_KEY;
    f->key = key->key;
    f->key_body = key->body;
}

// Writes a fact of the journal's own kinds, which never refuse.
static void write_own(struct batch *b, const struct job *j, const struct ask *a,
                      const struct job_key *key)
{
    struct decide d;
    struct fact f;
    status st = decide(b, j, a, &d, &f);

    assert(st.cls == ST_OK);
    if (key != NULL) bind(&f, key);
    write_new(b, &f, (str){0});
}

void batch_tell_jump(struct batch *b)
{
    struct job nobody = {.n = 0};
    struct ask a;

    if (!b->has_jump) return;
    a = (struct ask){.kind = b->conf->clock->jumped, .what = &b->jump};
    write_own(b, &nobody, &a, NULL);
    b->told_jump = true;
}

// ---- refusals

// What makes refusals equal: refusal.h names it.
static struct digest16 refusal_digest(const struct job *j, const struct ask *a)
{
    char head[16] = {0};
    struct digest16 text = digest16_of(str_of(a->result.text), a->units);

    memcpy(head, &j->actor, sizeof j->actor);
    memcpy(head + 4, &a->kind->number, sizeof a->kind->number);
    struct digest16 code = digest16_of((str){head, sizeof head}, str_of(a->result.reason));
    return digest16_of((str){(const char *)text.b, sizeof text.b},
                       (str){(const char *)code.b, sizeof code.b});
}

// The seq of the fact that holds it, which may be an equal one's.
static uint64_t record_refusal(struct batch *b, const struct job *j, const struct ask *a,
                               const struct fact *tried)
{
    struct digest16 what = refusal_digest(j, a);
    wall now = batch_now(b);
    bool made_on_loop = a->kind == &kind_refusal;
    struct refused r = {.kind = made_on_loop ? ((const struct refused *)a->what)->kind
                                             : a->kind->number,
                        .st = a->result,
                        .units = a->units,
                        .client = tried->client};
    struct fact f = {.kind = FACT_REFUSAL,
                     .kind_version = kind_refusal.version,
                     .seq = b->ledger.head.seq + 1,
                     .term = b->ledger.term,
                     .at = now,
                     .actor = j->actor,
                     .client = tried->client,
                     .lot = tried->lot};

    b->refused++;
    uint64_t seen = refusal_seen(&b->refusals, &what, now);
    if (seen != 0) return seen;
    buf_reset(&b->out);
    refusal_put(&r, &b->out);
    f.decided = buf_str(&b->out);
    write_new(b, &f, (str){0});
    refusal_remember(&b->refusals, &what, f.seq, now);
    return f.seq;
}

void batch_tell_repeated(struct batch *b)
{
    uint64_t seq;
    uint32_t more;

    while (refusal_expired(&b->refusals, batch_now(b), &seq, &more)) {
        char bytes[12];
        str what = {bytes, sizeof bytes};
        struct job nobody = {.n = 0};
        struct ask a = {.kind = &kind_refusal_repeated, .what = &what};

        if (more == 0) continue;
        put_be(bytes, seq, 8);
        put_be(bytes + 8, more, 4);
        write_own(b, &nobody, &a, NULL);
    }
}

// One portion a batch that there is anyway; a day on which there is nothing left is not asked
// again.
void batch_prune(struct batch *b)
{
    unsigned today = idempotency_day(batch_now(b));
    struct pruned p;
    struct job nobody = {.n = 0};
    struct ask a = {.kind = &kind_keys_pruned, .what = &p};

    if (today == b->pruned_day) return;
    if (pruned_due(b->ledger.t, batch_now(b), &p))
        write_own(b, &nobody, &a, NULL);
    else if (txn_status(b->ledger.t).cls == ST_OK)
        b->pruned_day = today;
}

bool batch_has_tidings(struct batch *b)
{
    const struct refusal_memory *m = &b->refusals;
    const struct clock_conf *clock = b->conf->clock;

    if (clock != NULL && clock_has_tidings(&b->clock, clock, b->conf->env)) return true;
    if (b->waits) return false;
    if (b->conf->due != NULL && b->due_at.ms <= env_wall(b->conf->env).ms) return true;
    return m->used > 0 && env_wall(b->conf->env).ms - m->slots[0].first.ms >= REFUSAL_SAME_MS;
}

// ---- what is due

// At most `most`. What cannot be decided stays, and is tried again in the next batch.
static void run_due(struct batch *b, wall now, uint32_t most)
{
    const struct due due = {now, &b->due_at};
    struct arena a;
    struct job nobody = {.arena = &a};
    struct ask ask = {.kind = b->conf->due, .what = &due};
    struct decide d = {.nothing = false};
    struct fact f;

    arena_init(&a, DUE_MEMORY);
    for (uint32_t i = 0; i < most && !d.nothing; i++) {
        arena_reset(&a);
        if (decide(b, &nobody, &ask, &d, &f).cls != ST_OK) break;
        if (!d.nothing) write_new(b, &f, d.packed_body);
    }
    arena_fini(&a);
}

void batch_due(struct batch *b)
{
    wall now = batch_now(b);

    if (b->conf->due != NULL && b->due_at.ms <= now.ms) run_due(b, now, DUE_MAX);
}

// ---- asks

// Offenders as the answer shows them; empty where there are none, or too many.
static str bracketed(struct arena *a, const struct buf *units)
{
    str s = units->failed || units->n == 0 ? (str){0} : buf_str(units);
    char *p = s.n == 0 ? NULL : arena_alloc(a, s.n + 2);

    if (p == NULL) return (str){"", 0};
    p[0] = '[';
    memcpy(p + 1, s.p, s.n);
    p[s.n + 1] = ']';
    return (str){p, s.n + 2};
}

// Writes what was decided. The answer keeps its own copy of the decided part, in the job's arena.
static status accept(struct batch *b, struct job *j, struct ask *a, const struct decide *d)
{
    struct fact *f = d->fact;
    str decided = arena_str(j->arena, f->decided);

    if (decided.p == NULL) return no_memory();
    if (j->key.present && j->n == 1 && a == j->asks) bind(f, &j->key);
    write_new(b, f, d->packed_body);
    a->fact = *f;
    a->fact.decided = decided;
    return OK;
}

static void write_instead(struct batch *b, struct job *j)
{
    struct ask *a = j->instead;
    struct decide d;
    struct fact f;

    a->result = decide(b, j, a, &d, &f);
    assert(a->result.cls == ST_OK || txn_status(b->ledger.t).cls != ST_OK);
    if (a->result.cls != ST_OK) return;
    str decided = arena_str(j->arena, f.decided);
    if (j->key.present) bind(&f, &j->key);
    write_new(b, &f, d.packed_body);
    a->fact = f;
    a->fact.decided = decided;
}

// ---- parts of the transaction

struct before { // what a part of the transaction has moved on
    struct ledger ledger;
    struct refusal_memory refusals;
    size_t count, bytes;
    uint32_t refused;
};

static struct before part_begin(struct batch *b)
{
    list_notes_put(b->ledger.t); // what is noted from here on can be dropped
    txn_part(b->ledger.t);
    return (struct before){b->ledger, b->refusals, b->count, b->records.n, b->refused};
}

static void part_undo(struct batch *b, const struct before *x)
{
    txn_part_end(b->ledger.t, false);
    b->due_at = (wall){0};
    b->ledger = x->ledger;
    b->refusals = x->refusals;
    b->count = x->count;
    b->records.n = x->bytes;
    b->refused = x->refused;
    list_notes_drop(b->ledger.t);
    if (txn_status(b->ledger.t).cls == ST_OK &&
        key_tail_at(b->memory.keys, b->ledger.t, b->ledger.head.seq).cls != ST_OK)
        txn_spoil(b->ledger.t, "store.corrupt", "the newest facts of the journal cannot be read");
}

static void tell_besides(struct ask *a, status st, str units)
{
    a->partly = true;
    a->besides = st;
    a->units = units;
}

// What was decided becomes so.
static status take(struct batch *b, struct job *j, struct ask *a, const struct decide *d)
{
    a->repeat = d->repeat_seq != 0;
    a->nothing = d->nothing;
    a->fact = (struct fact){0};
    if (a->nothing) return OK;
    if (a->repeat && d->besides != NULL) tell_besides(a, d->besides->st, d->besides->units);
    if (a->repeat) return journal_get(b->ledger.t, d->repeat_seq, j->arena, &a->fact);
    TRY(accept(b, j, a, d));
    if (d->wakes && b->conf->due != NULL) run_due(b, (wall){0}, UINT32_MAX);
    return OK;
}

static status do_ask(struct batch *b, struct job *j, struct ask *a, client_id *client);

// First what must be done before, then the ask itself.
static status do_after(struct batch *b, struct job *j, struct ask *a, struct decide *d)
{
    struct ask *first = d->first;
    struct fact *f = d->fact;
    uint32_t n = d->first_n;

    for (uint32_t i = 0; i < n; i++) TRY(do_ask(b, j, &first[i], &f->client));
    d->again = true;
    TRY(decide_as(b, j, a, d, f));
    assert(d->first_n == 0);
    return take(b, j, a, d);
}

static status do_ask(struct batch *b, struct job *j, struct ask *a, client_id *client)
{
    struct decide d;
    struct fact f;

    status st = decide(b, j, a, &d, &f);
    if (st.cls == ST_OK) st = d.first_n > 0 ? do_after(b, j, a, &d) : take(b, j, a, &d);
    *client = f.client;
    return st;
}

static status do_as_part(struct batch *b, struct job *j, struct ask *a, struct decide *d)
{
    struct before before = part_begin(b);
    status st = do_after(b, j, a, d);

    if (st.cls == ST_OK)
        txn_part_end(b->ledger.t, true);
    else
        part_undo(b, &before);
    return st;
}

// Once. On refusal its offenders are told; it is not recorded.
static void try_ask(struct batch *b, struct job *j, struct ask *a, struct decide *d)
{
    struct fact *f = d->fact;

    a->repeat = a->nothing = a->partly = false;
    a->result = decide_as(b, j, a, d, f);
    if (a->result.cls == ST_OK)
        a->result = d->first_n > 0 ? do_as_part(b, j, a, d) : take(b, j, a, d);
    if (a->result.cls != ST_OK) a->units = bracketed(j->arena, &b->units);
}

// With what is left after a refusal, which becomes a fact; then `a` tells both outcomes. The key is
// not bound by the fact, which does not hold the refusal.
static void retry_ask(struct batch *b, struct job *j, struct ask *a, struct decide *d)
{
    status besides = a->result;
    str units = a->units;
    struct ask left = *d->retry;

    d->refused_seq = record_refusal(b, j, a, d->fact);
    d->again = false;
    try_ask(b, j, &left, d);
    a->result = left.result;
    a->fact = left.fact;
    a->repeat = left.repeat;
    a->nothing = left.nothing;
    if (left.result.cls == ST_OK)
        tell_besides(a, besides, units);
    else
        a->units = left.units;
}

// Units already refused stay named when there is more to refuse.
static str both_units(struct arena *a, str x, str y)
{
    char *p = x.n == 0 || y.n == 0 ? NULL : arena_alloc(a, x.n + y.n - 1);

    if (p == NULL) return y.n == 0 ? x : y;
    memcpy(p, x.p, x.n - 1);
    p[x.n - 1] = ',';
    memcpy(p + x.n, y.p + 1, y.n - 1);
    return (str){p, x.n + y.n - 1};
}

static void run_ask(struct batch *b, struct job *j, struct ask *a)
{
    struct fact f = {0};
    struct decide d = {.fact = &f};

    try_ask(b, j, a, &d);
    while (a->result.cls != ST_OK && d.retry != NULL && txn_status(b->ledger.t).cls == ST_OK) {
        str before = a->units;
        retry_ask(b, j, a, &d);
        if (a->result.cls != ST_OK) a->units = both_units(j->arena, before, a->units);
    }
    if (a->result.cls == ST_OK) return;
    a->fact.client = f.client;
    a->fact.lot = f.lot;
    if (txn_status(b->ledger.t).cls == ST_OK) (void)record_refusal(b, j, a, &f);
}

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

static bool find_bound(struct batch *b, const struct job_key *key, struct bound *out)
{
    wall now = batch_now(b), earlier = {now.ms - YESTERDAY_MS};
    unsigned today = idempotency_day(now), day = idempotency_day(earlier);

    *out = (struct bound){key->older_seq, key->older_body};
    if (out->seq != 0 || key_tail_find(b->memory.keys, &key->key, out)) return true;
    if (!key_tail_may_have_row(b->memory.keys, &key->key, day)) return false;
    if (idempotency_get(b->ledger.t, today, &key->key, out)) return true;
    return day != today && idempotency_get(b->ledger.t, day, &key->key, out);
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
        write_own(b, j, &bound, &j->key);
}

// ---- all or nothing

// What was refused stays so, each as a fact; nothing else was done either.
static void refuse_all(struct batch *b, struct job *j)
{
    for (uint32_t i = 0; i < j->n && txn_status(b->ledger.t).cls == ST_OK; i++) {
        struct ask *a = &j->asks[i];
        struct fact tried = a->fact;
        if (a->result.cls != ST_OK)
            (void)record_refusal(b, j, a, &tried);
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
    struct before before = part_begin(b);
    bool all = !j->doomed;

    for (uint32_t i = 0; i < j->n; i++) {
        run_ask(b, j, &j->asks[i]);
        all &= j->asks[i].result.cls == ST_OK;
    }
    if (all) {
        txn_part_end(b->ledger.t, true);
        bind_call(b, j);
        return;
    }
    part_undo(b, &before);
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
    for (const struct kind *const *k = conf->allowed; *k != NULL; k++)
        if (kind == *k) return true;
    return false;
}

static bool may_run(const struct batch *b, const struct job *j)
{
    bool may = true;

    for (uint32_t i = 0; b->waits && i < j->n; i++)
        may &= is_allowed(b->conf->clock, j->asks[i].kind);
    return may;
}

void batch_job(struct batch *b, struct job *j)
{
    j->whole = OK;
    j->repeat = j->undone = false;
    for (uint32_t i = 0; i < j->n; i++) {
        j->asks[i].result = OK;
        j->asks[i].units = (str){0};
        j->asks[i].repeat = j->asks[i].nothing = j->asks[i].partly = false;
    }
    if (job_is_repeat(b, j)) return;
    if (!may_run(b, j)) {
        j->whole = fail(ST_BUSY, "clock.jumped", 0,
                        "the clock jumped ahead: nothing is written until somebody accepts it");
        return;
    }
    if (j->instead != NULL || j->together) {
        run_together(b, j);
        return;
    }
    for (uint32_t i = 0; i < j->n; i++) run_ask(b, j, &j->asks[i]);
    bind_call(b, j);
}
