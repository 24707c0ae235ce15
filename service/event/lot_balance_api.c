// The balance of a lot over HTTP: shown, with its differences to the serial, and explained.
#include "common/form.h"
#include "service/access/actor_db.h"
#include "service/api/api.h"
#include "service/event/explain.h"
#include "service/event/lot_acts.h"
#include "service/event/lot_beside.h"
#include "service/event/recalled.h"
#include "service/event/report_int.h"
#include "service/event/unaccounted.h"
#include "service/journal/refusal.h"

#define READERS   "operator qa auditor admin line gateway client"
#define BODY_MAX  (8 * MB)
#define TEXT_MAX  (16 * MB)
#define COUNT_MAX UINT64_C(1000000000000)

// ---- shown

enum shape_of_balance { AS_JSON, AS_CSV, AS_HTML };
static const char *const types[] = {"application/json", "text/csv", "text/html"};

static status balance_find(struct http_req *r, struct txn *t, struct balance *out)
{
    struct lot lot;

    if (!lot_named(r, t, &lot)) return lot_unknown();
    return balance_of(t, &lot, &r->arena, out);
}

// Holds and what waits to be signed are for those of the site, as their own routes are.
static bool sees_beside(const struct caller *c)
{
    return c->role != ROLE_LINE && c->role != ROLE_GATEWAY && c->role != ROLE_CLIENT;
}

static status balance_write(struct http_req *r, struct txn *t, int form, struct buf *b)
{
    struct json_w w = json_writer(b);
    const struct env *env = api_site(r)->env;
    struct lot_beside beside;
    struct balance of;

    TRY(balance_find(r, t, &of));
    if (sees_beside(caller_of(r))) {
        TRY(lot_beside_get(t, &of.lot, &r->arena, &beside));
        of.beside = &beside;
    }
    if (form == AS_JSON) return balance_json(t, &of, &r->arena, &w);
    if (form == AS_CSV) return balance_csv(t, &of, &r->arena, b);
    return balance_html(t, &of, &r->arena, env->wall_now(env->self), b);
}

static void show(struct http_req *r, int form)
{
    static const char *const whole[] = {"application/json", "text/csv; charset=utf-8",
                                        "text/html; charset=utf-8"};
    struct buf b;

    buf_init(&b, TEXT_MAX);
    status st = balance_write(r, api_snapshot(r), form, &b);
    st = api_snapshot_end(r, st);
    if (st.cls == ST_OK && b.failed) st = no_memory();
    if (st.cls == ST_OK && form != AS_JSON) {
        http_reply_buf(r, 200, whole[form], &b);
        return;
    }
    lot_reply(r, st, 200, &b);
}

static void show_differences(struct http_req *r)
{
    struct api_page page;
    struct balance of;
    struct buf b;

    if (!api_page(r, &page)) return;
    buf_init(&b, 64 * MB);
    struct json_w w = json_writer(&b);
    struct txn *t = api_snapshot(r);
    struct unaccounted_page p = {.t = t,
                                 .names = names_here(api_site(r)),
                                 .arena = &r->arena,
                                 .of = &of,
                                 .limit = page.limit,
                                 .after = page.after};
    json_w_object(&w);
    json_w_key(&w, S("items"));
    json_w_array(&w);
    status st = balance_find(r, t, &of);
    if (st.cls == ST_OK) st = unaccounted_write(&p, &w);
    st = api_snapshot_end(r, st);
    json_w_end(&w);
    api_page_next(r, &w, (str){p.next, p.more ? sizeof p.next : 0});
    json_w_end(&w);
    lot_reply(r, st, 200, &b);
}

static void lot_balance(struct http_req *r)
{
    int form = http_header(r, S("Accept")).n == 0 ? AS_JSON : http_negotiate(r, types, LEN(types));
    bool differences = false;
    status st = api_flag(r, S("differences"), &differences);

    if (st.cls == ST_OK && form < 0)
        st = fail(ST_NOT_ACCEPTABLE, "accept.none", 0,
                  "a balance comes as JSON, text/csv or text/html");
    if (st.cls != ST_OK)
        http_problem(r, st, S(""));
    else if (differences)
        show_differences(r);
    else
        show(r, form);
}

// ---- explained

struct explain_wish {
    struct form_list units;
    uint64_t count; // 0: not said
    str level, as, reason;
};
#define W(member) .at = offsetof(struct explain_wish, member)
// clang-format off
static const struct form_field explain_fields[] = {
    {.name = "units",  .kind = FORM_STRS, W(units), .max = 2000, .count_max = 20000},
    {.name = "count",  .kind = FORM_U64,  W(count), .min = 1, .max = COUNT_MAX},
    {.name = "level",  .kind = FORM_STR,  W(level), .max = 64},
    {.name = "as",     .kind = FORM_STR,  W(as), .required = true, .max = 64},
    {.name = "reason", .kind = FORM_STR,  W(reason), .required = true, .max = 500},
    {0},
};
// clang-format on
static const struct form explain_form = {"explanation", sizeof(struct explain_wish), explain_fields,
                                         1};

static status check_wish(const struct explain_wish *w, const struct explanation *as)
{
    bool named = w->units.n > 0;

    if (as == NULL) return fail(ST_BAD_INPUT, "explain.as", 0, "as: there is no such word");
    if (named == (w->count > 0) || named == (w->level.n > 0))
        return fail(ST_BAD_INPUT, "explain.what", 0, "units, or count and level");
    if (named && as->act == 0)
        return fail(ST_BAD_INPUT, "explain.what", 0, "%s is said by count and level", as->word);
    if (!named && !as->by_count)
        return fail(ST_BAD_INPUT, "explain.what", 0, "%s is said of units", as->word);
    return OK;
}

static enum report_type type_of(enum unit_act act)
{
    switch (act) {
    case ACT_LOSE: return REPORT_LOST;
    case ACT_INVALIDATE: return REPORT_INVALIDATE;
    case ACT_SAMPLE: return REPORT_SAMPLE;
    default: return REPORT_DESTROY;
    }
}

// The units as a report of them would name them; *units: offenders of a refusal.
static status find_units(struct http_req *r, struct txn *t, const struct explain_wish *wish,
                         struct explain_ask *ask, str *units)
{
    struct said said = {
        .type = type_of(ask->as->act),
        .reason = wish->reason,
        .units = {wish->units.items, wish->units.n}
    };
    struct finder f = {.site = api_site(r), .caller = caller_of(r), .t = t, .arena = &r->arena};
    const struct kind *kind;
    const void *what;

    finder_begin(&f);
    status st = report_find(&f, &said, &kind, &what);
    finder_end(&f);
    if (st.cls != ST_OK) return st;
    if (kind != &kind_refusal) return ask->units = what, OK;
    const struct refused *no = what;
    *units = no->units;
    return no->st;
}

static status explain_find(struct http_req *r, struct txn *t, const struct explain_wish *wish,
                           struct explain_ask *ask, client_id *client, str *units)
{
    struct balance of;

    TRY(balance_find(r, t, &of));
    *client = of.lot.client;
    ask->lot = of.lot.number;
    ask->reason = wish->reason;
    ask->count = wish->count;
    if (wish->units.n > 0) return find_units(r, t, wish, ask, units);
    if (balance_level_find(&of, wish->level, &ask->level)) return OK;
    return fail(ST_UNPROCESSABLE, "level.unknown", 0, "level: the lot's product has none such");
}

static status write_explained(struct http_req *r, struct txn *t, const struct fact *f,
                              struct json_w *w)
{
    struct lot_explained x;
    struct balance of;
    struct actor actor;
    struct lot lot;

    TRY(lot_explained_get(f->decided, &r->arena, &x));
    if (!lot_get(t, x.lot, &r->arena, &lot)) return lot_unknown();
    TRY(balance_of(t, &lot, &r->arena, &of)); // for the names of levels, which stay
    json_w_object(w);
    json_w_kstr(w, "lot", lot.lot);
    json_w_kstr(w, "gtin", (str){lot.gtin, sizeof lot.gtin});
    json_w_key(w, S("explanation"));
    json_w_object(w);
    json_w_kstr(w, "as", str_of(x.as->word));
    json_w_kstr(w, "level", balance_level_word(&of, x.level));
    json_w_kint(w, "count", (int64_t)x.count);
    json_w_kbool(w, "named", x.units.units > 0);
    json_w_kbool(w, "outdated", false);
    json_w_kstr(w, "reason", x.reason);
    if (actor_get(t, f->actor, &r->arena, &actor))
        json_w_kstr(w, "by", actor.user.n > 0 ? actor.user : actor.id);
    json_w_kwall(w, "time", f->at);
    json_w_end(w);
    if (x.balance.n > 0) {
        json_w_key(w, S("balance"));
        json_w_raw(w, x.balance);
    }
    json_w_end(w);
    return OK;
}

// From the fact alone, so that a repeat is told the same.
static void explained(struct http_req *r, const struct ask *a)
{
    struct buf b;

    buf_init(&b, 1 * MB);
    struct json_w w = json_writer(&b);
    status st = write_explained(r, api_snapshot(r), &a->fact, &w);
    lot_reply(r, api_snapshot_end(r, st), 200, &b);
}

static void lot_explain(struct http_req *r)
{
    struct explain_ask *ask = NEW(&r->arena, struct explain_ask);
    struct explain_wish wish;
    client_id client = {0};
    str units = {"", 0};

    if (ask == NULL) {
        http_problem(r, no_memory(), S(""));
        return;
    }
    if (!api_body(r, &explain_form, &wish)) return;
    api_answers(r, explained);
    ask->as = explanation_find(wish.as);
    status st = check_wish(&wish, ask->as);
    if (st.cls != ST_OK) {
        http_problem(r, st, S(""));
        return;
    }
    st = explain_find(r, api_snapshot(r), &wish, ask, &client, &units);
    status end = api_snapshot_end(r, OK);
    if (end.cls != ST_OK || client.v == 0)
        api_fail(r, end.cls != ST_OK ? end : st);
    else if (st.cls != ST_OK)
        api_refuse(r, &kind_lot_explained, client, st, units);
    else
        api_command(r, &kind_lot_explained, ask, explained);
}

static const struct lot_signing recall = {&kind_lot_recalled, SIGNED_RECALL, true};

// clang-format off
const struct http_route lot_balance_routes[] = {
    {.method = HTTP_GET, .path = "/v1/lots/{gtin}/{lot}/balance", .roles = READERS,
     .run = lot_balance, .query = "differences limit page"},
    {.method = HTTP_POST, .path = "/v1/lots/{gtin}/{lot}/explain", .roles = "operator qa",
     .body_max = BODY_MAX, .run = lot_explain, .query = ""},
    {.method = HTTP_POST, .path = "/v1/lots/{gtin}/{lot}/recall", .roles = "qa",
     .body_max = 64 * KB, .run = lot_sign, .app = &recall, .query = ""},
    {0},
};
// clang-format on
