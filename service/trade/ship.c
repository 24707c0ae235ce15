// facts `shipment.made` and `shipment.forwarded`: report | touched tops | shipped.h's own part. The
// lot in the header is the lot of all tops, 0 where they differ; shipped.h's tallies name them all.
//
// decide looks at every top: its row, its last event's time, whose it is, what is known of its
// content (loaded.h). Nothing that the loop saw is relied on but which units were named.
#include "service/client/client.h"
#include "service/event/index.h"
#include "service/event/noting.h"
#include "service/event/often.h"
#include "service/trade/loaded.h"
#include "service/trade/trade_int.h"
#include "service/tree/handed_db.h"
#include <stdlib.h>

struct ship { // one decision
    struct goods g;
    const struct shipment_ask *ask;
    bool forwards, expired_too;
    struct client_profile profile; // of the client
    bool has_profile;
    unit_id *sorted; // the tops, where others are looked for in them
    struct alike_w previous;
    struct shipped_tally *tallies;
    uint32_t tally_count;
};

// ---- guards of one top

static status take_client(struct ship *s, const struct goods_look *x)
{
    TRY(goods_check_client(&s->g, x, "shipment.clients"));
    if (s->has_profile || s->g.d->fact->client.v == 0) return OK;
    s->has_profile = true;
    return client_profile(s->g.d->t, s->g.d->fact->client, &s->profile);
}

void tally_add(struct shipped_tally *all, uint32_t *n, const struct shipped_tally *more)
{
    uint32_t i = *n;

    while (i > 0 && (all[i - 1].lot != more->lot || all[i - 1].level != more->level)) i--;
    if (i > 0)
        all[i - 1].count += more->count;
    else
        all[(*n)++] = *more;
}

static int by_unit(const void *a, const void *b)
{
    uint64_t x = ((const unit_id *)a)->v, y = ((const unit_id *)b)->v;

    return x < y ? -1 : x > y;
}

static status sort_tops(struct ship *s)
{
    s->sorted = NEW_ARRAY(s->g.d->arena, unit_id, s->ask->n);
    if (s->sorted == NULL) return no_memory();
    for (uint32_t i = 0; i < s->ask->n; i++) s->sorted[i] = s->ask->tops[i].unit;
    qsort(s->sorted, s->ask->n, sizeof *s->sorted, by_unit);
    return OK;
}

// Is it a top, or does it lie in one?
static bool leaves(const struct ship *s, unit_id at)
{
    for (unsigned depth = 0; at.v != 0 && depth < UNIT_DEPTH_MAX; depth++) {
        if (bsearch(&at, s->sorted, s->ask->n, sizeof at, by_unit) != NULL) return true;
        at = unit_one(s->g.d->t, at).parent;
    }
    return false;
}

// What a party ships on must be out with it; its flags, and its containers', as for any shipment.
static status check_forwarded(struct ship *s, unit_id u, const struct goods_look *x)
{
    struct unit own = x->row, stands = x->stands;
    struct unit_change next;
    struct handed h;
    unsigned marks;

    if (stands.state != UNIT_SHIPPED || stands.flags & UNIT_RECEIVED_BACK)
        return fail(ST_CONFLICT, "unit.not_shipped", 0, "it is not under way or with a party");
    if (!handed_find(s->g.d->t, u, s->ask->says.from_party, &h))
        return fail(ST_UNPROCESSABLE, "unit.unknown", 0, "it is not known here");
    marks = handed_marks(s->g.d->t, u, s->ask->says.from_party);
    if (marks & (HANDED_FORWARDED | HANDED_PART_FORWARDED))
        return fail(ST_CONFLICT, "unit.forwarded", 0,
                    marks & HANDED_FORWARDED ? "the party has shipped it on already"
                                             : "the party has shipped on something of it");
    if (leaves(s, x->row.parent)) // the same goods would leave twice
        return fail(ST_CONFLICT, "unit.twice", 0, "it lies in another that is named");
    own.state = stands.state = x->sort == SORT_CONTAINER ? UNIT_CLOSED : UNIT_COMMISSIONED;
    own.parent = stands.parent = (unit_id){0};
    return unit_step_inside(x->sort, &own, &stands, ACT_SHIP, &next);
}

static status check_state(struct ship *s, unit_id u, const struct goods_look *x)
{
    struct unit_change next;

    if (s->forwards) return check_forwarded(s, u, x);
    return unit_step_inside(x->sort, &x->row, &x->stands, ACT_SHIP, &next);
}

// Expired goods leave to be destroyed, and whoever sends them says that they know.
static bool says_expired(const struct shipment_ask *ask)
{
    for (uint32_t i = 0; i < ask->says.flag_count; i++)
        if (str_eq(ask->says.flags[i], S("expired"))) return true;
    return false;
}

static status check_top(struct ship *s, const struct goods_unit *top)
{
    struct loaded_rules rules = {SHIP_QUARANTINE, true, true};
    struct goods_look x;

    TRY(goods_look(&s->g, top, &x));
    status client = take_client(s, &x);
    TRY(check_state(s, top->unit, &x));
    alike_put(&s->previous, x.row.last);
    TRY(client);
    TRY(goods_check_code(&s->g, top, &x));
    TRY(goods_check_time(&s->g, top->unit, &x));
    if (!s->forwards) rules = (struct loaded_rules){s->profile.ship_rule, s->expired_too, false};
    TRY(loaded_check(&s->g, top->unit, &x, &rules));
    struct shipped_tally of = {x.lot, level_of_unit(&s->g.levels, top->unit, x.lot), 1};
    tally_add(s->tallies, &s->tally_count, &of);
    return OK;
}

static status check_indirect(const struct ship *s, const struct goods_unit *u)
{
    if (u->unit.v == 0) return fail(ST_UNPROCESSABLE, "unit.unknown", 0, "it is not known here");
    if (u->twice) return fail(ST_CONFLICT, "unit.twice", 0, "it is named twice");
    if (leaves(s, u->unit)) return OK;
    return fail(ST_CONFLICT, "shipment.not_of_it", 0, "it does not leave with the shipment");
}

// Every top is looked at, so that a refusal names all that are wrong.
static status check_tops(struct ship *s)
{
    for (uint32_t i = 0; i < s->ask->n; i++) {
        status st = check_top(s, &s->ask->tops[i]);
        if (st.cls == ST_OK) continue;
        if (!goods_is_refusal(st)) return st;
        goods_refuse(&s->g, &s->ask->tops[i], st);
    }
    for (uint32_t i = 0; i < s->ask->says.more.indirect_count; i++) {
        status st = check_indirect(s, &s->ask->indirect[i]);
        s->g.named++;
        if (st.cls != ST_OK) goods_refuse(&s->g, &s->ask->indirect[i], st);
    }
    return goods_end(&s->g);
}

// ---- the whole

// The units of the tops; `at` is NULL where there is no room.
static struct runs top_runs(const struct shipment_ask *ask, struct arena *a)
{
    unit_id *units = NEW_ARRAY(a, unit_id, ask->n);

    if (units == NULL) return (struct runs){0};
    for (uint32_t i = 0; i < ask->n; i++) units[i] = ask->tops[i].unit;
    return runs_of(a, units, ask->n);
}

static status check_acknowledged(const struct ship *s)
{
    const struct site *site = s->g.site;

    if (s->forwards || !s->profile.ship_needs_ack || site->acknowledged == NULL) return OK;
    struct runs tops = top_runs(s->ask, s->g.d->arena);
    struct goods_told goods = {s->g.d->fact->client, &tops, s->g.newest};
    if (tops.at == NULL) return no_memory();
    if (site->acknowledged(site, s->g.d->t, &goods)) return OK;
    return fail(ST_CONFLICT, "shipment.not_acknowledged", 0,
                "a partner has not yet accepted every event of what is to be shipped");
}

// A draft is confirmed once.
static status check_draft(const struct ship *s)
{
    struct shipment_row row;

    if (s->ask->number == 0) return OK;
    if (!shipment_row_get(s->g.d->t, s->ask->number, &row)) return txn_status(s->g.d->t);
    s->g.d->fact->client = row.client;
    if (row.state == SHIPMENT_DRAFT) return OK;
    return fail(ST_CONFLICT, "shipment.state", 0, "the shipment is no draft: it is %s",
                shipment_state_word(row.state));
}

status shipment_find_by(struct arena *a, struct shipped *says)
{
    str *found = NEW_ARRAY(a, str, says->document_count + 1), uri, type;

    if (found == NULL) return no_memory();
    for (uint32_t i = 0; i < says->document_count; i++) {
        const struct shipped_document *d = &says->documents[i];
        type = d->type == EPCIS_TRADE_NONE ? (str){0} : epcis_word(EPCIS_VOC_TRADE, d->type);
        TRY(shipped_document_uri(d, a, &uri));
        TRY(index_value(LIST_BIZ_TRANSACTION, type, uri, a, &found[i]));
    }
    says->found = found;
    says->found_count = says->document_count;
    return OK;
}

status shipment_put_decided(struct goods *g, const struct shipment_ask *ask,
                            const struct shipped *given, str previous)
{
    struct decide *d = g->d;
    struct report report = {.extra = ask->extra, .by = ask->by, .reason = ask->reason};
    struct shipped says = *given;

    struct runs runs = top_runs(ask, d->arena);
    if (runs.at == NULL) return no_memory();
    says.number = ask->number;
    if (says.number == 0) says.number = (uint32_t)counter_get(d->t, COUNTER_SHIPMENT) + 1;
    TRY(shipment_find_by(d->arena, &says));
    report_put(d->out, &report);
    runs_put(d->out, &runs);
    buf_add(d->out, previous);
    shipped_put(d->out, &says);
    shipped_more_put(d->out, &says);
    return OK;
}

static status decide_tops(struct ship *s, struct buf *previous)
{
    struct shipped says = s->ask->says;
    struct fact *f = s->g.d->fact;

    assert(s->ask->n > 0);
    s->tallies = NEW_ARRAY(s->g.d->arena, struct shipped_tally, s->ask->n);
    if (s->tallies == NULL) return no_memory();
    s->previous.b = previous;
    TRY(check_draft(s));
    if (s->forwards || s->ask->indirect != NULL) TRY(sort_tops(s));
    TRY(check_tops(s));
    TRY(check_acknowledged(s));
    alike_end(&s->previous);
    goods_set_header(&s->g, s->ask->time);
    f->flags |= FACT_IS_EVENT;
    f->lot = s->tallies[0].lot;
    for (uint32_t i = 1; i < s->tally_count; i++)
        if (s->tallies[i].lot != f->lot) f->lot = 0;
    says.tallies = s->tallies;
    says.tally_count = s->tally_count;
    return shipment_put_decided(&s->g, s->ask, &says, buf_str(previous));
}

static status decide_as(struct decide *d, bool forwards)
{
    struct ship s = {.ask = d->ask, .forwards = forwards, .expired_too = says_expired(d->ask)};
    struct buf previous;

    goods_begin(&s.g, d, s.ask->time.at.ms);
    TRY(goods_check_clock(&s.g));
    buf_init(&previous, 8 * MB); // at most 20 bytes a top
    status st = decide_tops(&s, &previous);
    buf_fini(&previous);
    return st;
}

static status ship_decide(struct decide *d) { return decide_as(d, false); }
static status forward_decide(struct decide *d) { return decide_as(d, true); }

// ---- writing

// Goods that a party ships on stay in the state that they have.
static void write_tops(struct txn *t, const struct fact *f, const struct shipment *s)
{
    struct handed h = {.party = s->says.to_party, .shipment = s->says.number};
    bool ships = f->kind == FACT_SHIPMENT_MADE;
    struct unit_rows rows;
    unit_id top;

    unit_rows_write(&rows, t);
    for (struct run_walk walk = runs_walk(&s->tops); run_next(&walk, &top);) {
        struct unit u = unit_get(&rows, top);
        if (ships) u.state = UNIT_SHIPPED;
        u.last = f->seq;
        often_note(t, f, top, &u);
        unit_put(&rows, top, &u);
        h.unit = top;
        if (!ships) handed_mark(t, top, s->says.from_party, HANDED_FORWARDED);
        if (h.party != 0) handed_put(t, &h);
    }
    unit_rows_end(&rows);
}

// Is this tally's lot told of by an earlier one?
static bool lot_was_before(const struct shipped *s, uint32_t i)
{
    for (uint32_t k = 0; k < i; k++)
        if (s->tallies[k].lot == s->tallies[i].lot) return true;
    return false;
}

void shipment_lots(struct txn *t, const struct fact *f, const struct shipped *s, int sign)
{
    for (uint32_t i = 0; i < s->tally_count; i++) {
        const struct shipped_tally *x = &s->tallies[i];
        if (x->lot == 0) continue;
        struct lot_counts c = lot_counts_get(t, x->lot);
        uint64_t *shipped = &c.level[x->level].shipped;
        if (sign < 0 && *shipped < x->count)
            txn_spoil(t, "store.corrupt", "fewer were shipped than are voided");
        else
            *shipped += (uint64_t)(sign * (int64_t)x->count);
        lot_counts_put(t, x->lot, &c);
        if (!lot_was_before(s, i)) lot_note(t, f->client, x->lot, f->seq);
    }
}

void shipment_note(struct txn *t, const struct fact *f, const struct shipment *s,
                   enum epcis_step step, enum epcis_disposition disposition)
{
    uint64_t from = s->report.gln != 0 ? s->report.gln : s->says.from_location;
    struct noting n;
    struct arena a;

    arena_init(&a, 64 * MB);
    noting_begin(&n, t, f, &a);
    noting_event(&n, EPCIS_OBJECT, step, disposition);
    noting_read_point(&n, from);
    noting_party(&n, LIST_SOURCE, s->says.from_party);
    noting_location(&n, LIST_SOURCE, s->says.from_location);
    noting_party(&n, LIST_DESTINATION, s->says.to_party);
    noting_location(&n, LIST_DESTINATION, s->says.to_location);
    for (uint32_t i = 0; i < s->says.found_count; i++)
        noting_value(&n, LIST_BIZ_TRANSACTION, s->says.found[i]);
    noting_units(&n, &s->tops);
    noting_end(&n);
    arena_fini(&a);
}

static void write_row(struct txn *t, const struct fact *f, const struct shipment *s)
{
    bool forwards = f->kind == FACT_SHIPMENT_FORWARDED;
    struct shipment_row row = {.client = f->client,
                               .seq = f->seq,
                               .state = forwards ? SHIPMENT_FORWARDED : SHIPMENT_SHIPPED,
                               .to = s->says.to_party,
                               .by = forwards ? s->says.from_party : 0};

    if (s->says.number > counter_get(t, COUNTER_SHIPMENT))
        counter_put(t, COUNTER_SHIPMENT, s->says.number);
    shipment_row_put(t, s->says.number, &row);
}

static void ship_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct shipment s;
    struct arena a;

    (void)arg;
    arena_init(&a, 64 * MB);
    status st = shipment_get(f, &a, &s);
    if (st.cls == ST_OK) {
        write_tops(t, f, &s);
        shipment_lots(t, f, &s.says, f->kind == FACT_SHIPMENT_MADE ? 1 : 0);
        shipment_note(t, f, &s, EPCIS_STEP_SHIPPING, EPCIS_DISP_IN_TRANSIT);
        write_row(t, f, &s);
    } else {
        txn_spoil(t, st.reason, "a shipment");
    }
    arena_fini(&a);
}

// ---- reading

status shipment_get(const struct fact *f, struct arena *a, struct shipment *out)
{
    struct touched touched;
    struct shipment s;
    struct bytes_r own;

    TRY(report_get(f->decided, a, &s.report, &touched, &own));
    TRY(shipped_get(&own, a, &s.says));
    s.tops = touched.runs;
    *out = s;
    return OK;
}

void shipment_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct shipment s;
    struct arena a;

    (void)arg;
    arena_init(&a, 64 * MB);
    if (shipment_get(f, &a, &s).cls == ST_OK) {
        json_w_kinner(w, "shipment", s.says.number);
        json_w_kint(w, "units", (int64_t)s.tops.units);
        if (s.report.reason.n > 0) json_w_kstr(w, "reason", s.report.reason);
        shipped_write(&s.says, w);
    }
    arena_fini(&a);
}

const struct kind kind_shipment_made = {
    FACT_SHIPMENT_MADE, 1, "shipment.made", ship_decide, ship_write, shipment_print, NULL};
const struct kind kind_shipment_forwarded = {
    FACT_SHIPMENT_FORWARDED, 1,   "shipment.forwarded", forward_decide, ship_write,
    shipment_print,          NULL};
