// What a token is to be for: read from a body or from a command's words, held to the rules.
#include "service/access/token_wish.h"
#include "service/access/user.h"
#include "service/catalog/place.h"
#include "service/client/client.h"

// Any GLN will do: who a token acts for need not be told to the site before.
status token_party_check(str value, struct arena *a, str *out)
{
    char digits[13];

    TRY(gs1_gln_read(value, digits));
    *out = arena_str(a, (str){digits, sizeof digits});
    return out->p != NULL ? OK : no_memory();
}

struct wish_alone {
    struct token_wish wish;
};
static const struct form_field wish_fields[] = {
    TOKEN_WISH_FIELDS(struct wish_alone, wish),
    {.name = "reason",
                               .kind = FORM_STR,
                               TOKEN_WISH_AT(struct wish_alone, wish, reason),
                               .max = 500},
    {0},
};
const struct form token_wish_form = {"token", sizeof(struct token_wish), wish_fields, 1};

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

static status role_check(const struct token_wish *w, enum role *role)
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

static status clients_find(struct txn *t, const struct token_wish *w, struct arena *a,
                           struct actor *x)
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
static status person_find(struct txn *t, const struct token_wish *w, struct arena *a,
                          struct actor *x)
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

static status scope_find(struct txn *t, const struct token_wish *w, struct arena *a,
                         struct actor *x)
{
    struct line line;

    TRY(clients_find(t, w, a, x));
    if (w->user.n > 0) TRY(person_find(t, w, a, x));
    if (w->line.n > 0 && !line_get(t, w->line, &line))
        return fail(ST_UNPROCESSABLE, "line.unknown", 0, "line: there is no %.*s", STR(w->line));
    return OK;
}

static status expires_read(const struct token_wish *w, wall now, struct actor *x)
{
    struct moment m;

    if (w->expires.n == 0) return OK;
    status st = when_read(w->expires, &m);
    if (st.cls != ST_OK) return wrong(st.reason, "expires", "a time with zone (RFC 3339)");
    if (m.at.ms <= now.ms) return wrong("time.range", "expires", "it must lie ahead");
    x->expires = m.at;
    return OK;
}

status token_wish_scope(const struct token_wish *w, struct txn *t, const struct env *env,
                        struct arena *a, struct actor *x)
{
    if (w->user.n == 0)
        TRY(role_check(w, &x->role));
    else if (w->role.n > 0 && !role_find(w->role, &x->role))
        return wrong("role.unknown", "role", "the user's own, or leave it out");
    TRY(expires_read(w, env_wall(env), x));
    x->user = w->user;
    x->line = w->line;
    x->party = w->party;
    return scope_find(t, w, a, x);
}

status token_wish_take(const struct token_wish *w, struct txn *t, const struct env *env,
                       struct arena *a, struct token_new *n)
{
    TRY(token_wish_scope(w, t, env, a, &n->actor));
    n->reason = w->reason;
    return token_draw(n, env, a);
}

// ---- shown

static void write_time(struct json_w *w, const char *name, wall at)
{
    if (at.ms == 0) return;
    json_w_kwall(w, name, at);
}

static void write_clients(struct txn *t, struct arena *a, struct json_w *w, const struct actor *x)
{
    if (x->client_count == 0) return;
    json_w_key(w, S("clients"));
    json_w_array(w);
    for (uint32_t k = 0; k < x->client_count; k++) json_w_str(w, client_name(t, x->clients[k], a));
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

void token_write_scope(struct txn *t, struct arena *a, struct json_w *w, const struct actor *of)
{
    struct actor now = *of, *x = &now;

    as_person_now(t, a, x);
    json_w_kstr(w, "role", str_of(role_word(x->role)));
    if (x->user.n > 0) json_w_kstr(w, "user", x->user);
    write_clients(t, a, w, x);
    if (x->line.n > 0) json_w_kstr(w, "line", x->line);
    if (x->party.n > 0) json_w_kstr(w, "party", x->party);
    write_time(w, "created", x->created);
    write_time(w, "expires", x->expires);
    write_time(w, "revoked", x->revoked);
}

void token_write(struct txn *t, struct arena *a, struct json_w *w, const struct actor *of)
{
    json_w_object(w);
    json_w_kstr(w, "id", of->id);
    token_write_scope(t, a, w, of);
    json_w_end(w);
}
