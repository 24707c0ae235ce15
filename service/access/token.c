// decided part of `token.created`: actor 4 | id str | role str | user str | line str | party str |
//   clients varint, each client 4 | SHA-256 of the token 32 | expires 8 (ms; 0 never) | reason str
//   (of version 1 there is none) | where it was signed: signature (of version 2 without its role) |
//   where another person had to sign before: seq of that proposal 8, signature
// decided part of `token.revoked`: actor 4 | id str | where one was said: reason str
#include "service/access/token.h"
#include "common/bytes.h"
#include "service/access/token_wish.h"
#include "service/access/user.h"
#include <stdio.h>
#include <string.h>

#define ID_LETTERS 10u // 50 random bits: readable aloud, and no count of other tokens

static const char letters[33] = "abcdefghijklmnopqrstuvwxyz234567";

struct sha256 token_digest(str text) { return sha256_of(text); }

status token_draw(struct token_new *n, const struct env *env, struct arena *a)
{
    uint8_t secret[32], draw[ID_LETTERS];
    char id[ACTOR_ID_MAX];
    int at = snprintf(id, sizeof id, "%s-", role_word(n->actor.role));

    assert(at > 0 && (size_t)at + ID_LETTERS < sizeof id);
    env_random(env, draw, sizeof draw);
    for (unsigned i = 0; i < ID_LETTERS; i++) id[at++] = letters[draw[i] % 32];
    env_random(env, secret, sizeof secret);
    memcpy(n->text, TOKEN_PREFIX, sizeof TOKEN_PREFIX - 1);
    hex_put(n->text + sizeof TOKEN_PREFIX - 1, secret, sizeof secret);
    n->actor.token = token_digest((str){n->text, TOKEN_LEN});
    n->actor.id = arena_str(a, (str){id, (size_t)at});
    return n->actor.id.p != NULL ? OK : no_memory();
}

static void put_scope(struct buf *b, const struct actor *x)
{
    bytes_str(b, str_of(role_word(x->role)));
    bytes_str(b, x->user);
    bytes_str(b, x->line);
    bytes_str(b, x->party);
    bytes_var(b, x->client_count);
    for (uint32_t i = 0; i < x->client_count; i++) bytes_u(b, x->clients[i].v, 4);
}

void token_put_actor(struct buf *b, const struct actor *x)
{
    bytes_u(b, x->number, 4);
    bytes_str(b, x->id);
    put_scope(b, x);
    buf_add(b, (str){(const char *)x->token.b, sizeof x->token.b});
    bytes_u(b, (uint64_t)x->expires.ms, 8);
}

static bool get_clients(struct bytes_r *r, struct arena *a, struct actor *x)
{
    uint64_t n = bytes_get_var(r);
    client_id *clients = n > CALLER_CLIENTS_MAX ? NULL : NEW_ARRAY(a, client_id, n);

    if (clients == NULL) return false;
    for (uint64_t i = 0; i < n; i++) clients[i].v = (uint32_t)bytes_get_u(r, 4);
    x->clients = clients;
    x->client_count = (uint32_t)n;
    return true;
}

static status broken(void) { return fail(ST_STORE, "record.corrupt", 0, "an actor breaks off"); }

status token_get_actor(struct bytes_r *r, struct arena *a, struct actor *out)
{
    struct actor x = {.number = (uint32_t)bytes_get_u(r, 4)};

    x.id = bytes_get_str(r);
    bool good = role_find(bytes_get_str(r), &x.role);
    x.user = bytes_get_str(r);
    x.line = bytes_get_str(r);
    x.party = bytes_get_str(r);
    good = get_clients(r, a, &x) && good;
    str token = bytes_get_raw(r, sizeof x.token.b);
    x.expires.ms = (int64_t)bytes_get_u(r, 8);
    if (!good || r->bad) return broken();
    memcpy(x.token.b, token.p, sizeof x.token.b);
    *out = x;
    return OK;
}

status token_of_fact(const struct fact *f, struct arena *a, struct token_made *out)
{
    struct bytes_r r = bytes_reader(f->decided);
    struct token_made x = {0};

    TRY(token_get_actor(&r, a, &x.actor));
    x.actor.created = f->at;
    if (f->kind_version > 1) x.reason = bytes_get_str(&r);
    if (!signed_by_read(f, &r, &x.by) || !bytes_end(&r)) return broken();
    *out = x;
    return OK;
}

// ---- signed

void token_put_signed(struct buf *b, const struct actor *x)
{
    put_scope(b, x);
    bytes_u(b, (uint64_t)x->expires.ms, 8);
}

status token_look(struct decide *d, const void *what, struct buf *state, struct json_w *says)
{
    const struct token_new *n = what;

    token_put_signed(state, &n->actor);
    token_write_scope(d->t, d->arena, says, &n->actor);
    if (n->reason.n > 0) json_w_kstr(says, "reason", n->reason);
    return OK;
}

// Before it is made a token has no name but what it is for.
status token_act(const struct token_new *n, struct arena *a, struct second_of *act)
{
    struct buf b;

    buf_init(&b, 16 * KB);
    token_put_signed(&b, &n->actor);
    return second_of_said(SECOND_MAKE_TOKEN, &b, a, act);
}

// ---- made

static status created_decide(struct decide *d)
{
    const struct token_new *n = d->ask;
    struct signing s = {.look = token_look, .what = n};
    struct signed_by by = n->by;
    struct actor x = n->actor, other;

    TRY(token_act(n, d->arena, &s.of));
    TRY(signed_by_check(d, &s, &by));
    if (actor_by_id(d->t, x.id, d->arena, &other) ||
        actor_by_token(d->t, &x.token, d->arena, &other))
        return fail(ST_BUSY, "token.drawn_before", 0, "the random id is taken, ask again");
    x.number = (uint32_t)counter_get(d->t, COUNTER_ACTOR) + 1;
    token_put_actor(d->out, &x);
    bytes_str(d->out, n->reason);
    signed_by_put(d->out, &by);
    return OK;
}

static void created_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct token_made x;
    struct second_of act;
    struct arena a;

    (void)arg;
    arena_init(&a, 32 * KB);
    if (token_of_fact(f, &a, &x).cls == ST_OK) {
        struct token_new n = {.actor = x.actor};
        counter_put(t, COUNTER_ACTOR, x.actor.number);
        actor_put(t, &x.actor);
        if (token_act(&n, &a, &act).cls == ST_OK) second_end(t, &act);
    } else {
        txn_spoil(t, "record.corrupt", "the fact of a token");
    }
    arena_fini(&a);
}

static void created_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct token_made made;
    struct arena a;

    (void)arg;
    arena_init(&a, 16 * KB);
    if (token_of_fact(f, &a, &made).cls == ST_OK) {
        const struct actor *x = &made.actor;
        json_w_kstr(w, "token", x->id);
        json_w_kstr(w, "role", str_of(role_word(x->role)));
        if (x->user.n > 0) json_w_kstr(w, "user", x->user);
        if (x->line.n > 0) json_w_kstr(w, "line", x->line);
        if (x->party.n > 0) json_w_kstr(w, "party", x->party);
        if (x->client_count > 0) json_w_kint(w, "clients", x->client_count);
        if (made.reason.n > 0) json_w_kstr(w, "reason", made.reason);
        signed_by_write(w, "first_signature", &made.by);
    }
    arena_fini(&a);
}

// Does it act for an administrator now?
static bool is_admin(struct decide *d, const struct actor *x, struct arena *a)
{
    struct user u;

    if (x->revoked.ms != 0 || (x->expires.ms != 0 && x->expires.ms <= d->now.ms)) return false;
    if (x->user.n == 0) return x->role == ROLE_ADMIN;
    return user_get(d->t, x->user, a, &u) && u.active && u.role == ROLE_ADMIN;
}

bool token_admin_remains(struct decide *d, uint32_t but, str but_user)
{
    uint64_t last = counter_get(d->t, COUNTER_ACTOR);
    struct arena a;
    struct actor x;
    bool found = false;

    arena_init(&a, 64 * KB);
    for (uint32_t n = 1; n <= last && !found; n++, arena_reset(&a))
        found = n != but && actor_get(d->t, n, &a, &x) && actor_has_token(&x) &&
                (but_user.n == 0 || !str_eq(x.user, but_user)) && is_admin(d, &x, &a);
    arena_fini(&a);
    return found;
}

static status revoked_decide(struct decide *d)
{
    const struct token_end *e = d->ask;
    struct actor x;

    if (!actor_get(d->t, e->actor, d->arena, &x) || !actor_has_token(&x))
        return fail(ST_NOT_FOUND, "token.unknown", 0, "there is no such token");
    if (x.revoked.ms != 0) {
        d->repeat_seq = x.revoked_seq;
        return OK;
    }
    if (is_admin(d, &x, d->arena) && !token_admin_remains(d, x.number, (str){0}))
        return fail(ST_CONFLICT, "token.last_admin", 0,
                    "it is the last token of an administrator: make another one first");
    bytes_u(d->out, x.number, 4);
    bytes_str(d->out, x.id);
    if (e->reason.n > 0) bytes_str(d->out, e->reason);
    return OK;
}

static void revoked_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct bytes_r r = bytes_reader(f->decided);

    (void)arg;
    actor_end(t, (uint32_t)bytes_get_u(&r, 4), f);
}

static void revoked_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct bytes_r r = bytes_reader(f->decided);

    (void)arg;
    bytes_get_u(&r, 4);
    json_w_kstr(w, "token", bytes_get_str(&r));
    if (r.p != r.end) json_w_kstr(w, "reason", bytes_get_str(&r));
}

const struct kind kind_token_created = {
    FACT_TOKEN_CREATED, 3, "token.created", created_decide, created_write, created_print, NULL};
const struct kind kind_token_created_2 = {
    FACT_TOKEN_CREATED, 2, "token.created", NULL, created_write, created_print, NULL};
const struct kind kind_token_created_1 = {
    FACT_TOKEN_CREATED, 1, "token.created", NULL, created_write, created_print, NULL};
const struct kind kind_token_revoked = {
    FACT_TOKEN_REVOKED, 1, "token.revoked", revoked_decide, revoked_write, revoked_print, NULL};
