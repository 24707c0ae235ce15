// `unit.relabelled`: a new number for the same content. decided part: what is common to reports
// (report.h; of the old number and the new one), then how a repeat is told, 16 bytes or nothing.
//
// All that it means is done before it, as facts of their own that partners are told: the new number
// is commissioned for the old one's lot, takes over what that one held and its place, and the old
// one is decommissioned. This fact says that the two are one thing, in the chains of both.
#include "service/event/before.h"
#include "service/event/often.h"
#include "service/tree/tree_db.h"
#include <string.h>

struct relabelling {
    struct before b;
    struct judge j;
    const struct report_ask *ask;
    struct unit from, parent; // as they are
    uint32_t lot;
};

static bool alike(struct judge *j, unit_id from, unit_id to)
{
    struct unit_sorts a = judge_sorts(j, from), b = judge_sorts(j, to);

    if (a.is_sscc || b.is_sscc) return a.is_sscc && b.is_sscc;
    return a.product == b.product && a.level == b.level;
}

static status check_line(const struct relabelling *r)
{
    struct lot lot;

    if (r->ask->line.n == 0) return OK;
    if (!lot_view(r->b.d->t, r->lot, &lot)) return txn_status(r->b.d->t);
    if (lot_takes_line(&lot, r->ask->line)) return OK;
    return fail(ST_CONFLICT, "lot.line", 0, "the lot is not for line %.*s", STR(r->ask->line));
}

// What the facts that come first do not look at.
static status judge_both(struct relabelling *r)
{
    status other = fail(ST_CONFLICT, "relabel.level", 0,
                        "the old number and the new one are not of one GTIN, nor both SSCCs");

    TRY(judge_begin(&r->j, r->b.d, &r->ask->units));
    if (judge_unit(&r->j, r->ask->parent, ACT_RELABEL, &r->from))
        r->lot = judge_header(&r->j, r->from.first)->lot;
    if (!alike(&r->j, r->ask->parent, r->ask->to)) judge_offend(&r->j, r->ask->to, other);
    TRY(judge_end(&r->j));
    return check_line(r);
}

// Closed as the one before, if packing did not do it.
static void close_like(struct relabelling *r, unit_id container, const struct unit *was)
{
    struct report_ask *a = was->state == UNIT_CLOSED ? before_add(&r->b, REPORT_CLOSE) : NULL;

    if (a == NULL) return;
    a->parent = container;
    a->partial = was->flags & UNIT_PARTIAL;
    a->unless_done = true;
}

static void put_into(struct relabelling *r, unit_id container, struct runs units)
{
    struct report_ask *a = before_add(&r->b, REPORT_PACK);

    if (a == NULL) return;
    a->parent = container;
    a->units = units;
}

static void take_out(struct relabelling *r, unit_id container, struct runs units)
{
    struct report_ask *a = before_add(&r->b, REPORT_UNPACK);

    if (a == NULL) return;
    a->parent = container;
    a->units = units;
    a->goes_on = true; // it is filled again, or ends by its new number
}

// The order matters: partners are told in it.
static void do_before(struct relabelling *r)
{
    const struct report_ask *ask = r->ask;
    struct runs held = children_get(r->b.d->t, ask->parent, r->b.d->arena);
    struct runs from = before_runs(&r->b, &ask->parent, 1), to = before_runs(&r->b, &ask->to, 1);
    struct report_ask *begins = before_add(&r->b, REPORT_COMMISSION);

    if (begins == NULL) return;
    begins->units = to;
    begins->lot = r->lot;
    if (r->from.parent.v != 0) take_out(r, r->from.parent, from);
    if (held.units > 0) {
        take_out(r, ask->parent, held);
        put_into(r, ask->to, held);
        close_like(r, ask->to, &r->from);
    }
    struct report_ask *ends = before_add(&r->b, REPORT_DECOMMISSION);
    if (ends == NULL) return;
    ends->act = ACT_DECOMMISSION;
    ends->units = from;
    if (r->from.parent.v == 0) return;
    put_into(r, r->from.parent, to);
    close_like(r, r->from.parent, &r->parent);
}

// All of it is done: the fact comes after that.
static status put(struct relabelling *r)
{
    struct decide *d = r->b.d;
    struct digest16 repeat;
    unit_id u;

    TRY(judge_begin(&r->j, d, &r->ask->units));
    for (struct run_walk w = runs_walk(&r->ask->units); run_next(&w, &u);) {
        uint64_t last = unit_get(&r->j.rows, u).last;
        int64_t at = judge_header(&r->j, last)->event.at.ms;
        alike_put(&r->j.previous, last);
        if (at > r->j.latest_ms) r->j.latest_ms = at;
    }
    TRY(judge_end(&r->j));
    d->fact->lot = judge_lot(&r->j, r->ask->to);
    if (repeat_digest(&r->ask->repeat, &repeat))
        buf_add(d->out, (str){(const char *)repeat.b, sizeof repeat.b});
    return txn_status(d->t);
}

static status relabel_decide(struct decide *d)
{
    struct relabelling r = {
        .b = {.d = d, .ask = d->ask},
          .ask = d->ask
    };
    status st = OK;

    d->fact->client = r.ask->client;
    TRY(repeat_look(d, r.ask));
    if (d->repeat_seq != 0) return OK;
    if (d->again) return put(&r);
    TRY(judge_both(&r));
    if (r.from.parent.v != 0) r.parent = unit_one(d->t, r.from.parent);
    do_before(&r);
    (void)before_end(&r.b, &st);
    return st;
}

// ---- writing

static void relabel_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct unit_writing w;
    struct digest16 repeat;
    unit_id at;

    (void)arg;
    if (writing_begin(&w, t, f) && w.touched.runs.units == 2) {
        for (struct run_walk walk = runs_walk(&w.touched.runs); run_next(&walk, &at);) {
            struct unit u = unit_get(&w.rows, at);
            u.last = f->seq;
            often_note(t, f, at, &u);
            unit_put(&w.rows, at, &u);
        }
        if (f->lot != 0) lot_note(t, f->client, f->lot, f->seq);
        str kept = bytes_get_raw(&w.own, sizeof repeat.b);
        if (kept.n == sizeof repeat.b) {
            memcpy(repeat.b, kept.p, kept.n);
            repeat_write(t, f, &w.report, &repeat);
        }
    } else {
        txn_spoil(t, "record.corrupt", "a relabelled unit");
    }
    writing_end(&w);
}

static void relabel_print(const struct fact *f, struct json_w *w, const void *arg)
{
    (void)arg;
    report_print(f, w);
}

const struct kind kind_unit_relabelled = {
    FACT_UNIT_RELABELLED, 1, "unit.relabelled", relabel_decide, relabel_write, relabel_print, NULL};
