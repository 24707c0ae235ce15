// Runs in the committer.
#include "service/event/unsample.h"
#include "service/event/captured.h"
#include "service/event/changed.h"
#include "service/event/report_int.h"
#include "service/event/unit_past.h"

#define UNSAMPLE_MAX 1000u // the past of each is read, twice

struct sampling { // what an event made of its units, one after the other
    struct touched touched;
    struct bytes_r bytes;
    struct alike_r effects;
    bool captured;
};

// False: it made none a sample.
static bool is_sampling(const struct fact *f, struct arena *a, struct sampling *out, status *st)
{
    struct captured_event e;
    struct changed x = {.act = 0};
    struct report report;
    struct bytes_r rest;
    uint64_t event;

    out->captured = f->kind == FACT_EVENT_CAPTURED;
    if (!out->captured && f->kind != FACT_UNITS_CHANGED) return false;
    *st = report_get(f->decided, a, &report, &out->touched, &rest);
    if (st->cls != ST_OK) return false;
    if (out->captured) {
        if (!captured_of(&rest, f, &event)) return false;
        *st = captured_event_get(&rest, f, out->touched.runs.units, a, &e);
        out->bytes = e.effects;
    } else {
        *st = changed_get(&rest, out->touched.runs.units, a, &x);
        out->bytes = x.changes;
    }
    out->effects = (struct alike_r){.in = &out->bytes};
    return st->cls == ST_OK && (out->captured || x.act == ACT_SAMPLE);
}

static bool next_is_sample(struct sampling *s)
{
    if (!s->captured) return changed_next(&s->effects).to == UNIT_SAMPLED;
    uint64_t effect = alike_get(&s->effects);
    bool changes = effect & (EFFECT_CHANGED | EFFECT_LEAVES);
    return changes && effect_change_of(effect).to == UNIT_SAMPLED;
}

// It lies again in what it lay in, as the correction says, or beside it: what that is stopped for
// would be lost. REQ STATES-HOLD-STAYS
static status check_free(struct judge *j, const struct fact *f, unit_id u)
{
    wall before = f->flags & FACT_HAS_TIME ? f->event.at : f->at;
    struct unit was;

    before.ms--;
    TRY(past_unit(j->d->t, u, before, &was));
    if (was.parent.v == 0) return OK;
    struct unit x = unit_get(&j->rows, was.parent);
    unsigned flags = standing_of(&j->standing, &x, 0).flags;
    if (!(flags & (UNIT_HOLD | UNIT_RECALLED))) return OK;
    return fail(ST_CONFLICT, flags & UNIT_HOLD ? "unit.on_hold" : "unit.recalled", 0,
                "what it was taken from is %s", flags & UNIT_HOLD ? "on hold" : "recalled");
}

// Those that still are what it made of them. What began elsewhere is not ours to call good.
static status still_samples(struct decide *d, const struct fact *f, struct sampling *s,
                            struct runs *out)
{
    struct judge j = {.d = d, .names = names_here(d->app)};
    unit_id *units = NEW_ARRAY(d->arena, unit_id, s->touched.runs.units + 1), u;
    uint32_t n = 0;

    if (units == NULL) return no_memory();
    unit_rows_read(&j.rows, d->t);
    j.standing.t = d->t;
    for (struct run_walk w = runs_walk(&s->touched.runs); run_next(&w, &u);) {
        bool sampled = next_is_sample(s) && unit_get(&j.rows, u).state == UNIT_SAMPLED;
        if (!sampled || judge_sorts(&j, u).is_foreign) continue;
        if (n == UNSAMPLE_MAX)
            return fail(ST_TOO_LARGE, "correction.too_many", 0,
                        "its event made more than %u packs samples", UNSAMPLE_MAX);
        TRY(check_free(&j, f, u));
        units[n++] = u;
    }
    *out = runs_of(d->arena, units, n);
    return out->at == NULL ? no_memory() : OK;
}

status unsample_first(struct decide *d, const struct unsample *what)
{
    struct report_ask *ask = NEW(d->arena, struct report_ask);
    struct ask *first = NEW(d->arena, struct ask);
    struct sampling s;
    status st = OK;
    struct fact f;

    if (ask == NULL || first == NULL) return no_memory();
    TRY(journal_get(d->t, what->event, d->arena, &f));
    if (!is_sampling(&f, d->arena, &s, &st)) return st;
    *ask = (struct report_ask){.type = REPORT_SAMPLE,
                               .act = ACT_UNSAMPLE,
                               .fields.reason = what->reason,
                               .client = what->client,
                               .derived = true};
    TRY(still_samples(d, &f, &s, &ask->units));
    if (ask->units.units == 0) return txn_status(d->t);
    *first = (struct ask){.kind = &kind_units_changed, .what = ask};
    d->first = first;
    d->first_n = 1;
    return txn_status(d->t);
}
