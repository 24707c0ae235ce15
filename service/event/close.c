// `container.closed`: a container is done, full or short of it on somebody's word. decided part:
// contents.h. An event for those alone who want containers told whole.
#include "service/event/often.h"
#include "service/event/report_int.h"
#include "service/tree/tree_db.h"

struct closing {
    struct judge j;
    const struct report_ask *ask;
    struct level_reader levels;
    struct contents own;
};

// How many fill it, told by the first that it holds, also whose lot it goes by where it has none
// itself; 0: nobody said.
static uint64_t nominal_of(struct closing *c)
{
    unit_id first = children_first(c->j.d->t, c->ask->parent);
    uint32_t its = judge_lot_within(&c->j, first), lot = c->own.lot != 0 ? c->own.lot : its;
    uint8_t below = level_of_unit(&c->levels, first, its);
    uint8_t level = level_of_unit(&c->levels, c->ask->parent, lot);
    const struct shape *s = level_shape(&c->levels, lot);

    return s == NULL ? 0 : shape_nominal(s, level, below);
}

static status check_count(struct closing *c)
{
    uint64_t now = children_count(c->j.d->t, c->ask->parent);
    status empty = fail(ST_CONFLICT, "close.empty", 0, "parent: there is nothing in it");

    if (now == 0) return judge_offend(&c->j, c->ask->parent, empty), empty;
    uint64_t nominal = nominal_of(c);
    if (c->ask->partial && (nominal == 0 || now < nominal)) c->own.flags |= CONTENTS_PARTIAL;
    if (c->ask->partial || now >= nominal) return OK;
    status few = fail(ST_CONFLICT, "close.partial", 0,
                      "parent: it holds %llu of %llu: say partial, by and reason",
                      (unsigned long long)now, (unsigned long long)nominal);
    judge_offend(&c->j, c->ask->parent, few);
    return few;
}

// A partial case is covered by the signature of its lot's release, or comes before it.
static status check_released(struct closing *c)
{
    bool covered = c->own.flags & CONTENTS_PARTIAL && !judge_sorts(&c->j, c->ask->parent).is_sscc;
    status st = covered ? judge_unreleased(&c->j, c->own.lot) : OK;

    if (st.cls != ST_OK) judge_offend(&c->j, c->ask->parent, st);
    return st;
}

static status close_decide(struct decide *d)
{
    const struct report_ask *ask = d->ask;
    struct closing c = {.ask = ask, .own.flags = CONTENTS_CLOSES};
    struct runs one = {
        &(struct run){ask->parent, 1},
         1, 1
    };
    struct unit x;

    TRY(judge_begin(&c.j, d, &one));
    if (d->repeat_seq != 0) return OK;
    d->nothing = ask->unless_done && unit_one(d->t, ask->parent).state == UNIT_CLOSED;
    if (d->nothing) return OK;
    c.levels = (struct level_reader){.t = d->t, .names = c.j.names, .arena = d->arena};
    (void)judge_unit(&c.j, ask->parent, ACT_CLOSE, &x);
    TRY(judge_end(&c.j));
    c.own.lot = d->fact->lot = judge_header(&c.j, x.first)->lot;
    c.own.level_before = c.own.level = level_of_unit(&c.levels, ask->parent, c.own.lot);
    TRY(check_count(&c));
    TRY(check_released(&c));
    d->fact->flags |= FACT_IS_EVENT;
    c.own.has_repeat = repeat_digest(&ask->repeat, &c.own.repeat);
    contents_put(d->out, d->fact, &c.own);
    return txn_status(d->t);
}

static void close_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct unit_writing w;
    struct contents own;

    (void)arg;
    if (writing_begin(&w, t, f) && contents_read(&w, &own).cls == ST_OK) {
        unit_id parent = w.touched.runs.at[0].first;
        struct unit x = unit_get(&w.rows, parent);
        x.state = UNIT_CLOSED;
        if (own.flags & CONTENTS_PARTIAL) x.flags |= UNIT_PARTIAL;
        x.last = f->seq;
        often_note(t, f, parent, &x);
        unit_put(&w.rows, parent, &x);
        contents_count(&w, &own, 1);
        if (own.has_repeat) repeat_write(t, f, &w.report, &own.repeat);
    } else {
        txn_spoil(t, "record.corrupt", "a closed container");
    }
    writing_end(&w);
}

const struct kind kind_container_closed = {
    FACT_CONTAINER_CLOSED, 1, "container.closed", close_decide, close_write, contents_print, NULL};
