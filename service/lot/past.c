// A lot as it was: from the fact that opened it and its papers, oldest first, up to a time.
// Counters would need every fact of its units, so they are told of the present alone; a release
// keeps its own.
#include "common/arena.h"
#include "service/journal/journal_db.h"
#include "service/lot/lot_int.h"

static status closed(const struct fact *f, struct lot_past *p)
{
    p->lot.state = LOT_CLOSED;
    p->lot.closed_seq = f->seq;
    return OK;
}

static status amended(const struct fact *f, struct lot_past *p)
{
    if (lot_amended_apply(f->decided, &p->lot)) return OK;
    return fail(ST_STORE, "record.corrupt", 0, "an amended lot");
}

static status released(const struct fact *f, struct lot_past *p)
{
    struct lot_signed_fact x;

    TRY(lot_signed_get(f, &x));
    p->lot.state = lot_act_to(SIGNED_RELEASE);
    p->balance = x.balance;
    return OK;
}

static status reopened(const struct fact *f, struct lot_past *p)
{
    (void)f;
    p->lot.state = lot_act_to(SIGNED_REOPEN);
    return OK;
}

static status recalled(const struct fact *f, struct lot_past *p)
{
    (void)f;
    p->lot.state = lot_act_to(SIGNED_RECALL);
    return OK;
}

static const struct {
    enum fact_kind kind;
    status (*did)(const struct fact *f, struct lot_past *p);
} kinds[] = {
    {FACT_LOT_CLOSED,   closed  },
    {FACT_LOT_AMENDED,  amended },
    {FACT_LOT_RELEASED, released},
    {FACT_LOT_REOPENED, reopened},
    {FACT_LOT_RECALLED, recalled},
}; // what is counted and explained changes nothing that is told of the past

static status begin(struct txn *t, uint64_t seq, wall at, struct arena *a, struct lot_past *p)
{
    struct fact f;

    TRY(journal_get(t, seq, a, &f));
    if (f.at.ms > at.ms) return lot_unknown();
    TRY(lot_of_opened(&f, a, &p->lot));
    if (p->lot.extra.n > 0) p->lot.extra = lot_extra_opened(t, seq, a);
    p->seq = seq;
    return OK;
}

// One paper; *later: it and all that follow were not there yet.
static status step(struct txn *t, uint64_t seq, size_t i, wall at, struct arena *a,
                   struct lot_past *p, bool *later)
{
    struct fact f;

    TRY(journal_get(t, seq, a, &f));
    *later = f.at.ms > at.ms;
    if (*later) return OK;
    p->seq = seq;
    return kinds[i].did(&f, p);
}

status lot_past_get(struct txn *t, const struct lot *now, wall at, struct arena *a,
                    struct lot_past *out)
{
    struct lot_past p = {
        .balance = {"", 0}
    };
    struct paper_walk walk;
    bool later = false;
    unsigned kind;
    uint64_t seq;

    TRY(begin(t, now->opened_seq, at, a, &p));
    status st = OK;
    paper_walk_open(&walk, t, now->number);
    while (st.cls == ST_OK && !later && paper_walk_next(&walk, &seq, &kind)) {
        size_t i = 0;
        while (i < LEN(kinds) && kinds[i].kind != kind) i++;
        if (i < LEN(kinds)) st = step(t, seq, i, at, a, &p, &later);
    }
    walk_close(&walk.walk);
    if (st.cls == ST_OK) *out = p;
    return st;
}
