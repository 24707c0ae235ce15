// What nobody asked for in so many words: facts that the journal makes by itself (jumps of the
// clock, refusals and their counts, keys whose time is over) and what falls due. Owner: the
// committer.
#include "common/bytes.h"
#include "service/journal/batch_int.h"
#include "service/journal/pruned.h"
#include <string.h>

#define DUE_MEMORY (256 * MB) // for one command
#define DUE_MAX    256u       // whose time is over, in one batch

// ---- facts that never refuse

void batch_write_own(struct batch *b, const struct job *j, const struct ask *a,
                     const struct job_key *key)
{
    struct fact f;
    struct decide d = {.fact = &f};
    status st = batch_decide(b, j, a, &d);

    assert(st.cls == ST_OK);
    if (key != NULL) batch_bind(&f, key);
    batch_write_new(b, &f, (str){0});
}

void batch_tell_jump(struct batch *b)
{
    struct job nobody = {.n = 0};
    struct ask a;

    if (!b->has_jump) return;
    a = (struct ask){.kind = b->conf->clock->jumped, .what = &b->jump};
    batch_write_own(b, &nobody, &a, NULL);
    b->told_jump = true;
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
        batch_write_own(b, &nobody, &a, NULL);
    else if (txn_status(b->ledger.t).cls == ST_OK)
        b->pruned_day = today;
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

// Beyond `rate.refusals` of its share, but for what somebody must work off.
static bool is_surplus(struct batch *b, const struct job *j, const struct refused *r)
{
    const struct committer_conf *conf = b->conf;
    struct refusal_of of = {j->actor, refusal_share(r->st.cls)};

    if (conf->refusals_max == 0 || j->actor == 0) return false;
    if (conf->refusal_stays != NULL && conf->refusal_stays(r->kind)) return false;
    return refusal_is_surplus(&b->refusals, of, conf->refusals_max, batch_now(b));
}

// `of` says whose it is: its actor, client and lot. The seq of the fact.
static uint64_t write_refusal(struct batch *b, const struct refused *r, const struct fact *of)
{
    struct fact f = {.kind = FACT_REFUSAL,
                     .kind_version = kind_refusal.version,
                     .seq = b->ledger.head.seq + 1,
                     .term = b->ledger.term,
                     .at = batch_now(b),
                     .actor = of->actor,
                     .client = of->client,
                     .lot = of->lot};

    buf_reset(&b->out);
    refusal_put(r, &b->out);
    f.decided = buf_str(&b->out);
    batch_write_new(b, &f, (str){0});
    return f.seq;
}

uint64_t batch_record_refusal(struct batch *b, const struct job *j, const struct ask *a,
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

    b->refused++;
    uint64_t seen = refusal_seen(&b->refusals, &what, now);
    if (seen != 0) return seen;
    batch_tell_repeated(b); // gives room
    if (is_surplus(b, j, &r)) return b->ledger.head.seq;
    uint64_t seq = write_refusal(
        b, &r, &(struct fact){.actor = j->actor, .client = tried->client, .lot = tried->lot});
    refusal_remember(&b->refusals, &what, seq, now);
    return seq;
}

static void tell_surplus(struct batch *b, wall now)
{
    char text[REFUSAL_SURPLUS_MAX];
    struct refusal_caller c;

    while (refusal_caller_expired(&b->refusals, now, &c)) {
        if (c.more == 0) continue;
        struct refused r = refusal_surplus(c.more, text);
        (void)write_refusal(b, &r, &(struct fact){.actor = c.actor});
    }
}

void batch_tell_repeated(struct batch *b)
{
    wall now = b->ends_now ? (wall){INT64_MAX} : batch_now(b);
    uint64_t seq;
    uint32_t more;

    while (refusal_expired(&b->refusals, now, &seq, &more)) {
        char bytes[12];
        str what = {bytes, sizeof bytes};
        struct job nobody = {.n = 0};
        struct ask a = {.kind = &kind_refusal_repeated, .what = &what};

        if (more == 0) continue;
        put_be(bytes, seq, 8);
        put_be(bytes + 8, more, 4);
        batch_write_own(b, &nobody, &a, NULL);
    }
    tell_surplus(b, now);
}

// ---- what is due

// What cannot be decided stays, and is tried again in the next batch.
static void run_due(struct batch *b, wall now, uint32_t most)
{
    const struct due due = {now, &b->due_at};
    struct arena a;
    struct job nobody = {.arena = &a};
    struct ask ask = {.kind = b->conf->due, .what = &due};
    struct fact f;

    arena_init(&a, DUE_MEMORY);
    for (uint32_t i = 0; i < most; i++) {
        struct decide d = {.fact = &f};
        arena_reset(&a);
        if (batch_decide(b, &nobody, &ask, &d).cls != ST_OK || d.nothing) break;
        batch_write_new(b, &f, d.packed_body);
    }
    arena_fini(&a);
}

void batch_due(struct batch *b)
{
    wall now = batch_now(b);

    if (b->conf->due != NULL && b->due_at.ms <= now.ms) run_due(b, now, DUE_MAX);
}

void batch_woken(struct batch *b)
{
    if (b->conf->due != NULL) run_due(b, (wall){0}, UINT32_MAX);
}

// ---- is there anything?

bool batch_has_tidings(struct batch *b)
{
    const struct clock_conf *clock = b->conf->clock;

    if (clock != NULL && clock_has_tidings(&b->clock, clock, b->conf->env)) return true;
    if (b->waits && !b->ends_now) return false; // what is counted has no other time to be told
    if (b->conf->due != NULL && b->due_at.ms <= env_wall(b->conf->env).ms) return true;
    wall next = refusal_next(&b->refusals);
    return next.ms != INT64_MAX && (b->ends_now || next.ms <= env_wall(b->conf->env).ms);
}
