// Acts that wait for a second signature, over HTTP: what waits, and taking one back. To sign is the
// act's own route, said by another person.
#include "common/form.h"
#include "service/api/api.h"
#include "service/catalog/product.h"
#include "service/client/client.h"
#include "service/lot/lot_int.h"
#include "service/lot/second.h"

#define BODY_MAX (64 * KB)

// ---- what waits

static void item_write(struct txn *t, const struct lot_pending *p, const struct lot *lot, wall now,
                       struct arena *a, struct json_w *w)
{
    json_w_object(w);
    json_w_kstr(w, "gtin", (str){lot->gtin, sizeof lot->gtin});
    json_w_kstr(w, "lot", lot->lot);
    json_w_kstr(w, "client", client_name(t, lot->client, a));
    lot_pending_write(t, p, a, w);
    json_w_kbool(w, "expired", p->expires.ms <= now.ms);
    json_w_end(w);
}

// Writes a page; `last` is the key of its last item, empty where there are no more.
static void list(struct http_req *r, struct txn *t, const struct api_page *page, struct json_w *w,
                 char last[6], bool *more)
{
    wall now = env_wall(api_site(r)->env);
    struct lot_pending p;
    uint32_t n = 0;
    char from[6];

    uint32_t lot = page->after.n == 5 ? (uint32_t)get_be(page->after.p, 4) : 0;
    unsigned act = page->after.n == 5 ? (uint8_t)page->after.p[4] + 1u : 0;
    struct walk walk = lot_pending_walk(t, lot, (enum lot_signed)act, from);
    *more = false;
    while (lot_pending_next(&walk, &p)) {
        struct lot x;
        if (!lot_get(t, p.lot, &r->arena, &x) || !caller_sees(caller_of(r), x.client)) continue;
        if (n == page->limit) {
            *more = true;
            break;
        }
        item_write(t, &p, &x, now, &r->arena, w);
        put_be(last, p.lot, 4);
        last[4] = (char)p.act;
        n++;
    }
    walk_close(&walk);
}

static void acts_list(struct http_req *r)
{
    struct api_page page;
    bool more = false;
    char last[6] = {0};
    struct buf b;

    if (!api_page(r, &page)) return;
    buf_init(&b, 8 * MB);
    struct json_w w = json_writer(&b);
    json_w_object(&w);
    json_w_key(&w, S("items"));
    json_w_array(&w);
    list(r, api_snapshot(r), &page, &w, last, &more);
    status st = api_snapshot_end(r, OK);
    json_w_end(&w);
    api_page_next(r, &w, (str){last, more ? 5 : 0});
    json_w_end(&w);
    lot_reply(r, st, 200, &b);
}

// ---- taken back

struct wish {
    str act, reason;
};
#define W(member) .at = offsetof(struct wish, member)
// clang-format off
static const struct form_field fields[] = {
    {.name = "act", .kind = FORM_STR, W(act), .required = true, .max = 16},
    {.name = "reason", .kind = FORM_STR, W(reason), .max = 500},
    {0},
};
// clang-format on
static const struct form form = {"withdrawal", sizeof(struct wish), fields, 1};

static status find(struct http_req *r, const struct wish *wish, struct lot_withdraw_ask *ask)
{
    struct lot lot;

    if (ask == NULL) return no_memory();
    if (!lot_act_find(wish->act, &ask->what))
        return fail(ST_BAD_INPUT, "field.range", 0, "act: release, reopen or recall");
    TRY(api_reason_check(caller_of(r), wish->reason));
    bool found = lot_named(r, api_snapshot(r), &lot);
    TRY(api_snapshot_end(r, OK));
    if (!found) return lot_unknown();
    ask->number = lot.number;
    ask->reason = wish->reason;
    return OK;
}

static void act_withdraw(struct http_req *r)
{
    struct lot_withdraw_ask *ask = NEW(&r->arena, struct lot_withdraw_ask);
    struct wish wish;

    if (!api_body(r, &form, &wish)) return;
    api_answers(r, lot_acted);
    status st = find(r, &wish, ask);
    if (st.cls == ST_OK)
        api_command(r, &kind_act_withdrawn, ask, lot_acted);
    else
        api_fail(r, st);
}

// clang-format off
const struct http_route lot_act_routes[] = {
    {.method = HTTP_GET, .path = "/v1/acts", .roles = "operator qa auditor admin",
     .run = acts_list, .query = "limit page"},
    {.method = HTTP_POST, .path = "/v1/lots/{gtin}/{lot}/withdraw", .roles = "qa",
     .body_max = BODY_MAX, .run = act_withdraw, .query = ""},
    {0},
};
// clang-format on
