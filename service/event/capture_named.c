// The units that a captured event is about: those that it names, and where it empties or ends a
// container what this holds.
#include "service/event/capture_int.h"
#include "service/tree/tree_db.h"
#include <string.h>

static bool add_unit(struct capturing *c, uint32_t *room, unit_id u, uint32_t under)
{
    if (c->n == *room) {
        uint32_t more = 2 * *room + 16;
        unit_id *units = NEW_ARRAY(c->d->arena, unit_id, more);
        uint32_t *places = NEW_ARRAY(c->d->arena, uint32_t, more);
        if (units == NULL || places == NULL) return false;
        if (c->n > 0) memcpy(units, c->units, c->n * sizeof *units);
        if (c->n > 0) memcpy(places, c->under, c->n * sizeof *places);
        c->units = units;
        c->under = places;
        *room = more;
    }
    c->under[c->n] = under;
    c->units[c->n++] = u;
    return true;
}

// But for what the event names itself.
static bool add_inside(struct capturing *c, uint32_t *room, unit_id parent, uint32_t under)
{
    struct runs inside = children_get(c->d->t, parent, c->d->arena);
    unit_id u;

    for (struct run_walk w = runs_walk(&inside); run_next(&w, &u);)
        if (!runs_among(&c->named, u) && !add_unit(c, room, u, under)) return false;
    return true;
}

// What the containers hold that the event ends; where it shares their fate, what this holds, too.
static status take_under(struct capturing *c, uint32_t *room)
{
    bool deep = c->profile.decommission_parent == PARENT_AND_CHILDREN;
    struct unit_rows rows;

    unit_rows_read(&rows, c->d->t);
    for (uint32_t i = 0; i < (deep ? c->n : c->ask->n); i++) {
        struct unit x = unit_get(&rows, c->units[i]);
        bool holds = x.state == UNIT_OPEN || x.state == UNIT_CLOSED;
        if (holds && !add_inside(c, room, c->units[i], i + 1)) return no_memory();
    }
    return OK;
}

// What the client's profile says of the act, and which units are named beside a unit.
static status look_up(struct capturing *c)
{
    struct runs named = runs_of(c->d->arena, c->units, c->n);

    if (named.at != NULL) c->named = runs_sorted(&named, c->d->arena);
    if (c->named.at == NULL) return no_memory();
    return client_profile(c->d->t, c->ask->client, &c->profile);
}

status capturing_units(struct capturing *c)
{
    const struct capture_ask *ask = c->ask;
    enum unit_act act = ask->acts.in;
    bool judges = ask->rule != CAPTURE_OFF && !c->own.ahead;
    uint32_t room = 0;

    for (uint32_t i = 0; i < ask->n; i++)
        if (!add_unit(c, &room, capture_unit_id(&ask->units[i]), 0)) return no_memory();
    if (judges && ask->empties && !add_inside(c, &room, c->units[0], 0)) return no_memory();
    if (judges && (act_ends(act) || act == ACT_SAMPLE || act == ACT_SHIP_TOLD)) TRY(look_up(c));
    if (judges && act == ACT_BE_PACKED_TOLD) TRY(client_profile(c->d->t, ask->client, &c->profile));
    if (judges && act_ends(act)) TRY(take_under(c, &room));
    c->effects = NEW_ARRAY(c->d->arena, uint32_t, c->n + 1);
    return c->effects == NULL ? no_memory() : txn_status(c->d->t);
}
