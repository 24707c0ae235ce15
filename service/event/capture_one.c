// What a captured event does to one of its units: the act that it asks for, by the table of states
// and the guards beside it; what is not taken is an exception, and the unit is only named.
#include "service/event/capture_int.h"
#include "service/event/capture_says.h"
#include "service/event/newest.h"
#include "service/event/waiting.h"
#include "service/tree/handed_db.h"
#include "service/tree/tree_db.h"

// A unit as it is looked at.
struct one {
    uint32_t i; // its place
    unit_id u;
    struct unit x;
    enum unit_act act; // that the event asks for; 0: none
    bool is_parent, is_foreign;
};

// ---- exceptions

void capturing_except(struct capturing *c, enum capture_exception code, uint32_t unit)
{
    struct captured_event *e = &c->own;

    e->flags |= CAPTURED_EXCEPTION;
    if (e->exception_count == CAPTURE_EXCEPTIONS_MAX) return;
    if (c->exceptions == NULL) {
        c->exceptions = NEW_ARRAY(c->d->arena, struct captured_exception, CAPTURE_EXCEPTIONS_MAX);
        e->exceptions = c->exceptions;
    }
    if (c->exceptions == NULL) return;
    c->exceptions[e->exception_count++] = (struct captured_exception){(uint8_t)code, unit};
}

void capturing_refuse(struct capturing *c, enum capture_exception code, const char *says)
{
    capturing_except(c, code, 0);
    if (c->ask->rule == CAPTURE_STRICT && c->j.bad++ == 0)
        c->j.first = fail(ST_UNPROCESSABLE, capture_exception_code(code), 0, "%s", says);
}

// Which of the event's fields names the unit.
static const char *field_of(const struct capturing *c, uint32_t i)
{
    const struct capture_ask *ask = c->ask;

    if (i >= ask->n) return "parentID, what it holds";
    if (ask->has_parent) return i == 0 ? "parentID" : "childEPCs";
    if (i >= ask->in) return "outputEPCList";
    return ask->in < ask->n || ask->acts.out != 0 ? "inputEPCList" : "epcList";
}

// Names the unit as an offender, where exceptions are refusals.
static void object(struct capturing *c, enum capture_exception code, const struct one *o)
{
    bool begins =
        code == EXCEPTION_LOT_CLOSED || code == EXCEPTION_LOT_UNKNOWN || code == EXCEPTION_EXPIRY;
    struct capture_fault f = {code, field_of(c, o->i), o->u, begins ? c->ask->lot : 0};

    capturing_except(c, code, o->i + 1);
    if (c->ask->rule == CAPTURE_STRICT) judge_offend(&c->j, o->u, capture_says(&c->j, &f));
}

// ---- which unit, and which act

static bool is_foreign(const struct capturing *c, uint32_t i)
{
    if (i < c->ask->n) return c->ask->units[i].foreign;
    const struct space_row *s = names_space(c->j.names, c->d->t, unit_space(c->units[i]));
    return s != NULL && s->sort == SPACE_OF_FOREIGN;
}

static unsigned sort_of(struct capturing *c, const struct one *o)
{
    bool container = o->i < c->ask->n ? c->ask->units[o->i].container
                                      : judge_sorts(&c->j, o->u).sort == SORT_CONTAINER;

    return (container ? SORT_CONTAINER : SORT_PACK) | (o->is_foreign ? SORT_FOREIGN : 0u);
}

static uint32_t lot_of(struct capturing *c, const struct unit *x)
{
    return x->first == 0 ? 0 : judge_header(&c->j, x->first)->lot;
}

static enum unit_act act_asked(const struct capturing *c, uint32_t i)
{
    const struct capture_ask *ask = c->ask;

    if (ask->has_parent && i == 0) return ask->acts.parent;
    if (i < ask->has_parent + ask->in || i >= ask->n) return ask->acts.in;
    return ask->acts.out;
}

// What a container that ends held shares its fate or, by the client's profile, comes out as it is;
// where the container's end was not taken it stays.
static enum unit_act act_under(const struct capturing *c, uint32_t i, enum unit_act act)
{
    if (c->under[i] == 0) return act;
    if (c->effects[c->under[i] - 1] < EFFECT_CHANGED) return (enum unit_act)0;
    return c->profile.decommission_parent == PARENT_AND_CHILDREN ? act : ACT_BE_UNPACKED;
}

static enum unit_act act_of(const struct capturing *c, uint32_t i, const struct unit *x)
{
    if (c->ask->rule == CAPTURE_OFF || c->own.ahead) return (enum unit_act)0;
    enum unit_act act = act_under(c, i, act_asked(c, i));
    bool looked_at = act == ACT_END_HOLD && !(x->flags & UNIT_HOLD); // no more was said of it
    return looked_at ? (enum unit_act)0 : act;
}

static struct one look(struct capturing *c, uint32_t i, struct unit_rows *rows)
{
    struct one o = {.i = i,
                    .u = c->units[i],
                    .x = unit_get(rows, c->units[i]),
                    .is_parent = c->ask->has_parent && i == 0,
                    .is_foreign = is_foreign(c, i)};

    o.act = act_of(c, i, &o.x);
    return o;
}

// ---- guards beside the table of states: 0, or why the act is not taken

// Looked for once, not for each unit.
static const struct lot *lot_told(struct capturing *c)
{
    if (!c->lot_asked)
        c->lot_known = c->ask->lot != 0 && lot_view(c->d->t, c->ask->lot, &c->lot_told);
    c->lot_asked = true;
    return c->lot_known ? &c->lot_told : NULL;
}

// REQ STATES-LOT-EXPIRY: what begins with a lot has its expiry; a month is its last day
static bool is_other_expiry(const struct capturing *c, const struct lot *lot)
{
    const struct date *said = &c->ask->expiry;

    if (!c->ask->says_expiry || lot->expiry.year == 0) return false;
    return said->year == 0 || date_days(*said) != date_days(lot->expiry);
}

// REQ CBV-ILMD: what begins here has the lot that the event tells. Own trade items need one.
static unsigned check_lot(struct capturing *c, const struct one *o)
{
    if (o->is_foreign) return 0;
    struct unit_sorts s = judge_sorts(&c->j, o->u);
    if (s.is_sscc) return 0;
    const struct lot *lot = lot_told(c);
    struct level_reader levels = {.t = c->d->t, .names = c->j.names, .arena = c->d->arena};
    if (lot == NULL || lot->product != s.product) return EXCEPTION_LOT_UNKNOWN;
    if (!level_is_of_lot(&levels, o->u, lot->number)) return EXCEPTION_LOT_UNKNOWN;
    if (!lot_takes_commission(lot->state)) return EXCEPTION_LOT_CLOSED;
    if (is_other_expiry(c, lot)) return EXCEPTION_EXPIRY;
    // Others' systems begin packs of such lots, documents that are published do: it is done, and
    // told.
    if (lot_is_over(lot->expiry, c->ask->time.at))
        capturing_except(c, EXCEPTION_LOT_EXPIRED, o->i + 1);
    return 0;
}

static unsigned check_parent(struct capturing *c, const struct one *o)
{
    bool there = c->under[o->i] != 0 || o->x.parent.v == c->units[0].v;

    return there ? 0 : (unsigned)EXCEPTION_OTHER_PARENT;
}

// What came back in a shipped container comes out of it first.
static unsigned check_empty(struct capturing *c, const struct one *o)
{
    bool holds = o->x.state == UNIT_SHIPPED && !o->is_foreign && children_count(c->d->t, o->u) > 0;

    return holds ? (unsigned)EXCEPTION_NOT_EMPTY : 0;
}

// On hold or recalled itself, or in what is: what stays when it ends would come out of that.
static unsigned check_end(struct capturing *c, const struct one *o)
{
    struct unit stands = standing_of(&c->j.standing, &o->x, 0);
    bool holds = false;

    if (!(stands.flags & (UNIT_HOLD | UNIT_RECALLED)) ||
        c->profile.decommission_parent == PARENT_AND_CHILDREN)
        return check_empty(c, o);
    for (uint32_t i = c->ask->n; i < c->n && !holds; i++) holds = c->under[i] == o->i + 1;
    if (!holds) return check_empty(c, o);
    return stands.flags & UNIT_HOLD ? EXCEPTION_ON_HOLD : EXCEPTION_RECALLED;
}

// A case that bears an SGTIN is in the balance that a release was signed over: none is closed short
// of what it holds. REQ STATES-LOT-RELEASED
static bool is_partial_of_released(struct capturing *c, const struct one *o, uint64_t holds)
{
    struct unit_sorts s = judge_sorts(&c->j, o->u);
    uint32_t lot = lot_of(c, &o->x);

    if (o->x.state != UNIT_OPEN || o->is_foreign || s.is_sscc) return false;
    if (lot == 0 || lot_state_get(c->d->t, lot) != LOT_RELEASED) return false;
    const struct shape *shape = level_shape(&c->levels, lot);
    int below = shape == NULL ? -1 : shape_below(shape, s.level);
    return below >= 0 && holds < shape_nominal(shape, s.level, (uint8_t)below);
}

static unsigned check_room(struct capturing *c, const struct one *o)
{
    uint64_t holds = children_count(c->d->t, o->u) + c->n - 1;

    if (holds > CHILDREN_MAX) return EXCEPTION_TOO_MANY;
    return is_partial_of_released(c, o, holds) ? (unsigned)EXCEPTION_LOT_RELEASED : 0;
}

static unsigned check_depth(struct capturing *c, const struct one *o)
{
    static const unsigned exceptions[] = {
        [DEPTH_CYCLE] = EXCEPTION_CYCLE, [DEPTH_OVER] = EXCEPTION_DEPTH};

    if (sort_of(c, o) == SORT_PACK) return 0;
    if (c->depth.n == 0) depth_begin(&c->depth, c->d->t, c->units[0]);
    return exceptions[depth_check(&c->depth, o->u)];
}

// Onto another of its own level: such is done, and told.
static unsigned check_fits(struct capturing *c, const struct one *o)
{
    unsigned deep = check_depth(c, o);
    if (deep != 0) return deep;
    unsigned wrong = capture_guard_child(&c->guard, o->u, &o->x);
    if (wrong != EXCEPTION_SAME_LEVEL) return wrong;
    capturing_except(c, EXCEPTION_SAME_LEVEL, o->i + 1);
    return 0;
}

static unsigned check_leaving(struct capturing *c, const struct one *o)
{
    unsigned wrong = capture_guard_leaving(&c->guard, o->u, &o->x);

    return wrong != 0 ? wrong : capture_guard_time(&c->guard, o->u, &o->x);
}

// A time before its container left, say.
static unsigned check_arriving(struct capturing *c, const struct one *o)
{
    return capture_guard_time(&c->guard, o->u, &o->x);
}

// What came back or was shipped on had left.
static unsigned check_void(struct capturing *c, const struct one *o)
{
    struct handed h = handed_all(c->d->t, o->u);

    if (h.came_back) return EXCEPTION_CAME_BACK;
    bool forwarded = h.marks & (HANDED_FORWARDED | HANDED_PART_FORWARDED);
    return forwarded ? (unsigned)EXCEPTION_FORWARDED : 0;
}

static unsigned check_signature(struct capturing *c, const struct one *o)
{
    (void)c;
    (void)o;
    return EXCEPTION_HOLD_SIGNATURE;
}

static const struct {
    enum unit_act act;
    unsigned (*check)(struct capturing *c, const struct one *o);
} guards[] = {
    {ACT_COMMISSION,     check_lot      },
    {ACT_BE_UNPACKED,    check_parent   },
    {ACT_DECOMMISSION,   check_end      },
    {ACT_DESTROY,        check_end      },
    {ACT_PACK_INTO_TOLD, check_room     },
    {ACT_BE_PACKED_TOLD, check_fits     },
    {ACT_SHIP_TOLD,      check_leaving  },
    {ACT_RECEIVE,        check_arriving },
    {ACT_RECEIVE_BACK,   check_arriving },
    {ACT_VOID_SHIP,      check_void     },
    {ACT_END_HOLD,       check_signature},
};

static unsigned check(struct capturing *c, const struct one *o)
{
    for (size_t i = 0; i < LEN(guards); i++)
        if (guards[i].act == o->act) return guards[i].check(c, o);
    return 0;
}

// ---- out of a container without a word of it

// By the client's profile what is decommissioned, destroyed or sampled comes out of its container
// first, and always where that ends, too. Nobody said so of the container: it stays as it was told,
// as one that goods come back out of. Not of one that is under way.
static bool comes_out(const struct capturing *c, const struct one *o, const struct unit *stands)
{
    if (o->x.parent.v == 0 || stands->state == UNIT_SHIPPED) return false;
    if (c->under[o->i] != 0) return true;
    if (!act_ends(o->act) && o->act != ACT_SAMPLE) return false;
    if (c->profile.decommission_packed == PACKED_UNPACK) return true;
    return act_ends(o->act) && runs_among(&c->named, o->x.parent);
}

// Shipped with the container that it lies in, which the event names, too: that one's ship is all.
static bool goes_along(const struct capturing *c, const struct one *o)
{
    return o->act == ACT_SHIP_TOLD && o->x.parent.v != 0 && runs_among(&c->named, o->x.parent);
}

// What comes back out of a shipped container lies in it no longer.
static bool comes_back(const struct one *o)
{
    return o->act == ACT_RECEIVE_BACK && o->x.parent.v != 0;
}

// ---- counters

static void count(struct capturing *c, uint32_t lot, uint8_t level, enum count what, int64_t more)
{
    struct counted one = {lot, level, (uint8_t)what, more};

    counts_add(&c->own.counts, c->d->arena, &one);
}

static void count_commission(struct capturing *c, unit_id u, enum unit_state state)
{
    uint8_t level = level_of_unit(&c->levels, u, c->ask->lot);

    c->begun = true;
    count(c, c->ask->lot, level, COUNT_COMMISSIONED, 1);
    if (state == UNIT_OPEN) count(c, c->ask->lot, level, COUNT_OPEN, 1);
}

// What taking the act does to the counters of the unit's lot. Parents come last: capturing_parent.
static void count_act(struct capturing *c, const struct one *o, const struct unit_change *change,
                      bool leaves)
{
    const struct unit *x = &o->x;
    struct unit after = *x;

    if (o->is_foreign) return;
    if (o->act == ACT_COMMISSION) {
        count_commission(c, o->u, change->to);
        return;
    }
    // A number that never began counts with the lot that it was asked for.
    uint32_t lot = x->first == 0 ? owner_lot_asked(&c->owners, o->u, c->ask->client) : lot_of(c, x);
    uint8_t level = lot == 0 ? 0 : level_of_unit(&c->levels, o->u, lot);
    unit_apply(&after, change);
    if (leaves || o->act == ACT_BE_UNPACKED) count(c, lot, level, COUNT_PACKED, -1);
    if (leaves) after.parent = (unit_id){0};
    if (o->act == ACT_BE_PACKED_TOLD) count(c, lot, level, COUNT_PACKED, 1);
    counts_step(&c->own.counts, c->d->arena, &(struct counted){.lot = lot, .level = level}, x,
                &after);
}

// ---- the act

// May it be done? *leaves: the unit comes out of its container before it. 0, or why not.
static unsigned judge_act(struct capturing *c, const struct one *o, struct unit_change *change,
                          bool *leaves)
{
    bool opens = o->act == ACT_UNPACK_FROM_TOLD; // what comes out keeps what its lot is
    bool has_lot = !o->is_foreign && !opens && !judge_sorts(&c->j, o->u).is_sscc;
    uint32_t lot = has_lot ? lot_of(c, &o->x) : 0;
    struct unit stands = standing_of(&c->j.standing, &o->x, lot), own = o->x;
    unsigned sort = sort_of(c, o);

    *leaves = comes_out(c, o, &stands);
    if (o->act == ACT_SHIP_TOLD && (sort & SORT_CONTAINER)) // with all that it holds
        stands.flags |= (uint8_t)standing_inside(&c->j.standing, o->u);
    if (*leaves && o->act != ACT_BE_UNPACKED) own.parent = stands.parent = (unit_id){0};
    unsigned wrong = captured_step(sort, &own, &stands, o->act, change);
    return wrong != 0 ? wrong : check(c, o);
}

// By the party that has it, where it is one's to receive or to ship on; else it is as any act.
static bool pass_on(struct capturing *c, const struct one *o, unsigned *effect)
{
    struct passing p = {o->u, o->x, sort_of(c, o), o->act};

    if ((o->act != ACT_SHIP_TOLD && o->act != ACT_RECEIVE) || !capturing_is_passed(c, &p))
        return false;
    unsigned wrong = capturing_pass_on(c, &p, effect);
    if (wrong != 0) object(c, (enum capture_exception)wrong, o);
    return true;
}

static unsigned do_act(struct capturing *c, const struct one *o)
{
    struct unit_change change = {.to = o->x.state};
    unsigned passed;
    bool leaves;

    if (pass_on(c, o, &passed)) return passed;
    unsigned wrong = judge_act(c, o, &change, &leaves);

    if (wrong == EXCEPTION_HAS_PARENT && goes_along(c, o)) return EFFECT_NAMED;
    if (o->is_parent) c->parent_bad = wrong != 0;
    if (wrong != 0) return object(c, (enum capture_exception)wrong, o), EFFECT_NAMED;
    if (o->act == ACT_COMMISSION && c->ask->rule == CAPTURE_STRICT && !o->is_foreign)
        judge_market(&c->j, c->ask->lot, o->u);
    if (comes_back(o)) {
        struct unit stands = standing_of(&c->j.standing, &o->x, 0);
        change.to = UNIT_SHIPPED;
        change.set |= unit_takes_along(&o->x, &stands);
        leaves = true;
    }
    if (o->is_parent && o->x.parent.v != 0) change.to = o->x.state; // nobody said what it is
    if (!o->is_parent) count_act(c, o, &change, leaves);
    return captured_effect(&o->x, o->act, &change, leaves);
}

// ---- when

static int64_t newest(struct capturing *c, const struct one *o)
{
    return newest_of(c->d->t, o->u, &o->x, judge_header(&c->j, o->x.last));
}

static bool is_before_newest(struct capturing *c, const struct one *o)
{
    return o->x.last != 0 && c->ask->time.at.ms < newest(c, o);
}

// A packing that waited, or meets others that wait, is not held against what they say.
static bool is_in_arrears(struct capturing *c, const struct one *o)
{
    struct waiting_at all[WAITING_MAX];

    if (c->ask->rule != CAPTURE_RECORD || c->ask->acts.parent != ACT_PACK_INTO_TOLD) return false;
    return c->event != 0 || waiting_of(c->d->t, o->u, all) > 0;
}

static bool is_late(struct capturing *c, const struct one *o)
{
    if (!is_before_newest(c, o)) return false;
    if (!is_in_arrears(c, o)) return true;
    return c->ask->time.at.ms < newest_against(c->d->t, o->u, o->x.last, o->is_parent, &c->reads);
}

// Events that wait for the unit's beginning say nothing of what was before that.
static bool is_awaited(struct capturing *c, const struct one *o)
{
    if (o->act != ACT_COMMISSION || !waiting_for(c->d->t, o->u)) return false;
    return c->d->wakes = true;
}

// What began elsewhere may be told to have begun after what it did since: nobody waited for that.
static bool begins_behind(struct capturing *c, const struct one *o)
{
    if (o->act != ACT_COMMISSION || !o->is_foreign || o->x.first != 0 || o->x.last == 0)
        return false;
    return c->ask->time.at.ms <= newest(c, o);
}

static bool begins(const struct one *o)
{
    return o->x.state <= UNIT_PRINTED && o->x.first == 0 && !o->is_foreign;
}

bool capturing_begins(const struct capturing *c, uint32_t i, const struct unit *x)
{
    return begins(&(struct one){.x = *x, .is_foreign = is_foreign(c, i)});
}

// ---- one unit

static bool moves(enum unit_act act) { return act == ACT_BE_PACKED_TOLD || act == ACT_BE_UNPACKED; }

// What an event that waits says of a unit until then.
static unsigned effect_waiting(struct capturing *c, const struct one *o)
{
    if (begins(o)) return EFFECT_WAITS;
    return is_before_newest(c, o) ? EFFECT_LATE : EFFECT_NAMED;
}

static unsigned effect_late(struct capturing *c, const struct one *o)
{
    if (o->act != 0) object(c, EXCEPTION_TIME_BEFORE, o);
    if (o->is_parent) c->parent_bad = true;
    return EFFECT_LATE;
}

static unsigned effect_behind(struct capturing *c, const struct one *o)
{
    bool late = is_before_newest(c, o);
    // What lies in something is no open container there: nobody counted it as one.
    bool holds = o->x.parent.v != 0 || children_count(c->d->t, o->u) > 0;
    struct unit_change change = {captured_begun(sort_of(c, o), o->x.state, holds),
                                 late ? UNIT_LATE : 0, 0};

    return effect_change(EFFECT_BEGINS, &change);
}

#define AS_LATE ((unsigned)UNIT_LATE << 8) // among the flags that a change sets

// It is done, and the unit's chain is no longer in the order of time.
static unsigned in_arrears(unsigned effect)
{
    if (effect >= EFFECT_CHANGED) return effect | AS_LATE;
    return effect == EFFECT_PACKED ? EFFECT_PACKED_LATE : EFFECT_LATE;
}

static unsigned effect_now(struct capturing *c, const struct one *o)
{
    if (begins_behind(c, o)) return effect_behind(c, o);
    if (o->x.last != 0 && !is_awaited(c, o) && is_late(c, o)) return effect_late(c, o);
    if (o->act == 0 || (moves(o->act) && c->parent_bad))
        return c->own.ahead ? EFFECT_LATE : EFFECT_NAMED;
    unsigned effect = do_act(c, o);
    c->moved += c->ask->has_parent && (effect == EFFECT_PACKED || effect == EFFECT_UNPACKED);
    return is_in_arrears(c, o) && is_before_newest(c, o) ? in_arrears(effect) : effect;
}

void capturing_one(struct capturing *c, uint32_t i, struct unit_rows *rows)
{
    struct one o = look(c, i, rows);

    alike_put(&c->j.previous, o.x.last);
    if (c->lot == 0 && !o.is_foreign) c->lot = lot_of(c, &o.x);
    c->effects[i] = c->waits ? effect_waiting(c, &o) : effect_now(c, &o);
}

// A container that is packed is closed, one that is unpacked open again, but in another one. What
// its content says of its level is counted as it is written.
void capturing_parent(struct capturing *c)
{
    bool late = c->effects[0] == EFFECT_LATE ||
                (c->effects[0] >= EFFECT_CHANGED && c->effects[0] & AS_LATE);

    if (c->moved == 0) c->effects[0] = late ? EFFECT_LATE : EFFECT_NAMED;
    if (c->moved == 0 || is_foreign(c, 0)) return;
    unit_id parent = c->units[0];
    struct unit x = unit_one(c->d->t, parent);
    uint32_t lot = lot_of(c, &x);
    bool packs = c->ask->acts.parent == ACT_PACK_INTO_TOLD;

    if (lot == 0 || x.parent.v != 0) return;
    uint8_t level = level_of_unit(&c->levels, parent, lot);
    if (x.state == UNIT_OPEN) count(c, lot, level, COUNT_OPEN, -1);
    if (!packs) count(c, lot, level, COUNT_OPEN, 1);
}
