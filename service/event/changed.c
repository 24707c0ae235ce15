// `units.changed`: one act on units, by the state machine. decided part: changed.h.
//
// What lies in a container comes out of it before, as a fact of its own, where the report or the
// client's profile says so; what a container holds comes out, and by the profile shares its fate.
// Runs in the committer.
#include "service/event/changed.h"
#include "service/client/client.h"
#include "service/event/before.h"
#include "service/event/hold_db.h"
#include "service/event/noting.h"
#include "service/event/often.h"
#include "service/event/report_int.h"
#include "service/lot/released.h"
#include "service/tree/cargo_db.h"
#include "service/tree/tree_db.h"
#include <stdlib.h>
#include <string.h>

// clang-format off
static const struct row {
    enum unit_act act;
    const char *word;
    bool unpacks; // what lies in a container is refused, or comes out first
    bool empties; // what a container holds comes out first
    bool ends;    // what undergoes it never leaves as goods
    struct changed_event event;
} rows[] = {
    {ACT_PRINT,        "printed",      false, false, false, {false, 0, 0, 0}},
    {ACT_INVALIDATE,   "invalidate",   false, false, false, {false, 0, 0, 0}},
    {ACT_SAMPLE,       "sample",       true,  false, true,
     {true, EPCIS_DELETE,  EPCIS_STEP_DECOMMISSIONING, EPCIS_DISP_INACTIVE}},
    {ACT_UNSAMPLE,     "unsample",     false, false, false, {false, 0, 0, 0}}, // a correction tells
    {ACT_DECOMMISSION, "decommission", true,  true,  true,
     {true, EPCIS_DELETE,  EPCIS_STEP_DECOMMISSIONING, EPCIS_DISP_INACTIVE}},
    {ACT_DESTROY,      "destroy",      true,  true,  true,
     {true, EPCIS_DELETE,  EPCIS_STEP_DESTROYING, EPCIS_DISP_DESTROYED}},
    {ACT_HOLD,         "hold",         false, false, false,
     {true, EPCIS_OBSERVE, EPCIS_STEP_HOLDING, EPCIS_DISP_NON_SELLABLE_OTHER}},
    {ACT_END_HOLD,     "end_hold",     false, false, false,
     {true, EPCIS_OBSERVE, EPCIS_STEP_INSPECTING, EPCIS_DISP_ACTIVE}},
    {ACT_RECALL,       "recall",       false, false, false,
     {true, EPCIS_OBSERVE, EPCIS_STEP_HOLDING, EPCIS_DISP_RECALLED}},
    {ACT_LOSE,         "lost",         true,  false, false,
     {true, EPCIS_OBSERVE, EPCIS_STEP_INSPECTING, EPCIS_DISP_UNKNOWN}},
    {ACT_STEAL,        "stolen",       true,  false, false,
     {true, EPCIS_OBSERVE, EPCIS_STEP_INSPECTING, EPCIS_DISP_STOLEN}},
    {ACT_FIND,         "found",        false, false, false,
     {true, EPCIS_OBSERVE, EPCIS_STEP_INSPECTING, EPCIS_DISP_ACTIVE}},
};
// clang-format on

static const struct row *row_of(enum unit_act act)
{
    for (size_t i = 0; i < LEN(rows); i++)
        if (rows[i].act == act) return &rows[i];
    return NULL;
}

const char *changed_word(enum unit_act act)
{
    const struct row *row = row_of(act);
    return row == NULL ? unit_act_name(act) : row->word;
}

struct changed_event changed_event_of(enum unit_act act)
{
    const struct row *row = row_of(act);
    return row == NULL ? (struct changed_event){0} : row->event;
}

// ---- what must be done before

struct looking { // for what must be done before
    struct before b;
    const struct report_ask *ask;
    const struct row *row;
    struct client_profile profile;
};

static bool wants_out(const struct looking *b)
{
    bool by_rule = b->profile.decommission_packed == PACKED_UNPACK;

    return b->row->unpacks && (b->ask->says_unpack ? b->ask->unpack : by_rule);
}

// Is it to come out of the container that it lies in? Not of one that is under way.
static bool comes_out(const struct looking *b, struct standing *s, const struct unit *x)
{
    return x->parent.v != 0 && wants_out(b) && standing_of(s, x, 0).state != UNIT_SHIPPED;
}

static void unpack_first(struct looking *b, struct unit_rows *rows_)
{
    struct inside *all = NEW_ARRAY(b->b.d->arena, struct inside, b->ask->units.units + 1);
    struct standing standing = {.t = b->b.d->t};
    uint32_t n = 0;
    unit_id u;

    b->b.no_room |= all == NULL;
    if (all == NULL || !wants_out(b)) return;
    for (struct run_walk w = runs_walk(&b->ask->units); run_next(&w, &u);) {
        struct unit x = unit_get(rows_, u);
        if (comes_out(b, &standing, &x)) all[n++] = (struct inside){x.parent, u};
    }
    before_unpack(&b->b, all, n);
}

// What the container holds beside units that the report itself names: these come out anyway.
static struct runs held_by(struct looking *b, unit_id container)
{
    struct runs all = children_get(b->b.d->t, container, b->b.d->arena);
    unit_id *rest = NEW_ARRAY(b->b.d->arena, unit_id, all.units + 1), u;
    uint32_t n = 0;

    b->b.no_room |= rest == NULL;
    if (rest == NULL) return (struct runs){0};
    for (struct run_walk w = runs_walk(&all); run_next(&w, &u);)
        if (!wants_out(b) || !runs_hold(&b->ask->units, u)) rest[n++] = u;
    return before_runs(&b->b, rest, n);
}

// Does it hold anything that must come out, now or once it is out itself?
static bool must_be_emptied(const struct looking *b, struct standing *s, const struct unit *x)
{
    bool stands = x->parent.v == 0 || comes_out(b, s, x);

    return b->row->empties && stands && (x->state == UNIT_OPEN || x->state == UNIT_CLOSED);
}

// Does all of it end with the container, by the client's profile or named beside it?
static bool all_end(const struct looking *b, const struct runs *held)
{
    unit_id u;

    if (b->profile.decommission_parent == PARENT_AND_CHILDREN) return true;
    for (struct run_walk w = runs_walk(held); run_next(&w, &u);)
        if (!runs_hold(&b->ask->units, u)) return false;
    return true;
}

// What a container holds comes out; by the client's profile it shares the container's fate.
static void empty_first(struct looking *b, struct unit_rows *rows_)
{
    struct standing standing = {.t = b->b.d->t};
    unit_id u;

    for (struct run_walk w = runs_walk(&b->ask->units); run_next(&w, &u);) {
        struct unit x = unit_get(rows_, u);
        if (!must_be_emptied(b, &standing, &x)) continue;
        struct runs held = held_by(b, u);
        if (held.units == 0) continue;
        struct report_ask *out = before_add(&b->b, REPORT_UNPACK);
        if (out != NULL) out->parent = u, out->units = held;
        if (out != NULL) out->ends = all_end(b, &held), out->goes_on = true;
        if (b->profile.decommission_parent != PARENT_AND_CHILDREN) continue;
        struct report_ask *fate = before_add(&b->b, b->ask->type);
        if (fate != NULL) fate->units = held;
    }
}

// What would forbid to empty it, once it lies in nothing itself, and to let its content share its
// fate.
static status may_be_emptied(struct looking *b, struct judge *j, unit_id container)
{
    struct unit alone = unit_get(&j->rows, container);
    struct runs held = held_by(b, container);
    struct unit_change change;
    unit_id u;

    if (held.units == 0) return OK;
    alone.parent = (unit_id){0};
    j->ends = all_end(b, &held);
    TRY(judge_guard(j, container, ACT_UNPACK_FROM, &alone, &change)); // its own offence comes first
    for (struct run_walk w = runs_walk(&held); run_next(&w, &u);) {
        struct unit x = unit_get(&j->rows, u);
        TRY(judge_guard(j, u, ACT_BE_UNPACKED, &x, &change));
        x.parent = (unit_id){0};
        if (b->profile.decommission_parent == PARENT_AND_CHILDREN)
            TRY(judge_guard(j, u, b->row->act, &x, &change));
    }
    return OK;
}

static bool shares_fate(const struct looking *b)
{
    return b->row->empties && b->profile.decommission_parent == PARENT_AND_CHILDREN;
}

// Where containers are ended with all that they hold, what does not come out of one is no more to
// be ended by itself: the table of states says so, before the container's end has ended it.
static status may_happen(struct looking *b, struct judge *j, unit_id u, const struct unit *x)
{
    struct unit_change change;

    return shares_fate(b) && x->parent.v != 0 ? judge_guard(j, u, b->row->act, x, &change) : OK;
}

static int by_unit(const void *a, const void *b)
{
    const unit_id *x = a, *y = b;

    return (x->v > y->v) - (x->v < y->v);
}

static bool is_one_of(const unit_id *all, uint32_t n, unit_id u)
{
    return n > 0 && bsearch(&u, all, n, sizeof u, by_unit) != NULL;
}

// Where by the client's profile what a container holds ends with it, it does not end, either, with
// something in it that is refused: that would be gone all the same.
static status keep_around(struct looking *b, struct judge *j)
{
    uint32_t out_n = j->out_n, n = 0;
    unit_id *out = NEW_ARRAY(b->b.d->arena, unit_id, out_n + 1), u;
    unit_id *around = NEW_ARRAY(b->b.d->arena, unit_id, (size_t)out_n * UNIT_DEPTH_MAX + 1);

    if (!shares_fate(b)) return OK;
    if (out == NULL || around == NULL) return no_memory();
    for (uint32_t i = 0; i < out_n; i++) {
        out[i] = u = j->out[i];
        for (unsigned depth = 0; depth < UNIT_DEPTH_MAX && u.v != 0; depth++)
            around[n++] = u = unit_get(&j->rows, u).parent;
    }
    qsort(out, out_n, sizeof *out, by_unit);
    qsort(around, n, sizeof *around, by_unit);
    for (struct run_walk w = runs_walk(&b->ask->units); run_next(&w, &u);)
        if (is_one_of(around, n, u) && !is_one_of(out, out_n, u))
            judge_offend(j, u,
                         fail(ST_CONFLICT, "unit.not_empty", 0,
                              "it holds what is refused, and that would end with it"));
    return OK;
}

// Where each unit stands for itself, those are refused first for which something could not be done
// before: what is left is done together.
static status sift(struct looking *b)
{
    struct decide *d = b->b.d;
    struct standing standing = {.t = d->t};
    struct judge j = {0};
    unit_id u;

    TRY(judge_begin(&j, d, &b->ask->units));
    for (struct run_walk w = runs_walk(&b->ask->units); run_next(&w, &u);) {
        struct unit x = unit_get(&j.rows, u);
        j.looked++;
        alike_put(&j.previous, x.last);
        j.ends = b->row->ends;
        status st =
            comes_out(b, &standing, &x) ? before_guard(&j, u, &x) : may_happen(b, &j, u, &x);
        if (st.cls == ST_OK && must_be_emptied(b, &standing, &x)) st = may_be_emptied(b, &j, u);
        if (st.cls != ST_OK) judge_offend(&j, u, st);
    }
    TRY(keep_around(b, &j));
    status st = judge_end(&j);
    buf_reset(d->out);
    return st;
}

// True: something must be done first, or *st says why not.
static bool look_before(struct decide *d, const struct row *row, status *st)
{
    struct looking b = {
        .b = {.d = d, .ask = d->ask, .ends = row->ends},
          .ask = d->ask, .row = row
    };
    struct unit_rows unit_rows;

    if (d->again || (!row->unpacks && !row->empties)) return false;
    *st = client_profile(d->t, b.ask->client, &b.profile);
    if (st->cls == ST_OK && b.ask->each) *st = sift(&b);
    if (st->cls != ST_OK) return true;
    unit_rows_read(&unit_rows, d->t);
    unpack_first(&b, &unit_rows);
    empty_first(&b, &unit_rows);
    return before_end(&b.b, st);
}

// ---- deciding

struct changing {
    struct judge j;
    const struct report_ask *ask;
    const struct row *row;
    struct level_reader levels;
    struct owner_reader owners;
    struct counts counts;
    struct buf bytes; // the changes
    struct alike_w changes;
    uint32_t lot;      // of the first unit
    uint64_t begun, n; // units
};

// A number that was never commissioned counts with the lot that it was asked for.
static uint32_t lot_of(struct changing *c, unit_id u, const struct unit *x)
{
    if (x->first != 0) return judge_lot_of(&c->j, u, x);
    return owner_lot_asked(&c->owners, u, c->ask->client);
}

// What came back in a container is at the site as well: it ends with none, and first leaves it as
// goods received one by one.
static bool ends_empty(struct changing *c, unit_id u, const struct unit *x)
{
    status st = fail(ST_CONFLICT, "unit.not_empty", 0,
                     "it holds what came back with it: receive that by itself first");

    if (!c->row->empties || x->state != UNIT_SHIPPED || children_count(c->j.d->t, u) == 0)
        return true;
    judge_offend(&c->j, u, st);
    return false;
}

// Of a number the lot that it was asked for says which lines report on it.
static bool is_of_line(struct changing *c, unit_id u, const struct unit *x, uint32_t lot)
{
    status st = x->first != 0 ? OK : judge_line(&c->j, lot);

    if (st.cls != ST_OK) judge_offend(&c->j, u, st);
    return st.cls == ST_OK;
}

static void change(struct changing *c, unit_id u)
{
    struct unit x, after;
    struct unit_change step = {0};
    struct counted of = {0};

    bool may = judge_change(&c->j, u, c->row->act, &x, &step) && ends_empty(c, u, &x);
    if (may) of.lot = lot_of(c, u, &x);
    if (may && is_of_line(c, u, &x, of.lot)) {
        after = x;
        unit_apply(&after, &step);
        if (of.lot != 0) of.level = level_of_unit(&c->levels, u, of.lot);
        counts_add(&c->counts, c->j.d->arena, &of); // touched, whatever is counted
        counts_step(&c->counts, c->j.d->arena, &of, &x, &after);
        if (c->n == 0) c->lot = of.lot;
        c->begun += x.first != 0 || judge_sorts(&c->j, u).is_foreign;
    }
    alike_put(&c->changes, (uint64_t)step.to << 16 | (uint64_t)step.set << 8 | step.clear);
    c->n++;
}

// REQ STATES-ONE-STATE: numbers and goods are not changed by one report.
static status check_mixed(const struct changing *c)
{
    if (c->begun == 0 || c->begun == c->n) return OK;
    return fail(ST_CONFLICT, "report.mixed", 0,
                "%llu of %llu units were commissioned, the others never: report them apart",
                (unsigned long long)c->begun, (unsigned long long)c->n);
}

static status put(struct changing *c)
{
    struct decide *d = c->j.d;
    struct digest16 repeat;
    bool has_repeat = repeat_digest(&c->ask->repeat, &repeat);

    alike_end(&c->changes);
    TRY(judge_end(&c->j));
    TRY(check_mixed(c));
    if (c->counts.no_room || c->bytes.failed) return no_memory();
    bytes_u(d->out, c->row->act, 1);
    bytes_u(d->out, has_repeat ? CHANGED_REPEAT : 0, 1);
    buf_add(d->out, buf_str(&c->bytes));
    counts_put(d->out, &c->counts);
    if (has_repeat) buf_add(d->out, (str){(const char *)repeat.b, sizeof repeat.b});
    d->fact->lot = c->lot;
    if (c->row->event.is_event && c->begun > 0) d->fact->flags |= FACT_IS_EVENT;
    return txn_status(d->t);
}

// REQ STATES-LOT-CLOSE: no label is printed for a lot that is closed (guard 6).
static status check_lots(const struct changing *c)
{
    if (c->row->act != ACT_PRINT) return OK;
    for (uint32_t i = 0; i < c->counts.n; i++) {
        enum lot_state s = lot_state_get(c->j.d->t, c->counts.at[i].lot);
        if (s != 0 && !lot_takes_commission(s))
            return fail(ST_CONFLICT, "lot.closed", 0,
                        "the numbers are for a lot that is %s, nothing more is printed for it",
                        lot_state_word(s));
    }
    return OK;
}

static status changed_decide(struct decide *d)
{
    const struct report_ask *ask = d->ask;
    struct changing c = {.ask = ask, .row = row_of(ask->act)};
    status st = OK;
    unit_id u;

    assert(c.row != NULL);
    d->fact->client = ask->client;
    TRY(repeat_look(d, ask));
    if (d->repeat_seq != 0) return OK;
    if (look_before(d, c.row, &st)) return st;
    TRY(judge_begin(&c.j, d, &ask->units));
    c.levels = (struct level_reader){.t = d->t, .names = c.j.names, .arena = d->arena};
    c.owners = (struct owner_reader){.names = c.j.names, .t = d->t};
    buf_init(&c.bytes, 64 * MB);
    c.changes.b = &c.bytes;
    for (struct run_walk w = runs_walk(&ask->units); run_next(&w, &u);) change(&c, u);
    st = check_lots(&c);
    if (st.cls == ST_OK) st = put(&c);
    buf_fini(&c.bytes);
    return st;
}

// ---- reading

struct unit_change changed_next(struct alike_r *r)
{
    uint64_t v = alike_get(r);
    return (struct unit_change){(enum unit_state)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
}

status changed_get(struct bytes_r *rest, uint64_t units, struct arena *a, struct changed *out)
{
    struct changed x = {.act = (enum unit_act)bytes_get_u(rest, 1)};
    unsigned flags = (unsigned)bytes_get_u(rest, 1);
    struct alike_r skip = {.in = rest};

    x.changes = *rest;
    for (uint64_t i = 0; i < units && !rest->bad;) { // a pair at a time
        if (alike_get(&skip) >> 16 >= UNIT_UNALLOCATED) rest->bad = true;
        i += 1 + skip.left;
        skip.left = 0;
    }
    bool sound = !rest->bad && counts_get(rest, a, &x.counts);
    x.has_repeat = flags & CHANGED_REPEAT;
    str repeat = x.has_repeat ? bytes_get_raw(rest, sizeof x.repeat.b) : (str){0};
    if (repeat.n == sizeof x.repeat.b) memcpy(x.repeat.b, repeat.p, repeat.n);
    if (!sound || !bytes_end(rest) || x.act == 0 || x.act >= ACT_END)
        return fail(ST_STORE, "record.corrupt", 0, "a fact about changed units breaks off");
    *out = x;
    return OK;
}

// ---- writing

static void write_units(struct unit_writing *w, const struct changed *x)
{
    struct bytes_r in = x->changes;
    struct alike_r changes = {.in = &in};
    struct cargo_marking around = {.t = w->t, .seq = w->f->seq};
    unit_id at;

    for (struct run_walk walk = runs_walk(&w->touched.runs); run_next(&walk, &at);) {
        struct unit u = unit_get(&w->rows, at);
        struct unit_change c = changed_next(&changes);
        unsigned before = u.flags;
        unit_apply(&u, &c);
        cargo_mark(&around, u.parent, before, u.flags);
        u.last = w->f->seq;
        often_note(w->t, w->f, at, &u);
        unit_put(&w->rows, at, &u);
    }
    cargo_mark_end(&around);
}

static void note(struct unit_writing *w, enum unit_act act)
{
    struct changed_event e = changed_event_of(act);
    struct noting n;

    noting_begin(&n, w->t, w->f, &w->arena);
    noting_event(&n, EPCIS_OBJECT, e.step, e.disposition);
    noting_read_point(&n, w->report.gln);
    noting_biz_location(&n, w->report.gln);
    noting_units(&n, &w->touched.runs);
    noting_end(&n);
}

// A number that was found is one more whose fate must be told: also of a released lot.
static void note_released(struct unit_writing *w, const struct counts *c)
{
    writing_flush(w);
    for (uint32_t i = 0; i < c->n; i++) {
        bool before = false;
        for (uint32_t k = 0; k < i; k++) before |= c->at[k].lot == c->at[i].lot;
        if (!before) released_note(w->t, w->f, c->at[i].lot);
    }
}

static void changed_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct unit_writing w;
    struct changed x;

    (void)arg;
    if (writing_begin(&w, t, f) &&
        changed_get(&w.own, w.touched.runs.units, &w.arena, &x).cls == ST_OK) {
        write_units(&w, &x);
        writing_counts(&w, &x.counts);
        if (f->kind_version > 1) note_released(&w, &x.counts);
        if (f->flags & FACT_IS_EVENT) note(&w, x.act);
        if (x.act == ACT_HOLD)
            hold_put(t, &(struct hold){
                            .id = f->seq, .client = f->client, .units = w.touched.runs.units});
        if (x.has_repeat) repeat_write(t, f, &w.report, &x.repeat);
    } else {
        txn_spoil(t, "record.corrupt", "changed units");
    }
    writing_end(&w);
}

static void changed_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct report report;
    struct touched touched;
    struct bytes_r own;
    struct changed x;
    struct arena a;

    (void)arg;
    report_print(f, w);
    arena_init(&a, 256 * MB);
    if (report_get(f->decided, &a, &report, &touched, &own).cls == ST_OK &&
        changed_get(&own, touched.runs.units, &a, &x).cls == ST_OK)
        json_w_kstr(w, "act", str_of(changed_word(x.act)));
    arena_fini(&a);
}

const struct kind kind_units_changed_1 = {
    FACT_UNITS_CHANGED, 1, "units.changed", NULL, changed_write, changed_print, NULL};
const struct kind kind_units_changed = {
    FACT_UNITS_CHANGED, 2, "units.changed", changed_decide, changed_write, changed_print, NULL};
