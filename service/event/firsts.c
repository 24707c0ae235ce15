// `units.commissioned`, `units.scrapped` and `labels.sampled`: the first events of numbers, which
// give them their lot. decided part: contents.h. What tells the two apart is a row of a table.
//
// A closed lot takes no commission; it takes scrap, which explains what became of a number, until
// it is released.
#include "service/event/noting.h"
#include "service/event/often.h"
#include "service/event/report_int.h"
#include "service/event/waiting.h"

struct rule {
    enum unit_act act;
    enum unit_state pack, container; // what they are afterwards
    enum count count;
    bool needs_open_lot;
    bool is_event; // partners are told
};

static const struct rule commission = {
    ACT_COMMISSION, UNIT_COMMISSIONED, UNIT_OPEN, COUNT_COMMISSIONED, true, true};
// Nothing has come to be, so there is nothing to tell.
static const struct rule scrap = {ACT_SCRAP,      UNIT_SCRAPPED, UNIT_SCRAPPED,
                                  COUNT_SCRAPPED, false,         false};

static const struct rule label_sample = {
    ACT_LABEL_SAMPLE, UNIT_LABEL_SAMPLED, UNIT_LABEL_SAMPLED, COUNT_LABEL_SAMPLED, false, false};

// What was made in time and is told late says by its time that it was.
static status check_lot(const struct decide *d, const struct report_ask *ask)
{
    wall at = ask->has_time ? ask->time.at : d->now;
    struct lot lot;

    if (!lot_view(d->t, ask->lot, &lot)) return txn_status(d->t);
    if (!lot_takes_commission(lot.state))
        return fail(ST_CONFLICT, "lot.closed", 0,
                    "lot: it is %s, nothing more is commissioned for it",
                    lot_state_word(lot.state));
    return lot_expiry_check(&lot, at);
}

// A level that the product had, or has since, is none of a lot of another version.
static status check_gtin(struct judge *j)
{
    const struct report_ask *ask = j->ask;
    struct level_reader r = {.t = j->d->t, .names = j->names, .arena = j->d->arena};

    if (ask->lot == 0 || level_is_of_lot(&r, ask->units.at[0].first, ask->lot)) return OK;
    return fail(ST_UNPROCESSABLE, "lot.unknown", 0,
                "lot: it was opened with a version of the product without this GTIN");
}

// All its units have one GTIN, or are SSCCs, which have nothing in them yet.
static void level_of(struct judge *j, struct firsts *out)
{
    unit_id one = j->ask->units.at[0].first;
    struct level_reader r = {.t = j->d->t, .names = j->names, .arena = j->d->arena};

    out->is_sscc = judge_sorts(j, one).is_sscc;
    out->level = level_of_unit(&r, one, j->ask->lot);
}

// A number that was told as printed, or lost, counts so no longer: with the lot that it was asked
// for.
static void count_before(struct judge *j, struct owner_reader *owners, unit_id u,
                         const struct unit *x, struct firsts *own)
{
    struct level_reader r = {.t = j->d->t, .names = j->names, .arena = j->d->arena};
    struct unit after = {.state = UNIT_COMMISSIONED};
    struct counted of = {.lot = owner_lot_asked(owners, u, j->ask->client)};

    if (of.lot != 0) of.level = level_of_unit(&r, u, of.lot);
    counts_step(&own->before, j->d->arena, &of, x, &after);
}

static status firsts_decide(struct decide *d)
{
    const struct rule *rule = d->arg;
    const struct report_ask *ask = d->ask;
    struct firsts own = {0};
    struct judge j = {0};
    struct unit x;
    unit_id u;

    TRY(judge_begin(&j, d, &ask->units));
    struct owner_reader owners = {.names = j.names, .t = d->t};
    if (d->repeat_seq != 0) return OK;
    d->fact->lot = ask->lot; // of a refusal, too
    TRY(check_gtin(&j));
    TRY(judge_line(&j, ask->lot));
    if (rule->needs_open_lot) TRY(check_lot(d, ask));
    TRY(judge_unreleased(&j, ask->lot));
    for (struct run_walk w = runs_walk(&ask->units); run_next(&w, &u);) {
        if (!judge_unit(&j, u, rule->act, &x)) continue;
        if (x.state == UNIT_PRINTED || x.flags & UNIT_LOST) count_before(&j, &owners, u, &x, &own);
        if (rule->needs_open_lot) judge_market(&j, ask->lot, u);
    }
    TRY(judge_end(&j));
    level_of(&j, &own);
    own.has_repeat = repeat_digest(&ask->repeat, &own.repeat);
    firsts_put(d->out, &own);
    if (rule->is_event) d->fact->flags |= FACT_IS_EVENT;
    return txn_status(d->t);
}

static void write_units(struct unit_writing *w, enum unit_state state)
{
    unit_id u;

    for (struct run_walk walk = runs_walk(&w->touched.runs); run_next(&walk, &u);) {
        struct unit x = unit_get(&w->rows, u);
        x.state = state;
        x.flags &= (uint8_t) ~(UNIT_LOST | UNIT_SEEN);
        if (x.last != 0 && waiting_begun(w->t, u)) x.flags |= UNIT_LATE;
        x.first = x.last = w->f->seq;
        often_note(w->t, w->f, u, &x);
        unit_put(&w->rows, u, &x);
    }
}

static void note(struct unit_writing *w)
{
    struct noting n;

    noting_begin(&n, w->t, w->f, &w->arena);
    noting_event(&n, EPCIS_OBJECT, EPCIS_STEP_COMMISSIONING, EPCIS_DISP_ACTIVE);
    noting_read_point(&n, w->report.gln);
    noting_biz_location(&n, w->report.gln);
    noting_units(&n, &w->touched.runs);
    noting_end(&n);
}

static void firsts_write(struct txn *t, const struct fact *f, const void *arg)
{
    const struct rule *rule = arg;
    struct unit_writing w;
    struct firsts own;

    if (writing_begin(&w, t, f) && firsts_get(&w.own, &w.arena, &own).cls == ST_OK) {
        int64_t n = (int64_t)w.touched.runs.units;
        enum unit_state state = firsts_are_containers(&own) ? rule->container : rule->pack;
        write_units(&w, state);
        writing_count(&w, (struct count_of){f->lot, own.level, rule->count}, n);
        if (state == UNIT_OPEN)
            writing_count(&w, (struct count_of){f->lot, own.level, COUNT_OPEN}, n);
        writing_began(&w, &w.touched.runs, f->lot);
        writing_counts(&w, &own.before);
        if (rule->is_event) note(&w);
        if (own.has_repeat) repeat_write(t, f, &w.report, &own.repeat);
    } else {
        txn_spoil(t, "record.corrupt", "units commissioned or scrapped");
    }
    writing_end(&w);
}

static void firsts_print(const struct fact *f, struct json_w *w, const void *arg)
{
    (void)arg;
    report_print(f, w);
}

const struct kind kind_units_commissioned = {FACT_UNITS_COMMISSIONED,
                                             1,
                                             "units.commissioned",
                                             firsts_decide,
                                             firsts_write,
                                             firsts_print,
                                             &commission};
const struct kind kind_units_scrapped = {
    FACT_UNITS_SCRAPPED, 1, "units.scrapped", firsts_decide, firsts_write, firsts_print, &scrap};
const struct kind kind_labels_sampled = {
    FACT_LABELS_SAMPLED, 1, "labels.sampled", firsts_decide, firsts_write, firsts_print,
    &label_sample};
