// Runs in the committer: gets.
#include "service/event/capture_guard.h"
#include "service/event/inside.h"
#include "service/event/lot_leaving.h"
#include "service/event/newest.h"
#include "service/journal/site.h"
#include "service/lot/released.h"
#include "service/tree/cargo_db.h"
#include "service/tree/tree_db.h"
#include <string.h>

// ---- what lies in what

// What is in the container already says which lot the rest must have.
static void look_inside(struct capture_guard *g, const struct unit_sorts *parent)
{
    unit_id first = children_first(g->j->d->t, g->parent);

    g->begun = true;
    if (!parent->is_sscc) {
        g->one_lot = true;
        g->lot = judge_lot(g->j, g->parent);
        return;
    }
    g->pairs.rule = g->profile->pack_levels;
    if (first.v == 0) return;
    uint32_t lot = judge_lot(g->j, first);
    const struct shape *shape = lot == 0 ? NULL : level_shape(g->levels, lot);
    if (shape != NULL) {
        struct shape kept = *shape; // the reader forgets it
        level_pairs_hold(&g->pairs, &kept, level_of_unit(g->levels, first, lot));
    }
    if (judge_sorts(g->j, first).sort != SORT_PACK) return;
    g->lot = lot;
    g->one_lot = lot != 0;
}

// REQ TREE-SGTIN-SSCC: a case that bears an SGTIN holds its product's level below, never an SSCC.
static unsigned level_fits(struct capture_guard *g, const struct unit_sorts *parent,
                           const struct unit_sorts *child, uint32_t lot)
{
    const struct shape *shape;

    if (child->is_sscc || child->product != parent->product) return EXCEPTION_LEVEL;
    if (child->level == parent->level) return EXCEPTION_SAME_LEVEL;
    shape = level_shape(g->levels, lot);
    if (shape != NULL && shape_below(shape, parent->level) == child->level) return 0;
    return EXCEPTION_LEVEL;
}

// Units of SSCCs as lines' reports are held to: what began with no lot is of no level.
static unsigned goes_into_sscc(struct capture_guard *g, unit_id u, uint32_t lot, bool lies)
{
    const struct shape *shape = lot == 0 ? NULL : level_shape(g->levels, lot);

    if (shape == NULL) return 0;
    uint8_t level = level_of_unit(g->levels, u, lot);
    bool fits = lies ? level_pairs_agree(&g->pairs, shape, level)
                     : level_pairs_next(&g->pairs, shape, level);
    return fits ? 0 : (unsigned)EXCEPTION_LEVEL;
}

static unsigned lot_fits(struct capture_guard *g, const struct unit_sorts *s, uint32_t lot)
{
    if (!g->one_lot && s->sort != SORT_PACK) return 0;
    if (g->lot != 0 && g->lot != lot) return EXCEPTION_LOT;
    g->one_lot = true;
    g->lot = lot;
    return 0;
}

unsigned capture_guard_child(struct capture_guard *g, unit_id child, const struct unit *x)
{
    struct unit_sorts parent = judge_sorts(g->j, g->parent), s = judge_sorts(g->j, child);
    uint32_t lot = judge_lot_of(g->j, child, x);

    if (parent.is_foreign || s.is_foreign) return 0;
    if (!g->begun) look_inside(g, &parent);
    unsigned wrong =
        parent.is_sscc ? goes_into_sscc(g, child, lot, false) : level_fits(g, &parent, &s, lot);
    if (wrong == EXCEPTION_LEVEL) return wrong;
    unsigned other = lot_fits(g, &s, lot);
    if (other == 0 && parent.is_sscc) other = goes_into_sscc(g, child, lot, true);
    return other != 0 ? other : wrong;
}

// ---- what leaves

// Does the release still stand, and was it before the goods left? Found once a lot.
static unsigned release_stands(struct capture_guard *g, uint32_t lot)
{
    const struct site *site = g->j->d->app;
    struct released_ask ask = {lot, g->left_ms, site->limits.clock_ahead_max_ms};

    if (g->released == lot) return g->released_says;
    status st = released_check(g->j->d->t, &ask, g->j->d->arena);
    bool early = st.cls != ST_OK && strcmp(st.reason, "time.before") == 0;
    g->released_says = st.cls == ST_OK ? 0
                       : early         ? (unsigned)EXCEPTION_TIME_BEFORE
                                       : (unsigned)EXCEPTION_LOT_UNBALANCED;
    g->released = lot;
    return g->released_says;
}

// An event has no word for goods that leave although they have expired: shipments do.
static bool is_over(const struct capture_guard *g, uint32_t number)
{
    struct lot lot;

    return lot_view(g->j->d->t, number, &lot) && lot_is_over(lot.expiry, (wall){g->left_ms});
}

static unsigned lot_leaves(struct capture_guard *g, uint32_t lot)
{
    static const unsigned exceptions[] = {[LOT_STAYS_HELD] = EXCEPTION_ON_HOLD,
                                          [LOT_STAYS_RECALLED] = EXCEPTION_RECALLED,
                                          [LOT_STAYS_UNRELEASED] = EXCEPTION_LOT_UNRELEASED,
                                          [LOT_STAYS_OPEN] = EXCEPTION_LOT_OPEN};
    struct lot_brief b;

    if (lot == 0 || !lot_brief_get(g->j->d->t, lot, &b)) return 0;
    enum lot_stay why = lot_stays(&b, g->profile->ship_rule);
    if (why != LOT_LEAVES) return exceptions[why];
    if (is_over(g, lot)) return EXCEPTION_LOT_EXPIRED;
    return g->profile->ship_rule == SHIP_RELEASED ? release_stands(g, lot) : 0;
}

// More lots than its cargo tells: all that lies in it is counted.
static unsigned many_leave(struct capture_guard *g, unit_id top)
{
    struct inside_reader r = {g->j->d->t, g->j->names, g->j->d->arena};
    struct inside inside = {0};
    unsigned wrong = 0;

    status st = inside_of(&r, top, &inside);
    if (st.cls != ST_OK) return txn_spoil(r.t, st.reason, "what a container holds"), 0u;
    for (uint32_t i = 0; i < inside.n && wrong == 0; i++) {
        const struct space_row *s = names_space(g->j->names, r.t, inside.parts[i].space);
        if (s != NULL && s->sort != SPACE_OF_SSCC) wrong = lot_leaves(g, inside.parts[i].lot);
    }
    return wrong;
}

static bool is_acknowledged(struct capture_guard *g, unit_id top, uint64_t newest)
{
    const struct site *site = g->j->d->app;
    struct run one = {top, 1};
    struct runs tops = {&one, 1, 1};
    struct goods_told goods = {g->j->d->fact->client, &tops, newest};

    return site->acknowledged(site, g->j->d->t, &goods);
}

// Loose packs of a lot have mostly one newest event: asked once for all of these.
static bool loose_is_acknowledged(struct capture_guard *g, unit_id top, uint64_t newest,
                                  uint32_t lot)
{
    if (lot == 0 || g->told_lot != lot || g->told_newest != newest)
        g->told = is_acknowledged(g, top, newest);
    g->told_lot = lot;
    g->told_newest = newest;
    return g->told;
}

unsigned capture_guard_leaving(struct capture_guard *g, unit_id top, const struct unit *x)
{
    struct unit_sorts s = judge_sorts(g->j, top);
    const struct site *site = g->j->d->app;
    struct cargo c = {0};
    bool own = !s.is_sscc && !s.is_foreign;
    uint32_t lot = own ? judge_lot_of(g->j, top, x) : 0;
    unsigned wrong = lot_leaves(g, lot);

    // Own packs may lie in what began elsewhere.
    if (s.sort == SORT_CONTAINER || s.is_foreign) cargo_get(g->j->d->t, top, &c);
    if (s.is_foreign && c.lot_count == 0 && !c.many) return 0;
    for (uint32_t i = 0; !c.many && i < c.lot_count && wrong == 0; i++)
        wrong = lot_leaves(g, c.lots[i].lot);
    if (wrong == 0 && c.many) wrong = many_leave(g, top);
    if (wrong != 0) return wrong;
    if (!g->profile->ship_needs_ack || site->acknowledged == NULL) return 0;
    bool loose = own && s.sort == SORT_PACK;
    uint64_t newest = x->last > c.late ? x->last : c.late;
    bool told =
        loose ? loose_is_acknowledged(g, top, newest, lot) : is_acknowledged(g, top, newest);
    return told ? 0 : EXCEPTION_NOT_ACKNOWLEDGED;
}

unsigned capture_guard_time(struct capture_guard *g, unit_id u, const struct unit *x)
{
    struct txn *t = g->j->d->t;
    bool early = g->left_ms < newest_around(t, x) || g->left_ms < newest_inside(t, u);

    return early ? EXCEPTION_TIME_BEFORE : 0;
}
