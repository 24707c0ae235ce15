// /v1/tokens: an administrator makes, lists and ends them.
#include "common/bytes.h"
#include "service/access/access.h"
#include "service/access/token_wish.h"
#include <string.h>

struct body {
    struct token_wish wish;
    struct signature_said *signature;
};
// clang-format off
static const struct form_field body_fields[] = {
    TOKEN_WISH_FIELDS(struct body, wish),
    {.name = "reason", .kind = FORM_STR, TOKEN_WISH_AT(struct body, wish, reason), .max = 500},
    {.name = "signature", .kind = FORM_ONE, .at = offsetof(struct body, signature),
     .sub = &signature_form},
    {0},
};
// clang-format on
static const struct form body_form = {"token", sizeof(struct body), body_fields, 1};

static status new_token(struct http_req *r, const struct token_wish *w, struct token_new *n)
{
    struct txn *t = api_snapshot(r);
    status st = token_wish_take(w, t, api_site(r)->env, &r->arena, n);
    return api_snapshot_end(r, st);
}

// The text is not in the fact: a repeat with the same Idempotency-Key drew another one, and is told
// the id alone.
static void created_render(struct http_req *r, const struct ask *a)
{
    const struct token_new *n = a->what;
    struct token_made x;
    struct buf b;

    if (second_code(a) == 202) {
        second_proposed(r, a);
        return;
    }
    status st = token_of_fact(&a->fact, &r->arena, &x);

    if (st.cls != ST_OK) {
        http_problem(r, st, S(""));
        return;
    }
    buf_init(&b, 4 * KB);
    struct json_w w = json_writer(&b);
    json_w_object(&w);
    json_w_kstr(&w, "id", x.actor.id);
    if (memcmp(&x.actor.token, &n->actor.token, sizeof x.actor.token) == 0)
        json_w_kstr(&w, "token", (str){n->text, TOKEN_LEN});
    signed_by_write(&w, "first", &x.by);
    json_w_end(&w);
    http_reply_header(r, "Cache-Control", S("no-store"));
    api_reply(r, 201, &b);
}

static void create_signed(struct http_req *r, struct token_new *n,
                          const struct signature_said *said)
{
    struct signing s = {.look = token_look,
                        .what = n,
                        .by = &n->by,
                        .said = said,
                        .kind = &kind_token_created,
                        .render = created_render};

    status st = token_act(n, &r->arena, &s.of);
    if (st.cls == ST_OK)
        signed_by_command(r, &s);
    else
        api_fail(r, st);
}

static void token_create(struct http_req *r)
{
    struct token_new *n = NEW(&r->arena, struct token_new);
    struct body b;

    if (!api_body(r, &body_form, &b)) return;
    api_answers(r, created_render);
    if (b.wish.reason.n == 0 && b.signature != NULL) b.wish.reason = b.signature->reason;
    status st = n == NULL ? no_memory() : api_reason_check(caller_of(r), b.wish.reason);
    if (st.cls == ST_OK) st = new_token(r, &b.wish, n);
    if (st.cls != ST_OK)
        api_fail(r, st);
    else if (b.signature != NULL || second_is_marked(api_site(r), SECOND_MAKE_TOKEN))
        create_signed(r, n, b.signature);
    else
        api_command(r, &kind_token_created, n, created_render);
}

// People paste the text in place of the id: a path is seen by many, and must not tell of it again.
static status by_text(struct txn *t, str text, struct arena *a)
{
    struct sha256 digest = token_digest(text);
    struct actor x;

    if (actor_by_token(t, &digest, a, &x))
        return fail(ST_BAD_INPUT, "token.text", 0,
                    "this is the text of the token %.*s: use that id", STR(x.id));
    return fail(ST_BAD_INPUT, "token.text", 0,
                "this is a token's text: use its id, as /v1/tokens lists it");
}

static status token_find(struct txn *t, str id, struct arena *a, struct actor *out)
{
    if (str_starts(id, S(TOKEN_PREFIX))) return by_text(t, id, a);
    if (actor_by_id(t, id, a, out) && actor_has_token(out)) return OK;
    return fail(ST_NOT_FOUND, "token.unknown", 0, "there is no such token");
}

static void token_revoke(struct http_req *r)
{
    struct token_end *e = NEW(&r->arena, struct token_end);
    struct actor x;

    if (e != NULL) e->reason = (str){"", 0};
    struct txn *t = api_snapshot(r);
    status st = token_find(t, r->param[0], &r->arena, &x);
    st = api_snapshot_end(r, st);
    if (st.cls == ST_OK && e == NULL) st = no_memory();
    if (st.cls == ST_OK) st = api_reason_take(r, &e->reason);
    if (st.cls != ST_OK) {
        http_problem(r, st, S(""));
        return;
    }
    e->actor = x.number;
    api_command(r, &kind_token_revoked, e, api_render_nothing);
}

// A page in the order in which they were made; the place after it, or 0.
static uint32_t write_page(struct http_req *r, struct txn *t, const struct api_page *page,
                           struct json_w *w)
{
    uint32_t last = (uint32_t)counter_get(t, COUNTER_ACTOR), n = 0;
    struct actor x;

    if (page->after.n == 4) n = (uint32_t)get_be(page->after.p, 4);
    for (uint32_t have = 0; n < last;) {
        if (have == page->limit) return n;
        if (!actor_get(t, ++n, &r->arena, &x) || !actor_has_token(&x)) continue;
        token_write(t, &r->arena, w, &x);
        have++;
    }
    return 0;
}

static void token_list(struct http_req *r)
{
    struct api_page page;
    struct buf b;
    char at[4];

    if (!api_page(r, &page)) return;
    buf_init(&b, 16 * MB);
    struct json_w w = json_writer(&b);
    json_w_object(&w);
    json_w_key(&w, S("items"));
    json_w_array(&w);
    struct txn *t = api_snapshot(r);
    uint32_t next = write_page(r, t, &page, &w);
    status st = api_snapshot_end(r, OK);
    if (st.cls != ST_OK) {
        buf_fini(&b);
        http_problem(r, st, S(""));
        return;
    }
    json_w_end(&w);
    put_be(at, next, sizeof at);
    api_page_next(r, &w, (str){at, next == 0 ? 0 : sizeof at});
    json_w_end(&w);
    api_reply(r, 200, &b);
}

const struct http_route access_routes[] = {
    {HTTP_POST,     "/v1/tokens", "admin", 16 * KB, token_create, NULL, NULL, ""},
    {HTTP_GET,      "/v1/tokens", "admin", 0, token_list, NULL, NULL, "limit page"},
    {HTTP_DELETE, "/v1/tokens/{id}", "admin", 0, token_revoke, NULL, NULL, ""},
    {0        },
};
