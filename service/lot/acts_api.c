// Acts that wait for a second signature, over HTTP: what waits, and taking one back. To sign is the
// act's own route, said by another person.
#include "common/form.h"
#include "service/api/api.h"
#include "service/api/opaque.h"
#include "service/client/client.h"
#include "service/lot/lot_int.h"

#define BODY_MAX (64 * KB)

// Who has which rights is the business of those who give, sign and audit them.
static bool sees(const struct caller *c, const struct proposal *p)
{
    if (p->of.act != SECOND_PUT_USER && p->of.act != SECOND_MAKE_TOKEN)
        return caller_sees(c, p->client);
    return c->client_count == 0 && c->role != ROLE_OPERATOR;
}

// ---- what waits

static void lot_names_write(struct txn *t, uint32_t number, struct json_w *w)
{
    struct lot lot;

    if (number == 0 || !lot_view(t, number, &lot)) return;
    json_w_kstr(w, "gtin", (str){lot.gtin, sizeof lot.gtin});
    json_w_kstr(w, "lot", lot.lot);
}

static void id_write(const struct http_req *r, const char *name, enum opaque_purpose p, uint64_t n,
                     struct json_w *w)
{
    struct buf b;

    buf_init(&b, 64);
    opaque_put(api_site(r)->opaque_key, p, n, &b);
    json_w_kstr(w, name, buf_str(&b));
    buf_fini(&b);
}

static void item_write(struct http_req *r, struct txn *t, const struct second_row *row,
                       const struct proposal *p, struct json_w *w)
{
    json_w_object(w);
    id_write(r, "id", OPAQUE_ACT, row->seq, w);
    lot_names_write(t, row->of.lot, w);
    if (p->of.act == SECOND_END_HOLD && p->of.subject.n == 8)
        id_write(r, "hold", OPAQUE_HOLD, get_be(p->of.subject.p, 8), w);
    if (p->client.v != 0) json_w_kstr(w, "client", client_name(t, p->client, &r->arena));
    second_row_write(t, row, &r->arena, w);
    json_w_kbool(w, "expired", !second_may_wait(t, row, api_site(r)->env));
    json_w_end(w);
}

// Writes a page; `last` is the key of its last item, empty where there are no more.
static void list(struct http_req *r, struct txn *t, const struct api_page *page, struct json_w *w,
                 struct buf *last)
{
    struct second_row row;
    struct proposal p;
    uint32_t n = 0;
    bool more = false;
    struct second_walk walk;
    str key;

    second_walk_open(&walk, t, page->after);
    while (!more && second_next(&walk, &row, &key)) {
        if (second_proposal(t, row.seq, &r->arena, &p).cls != ST_OK) continue;
        if (!sees(caller_of(r), &p)) continue;
        more = n++ == page->limit;
        if (more) break;
        item_write(r, t, &row, &p, w);
        buf_reset(last);
        buf_add(last, key);
    }
    if (!more) buf_reset(last);
    walk_close(&walk.walk);
}

static void acts_list(struct http_req *r)
{
    struct api_page page;
    struct buf b, last;

    if (!api_page(r, &page)) return;
    buf_init(&b, 8 * MB);
    buf_init(&last, SECOND_KEY_MAX);
    struct json_w w = json_writer(&b);
    json_w_object(&w);
    json_w_key(&w, S("items"));
    json_w_array(&w);
    list(r, api_snapshot(r), &page, &w, &last);
    status st = api_snapshot_end(r, OK);
    json_w_end(&w);
    api_page_next(r, &w, buf_str(&last));
    json_w_end(&w);
    buf_fini(&last);
    lot_reply(r, st, 200, &b);
}

void lot_pendings_write(struct txn *t, const struct lot *lot, struct arena *a, struct json_w *w)
{
    struct second_row row;
    bool any = false;

    for (unsigned i = 0; i <= SECOND_AMEND; i++) {
        struct second_of of = {.act = (enum second_act)i, .lot = lot->number};
        if (!second_get(t, &of, &row)) continue;
        if (!any) json_w_key(w, S("pending")), json_w_array(w);
        any = true;
        json_w_object(w);
        second_row_write(t, &row, a, w);
        json_w_end(w);
    }
    if (any) json_w_end(w);
}

// ---- taken back

struct wish {
    str act, reason;
};
#define W(member) .at = offsetof(struct wish, member)
// clang-format off
static const struct form_field lot_fields[] = {
    {.name = "act", .kind = FORM_STR, W(act), .required = true, .max = 16},
    {.name = "reason", .kind = FORM_STR, W(reason), .max = 500},
    {0},
};
static const struct form_field fields[] = {
    {.name = "reason", .kind = FORM_STR, W(reason), .max = 500},
    {0},
};
// clang-format on
static const struct form act_form = {"withdrawal", sizeof(struct wish), lot_fields, 1};
static const struct form form = {"withdrawal", sizeof(struct wish), fields, 1};

static status find_of_lot(struct http_req *r, const struct wish *wish,
                          struct second_withdraw_ask *ask)
{
    struct lot lot;

    if (ask == NULL) return no_memory();
    if (!second_find(wish->act, &ask->of.act) || ask->of.act > SECOND_AMEND)
        return fail(ST_BAD_INPUT, "field.range", 0, "act: release, reopen, recall or amend");
    TRY(api_reason_check(caller_of(r), wish->reason));
    bool found = lot_named(r, api_snapshot(r), &lot);
    TRY(api_snapshot_end(r, OK));
    if (!found) return lot_unknown();
    ask->of.lot = lot.number;
    ask->client = lot.client;
    ask->reason = wish->reason;
    return OK;
}

static void lot_act_withdraw(struct http_req *r)
{
    struct second_withdraw_ask *ask = NEW(&r->arena, struct second_withdraw_ask);
    struct wish wish;

    api_answers(r, lot_acted);
    if (!api_body(r, &act_form, &wish)) return;
    status st = find_of_lot(r, &wish, ask);
    if (st.cls == ST_OK)
        api_command(r, &kind_act_withdrawn, ask, lot_acted);
    else
        api_fail(r, st);
}

static bool read_proposal(struct http_req *r, struct txn *t, struct second_withdraw_ask *ask)
{
    struct second_row row;
    struct proposal p;

    if (!opaque_get(api_site(r)->opaque_key, OPAQUE_ACT, r->param[0], &ask->seq)) return false;
    if (second_proposal(t, ask->seq, &r->arena, &p).cls != ST_OK) return false;
    ask->of = p.of;
    ask->client = p.client;
    return sees(caller_of(r), &p) && second_get(t, &p.of, &row) && row.seq == ask->seq;
}

static status find(struct http_req *r, const struct wish *wish, struct second_withdraw_ask *ask)
{
    const struct caller *c = caller_of(r);

    if (ask == NULL) return no_memory();
    TRY(api_reason_check(c, wish->reason));
    bool found = read_proposal(r, api_snapshot(r), ask);
    TRY(api_snapshot_end(r, OK));
    if (!found) return fail(ST_NOT_FOUND, "act.unknown", 0, "no such act waits");
    const char *roles = second_roles(ask->of.act);
    if (!str_has_word(str_of(roles), str_of(role_word(c->role))))
        return fail(ST_NOT_ALLOWED, "access.role", 0, "who may sign it takes it back: %s", roles);
    ask->reason = wish->reason;
    return OK;
}

static void act_withdraw(struct http_req *r)
{
    struct second_withdraw_ask *ask = NEW(&r->arena, struct second_withdraw_ask);
    struct wish wish = {0};

    api_answers(r, api_render_nothing);
    if (!api_body(r, &form, &wish)) return;
    status st = find(r, &wish, ask);
    if (st.cls == ST_OK)
        api_command(r, &kind_act_withdrawn, ask, api_render_nothing);
    else
        api_fail(r, st);
}

// clang-format off
const struct http_route lot_act_routes[] = {
    {.method = HTTP_GET, .path = "/v1/acts", .roles = "operator qa auditor admin",
     .run = acts_list, .query = "limit page"},
    {.method = HTTP_POST, .path = "/v1/acts/{id}/withdraw", .roles = "operator qa admin",
     .body_max = BODY_MAX, .run = act_withdraw, .query = ""},
    {.method = HTTP_POST, .path = "/v1/lots/{gtin}/{lot}/withdraw", .roles = "qa",
     .body_max = BODY_MAX, .run = lot_act_withdraw, .query = ""},
    {0},
};
// clang-format on
