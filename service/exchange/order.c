#include "service/exchange/order.h"
#include "service/event/captured.h"
#include "service/event/report.h"
#include "service/exchange/reached.h"
#include "service/lot/lot_db.h"
#include "service/tree/cargo_db.h"
#include "service/unit/unit_db.h"

struct looking {
    const struct order *o;
    struct lots *out;
    struct unit_rows rows;
    uint64_t first; // the event that the last unit began with: its neighbours mostly did too
};

static void add_first(struct looking *x, unit_id u)
{
    uint64_t first = unit_get(&x->rows, u).first;
    struct fact f;

    if (first == 0 || first == x->first) return;
    x->first = first;
    if (journal_get_header(x->o->t, first, &f).cls == ST_OK) lots_add(x->out, f.lot);
}

static bool is_container(struct looking *x, unit_id u)
{
    const struct space_row *s = names_space(x->o->names, x->o->t, unit_space(u));
    return s != NULL && (space_is_container(s) || s->sort == SPACE_OF_FOREIGN);
}

// What a container holds, by its cargo: of more lots than that tells it is about all lots.
static void add_cargo(struct looking *x, unit_id u)
{
    struct cargo c;

    cargo_get(x->o->t, u, &c);
    for (uint32_t i = 0; i < c.lot_count; i++)
        if (c.lots[i].lot != 0) lots_add(x->out, c.lots[i].lot);
    if (c.many) *x->out = (struct lots){{PARKED_ALL_LOTS}, 1};
}

static void look_at(struct looking *x, const struct runs *runs, bool inside)
{
    unit_id u;

    for (struct run_walk w = runs_walk(runs); run_next(&w, &u);) {
        add_first(x, u);
        if (inside && is_container(x, u)) add_cargo(x, u);
    }
}

// What happens to goods as a whole happens to what lies in them.
static bool is_trade(const struct fact *f)
{
    return (f->kind >= FACT_SHIPMENT_MADE && f->kind <= FACT_SHIPMENT_FORWARDED) ||
           f->kind == FACT_CORRECTION_MADE;
}

static status lots_of(const struct order *o, const struct fact *f, bool within, struct lots *out)
{
    struct looking x = {.o = o, .out = out};
    struct report report;
    struct touched touched;
    struct bytes_r rest;

    *out = (struct lots){0};
    lots_add(out, f->lot);
    if (f->kind == FACT_UNITS_COMMISSIONED && f->lot != 0) return OK; // its units begin with it
    TRY(report_get(f->decided, o->a, &report, &touched, &rest));
    unit_rows_read(&x.rows, o->t);
    look_at(&x, &touched.runs, within);
    return txn_status(o->t);
}

status event_lots(const struct order *o, const struct fact *f, struct lots *out)
{
    bool may_be_whole = f->kind == FACT_UNITS_PACKED || f->kind == FACT_CONTAINER_CLOSED;

    return lots_of(o, f, is_trade(f) || may_be_whole || is_captured(f), out);
}

status event_lots_within(const struct order *o, const struct fact *f, struct lots *out)
{
    return lots_of(o, f, true, out);
}

status runs_lots(const struct order *o, const struct runs *runs, struct lots *out)
{
    struct looking x = {.o = o, .out = out};

    *out = (struct lots){0};
    unit_rows_read(&x.rows, o->t);
    look_at(&x, runs, true);
    return txn_status(o->t);
}

// ---- filters

static bool listed(const struct form_list *gtins, const char gtin[14])
{
    const str *list = gtins->items;

    for (uint32_t i = 0; i < gtins->n; i++)
        if (str_eq(list[i], (str){gtin, 14})) return true;
    return false;
}

static bool lot_listed(const struct order *o, uint32_t number, const struct form_list *gtins)
{
    struct product p;
    struct lot lot;

    if (!lot_get(o->t, number, o->a, &lot)) return false;
    if (listed(gtins, lot.gtin)) return true;
    if (product_get_version(o->t, lot.product, lot.product_version, o->a, &p).cls != ST_OK)
        return false;
    for (uint32_t i = 0; i < p.level_count; i++)
        if (!p.levels[i].is_sscc && listed(gtins, p.levels[i].gtin)) return true;
    return false;
}

static status units_listed(const struct order *o, const struct fact *f,
                           const struct form_list *gtins, bool *out)
{
    struct report report;
    struct touched touched;
    struct bytes_r rest;

    TRY(report_get(f->decided, o->a, &report, &touched, &rest));
    for (uint32_t i = 0; i < touched.runs.n && !*out; i++) {
        uint32_t space = unit_space(touched.runs.at[i].first);
        const struct space_row *s = names_space(o->names, o->t, space);
        *out = s != NULL && listed(gtins, s->gtin);
    }
    return OK;
}

status event_is_of(const struct order *o, const struct fact *f, const struct partner_filter *filter,
                   bool *out)
{
    const struct form_list *gtins = filter == NULL ? NULL : &filter->gtins;
    struct lots lots;

    *out = gtins == NULL || gtins->n == 0 || (f->lot != 0 && lot_listed(o, f->lot, gtins));
    if (*out) return OK;
    TRY(event_lots(o, f, &lots));
    for (uint32_t i = 0; i < lots.n && !*out; i++)
        *out = lots.at[i] == PARKED_ALL_LOTS || lot_listed(o, lots.at[i], gtins);
    return *out ? OK : units_listed(o, f, gtins, out);
}

static bool wants_step(const struct partner_filter *filter, str word)
{
    const str *steps = filter->steps.items;

    for (uint32_t i = 0; i < filter->steps.n; i++)
        if (str_eq(steps[i], word)) return true;
    return false;
}

static void parts_filter(struct event_parts *parts, const struct partner_filter *filter)
{
    uint32_t n = 0;

    if (filter == NULL || filter->steps.n == 0) return;
    for (uint32_t i = 0; i < parts->n; i++)
        if (wants_step(filter, parts->at[i].event.step)) parts->at[n++] = parts->at[i];
    parts->n = n;
}

status event_parts_wanted(struct event_render *r, const struct fact *f,
                          const struct event_wish *wish, struct event_parts *parts)
{
    struct order o = {r->t, r->arena, r->names};
    bool is_of, reaches = false;

    parts->n = 0;
    TRY(event_is_of(&o, f, wish->filter, &is_of));
    if (wish->filter != NULL) TRY(recall_reaches(&o, f, wish->party, &reaches));
    if (!is_of && !reaches) return OK;
    TRY(event_render(r, f, parts));
    if (!reaches) parts_filter(parts, wish->filter);
    return OK;
}

status event_is_wanted(struct event_render *r, const struct fact *f, const struct event_wish *wish,
                       bool *out)
{
    struct event_parts parts;

    TRY(event_parts_wanted(r, f, wish, &parts));
    *out = parts.n > 0;
    return OK;
}

// ---- sets of lots

static void slot_fill(uint32_t *slots, uint32_t size, uint32_t lot)
{
    uint32_t i = lot * 2654435761u & (size - 1); // Knuth's multiplier: lots are dense numbers

    while (slots[i] != 0 && slots[i] != lot) i = (i + 1) & (size - 1);
    slots[i] = lot;
}

static bool set_grow(struct lot_set *s)
{
    uint32_t size = s->size == 0 ? 64 : 2 * s->size;
    uint32_t *slots = NEW_ARRAY(s->a, uint32_t, size);

    if (slots == NULL) return false;
    for (uint32_t i = 0; i < s->size; i++)
        if (s->slots[i] != 0) slot_fill(slots, size, s->slots[i]);
    s->slots = slots;
    s->size = size;
    return true;
}

void lot_set_add(struct lot_set *s, const struct lots *l)
{
    for (uint32_t i = 0; i < l->n; i++) {
        s->any = true;
        bool room = 2 * (s->n + 1) <= s->size || set_grow(s);
        if (!room || l->at[i] == PARKED_ALL_LOTS) {
            s->all = true;
            continue;
        }
        slot_fill(s->slots, s->size, l->at[i]);
        s->n++; // counts those that come again too: the set only grows sooner
    }
}

bool lot_set_meets(const struct lot_set *s, const struct lots *l)
{
    if (l->n == 0 || !s->any) return false;
    if (s->all || l->at[0] == PARKED_ALL_LOTS) return true;
    for (uint32_t i = 0; i < l->n; i++) {
        uint32_t k = l->at[i] * 2654435761u & (s->size - 1);
        while (s->slots[k] != 0 && s->slots[k] != l->at[i]) k = (k + 1) & (s->size - 1);
        if (s->slots[k] != 0) return true;
    }
    return false;
}
