// Runs in the committer.
#include "service/trade/loaded.h"
#include "service/event/inside.h"
#include "service/event/lot_leaving.h"
#include "service/lot/released.h"
#include "service/tree/cargo_db.h"
#include "service/tree/tree_db.h"

#define NAMED_MAX 100u // inside, in one refusal

static const struct bar {
    unsigned flag;
    const char *inner, *code, *text;
} bars[] = {
    {UNIT_STOLEN,   "unit.stolen",   "unit.content_stolen",   "something in it was stolen" },
    {UNIT_RECALLED, "unit.recalled", "unit.content_recalled", "something in it is recalled"},
    {UNIT_HOLD,     "unit.on_hold",  "unit.content_on_hold",  "something in it is on hold" },
    {UNIT_LOST,     "unit.lost",     "unit.content_lost",     "something in it is lost"    },
};

static const struct bar *bar_of(unsigned flags)
{
    for (size_t i = 0; i < LEN(bars); i++)
        if (flags & bars[i].flag) return &bars[i];
    return NULL;
}

// ---- naming what is wrong inside

struct naming {
    struct goods *g;
    uint32_t n;
    unsigned depth;
};

static void name_inside(struct naming *x, unit_id container);

static void name_one(struct naming *x, unit_id u)
{
    struct unit row = unit_one(x->g->d->t, u);
    const struct bar *bar = bar_of(row.flags);
    const struct space_row *s = names_space(x->g->levels.names, x->g->d->t, unit_space(u));
    bool open = row.state == UNIT_OPEN;

    if ((bar != NULL || open) && x->n++ < NAMED_MAX)
        goods_refuse_inner(x->g, u, bar != NULL ? bar->inner : "unit.open");
    if (s != NULL && space_is_container(s)) name_inside(x, u);
}

// Goes only where something is.
static void name_inside(struct naming *x, unit_id container)
{
    struct cargo c;
    unit_id u;

    cargo_get(x->g->d->t, container, &c);
    if ((cargo_flags(&c) == 0 && c.open == 0) || x->n > NAMED_MAX || x->depth == UNIT_DEPTH_MAX)
        return;
    x->depth++;
    struct runs all = children_get(x->g->d->t, container, x->g->d->arena);
    for (struct run_walk w = runs_walk(&all); run_next(&w, &u);) name_one(x, u);
    x->depth--;
}

static status check_content(struct goods *g, unit_id top, const struct cargo *c)
{
    const struct bar *bar = bar_of(cargo_flags(c));

    if (bar == NULL && c->open == 0) return OK;
    name_inside(&(struct naming){.g = g}, top);
    if (bar != NULL) return fail(ST_CONFLICT, bar->code, 0, "%s", bar->text);
    return fail(ST_CONFLICT, "unit.content_open", 0, "a container in it is not closed");
}

// ---- nothing in it

// Containers that hold nothing, or an event took all out of it since: only where facts tell of what
// lies in it without naming it is there one to be found.
static void name_empty(struct naming *x, unit_id container)
{
    struct cargo c;
    unit_id u;

    cargo_get(x->g->d->t, container, &c);
    if (c.late == 0 || x->n > NAMED_MAX || x->depth == UNIT_DEPTH_MAX) return;
    x->depth++;
    struct runs all = children_get(x->g->d->t, container, x->g->d->arena);
    for (struct run_walk w = runs_walk(&all); run_next(&w, &u);) {
        const struct space_row *s = names_space(x->g->levels.names, x->g->d->t, unit_space(u));
        if (s == NULL || !space_is_container(s)) continue;
        bool empty = children_count(x->g->d->t, u) == 0;
        if (empty && x->n++ < NAMED_MAX) goods_refuse_inner(x->g, u, "unit.empty");
        if (!empty) name_empty(x, u);
    }
    x->depth--;
}

static status check_empty(struct goods *g, unit_id top)
{
    struct naming x = {.g = g};

    if (children_count(g->d->t, top) == 0)
        return fail(ST_CONFLICT, "unit.empty", 0, "nothing lies in it");
    name_empty(&x, top);
    if (x.n == 0) return OK;
    return fail(ST_CONFLICT, "unit.content_empty", 0, "a container in it holds nothing");
}

// ---- lots

static status lot_says(struct goods *g, uint32_t number, const char *code, const char *what)
{
    struct lot l;

    if (!lot_view(g->d->t, number, &l)) return fail(ST_CONFLICT, code, 0, "a lot of it %s", what);
    return fail(ST_CONFLICT, code, 0, "it holds packs of lot %.*s, which %s", STR(l.lot), what);
}

static const struct {
    const char *code, *text;
} stays[] = {
    [LOT_STAYS_HELD] = {"lot.on_hold",    "is on hold"         },
    [LOT_STAYS_RECALLED] = {"lot.recalled",   "is recalled"        },
    [LOT_STAYS_UNRELEASED] = {"lot.unreleased", "is not yet released"},
    [LOT_STAYS_OPEN] = {"lot.open",       "is not closed"      },
};

// When it left, or leaves now.
static bool is_over(const struct goods *g, uint32_t lot)
{
    wall at = g->time_ms != 0 ? (wall){g->time_ms} : g->d->now;
    struct lot l;

    return lot_view(g->d->t, lot, &l) && lot_is_over(l.expiry, at);
}

// Does the release still stand, and was it before the goods left? Found once a lot.
static status check_release(struct goods *g, uint32_t lot)
{
    struct released_ask ask = {lot, g->time_ms, g->site->limits.clock_ahead_max_ms};
    uint32_t i = lot % GOODS_LOTS;

    if (g->released[i].lot == lot) return g->released[i].st;
    g->released[i].st = released_check(g->d->t, &ask, g->d->arena);
    g->released[i].lot = lot;
    return g->released[i].st;
}

// Goods leave by the client's rule (STATES, guard 6), and before their time is over.
static status check_lot(struct goods *g, uint32_t lot, const struct loaded_rules *p)
{
    struct lot_brief b = {0};

    if (lot == 0) return OK; // what began elsewhere
    if (!lot_brief_get(g->d->t, lot, &b)) b = (struct lot_brief){0};
    enum lot_stay why = lot_stays(&b, p->ship_rule);
    if (why != LOT_LEAVES) return lot_says(g, lot, stays[why].code, stays[why].text);
    if (!p->expired_too && is_over(g, lot)) return lot_says(g, lot, "lot.expired", "has expired");
    return p->ship_rule == SHIP_RELEASED ? check_release(g, lot) : OK;
}

// More lots than its cargo tells: all that lies in it is counted.
static status check_many(struct goods *g, unit_id top, const struct loaded_rules *p)
{
    struct inside_reader r = {g->d->t, g->levels.names, g->d->arena};
    struct inside inside;

    TRY(inside_of(&r, top, &inside));
    for (uint32_t i = 0; i < inside.n; i++) {
        const struct space_row *s = names_space(g->levels.names, g->d->t, inside.parts[i].space);
        if (s != NULL && s->sort == SPACE_OF_SSCC) continue;
        TRY(check_lot(g, inside.parts[i].lot, p));
    }
    return OK;
}

status loaded_check(struct goods *g, unit_id top, const struct goods_look *x,
                    const struct loaded_rules *p)
{
    struct cargo c;

    if (x->space.sort != SPACE_OF_SSCC) TRY(check_lot(g, x->lot, p));
    if (x->sort != SORT_CONTAINER) return OK;
    cargo_get(g->d->t, top, &c);
    if (c.late > g->newest) g->newest = c.late;
    TRY(check_content(g, top, &c));
    if (!p->empty_too) TRY(check_empty(g, top));
    if (c.many) return check_many(g, top, p);
    for (uint32_t i = 0; i < c.lot_count; i++) TRY(check_lot(g, c.lots[i].lot, p));
    return OK;
}
