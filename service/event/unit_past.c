// Runs on the loop that asked, in one of its snapshots.
#include "service/event/unit_past.h"
#include "common/arena.h"
#include "service/event/captured.h"
#include "service/event/changed.h"
#include "service/event/contents.h"
#include "service/event/handover.h"
#include "service/journal/journal_db.h"
#include "service/pool/pool_db.h"
#include "service/pool/request.h"
#include <string.h>

struct past { // one fact of the chain at a time
    struct txn *t;
    struct arena facts;
    struct fact f;
    struct report report;
    struct touched touched;
    struct bytes_r rest;
};

static status past_read(struct past *p, uint64_t seq)
{
    arena_reset(&p->facts);
    TRY(journal_get(p->t, seq, &p->facts, &p->f));
    return report_get(p->f.decided, &p->facts, &p->report, &p->touched, &p->rest);
}

// The value that stands at the unit's place.
static uint64_t value_of(const struct past *p, struct bytes_r in, unit_id u)
{
    struct alike_r values = {.in = &in};
    unit_id at;

    for (struct run_walk w = runs_walk(&p->touched.runs); run_next(&w, &at);) {
        uint64_t v = alike_get(&values);
        if (at.v == u.v) return v;
    }
    return 0;
}

static bool is_before(const struct past *p, wall at)
{
    wall when = p->f.flags & FACT_HAS_TIME ? p->f.event.at : p->f.at;
    return when.ms <= at.ms;
}

// The chain up to then, newest first; *n of them, in malloc'd memory of the arena.
static status chain(struct past *p, unit_id u, wall at, struct arena *a, uint64_t **seqs,
                    uint32_t *n)
{
    *seqs = NEW_ARRAY(a, uint64_t, PAST_FACTS_MAX);
    *n = 0;
    if (*seqs == NULL) return no_memory();
    uint32_t looked_at = 0;
    for (uint64_t seq = unit_one(p->t, u).last; seq != 0;) {
        if (looked_at++ == PAST_FACTS_MAX)
            return fail(ST_TOO_LARGE, "history.too_long", 0, "more than %u events name it",
                        PAST_FACTS_MAX);
        TRY(past_read(p, seq));
        if (is_before(p, at)) (*seqs)[(*n)++] = seq;
        seq = value_of(p, p->touched.previous, u);
    }
    return OK;
}

// ---- what each kind did

static unit_id first_of(const struct past *p)
{
    return p->touched.runs.n > 0 ? p->touched.runs.at[0].first : (unit_id){0};
}

static status begin(struct past *p, struct unit *x, enum unit_state pack, enum unit_state container)
{
    struct firsts own;

    TRY(firsts_get(&p->rest, &p->facts, &own));
    x->state = firsts_are_containers(&own) ? container : pack;
    x->flags &= (uint8_t) ~(UNIT_LOST | UNIT_SEEN);
    x->first = p->f.seq;
    return OK;
}

static status did_commission(struct past *p, unit_id u, struct unit *x)
{
    (void)u;
    return begin(p, x, UNIT_COMMISSIONED, UNIT_OPEN);
}

static status did_scrap(struct past *p, unit_id u, struct unit *x)
{
    (void)u;
    return begin(p, x, UNIT_SCRAPPED, UNIT_SCRAPPED);
}

static status did_label_sample(struct past *p, unit_id u, struct unit *x)
{
    (void)u;
    return begin(p, x, UNIT_LABEL_SAMPLED, UNIT_LABEL_SAMPLED);
}

static status did_contents(struct past *p, unit_id u, struct unit *x)
{
    unit_id container = first_of(p);
    struct contents c;

    TRY(contents_get(&p->rest, &p->f, p->touched.runs.units - 1, &p->facts, &c));
    bool out = p->f.kind == FACT_UNITS_UNPACKED;
    if (u.v != container.v) {
        x->parent = out ? (unit_id){0} : container;
        return OK;
    }
    x->state = c.flags & CONTENTS_CLOSES ? UNIT_CLOSED : UNIT_OPEN;
    if (out) x->flags &= (uint8_t)~UNIT_PARTIAL;
    if (c.flags & CONTENTS_PARTIAL) x->flags |= UNIT_PARTIAL;
    if (!(c.flags & CONTENTS_BEGINS)) return OK;
    x->first = p->f.seq;
    x->flags &= (uint8_t) ~(UNIT_LOST | UNIT_SEEN);
    return OK;
}

static status did_change(struct past *p, unit_id u, struct unit *x)
{
    struct changed c;

    TRY(changed_get(&p->rest, p->touched.runs.units, &p->facts, &c));
    uint64_t v = value_of(p, c.changes, u);
    struct unit_change change = {(enum unit_state)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
    unit_apply(x, &change);
    return OK;
}

static status did_nothing(struct past *p, unit_id u, struct unit *x)
{
    (void)p, (void)u, (void)x;
    return OK;
}

static status did_ship(struct past *p, unit_id u, struct unit *x)
{
    (void)p, (void)u;
    x->state = UNIT_SHIPPED;
    return OK;
}

static status did_void(struct past *p, unit_id u, struct unit *x)
{
    struct space_row s;

    if (!space_get(p->t, unit_space(u), &s))
        return fail(ST_STORE, "store.corrupt", 0, "a unit without a space");
    x->state = space_is_container(&s) ? UNIT_CLOSED : UNIT_COMMISSIONED;
    return OK;
}

static status did_receive(struct past *p, unit_id u, struct unit *x)
{
    struct handover h;

    TRY(handover_get(&p->rest, p->touched.runs.units, &p->facts, &h));
    uint64_t v = value_of(p, h.changes, u);
    struct unit_change change = handover_change_of(v);
    unit_apply(x, &change);
    if (v & HANDOVER_LEAVES) x->parent = (unit_id){0};
    return OK;
}

static status did_return(struct past *p, unit_id u, struct unit *x)
{
    struct returned back;

    (void)u;
    TRY(returned_get(p->f.decided, &p->facts, &back));
    x->state = back.to_pool ? UNIT_UNALLOCATED : UNIT_RETURNED_TO_OWNER;
    return OK;
}

static status did_issue(struct past *p, unit_id u, struct unit *x)
{
    (void)p, (void)u;
    x->state = UNIT_ALLOCATED;
    return OK;
}

static status did_capture(struct past *p, unit_id u, struct unit *x)
{
    struct captured_event e;
    uint64_t event;

    if (!captured_of(&p->rest, &p->f, &event))
        return fail(ST_STORE, "record.corrupt", 0, "a captured event");
    TRY(captured_event_get(&p->rest, &p->f, p->touched.runs.units, &p->facts, &e));
    uint64_t effect = value_of(p, e.effects, u);
    if (x->state == UNIT_NONE) x->flags |= UNIT_SEEN;
    if (effect_packs(effect)) {
        x->parent = first_of(p);
        if (p->f.kind_version > 1 && x->state == UNIT_OPEN) x->state = UNIT_CLOSED;
    }
    if (effect == EFFECT_UNPACKED) x->parent = (unit_id){0};
    if (effect < EFFECT_CHANGED) return OK;
    struct unit_change change = effect_change_of(effect);
    change.set &= (uint8_t)~UNIT_LATE; // of the order of facts, not of the unit
    unit_apply(x, &change);
    if (x->state != UNIT_NONE) x->flags &= (uint8_t)~UNIT_SEEN;
    if (effect & EFFECT_LEAVES) x->parent = (unit_id){0};
    if (effect & EFFECT_BEGINS) x->first = p->f.seq;
    return OK;
}

static const struct {
    enum fact_kind kind;
    status (*did)(struct past *p, unit_id u, struct unit *x);
} kinds[] = {
    {FACT_NUMBERS_RETURNED,   did_return      },
    {FACT_NUMBERS_REISSUED,   did_issue       },
    {FACT_UNITS_COMMISSIONED, did_commission  },
    {FACT_UNITS_SCRAPPED,     did_scrap       },
    {FACT_LABELS_SAMPLED,     did_label_sample},
    {FACT_UNITS_PACKED,       did_contents    },
    {FACT_UNITS_UNPACKED,     did_contents    },
    {FACT_CONTAINER_CLOSED,   did_contents    },
    {FACT_UNITS_CHANGED,      did_change      },
    {FACT_UNIT_RELABELLED,    did_nothing     },
    {FACT_SHIPMENT_MADE,      did_ship        },
    {FACT_SHIPMENT_VOIDED,    did_void        },
    {FACT_SHIPMENT_FORWARDED, did_nothing     },
    {FACT_RECEIPT_MADE,       did_receive     },
    {FACT_RETURN_MADE,        did_receive     },
    {FACT_CORRECTION_MADE,    did_nothing     },
    {FACT_EVENT_CAPTURED,     did_capture     },
    {FACT_CAPTURE_APPLIED,    did_capture     },
    {FACT_UNITS_NAMED,        did_nothing     },
};

static status apply(struct past *p, unit_id u, struct unit *x)
{
    size_t i = 0;

    while (i < LEN(kinds) && kinds[i].kind != p->f.kind) i++;
    if (i == LEN(kinds))
        return fail(ST_INTERNAL, "past.kind", 0, "what a fact of kind %u did is not known",
                    p->f.kind);
    TRY(kinds[i].did(p, u, x));
    x->last = p->f.seq;
    return OK;
}

// ---- asked

static status replay(struct past *p, unit_id u, wall at, struct arena *a, struct unit *out)
{
    struct unit x = {.state = UNIT_NONE};
    uint64_t *seqs;
    uint32_t n;

    TRY(chain(p, u, at, a, &seqs, &n));
    while (n-- > 0) {
        TRY(past_read(p, seqs[n]));
        TRY(apply(p, u, &x));
    }
    *out = x;
    return OK;
}

status past_unit(struct txn *t, unit_id u, wall at, struct unit *out)
{
    struct past p = {.t = t};
    struct arena a;

    arena_init(&p.facts, 64 * MB);
    arena_init(&a, 1 * MB);
    status st = replay(&p, u, at, &a, out);
    arena_fini(&a);
    arena_fini(&p.facts);
    return st;
}

struct found { // what was ever put into the container up to then
    unit_id *at;
    uint32_t n, room;
};

static bool found_add(struct found *f, struct arena *a, unit_id u)
{
    for (uint32_t i = 0; i < f->n; i++)
        if (f->at[i].v == u.v) return true;
    if (f->n == f->room) {
        uint32_t room = f->room == 0 ? 64 : 2 * f->room;
        unit_id *more = NEW_ARRAY(a, unit_id, room);
        if (more == NULL) return false;
        if (f->n > 0) memcpy(more, f->at, f->n * sizeof *more);
        f->at = more;
        f->room = room;
    }
    f->at[f->n++] = u;
    return true;
}

// Facts about the container that may have put something into it.
static status gather(struct past *p, unit_id container, struct arena *a, struct found *f)
{
    bool packs = p->f.kind == FACT_UNITS_PACKED || is_captured(&p->f);
    unit_id u;

    if (!packs || first_of(p).v != container.v) return OK;
    for (struct run_walk w = runs_walk(&p->touched.runs); run_next(&w, &u);)
        if (u.v != container.v && !found_add(f, a, u)) return no_memory();
    return OK;
}

static status children(struct past *p, unit_id container, wall at, struct arena *a, struct found *f)
{
    uint64_t *seqs;
    uint32_t n, left = 0;
    struct unit x;

    TRY(chain(p, container, at, a, &seqs, &n));
    while (n-- > 0) {
        TRY(past_read(p, seqs[n]));
        TRY(gather(p, container, a, f));
    }
    for (uint32_t i = 0; i < f->n; i++) {
        TRY(past_unit(p->t, f->at[i], at, &x));
        if (x.parent.v == container.v) f->at[left++] = f->at[i];
    }
    f->n = left;
    return OK;
}

status past_children(struct txn *t, unit_id container, wall at, struct arena *a, struct runs *out)
{
    struct past p = {.t = t};
    struct found f = {.n = 0};

    arena_init(&p.facts, 64 * MB);
    status st = children(&p, container, at, a, &f);
    if (st.cls == ST_OK) *out = runs_of(a, f.at, f.n);
    if (st.cls == ST_OK && out->at == NULL) st = no_memory();
    arena_fini(&p.facts);
    return st;
}
