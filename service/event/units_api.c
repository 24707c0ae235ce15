// GET /v1/units/{unit}, GET /v1/units. Everything is read in one snapshot of the request's loop.
#include "service/event/units_api.h"
#include "common/bytes.h"
#include "service/event/inside.h"
#include "service/event/report.h"
#include "service/event/units_int.h"
#include "service/event/waiting.h"
#include <string.h>

#define LOOKED_AT_MAX  20000u // units looked at for one page, whether or not they match
#define FACTS_AT_ONCE  64u
#define PAST_UNITS_MAX 20000u // inside a container, at a past time
#define PAST_SORTS_MAX 256u   // GTINs and lots of them; more are not told
#define INDEX_BITS     24     // of a unit in its fact: far more than a report may name

// ---- what the handlers share

static bool form_of(struct http_req *r, enum gs1_form *out)
{
    static const struct {
        const char *word;
        enum gs1_form form;
    } forms[] = {
        {"bracketed", GS1_BRACKETED},
        {"dl",        GS1_DL       },
        {"urn",       GS1_URN      },
    };
    str v;

    if (!http_query(r, S("form"), &v)) return *out = GS1_BRACKETED, true;
    for (size_t i = 0; i < LEN(forms); i++)
        if (str_eq(v, str_of(forms[i].word))) return *out = forms[i].form, true;
    http_problem(r, fail(ST_BAD_INPUT, "form.unknown", 0, "form: bracketed, dl or urn"), S(""));
    return false;
}

bool units_time(struct http_req *r, str name, wall *out, bool *said)
{
    struct moment m;
    str v;

    if (!http_query(r, name, &v)) return true;
    status st = when_read(v, &m);
    if (st.cls != ST_OK) return http_problem(r, st, S("")), false;
    *out = m.at;
    *said = true;
    return true;
}

bool units_open(struct http_req *r, struct unit_reader *u)
{
    enum gs1_form form;

    if (!form_of(r, &form)) return false;
    unit_reader_init(u, api_site(r), api_snapshot(r), &r->arena);
    u->caller = caller_of(r);
    u->form = form;
    if (!units_time(r, S("at"), &u->now, &u->is_past)) {
        (void)api_snapshot_end(r, OK).cls;
        return false;
    }
    return true;
}

status units_close(struct http_req *r, struct unit_reader *u, status st)
{
    return api_snapshot_end(r, st.cls == ST_OK ? u->st : st);
}

void units_reply(struct http_req *r, status st, struct buf *json)
{
    if (st.cls == ST_OK) {
        api_reply(r, 200, json);
        return;
    }
    buf_fini(json);
    http_problem(r, st, S(""));
}

// ---- one unit

struct counted { // by GTIN and lot, whatever spaces the numbers are of
    char gtin[14];
    uint32_t lot;
    uint64_t count;
};

static void add_counted(struct counted *all, uint32_t *n, const struct counted *one)
{
    for (uint32_t i = 0; i < *n; i++) {
        if (all[i].lot != one->lot || memcmp(all[i].gtin, one->gtin, sizeof one->gtin) != 0)
            continue;
        all[i].count += one->count;
        return;
    }
    all[(*n)++] = *one;
}

struct past_count {
    struct counted all[PAST_SORTS_MAX];
    uint32_t n;
    uint64_t units;
};

static status past_inside(struct unit_reader *u, unit_id container, unsigned depth,
                          struct past_count *c)
{
    struct runs children;
    struct fact first;
    unit_id at;

    TRY(unit_children(u, container, u->arena, &children));
    c->units += children.units;
    if (depth == 0 || c->units > PAST_UNITS_MAX)
        return fail(ST_TOO_LARGE, "past.too_large", 0, "at: more than %u units lay inside",
                    PAST_UNITS_MAX);
    for (struct run_walk w = runs_walk(&children); run_next(&w, &at);) {
        const struct space_row *s = names_space(u->names, u->t, unit_space(at));
        if (s == NULL) continue;
        struct counted one = {.count = 1};
        uint64_t seq = unit_get(&u->rows, at).first; // of a child then, it is what it is now
        bool named = s->sort == SPACE_OF_SGTIN || s->sort == SPACE_OF_LIST;
        bool inside = space_is_container(s);
        memcpy(one.gtin, s->gtin, sizeof one.gtin);
        if (seq != 0) TRY(journal_get_header(u->t, seq, &first));
        if (seq != 0) one.lot = first.lot;
        if (named && c->n < PAST_SORTS_MAX) add_counted(c->all, &c->n, &one);
        if (inside) TRY(past_inside(u, at, depth - 1, c));
    }
    return OK;
}

static status count_past(struct unit_reader *u, unit_id container, struct counted **all,
                         uint32_t *n)
{
    struct past_count *c = NEW(u->arena, struct past_count);

    if (c == NULL) return no_memory();
    TRY(past_inside(u, container, UNIT_DEPTH_MAX, c));
    *all = c->all;
    *n = c->n;
    return OK;
}

static status count_contents(struct unit_reader *u, unit_id container, struct counted **all,
                             uint32_t *n)
{
    struct inside_reader r = {u->t, u->names, u->arena};
    struct inside c;

    if (u->is_past) return count_past(u, container, all, n);
    TRY(inside_of(&r, container, &c));
    *n = 0;
    *all = NEW_ARRAY(u->arena, struct counted, c.n + 1);
    if (*all == NULL) return no_memory();
    for (uint32_t i = 0; i < c.n; i++) {
        const struct space_row *s = names_space(u->names, u->t, c.parts[i].space);
        struct counted one = {.lot = c.parts[i].lot, .count = c.parts[i].count};
        if (s == NULL || s->sort == SPACE_OF_SSCC || s->sort == SPACE_OF_FOREIGN)
            continue; // it has neither; what it holds does
        memcpy(one.gtin, s->gtin, sizeof one.gtin);
        add_counted(*all, n, &one);
    }
    return OK;
}

// Everything inside that has a GTIN, at any depth: a pallet tells its packs, not only its cases.
static status write_contents(struct unit_reader *u, const struct unit_view *v, struct json_w *w)
{
    struct counted *all = NULL;
    uint32_t n = 0;

    if (v->is_container) TRY(count_contents(u, v->unit, &all, &n));
    json_w_key(w, S("contents"));
    json_w_array(w);
    for (uint32_t i = 0; i < n; i++) {
        struct unit_view of = {.lot = all[i].lot};
        const struct lot *l = unit_view_lot(u, &of);
        json_w_object(w);
        json_w_kstr(w, "gtin", (str){all[i].gtin, sizeof all[i].gtin});
        json_w_kstr(w, "lot", l == NULL ? S("") : l->lot);
        json_w_kint(w, "count", (int64_t)all[i].count);
        json_w_end(w);
    }
    json_w_end(w);
    return OK;
}

// Captured events that name the unit and wait for numbers to be commissioned.
static void write_waiting(struct unit_reader *u, const struct unit_view *v, struct json_w *w)
{
    struct waiting_at all[WAITING_MAX];
    uint32_t n = v->last_event == 0 ? 0 : waiting_of(u->t, v->unit, all);
    struct waiting x;
    struct buf until;

    if (n == 0) return;
    json_w_key(w, S("waiting"));
    json_w_array(w);
    for (uint32_t i = 0; i < n; i++) {
        if (!waiting_get(u->t, all[i].seq, &x)) continue;
        json_w_object(w);
        json_w_kint(w, "seq", (int64_t)unit_shown_seq(u, all[i].seq));
        json_w_kint(w, "for", x.left);
        buf_init(&until, 64);
        when_write(&until, (struct moment){.at = x.until});
        json_w_kstr(w, "until", buf_str(&until));
        buf_fini(&until);
        json_w_end(w);
    }
    json_w_end(w);
}

// What an imported number carries beside its serial, as it came.
static void write_attributes(struct unit_reader *u, const struct unit_view *v, struct json_w *w)
{
    const struct space_row *s = names_space(u->names, u->t, unit_space(v->unit));
    struct list_number x;
    str name, value;

    if (s == NULL || s->sort != SPACE_OF_LIST || !list_number_get(u->t, v->unit, &x)) return;
    struct bytes_pairs pairs = bytes_pairs(x.attributes);
    if (pairs.left == 0) return;
    json_w_key(w, S("attributes"));
    json_w_object(w);
    while (bytes_pair(&pairs, &name, &value)) {
        json_w_key(w, name);
        json_w_str(w, value);
    }
    json_w_end(w);
}

static status write_one(struct unit_reader *u, str spelling, struct json_w *w)
{
    struct unit_view v;

    TRY(unit_look(u, spelling, &v));
    json_w_object(w);
    unit_view_write(u, &v, w);
    TRY(write_contents(u, &v, w));
    unit_view_write_seqs(&v, w);
    write_attributes(u, &v, w);
    write_waiting(u, &v, w);
    json_w_end(w);
    return OK;
}

static void unit_show(struct http_req *r)
{
    struct unit_reader u;
    struct buf b;

    if (!units_open(r, &u)) return;
    buf_init(&b, 4 * MB);
    struct json_w w = json_writer(&b);
    units_reply(r, units_close(r, &u, write_one(&u, r->param[0], &w)), &b);
}

// ---- many units

struct listing {
    struct unit_reader u;
    str parent, lot, state; // empty: not asked for
    bool has_gtin;
    char gtin[14];
    struct json_w w;
    uint32_t limit, count, looked_at;
    uint64_t from; // where to begin
    uint64_t next; // where to go on; 0: that was all
};

// False when the page is full: the unit at `place` is the next page's. NULL: it is not the caller's
// to see (a lot is shipped to several distributors).
static bool take(struct listing *l, const struct unit_view *v, uint64_t place)
{
    if (l->count == l->limit || l->looked_at == LOOKED_AT_MAX) return l->next = place, false;
    l->looked_at++;
    if (v == NULL) return true;
    if (l->state.n > 0 && !str_eq(l->state, str_of(unit_view_state(v)))) return true;
    if (l->has_gtin && (v->is_sscc || memcmp(l->gtin, v->gtin, sizeof l->gtin) != 0)) return true;
    json_w_object(&l->w);
    unit_view_write(&l->u, v, &l->w);
    unit_view_write_seqs(v, &l->w);
    json_w_end(&l->w);
    l->count++;
    return true;
}

static bool is_of_lot(struct listing *l, const struct unit_view *v)
{
    if (l->lot.n == 0) return true;
    const struct lot *lot = unit_view_lot(&l->u, v);
    return lot != NULL && str_eq(lot->lot, l->lot);
}

// A place is the number of children before it.
static status list_children(struct listing *l)
{
    struct unit_view parent, v;
    struct runs children;
    uint64_t place = 0;
    unit_id u;

    TRY(unit_look(&l->u, l->parent, &parent));
    TRY(inside_directly(l->u.t, parent.unit, l->u.arena, &children));
    for (struct run_walk w = runs_walk(&children); run_next(&w, &u); place++) {
        if (place < l->from) continue;
        TRY(unit_view_inside(&l->u, u, &parent, &v));
        if (is_of_lot(l, &v) && !take(l, &v, place)) break;
    }
    return OK;
}

// Facts that a unit may have its lot from.
static bool gives_lot(const struct fact *f)
{
    bool told = f->kind == FACT_EVENT_CAPTURED || f->kind == FACT_CAPTURE_APPLIED;

    return told || (f->kind >= FACT_UNITS_COMMISSIONED && f->kind <= FACT_LABELS_SAMPLED);
}

// Those units of a fact that got their lot from it. A place is the fact's seq and the unit's index.
// One that counts with the lot may have given another one: numbers are asked for with one lot and
// begin with another.
static status list_fact(struct listing *l, uint32_t lot, uint64_t seq, struct arena *scratch,
                        bool *more)
{
    struct report report;
    struct touched touched;
    struct bytes_r rest;
    struct unit_view v;
    struct fact f;
    unit_id u;
    uint64_t place = seq << INDEX_BITS;

    TRY(journal_get(l->u.t, seq, scratch, &f));
    if (!gives_lot(&f) || f.lot != lot) return OK;
    TRY(report_get(f.decided, scratch, &report, &touched, &rest));
    for (struct run_walk w = runs_walk(&touched.runs); *more && run_next(&w, &u); place++) {
        if (place < l->from) continue;
        if (unit_get(&l->u.rows, u).first != seq) continue;
        status st = unit_view_get(&l->u, u, &v);
        if (st.cls != ST_OK && st.cls != ST_NOT_FOUND) return st;
        *more = take(l, st.cls == ST_OK ? &v : NULL, place);
    }
    return OK;
}

static status list_facts(struct listing *l, const struct lot *lot, struct arena *scratch)
{
    uint64_t seqs[FACTS_AT_ONCE], from = l->from >> INDEX_BITS;
    bool more = true;
    char key[4];
    size_t n;

    put_be(key, lot->number, sizeof key);
    str value = {key, sizeof key};
    while (more && (n = list_of(l->u.t, lot->client, LIST_LOT, value, from, seqs, LEN(seqs))) > 0) {
        for (size_t i = 0; i < n && more; i++) {
            arena_reset(scratch);
            TRY(list_fact(l, lot->number, seqs[i], scratch, &more));
        }
        from = seqs[n - 1] + 1;
    }
    return OK;
}

static status list_lot(struct listing *l)
{
    struct arena scratch;
    struct lot lot;

    if (!lot_find(l->u.t, l->gtin, l->lot, l->u.arena, &lot) ||
        !caller_sees(l->u.caller, lot.client))
        return fail(ST_NOT_FOUND, "lot.unknown", 0, "there is no such lot here");
    arena_init(&scratch, 64 * MB);
    status st = list_facts(l, &lot, &scratch);
    arena_fini(&scratch);
    return st;
}

static bool is_state(str word)
{
    struct unit u = {.state = UNIT_COMMISSIONED, .parent = {1}};

    if (str_eq(word, str_of(unit_shown(&u)))) return true;
    for (unsigned s = UNIT_ALLOCATED; s < UNIT_STATES; s++)
        if (str_eq(word, str_of(unit_state_name((enum unit_state)s)))) return true;
    return false;
}

static bool read_filter(struct http_req *r, struct listing *l)
{
    status st = OK;
    str v;

    (void)http_query(r, S("parent"), &l->parent);
    (void)http_query(r, S("lot"), &l->lot);
    (void)http_query(r, S("state"), &l->state);
    l->has_gtin = http_query(r, S("gtin"), &v);
    if (l->has_gtin) st = gs1_gtin_read(v, l->gtin);
    if (st.cls == ST_OK && l->state.n > 0 && !is_state(l->state))
        st = fail(ST_BAD_INPUT, "units.state", 0, "state: a unit is in no such state");
    if (st.cls == ST_OK && l->parent.n == 0 && (l->lot.n == 0 || !l->has_gtin))
        st = fail(ST_BAD_INPUT, "units.unbounded", 0, "say parent, or lot and gtin");
    if (st.cls == ST_OK) return true;
    http_problem(r, st, S(""));
    return false;
}

static void units_list(struct http_req *r)
{
    struct listing l = {.u.st = OK};
    struct api_page page;
    struct buf b;

    if (!read_filter(r, &l) || !api_page(r, &page) || !api_page_from(r, &page, &l.from)) return;
    if (!units_open(r, &l.u)) return;
    l.limit = page.limit;
    buf_init(&b, 64 * MB);
    l.w = json_writer(&b);
    json_w_object(&l.w);
    json_w_key(&l.w, S("items"));
    json_w_array(&l.w);
    status st = units_close(r, &l.u, l.parent.n > 0 ? list_children(&l) : list_lot(&l));
    if (st.cls == ST_OK) {
        json_w_end(&l.w);
        api_page_on(r, &l.w, l.next);
        json_w_end(&l.w);
    }
    units_reply(r, st, &b);
}

// Everybody whose caller is known may ask; what belongs to a client that it does not see is not
// there (404).
// clang-format off
const struct http_route units_routes[] = {
    {.method = HTTP_GET, .path = "/v1/units", .roles = "*",
     .run = units_list, .query = "lot gtin state parent form limit page"},
    {.method = HTTP_GET, .path = "/v1/units/{unit}", .roles = "*",
     .run = unit_show, .query = "form at"},
    {.method = HTTP_GET, .path = "/v1/units/{unit}/tree", .roles = "*",
     .run = unit_tree_show, .query = "form depth at"},
    {.method = HTTP_GET, .path = "/v1/units/{unit}/history", .roles = "*",
     .run = unit_history_show, .query = "form limit page until"},
    {0},
};
// clang-format on
