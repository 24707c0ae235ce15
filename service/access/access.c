// Who calls: from the header `Authorization` or a certificate to a struct caller in the request's
// arena.
#include "service/access/access.h"
#include "service/access/certificate.h"
#include "service/access/cookie.h"
#include "service/access/door.h"
#include "service/access/limit.h"
#include "service/access/token.h"
#include "service/access/user.h"
#include "service/api/noted.h"
#include "service/client/client.h"
#include "service/journal/clock.h"
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

struct look { // at who calls
    struct http_req *r;
    struct txn *t;
    struct arena *arena; // what is found lies here
    bool calls;          // else only whether they still may: that keeps no session awake
    bool by_cookie;      // out: by a session
};

static status by_token(const struct look *l, struct actor *x)
{
    str id, token;

    TRY(credential(l->r, l->arena, &id, &token));
    struct sha256 digest = token_digest(token);
    bool found = actor_by_token(l->t, &digest, l->arena, x);
    TRY(actor_check(x, found, id, clock_reached(l->t, api_site(l->r)->env)));
    return person_take(l->t, l->arena, x);
}

static status session_ended(void)
{
    return refuse("session.ended", "this session has ended: log in again");
}

// Ends with the password that it began with.
static status session_person(const struct look *l, const struct session *s)
{
    struct user_state now;
    struct user u;
    struct actor x;

    if (!actor_get(l->t, s->actor, l->arena, &x) || !user_get(l->t, x.user, l->arena, &u))
        return session_ended();
    user_state_get(l->t, u.number, &now);
    struct sha256 hash = sha256_of(now.hash);
    if (memcmp(&hash, &s->password, sizeof hash) == 0) return OK;
    session_end(api_site(l->r), cookie_text(l->r));
    return session_ended();
}

static status by_session(const struct look *l, const struct session *s, struct actor *x)
{
    TRY(session_person(l, s));
    if (!actor_get(l->t, s->actor, l->arena, x)) return session_ended();
    return person_take(l->t, l->arena, x);
}

static status by_certificate(const struct look *l, struct actor *x, bool *found)
{
    const struct http_certificate *c = l->r->certificate;

    *found = false;
    if (c == NULL) return OK;
    wall now = clock_reached(l->t, api_site(l->r)->env);
    TRY(certificate_caller(l->t, c, now, l->arena, x, found));
    return *found ? person_take(l->t, l->arena, x) : OK;
}

// The same person; or machines that may the same for the same.
static bool is_same(const struct actor *a, const struct actor *b)
{
    if (a->user.n > 0 || b->user.n > 0) return str_eq(a->user, b->user);
    if (a->role != b->role || a->client_count != b->client_count) return false;
    for (uint32_t i = 0; i < a->client_count; i++)
        if (a->clients[i].v != b->clients[i].v) return false;
    return str_eq(a->line, b->line) && str_eq(a->party, b->party);
}

// Who says both by a token and by a certificate who calls is the token's actor. A certificate that
// stands for nobody proves nothing and harms nothing.
static status find_actor(struct look *l, struct actor *out)
{
    struct http_req *r = l->r;
    bool says = http_has_header(r, S("Authorization")), shows;
    struct actor shown = {0};
    struct session s;

    l->by_cookie = !says && door_is_for_people(r->door) &&
                   session_find(api_site(r), cookie_text(r), l->calls, &s);
    says = says || l->by_cookie;
    status st = by_certificate(l, &shown, &shows);
    if (st.cls != ST_OK) return *out = shown, st; // of a person, that is told
    if (shows && !says) return *out = shown, OK;
    if (!says && door_is_for_people(r->door) && cookie_text(r).n > 0) return session_ended();
    if (!says && r->certificate != NULL)
        return refuse("certificate.unknown", "this certificate stands for nobody here");
    TRY(l->by_cookie ? by_session(l, &s, out) : by_token(l, out));
    if (!shows || is_same(&shown, out)) return OK;
    return refuse("access.two", "the token is one caller's and the certificate another's");
}

static struct caller *caller_new(struct arena *a, const struct actor *x, bool by_cookie)
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
                         .session = by_cookie,
                         .user = x->user,
                         .clients = x->clients,
                         .client_count = x->client_count};
    return c;
}

// A token of a person is known though it opens nothing any more: who calls with it is recorded.
static status unknown(struct http_req *r, const struct actor *x, status st)
{
    bool person = x->user.n > 0 && strcmp(st.reason, "token.unknown") != 0;

    st = limit_refused(r, st);
    if (person && st.cls == ST_UNAUTHENTICATED)
        noted_refusal(api_site(r), r->loop,
                      &(struct noted){
                          x->number, st, {"", 0}
        });
    return st;
}

status access_caller(struct http_req *r, const struct caller **out)
{
    struct look l = {.r = r, .t = api_snapshot(r), .arena = &r->arena, .calls = true};
    struct actor x = {0};

    status st = find_actor(&l, &x);
    status end = api_snapshot_end(r, OK);
    if (end.cls != ST_OK) return end; // what could not be read is not unknown
    if (st.cls == ST_UNAUTHENTICATED) return unknown(r, &x, st);
    TRY(st);
    TRY(limit_caller(r, x.number));
    const struct caller *c = caller_new(&r->arena, &x, l.by_cookie);
    if (c == NULL) return no_memory();
    *out = c;
    return OK;
}

uint32_t access_person(struct http_req *r)
{
    bool says = http_has_header(r, S("Authorization")) || http_has_header(r, S("Cookie"));
    struct look l = {.r = r, .arena = &r->arena, .calls = true};
    struct actor x = {0};

    if (!says && r->certificate == NULL) return 0;
    l.t = api_snapshot(r);
    status st = find_actor(&l, &x);
    st = api_snapshot_end(r, st);
    return st.cls == ST_OK && x.user.n > 0 ? x.number : 0;
}

status access_check(struct http_req *r, const char *roles)
{
    const struct caller *c;

    r->caller = NULL;
    if (*roles == 0) return limit_address(r);
    TRY(access_caller(r, &c));
    r->caller = c;
    TRY(door_check(r->door, c->role));
    if (c->session) TRY(cookie_csrf_check(r));
    if (reach_has(&(struct reach){.role = c->role}, roles, (client_id){0})) return OK;
    return fail(ST_NOT_ALLOWED, "access.role", 0, "a token of role %s may not do this, only %s",
                role_word(c->role), roles);
}

bool access_still(struct http_req *r, struct txn *t, client_id client, struct arena *a)
{
    struct look l = {.r = r, .t = t, .arena = a};
    struct actor x = {0};

    if (find_actor(&l, &x).cls != ST_OK || x.number != caller_of(r)->actor) return false;
    struct reach now = {x.role, x.clients, x.client_count};
    return door_check(r->door, x.role).cls == ST_OK && reach_has(&now, r->route->roles, client);
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
