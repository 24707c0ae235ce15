// facts `shipment.drafted` and `shipment.voided`, laid out as `shipment.made` (ship.c): before the
// goods leave, and where they never did.
//
// A draft touches no unit: the positions in it are 0, and it is judged when it is confirmed.
#include "service/event/often.h"
#include "service/trade/trade_int.h"
#include "service/tree/handed_db.h"

// ---- drafts

static status draft_tops(struct goods *g, const struct shipment_ask *ask, struct buf *previous)
{
    struct alike_w none = {.b = previous};

    for (uint32_t i = 0; i < ask->n; i++) {
        const struct goods_unit *u = &ask->tops[i];
        struct goods_look x;
        status st = goods_look(g, u, &x);
        if (st.cls == ST_OK) st = goods_check_client(g, &x, "shipment.clients");
        if (st.cls != ST_OK && !goods_is_refusal(st)) return st;
        if (st.cls != ST_OK) goods_refuse(g, u, st);
        alike_put(&none, 0);
    }
    alike_end(&none);
    TRY(goods_end(g));
    goods_set_header(g, ask->time);
    if (ask->time.at.ms == 0) g->d->fact->flags &= (uint8_t)~FACT_HAS_TIME;
    return shipment_put_decided(g, ask, &ask->says, buf_str(previous));
}

static status draft_decide(struct decide *d)
{
    const struct shipment_ask *ask = d->ask;
    struct buf previous;
    struct goods g;

    goods_begin(&g, d, 0);
    d->fact->client = ask->client;
    buf_init(&previous, 8 * MB);
    status st = draft_tops(&g, ask, &previous);
    buf_fini(&previous);
    return st;
}

static void draft_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct shipment s;
    struct arena a;

    (void)arg;
    arena_init(&a, 64 * MB);
    if (shipment_get(f, &a, &s).cls == ST_OK) {
        struct shipment_row row = {
            .client = f->client, .seq = f->seq, .state = SHIPMENT_DRAFT, .to = s.says.to_party};
        counter_put(t, COUNTER_SHIPMENT, s.says.number);
        shipment_row_put(t, s.says.number, &row);
    } else {
        txn_spoil(t, "record.corrupt", "a drafted shipment");
    }
    arena_fini(&a);
}

const struct kind kind_shipment_drafted = {
    FACT_SHIPMENT_DRAFTED, 1, "shipment.drafted", draft_decide, draft_write, shipment_print, NULL};

// ---- voiding

static status check_row(struct decide *d, const struct shipment_ask *ask, bool *draft)
{
    struct shipment_row row;

    if (!shipment_row_get(d->t, ask->number, &row)) return txn_status(d->t);
    d->fact->client = row.client;
    *draft = row.state == SHIPMENT_DRAFT;
    if (row.state == SHIPMENT_SHIPPED || row.state == SHIPMENT_DRAFT) return OK;
    return fail(ST_CONFLICT, "shipment.state", 0, "the shipment is %s",
                shipment_state_word(row.state));
}

struct voiding { // one decision
    struct goods *g;
    const struct shipment_ask *ask;
    struct goods_unit *out; // of its tops those that are out under it still
    struct shipped_tally *tallies;
    uint32_t n, tally_count;
    struct alike_w previous;
};

static status forwarded(void)
{
    return fail(ST_CONFLICT, "shipment.forwarded", 0,
                "whom it went to has shipped it on: so it was shipped");
}

// Out under this very shipment? An event may have voided it since, and another shipment have taken
// the goods: that one's they are. Who shipped them on may have them again, by another shipment too.
static status is_out(const struct voiding *v, unit_id u, bool *out)
{
    struct shipment_row by;
    struct handed h;

    *out = false;
    if (!handed_get(v->g->d->t, u, v->ask->says.to_party, &h)) return OK;
    *out = h.shipment == v->ask->number;
    if (*out || h.shipment == 0 || !shipment_row_get(v->g->d->t, h.shipment, &by)) return OK;
    return by.state == SHIPMENT_FORWARDED ? forwarded() : OK;
}

static status void_top(struct voiding *v, const struct goods_unit *u)
{
    struct unit_change next;
    struct goods_look x;
    bool out;

    TRY(goods_look(v->g, u, &x));
    TRY(is_out(v, u->unit, &out));
    if (!out) return OK;
    TRY(unit_step_inside(x.sort, &x.row, &x.stands, ACT_VOID_SHIP, &next));
    struct handed all = handed_all(v->g->d->t, u->unit);
    if (all.came_back)
        return fail(ST_CONFLICT, "shipment.came_back", 0,
                    "something of it came back: so it was shipped");
    if (all.marks & (HANDED_FORWARDED | HANDED_PART_FORWARDED)) return forwarded();
    alike_put(&v->previous, x.row.last);
    v->out[v->n++] = *u;
    struct shipped_tally of = {x.lot, level_of_unit(&v->g->levels, u->unit, x.lot), 1};
    tally_add(v->tallies, &v->tally_count, &of);
    return goods_check_time(v->g, u->unit, &x);
}

static status void_tops(struct voiding *v)
{
    for (uint32_t i = 0; i < v->ask->n; i++) {
        status st = void_top(v, &v->ask->tops[i]);
        if (st.cls != ST_OK && !goods_is_refusal(st)) return st;
        if (st.cls != ST_OK) goods_refuse(v->g, &v->ask->tops[i], st);
    }
    return goods_end(v->g);
}

// A draft's goods never were to leave: nothing of them changes.
static void void_draft(struct voiding *v)
{
    for (uint32_t i = 0; i < v->ask->n; i++) alike_put(&v->previous, 0);
}

static status void_goods(struct voiding *v, struct buf *previous)
{
    struct shipment_ask left = *v->ask;
    struct fact *f = v->g->d->fact;
    bool draft = false;

    TRY(check_row(v->g->d, v->ask, &draft));
    v->out = NEW_ARRAY(v->g->d->arena, struct goods_unit, v->ask->n + 1);
    v->tallies = NEW_ARRAY(v->g->d->arena, struct shipped_tally, v->ask->n + 1);
    if (v->out == NULL || v->tallies == NULL) return no_memory();
    if (draft)
        void_draft(v);
    else
        TRY(void_tops(v));
    alike_end(&v->previous);
    goods_set_header(v->g, v->ask->time);
    if (!draft) {
        left.tops = v->out;
        left.n = v->n;
        left.says.tallies = v->tallies;
        left.says.tally_count = v->tally_count;
        if (v->n > 0) f->flags |= FACT_IS_EVENT; // else an event told of it already
    }
    f->lot = left.says.tally_count > 0 ? left.says.tallies[0].lot : 0;
    for (uint32_t i = 1; i < left.says.tally_count; i++)
        if (left.says.tallies[i].lot != f->lot) f->lot = 0;
    return shipment_put_decided(v->g, &left, &left.says, buf_str(previous));
}

static status void_decide(struct decide *d)
{
    const struct shipment_ask *ask = d->ask;
    struct buf previous;
    struct goods g;

    goods_begin(&g, d, ask->time.at.ms);
    TRY(goods_check_clock(&g));
    buf_init(&previous, 8 * MB);
    struct voiding v = {.g = &g, .ask = ask, .previous.b = &previous};
    status st = void_goods(&v, &previous);
    buf_fini(&previous);
    return st;
}

static bool is_container(struct txn *t, unit_id u, struct space_row *seen)
{
    if (seen->space == unit_space(u) || space_get(t, unit_space(u), seen))
        return space_is_container(seen);
    txn_spoil(t, "store.corrupt", "a unit of no space");
    return false;
}

static void void_units(struct txn *t, const struct fact *f, const struct shipment *s)
{
    struct handed h = {.party = s->says.to_party, .shipment = s->says.number};
    struct space_row space = {0};
    struct unit_rows rows;
    unit_id top;

    unit_rows_write(&rows, t);
    for (struct run_walk walk = runs_walk(&s->tops); run_next(&walk, &top);) {
        struct unit u = unit_get(&rows, top);
        u.state = is_container(t, top, &space) ? UNIT_CLOSED : UNIT_COMMISSIONED;
        u.last = f->seq;
        often_note(t, f, top, &u);
        unit_put(&rows, top, &u);
        h.unit = top;
        if (h.party != 0) handed_del(t, &h);
    }
    unit_rows_end(&rows);
}

static void void_shipped(struct txn *t, const struct fact *f, const struct shipment *s)
{
    void_units(t, f, s);
    shipment_lots(t, f, &s->says, -1);
    shipment_note(t, f, s, EPCIS_STEP_VOID_SHIPPING, EPCIS_DISP_IN_PROGRESS);
}

static void void_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct shipment_row row;
    struct shipment s;
    struct arena a;

    (void)arg;
    arena_init(&a, 64 * MB);
    if (shipment_get(f, &a, &s).cls == ST_OK && shipment_row_get(t, s.says.number, &row)) {
        if (row.state == SHIPMENT_SHIPPED && f->flags & FACT_IS_EVENT) void_shipped(t, f, &s);
        row.state = SHIPMENT_VOID;
        row.voided = f->seq;
        shipment_row_put(t, s.says.number, &row);
    } else {
        txn_spoil(t, "record.corrupt", "a voided shipment");
    }
    arena_fini(&a);
}

const struct kind kind_shipment_voided = {
    FACT_SHIPMENT_VOIDED, 1, "shipment.voided", void_decide, void_write, shipment_print, NULL};
