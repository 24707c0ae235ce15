// What a captured event says that a party does with goods that it has: it receives them, or ships
// them on. Their state stays `shipped`; what the party did is marked (service/tree/handed_db.h), by
// the guards that its calls are held to. Runs in the committer: gets.
#include "service/event/capture_int.h"
#include "service/tree/handed_db.h"

static uint64_t party_of(const struct capturing *c, const struct passing *p)
{
    return p->act == ACT_SHIP_TOLD ? c->ask->from : c->ask->to;
}

// With what its containers and its lot add.
static struct unit stands_as(struct capturing *c, const struct passing *p)
{
    bool has_lot = !(p->sort & SORT_FOREIGN) && !judge_sorts(&c->j, p->u).is_sscc;

    return standing_of(&c->j.standing, &p->x, has_lot ? judge_lot_of(&c->j, p->u, &p->x) : 0);
}

bool capturing_is_passed(struct capturing *c, const struct passing *p)
{
    uint64_t party = party_of(c, p);
    struct handed h;

    if (party == 0 || stands_as(c, p).state != UNIT_SHIPPED) return false;
    return handed_find(c->d->t, p->u, party, &h);
}

// It goes with a container that the event names, too.
static bool goes_along(const struct capturing *c, unit_id parent)
{
    for (unsigned depth = 0; parent.v != 0 && depth < UNIT_DEPTH_MAX; depth++) {
        if (runs_among(&c->named, parent)) return true;
        parent = unit_one(c->d->t, parent).parent;
    }
    return false;
}

// As goods that leave: on hold, recalled, lost or stolen none does.
static unsigned check_leaves(struct capturing *c, const struct passing *p, struct unit stands)
{
    bool container = p->sort & SORT_CONTAINER;
    struct unit own = p->x;
    struct unit_change next;

    if (container) stands.flags |= (uint8_t)standing_inside(&c->j.standing, p->u);
    own.state = stands.state = container ? UNIT_CLOSED : UNIT_COMMISSIONED;
    own.parent = stands.parent = (unit_id){0};
    return captured_step(p->sort, &own, &stands, ACT_SHIP_TOLD, &next);
}

static unsigned ship_on(struct capturing *c, const struct passing *p, unsigned *effect)
{
    unsigned marks = handed_marks(c->d->t, p->u, c->ask->from);
    struct unit stands = stands_as(c, p);

    if (stands.flags & UNIT_RECEIVED_BACK) return EXCEPTION_RECEIVED_BACK;
    if (marks & (HANDED_FORWARDED | HANDED_PART_FORWARDED)) return EXCEPTION_UNIT_FORWARDED;
    unsigned wrong = check_leaves(c, p, stands);
    if (wrong == 0) wrong = capture_guard_time(&c->guard, p->u, &p->x);
    bool stays = c->ask->from == c->ask->to || goes_along(c, p->x.parent);
    if (wrong == 0 && !stays) *effect = EFFECT_FORWARDED;
    return wrong;
}

static unsigned receive(struct capturing *c, const struct passing *p, unsigned *effect)
{
    if (p->x.flags & UNIT_RECEIVED_BACK) return 0; // it is with the site again
    if (handed_marks(c->d->t, p->u, c->ask->to) & HANDED_RECEIVED) return EXCEPTION_UNIT_RECEIVED;
    unsigned wrong = capture_guard_time(&c->guard, p->u, &p->x);
    if (wrong == 0) *effect = EFFECT_RECEIVED;
    return wrong;
}

unsigned capturing_pass_on(struct capturing *c, const struct passing *p, unsigned *effect)
{
    *effect = EFFECT_NAMED;
    return p->act == ACT_SHIP_TOLD ? ship_on(c, p, effect) : receive(c, p, effect);
}
