// `lot.explained`: decided; service/lot/explained.c says how it lies. Units that are explained
// change by a fact of their own before, through the machine, so that they are found and judged like
// any other: numbers that are lost on line are never given out again, and are commissioned if they
// are found.
#include "service/event/explain.h"
#include "service/event/lot_acts.h"
#include "service/event/report_int.h"

static status check_state(enum lot_state s)
{
    if (s != LOT_RELEASED) return OK;
    return fail(ST_CONFLICT, "lot.released", 0, "the lot is released, with its balance signed");
}

// ---- by count

static status by_count(const struct explain_ask *ask, const struct balance *b)
{
    uint64_t rest = 0;

    for (uint32_t i = 0; i < b->n; i++)
        if (b->level[i].level == ask->level) rest = balance_unexplained(&b->level[i], ask->as->of);
    if (ask->count <= rest) return OK;
    return fail(ST_CONFLICT, "explain.too_many", 0, "%s: only %llu are unexplained there",
                difference_word(ask->as->of), (unsigned long long)rest);
}

// ---- by name

static bool is_so(const struct unit *x, enum unit_act act)
{
    switch (act) {
    case ACT_LOSE: return x->flags & UNIT_LOST;
    case ACT_INVALIDATE: return x->state == UNIT_INVALID;
    case ACT_SAMPLE: return x->state == UNIT_SAMPLED;
    default: return x->state == UNIT_DESTROYED;
    }
}

static status check_unit(struct judge *j, struct owner_reader *owners,
                         const struct explain_ask *ask, unit_id u, const struct unit *x)
{
    uint32_t lot = x->first != 0 ? judge_header(j, x->first)->lot
                                 : owner_lot_asked(owners, u, ask->units->client);

    if (lot != ask->lot)
        return fail(ST_CONFLICT, "explain.lot", 0, "it is not of this lot, nor asked for with it");
    if (x->parent.v != 0)
        return fail(ST_CONFLICT, "explain.sort", 0,
                    "it lies in a container, and no difference is of that: take it out first");
    if ((x->first == 0) == ask->as->numbers) return OK;
    return fail(ST_CONFLICT, "explain.sort", 0, "%s is said of %s", ask->as->word,
                ask->as->numbers ? "numbers that were never commissioned" : "goods");
}

// *so: they all are as it is told already.
static status check_units(struct decide *d, const struct explain_ask *ask, bool *so)
{
    struct judge j = {.d = d, .ask = ask->units, .names = names_here(d->app)};
    struct owner_reader owners = {.names = j.names, .t = d->t};
    unit_id u;

    *so = true;
    unit_rows_read(&j.rows, d->t);
    for (struct run_walk w = runs_walk(&ask->units->units); run_next(&w, &u);) {
        struct unit x = unit_get(&j.rows, u);
        status st = check_unit(&j, &owners, ask, u, &x);
        if (st.cls != ST_OK) judge_offend(&j, u, st);
        *so = *so && is_so(&x, ask->as->act);
    }
    return j.bad > 0 ? j.first : OK;
}

static status balance_now(struct decide *d, uint32_t number, struct balance *out)
{
    struct lot lot;

    if (!lot_get(d->t, number, d->arena, &lot)) return txn_status(d->t);
    return balance_of(d->t, &lot, d->arena, out);
}

// The lines of the balance with the explanation in it: what is answered.
static status put_decided(struct decide *d, const struct lot_explained *x, struct balance *b)
{
    struct lot_explained whole = *x;
    struct buf text;

    if (x->units.units == 0) balance_with(b, x->level, x->as->of, x->count);
    buf_init(&text, 256 * KB);
    struct json_w w = json_writer(&text);
    json_w_object(&w);
    balance_lines_write(b, &w);
    json_w_end(&w);
    status st = buf_done(&text, &whole.balance);
    if (st.cls == ST_OK) lot_explained_put(d->out, &whole);
    buf_fini(&text);
    return st.cls == ST_OK ? txn_status(d->t) : st;
}

static status explained_decide(struct decide *d)
{
    const struct explain_ask *ask = d->ask;
    struct lot_explained x = {
        .lot = ask->lot, .as = ask->as, .level = ask->level, .count = ask->count};
    struct level_reader levels = {.t = d->t, .names = names_here(d->app), .arena = d->arena};
    struct lot_brief lot;
    struct balance b;
    bool so = true;

    if (!lot_brief_get(d->t, ask->lot, &lot)) return txn_status(d->t);
    d->fact->client = lot.client;
    d->fact->lot = ask->lot;
    TRY(check_state(lot.state));
    TRY(balance_now(d, ask->lot, &b));
    x.reason = ask->reason;
    if (ask->units == NULL) {
        TRY(by_count(ask, &b));
    } else {
        TRY(check_units(d, ask, &so));
        x.units = ask->units->units;
        x.count = x.units.units;
        x.level = level_of_unit(&levels, x.units.at[0].first, ask->lot);
    }
    if (!so) {
        d->first = NEW(d->arena, struct ask);
        if (d->first == NULL) return no_memory();
        *d->first = (struct ask){.kind = &kind_units_changed, .what = ask->units};
        d->first_n = 1;
        return OK;
    }
    return put_decided(d, &x, &b);
}

static void explained_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct lot_explained x;
    struct arena a;

    (void)arg;
    arena_init(&a, 256 * MB);
    if (lot_explained_get(f->decided, &a, &x).cls == ST_OK) {
        if (x.units.units == 0) balance_explain(t, x.lot, x.level, x.as->of, x.count);
        paper_note(t, x.lot, f);
        balance_note(t, f, x.lot, false);
    } else {
        txn_spoil(t, "record.corrupt", "an explanation");
    }
    arena_fini(&a);
}

static void explained_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct lot_explained x;
    struct arena a;

    (void)arg;
    arena_init(&a, 256 * MB);
    if (lot_explained_get(f->decided, &a, &x).cls == ST_OK) {
        json_w_kstr(w, "as", str_of(x.as->word));
        json_w_kint(w, "level", x.level);
        json_w_kint(w, "count", (int64_t)x.count);
        json_w_kbool(w, "named", x.units.units > 0);
        if (x.reason.n > 0) json_w_kstr(w, "reason", x.reason);
    }
    arena_fini(&a);
}

const struct kind kind_lot_explained = {
    FACT_LOT_EXPLAINED, 1,   "lot.explained", explained_decide, explained_write,
    explained_print,    NULL};
