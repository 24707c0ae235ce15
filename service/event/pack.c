// `units.packed`: children go into a container, which the same fact may begin and close. decided
// part: contents.h.
//
// Packing stays open after its lot was closed, also where it begins a container: what is
// commissioned must be able to leave. Of a released lot no case begins, and none is partial.
#include "service/client/client.h"
#include "service/event/before.h"
#include "service/event/level_pairs.h"
#include "service/event/often.h"
#include "service/event/report_int.h"
#include "service/event/shift.h"
#include "service/event/waiting.h"
#include "service/exception/exception.h"
#include "service/pool/issue.h"
#include "service/tree/depth.h"
#include "service/tree/tree_db.h"
#include <string.h>

#define TALLIES_MAX 256u // lots and levels in one report

struct packing {
    struct judge j;
    const struct report_ask *ask;
    struct level_reader levels;
    struct unit parent; // as it is
    struct unit_sorts sorts;
    struct contents own;
    struct depth depth; // of the parent
    uint64_t before;    // children in it already
    uint32_t lot;       // that every child must have, 0: not known yet or any
    bool one_lot;       // all packs of a lowest container, and a case's content, are of one lot
    uint32_t product;   // of the children, 0: not known yet
    uint32_t within;    // the lot of the first of them, or of what that holds
    uint8_t level;      // of the children
    bool strange;       // children of several products or levels: no nominal count
    struct tally *pack; // what the child before counts with, a pack that fits; NULL: it was none
    struct level_pairs pairs; // of an SSCC
};

// ---- the container

static bool begin_parent(struct packing *p)
{
    const struct report_ask *ask = p->ask;
    enum unit_act act = ask->commission ? ACT_COMMISSION : ACT_PACK_INTO;
    status none = fail(ST_CONFLICT, "pack.parent", 0, "parent: a pack holds nothing");

    p->sorts = judge_sorts(&p->j, ask->parent);
    if (p->sorts.sort == SORT_PACK) return judge_offend(&p->j, ask->parent, none), false;
    if (!judge_unit(&p->j, ask->parent, act, &p->parent)) return false;
    if (ask->commission) {
        p->own.flags |= CONTENTS_BEGINS;
        return true;
    }
    p->own.lot = judge_header(&p->j, p->parent.first)->lot;
    p->before = children_count(p->j.d->t, ask->parent);
    p->own.level_before = level_of_unit(&p->levels, ask->parent, p->own.lot);
    return true;
}

static void look_at_first(struct packing *p, unit_id first, uint32_t lot)
{
    const struct shape *shape = lot == 0 ? NULL : level_shape(&p->levels, lot);

    if (shape == NULL) return;  // it began elsewhere
    struct shape kept = *shape; // what follows may ask for other lots
    level_pairs_hold(&p->pairs, &kept, level_of_unit(&p->levels, first, lot));
}

// What is in the container already says which lot and level the rest must have.
static void look_inside(struct packing *p)
{
    struct decide *d = p->j.d;

    if (!p->sorts.is_sscc) {
        p->one_lot = true;
        p->lot = p->own.lot;
    } else if (p->before > 0) {
        unit_id first = children_first(d->t, p->ask->parent);
        p->one_lot = first.v != 0 && judge_sorts(&p->j, first).sort == SORT_PACK;
        p->lot = p->one_lot ? judge_lot(&p->j, first) : 0;
        if (first.v != 0) look_at_first(p, first, judge_lot(&p->j, first));
    }
}

// ---- the children

static status lot_fits(struct packing *p, const struct unit_sorts *s, uint32_t lot)
{
    if (s->sort == SORT_PACK) p->one_lot = true;
    if (!p->one_lot) return OK;
    if (p->lot == 0) p->lot = lot;
    if (p->lot == lot) return OK;
    return fail(ST_CONFLICT, "pack.lot", 0, "its lot is not that of the container's content");
}

// REQ TREE-SGTIN-SSCC: a case that bears an SGTIN holds its product's level below, never an SSCC.
static status level_fits(struct packing *p, unit_id u, const struct unit_sorts *s,
                         const struct shape *shape)
{
    if (p->sorts.is_sscc) {
        uint8_t level = s->is_sscc ? level_of_unit(&p->levels, u, judge_lot(&p->j, u)) : s->level;
        if (level_pairs_next(&p->pairs, shape, level)) return OK;
        return fail(ST_CONFLICT, "pack.level", 0,
                    "the product puts no unit of this level in an SSCC");
    }
    bool fits = !s->is_sscc && s->product == p->sorts.product && shape->product == s->product &&
                shape_below(shape, p->sorts.level) == s->level &&
                level_is_of_lot(&p->levels, p->ask->parent, judge_lot(&p->j, u));
    if (fits) return OK;
    return fail(ST_CONFLICT, "pack.level", 0, "the product puts no unit of this level in there");
}

// NULL: there are too many.
static struct tally *tally(struct packing *p, uint32_t lot, uint8_t level)
{
    struct contents *own = &p->own;
    uint32_t i = own->tally_count;

    while (i > 0 && (own->tallies[i - 1].lot != lot || own->tallies[i - 1].level != level)) i--;
    if (i == 0 && own->tally_count == TALLIES_MAX) return NULL;
    if (i == 0) {
        own->tallies[own->tally_count] = (struct tally){lot, level, 0};
        i = ++own->tally_count;
    }
    own->tallies[i - 1].count++;
    return &own->tallies[i - 1];
}

// What all that comes has in common says how many fill the container.
static void note_content(struct packing *p, uint32_t lot, uint32_t product, uint8_t level)
{
    if (p->within == 0) {
        p->within = lot;
        p->product = product;
        p->level = level;
    }
    if (p->product != product || p->level != level) p->strange = true;
}

// An SSCC that began with an event which told no lot, or a unit that began elsewhere.
static status lotless_fits(struct packing *p, unit_id u)
{
    uint32_t within = judge_lot_within(&p->j, u);
    const struct shape *shape = within == 0 ? NULL : level_shape(&p->levels, within);

    if (shape == NULL)
        p->strange = true;
    else
        note_content(p, within, shape->product, level_of_unit(&p->levels, u, within));
    if (!p->sorts.is_sscc)
        return fail(ST_CONFLICT, "pack.level", 0, "the product puts no such unit in there");
    if (tally(p, 0, LEVEL_SSCC) != NULL) return OK;
    return fail(ST_CONFLICT, "pack.lots", 0, "more than %u lots in one report", TALLIES_MAX);
}

static status depth_fits(struct packing *p, unit_id u, const struct unit_sorts *s)
{
    if (s->sort == SORT_PACK && !s->is_foreign) return OK;
    enum depth_says says = depth_check(&p->depth, u);
    if (says == DEPTH_FITS) return OK;
    if (says == DEPTH_CYCLE)
        return fail(ST_CONFLICT, "pack.cycle", 0, "nothing is put into what lies in it");
    return fail(ST_CONFLICT, "pack.depth", 0, "at most %u containers lie in one another",
                CONTAINERS_DEEP);
}

static status child_fits(struct packing *p, unit_id u, const struct unit *x)
{
    struct unit_sorts s = judge_sorts(&p->j, u);
    uint32_t lot = judge_header(&p->j, x->first)->lot;

    TRY(depth_fits(p, u, &s));
    if (lot == 0) return lotless_fits(p, u);
    const struct shape *shape = level_shape(&p->levels, lot);
    if (shape == NULL) return txn_status(p->j.d->t);
    uint32_t product = shape->product;
    TRY(level_fits(p, u, &s, shape)); // first: what is not taken says nothing of the others' lot
    TRY(lot_fits(p, &s, lot));
    uint8_t level = level_of_unit(&p->levels, u, lot);
    note_content(p, lot, product, level);
    if (p->sorts.is_sscc && !level_pairs_agree(&p->pairs, shape, level))
        return fail(ST_CONFLICT, "pack.level", 0,
                    "units of another level of its product lie in there, or come with it");
    struct tally *with = tally(p, lot, level);
    if (s.sort == SORT_PACK) p->pack = with;
    if (with != NULL) return OK;
    return fail(ST_CONFLICT, "pack.lots", 0, "more than %u lots in one report", TALLIES_MAX);
}

// Nothing is moved into the container that it lies in; that it has a parent would say too little.
static bool lies_there(struct packing *p, unit_id u)
{
    if (p->ask->type != REPORT_MOVE) return false;
    struct unit x = unit_get(&p->j.rows, u);
    if (x.parent.v == 0 || x.parent.v != p->ask->parent.v) return false;
    p->j.looked++;
    alike_put(&p->j.previous, x.last);
    judge_offend(&p->j, u,
                 fail(ST_CONFLICT, "unit.same_parent", 0, "it lies in that container already"));
    return true;
}

// What fits into a container that is none need not be asked.
static void take_children(struct packing *p, bool parent)
{
    struct unit x;
    unit_id u;

    for (struct run_walk w = runs_walk(&p->ask->units); run_next(&w, &u);) {
        if (lies_there(p, u) || !judge_unit(&p->j, u, ACT_BE_PACKED, &x) || !parent) continue;
        if (p->j.alike && p->pack != NULL) {
            p->pack->count++;
            continue;
        }
        p->pack = NULL;
        status st = child_fits(p, u, &x);
        if (st.cls != ST_OK) judge_offend(&p->j, u, st);
    }
}

// ---- what becomes of the container

static uint8_t level_now(struct packing *p, const struct shape *shape)
{
    if (!p->sorts.is_sscc) return p->sorts.level;
    if (p->before > 0 && p->own.lot != 0)
        return p->own.level_before; // told by its first child, which stays
    return shape_sscc_levels(shape) < 2 ? shape_sscc_empty(shape)
                                        : shape_sscc_over(shape, p->level);
}

// How many fill it at this level; 0: nobody said, or not for this content.
static uint64_t nominal_of(struct packing *p, const struct shape *shape, uint8_t level)
{
    if (p->strange || p->product != shape->product) return 0;
    if (p->before > 0) {
        unit_id first = children_first(p->j.d->t, p->ask->parent);
        uint32_t within = judge_lot_within(&p->j, first);
        if (level_of_unit(&p->levels, first, within) != p->level) return 0;
    }
    return shape_nominal(shape, level, p->level);
}

// An SSCC that began by an event which told no lot is of none, and counts nowhere; what it holds
// says how many fill it.
static status fill(struct packing *p)
{
    uint64_t now = p->before + p->ask->units.units, nominal;
    struct contents *own = &p->own;
    struct shape shape;

    if (p->ask->commission) own->lot = own->tallies[0].lot;
    const struct shape *found = level_shape(&p->levels, own->lot != 0 ? own->lot : p->within);
    if (found == NULL) return txn_status(p->j.d->t);
    shape = *found; // what follows may ask for other lots
    uint8_t level = level_now(p, &shape);
    if (own->lot != 0) own->level = level;
    if (p->ask->commission) own->level_before = own->level;
    nominal = nominal_of(p, &shape, level);
    if ((nominal > 0 && now > nominal) || now > CHILDREN_MAX) {
        status full =
            fail(ST_CONFLICT, "pack.too_many", 0,
                 "the container would hold %llu, at most %llu are taken", (unsigned long long)now,
                 (unsigned long long)(nominal > 0 ? nominal : CHILDREN_MAX));
        judge_offend(&p->j, p->ask->parent, full);
        return full;
    }
    if (nominal > 0 && now == nominal)
        own->flags |= CONTENTS_CLOSES;
    else if (p->ask->partial)
        own->flags |= CONTENTS_CLOSES | CONTENTS_PARTIAL;
    return OK;
}

// A case that bears an SGTIN begins with its lot's expiry, as its packs did.
static status check_expiry(const struct packing *p)
{
    wall at = p->ask->has_time ? p->ask->time.at : p->j.d->now;
    struct lot lot;

    return lot_view(p->j.d->t, p->own.lot, &lot) ? lot_expiry_check(&lot, at) : OK;
}

// Cases that bear SGTINs are in the balance that a release was signed over, and so are partial
// ones; pallets are loaded until goods leave.
static status check_released(struct packing *p)
{
    bool changes = p->own.flags & (CONTENTS_BEGINS | CONTENTS_PARTIAL);

    if (p->sorts.is_sscc || !changes) return OK;
    status st = judge_unreleased(&p->j, p->own.lot);
    if (st.cls == ST_OK && p->own.flags & CONTENTS_BEGINS) st = check_expiry(p);
    if (st.cls != ST_OK) judge_offend(&p->j, p->ask->parent, st);
    return st;
}

// ---- a move: each child comes out of the container that it lies in, before

// Where each stands for itself, those are refused first that may not come out.
static status sift(const struct before *b)
{
    struct judge j = {0};
    unit_id u;

    TRY(judge_begin(&j, b->d, &b->ask->units));
    for (struct run_walk w = runs_walk(&b->ask->units); run_next(&w, &u);) {
        struct unit x = unit_get(&j.rows, u);
        bool elsewhere = x.parent.v != 0 && x.parent.v != b->ask->parent.v;
        status st = elsewhere ? before_guard(&j, u, &x) : OK;
        j.looked++;
        alike_put(&j.previous, x.last);
        if (st.cls != ST_OK) judge_offend(&j, u, st);
    }
    status st = judge_end(&j);
    buf_reset(b->d->out);
    return st;
}

// True: something must be done first, or *st says why not, or it was reported before.
static bool move_before(struct decide *d, status *st)
{
    const struct report_ask *ask = d->ask;
    struct before b = {.d = d, .ask = ask};
    struct inside *all = NEW_ARRAY(d->arena, struct inside, ask->units.units);
    struct unit_rows rows;
    uint32_t n = 0;
    unit_id u;

    if (d->again) return false;
    d->fact->client = ask->client;
    *st = all == NULL ? no_memory() : repeat_look(d, ask);
    if (st->cls == ST_OK && d->repeat_seq == 0 && ask->each) *st = sift(&b);
    if (st->cls != ST_OK || d->repeat_seq != 0) return true;
    unit_rows_read(&rows, d->t);
    for (struct run_walk w = runs_walk(&ask->units); run_next(&w, &u);) {
        unit_id from = unit_get(&rows, u).parent;
        if (from.v != 0 && from.v != ask->parent.v) all[n++] = (struct inside){from, u};
    }
    before_unpack(&b, all, n);
    return before_end(&b, st);
}

// ---- the order of labels

// The children in the order of their numbers; n 0: they are of several spaces.
static struct shift_case case_of(unit_id container, const struct runs *all, struct arena *a)
{
    struct shift_case c = {.container = container, .at = all->at, .n = all->n};
    bool in_order = true;

    for (uint32_t i = 1; i < all->n; i++) {
        in_order &= all->at[i - 1].first.v < all->at[i].first.v;
        if (unit_space(all->at[i].first) != unit_space(all->at[0].first)) c.n = 0;
    }
    if (in_order || c.n == 0) return c;
    struct runs sorted = runs_sorted(all, a);
    if (sorted.at == NULL) c.n = 0;
    c.at = sorted.at;
    return c;
}

// Numbers that a request passed over were never on a label, nor on this roll what came back.
static bool is_issued(struct decide *d, unit_id u)
{
    struct issue_row q;
    struct issued i;
    struct skip s;
    struct fact f;

    if (number_was_given_again(d->t, u)) return false;
    if (!issue_of(d->t, u, &q) || journal_get(d->t, q.seq, d->arena, &f).cls != ST_OK ||
        issued_of(&f, &i).cls != ST_OK)
        return false;
    uint64_t at = i.first, ordinal = unit_ordinal(u);
    while (skip_next(&i.skips, &at, &s))
        if (ordinal >= s.first && ordinal - s.first < s.count) return false;
    return true;
}

static uint64_t labels_of(struct decide *d, uint32_t space, const struct shift_gap *g)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < g->count; i++) n += is_issued(d, unit_id_of(space, g->first + i));
    return n;
}

// Says in the fact whether labels and packs ran apart; what is known of the line moves on when it
// is written.
static void watch(struct packing *p)
{
    const struct report_ask *ask = p->ask;
    const struct site *site = p->j.d->app;
    struct shift_of of = {ask->fields.line, unit_space(ask->units.at[0].first)};
    unsigned cases = site->limits.shift_cases;
    struct shift_row row;
    struct shift_gap gap;

    if (cases == 0 || of.line == 0 || ask->type != REPORT_PACK || ask->derived) return;
    p->own.flags |= CONTENTS_WATCHED;
    p->own.shift_cases = (uint8_t)cases;
    if (!shift_get(p->j.d->t, of, &row) || !shift_may(&row, cases)) return;
    struct shift_case c = case_of(ask->parent, &ask->units, p->j.d->arena);
    c.lot = p->own.tallies[0].lot;
    c.cases = cases;
    if (c.n == 0 || !shift_step(&row, &c, &p->j.rows, &gap)) return;
    p->own.shift_offset = labels_of(p->j.d, of.space, &gap);
    p->own.shift_unit = unit_id_of(of.space, gap.after);
    p->own.shift_container = gap.container;
}

static status take_rule(struct packing *p)
{
    struct client_profile profile;

    if (!p->sorts.is_sscc) return OK;
    TRY(client_profile(p->j.d->t, p->ask->client, &profile));
    p->pairs.rule = profile.pack_levels;
    return OK;
}

static status pack_decide(struct decide *d)
{
    const struct report_ask *ask = d->ask;
    struct tally tallies[TALLIES_MAX];
    struct packing p = {.ask = ask, .own.tallies = tallies};
    struct runs all = container_and(ask->parent, &ask->units, d->arena);
    status st = OK;

    if (all.at == NULL) return no_memory();
    if (ask->type == REPORT_MOVE && move_before(d, &st)) return st;
    TRY(judge_begin(&p.j, d, &all));
    if (d->repeat_seq != 0) return OK;
    p.levels = (struct level_reader){.t = d->t, .names = p.j.names, .arena = d->arena};
    bool parent = begin_parent(&p);
    TRY(take_rule(&p));
    depth_begin(&p.depth, d->t, ask->parent);
    if (parent) look_inside(&p);
    take_children(&p, parent);
    TRY(judge_end(&p.j));
    TRY(fill(&p));
    TRY(check_released(&p));
    d->fact->lot = tallies[0].lot;
    d->fact->flags |= FACT_IS_EVENT;
    p.own.has_repeat = repeat_digest(&ask->repeat, &p.own.repeat);
    watch(&p);
    contents_put(d->out, d->fact, &p.own);
    return txn_status(d->t);
}

// ---- writing

static void write_parent(struct unit_writing *w, unit_id parent, const struct contents *own)
{
    struct unit x = unit_get(&w->rows, parent);
    struct run one = {parent, 1};

    if (own->flags & CONTENTS_BEGINS) {
        writing_was(w, parent, &x);
        writing_began(w, &(struct runs){&one, 1, 1}, own->lot);
    }
    x.state = own->flags & CONTENTS_CLOSES ? UNIT_CLOSED : UNIT_OPEN;
    if (own->flags & CONTENTS_PARTIAL) x.flags |= UNIT_PARTIAL;
    if (own->flags & CONTENTS_BEGINS) {
        x.flags &= (uint8_t) ~(UNIT_LOST | UNIT_SEEN);
        if (x.last != 0 && waiting_begun(w->t, parent)) x.flags |= UNIT_LATE;
        x.first = w->f->seq;
    }
    x.last = w->f->seq;
    often_note(w->t, w->f, parent, &x);
    unit_put(&w->rows, parent, &x);
}

static void write_children(struct unit_writing *w, unit_id parent)
{
    struct runs children = {w->touched.runs.at + 1, w->touched.runs.n - 1,
                            w->touched.runs.units - 1};
    unit_id u;

    for (struct run_walk walk = runs_walk(&children); run_next(&walk, &u);) {
        struct unit x = unit_get(&w->rows, u);
        x.parent = parent;
        x.last = w->f->seq;
        often_note(w->t, w->f, u, &x);
        unit_put(&w->rows, u, &x);
    }
    children_add(w->t, parent, &children);
}

static void write_order(struct unit_writing *w, unit_id parent, const struct contents *own)
{
    struct runs children = {w->touched.runs.at + 1, w->touched.runs.n - 1,
                            w->touched.runs.units - 1};
    struct shift_case c = case_of(parent, &children, &w->arena);
    struct shift_of of = {w->report.line, 0};
    struct shift_row row;
    struct shift_gap gap;

    if (!(own->flags & CONTENTS_WATCHED) || c.n == 0) return; // also where no line said it
    struct digest16 about = exception_about(of.line, w->f->lot);
    of.space = unit_space(c.at[0].first);
    (void)shift_get(w->t, of, &row);
    c.lot = w->f->lot;
    c.cases = own->shift_cases;
    (void)shift_step(&row, &c, &w->rows, &gap);
    if (own->shift_offset > 0) {
        exception_raise(w->t, w->f,
                        &(struct exception){.kind = EXCEPTION_OF_LABEL_SHIFT,
                                            .code = S("label.shift"),
                                            .lot = w->f->lot,
                                            .unit = own->shift_unit.v,
                                            .about = about});
    } else if (row.raised_count > 0 && shift_is_gone(&row, of.space, &w->rows)) {
        struct exception_end end = {w->f->client, EXCEPTION_OF_LABEL_SHIFT, about};
        exception_settle(w->t, w->f, &end);
        row.raised_count = 0;
    }
    shift_put(w->t, of, &row);
}

static void pack_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct unit_writing w;
    struct contents own;

    (void)arg;
    if (writing_begin(&w, t, f) && contents_read(&w, &own).cls == ST_OK) {
        unit_id parent = w.touched.runs.at[0].first;
        write_parent(&w, parent, &own);
        write_children(&w, parent);
        contents_count(&w, &own, 1);
        contents_note(&w, &own, EPCIS_STEP_PACKING);
        write_order(&w, parent, &own);
        if (own.has_repeat) repeat_write(t, f, &w.report, &own.repeat);
    } else {
        txn_spoil(t, "record.corrupt", "units packed");
    }
    writing_end(&w);
}

const struct kind kind_units_packed = {
    FACT_UNITS_PACKED, 1, "units.packed", pack_decide, pack_write, contents_print, NULL};
