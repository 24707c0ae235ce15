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

static bool came_back(const struct goods *g, unit_id u, uint64_t party)
{
    struct handed h;

    return handed_find(g->d->t, u, party, &h) && h.unit.v == u.v && h.came_back;
}

static status void_top(struct goods *g, const struct shipment_ask *ask, const struct goods_unit *u,
                       struct alike_w *previous)
{
    struct unit_change next;
    struct goods_look x;

    TRY(goods_look(g, u, &x));
    TRY(unit_step_inside(x.sort, &x.row, &x.stands, ACT_VOID_SHIP, &next));
    if (came_back(g, u->unit, ask->says.to_party))
        return fail(ST_CONFLICT, "shipment.came_back", 0,
                    "something of it came back: so it was shipped");
    if (handed_marks(g->d->t, u->unit, ask->says.to_party) &
        (HANDED_FORWARDED | HANDED_PART_FORWARDED))
        return fail(ST_CONFLICT, "shipment.forwarded", 0,
                    "whom it went to has shipped it on: so it was shipped");
    alike_put(previous, x.row.last);
    return goods_check_time(g, u->unit, &x);
}

// A draft's goods never were to leave: nothing of them changes.
static status void_tops(struct goods *g, const struct shipment_ask *ask, struct buf *previous)
{
    struct alike_w before = {.b = previous};
    struct fact *f = g->d->fact;
    bool draft = false;

    TRY(check_row(g->d, ask, &draft));
    for (uint32_t i = 0; i < ask->n; i++) {
        status st = OK;
        if (draft)
            alike_put(&before, 0);
        else
            st = void_top(g, ask, &ask->tops[i], &before);
        if (st.cls != ST_OK && !goods_is_refusal(st)) return st;
        if (st.cls != ST_OK) goods_refuse(g, &ask->tops[i], st);
    }
    alike_end(&before);
    TRY(goods_end(g));
    goods_set_header(g, ask->time);
    if (!draft) f->flags |= FACT_IS_EVENT;
    f->lot = ask->says.tally_count > 0 ? ask->says.tallies[0].lot : 0;
    for (uint32_t i = 1; i < ask->says.tally_count; i++)
        if (ask->says.tallies[i].lot != f->lot) f->lot = 0;
    return shipment_put_decided(g, ask, &ask->says, buf_str(previous));
}

static status void_decide(struct decide *d)
{
    const struct shipment_ask *ask = d->ask;
    struct buf previous;
    struct goods g;

    goods_begin(&g, d, ask->time.at.ms);
    TRY(goods_check_clock(&g));
    buf_init(&previous, 8 * MB);
    status st = void_tops(&g, ask, &previous);
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
        if (row.state == SHIPMENT_SHIPPED) void_shipped(t, f, &s);
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
