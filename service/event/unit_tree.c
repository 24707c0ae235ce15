// GET /v1/units/{unit}/tree?depth=: what lies inside, nested, streamed.
//
// A pallet of a case of cases may hold a million units, so that the answer goes out in slices, each
// read in a snapshot of its own. The children of a container are taken together when it is come to:
// each container is told as it stood then, and nothing is told twice or left out because a
// neighbour was moved meanwhile.
#include "service/event/inside.h"
#include "service/event/units_int.h"
#include <string.h>

#define SLICE_UNITS 250u // at least; about 0.1 ms of the loop, and no buffer that malloc must map
#define SLICE_PAST  50u  // whose chains of facts are read
#define SLICE_BYTES MB   // their ceiling as JSON

struct level {
    struct unit_view container;
    struct runs children;
    struct run_walk walk; // of children
};

struct tree {
    enum gs1_form form;
    bool is_past;
    wall now;           // then
    uint32_t depth;     // levels to tell below the top
    uint32_t open;      // containers that are being told: levels[0..open-1]
    bool first;         // the next child is the first of its parent
    struct arena *kept; // of the request; texts lie in one of the slice
    struct level levels[UNIT_DEPTH_MAX];
};

// Writes a unit; where its children follow, its object and their array stay open.
static void write_node(struct unit_reader *u, const struct unit_view *v, bool opens, struct buf *b)
{
    const struct lot *l = unit_view_lot(u, v);
    struct json_w w = json_writer(b);

    json_w_object(&w);
    json_w_kstr(&w, "unit", unit_spelled(u, v->unit));
    json_w_kstr(&w, "state", str_of(unit_view_state(v)));
    if (!v->is_sscc) json_w_kstr(&w, "gtin", (str){v->gtin, sizeof v->gtin});
    if (l != NULL) json_w_kstr(&w, "lot", l->lot);
    if (opens) {
        json_w_key(&w, S("children"));
        json_w_array(&w);
    } else {
        json_w_end(&w);
    }
}

static status enter(struct tree *tr, struct unit_reader *u, const struct unit_view *v,
                    struct buf *b)
{
    bool opens = v->is_container && tr->open < tr->depth;

    write_node(u, v, opens, b);
    if (!opens) return u->st;
    struct level *l = &tr->levels[tr->open++];
    TRY(unit_children(u, v->unit, tr->kept, &l->children));
    l->container = *v;
    l->walk = runs_walk(&l->children);
    tr->first = true;
    return u->st;
}

// ---- packs alike

// How many of the run, from its unit `at` on, are told in the same words but for their numbers.
static uint32_t alike_count(struct unit_reader *u, const struct run *r, uint32_t at)
{
    struct unit first = unit_get(&u->rows, (unit_id){r->first.v + at}), x;
    uint32_t n = 1;

    for (; at + n < r->count; n++) {
        x = unit_get(&u->rows, (unit_id){r->first.v + at + n});
        if (x.state != first.state || x.first != first.first) break;
    }
    return n;
}

// What stands before and after each number, the comma to its neighbour included.
static status frame_of(struct unit_reader *u, const struct unit_view *v, struct names_frame *out)
{
    const struct lot *l = unit_view_lot(u, v);
    struct buf b;
    str all;

    buf_init(&b, 4 * KB);
    buf_addf(&b, ",{\"unit\":\"(01)%.14s(21)", v->gtin);
    size_t before = b.n;
    buf_addf(&b, "\",\"state\":\"%s\",\"gtin\":\"%.14s\"", unit_view_state(v), v->gtin);
    struct json_w w = json_writer(&b);
    if (l != NULL) {
        buf_add(&b, S(",\"lot\":"));
        json_w_str(&w, l->lot);
    }
    buf_addc(&b, '}');
    status st = buf_done(&b, &all);
    if (st.cls == ST_OK) all = arena_str(u->arena, all);
    buf_fini(&b);
    *out = (struct names_frame){
        {all.p, before},
        str_from(all, before)
    };
    return st.cls == ST_OK && all.p == NULL ? no_memory() : st;
}

// After the first of a run: as many of its neighbours as may be told at once. *told 0: none.
static status tell_alike(struct tree *tr, struct unit_reader *u, const struct unit_view *first,
                         struct buf *b, uint32_t *told)
{
    struct run_walk *w = &tr->levels[tr->open - 1].walk;
    struct names_frame frame;

    *told = 0;
    if (first->is_container || first->is_sscc || tr->form != GS1_BRACKETED || w->at == 0) return OK;
    const struct run *r = &w->runs->at[w->run];
    uint32_t at = w->at - 1, n = alike_count(u, r, at) - 1;
    if (n == 0 || w->run >= w->runs->n) return OK;
    TRY(frame_of(u, first, &frame));
    struct run more = {{r->first.v + at + 1}, n};
    if (!names_framed(u->names, u->t, more, &frame, b)) return OK;
    *told = n;
    w->at += n;
    if (w->at == r->count) w->run++, w->at = 0;
    return OK;
}

static status next(struct tree *tr, struct unit_reader *u, struct buf *b, uint32_t *cost)
{
    struct level *l = &tr->levels[tr->open - 1];
    struct unit_view v;
    unit_id child;

    if (!run_next(&l->walk, &child)) {
        buf_add(b, S("]}"));
        tr->open--;
        tr->first = false;
        return OK;
    }
    if (!tr->first) buf_addc(b, ',');
    tr->first = false;
    TRY(unit_view_inside(u, child, &l->container, &v));
    uint32_t told;
    if (v.is_container) return enter(tr, u, &v, b);
    TRY(enter(tr, u, &v, b));
    TRY(tell_alike(tr, u, &v, b, &told));
    *cost += told;
    return OK;
}

static status slice(struct tree *tr, struct unit_reader *u, struct buf *b)
{
    uint32_t most = tr->is_past ? SLICE_PAST : SLICE_UNITS;

    for (uint32_t cost = 0; cost < most && tr->open > 0; cost++) TRY(next(tr, u, b, &cost));
    return OK;
}

// Trouble once the answer has begun cuts it short: what came is then no JSON, and cannot be taken
// for the whole.
static void go_on(struct http_req *r)
{
    struct tree *tr = r->work;
    struct unit_reader u;
    struct arena texts;
    struct buf b;
    str text;

    arena_init(&texts, 2 * SLICE_BYTES);
    unit_reader_init(&u, api_site(r), api_snapshot(r), &texts); // whoever sees the top sees all
    u.form = tr->form;
    if (tr->is_past) u.now = tr->now;
    u.is_past = tr->is_past;
    buf_init(&b, SLICE_BYTES);
    status st = units_close(r, &u, slice(tr, &u, &b));
    if (st.cls == ST_OK) st = buf_done(&b, &text);
    if (st.cls == ST_OK) http_reply_write(r, text);
    buf_fini(&b);
    arena_fini(&texts);
    if (st.cls != ST_OK || tr->open == 0) http_reply_end(r);
}

static bool depth_of(struct http_req *r, uint32_t *depth)
{
    uint64_t n = UNIT_DEPTH_MAX;
    str v;

    if (http_query(r, S("depth"), &v) && (!str_u64(v, UNIT_DEPTH_MAX, &n) || n == 0)) {
        http_problem(r,
                     fail(ST_BAD_INPUT, "depth.range", 0, "depth: 1 to %u levels", UNIT_DEPTH_MAX),
                     S(""));
        return false;
    }
    *depth = (uint32_t)n;
    return true;
}

static status begin(struct http_req *r, struct tree *tr, struct unit_reader *u, struct buf *b)
{
    struct unit_view v;

    TRY(unit_look(u, r->param[0], &v));
    return enter(tr, u, &v, b);
}

void unit_tree_show(struct http_req *r)
{
    struct tree *tr = NEW(&r->arena, struct tree);
    struct unit_reader u;
    uint32_t depth;
    struct buf b;

    if (!depth_of(r, &depth) || !units_open(r, &u)) return;
    assert(tr != NULL); // the arena is new
    tr->kept = &r->arena;
    tr->form = u.form;
    tr->is_past = u.is_past;
    tr->now = u.now;
    tr->depth = depth;
    r->work = tr;
    buf_init(&b, SLICE_BYTES);
    status st = units_close(r, &u, begin(r, tr, &u, &b));
    if (st.cls != ST_OK || tr->open == 0) {
        units_reply(r, st, &b);
        return;
    }
    http_reply_start(r, 200, "application/json", go_on, NULL);
    http_reply_write(r, buf_str(&b));
    buf_fini(&b);
}
