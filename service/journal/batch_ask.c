// What one ask does inside a batch's transaction. Owner: the committer.
//
//     run ─▶ try ─▶ decide ─┬▶ take: the fact is written, an old one is read again, or nothing
//      ▲                    └▶ with d->first: those asks, decide again, take; with d->then: take,
//      │                       those asks; as one part of the transaction, which a refusal undoes
//      └── refused with d->retry: the refusal becomes a fact, and what is left is tried
//
// A kind decides before anything of its fact is written, so a refusal leaves nothing behind but a
// `refusal` fact.
#include "common/mask.h"
#include "service/journal/batch_int.h"
#include <string.h>

#define JOB_UNITS_MAX (16 * MB) // offenders of one job, as JSON

// ---- deciding and writing

status batch_decide(struct batch *b, const struct job *j, const struct ask *a, struct decide *d)
{
    struct fact *f = d->fact;

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
                         .again = d->again,
                         .refused_seq = d->refused_seq};
    TRY(a->kind->decide(d));
    return buf_done(&b->out, &f->decided);
}

void batch_write_new(struct batch *b, struct fact *f, str packed_body)
{
    const struct clock_conf *conf = b->conf->clock;

    if (conf != NULL &&
        (b->waits || b->clock.unsynced || b->clock.now.ms + conf->jump_max_ms < f->at.ms))
        f->flags |= FACT_CLOCK_UNSURE;
    batch_write(b, f, packed_body);
}

void batch_bind(struct fact *f, const struct job_key *key)
{
    f->flags |= FACT_HAS_KEY;
    f->key = key->key;
    f->key_body = key->body;
}

// ---- parts of the transaction

struct batch_part batch_part_begin(struct batch *b)
{
    list_notes_put(b->ledger.t); // what is noted from here on can be dropped
    txn_part(b->ledger.t);
    return (struct batch_part){b->ledger, b->refusals, b->count, b->records.n, b->refused};
}

void batch_part_undo(struct batch *b, const struct batch_part *x)
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

void batch_part_keep(struct batch *b) { txn_part_end(b->ledger.t, true); }

// ---- one ask

void ask_reset(struct ask *a)
{
    a->result = OK;
    a->units = (str){0};
    a->repeat = a->nothing = a->partly = false;
}

// Offenders as the answer shows them; empty where there are none, or too many: of one ask, or with
// those of the job's asks before, since one `call.bound` fact must hold them all.
static str bracketed(struct batch *b, struct arena *a)
{
    if (!b->units.failed) b->units.n = mask_text(b->units.p, b->units.n);
    str s = b->units.failed || b->units.n == 0 ? (str){0} : buf_str(&b->units);
    bool fits = s.n <= JOB_UNITS_MAX - b->named;
    char *p = s.n == 0 || !fits ? NULL : arena_alloc(a, s.n + 2);

    if (p == NULL) return (str){"", 0};
    b->named += s.n;
    p[0] = '[';
    memcpy(p + 1, s.p, s.n);
    p[s.n + 1] = ']';
    return (str){p, s.n + 2};
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

// Writes what was decided. The answer keeps its own copy of the decided part, in the job's arena.
static status accept(struct batch *b, struct job *j, struct ask *a, const struct decide *d)
{
    struct fact *f = d->fact;
    str decided = arena_str(j->arena, f->decided);

    if (decided.p == NULL) return no_memory();
    if (j->key.present && j->n == 1 && a == j->asks) batch_bind(f, &j->key);
    batch_write_new(b, f, d->packed_body);
    a->fact = *f;
    a->fact.decided = decided;
    return OK;
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
    if (d->wakes) batch_woken(b);
    return OK;
}

static status do_ask(struct batch *b, struct job *j, struct ask *a, client_id *client);

// First what must be done before, then the ask itself, then what follows from it.
static status do_all(struct batch *b, struct job *j, struct ask *a, struct decide *d)
{
    client_id client;

    // Who is refused here may not have said whose it is, so it is whose the first one was.
    for (uint32_t i = 0; i < d->first_n; i++) TRY(do_ask(b, j, &d->first[i], &d->fact->client));
    if (d->first_n > 0) {
        d->again = true;
        TRY(batch_decide(b, j, a, d));
        assert(d->first_n == 0);
    }
    TRY(take(b, j, a, d));
    for (uint32_t i = 0; i < d->then_n; i++) TRY(do_ask(b, j, &d->then[i], &client));
    return OK;
}

static status do_ask(struct batch *b, struct job *j, struct ask *a, client_id *client)
{
    struct fact f;
    struct decide d = {.fact = &f};
    status st = batch_decide(b, j, a, &d);

    if (st.cls == ST_OK) st = do_all(b, j, a, &d);
    *client = f.client;
    return st;
}

static status do_as_part(struct batch *b, struct job *j, struct ask *a, struct decide *d)
{
    struct batch_part part = batch_part_begin(b);
    status st = do_all(b, j, a, d);

    if (st.cls == ST_OK)
        batch_part_keep(b);
    else
        batch_part_undo(b, &part);
    return st;
}

// Once. On refusal its offenders are told; it is not recorded.
static void try_ask(struct batch *b, struct job *j, struct ask *a, struct decide *d)
{
    ask_reset(a);
    a->result = batch_decide(b, j, a, d);
    if (a->result.cls == ST_OK)
        a->result = d->first_n + d->then_n > 0 ? do_as_part(b, j, a, d) : take(b, j, a, d);
    if (a->result.cls != ST_OK) a->units = bracketed(b, j->arena);
}

// With what is left after a refusal, which becomes a fact; then `a` tells both outcomes. The key is
// not bound by the fact, which does not hold the refusal.
static void retry_ask(struct batch *b, struct job *j, struct ask *a, struct decide *d)
{
    status besides = a->result;
    str units = a->units;
    struct ask left = *d->retry;

    d->refused_seq = batch_record_refusal(b, j, a, d->fact);
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

void batch_ask(struct batch *b, struct job *j, struct ask *a)
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
    if (txn_status(b->ledger.t).cls == ST_OK) (void)batch_record_refusal(b, j, a, &f);
}
