// /v1/tokens: an administrator makes, lists and ends them.
#include "common/bytes.h"
#include "common/form.h"
#include "service/access/access.h"
#include "service/access/token.h"
#include "service/access/user.h"
#include "service/catalog/place.h"
#include "service/client/client.h"
#include <string.h>

struct wish { // the body of POST /v1/tokens
    str role, user, client, line, party, expires;
    struct form_list clients;
};

// Any GLN will do: who a token acts for need not be told to the site before.
static status party_check(str value, struct arena *a, str *out)
{
    char digits[13];

    TRY(gs1_gln_read(value, digits));
    *out = arena_str(a, (str){digits, sizeof digits});
    return out->p != NULL ? OK : no_memory();
}

#define WISH(field) .at = offsetof(struct wish, field)
static const struct form_field wish_fields[] = {
    {.name = "role",     .kind = FORM_STR, WISH(role), .max = 32},
    {.name = "user",        .kind = FORM_NAME, WISH(user)},
    {.name = "client",                  .kind = FORM_NAME, WISH(client)},
    {.name = "clients",
     .kind = FORM_STRS,
     WISH(clients),
     .max = 64,
     .count_max = CALLER_CLIENTS_MAX},
    {.name = "line",                  .kind = FORM_NAME, WISH(line)},
    {.name = "party",.kind = FORM_STR, WISH(party), .max = 13, .check = party_check},
    {.name = "expires",                  .kind = FORM_STR, WISH(expires), .max = 40},
    {0 },
};
static const struct form wish_form = {"token", sizeof(struct wish), wish_fields, 1};

// What a role cannot do without, and what it must not have. Who is bound to no client is of the
// whole site; an administrator of one client could make himself one of all.
static const struct {
    enum role role;
    bool line, client, site;
} needs[] = {
    {ROLE_LINE,        true,  false, false},
    {ROLE_GATEWAY,     false, true,  false},
    {ROLE_CLIENT,      false, true,  false},
    {ROLE_DISTRIBUTOR, false, true,  false},
    {ROLE_ADMIN,       false, false, true },
};

static status wrong(const char *reason, const char *field, const char *rule)
{
    return fail(ST_BAD_INPUT, reason, 0, "%s: %s", field, rule);
}

static status role_check(const struct wish *w, enum role *role)
{
    bool bound = w->client.n > 0 || w->clients.n > 0;

    if (w->role.n == 0) return wrong("field.required", "role", "or the user whose token it is");
    if (!role_find(w->role, role))
        return wrong("role.unknown", "role",
                     "line, distributor, gateway, client, operator, qa, auditor or admin");
    for (size_t i = 0; i < LEN(needs); i++) {
        if (needs[i].role != *role) continue;
        if (needs[i].line && w->line.n == 0)
            return wrong("field.required", "line", "a token of role line is for one line");
        if (needs[i].client && !bound)
            return wrong("field.required", "client", "a token of this role is for some clients");
        if (needs[i].site && bound)
            return wrong("field.range", "client", "an administrator is of the whole site");
    }
    return OK;
}

static status client_find(struct txn *t, str name, client_id *out)
{
    if (client_by_name(t, name, out)) return OK;
    return fail(ST_UNPROCESSABLE, "client.unknown", 0, "client: there is no %.*s", STR(name));
}

static bool has_twice(const client_id *clients, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++)
        for (uint32_t k = 0; k < i; k++)
            if (clients[i].v == clients[k].v) return true;
    return false;
}

static status clients_find(struct txn *t, const struct wish *w, struct arena *a, struct actor *x)
{
    uint32_t n = w->clients.n + (w->client.n > 0 ? 1 : 0), have = 0;
    client_id *clients = NEW_ARRAY(a, client_id, n + 1);

    if (w->client.n > 0 && w->clients.n > 0)
        return wrong("field.range", "clients", "either client or clients");
    if (w->clients.items != NULL && w->clients.n == 0) // none must not come to mean all
        return wrong("field.range", "clients", "at least one, or leave it out: for the whole site");
    if (clients == NULL) return no_memory();
    if (w->client.n > 0) TRY(client_find(t, w->client, &clients[have++]));
    for (uint32_t i = 0; i < w->clients.n; i++)
        TRY(client_find(t, ((const str *)w->clients.items)[i], &clients[have++]));
    if (has_twice(clients, have)) return wrong("field.range", "clients", "one is named twice");
    x->clients = clients;
    x->client_count = n;
    return OK;
}

static bool same_clients(const struct actor *x, const struct user *u)
{
    uint32_t same = 0;

    for (uint32_t i = 0; i < x->client_count; i++)
        for (uint32_t k = 0; k < u->client_count; k++) same += x->clients[i].v == u->clients[k].v;
    return x->client_count == u->client_count && same == x->client_count;
}

// A person's token has the person's role and clients; whoever says them again must say the same.
static status person_find(struct txn *t, const struct wish *w, struct arena *a, struct actor *x)
{
    bool bound = x->client_count > 0;
    struct user u;

    if (!user_get(t, w->user, a, &u))
        return fail(ST_UNPROCESSABLE, "user.unknown", 0, "user: there is no %.*s", STR(w->user));
    if (!u.active)
        return fail(ST_CONFLICT, "user.inactive", 0, "user: %.*s is not active", STR(w->user));
    if (w->role.n > 0 && u.role != x->role)
        return fail(ST_UNPROCESSABLE, "user.scope", 0, "role: %.*s has the role %s", STR(w->user),
                    role_word(u.role));
    if (bound && !same_clients(x, &u))
        return fail(ST_UNPROCESSABLE, "user.scope", 0, "client: %.*s has other clients",
                    STR(w->user));
    x->role = u.role;
    x->clients = u.clients;
    x->client_count = u.client_count;
    return OK;
}

static status scope_find(struct txn *t, const struct wish *w, struct arena *a, struct actor *x)
{
    struct line line;

    TRY(clients_find(t, w, a, x));
    if (w->user.n > 0) TRY(person_find(t, w, a, x));
    if (w->line.n > 0 && !line_get(t, w->line, &line))
        return fail(ST_UNPROCESSABLE, "line.unknown", 0, "line: there is no %.*s", STR(w->line));
    return OK;
}

static status expires_read(const struct wish *w, wall now, struct actor *x)
{
    struct moment m;

    if (w->expires.n == 0) return OK;
    status st = when_read(w->expires, &m);
    if (st.cls != ST_OK) return wrong(st.reason, "expires", "a time with zone (RFC 3339)");
    if (m.at.ms <= now.ms) return wrong("time.range", "expires", "it must lie ahead");
    x->expires = m.at;
    return OK;
}

static status new_token(struct http_req *r, const struct wish *w, struct token_new *n)
{
    const struct env *env = api_site(r)->env;
    struct actor *x = &n->actor;

    if (w->user.n == 0)
        TRY(role_check(w, &x->role));
    else if (w->role.n > 0 && !role_find(w->role, &x->role))
        return wrong("role.unknown", "role", "the user's own, or leave it out");
    TRY(expires_read(w, env_wall(env), x));
    x->user = w->user;
    x->line = w->line;
    x->party = w->party;
    struct txn *t = api_snapshot(r);
    status st = scope_find(t, w, &r->arena, x);
    status end = api_snapshot_end(r);
    TRY(st.cls != ST_OK ? st : end);
    return token_draw(n, env, &r->arena);
}

// The text is not in the fact: a repeat with the same Idempotency-Key drew another one, and is told
// the id alone.
static void created_render(struct http_req *r, const struct ask *a)
{
    const struct token_new *n = a->what;
    struct actor x;
    struct buf b;
    status st = token_of_fact(&a->fact, &r->arena, &x);

    if (st.cls != ST_OK) {
        http_problem(r, st, S(""));
        return;
    }
    buf_init(&b, 4 * KB);
    struct json_w w = json_writer(&b);
    json_w_object(&w);
    json_w_kstr(&w, "id", x.id);
    if (memcmp(&x.token, &n->actor.token, sizeof x.token) == 0)
        json_w_kstr(&w, "token", (str){n->text, TOKEN_LEN});
    json_w_end(&w);
    http_reply_header(r, "Cache-Control", S("no-store"));
    api_reply(r, 201, &b);
}

static void token_create(struct http_req *r)
{
    struct token_new *n = NEW(&r->arena, struct token_new);
    struct wish w;

    if (!api_body(r, &wish_form, &w)) return;
    status st = n == NULL ? no_memory() : new_token(r, &w, n);
    if (st.cls != ST_OK)
        http_problem(r, st, S(""));
    else
        api_command(r, &kind_token_created, n, created_render);
}

static void revoked_render(struct http_req *r, const struct ask *a)
{
    (void)a;
    http_reply(r, 204, NULL, (str){"", 0});
}

static void token_revoke(struct http_req *r)
{
    struct token_end *e = NEW(&r->arena, struct token_end);
    struct actor x;

    struct txn *t = api_snapshot(r);
    bool found = actor_by_id(t, r->param[0], &r->arena, &x);
    status st = api_snapshot_end(r);
    if (st.cls == ST_OK && e == NULL) st = no_memory();
    if (st.cls == ST_OK && !found)
        st = fail(ST_NOT_FOUND, "token.unknown", 0, "there is no such token");
    if (st.cls != ST_OK) {
        http_problem(r, st, S(""));
        return;
    }
    e->actor = x.number;
    api_command(r, &kind_token_revoked, e, revoked_render);
}

static void write_time(struct json_w *w, const char *name, wall at)
{
    struct buf b;

    if (at.ms == 0) return;
    buf_init(&b, 64);
    when_write(&b, (struct moment){at, 0});
    json_w_kstr(w, name, buf_str(&b));
    buf_fini(&b);
}

static void write_clients(struct txn *t, struct arena *a, struct json_w *w, const struct actor *x)
{
    if (x->client_count == 0) return;
    json_w_key(w, S("clients"));
    json_w_array(w);
    for (uint32_t k = 0; k < x->client_count; k++) json_w_str(w, client_name(t, x->clients[k], a));
    json_w_end(w);
}

static void write_token(struct txn *t, struct arena *a, struct json_w *w, const struct actor *x)
{
    json_w_object(w);
    json_w_kstr(w, "id", x->id);
    json_w_kstr(w, "role", str_of(role_word(x->role)));
    if (x->user.n > 0) json_w_kstr(w, "user", x->user);
    write_clients(t, a, w, x);
    if (x->line.n > 0) json_w_kstr(w, "line", x->line);
    if (x->party.n > 0) json_w_kstr(w, "party", x->party);
    write_time(w, "created", x->created);
    write_time(w, "expires", x->expires);
    write_time(w, "revoked", x->revoked);
    json_w_end(w);
}

// A person's token has the role and the clients that the person has now.
static void as_person_now(struct txn *t, struct arena *a, struct actor *x)
{
    struct user u;

    if (x->user.n == 0 || !user_get(t, x->user, a, &u)) return;
    x->role = u.role;
    x->clients = u.clients;
    x->client_count = u.client_count;
}

// A page in the order in which they were made; the place after it, or 0.
static uint32_t write_page(struct http_req *r, struct txn *t, const struct api_page *page,
                           struct json_w *w)
{
    uint32_t last = (uint32_t)counter_get(t, COUNTER_ACTOR), n = 0;
    struct actor x;

    if (page->after.n == 4) n = (uint32_t)get_be(page->after.p, 4);
    for (uint32_t have = 0; n < last; have++) {
        if (have == page->limit) return n;
        if (!actor_get(t, ++n, &r->arena, &x)) continue;
        as_person_now(t, &r->arena, &x);
        write_token(t, &r->arena, w, &x);
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
    status st = api_snapshot_end(r);
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
