// `units.unpacked`: children come out of a container, which is open again. decided part:
// contents.h.
#include "service/catalog/market.h"
#include "service/event/before.h"
#include "service/event/often.h"
#include "service/event/report_int.h"
#include "service/tree/tree_db.h"

struct unpacking {
    struct judge j;
    const struct report_ask *ask;
    struct level_reader levels;
    unit_id parent;
    struct runs children; // that come out
    struct contents own;
    uint32_t tallies_max;
};

// Nobody said which container: the one that the first child lies in.
static status find_parent(struct unpacking *u, struct decide *d)
{
    u->parent = u->ask->parent;
    if (u->parent.v == 0) u->parent = unit_one(d->t, u->ask->units.at[0].first).parent;
    TRY(txn_status(d->t));
    u->children = u->ask->units;
    if (u->children.n == 0) u->children = children_get(d->t, u->parent, d->arena);
    return txn_status(d->t);
}

// Nobody said which container, and the first lies in none: every such child is named.
static status refuse_loose(struct unpacking *u, struct decide *d)
{
    struct unit x;
    unit_id c;

    TRY(judge_begin(&u->j, d, &u->children));
    for (struct run_walk w = runs_walk(&u->children); run_next(&w, &c);)
        (void)judge_unit(&u->j, c, ACT_BE_UNPACKED, &x);
    return judge_end(&u->j);
}

static void take_parent(struct unpacking *u)
{
    status empty = fail(ST_CONFLICT, "unpack.empty", 0, "parent: there is nothing in it");
    struct unit x;

    if (!judge_unit(&u->j, u->parent, ACT_UNPACK_FROM, &x)) return;
    u->own.lot = judge_header(&u->j, x.first)->lot;
    if (x.state == UNIT_CLOSED) u->own.flags |= CONTENTS_REOPENS;
    u->own.level_before = u->own.level = level_of_unit(&u->levels, u->parent, u->own.lot);
    if (u->children.n == 0) judge_offend(&u->j, u->parent, empty);
}

static status tally(struct unpacking *u, unit_id child, uint32_t lot)
{
    struct contents *own = &u->own;
    uint8_t level = level_of_unit(&u->levels, child, lot);
    uint32_t i = own->tally_count;

    while (i > 0 && (own->tallies[i - 1].lot != lot || own->tallies[i - 1].level != level)) i--;
    if (i > 0) return own->tallies[i - 1].count++, OK;
    if (own->tally_count == u->tallies_max) {
        uint32_t more = u->tallies_max == 0 ? 8 : u->tallies_max * 2;
        struct tally *t = NEW_ARRAY(u->j.d->arena, struct tally, more);
        if (t == NULL) return no_memory();
        for (uint32_t k = 0; k < own->tally_count; k++) t[k] = own->tallies[k];
        own->tallies = t;
        u->tallies_max = more;
    }
    own->tallies[own->tally_count++] = (struct tally){lot, level, 1};
    return OK;
}

static status take_children(struct unpacking *u)
{
    status other = fail(ST_CONFLICT, "unit.other_parent", 0, "it lies in another container");
    struct unit x;
    unit_id c;

    for (struct run_walk w = runs_walk(&u->children); run_next(&w, &c);) {
        if (!judge_unit(&u->j, c, ACT_BE_UNPACKED, &x)) continue;
        if (x.parent.v != u->parent.v)
            judge_offend(&u->j, c, other);
        else
            TRY(tally(u, c, judge_lot_of(&u->j, c, &x)));
    }
    return OK;
}

// What stays inside says which level an SSCC has from now on.
static status level_after(struct unpacking *u)
{
    struct decide *d = u->j.d;
    const struct shape *s = level_shape(&u->levels, u->own.lot);

    if (children_count(d->t, u->parent) == u->children.units) u->own.flags |= CONTENTS_EMPTIED;
    if (s == NULL || !judge_sorts(&u->j, u->parent).is_sscc || shape_sscc_levels(s) < 2)
        return txn_status(d->t);
    struct shape shape = *s; // what follows may ask for another lot's
    unit_id stays = children_first_without(d->t, u->parent, &u->children);
    u->own.level = shape_sscc_empty(&shape);
    if (stays.v == 0) return txn_status(d->t);
    uint8_t below = level_of_unit(&u->levels, stays, judge_lot(&u->j, stays));
    u->own.level = shape_sscc_over(&shape, below);
    return txn_status(d->t);
}

// Does a market say that the number of the emptied container ends? Its own lot's, or, of one that
// began without a lot, that of what came out.
static bool must_end(struct unpacking *u)
{
    const struct contents *own = &u->own;
    bool ends = false;

    if (!(own->flags & CONTENTS_EMPTIED) || u->ask->goes_on) return false;
    if (!judge_sorts(&u->j, u->parent).is_sscc) return false;
    for (uint32_t i = 0; i <= own->tally_count && !ends; i++) {
        uint32_t lot = i == 0 ? own->lot : own->tallies[i - 1].lot;
        const struct market *m = lot == 0 ? NULL : judge_market_of(&u->j, lot);
        ends = m != NULL && m->ends_emptied;
    }
    return ends;
}

// REQ EG-EPTTS-EMPTIED: decommissioned by a fact of its own, which partners are told of next.
static status end_container(struct unpacking *u)
{
    struct decide *d = u->j.d;
    struct before b = {.d = d, .ask = u->ask};
    struct report_ask *a = before_add(&b, REPORT_DECOMMISSION);

    if (a != NULL) {
        a->act = ACT_DECOMMISSION;
        a->units = before_runs(&b, &u->parent, 1);
        if (a->fields.reason.n == 0) a->fields.reason = S("emptied, as the market asks");
    }
    if (b.no_room) return no_memory();
    d->then = b.asks;
    d->then_n = b.n;
    return OK;
}

static status unpack_decide(struct decide *d)
{
    const struct report_ask *ask = d->ask;
    struct unpacking u = {.ask = ask};

    d->fact->client = ask->client;
    TRY(repeat_look(d, ask));
    if (d->repeat_seq != 0) return OK;
    TRY(find_parent(&u, d));
    if (u.parent.v == 0) return refuse_loose(&u, d);
    struct runs all = container_and(u.parent, &u.children, d->arena);
    if (all.at == NULL) return no_memory();
    TRY(judge_begin(&u.j, d, &all));
    u.j.list = &u.children;
    u.j.ends = ask->ends;
    u.levels = (struct level_reader){.t = d->t, .names = u.j.names, .arena = d->arena};
    take_parent(&u);
    TRY(take_children(&u));
    TRY(judge_end(&u.j));
    TRY(level_after(&u));
    d->fact->lot = u.own.tallies[0].lot;
    d->fact->flags |= FACT_IS_EVENT;
    u.own.has_repeat = repeat_digest(&ask->repeat, &u.own.repeat);
    contents_put(d->out, d->fact, &u.own);
    if (must_end(&u)) TRY(end_container(&u));
    return txn_status(d->t);
}

// ---- writing

static void write_units(struct unit_writing *w, const struct contents *own)
{
    struct runs *all = &w->touched.runs;
    unit_id parent = all->at[0].first, u;
    struct runs children = {all->at + 1, all->n - 1, all->units - 1};
    struct unit p = unit_get(&w->rows, parent);

    p.state = UNIT_OPEN;
    p.flags &= (uint8_t)~UNIT_PARTIAL;
    p.last = w->f->seq;
    often_note(w->t, w->f, parent, &p);
    unit_put(&w->rows, parent, &p);
    for (struct run_walk walk = runs_walk(&children); run_next(&walk, &u);) {
        struct unit x = unit_get(&w->rows, u);
        x.parent = (unit_id){0};
        x.last = w->f->seq;
        often_note(w->t, w->f, u, &x);
        unit_put(&w->rows, u, &x);
    }
    if (own->flags & CONTENTS_EMPTIED)
        children_clear(w->t, parent);
    else
        children_remove(w->t, parent, &children);
}

static void unpack_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct unit_writing w;
    struct contents own;

    (void)arg;
    if (writing_begin(&w, t, f) && contents_read(&w, &own).cls == ST_OK) {
        write_units(&w, &own);
        contents_count(&w, &own, -1);
        contents_note(&w, &own, EPCIS_STEP_UNPACKING);
        if (own.has_repeat) repeat_write(t, f, &w.report, &own.repeat);
    } else {
        txn_spoil(t, "record.corrupt", "units unpacked");
    }
    writing_end(&w);
}

const struct kind kind_units_unpacked = {
    FACT_UNITS_UNPACKED, 1, "units.unpacked", unpack_decide, unpack_write, contents_print, NULL};
