// What writing the facts about units has in common. Runs in the committer and in every replay:
// reads the fact and the ledger and nothing else, and cannot refuse.
#include "service/event/noting.h"
#include "service/event/report_int.h"

#define FACT_WORK_MAX (256 * MB) // of one fact's units, taken as it is needed

bool writing_begin(struct unit_writing *w, struct txn *t, const struct fact *f)
{
    w->t = t;
    w->f = f;
    w->lot = 0;
    arena_init(&w->arena, FACT_WORK_MAX);
    unit_rows_write(&w->rows, t);
    if (report_get(f->decided, &w->arena, &w->report, &w->touched, &w->own).cls == ST_OK)
        return true;
    txn_spoil(t, "record.corrupt", "a fact about units");
    return false;
}

static void counts_end(struct unit_writing *w)
{
    if (w->lot != 0) lot_counts_put(w->t, w->lot, &w->counts);
    w->lot = 0;
}

void writing_flush(struct unit_writing *w)
{
    unit_rows_end(&w->rows);
    counts_end(w);
}

void writing_end(struct unit_writing *w)
{
    unit_rows_end(&w->rows);
    counts_end(w);
    arena_fini(&w->arena);
}

void writing_count(struct unit_writing *w, struct count_of of, int64_t n)
{
    assert(of.level < PRODUCT_LEVELS_MAX && of.what < COUNT_END);
    if (of.lot == 0) return;
    if (of.lot != w->lot) {
        counts_end(w);
        w->counts = lot_counts_get(w->t, of.lot);
        w->lot = of.lot;
    }
    uint64_t *count = &w->counts.level[of.level].of[of.what];
    // Numbers may have been printed or lost before the lot that they are for was opened.
    bool of_numbers = of.what == COUNT_PRINTED || of.what == COUNT_LOST_NUMBERS ||
                      of.what == COUNT_STOLEN_NUMBERS;
    if (n < 0 && *count < (uint64_t)-n && of_numbers)
        *count = 0;
    else if (n < 0 && *count < (uint64_t)-n)
        txn_spoil(w->t, "store.corrupt", "a lot's counter would fall below none");
    else
        *count += (uint64_t)n;
}

void writing_counts(struct unit_writing *w, const struct counts *c)
{
    for (uint32_t i = 0; i < c->n; i++) {
        const struct counted *x = &c->at[i];
        bool noted = x->lot == w->f->lot;
        writing_count(w, (struct count_of){x->lot, x->level, (enum count)x->what}, x->more);
        for (uint32_t k = 0; k < i && !noted; k++) noted = c->at[k].lot == x->lot;
        if (!noted) lot_note(w->t, w->f->client, x->lot, w->f->seq);
    }
    if (w->f->lot != 0) lot_note(w->t, w->f->client, w->f->lot, w->f->seq);
}

struct runs container_and(unit_id container, const struct runs *children, struct arena *a)
{
    struct runs all = {.at = NEW_ARRAY(a, struct run, children->n + 1)};

    if (all.at == NULL) return all;
    all.at[0] = (struct run){container, 1};
    for (uint32_t i = 0; i < children->n; i++) all.at[i + 1] = children->at[i];
    all.n = children->n + 1;
    all.units = children->units + 1;
    return all;
}

status contents_read(struct unit_writing *w, struct contents *out)
{
    const struct runs *all = &w->touched.runs;

    if (all->n == 0 || all->at[0].count != 1)
        return fail(ST_STORE, "record.corrupt", 0, "a fact without its container");
    return contents_get(&w->own, w->f, w->touched.runs.units - 1, &w->arena, out);
}

// An SSCC's level may have changed with its content: then it counts with another one from now on.
static void count_container(struct unit_writing *w, const struct contents *c)
{
    struct count_of was = {c->lot, c->level_before, COUNT_COMMISSIONED};
    struct count_of is = {c->lot, c->level, COUNT_COMMISSIONED};
    bool begins = c->flags & CONTENTS_BEGINS;

    if (!begins) writing_count(w, was, -1);
    writing_count(w, is, 1);
    was.what = is.what = COUNT_OPEN;
    if (!begins && !(c->flags & CONTENTS_REOPENS)) writing_count(w, was, -1);
    if (!(c->flags & CONTENTS_CLOSES)) writing_count(w, is, 1);
}

static bool noted(const struct unit_writing *w, const struct contents *c, uint32_t before)
{
    uint32_t lot = before < c->tally_count ? c->tallies[before].lot : c->lot;
    bool there = lot == 0 || lot == w->f->lot;

    for (uint32_t i = 0; i < before && !there; i++) there = c->tallies[i].lot == lot;
    return there;
}

void contents_count(struct unit_writing *w, const struct contents *c, int sign)
{
    for (uint32_t i = 0; i < c->tally_count; i++) {
        const struct tally *t = &c->tallies[i];
        writing_count(w, (struct count_of){t->lot, t->level, COUNT_PACKED},
                      sign * (int64_t)t->count);
        if (!noted(w, c, i)) lot_note(w->t, w->f->client, t->lot, w->f->seq);
    }
    count_container(w, c);
    if (!noted(w, c, c->tally_count)) lot_note(w->t, w->f->client, c->lot, w->f->seq);
    if (w->f->lot != 0) lot_note(w->t, w->f->client, w->f->lot, w->f->seq);
}

void contents_note(struct unit_writing *w, const struct contents *c, enum epcis_step step)
{
    struct noting n;

    noting_begin(&n, w->t, w->f, &w->arena);
    noting_event(&n, EPCIS_AGGREGATION, step, EPCIS_DISP_IN_PROGRESS);
    if (c->flags & CONTENTS_BEGINS)
        noting_event(&n, EPCIS_OBJECT, EPCIS_STEP_COMMISSIONING, EPCIS_DISP_ACTIVE);
    noting_read_point(&n, w->report.gln);
    noting_biz_location(&n, w->report.gln);
    noting_units(&n, &w->touched.runs);
    noting_end(&n);
}

static void unit_print(struct json_w *w, const char *key, unit_id u)
{
    json_w_key(w, str_of(key));
    json_w_object(w);
    json_w_kinner(w, "space", unit_space(u));
    json_w_kint(w, "ordinal", (int64_t)unit_ordinal(u));
    json_w_end(w);
}

static void shift_print(const struct contents *c, struct json_w *w)
{
    if (c->shift_offset == 0) return;
    json_w_key(w, S("shift"));
    json_w_object(w);
    json_w_kint(w, "offset", (int64_t)c->shift_offset);
    unit_print(w, "unit", c->shift_unit);
    unit_print(w, "case", c->shift_container);
    json_w_end(w);
}

void contents_print(const struct fact *f, struct json_w *w, const void *arg)
{
    static const struct {
        unsigned flag;
        const char *word;
    } words[] = {
        {CONTENTS_BEGINS,  "commission"},
        {CONTENTS_CLOSES,  "closes"    },
        {CONTENTS_PARTIAL, "partial"   },
        {CONTENTS_REOPENS, "reopens"   },
        {CONTENTS_EMPTIED, "emptied"   },
    };
    struct arena a;
    struct report report;
    struct touched touched;
    struct bytes_r own;
    struct contents c = {0};

    (void)arg;
    report_print(f, w);
    arena_init(&a, FACT_WORK_MAX);
    if (report_get(f->decided, &a, &report, &touched, &own).cls == ST_OK &&
        touched.runs.units > 0 &&
        contents_get(&own, f, touched.runs.units - 1, &a, &c).cls == ST_OK)
        for (size_t i = 0; i < LEN(words); i++)
            if (c.flags & words[i].flag) json_w_kbool(w, words[i].word, true);
    shift_print(&c, w);
    arena_fini(&a);
}
