// GET /v1/units/{unit}/tree?depth=: what lies inside, nested, streamed. As JSON with what each unit
// is, or as text: an identifier a line, under its container and one blank further in.
//
// A pallet of a case of cases may hold a million units, so that the answer goes out in slices, each
// read in a snapshot of its own. The children of a container are taken together when it is come to:
// each container is told as it stood then, and nothing is told twice or left out because a
// neighbour was moved meanwhile.
#include "service/event/inside.h"
#include "service/event/units_int.h"
#include <string.h>

#define SLICE_UNITS 500u  // at least; about 0.1 ms of the loop, and no buffer that malloc must map
#define SLICE_LINES 4000u // of text, which costs a third; one container as much as LINES_BOX packs
#define LINES_BOX   10u
#define SLICE_PAST  50u                              // whose chains of facts are read
#define SLICE_BYTES MB                               // their ceiling as JSON
#define LINE_MAX    (UNIT_DEPTH_MAX + 4u + 14u + 4u) // blanks, (01), GTIN, (21)

static const char *const types[] = {"application/json", "text/plain"}; // by is_text

struct level {
    struct unit_view container;
    struct runs children;
    struct run_walk walk; // of children
};

struct tree {
    enum gs1_form form;
    bool is_text;
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

static bool opens(const struct tree *tr, const struct unit_view *v)
{
    return v->is_container && tr->open < tr->depth;
}

// After it was written.
static status enter(struct tree *tr, struct unit_reader *u, const struct unit_view *v)
{
    if (!opens(tr, v)) return u->st;
    struct level *l = &tr->levels[tr->open++];
    TRY(unit_children(u, v->unit, tr->kept, &l->children));
    l->container = *v;
    l->walk = runs_walk(&l->children);
    tr->first = true;
    return u->st;
}

// What is left of the run that the walk has come to.
static struct run run_rest(const struct run_walk *w)
{
    struct run r = w->runs->at[w->run];
    return (struct run){{r.first.v + w->at}, r.count - w->at};
}

static void run_skip(struct run_walk *w, uint32_t n)
{
    w->at += n;
    if (w->at == w->runs->at[w->run].count) w->run++, w->at = 0;
}

// ---- packs alike

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

// Of the packs that come next, as many as may be told at once. *told 0: none.
static status tell_alike(struct tree *tr, struct unit_reader *u, const struct unit_view *next,
                         struct names_later *later, uint32_t *told)
{
    struct run_walk *w = &tr->levels[tr->open - 1].walk;
    struct run r = run_rest(w), one = {r.first, 1};
    struct names_frame frame, first;

    *told = 0;
    if (next->is_container || next->is_sscc || tr->form != GS1_BRACKETED) return OK;
    // What a unit's words hang on, beside its container's.
    r.count = units_alike(&u->rows, r.first, r.count < SLICE_UNITS ? r.count : SLICE_UNITS);
    TRY(frame_of(u, next, &frame));
    first = (struct names_frame){str_from(frame.before, tr->first), frame.after};
    if (!names_later(later, one, &first)) return OK;
    if (r.count > 1) (void)names_later(later, (struct run){{r.first.v + 1}, r.count - 1}, &frame);
    run_skip(w, r.count);
    tr->first = false;
    *told = r.count;
    return OK;
}

static status next_node(struct tree *tr, struct unit_reader *u, struct names_later *later,
                        uint32_t *cost)
{
    struct level *l = &tr->levels[tr->open - 1];
    struct buf *b = later->out;
    struct unit_view v;
    uint32_t told;

    ++*cost;
    if (l->walk.run == l->children.n) {
        buf_add(b, S("]}"));
        tr->open--;
        tr->first = false;
        return OK;
    }
    unit_id child = run_rest(&l->walk).first;
    TRY(unit_view_inside(u, child, &l->container, &v));
    TRY(tell_alike(tr, u, &v, later, &told));
    *cost += told;
    if (told > 0) return OK;
    run_skip(&l->walk, 1);
    if (!tr->first) buf_addc(b, ',');
    tr->first = false;
    write_node(u, &v, opens(tr, &v), b);
    return enter(tr, u, &v);
}

// ---- lines

// What stands before and after the bare text of units of the space.
static struct names_frame line_of(const struct tree *tr, const struct space_row *s,
                                  char room[LINE_MAX])
{
    uint32_t n = tr->open;

    memset(room, ' ', n);
    memcpy(room + n, s->sort == SPACE_OF_SSCC ? "(00)" : "(01)", 4);
    n += 4;
    if (s->sort != SPACE_OF_SSCC) {
        memcpy(room + n, s->gtin, sizeof s->gtin);
        memcpy(room + n + sizeof s->gtin, "(21)", 4);
        n += (uint32_t)sizeof s->gtin + 4;
    }
    return (struct names_frame){
        {room, n},
        S("\n")
    };
}

static void write_line(const struct tree *tr, struct unit_reader *u, unit_id unit, struct buf *b)
{
    for (uint32_t i = 0; i < tr->open; i++) buf_addc(b, ' ');
    buf_add(b, unit_spelled(u, unit));
    buf_addc(b, '\n');
}

static void write_lines(const struct tree *tr, struct unit_reader *u, struct run r,
                        const struct space_row *s, struct names_later *later)
{
    char room[LINE_MAX];
    struct names_frame line = line_of(tr, s, room);

    if (tr->form == GS1_BRACKETED && s->sort != SPACE_OF_FOREIGN && names_later(later, r, &line))
        return;
    for (uint32_t i = 0; i < r.count; i++) write_line(tr, u, (unit_id){r.first.v + i}, later->out);
}

// The rows of units need not be read: what they are is not told, and what lies in them stands with
// their container.
static status next_lines(struct tree *tr, struct unit_reader *u, struct names_later *later,
                         uint32_t *cost)
{
    struct level *l = &tr->levels[tr->open - 1];
    struct unit_view v = {0};

    ++*cost;
    if (l->walk.run == l->children.n) {
        tr->open--;
        return OK;
    }
    struct run r = run_rest(&l->walk);
    const struct space_row *s = names_space(u->names, u->t, unit_space(r.first));
    if (s == NULL) return fail(ST_STORE, "store.corrupt", 0, "a unit of no space in a container");
    bool foreign = s->sort == SPACE_OF_FOREIGN, holds = foreign || space_is_container(s);
    if (r.count > (holds ? 1 : SLICE_LINES)) r.count = holds ? 1 : SLICE_LINES;
    run_skip(&l->walk, r.count);
    write_lines(tr, u, r, s, later);
    *cost += !holds ? r.count : tr->is_past ? SLICE_LINES / SLICE_PAST : LINES_BOX;
    if (!holds) return OK;
    if (foreign)
        TRY(unit_view_inside(u, r.first, &l->container, &v));
    else
        v = (struct unit_view){.unit = r.first, .is_container = true};
    return enter(tr, u, &v);
}

// ---- slices

static status slice(struct tree *tr, struct unit_reader *u, struct buf *b)
{
    status (*next)(struct tree *, struct unit_reader *, struct names_later *, uint32_t *) =
        tr->is_text ? next_lines : next_node;
    uint32_t most = tr->is_text ? SLICE_LINES : tr->is_past ? SLICE_PAST : SLICE_UNITS;
    struct names_later later;
    status st = OK;

    names_later_init(&later, u->names, u->t, b);
    for (uint32_t cost = 0; cost < most && tr->open > 0 && st.cls == ST_OK;)
        st = next(tr, u, &later, &cost);
    names_now(&later);
    return st;
}

// Trouble once the answer has begun breaks it off, so that what came is not taken for the whole.
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
    if (st.cls == ST_OK) http_reply_write_buf(r, &b);
    buf_fini(&b);
    arena_fini(&texts);
    if (st.cls != ST_OK)
        http_reply_break(r);
    else if (tr->open == 0)
        http_reply_end(r);
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
    if (!tr->is_text) {
        write_node(u, &v, opens(tr, &v), b);
        return enter(tr, u, &v);
    }
    write_line(tr, u, v.unit, b);
    TRY(enter(tr, u, &v));
    return slice(tr, u, b);
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
    tr->is_text = http_negotiate(r, types, LEN(types)) == 1;
    tr->is_past = u.is_past;
    tr->now = u.now;
    tr->depth = depth;
    r->work = tr;
    buf_init(&b, SLICE_BYTES);
    status st = units_close(r, &u, begin(r, tr, &u, &b));
    if (st.cls == ST_OK && tr->open == 0 && tr->is_text) {
        http_reply_buf(r, 200, types[1], &b);
        return;
    }
    if (st.cls != ST_OK || tr->open == 0) {
        units_reply(r, st, &b);
        return;
    }
    http_reply_start(r, 200, types[tr->is_text], go_on, NULL);
    http_reply_write_buf(r, &b);
}
