// A lot as it was: from the fact that opened it and its papers, oldest first, up to a time.
// What became of its units would need every fact of theirs, so that is told of the present alone; a
// release keeps its own.
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
    if (lot_amended_apply(f, &p->lot)) return OK;
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

static status counted(const struct fact *f, struct lot_past *p)
{
    struct lot_count_ask x;

    if (!lot_counted_get(f->decided, &x))
        return fail(ST_STORE, "record.corrupt", 0, "what was counted of a lot");
    for (unsigned i = 0; i < PHYSICAL_END; i++) {
        if (!x.said[i]) continue;
        p->counted[x.level].said[i] = true;
        p->counted[x.level].value[i] = x.value[i];
    }
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
    {FACT_LOT_COUNTED,  counted },
}; // what is explained changes nothing that is told of the past

static bool is_later(const struct fact *f, struct lot_then then)
{
    return f->at.ms > then.at.ms || f->seq > then.seq;
}

static status begin(struct txn *t, uint64_t seq, struct lot_then then, struct arena *a,
                    struct lot_past *p)
{
    struct fact f;

    TRY(journal_get(t, seq, a, &f));
    if (is_later(&f, then)) return lot_unknown();
    TRY(lot_of_opened(&f, a, &p->lot));
    if (p->lot.extra.n > 0) p->lot.extra = lot_extra_opened(t, seq, a);
    p->seq = seq;
    return OK;
}

// One paper of a kind that is told; *later: it and all that follow were not there yet.
static status step(const struct fact *f, struct lot_then then, struct lot_past *p, bool *later)
{
    size_t i = 0;

    *later = is_later(f, then);
    while (i < LEN(kinds) && kinds[i].kind != f->kind) i++;
    if (*later || i == LEN(kinds)) return OK;
    p->seq = f->seq;
    return kinds[i].did(f, p);
}

static bool is_told(unsigned kind)
{
    for (size_t i = 0; i < LEN(kinds); i++)
        if (kinds[i].kind == kind) return true;
    return false;
}

status lot_past_get(struct txn *t, const struct lot *now, struct lot_then then, struct arena *a,
                    struct lot_past *out)
{
    struct lot_past p = {
        .balance = {"", 0}
    };
    struct paper_walk walk;
    bool later = false;
    unsigned kind;
    uint64_t seq;
    struct fact f;

    TRY(begin(t, now->opened_seq, then, a, &p));
    status st = OK;
    paper_walk_open(&walk, t, now->number);
    while (st.cls == ST_OK && !later && paper_walk_next(&walk, &seq, &kind)) {
        if (!is_told(kind)) continue;
        st = journal_get(t, seq, a, &f);
        if (st.cls == ST_OK) st = step(&f, then, &p, &later);
    }
    walk_close(&walk.walk);
    if (st.cls == ST_OK) *out = p;
    return st;
}
