#include "service/journal/batch.h"
#include "common/bytes.h"
#include "service/journal/call_bound.h"
#include "service/journal/idempotency.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DECIDED_MAX     (64 * MB) // of one fact
#define UNITS_MAX       (4 * MB)  // offenders of one command, as JSON
#define BATCH_BYTES_MAX (1 * GB)
#define YESTERDAY_MS    600000 // keys bound just before midnight are still looked for

void batch_init(struct batch *b, const struct committer_conf *conf)
{
    *b = (struct batch){.conf = conf};
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
    *b = (struct batch){0};
}

_Static_assert(offsetof(struct job, mail) == 0, "a chain of mail is a chain of jobs");
static struct job *job_next(const struct job *j) { return (struct job *)(void *)j->mail.next; }

// recordTime never goes back, whatever the clock does: only seq orders.
static wall batch_now(const struct batch *b)
{
    wall now = env_wall(b->conf->env);
    return now.ms < b->ledger.head.at.ms ? b->ledger.head.at : now;
}

static void note_end(struct batch *b)
{
    if (b->count == b->ends_cap) {
        b->ends_cap = b->ends_cap ? 2 * b->ends_cap : 64;
        b->ends = realloc(b->ends, b->ends_cap * sizeof *b->ends);
        assert(b->ends != NULL);
    }
    b->ends[b->count++] = b->records.n;
}

static void write_fact(struct batch *b, struct fact *f, str packed_body)
{
    ledger_write(&b->ledger, f, packed_body, &b->records);
    note_end(b);
}

// Asks the kind. On success `f` is complete but not yet written; its decided part lies in b->out.
static status decide(struct batch *b, const struct job *j, const struct ask *a, struct decide *d,
                     struct fact *f)
{
    buf_reset(&b->out);
    buf_reset(&b->units);
    *f = (struct fact){.kind = a->kind->number,
                       .kind_version = a->kind->version,
                       .seq = b->ledger.head.seq + 1,
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
                         .units = &b->units};
    status st = a->kind->decide(d);
    if (st.cls == ST_OK) TRY(buf_done(&b->out, &f->decided));
    return st;
}

// Writes a fact of the journal's own kinds, which never refuse.
static uint64_t write_own(struct batch *b, const struct job *j, const struct ask *a,
                          const struct job_key *key)
{
    struct decide d;
    struct fact f;
    status st = decide(b, j, a, &d, &f);

    assert(st.cls == ST_OK);
    if (key != NULL) {
        f.flags |= FACT_HAS_KEY;
        f.key = key->key;
        f.key_body = key->body;
    }
    write_fact(b, &f, (str){0});
    return f.seq;
}

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

static void record_refusal(struct batch *b, const struct job *j, const struct ask *a,
                           client_id client)
{
    struct digest16 what = refusal_digest(j, a);
    wall now = batch_now(b);
    bool made_on_loop = a->kind == &kind_refusal;
    struct refused r = {.kind = made_on_loop ? ((const struct refused *)a->what)->kind
                                             : a->kind->number,
                        .st = a->result,
                        .units = a->units,
                        .client = client};
    struct fact f = {.kind = FACT_REFUSAL,
                     .kind_version = kind_refusal.version,
                     .seq = b->ledger.head.seq + 1,
                     .at = now,
                     .actor = j->actor,
                     .client = client};

    b->refused++;
    if (refusal_seen(&b->refusals, &what, now) != 0) return;
    buf_reset(&b->out);
    refusal_put(&r, &b->out);
    f.decided = buf_str(&b->out);
    write_fact(b, &f, (str){0});
    refusal_remember(&b->refusals, &what, f.seq, now);
}

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
    if (decided.p == NULL)
        return fail(ST_TOO_LARGE, "request.memory", 0, "the answer needs too much memory");
    if (j->key.present && j->n == 1) {
        f->flags |= FACT_HAS_KEY;
        f->key = j->key.key;
        f->key_body = j->key.body;
    }
    write_fact(b, f, d->packed_body);
    a->fact = *f;
    a->fact.decided = decided;
    return OK;
}

static void run_ask(struct batch *b, struct job *j, struct ask *a)
{
    struct decide d;
    struct fact f;

    a->result = decide(b, j, a, &d, &f);
    a->repeat = a->result.cls == ST_OK && d.repeat_seq != 0;
    if (a->repeat) {
        a->result = journal_get(b->ledger.t, d.repeat_seq, j->arena, &a->fact);
        return;
    }
    if (a->result.cls == ST_OK) a->result = accept(b, j, a, &d);
    if (a->result.cls == ST_OK) return;
    a->units = bracketed(j->arena, &b->units);
    if (txn_status(b->ledger.t).cls == ST_OK) record_refusal(b, j, a, f.client);
}

// Fills a job's answers from the fact that its key was bound by.
static status answer_again(struct batch *b, struct job *j, uint64_t seq)
{
    struct fact f;

    TRY(journal_get(b->ledger.t, seq, j->arena, &f));
    if (f.kind == FACT_CALL_BOUND) {
        TRY(call_bound_get(f.decided, j));
        for (uint32_t i = 0; i < j->n; i++)
            if (j->asks[i].result.cls == ST_OK)
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
    if (out->seq != 0 || idempotency_get(b->ledger.t, today, &key->key, out)) return true;
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

static void bind_call(struct batch *b, const struct job *j)
{
    bool in_fact = j->n == 1 && j->asks[0].result.cls == ST_OK && !j->asks[0].repeat;
    struct ask bound = {.kind = &kind_call_bound, .what = j};

    if (j->key.present && j->key.always && !in_fact) write_own(b, j, &bound, &j->key);
}

static void run_job(struct batch *b, struct job *j)
{
    j->whole = OK;
    j->repeat = false;
    for (uint32_t i = 0; i < j->n; i++) {
        j->asks[i].result = OK;
        j->asks[i].units = (str){0};
        j->asks[i].repeat = false;
    }
    if (job_is_repeat(b, j)) return;
    for (uint32_t i = 0; i < j->n; i++) run_ask(b, j, &j->asks[i]);
    bind_call(b, j);
}

static void tell_repeated(struct batch *b)
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

bool batch_has_tidings(struct batch *b)
{
    const struct refusal_memory *m = &b->refusals;
    return m->used > 0 && env_wall(b->conf->env).ms - m->slots[0].first.ms >= REFUSAL_SAME_MS;
}

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

static void begin(struct batch *b)
{
    b->ledger = ledger_begin(txn_write(b->conf->db), b->conf->kinds);
    b->before = b->ledger.head.link;
    b->refusals_before = b->refusals;
    b->refused = 0;
    b->count = 0;
    buf_reset(&b->records);
}

static status end(struct batch *b, bool commit)
{
    if (commit && b->count > 0) ledger_end(&b->ledger);
    status st = txn_end(&b->ledger.t, commit && b->count > 0);
    if (st.cls == ST_OK && commit)
        b->head_seq = b->ledger.head.seq;
    else
        b->refusals = b->refusals_before; // what was remembered did not come to be
    return st;
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
    if (st.cls == ST_OK) write_fact(b, &f, (str){0});
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

struct batch_result batch_run(struct batch *b, struct job *jobs)
{
    enum append_result r;
    status st;

    do {
        begin(b);
        for (struct job *j = jobs; j != NULL; j = job_next(j)) run_job(b, j);
        tell_repeated(b);
        st = txn_status(b->ledger.t);
        r = st.cls == ST_OK ? append(b) : APPEND_OK;
        if (r == APPEND_OK) break;
        (void)end(b, false).cls;
        if (r == APPEND_UNKNOWN && find_out(b)) goto out;
        while (r == APPEND_LOST && batch_catch_up(b).cls != ST_OK) wait_a_little();
    } while (true);
    st = end(b, true);
out:
    for (struct job *j = jobs; j != NULL; j = job_next(j)) {
        if (st.cls != ST_OK) j->whole = st;
        j->seq_end = b->head_seq;
    }
    return (struct batch_result){st.cls == ST_OK && b->count > 0, (uint32_t)b->count, b->refused};
}
