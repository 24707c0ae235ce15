// Holds over HTTP: put on units or a lot, shown, listed, released with a signature.
#include "common/form.h"
#include "service/access/actor_db.h"
#include "service/api/api.h"
#include "service/api/opaque.h"
#include "service/client/client.h"
#include "service/event/hold.h"
#include "service/event/lot_acts.h"
#include "service/event/report_int.h"
#include "service/gs1/id.h"

#define READERS  "operator qa auditor admin"
#define BODY_MAX (8 * MB)
#define SCAN_MAX 20000u // holds looked at for one page

static status unknown(void)
{
    return fail(ST_NOT_FOUND, "hold.unknown", 0, "there is no such hold");
}

static bool is_ok(struct http_req *r, status st)
{
    if (st.cls != ST_OK) api_fail(r, st);
    return st.cls == ST_OK;
}

// ---- shown

static void write_lot(struct txn *t, const struct hold *h, struct json_w *w)
{
    struct lot lot;

    if (h->lot == 0 || !lot_view(t, h->lot, &lot)) return;
    json_w_kstr(w, "gtin", (str){lot.gtin, sizeof lot.gtin});
    json_w_kstr(w, "lot", lot.lot);
}

// `pending`: the first of two signatures for its end, NULL: none waits.
static status write_end(struct http_req *r, struct txn *t, const struct hold *h,
                        const struct second_row *pending, struct json_w *w)
{
    struct hold_released x;
    struct fact f;

    if (!h->ended && pending == NULL) return OK;
    if (!h->ended) {
        json_w_key(w, S("pending"));
        json_w_object(w);
        second_row_write(t, pending, &r->arena, w);
        json_w_end(w);
        return OK;
    }
    TRY(journal_get(t, h->end, &r->arena, &f));
    TRY(hold_released_get(&f, &x));
    json_w_key(w, S("signature"));
    signature_write(w, &x.signature);
    second_write(w, "first", &x.first);
    return OK;
}

static status write_units(struct http_req *r, struct txn *t, const struct hold *h, struct json_w *w)
{
    struct names *names = names_here(api_site(r));
    struct gs1_id id;
    struct runs all;
    struct buf b;
    unit_id u;

    TRY(hold_units(t, h, &r->arena, &all));
    json_w_key(w, S("units"));
    json_w_array(w);
    for (struct run_walk walk = runs_walk(&all); run_next(&walk, &u);) {
        TRY(names_id(names, t, u, &r->arena, &id));
        buf_init(&b, 2 * KB);
        if (gs1_write(&id, GS1_BRACKETED, NULL, &b).cls == ST_OK) json_w_str(w, buf_str(&b));
        buf_fini(&b);
    }
    json_w_end(w);
    return OK;
}

static status write_hold(struct http_req *r, struct txn *t, const struct hold *h, bool whole,
                         const struct second_row *pending, struct json_w *w)
{
    struct touched touched;
    struct report report;
    struct actor actor;
    struct bytes_r own;
    struct fact f;
    struct buf id;
    status st;

    TRY(journal_get(t, h->id, &r->arena, &f));
    TRY(report_get(f.decided, &r->arena, &report, &touched, &own));
    buf_init(&id, 64);
    opaque_put(api_site(r)->opaque_key, OPAQUE_HOLD, h->id, &id);
    json_w_object(w);
    json_w_kstr(w, "id", buf_str(&id));
    buf_fini(&id);
    json_w_kstr(w, "state", h->ended ? S("released") : S("held"));
    json_w_kstr(w, "client", client_name(t, h->client, &r->arena));
    write_lot(t, h, w);
    if (h->lot == 0) json_w_kint(w, "count", (int64_t)h->units);
    json_w_kstr(w, "reason", report.reason);
    if (actor_get(t, f.actor, &r->arena, &actor))
        json_w_kstr(w, "by", actor.user.n > 0 ? actor.user : actor.id);
    json_w_kmoment(w, "time", f.flags & FACT_HAS_TIME ? f.event : (struct moment){.at = f.at});
    st = write_end(r, t, h, pending, w);
    if (st.cls == ST_OK && whole && h->lot == 0) st = write_units(r, t, h, w);
    json_w_end(w);
    return st;
}

static status write_now(struct http_req *r, struct txn *t, const struct hold *h, bool whole,
                        struct json_w *w)
{
    char room[8];
    struct second_of of = hold_act(h, room);
    struct second_row row;
    bool waits = !h->ended && second_get(t, &of, &row);

    return write_hold(r, t, h, whole, waits ? &row : NULL, w);
}

static status find(struct http_req *r, struct txn *t, struct hold *out)
{
    uint64_t id;

    if (!opaque_get(api_site(r)->opaque_key, OPAQUE_HOLD, r->param[0], &id) ||
        !hold_get(t, id, out) || !caller_sees(caller_of(r), out->client))
        return unknown();
    return OK;
}

static void show(struct http_req *r)
{
    struct hold h = {0};
    struct buf b;

    buf_init(&b, 16 * MB);
    struct json_w w = json_writer(&b);
    struct txn *t = api_snapshot(r);
    status st = find(r, t, &h);
    if (st.cls == ST_OK) st = write_now(r, t, &h, true, &w);
    lot_reply(r, api_snapshot_end(r, st), 200, &b);
}

// As a fact left the hold, the same to who asks again: `end` released it, `proposed` is the first
// signature for that; both 0: it began.
struct left {
    uint64_t id, end, proposed;
};

static void reply(struct http_req *r, const struct left *as, int code)
{
    struct second_row row = {.seq = as->proposed};
    struct hold h;
    struct buf b;

    buf_init(&b, 16 * MB);
    struct json_w w = json_writer(&b);
    struct txn *t = api_snapshot(r);
    status st = hold_get(t, as->id, &h) ? OK : unknown();
    h.ended = as->end != 0;
    h.end = as->end;
    if (st.cls == ST_OK) st = write_hold(r, t, &h, true, as->proposed == 0 ? NULL : &row, &w);
    lot_reply(r, api_snapshot_end(r, st), code, &b);
}

// ---- listed

struct listing {
    bool ended, both;
    uint32_t limit, shown, seen;
    uint64_t from; // to go on with
};

// False: the page is full.
static bool list_some(struct http_req *r, struct txn *t, struct listing *l, struct json_w *w,
                      status *st)
{
    struct hold_walk walk;
    bool full = false;
    struct hold h;

    hold_walk_open(&walk, t, l->ended, l->from);
    while (!full && st->cls == ST_OK && hold_walk_next(&walk, &h)) {
        full = l->shown == l->limit || l->seen++ == SCAN_MAX;
        l->from = h.id;
        if (full || !caller_sees(caller_of(r), h.client)) continue;
        *st = write_now(r, t, &h, false, w);
        l->shown++;
    }
    walk_close(&walk.walk);
    return !full;
}

static bool read_state(struct http_req *r, struct listing *l)
{
    str v;

    l->both = !http_query(r, S("state"), &v);
    l->ended = !l->both && str_eq(v, S("released"));
    if (l->both || l->ended || str_eq(v, S("held"))) return true;
    return is_ok(r, fail(ST_BAD_INPUT, "hold.state", 0, "state: held or released"));
}

static void list(struct http_req *r)
{
    struct api_page page;
    struct listing l = {0};
    char after[9];
    struct buf b;
    status st = OK;

    if (!api_page(r, &page) || !read_state(r, &l)) return;
    l.limit = page.limit;
    if (page.after.n == sizeof after) {
        l.ended = page.after.p[0] != 0;
        l.from = get_be(page.after.p + 1, 8);
    }
    buf_init(&b, 64 * MB);
    struct json_w w = json_writer(&b);
    json_w_object(&w);
    json_w_key(&w, S("items"));
    json_w_array(&w);
    struct txn *t = api_snapshot(r);
    bool all = list_some(r, t, &l, &w, &st);
    if (all && l.both && !l.ended) {
        l.ended = true;
        l.from = 0;
        all = list_some(r, t, &l, &w, &st);
    }
    st = api_snapshot_end(r, st);
    json_w_end(&w);
    after[0] = l.ended;
    put_be(after + 1, l.from, 8);
    api_page_next(r, &w, (str){after, all ? 0 : sizeof after});
    json_w_end(&w);
    lot_reply(r, st, 200, &b);
}

// ---- put

struct hold_wish {
    struct form_list units;
    str gtin, lot, reason;
};
#define W(member) .at = offsetof(struct hold_wish, member)
// clang-format off
static const struct form_field hold_fields[] = {
    {.name = "units",  .kind = FORM_STRS, W(units), .max = 2000, .count_max = 20000},
    {.name = "gtin",   .kind = FORM_STR,  W(gtin), .max = 14},
    {.name = "lot",    .kind = FORM_STR,  W(lot), .max = 20},
    {.name = "reason", .kind = FORM_STR,  W(reason), .required = true, .max = 500},
    {0},
};
// clang-format on
static const struct form hold_form = {"hold", sizeof(struct hold_wish), hold_fields, 1};

static void put_render(struct http_req *r, const struct ask *a)
{
    reply(r, &(struct left){.id = a->fact.seq}, 201);
}

static status check_wish(const struct hold_wish *w, struct said *said)
{
    bool named = w->units.n > 0;

    if (named == (w->lot.n > 0) || (w->gtin.n > 0) != (w->lot.n > 0))
        return fail(ST_BAD_INPUT, "hold.what", 0, "units, or gtin and lot");
    *said = (struct said){
        .type = REPORT_HOLD,
        .reason = w->reason,
        .lot = w->lot,
        .units = {w->units.items, w->units.n}
    };
    if (named) return OK;
    said->has_gtin = true;
    return gs1_gtin_read(w->gtin, said->gtin);
}

// As a report of it would be.
static void hold_put_run(struct http_req *r)
{
    struct finder f = {.site = api_site(r), .caller = caller_of(r), .arena = &r->arena};
    const struct kind *kind = NULL;
    const void *what = NULL;
    struct hold_wish wish;
    struct said said;

    api_answers(r, put_render);
    if (!api_body(r, &hold_form, &wish) || !is_ok(r, check_wish(&wish, &said))) return;
    f.t = api_snapshot(r);
    finder_begin(&f);
    status st = report_find(&f, &said, &kind, &what);
    finder_end(&f);
    if (is_ok(r, api_snapshot_end(r, st))) api_command(r, kind, what, put_render);
}

// ---- released

struct release_wish {
    str reason;
    struct signature_said *signature;
};
#define R(member) .at = offsetof(struct release_wish, member)
// clang-format off
static const struct form_field release_fields[] = {
    {.name = "reason",    .kind = FORM_STR, R(reason), .max = 500},
    {.name = "signature", .kind = FORM_ONE, R(signature), .sub = &signature_form},
    {0},
};
// clang-format on
static const struct form release_form = {"hold", sizeof(struct release_wish), release_fields, 1};

static status left_by(struct http_req *r, const struct fact *f, struct left *out)
{
    struct hold_released x;
    struct proposal p;

    if (f->kind != FACT_ACT_PROPOSED) {
        TRY(hold_released_get(f, &x));
        *out = (struct left){.id = x.id, .end = f->seq};
        return OK;
    }
    status st = second_proposal(api_snapshot(r), f->seq, &r->arena, &p);
    TRY(api_snapshot_end(r, st));
    assert(p.of.act == SECOND_END_HOLD && p.of.subject.n == 8);
    *out = (struct left){.id = get_be(p.of.subject.p, 8), .proposed = f->seq};
    return OK;
}

// Was it ended with that first signature? Another may have been signed since.
static status is_done(struct http_req *r, struct txn *t, const struct hold *h, uint64_t proposal,
                      bool *out)
{
    struct hold_released x;
    struct fact f;

    if (!h->ended) return OK;
    TRY(journal_get(t, h->end, &r->arena, &f));
    TRY(hold_released_get(&f, &x));
    *out = x.first.proposal == proposal;
    return OK;
}

// Who signed first asks again, and that waits no more: the hold as it is.
static void reply_became(struct http_req *r, const struct left *as)
{
    bool done = false;
    struct hold h = {0};
    struct buf b;

    buf_init(&b, 16 * MB);
    struct json_w w = json_writer(&b);
    struct txn *t = api_snapshot(r);
    status st = hold_get(t, as->id, &h) ? write_now(r, t, &h, true, &w) : unknown();
    if (st.cls == ST_OK) st = is_done(r, t, &h, as->proposed, &done);
    lot_reply(r, api_snapshot_end(r, st), done ? 200 : 202, &b);
}

static void release_render(struct http_req *r, const struct ask *a)
{
    struct left as;
    status st = left_by(r, &a->fact, &as);

    bool over = st.cls == ST_OK && second_is_over(r, api_snapshot(r), a);
    if (st.cls == ST_OK) st = api_snapshot_end(r, OK);
    if (over && st.cls == ST_OK)
        reply_became(r, &as);
    else if (st.cls == ST_OK)
        reply(r, &as, second_code(a));
    else
        http_problem(r, st, S(""));
}

static void release(struct http_req *r)
{
    struct hold_release_ask *ask = NEW(&r->arena, struct hold_release_ask);
    struct second_ask *both = NEW(&r->arena, struct second_ask);
    char *room = arena_alloc(&r->arena, 8);
    struct release_wish wish = {0};
    struct hold h = {0};

    api_answers(r, release_render);
    if (!is_ok(r, ask == NULL || both == NULL || room == NULL ? no_memory() : OK)) return;
    if (r->body.n > 0 && !api_body(r, &release_form, &wish)) return;
    status st = find(r, api_snapshot(r), &h);
    if (!is_ok(r, api_snapshot_end(r, st))) return;
    struct signature_rule rule = {
        .roles = "qa", .kind = &kind_hold_released, .client = h.client, .reason = true};
    if (wish.signature != NULL && wish.signature->reason.n == 0)
        wish.signature->reason = wish.reason;
    if (!signature_check(r, &rule, wish.signature, &ask->signature)) return;
    ask->id = h.id;
    *both = (struct second_ask){.of = hold_act(&h, room),
                                .client = h.client,
                                .look = hold_release_look,
                                .what = ask,
                                .signature = ask->signature};
    if (h.ended) // done is done
        api_command(r, &kind_hold_released, ask, release_render);
    else
        second_command(r, both, &kind_hold_released, release_render);
}

// clang-format off
const struct http_route hold_routes[] = {
    {.method = HTTP_POST, .path = "/v1/holds", .roles = "operator qa", .body_max = BODY_MAX,
     .run = hold_put_run, .query = ""},
    {.method = HTTP_GET, .path = "/v1/holds", .roles = READERS, .run = list,
     .query = "state limit page"},
    {.method = HTTP_GET, .path = "/v1/holds/{id}", .roles = READERS, .run = show, .query = ""},
    {.method = HTTP_POST, .path = "/v1/holds/{id}/release", .roles = "qa",
     .body_max = 64 * KB, .run = release, .query = ""},
    {0},
};
// clang-format on
