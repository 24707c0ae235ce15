// facts `receipt.made` and `return.made`: report | touched units | handover.h's own part.
//
// A unit that comes back out of a container lies in it no longer: it is shipped by itself from then
// on, and received back. Of what is on hold or recalled it stays so, and a hold of its own begins
// with that. Runs in the committer.
#include "service/trade/receive.h"
#include "service/event/hold_db.h"
#include "service/event/index.h"
#include "service/event/leaving.h"
#include "service/event/noting.h"
#include "service/event/often.h"
#include "service/exception/exception.h"
#include "service/tree/cargo_db.h"
#include "service/tree/handed_db.h"
#include "service/tree/tree_db.h"
#include <stdlib.h>

#define RAISED_MAX 16u // exceptions of one fact

struct receiving { // one decision
    struct goods g;
    const struct receive_ask *ask;
    bool back;
    unit_id *received;
    uint32_t n;
    struct handed_unit *units; // verdicts
    struct alike_w previous, changes;
    struct counts counts;
    uint32_t lot; // of all received
};

// ---- one unit

static bool is_shipped(const struct goods_look *x) { return x->stands.state == UNIT_SHIPPED; }

static status not_received(const char *code, const char *text)
{
    return fail(ST_CONFLICT, code, 0, "%s", text);
}

static status check_party(struct receiving *r, const struct goods_unit *u)
{
    uint64_t party = r->back ? r->ask->says.from_party : r->ask->says.to_party;
    struct handed h;

    if (!handed_find(r->g.d->t, u->unit, party, &h))
        return not_received("unit.other_party", "it was never shipped to that party");
    if (r->back || !(handed_marks(r->g.d->t, u->unit, party) & HANDED_RECEIVED)) return OK;
    return not_received("unit.received", "the party has received it already");
}

static status check_unit(struct receiving *r, const struct goods_unit *u, struct goods_look *x,
                         struct unit_change *change)
{
    enum unit_act act = r->back ? ACT_RECEIVE_BACK : ACT_RECEIVE;

    TRY(goods_look(&r->g, u, x));
    TRY(goods_check_client(&r->g, x, "unit.other_client"));
    if (!is_shipped(x)) return not_received("unit.not_shipped", "it was never shipped");
    TRY(unit_step_inside(x->sort, &x->row, &x->stands, act, change));
    if (x->row.flags & UNIT_RECEIVED_BACK) // out of a container that is back it comes by itself
        return not_received("unit.received_back", "it is back at the site");
    TRY(goods_check_code(&r->g, u, x));
    bool is_back = r->back && x->stands.flags & UNIT_RECEIVED_BACK; // in what came back already
    if (!is_back) TRY(check_party(r, u));
    return goods_check_time(&r->g, u->unit, x);
}

// What is wrong with a unit that is there.
static const char *remark(struct receiving *r, const struct goods_look *x)
{
    bool sscc = x->space.sort == SPACE_OF_SSCC;
    struct unit u = standing_of(&r->g.standing, &x->row, sscc ? 0 : x->lot);
    struct lot lot;

    if (u.flags & UNIT_STOLEN) return "unit.stolen";
    if (u.flags & UNIT_RECALLED) return "unit.recalled";
    if (u.flags & UNIT_HOLD) return "unit.on_hold";
    if (sscc || !lot_view(r->g.d->t, x->lot, &lot)) return "";
    return lot_is_over(lot.expiry, r->g.d->now) ? "unit.expired" : "";
}

static void count(struct receiving *r, unit_id u, const struct goods_look *x,
                  const struct unit_change *change, bool leaves)
{
    struct counted of = {.lot = x->lot};
    struct unit after = x->row;

    if (x->lot == 0) return;
    of.level = level_of_unit(&r->g.levels, u, x->lot);
    unit_apply(&after, change);
    counts_add(&r->counts, r->g.d->arena, &of); // touched, whatever is counted
    if (leaves)
        counts_add(&r->counts, r->g.d->arena,
                   &(struct counted){x->lot, of.level, COUNT_PACKED, -1});
    counts_step(&r->counts, r->g.d->arena, &of, &x->row, &after);
}

static void take(struct receiving *r, const struct goods_unit *u, const struct goods_look *x,
                 struct unit_change *change)
{
    bool leaves = r->back && x->row.parent.v != 0;

    if (leaves) change->to = UNIT_SHIPPED;
    // REQ STATES-HOLD-STAYS: nothing ends a hold but a signature
    if (leaves) change->set |= unit_takes_along(&x->row, &x->stands);
    if (r->n == 0) r->lot = x->lot;
    if (x->lot != r->lot) r->lot = 0;
    r->received[r->n++] = u->unit;
    alike_put(&r->previous, x->row.last);
    alike_put(&r->changes, handover_change(change, leaves));
    count(r, u->unit, x, change, leaves);
}

static status look_at(struct receiving *r, uint32_t i)
{
    const struct goods_unit *u = &r->ask->units[i];
    struct handed_unit *said = &r->units[i];
    struct unit_change change;
    struct goods_look x;
    status st = check_unit(r, u, &x, &change);

    *said = (struct handed_unit){.text = u->text, .unit = u->unit.v};
    if (st.cls != ST_OK && !goods_is_refusal(st)) return st;
    said->received = st.cls == ST_OK;
    said->verdict = str_of(said->received ? remark(r, &x) : st.reason);
    if (said->received) take(r, u, &x, &change);
    return OK;
}

// ---- the whole

static status put(struct receiving *r, const struct buf *previous, const struct buf *changes)
{
    struct decide *d = r->g.d;
    const struct receive_ask *ask = r->ask;
    struct report report = {.reason = ask->reason, .by = ask->by, .extra = ask->extra};
    struct handover own = {.says = ask->says,
                           .condition = ask->condition,
                           .units = r->units,
                           .n = ask->n,
                           .counts = r->counts};
    struct runs runs = runs_of(d->arena, r->received, r->n);

    if (runs.at == NULL || r->counts.no_room) return no_memory();
    goods_set_header(&r->g, ask->time);
    if (r->n > 0) d->fact->flags |= FACT_IS_EVENT;
    d->fact->lot = r->n > 0 ? r->lot : 0;
    report_put(d->out, &report);
    runs_put(d->out, &runs);
    buf_add(d->out, buf_str(previous));
    handover_put(d->out, &own, buf_str(changes));
    return txn_status(d->t);
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static uint64_t depth_of(const struct receiving *r, unit_id u)
{
    uint64_t depth = 0;

    for (; u.v != 0 && depth < UNIT_DEPTH_MAX; depth++) u = unit_one(r->g.d->t, u).parent;
    return depth;
}

// The outermost first, however they were named: what an SSCC counts as is told by its content, so
// that it must leave, and be counted, before anything leaves it.
static status look_at_all(struct receiving *r, struct buf *previous, struct buf *changes)
{
    uint64_t *order = NEW_ARRAY(r->g.d->arena, uint64_t, r->ask->n + 1);

    if (order == NULL) return no_memory();
    for (uint32_t i = 0; i < r->ask->n; i++)
        order[i] = depth_of(r, r->ask->units[i].unit) << 32 | i;
    qsort(order, r->ask->n, sizeof *order, by_value);
    r->previous.b = previous;
    r->changes.b = changes;
    for (uint32_t i = 0; i < r->ask->n; i++) TRY(look_at(r, (uint32_t)order[i]));
    alike_end(&r->previous);
    alike_end(&r->changes);
    return put(r, previous, changes);
}

static status decide_as(struct decide *d, bool back)
{
    struct receiving r = {.ask = d->ask, .back = back};
    struct buf previous, changes;

    goods_begin(&r.g, d, r.ask->time.at.ms);
    TRY(goods_check_clock(&r.g));
    r.received = NEW_ARRAY(d->arena, unit_id, r.ask->n + 1);
    r.units = NEW_ARRAY(d->arena, struct handed_unit, r.ask->n + 1);
    if (r.received == NULL || r.units == NULL) return no_memory();
    buf_init(&previous, 8 * MB);
    buf_init(&changes, 8 * MB);
    status st = look_at_all(&r, &previous, &changes);
    buf_fini(&changes);
    buf_fini(&previous);
    return st;
}

static status receipt_decide(struct decide *d) { return decide_as(d, false); }
static status return_decide(struct decide *d) { return decide_as(d, true); }

// ---- writing

struct writing {
    struct txn *t;
    const struct fact *f;
    struct unit_rows rows;
    struct cargo_marking around;
    struct arena *arena;
    uint64_t party; // that received it
    uint64_t held;  // came out of what is on hold
};

// Out of its container, while its row still says what it was there.
static void leave(struct writing *w, unit_id u, unit_id parent)
{
    cargo_mark_end(&w->around);
    unit_rows_end(&w->rows);
    leaving_write(w->t, w->arena, u, parent);
}

static void write_unit(struct writing *w, unit_id u, uint64_t effect)
{
    struct unit_change c = handover_change_of(effect);
    bool leaves = effect & HANDOVER_LEAVES;
    struct unit x = unit_get(&w->rows, u);
    unsigned before = x.flags;

    if (w->f->kind == FACT_RETURN_MADE)
        handed_came_back(w->t, u);
    else
        handed_mark(w->t, u, w->party, HANDED_RECEIVED);
    w->held += (c.set & UNIT_HOLD) != 0;
    if (leaves) leave(w, u, x.parent);
    if (leaves) x.parent = (unit_id){0};
    unit_apply(&x, &c);
    x.last = w->f->seq;
    often_note(w->t, w->f, u, &x);
    unit_put(&w->rows, u, &x);
    if (leaves)
        unit_rows_end(&w->rows); // the next may lie in it
    else
        cargo_mark(&w->around, x.parent, before, x.flags);
}

static void write_units(struct txn *t, const struct fact *f, const struct received *x,
                        struct arena *a)
{
    struct bytes_r in = x->own.changes;
    struct alike_r changes = {.in = &in};
    struct writing w = {
        .t = t,
        .f = f,
        .around = {.t = t, .seq = f->seq},
        .arena = a,
        .party = x->own.says.to_party
    };
    unit_id u;

    unit_rows_write(&w.rows, t);
    for (struct run_walk walk = runs_walk(&x->touched.runs); run_next(&walk, &u);)
        write_unit(&w, u, alike_get(&changes));
    unit_rows_end(&w.rows);
    cargo_mark_end(&w.around);
    if (w.held > 0) hold_put(t, &(struct hold){.id = f->seq, .client = f->client, .units = w.held});
}

static void write_counts(struct txn *t, const struct fact *f, const struct counts *c)
{
    for (uint32_t i = 0; i < c->n; i++) {
        const struct counted *x = &c->at[i];
        bool noted = false;
        for (uint32_t k = 0; k < i && !noted; k++) noted = c->at[k].lot == x->lot;
        if (!noted) lot_note(t, f->client, x->lot, f->seq);
        struct lot_counts all = lot_counts_get(t, x->lot);
        uint64_t *count = &all.level[x->level].of[x->what];
        if (x->more < 0 && *count < (uint64_t)-x->more)
            txn_spoil(t, "store.corrupt", "a lot's counter would fall below none");
        else
            *count += (uint64_t)x->more;
        lot_counts_put(t, x->lot, &all);
    }
}

static void raise(struct txn *t, const struct fact *f, const struct received *x)
{
    struct exception e = {.kind = EXCEPTION_OF_VERIFICATION, .lot = f->lot};

    for (uint32_t i = 0; i < x->own.n && e.index < RAISED_MAX; i++) {
        const struct handed_unit *u = &x->own.units[i];
        if (u->verdict.n == 0) continue;
        e.code = u->verdict;
        e.unit = u->unit;
        exception_raise(t, f, &e);
        e.index++;
    }
}

static void note(struct txn *t, const struct fact *f, const struct received *x, struct arena *a)
{
    const struct shipped *s = &x->own.says;
    bool back = f->kind == FACT_RETURN_MADE;
    struct noting n;

    noting_begin(&n, t, f, a);
    noting_event(&n, EPCIS_OBJECT, EPCIS_STEP_RECEIVING,
                 back ? EPCIS_DISP_RETURNED : EPCIS_DISP_IN_PROGRESS);
    noting_read_point(&n, s->to_location);
    noting_biz_location(&n, s->to_location);
    noting_party(&n, LIST_SOURCE, s->from_party);
    noting_location(&n, LIST_SOURCE, s->from_location);
    noting_party(&n, LIST_DESTINATION, s->to_party);
    noting_location(&n, LIST_DESTINATION, s->to_location);
    for (uint32_t i = 0; i < s->found_count; i++)
        noting_value(&n, LIST_BIZ_TRANSACTION, s->found[i]);
    noting_units(&n, &x->touched.runs);
    noting_end(&n);
}

static void receive_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct received x;
    struct arena a;

    (void)arg;
    arena_init(&a, 256 * MB);
    if (received_get(f, &a, &x).cls == ST_OK) {
        write_counts(t, f, &x.own.counts); // by what each was before anything left
        write_units(t, f, &x, &a);
        if (f->flags & FACT_IS_EVENT) note(t, f, &x, &a);
        raise(t, f, &x);
    } else {
        txn_spoil(t, "record.corrupt", "goods received");
    }
    arena_fini(&a);
}

// ---- reading

status received_get(const struct fact *f, struct arena *a, struct received *out)
{
    struct received x;
    struct bytes_r rest;

    TRY(report_get(f->decided, a, &x.report, &x.touched, &rest));
    TRY(handover_get(&rest, x.touched.runs.units, a, &x.own));
    *out = x;
    return OK;
}

static void receive_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct received x;
    struct arena a;

    (void)arg;
    report_print(f, w);
    arena_init(&a, 256 * MB);
    if (received_get(f, &a, &x).cls == ST_OK) {
        json_w_kint(w, "named", x.own.n);
        json_w_kint(w, "received", (int64_t)x.touched.runs.units);
        if (x.own.condition.n > 0) json_w_kstr(w, "condition", x.own.condition);
        json_w_key(w, S("verdicts"));
        json_w_array(w);
        for (uint32_t i = 0; i < x.own.n; i++)
            if (x.own.units[i].verdict.n > 0) json_w_str(w, x.own.units[i].verdict);
        json_w_end(w);
    }
    arena_fini(&a);
}

const struct kind kind_receipt_made = {
    FACT_RECEIPT_MADE, 1, "receipt.made", receipt_decide, receive_write, receive_print, NULL};
const struct kind kind_return_made = {
    FACT_RETURN_MADE, 1, "return.made", return_decide, receive_write, receive_print, NULL};
