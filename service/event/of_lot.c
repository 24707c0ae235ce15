// `labels.unread` and `lot.held`: reports about a lot that name no unit. decided part: as all facts
// about units, without any; then level 1, count var, repeat 16 or nothing.
#include "service/event/hold_db.h"
#include "service/event/lot_acts.h"
#include "service/event/report_int.h"
#include <string.h>

struct of_lot {
    uint8_t level;
    uint64_t count;
    bool has_repeat;
    struct digest16 repeat;
};

static bool own_get(struct bytes_r *in, struct of_lot *out)
{
    struct of_lot x = {.level = (uint8_t)bytes_get_u(in, 1), .count = bytes_get_var(in)};

    x.has_repeat = !in->bad && in->p < in->end;
    str repeat = x.has_repeat ? bytes_get_raw(in, sizeof x.repeat.b) : (str){0};
    if (repeat.n == sizeof x.repeat.b) memcpy(x.repeat.b, repeat.p, repeat.n);
    if (!bytes_end(in) || x.level >= PRODUCT_LEVELS_MAX) return false;
    *out = x;
    return true;
}

static status check_held(struct decide *d, uint32_t lot)
{
    struct lot_brief b;

    if (!lot_brief_get(d->t, lot, &b)) return txn_status(d->t);
    if (!b.held) return OK;
    return fail(ST_CONFLICT, "lot.on_hold", 0, "the lot is on hold already");
}

static status of_lot_decide(struct decide *d)
{
    const struct report_ask *ask = d->ask;
    const struct runs none = {0};
    struct judge j = {0};
    struct digest16 repeat;

    TRY(judge_begin(&j, d, &none));
    if (d->repeat_seq != 0) return OK;
    d->fact->lot = ask->lot;
    if (ask->type == REPORT_HOLD) TRY(check_held(d, ask->lot));
    if (ask->type == REPORT_UNREAD) TRY(judge_unreleased(&j, ask->lot));
    TRY(judge_end(&j));
    bytes_u(d->out, ask->level, 1);
    bytes_var(d->out, ask->count);
    if (repeat_digest(&ask->repeat, &repeat))
        buf_add(d->out, (str){(const char *)repeat.b, sizeof repeat.b});
    return txn_status(d->t);
}

static void of_lot_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct unit_writing w;
    struct of_lot x;

    (void)arg;
    if (writing_begin(&w, t, f) && own_get(&w.own, &x)) {
        writing_count(&w, (struct count_of){f->lot, x.level, COUNT_UNREAD}, (int64_t)x.count);
        lot_note(t, f->client, f->lot, f->seq);
        if (f->kind == FACT_LOT_HELD) {
            lot_hold(t, f->lot, true);
            hold_put(t, &(struct hold){.id = f->seq, .client = f->client, .lot = f->lot});
        }
        if (x.has_repeat) repeat_write(t, f, &w.report, &x.repeat);
    } else {
        txn_spoil(t, "record.corrupt", "a report about a lot");
    }
    writing_end(&w);
}

static void of_lot_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct report report;
    struct touched touched;
    struct bytes_r own;
    struct of_lot x;
    struct arena a;

    (void)arg;
    report_print(f, w);
    arena_init(&a, 1 * MB);
    if (f->kind == FACT_LABELS_UNREAD &&
        report_get(f->decided, &a, &report, &touched, &own).cls == ST_OK && own_get(&own, &x)) {
        json_w_kint(w, "level", x.level);
        json_w_kint(w, "count", (int64_t)x.count);
    }
    arena_fini(&a);
}

const struct kind kind_labels_unread = {
    FACT_LABELS_UNREAD, 1, "labels.unread", of_lot_decide, of_lot_write, of_lot_print, NULL};
const struct kind kind_lot_held = {FACT_LOT_HELD, 1,   "lot.held", of_lot_decide, of_lot_write,
                                   of_lot_print,  NULL};
