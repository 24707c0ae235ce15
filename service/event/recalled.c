// Runs in the committer; recalled_classes in any snapshot.
#include "service/event/recalled.h"
#include "service/catalog/place.h"
#include "service/catalog/product.h"
#include "service/event/noting.h"
#include "service/gs1/id.h"
#include "service/lot/papers.h"

#define CLASSES_MAX (PRODUCT_LEVELS_MAX + 1)

// ---- what it is told of

static status no_room(void)
{
    return fail(ST_TOO_LARGE, "event.memory", 0, "an event needs too much memory");
}

static status class_text(const char gtin[14], str lot, struct arena *a, str *out)
{
    struct gs1_id id = gs1_lgtin(gtin, lot);
    struct buf b;

    buf_init(&b, GS1_TEXT_MAX);
    status st = gs1_write(&id, GS1_DL, NULL, &b);
    if (st.cls == ST_OK) *out = b.failed ? (str){0} : arena_str(a, buf_str(&b));
    buf_fini(&b);
    return st.cls == ST_OK && out->p == NULL ? no_room() : st;
}

static bool is_there(const struct epcis_quantities *all, str text)
{
    for (uint32_t i = 0; i < all->n; i++)
        if (str_eq(all->at[i].epc_class, text)) return true;
    return false;
}

status recalled_classes(struct txn *t, uint32_t lot, struct arena *a, struct epcis_quantities *out)
{
    struct epcis_quantity *at = NEW_ARRAY(a, struct epcis_quantity, CLASSES_MAX);
    struct epcis_quantities all = {.at = at};
    struct product p;
    struct lot x;
    str text;

    if (at == NULL) return no_room();
    if (!lot_get(t, lot, a, &x)) return fail(ST_STORE, "record.corrupt", 0, "there is no such lot");
    TRY(product_get_version(t, x.product, x.product_version, a, &p));
    TRY(class_text(x.gtin, x.lot, a, &text));
    at[all.n++].epc_class = text;
    for (uint32_t i = 0; i < p.level_count; i++) {
        if (p.levels[i].is_sscc) continue;
        TRY(class_text(p.levels[i].gtin, x.lot, a, &text));
        if (!is_there(&all, text)) at[all.n++].epc_class = text;
    }
    *out = all;
    return OK;
}

// ---- decided

// Where it is said: at the lot's own line, for whoever signs it stands at none.
static uint64_t place_of(struct txn *t, uint32_t number)
{
    struct line line;
    struct lot lot;

    if (!lot_view(t, number, &lot) || lot.line.n == 0 || !line_get(t, lot.line, &line)) return 0;
    return line.gln;
}

static status found_put(struct decide *d)
{
    struct epcis_quantities all;
    str value;

    TRY(recalled_classes(d->t, d->fact->lot, d->arena, &all));
    bytes_var(d->out, all.n);
    for (uint32_t i = 0; i < all.n; i++) {
        TRY(index_value(LIST_EPC_CLASS, (str){0}, all.at[i].epc_class, d->arena, &value));
        bytes_str(d->out, value);
    }
    return OK;
}

static status put(struct decide *d, str part)
{
    struct report report = {.gln = place_of(d->t, d->fact->lot)};
    const struct runs none = {0};

    d->fact->event = (struct moment){d->now, 0};
    d->fact->flags |= FACT_HAS_TIME | FACT_IS_EVENT;
    report_put(d->out, &report);
    runs_put(d->out, &none);
    TRY(found_put(d));
    buf_add(d->out, part);
    bytes_u(d->out, part.n, 4);
    return txn_status(d->t);
}

static status recalled_decide(struct decide *d)
{
    struct buf part;

    buf_init(&part, 1 * MB);
    status st = lot_recall_decide(d, &part);
    if (st.cls == ST_OK && part.failed) st = no_memory();
    if (st.cls == ST_OK && d->repeat_seq == 0) st = put(d, buf_str(&part));
    buf_fini(&part);
    return st;
}

// ---- written

static bool note(struct txn *t, const struct fact *f, struct arena *a)
{
    struct report report;
    struct touched touched;
    struct noting n;
    struct bytes_r own;

    if (report_get(f->decided, a, &report, &touched, &own).cls != ST_OK) return false;
    uint64_t left = bytes_get_var(&own);
    noting_begin(&n, t, f, a);
    noting_event(&n, EPCIS_OBJECT, EPCIS_STEP_HOLDING, EPCIS_DISP_RECALLED);
    noting_read_point(&n, report.gln);
    for (; left > 0 && !own.bad; left--) noting_value(&n, LIST_EPC_CLASS, bytes_get_str(&own));
    noting_end(&n);
    return !own.bad;
}

static void recalled_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct arena a;

    (void)arg;
    lot_recall_write(t, f);
    arena_init(&a, 4 * MB);
    if (!note(t, f, &a)) txn_spoil(t, "record.corrupt", "a recalled lot");
    arena_fini(&a);
}

static void recalled_print(const struct fact *f, struct json_w *w, const void *arg)
{
    report_print(f, w);
    lot_signed_print(f, w, arg);
}

const struct kind kind_lot_recalled = {
    FACT_LOT_RECALLED, 3, "lot.recalled", recalled_decide, recalled_write, recalled_print, NULL};
const struct kind kind_lot_recalled_2 = {
    FACT_LOT_RECALLED, 2, "lot.recalled", NULL, recalled_write, recalled_print, NULL};
