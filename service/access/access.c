// Who calls: from the header `Authorization` to a struct caller in the request's arena.
#include "service/access/access.h"
#include "service/access/token.h"
#include "service/access/user.h"
#include "service/client/client.h"
#include <openssl/evp.h>
#include <string.h>

#define CREDENTIAL_MAX 512u // of Basic, decoded

static status refuse(const char *reason, const char *says)
{
    return fail(ST_UNAUTHENTICATED, reason, 0, "%s", says);
}

static status not_understood(void)
{
    return refuse("access.form", "Authorization: Bearer TOKEN, or Basic with token id and token");
}

// Basic (RFC 7617): base64 of "id:token".
static status basic_read(str in, struct arena *a, str *id, str *token)
{
    if (in.n == 0 || in.n % 4 != 0 || in.n > CREDENTIAL_MAX) return not_understood();
    char *room = arena_alloc(a, in.n);
    if (room == NULL) return no_memory();
    int n = EVP_DecodeBlock((unsigned char *)room, (const unsigned char *)in.p, (int)in.n);
    for (size_t i = in.n; n > 0 && i > in.n - 2 && in.p[i - 1] == '='; i--) n--;
    *token = (str){room, n < 0 ? 0 : (size_t)n};
    return n > 0 && str_cut(token, ':', id) ? OK : not_understood();
}

// The token's text; of Basic also the id that must be its own, else empty.
static status credential(const struct http_req *r, struct arena *a, str *id, str *token)
{
    str rest = http_header(r, S("Authorization")), scheme = S("");

    *id = (str){"", 0};
    if (rest.n == 0) return refuse("access.missing", "say who calls: Authorization: Bearer TOKEN");
    if (!str_cut(&rest, ' ', &scheme)) return not_understood();
    *token = str_trim(rest);
    if (str_eq_fold(scheme, S("Basic"))) return basic_read(*token, a, id, token);
    return str_eq_fold(scheme, S("Bearer")) ? OK : not_understood();
}

static status actor_check(const struct actor *x, bool found, str id, wall now)
{
    if (!found || (id.n > 0 && !str_eq(id, x->id)))
        return refuse("token.unknown", "this token is not known here");
    if (x->revoked.ms != 0) return refuse("token.revoked", "this token was revoked");
    if (x->expires.ms != 0 && x->expires.ms <= now.ms)
        return refuse("token.expired", "this token has expired");
    return OK;
}

// A person's token does what the person may now.
static status person_take(struct txn *t, struct arena *a, struct actor *x)
{
    struct user u;

    if (x->user.n == 0) return OK;
    if (!user_get(t, x->user, a, &u) || !u.active)
        return refuse("user.inactive", "this token's person is not active here");
    x->role = u.role;
    x->clients = u.clients;
    x->client_count = u.client_count;
    return OK;
}

static struct caller *caller_new(struct arena *a, const struct actor *x)
{
    struct caller *c = NEW(a, struct caller);

    if (c == NULL) return NULL;
    *c = (struct caller){.magic = CALLER_MAGIC,
                         .actor = x->number,
                         .role = x->role,
                         .id = x->id,
                         .line = x->line,
                         .party = x->party,
                         .person = x->user.n > 0,
                         .user = x->user,
                         .clients = x->clients,
                         .client_count = x->client_count};
    return c;
}

status access_caller(struct http_req *r, const struct caller **out)
{
    struct actor x = {0};
    str id, token;

    TRY(credential(r, &r->arena, &id, &token));
    struct sha256 digest = token_digest(token);
    struct txn *t = api_snapshot(r);
    bool found = actor_by_token(t, &digest, &r->arena, &x);
    status st = actor_check(&x, found, id, env_wall(api_site(r)->env));
    if (st.cls == ST_OK) st = person_take(t, &r->arena, &x);
    TRY(api_snapshot_end(r));
    TRY(st);
    const struct caller *c = caller_new(&r->arena, &x);
    if (c == NULL) return no_memory();
    *out = c;
    return OK;
}

static bool role_is_in(str roles, str role)
{
    str word;

    while (str_cut(&roles, ' ', &word))
        if (str_eq(word, role)) return true;
    return str_eq(roles, role);
}

status access_check(struct http_req *r, const char *roles)
{
    const struct caller *c;

    r->caller = NULL;
    if (*roles == 0) return OK;
    TRY(access_caller(r, &c));
    r->caller = c;
    if (strcmp(roles, "*") == 0 || role_is_in(str_of(roles), str_of(role_word(c->role)))) return OK;
    return fail(ST_NOT_ALLOWED, "access.role", 0, "a token of role %s may not do this, only %s",
                role_word(c->role), roles);
}

status access_client(struct http_req *r, struct txn *t, client_id *out)
{
    const struct caller *c = caller_of(r);
    str name = http_header(r, S("Packtrail-Client"));
    client_id client;

    if (name.n == 0 && c->client_count > 1)
        return fail(ST_UNPROCESSABLE, "client.ambiguous", 0,
                    "Packtrail-Client: name the client, this token is for %u", c->client_count);
    if (name.n == 0) {
        *out = c->client_count == 1 ? c->clients[0] : (client_id){0};
        return OK;
    }
    if (!client_by_name(t, name, &client) || !caller_sees(c, client))
        return fail(ST_NOT_FOUND, "client.unknown", 0, "Packtrail-Client: there is no %.*s",
                    name.n > 64 ? 64 : (int)name.n, name.p);
    *out = client;
    return OK;
}
