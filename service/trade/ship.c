// fact `shipment.made`: report | touched tops | shipped.h's own part. The lot in its header is the
// lot of all tops, 0 where they differ; shipped.h's tallies name them all.
//
// decide looks at every top: its row, its last event's time, whose it is, and the state of the lots
// that the loop found in it. Only where a container was changed since is it looked into again here.
#include "service/client/client.h"
#include "service/event/level.h"
#include "service/event/noting.h"
#include "service/event/often.h"
#include "service/trade/trade_int.h"
#include "service/unit/unit_db.h"

struct ship { // one decision
    struct decide *d;
    const struct site *site;
    const struct shipment_ask *ask;
    struct unit_rows rows;
    struct level_reader levels;
    struct fact first, last;       // headers of the last top's first and last event
    struct client_profile profile; // of the client
    int64_t latest_ms;             // event time of the newest last event
    uint64_t newest;               // event of any cargo
    status first_refusal;
    uint32_t bad;
    struct alike_w previous;
    struct shipped_tally *tallies;
    uint32_t tally_count;
};

// ---- guards of one top

static status header(struct ship *s, uint64_t seq, struct fact *kept)
{
    if (seq == 0 || kept->seq == seq) return OK;
    return journal_get_header(s->d->t, seq, kept);
}

static status check_time(struct ship *s, const struct unit *u)
{
    TRY(header(s, u->last, &s->last));
    if (u->last == 0 || !(s->last.flags & FACT_HAS_TIME)) return OK;
    if (s->last.event.at.ms > s->latest_ms) s->latest_ms = s->last.event.at.ms;
    if (s->ask->time.at.ms == 0 || s->ask->time.at.ms >= s->last.event.at.ms) return OK;
    return fail(ST_CONFLICT, "time.before", 0, "time: it is before the unit's last event");
}

// The first top that ever was commissioned says whose shipment it is.
static status take_client(struct ship *s, const struct unit *u)
{
    TRY(header(s, u->first, &s->first));
    if (u->first == 0 || s->d->fact->client.v != 0) return OK;
    s->d->fact->client = s->first.client;
    return client_profile(s->d->t, s->first.client, &s->profile);
}

static status check_client(struct ship *s)
{
    if (s->first.client.v == s->d->fact->client.v) return OK;
    return fail(ST_UNPROCESSABLE, "shipment.clients", 0,
                "it belongs to another client than the others: ship them apart");
}

static status check_lot(const struct ship *s, uint32_t lot)
{
    struct lot_brief b = {0};
    enum lot_state state = lot_brief_get(s->d->t, lot, &b) ? b.state : (enum lot_state)0;

    if (b.held) return fail(ST_CONFLICT, "lot.on_hold", 0, "it holds packs of a lot on hold");
    if (state == LOT_RECALLED)
        return fail(ST_CONFLICT, "lot.recalled", 0, "it holds packs of a recalled lot");
    if (s->profile.ship_rule == SHIP_QUARANTINE || state == LOT_RELEASED) return OK;
    if (state == LOT_CLOSED && s->profile.ship_rule == SHIP_CLOSED) return OK;
    if (state == LOT_CLOSED)
        return fail(ST_CONFLICT, "lot.unreleased", 0, "it holds packs of a lot not yet released");
    return fail(ST_CONFLICT, "lot.open", 0, "it holds packs of a lot that is not closed");
}

static status check_cargo(struct ship *s, const struct shipment_top *top, const struct unit *u)
{
    struct cargo fresh = top->cargo;

    if (fresh.seen != u->last) TRY(cargo_of(s->site, s->d->t, s->d->arena, top->unit, &fresh));
    if (fresh.newest > s->newest) s->newest = fresh.newest;
    if (fresh.flags & UNIT_HOLD)
        return fail(ST_CONFLICT, "unit.content_on_hold", 0, "something in it is on hold");
    for (uint32_t i = 0; i < fresh.lot_count; i++) TRY(check_lot(s, fresh.lots[i]));
    return OK;
}

static enum unit_sort sort_of(struct ship *s, unit_id u)
{
    const struct space_row *space = names_space(s->levels.names, s->d->t, unit_space(u));

    if (space == NULL) txn_spoil(s->d->t, "store.corrupt", "a unit of no space");
    return space != NULL && space_is_container(space) ? SORT_CONTAINER : SORT_PACK;
}

static void count(struct ship *s, unit_id u)
{
    uint8_t level = level_of_unit(&s->levels, u, s->first.lot);
    uint32_t i = s->tally_count;

    while (i > 0 && (s->tallies[i - 1].lot != s->first.lot || s->tallies[i - 1].level != level))
        i--;
    if (i == 0) {
        s->tallies[s->tally_count] = (struct shipped_tally){s->first.lot, level, 0};
        i = ++s->tally_count;
    }
    s->tallies[i - 1].count++;
}

static status check_top(struct ship *s, const struct shipment_top *top)
{
    struct unit_change next;

    if (top->unit.v == 0) return fail(ST_UNPROCESSABLE, "unit.unknown", 0, "it is not known here");
    if (top->twice) return fail(ST_CONFLICT, "unit.twice", 0, "it is named twice");
    struct unit u = unit_get(&s->rows, top->unit);
    TRY(take_client(s, &u));
    TRY(unit_step(sort_of(s, top->unit), &u, ACT_SHIP, &next));
    alike_put(&s->previous, u.last);
    TRY(check_client(s));
    TRY(check_time(s, &u));
    TRY(check_cargo(s, top, &u));
    count(s, top->unit);
    return OK;
}

static void refuse(struct ship *s, uint32_t at, status st)
{
    struct buf *b = s->d->units;

    if (b->n > 0) buf_addc(b, ',');
    buf_add(b, S("{\"unit\":"));
    buf_add(b, s->ask->tops[at].text);
    buf_addf(b, ",\"code\":\"%s\"}", st.reason);
    if (s->bad++ == 0) s->first_refusal = st;
}

static bool is_refusal(status st) { return st.cls == ST_CONFLICT || st.cls == ST_UNPROCESSABLE; }

// Every top is looked at, so that a refusal names all that are wrong.
static status check_tops(struct ship *s)
{
    for (uint32_t i = 0; i < s->ask->n; i++) {
        status st = check_top(s, &s->ask->tops[i]);
        if (st.cls == ST_OK) continue;
        if (!is_refusal(st)) return st;
        refuse(s, i, st);
    }
    if (s->bad < 2) return s->first_refusal;
    return fail(s->first_refusal.cls, s->first_refusal.reason, 0, "%u of %u units; the first: %s",
                s->bad, s->ask->n, s->first_refusal.text);
}

// ---- the whole

static status check_ahead(const struct ship *s)
{
    int64_t ahead = s->ask->time.at.ms - s->d->now.ms;
    uint32_t max = s->site->limits.clock_ahead_max_ms;

    if (s->ask->time.at.ms == 0 || ahead <= (int64_t)max) return OK;
    return fail(ST_CONFLICT, "time.ahead", 0,
                "time: it is %lld ms ahead of the service, at most %u are taken", (long long)ahead,
                max);
}

// Where nobody said when, it was now, but never before what happened to the goods already: a line's
// clock may be ahead of ours.
static void set_header(struct ship *s)
{
    struct fact *f = s->d->fact;
    int64_t now = s->d->now.ms > s->latest_ms ? s->d->now.ms : s->latest_ms;

    f->event = s->ask->time;
    if (f->event.at.ms == 0) f->event.at.ms = now;
    f->flags |= FACT_HAS_TIME | FACT_IS_EVENT;
    f->lot = s->tallies[0].lot;
    for (uint32_t i = 1; i < s->tally_count; i++)
        if (s->tallies[i].lot != f->lot) f->lot = 0;
}

static status check_acknowledged(const struct ship *s)
{
    const struct site *site = s->site;

    if (!s->profile.ship_needs_ack || site->acknowledged == NULL) return OK;
    if (site->acknowledged(site, s->d->t, s->d->fact->client, s->newest)) return OK;
    return fail(ST_CONFLICT, "shipment.not_acknowledged", 0,
                "a partner has not yet accepted every event of what is to be shipped");
}

// What its documents are found by goes into the fact, for identifiers are read here and now only.
static status find_by(struct ship *s, struct shipped *says)
{
    struct arena *a = s->d->arena;
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

static status put_decided(struct ship *s, const struct buf *previous)
{
    struct decide *d = s->d;
    struct report report = {.extra = s->ask->extra};
    struct shipped says = s->ask->says;

    unit_id *units = NEW_ARRAY(d->arena, unit_id, s->ask->n);
    if (units == NULL) return no_memory();
    for (uint32_t i = 0; i < s->ask->n; i++) units[i] = s->ask->tops[i].unit;
    struct runs runs = runs_of(d->arena, units, s->ask->n);
    if (runs.at == NULL) return no_memory();
    says.number = (uint32_t)counter_get(d->t, COUNTER_SHIPMENT) + 1;
    says.tallies = s->tallies;
    says.tally_count = s->tally_count;
    TRY(find_by(s, &says));
    report_put(d->out, &report);
    runs_put(d->out, &runs);
    buf_add(d->out, buf_str(previous));
    shipped_put(d->out, &says);
    return OK;
}

static status decide_tops(struct ship *s, struct buf *previous)
{
    assert(s->ask->n > 0);
    s->tallies = NEW_ARRAY(s->d->arena, struct shipped_tally, s->ask->n);
    if (s->tallies == NULL) return no_memory();
    s->previous.b = previous;
    unit_rows_read(&s->rows, s->d->t);
    TRY(check_tops(s));
    TRY(check_acknowledged(s));
    alike_end(&s->previous);
    set_header(s);
    return put_decided(s, previous);
}

static status ship_decide(struct decide *d)
{
    struct ship s = {.d = d, .site = d->app, .ask = d->ask, .first_refusal = OK};
    struct buf previous;

    s.levels = (struct level_reader){d->t, names_here(s.site), d->arena, 0, {0}};
    TRY(check_ahead(&s));
    buf_init(&previous, 8 * MB); // at most 20 bytes a top
    status st = decide_tops(&s, &previous);
    buf_fini(&previous);
    return st;
}

// ---- writing

static void write_tops(struct txn *t, const struct fact *f, const struct runs *tops)
{
    struct unit_rows rows;
    unit_id top;

    unit_rows_write(&rows, t);
    for (struct run_walk walk = runs_walk(tops); run_next(&walk, &top);) {
        struct unit u = unit_get(&rows, top);
        u.state = UNIT_SHIPPED;
        u.last = f->seq;
        often_note(t, f, top, &u);
        unit_put(&rows, top, &u);
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

static void write_lots(struct txn *t, const struct fact *f, const struct shipped *s)
{
    for (uint32_t i = 0; i < s->tally_count; i++) {
        const struct shipped_tally *x = &s->tallies[i];
        if (x->lot == 0) continue;
        struct lot_counts c = lot_counts_get(t, x->lot);
        c.level[x->level].shipped += x->count;
        lot_counts_put(t, x->lot, &c);
        if (!lot_was_before(s, i)) lot_note(t, f->client, x->lot, f->seq);
    }
}

static void note(struct txn *t, const struct fact *f, const struct shipment *s, struct arena *a)
{
    uint64_t from = s->report.gln != 0 ? s->report.gln : s->says.from_location;
    struct noting n;

    noting_begin(&n, t, f, a);
    noting_event(&n, EPCIS_OBJECT, EPCIS_STEP_SHIPPING, EPCIS_DISP_IN_TRANSIT);
    noting_read_point(&n, from);
    noting_party(&n, LIST_SOURCE, s->says.from_party);
    noting_location(&n, LIST_SOURCE, s->says.from_location);
    noting_party(&n, LIST_DESTINATION, s->says.to_party);
    noting_location(&n, LIST_DESTINATION, s->says.to_location);
    for (uint32_t i = 0; i < s->says.found_count; i++)
        noting_value(&n, LIST_BIZ_TRANSACTION, s->says.found[i]);
    noting_units(&n, &s->tops);
    noting_end(&n);
}

static void ship_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct shipment s;
    struct arena a;

    (void)arg;
    arena_init(&a, 64 * MB);
    status st = shipment_get(f, &a, &s);
    if (st.cls == ST_OK) {
        write_tops(t, f, &s.tops);
        write_lots(t, f, &s.says);
        note(t, f, &s, &a);
        counter_put(t, COUNTER_SHIPMENT, s.says.number);
        shipment_row_put(t, s.says.number, &(struct shipment_row){f->client, f->seq});
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

static void ship_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct shipment s;
    struct arena a;

    (void)arg;
    arena_init(&a, 64 * MB);
    if (shipment_get(f, &a, &s).cls == ST_OK) {
        json_w_kint(w, "shipment", s.says.number);
        json_w_kint(w, "units", (int64_t)s.tops.units);
        shipped_write(&s.says, w);
    }
    arena_fini(&a);
}

const struct kind kind_shipment_made = {
    FACT_SHIPMENT_MADE, 1, "shipment.made", ship_decide, ship_write, ship_print, NULL};
