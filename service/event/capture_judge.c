// `event.captured` and `capture.applied`: decided. Runs in the committer: gets, and no reading of
// foreign bytes. decided part: captured.h.
//
// Each unit is looked at once, in the order of the runs: the parent, the first list, the outputs of
// a transformation, and what an emptied container held.
#include "service/client/client.h"
#include "service/event/capture.h"
#include "service/event/capture_guard.h"
#include "service/event/capture_says.h"
#include "service/event/newest.h"
#include "service/event/report_int.h"
#include "service/event/waiting.h"
#include "service/journal/site.h"
#include "service/tree/tree_db.h"
#include <string.h>

#define SAME_MAX 16u // facts of one eventID

struct capturing {
    struct decide *d;
    const struct capture_ask *ask;
    struct judge j; // headers, sorts, offenders, how units stand
    struct capture_guard guard;
    struct level_reader levels;
    struct owner_reader owners;
    struct captured_event own;
    struct captured_exception *exceptions;
    unit_id *units;
    uint32_t *effects; // one a unit: enum captured_effect
    uint32_t *under;   // of what a container's end brings along: the container's place + 1; else 0
    uint32_t n;
    struct client_profile profile; // where the act asks for it
    uint32_t lot;                  // of the first own unit
    bool parent_bad;               // the parent's act was not taken: so are the children's
    uint32_t moved;                // children put in or taken out
    bool begun;                    // some own unit begins
    bool waits;                    // nothing is done yet
    uint64_t event;                // applied: the seq of the event that waited; else 0
    bool lot_known, lot_asked;
    struct lot lot_told; // the lot that the event tells, where it is known; its numbers alone
};

// ---- exceptions

static void except(struct capturing *c, enum capture_exception code, uint32_t unit)
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
static void object(struct capturing *c, enum capture_exception code, uint32_t i)
{
    bool begins = code == EXCEPTION_LOT_CLOSED || code == EXCEPTION_LOT_UNKNOWN;
    struct capture_fault f = {code, field_of(c, i), c->units[i], begins ? c->ask->lot : 0};

    except(c, code, i + 1);
    if (c->ask->rule == CAPTURE_STRICT) judge_offend(&c->j, c->units[i], capture_says(&c->j, &f));
}

// ---- counters

static void count(struct capturing *c, uint32_t lot, uint8_t level, enum count what, int64_t more)
{
    struct counted one = {lot, level, (uint8_t)what, more};

    counts_add(&c->own.counts, c->d->arena, &one);
}

static uint32_t lot_of(struct capturing *c, const struct unit *x)
{
    return x->first == 0 ? 0 : judge_header(&c->j, x->first)->lot;
}

// ---- when

static int64_t newest(struct capturing *c, unit_id u, const struct unit *x)
{
    return newest_of(c->d->t, u, x, judge_header(&c->j, x->last));
}

// ---- one unit

static enum unit_act act_of(const struct capturing *c, uint32_t i)
{
    const struct capture_ask *ask = c->ask;

    if (ask->has_parent && i == 0) return ask->acts.parent;
    if (i < ask->has_parent + ask->in || i >= ask->n) return ask->acts.in;
    return ask->acts.out;
}

static bool is_foreign(const struct capturing *c, uint32_t i)
{
    if (i < c->ask->n) return c->ask->units[i].foreign;
    const struct space_row *s = names_space(c->j.names, c->d->t, unit_space(c->units[i]));
    return s != NULL && s->sort == SPACE_OF_FOREIGN;
}

static unsigned sort_of(struct capturing *c, uint32_t i)
{
    bool container = i < c->ask->n ? c->ask->units[i].container
                                   : judge_sorts(&c->j, c->units[i]).sort == SORT_CONTAINER;

    return (container ? SORT_CONTAINER : SORT_PACK) | (is_foreign(c, i) ? SORT_FOREIGN : 0u);
}

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
static unsigned check_lot(struct capturing *c, unit_id u)
{
    struct unit_sorts s = judge_sorts(&c->j, u);
    if (s.is_sscc) return 0;
    const struct lot *lot = lot_told(c);
    if (lot == NULL || lot->product != s.product) return EXCEPTION_LOT_UNKNOWN;
    if (!lot_takes_commission(lot->state)) return EXCEPTION_LOT_CLOSED;
    return is_other_expiry(c, lot) ? EXCEPTION_EXPIRY : 0;
}

static bool ends(enum unit_act act) { return act == ACT_DECOMMISSION || act == ACT_DESTROY; }

static bool lies_in(struct capturing *c, unit_id u, unit_id container)
{
    for (unsigned i = 0; i < UNIT_DEPTH_MAX && u.v != 0; i++) {
        u = unit_one(c->d->t, u).parent;
        if (u.v == container.v) return true;
    }
    return false;
}

// Onto another of its own level: such is done, and told.
static unsigned check_fits(struct capturing *c, uint32_t i, const struct unit *x)
{
    unsigned wrong = capture_guard_child(&c->guard, c->units[i], x);

    if (wrong != EXCEPTION_SAME_LEVEL) return wrong;
    except(c, EXCEPTION_SAME_LEVEL, i + 1);
    return 0;
}

static unsigned check(struct capturing *c, uint32_t i, const struct unit *x, enum unit_act act)
{
    unit_id u = c->units[i];

    if (act == ACT_COMMISSION && !is_foreign(c, i)) return check_lot(c, u);
    if (act == ACT_BE_UNPACKED && c->under[i] == 0 && x->parent.v != c->units[0].v)
        return EXCEPTION_OTHER_PARENT;
    bool ends = act == ACT_DECOMMISSION || act == ACT_DESTROY; // what came back in it comes first
    if (ends && x->state == UNIT_SHIPPED && !is_foreign(c, i) && children_count(c->d->t, u) > 0)
        return EXCEPTION_NOT_EMPTY;
    if (act == ACT_BE_PACKED_TOLD && lies_in(c, c->units[0], u)) return EXCEPTION_CYCLE;
    if (act == ACT_PACK_INTO_TOLD && children_count(c->d->t, u) + c->n - 1 > CHILDREN_MAX)
        return EXCEPTION_TOO_MANY;
    if (act == ACT_BE_PACKED_TOLD) return check_fits(c, i, x);
    if (act == ACT_SHIP_TOLD) return capture_guard_leaving(&c->guard, u, x);
    return act == ACT_END_HOLD ? (unsigned)EXCEPTION_HOLD_SIGNATURE : 0;
}

static bool is_named(const struct capturing *c, unit_id u)
{
    for (uint32_t i = 0; i < c->ask->n; i++)
        if (c->units[i].v == u.v) return true;
    return false;
}

// By the client's profile what is decommissioned, destroyed or sampled comes out
// of its container first, and always where that ends, too. Nobody said so of the container: it
// stays as it was told, as one that goods come back out of. Not of one that is under way.
static bool comes_out(const struct capturing *c, uint32_t i, const struct unit *x,
                      const struct unit *stands, enum unit_act act)
{
    if (x->parent.v == 0 || stands->state == UNIT_SHIPPED) return false;
    if (c->under[i] != 0) return true;
    if (!ends(act) && act != ACT_SAMPLE) return false;
    if (c->profile.decommission_packed == PACKED_UNPACK) return true;
    return ends(act) && is_named(c, x->parent);
}

// Shipped with the container that it lies in, which the event names, too: that one's ship is all.
static bool goes_along(const struct capturing *c, const struct unit *x, enum unit_act act)
{
    if (act != ACT_SHIP_TOLD || x->parent.v == 0) return false;
    for (uint32_t i = 0; i < c->n; i++)
        if (c->units[i].v == x->parent.v) return true;
    return false;
}

// What comes back out of a shipped container lies in it no longer.
static bool comes_back(const struct unit *x, enum unit_act act)
{
    return act == ACT_RECEIVE_BACK && x->parent.v != 0;
}

static void count_commission(struct capturing *c, unit_id u, enum unit_state state)
{
    uint8_t level = level_of_unit(&c->levels, u, c->ask->lot);

    c->begun = true;
    count(c, c->ask->lot, level, COUNT_COMMISSIONED, 1);
    if (state == UNIT_OPEN) count(c, c->ask->lot, level, COUNT_OPEN, 1);
}

// What taking the act does to the counters of the unit's lot. Parents come last: parent_after.
static void count_act(struct capturing *c, uint32_t i, const struct unit *x, enum unit_act act,
                      const struct unit_change *change, bool leaves)
{
    unit_id u = c->units[i];
    struct unit after = *x;

    if (is_foreign(c, i)) return;
    if (act == ACT_COMMISSION) {
        count_commission(c, u, change->to);
        return;
    }
    // A number that never began counts with the lot that it was asked for.
    uint32_t lot = x->first == 0 ? owner_lot_asked(&c->owners, u, c->ask->client) : lot_of(c, x);
    uint8_t level = lot == 0 ? 0 : level_of_unit(&c->levels, u, lot);
    unit_apply(&after, change);
    if (leaves || act == ACT_BE_UNPACKED) count(c, lot, level, COUNT_PACKED, -1);
    if (leaves) after.parent = (unit_id){0};
    if (act == ACT_BE_PACKED_TOLD) count(c, lot, level, COUNT_PACKED, 1);
    counts_step(&c->own.counts, c->d->arena, &(struct counted){.lot = lot, .level = level}, x,
                &after);
}

static unsigned effect_of(const struct unit *x, enum unit_act act, const struct unit_change *change,
                          bool leaves)
{
    struct unit after = *x;

    if (act == ACT_COMMISSION) return effect_change(EFFECT_BEGINS, change);
    if (act == ACT_BE_PACKED_TOLD) return EFFECT_PACKED;
    if (leaves) return effect_change(EFFECT_LEAVES, change);
    if (act == ACT_BE_UNPACKED) return EFFECT_UNPACKED;
    unit_apply(&after, change);
    bool same = after.state == x->state && after.flags == x->flags;
    return same ? EFFECT_NAMED : effect_change(EFFECT_CHANGED, change);
}

static unsigned judge_act(struct capturing *c, uint32_t i, const struct unit *x, enum unit_act act)
{
    uint32_t lot = is_foreign(c, i) || judge_sorts(&c->j, c->units[i]).is_sscc ? 0 : lot_of(c, x);
    struct unit stands = standing_of(&c->j.standing, x, lot), own = *x;
    struct unit_change change = {.to = x->state};
    bool is_parent = c->ask->has_parent && i == 0;
    bool leaves = comes_out(c, i, x, &stands, act);
    if (act == ACT_SHIP_TOLD && sort_of(c, i) & SORT_CONTAINER) // with all that it holds
        stands.flags |= (uint8_t)standing_inside(&c->j.standing, c->units[i]);
    if (leaves && act != ACT_BE_UNPACKED) own.parent = stands.parent = (unit_id){0};
    unsigned wrong = captured_step(sort_of(c, i), &own, &stands, act, &change);

    if (wrong == 0) wrong = check(c, i, x, act);
    if (wrong == EXCEPTION_HAS_PARENT && goes_along(c, x, act)) return EFFECT_NAMED;
    if (is_parent) c->parent_bad = wrong != 0;
    if (wrong != 0) {
        object(c, (enum capture_exception)wrong, i);
        return EFFECT_NAMED;
    }
    if (act == ACT_COMMISSION && c->ask->rule == CAPTURE_STRICT && !is_foreign(c, i))
        judge_market(&c->j, c->ask->lot, c->units[i]);
    if (comes_back(x, act)) change.to = UNIT_SHIPPED;
    if (is_parent && x->parent.v != 0) change.to = x->state; // nobody said what its container is
    leaves = leaves || comes_back(x, act);
    if (!is_parent) count_act(c, i, x, act, &change, leaves);
    return effect_of(x, act, &change, leaves);
}

// What a container that ends held shares its fate or, by the client's profile, comes out as it is;
// where the container's end was not taken it stays.
static enum unit_act act_under(const struct capturing *c, uint32_t i, enum unit_act act)
{
    if (c->under[i] == 0) return act;
    if (c->effects[c->under[i] - 1] < EFFECT_CHANGED) return (enum unit_act)0;
    return c->profile.decommission_parent == PARENT_AND_CHILDREN ? act : ACT_BE_UNPACKED;
}

static bool moves(enum unit_act act) { return act == ACT_BE_PACKED_TOLD || act == ACT_BE_UNPACKED; }

// ---- waiting

// An own number that may still begin. Foreign units begin elsewhere, nobody waits for them.
static bool is_to_begin(const struct capturing *c, uint32_t i, const struct unit *x)
{
    return x->state <= UNIT_PRINTED && x->first == 0 && !is_foreign(c, i);
}

static bool has_room_to_wait(struct capturing *c)
{
    struct waiting_at all[WAITING_MAX];

    for (uint32_t i = 0; i < c->n; i++)
        if (waiting_of(c->d->t, c->units[i], all) == WAITING_MAX) return false;
    return true;
}

// An event that packs what is not there yet waits as a whole.
static void check_waits(struct capturing *c, struct unit_rows *rows)
{
    const struct site *site = c->d->app;
    bool packs = c->ask->rule == CAPTURE_RECORD && c->ask->acts.parent == ACT_PACK_INTO_TOLD;

    if (!packs || c->own.ahead || c->event != 0 || site->limits.capture_wait_ms == 0) return;
    for (uint32_t i = 0; i < c->n && !c->waits; i++) {
        struct unit x = unit_get(rows, c->units[i]);
        c->waits = is_to_begin(c, i, &x);
    }
    c->waits = c->waits && has_room_to_wait(c);
    if (!c->waits) return;
    c->own.wait_ms = site->limits.capture_wait_ms;
    c->d->wakes = true;
}

// What an event that waits says of a unit until then.
static unsigned judge_waiting(struct capturing *c, uint32_t i, const struct unit *x)
{
    if (is_to_begin(c, i, x)) return EFFECT_WAITS;
    if (x->last != 0 && c->ask->time.at.ms < newest(c, c->units[i], x)) return EFFECT_LATE;
    return EFFECT_NAMED;
}

// Events that wait for the unit's beginning say nothing of what was before that.
static bool is_awaited(struct capturing *c, uint32_t i, enum unit_act act)
{
    if (act != ACT_COMMISSION || !waiting_for(c->d->t, c->units[i])) return false;
    return c->d->wakes = true;
}

// What began elsewhere may be told to have begun after what it did since: nobody waited for that.
static bool begins_behind(struct capturing *c, uint32_t i, const struct unit *x, enum unit_act act)
{
    return act == ACT_COMMISSION && is_foreign(c, i) && x->first == 0 && x->last != 0 &&
           c->ask->time.at.ms <= newest(c, c->units[i], x);
}

static unsigned judge_behind(struct capturing *c, uint32_t i, const struct unit *x)
{
    bool late = c->ask->time.at.ms < newest(c, c->units[i], x);
    bool holds = children_count(c->d->t, c->units[i]) > 0;
    struct unit_change change = {captured_begun(sort_of(c, i), x->state, holds),
                                 late ? UNIT_LATE : 0, 0};

    return effect_change(EFFECT_BEGINS, &change);
}

static void judge_one(struct capturing *c, uint32_t i, struct unit_rows *rows)
{
    struct unit x = unit_get(rows, c->units[i]);
    bool says = c->ask->rule != CAPTURE_OFF && !c->own.ahead;
    enum unit_act act = says ? act_of(c, i) : (enum unit_act)0;
    unsigned effect = c->own.ahead ? EFFECT_LATE : EFFECT_NAMED;

    act = act_under(c, i, act);
    if (act == ACT_END_HOLD && !(x.flags & UNIT_HOLD)) act = (enum unit_act)0; // it was looked at

    alike_put(&c->j.previous, x.last);
    if (c->lot == 0 && !is_foreign(c, i)) c->lot = lot_of(c, &x);
    if (c->waits) {
        effect = judge_waiting(c, i, &x);
    } else if (begins_behind(c, i, &x, act)) {
        effect = judge_behind(c, i, &x);
    } else if (x.last != 0 && !is_awaited(c, i, act) &&
               c->ask->time.at.ms < newest(c, c->units[i], &x)) {
        effect = EFFECT_LATE;
        if (act != 0) object(c, EXCEPTION_TIME_BEFORE, i);
        if (c->ask->has_parent && i == 0) c->parent_bad = true;
    } else if (act != 0 && !(moves(act) && c->parent_bad)) {
        effect = judge_act(c, i, &x, act);
        c->moved += c->ask->has_parent && (effect == EFFECT_PACKED || effect == EFFECT_UNPACKED);
    }
    c->effects[i] = effect;
}

// ---- the parent's counters

// A container that is packed is closed, one that is unpacked open again, but in another one. What
// its content says of its level is counted as it is written.
static void parent_after(struct capturing *c)
{
    if (c->moved == 0 && c->effects[0] != EFFECT_LATE) c->effects[0] = EFFECT_NAMED;
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

// ---- eventIDs

// Is it the same as what `f` holds? *other: it has the eventID and says something else.
static bool is_repeat(struct capturing *c, const struct fact *f, bool *other)
{
    struct report report;
    struct touched touched;
    struct bytes_r rest;
    struct captured_event e;

    if (f->kind != FACT_EVENT_CAPTURED ||
        report_get(f->decided, c->d->arena, &report, &touched, &rest).cls != ST_OK ||
        captured_event_get(&rest, f, touched.runs.units, c->d->arena, &e).cls != ST_OK)
        return false;
    if (!str_eq(e.id, c->ask->id) || ((e.flags ^ c->ask->flags) & CAPTURED_ERROR)) return false;
    if (e.flags & c->ask->flags & CAPTURED_ID_MADE) return true; // hashes of what they say
    if (f->seq == c->ask->same_as || memcmp(e.content.b, c->ask->content.b, 16) == 0) return true;
    *other = true;
    return false;
}

// REQ EPCIS-ERROR-DECLARATION: an event and its error declaration have one eventID; else it is one
// event's for ever.
static status check_id(struct capturing *c)
{
    uint64_t seqs[SAME_MAX];
    bool other = false;
    struct fact f;
    str value;

    TRY(index_value(LIST_EVENT_ID, (str){0}, c->ask->id, c->d->arena, &value));
    size_t n = list_of(c->d->t, c->ask->client, LIST_EVENT_ID, value, 0, seqs, SAME_MAX);
    for (size_t i = 0; i < n; i++) {
        TRY(journal_get(c->d->t, seqs[i], c->d->arena, &f));
        if (!is_repeat(c, &f, &other)) continue;
        c->d->repeat_seq = seqs[i];
        return OK;
    }
    if (!other) return txn_status(c->d->t);
    if (c->ask->taken == TAKEN_KEEP) return except(c, EXCEPTION_ID_TAKEN, 0), OK;
    return fail(ST_CONFLICT, "event.id_taken", 0, "eventID: another event has it");
}

// ---- the whole

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

static bool add_inside(struct capturing *c, uint32_t *room, unit_id parent, uint32_t under,
                       const struct runs *but)
{
    struct runs inside = children_get(c->d->t, parent, c->d->arena);
    unit_id u;

    for (struct run_walk w = runs_walk(&inside); run_next(&w, &u);)
        if (!runs_hold(but, u) && !add_unit(c, room, u, under)) return false;
    return true;
}

// What the containers hold that the event ends; where it shares their fate, what this holds, too.
static status take_under(struct capturing *c, uint32_t *room)
{
    struct runs named = runs_of(c->d->arena, c->units, c->n);
    struct unit_rows rows;

    if (named.at == NULL) return no_memory();
    TRY(client_profile(c->d->t, c->ask->client, &c->profile));
    bool deep = c->profile.decommission_parent == PARENT_AND_CHILDREN;
    unit_rows_read(&rows, c->d->t);
    for (uint32_t i = 0; ends(c->ask->acts.in) && i < (deep ? c->n : c->ask->n); i++) {
        struct unit x = unit_get(&rows, c->units[i]);
        bool holds = x.state == UNIT_OPEN || x.state == UNIT_CLOSED;
        if (holds && !add_inside(c, room, c->units[i], i + 1, &named)) return no_memory();
    }
    return OK;
}

// The event's units, and where it empties or ends a container all that this holds.
static status take_units(struct capturing *c)
{
    const struct capture_ask *ask = c->ask;
    bool judges = ask->rule != CAPTURE_OFF && !c->own.ahead;
    uint32_t room = 0;

    for (uint32_t i = 0; i < ask->n; i++)
        if (!add_unit(c, &room, capture_unit_id(&ask->units[i]), 0)) return no_memory();
    if (judges && ask->empties && !add_inside(c, &room, c->units[0], 0, &(struct runs){0}))
        return no_memory();
    if (judges && ask->acts.in == ACT_SHIP_TOLD)
        TRY(client_profile(c->d->t, ask->client, &c->profile));
    if (judges && c->n > 0 && (ends(ask->acts.in) || ask->acts.in == ACT_SAMPLE))
        TRY(take_under(c, &room));
    c->effects = NEW_ARRAY(c->d->arena, uint32_t, c->n + 1);
    return c->effects == NULL ? no_memory() : txn_status(c->d->t);
}

// What the clock has not come to yet did not happen: it is kept, and nothing is done by it, nor
// measured by it.
static bool is_ahead(const struct capturing *c)
{
    const struct site *site = c->d->app;

    return c->ask->time.at.ms - c->d->now.ms > (int64_t)site->limits.clock_ahead_max_ms;
}

static void check_time(struct capturing *c)
{
    if (c->ask->rule == CAPTURE_OFF || !c->own.ahead) return;
    except(c, EXCEPTION_TIME_AHEAD, 0);
    if (c->ask->rule == CAPTURE_STRICT && c->j.bad++ == 0)
        c->j.first =
            fail(ST_UNPROCESSABLE, "time.ahead", 0, "eventTime: it is ahead of the service");
}

// No serial stands twice in one message (STATES, guard 3).
static void check_twice(struct capturing *c)
{
    if (!c->ask->twice || c->ask->rule == CAPTURE_OFF) return;
    except(c, EXCEPTION_UNIT_TWICE, 0);
    if (c->ask->rule == CAPTURE_STRICT && c->j.bad++ == 0)
        c->j.first = fail(ST_UNPROCESSABLE, "unit.twice", 0,
                          "parentID and lists of EPCs: a unit is named twice in one event");
}

static status judge_all(struct capturing *c)
{
    struct unit_rows rows;

    unit_rows_read(&rows, c->d->t);
    if (c->event == 0) check_time(c);
    check_twice(c);
    if (c->event == 0 && c->ask->warns != 0 && c->ask->rule != CAPTURE_OFF)
        except(c, (enum capture_exception)c->ask->warns, 0);
    check_waits(c, &rows);
    for (uint32_t i = 0; i < c->n; i++) judge_one(c, i, &rows);
    alike_end(&c->j.previous);
    if (c->ask->has_parent && c->ask->rule != CAPTURE_OFF && c->ask->acts.parent != 0 && !c->waits)
        parent_after(c);
    TRY(txn_status(c->d->t));
    if (c->own.counts.no_room) return no_memory();
    if (c->j.bad < 2) return c->j.bad == 0 ? OK : c->j.first;
    return fail(c->j.first.cls, c->j.first.reason, 0, "%u faults; the first: %s", c->j.bad,
                c->j.first.text);
}

static void set_header(struct capturing *c)
{
    const struct capture_ask *ask = c->ask;
    struct fact *f = c->d->fact;

    f->client = ask->client;
    f->lot = c->begun ? ask->lot : c->lot;
    f->event = ask->time;
    f->flags |= FACT_HAS_TIME;
    if (c->event == 0) f->flags |= FACT_IS_EVENT;
    f->body = ask->body;
    c->d->packed_body = ask->packed_body;
    c->own.flags |= ask->flags;
    if (ask->tally != NULL) c->own.document = ask->tally->document;
    c->own.index = ask->index;
    c->own.has_parent = ask->has_parent;
    c->own.in = ask->in;
    c->own.id = ask->id;
    c->own.content = ask->content;
}

static status put(struct capturing *c)
{
    struct report none = {0};
    struct runs runs = runs_of(c->d->arena, c->units, c->n);

    if (runs.at == NULL && c->n > 0) return no_memory();
    report_put(c->d->out, &none);
    runs_put(c->d->out, &runs);
    c->j.previous.b = c->d->out;
    c->guard = (struct capture_guard){.j = &c->j, .levels = &c->levels, .profile = &c->profile};
    if (c->n > 0) c->guard.parent = c->units[0];
    TRY(judge_all(c));
    set_header(c);
    struct captured_bytes as = {.entries = c->ask->entries};
    struct buf b;
    buf_init(&b, 64 * MB);
    struct alike_w effects = {.b = &b};
    for (uint32_t i = 0; i < c->n; i++) alike_put(&effects, c->effects[i]);
    alike_end(&effects);
    as.effects = buf_str(&b);
    if (c->event != 0) bytes_var(c->d->out, c->d->seq - c->event);
    captured_event_put(c->d->out, c->d->seq, &c->own, &as);
    buf_fini(&b);
    return OK;
}

static struct capturing begin(struct decide *d, const struct capture_ask *ask)
{
    struct capturing c = {.d = d, .ask = ask};

    d->fact->client = ask->client;
    c.j.d = d;
    c.j.standing = (struct standing){.t = d->t};
    c.j.names = names_here(d->app);
    c.j.first = OK;
    c.levels = (struct level_reader){.t = d->t, .names = c.j.names, .arena = d->arena};
    c.owners = (struct owner_reader){.names = c.j.names, .t = d->t};
    return c;
}

static status captured_decide(struct decide *d)
{
    const struct capture_ask *ask = d->ask;
    struct capturing c = begin(d, ask);

    if (!ask->fresh_id) TRY(check_id(&c));
    if (d->repeat_seq != 0) return OK;
    c.own.ahead = is_ahead(&c);
    TRY(take_units(&c));
    return put(&c);
}

const struct kind kind_event_captured = {
    FACT_EVENT_CAPTURED, 1,   "event.captured", captured_decide, captured_write,
    captured_print,      NULL};

// ---- what waited

// An event of the journal, asked again. What it says beside its units was judged when it came.
static status ask_again(struct decide *d, uint64_t seq, struct capture_ask *out)
{
    struct names *names = names_here(d->app);
    struct report report;
    struct touched touched;
    struct captured_event e;
    struct bytes_r rest;
    struct fact f;
    unit_id u;

    TRY(journal_get(d->t, seq, d->arena, &f));
    TRY(report_get(f.decided, d->arena, &report, &touched, &rest));
    TRY(captured_event_get(&rest, &f, touched.runs.units, d->arena, &e));
    struct capture_unit *units =
        NEW_ARRAY(d->arena, struct capture_unit, (size_t)touched.runs.units + 1);
    if (units == NULL) return no_memory();
    *out = (struct capture_ask){
        .client = f.client,
        .rule = CAPTURE_RECORD,
        .time = f.event,
        .acts = {.parent = ACT_PACK_INTO_TOLD, .in = ACT_BE_PACKED_TOLD},
        .id = e.id,
        .units = units,
        .in = e.in,
        .has_parent = e.has_parent,
        .entries = {"",                           1                       }
    }; // none
    for (struct run_walk w = runs_walk(&touched.runs); run_next(&w, &u);) {
        const struct space_row *s = names_space(names, d->t, unit_space(u));
        units[out->n++] =
            (struct capture_unit){.unit = u,
                                  .container = s != NULL && space_is_container(s),
                                  .foreign = s != NULL && s->sort == SPACE_OF_FOREIGN};
    }
    return OK;
}

static status applied_decide(struct decide *d)
{
    const struct due *due = d->ask;
    struct capture_ask ask;
    uint64_t seq;

    if (!waiting_due(d->t, due->now, &seq, due->next)) return d->nothing = true, txn_status(d->t);
    TRY(ask_again(d, seq, &ask));
    struct capturing c = begin(d, &ask);
    c.event = seq;
    TRY(take_units(&c));
    return put(&c);
}

const struct kind kind_capture_applied = {
    FACT_CAPTURE_APPLIED, 1,   "capture.applied", applied_decide, captured_write,
    captured_print,       NULL};
