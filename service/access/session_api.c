// /v1/login, /v1/session, /v1/logout: sessions of people, for browsers.
//
// Who asks to log in is nobody yet: what is refused names no actor, and the password, never kept,
// is compared with as much work whether there is such a person or not.
#include "service/access/access.h"
#include "service/access/cookie.h"
#include "service/access/door.h"
#include "service/access/hashing.h"
#include "service/access/limit.h"
#include "service/access/password.h"
#include "service/api/noted.h"
#include "service/client/client.h"
#include "service/journal/clock.h"
#include <string.h>

struct wish {
    str user, password, next; // next: to be the password from now on; empty: as it is
};

// clang-format off
#define WISH(field) .at = offsetof(struct wish, field)
static const struct form_field wish_fields[] = {
    {.name = "user",     .kind = FORM_NAME, WISH(user), .required = true},
    {.name = "password", .kind = FORM_STR, WISH(password), .required = true,
     .max = PASSWORD_TEXT_MAX, .secret = true},
    {.name = "new",      .kind = FORM_STR, WISH(next), .max = PASSWORD_TEXT_MAX, .secret = true},
    {0},
};
// clang-format on
static const struct form wish_form = {"login", sizeof(struct wish), wish_fields, 1};

struct login { // in the request's arena
    struct wish wish;
    struct user user;
    struct session_ask ask;
    struct user_password change; // where the wish says a new one
    bool known, must_change;
    wall now, good_until; // of the password that counts; 0: for ever
    char text[SESSION_TEXT_LEN], label[SESSION_LABEL];
};

// ---- shown

struct shown {
    const struct user *user;
    str text, label;
    bool must_change;
    wall until;
};

static void write_clients(struct txn *t, struct arena *a, struct json_w *w, const struct user *u)
{
    if (u->client_count == 0) return;
    json_w_key(w, S("clients"));
    json_w_array(w);
    for (uint32_t i = 0; i < u->client_count; i++) json_w_str(w, client_name(t, u->clients[i], a));
    json_w_end(w);
}

static void reply_session(struct http_req *r, const struct shown *x)
{
    char csrf[COOKIE_CSRF_LEN];
    struct buf b;

    buf_init(&b, 64 * KB);
    struct json_w w = json_writer(&b);
    cookie_csrf(x->text, csrf);
    json_w_object(&w);
    json_w_kstr(&w, "user", x->user->name);
    json_w_kstr(&w, "name", x->user->printed);
    json_w_kstr(&w, "role", str_of(role_word(x->user->role)));
    struct txn *t = api_snapshot(r);
    wall good = user_password_until(api_site(r), t, x->user->number);
    write_clients(t, &r->arena, &w, x->user);
    json_w_kbool(&w, "must_change", x->must_change);
    if (good.ms != 0) json_w_kwall(&w, "password_expires", good);
    json_w_kstr(&w, "session", x->label);
    json_w_kwall(&w, "expires", x->until);
    json_w_kint(&w, "idle", api_site(r)->people.session_idle_ms / 1000);
    json_w_kstr(&w, "csrf", (str){csrf, sizeof csrf});
    json_w_end(&w);
    status st = api_snapshot_end(r, OK);
    http_reply_header(r, "Cache-Control", S("no-store"));
    if (st.cls == ST_OK) {
        api_reply(r, 200, &b);
        return;
    }
    buf_fini(&b);
    http_problem(r, st, S(""));
}

// ---- login

static status refused(void)
{
    return fail(ST_UNAUTHENTICATED, "login.refused", 0, "name or password is wrong");
}

// What counts is known now, in the request's arena. user.locked.
static status person_read(struct http_req *r, struct login *x)
{
    struct user_state s = {0};

    struct txn *t = api_snapshot(r);
    x->known = user_get(t, x->wish.user, &r->arena, &x->user);
    if (x->known) user_state_get(t, x->user.number, &s);
    if (x->known) x->good_until = user_password_until(api_site(r), t, x->user.number);
    x->now = clock_proven(t, api_site(r)->env); // it ends no lock
    x->ask = (struct session_ask){.user = &x->user, .hash = arena_str(&r->arena, s.hash)};
    x->must_change = s.first;
    TRY(api_snapshot_end(r, OK));
    if (x->ask.hash.p == NULL && s.hash.n > 0) return no_memory();
    return x->known ? user_lock_check(&s, x->now) : OK;
}

// A record of who could not be let in, where there is such a person.
static void turn_away(struct http_req *r, const struct login *x, status st)
{
    struct buf call;

    buf_init(&call, KB);
    buf_addf(&call, "POST /v1/login %.*s", STR(x->wish.user));
    r->recorded = x->known;
    if (x->known) noted_refusal(api_site(r), r->loop, &(struct noted){0, st, buf_str(&call)});
    buf_fini(&call);
    if (st.cls == ST_UNAUTHENTICATED) limit_count_unknown();
    http_problem(r, st.cls == ST_UNAUTHENTICATED ? refused() : st, S(""));
}

// Takes as long as to compare, so that time does not tell who is known.
static status compare_nothing(struct http_req *r, const struct login *x)
{
    bool never;

    TRY(hashing_fits(r, (str){"", 0}, x->wish.password, &never));
    if (!x->known) return refused();
    return fail(ST_UNAUTHENTICATED, x->user.active ? "user.no_password" : "user.inactive", 0,
                "this person cannot log in");
}

// Both or none are done: the one that was refused for itself says why.
static const struct ask *refused_of(const struct job *j)
{
    for (uint32_t i = 0; i < j->n; i++)
        if (j->asks[i].result.cls != ST_OK && strcmp(j->asks[i].result.reason, "call.undone") != 0)
            return &j->asks[i];
    return NULL;
}

static void opened(struct http_req *r, struct job *j)
{
    const struct ask *a = &j->asks[0], *refused = refused_of(j);
    const struct session_ask *ask = a->what;
    struct login *x = CONTAINER_OF((uintptr_t)ask, struct login, ask);
    const struct site *site = api_site(r);
    str text = {x->text, sizeof x->text};

    if (refused != NULL) {
        api_problem(r, refused);
        return;
    }
    str hash = j->n > 1 ? x->change.hash : ask->hash;
    session_keep(site, &(struct session){.key = sha256_of(text),
                                         .opened = a->fact.seq,
                                         .actor = session_actor(&a->fact),
                                         .password = sha256_of(hash)});
    cookie_set(r, text, site->people.session_max_ms);
    reply_session(r, &(struct shown){&x->user, text, ask->label, x->must_change, ask->until});
}

static void open_session(struct http_req *r, struct login *x)
{
    const struct site *site = api_site(r);
    uint8_t secret[32];
    str peer = str_shown(r->peer, 64);
    bool changes = x->wish.next.n > 0;
    struct job *j = api_job(r, changes ? 2 : 1);

    if (j == NULL) return;
    env_random(site->env, secret, sizeof secret);
    memcpy(x->text, MASK_SESSION, sizeof MASK_SESSION - 1);
    hex_put(x->text + sizeof MASK_SESSION - 1, (const char *)secret, sizeof secret);
    session_label((str){x->text, sizeof x->text}, x->label);
    x->ask.label = (str){x->label, sizeof x->label};
    x->ask.from = peer;
    x->ask.until = (wall){env_wall(site->env).ms + site->people.session_max_ms};
    j->asks[0] = (struct ask){.kind = &kind_session_opened, .what = &x->ask};
    if (changes) j->asks[1] = (struct ask){.kind = &kind_user_password, .what = &x->change};
    if (changes) x->must_change = false;
    j->together = true;
    api_submit(r, j, opened);
}

// What comes after the right password: another one, or is it too old?
static status next_password(struct http_req *r, struct login *x)
{
    if (x->wish.next.n == 0) return user_age_check(x->good_until, x->now);
    x->change = (struct user_password){.user = &x->user, .was = x->ask.hash, .at_login = true};
    struct txn *t = api_snapshot(r);
    status st = user_password_change(r, t, &x->user, x->wish.next, &x->change.hash);
    return api_snapshot_end(r, st);
}

static status look(struct http_req *r, struct login *x, bool *fits)
{
    TRY(cookie_origin_check(r)); // nobody is logged in as another by a foreign page
    if (!hashing_has_begun(r)) TRY(limit_login(r));
    TRY(person_read(r, x));
    if (!x->known || !x->user.active || x->ask.hash.n == 0) return compare_nothing(r, x);
    TRY(hashing_fits(r, x->ask.hash, x->wish.password, fits));
    return *fits ? next_password(r, x) : OK;
}

static void login(struct http_req *r)
{
    struct login *x = NEW(&r->arena, struct login);
    bool fits = false;

    if (x == NULL) {
        http_problem(r, no_memory(), S(""));
        return;
    }
    *x = (struct login){0};
    if (!api_body(r, &wish_form, &x->wish)) return;
    status st = look(r, x, &fits);
    if (api_is_later(&st)) return;
    status door = door_check(r->door, x->user.role); // a session would open nothing here
    if (st.cls == ST_UNAUTHENTICATED || st.cls == ST_NOT_ALLOWED)
        turn_away(r, x, st);
    else if (st.cls != ST_OK)
        http_problem(r, st, S(""));
    else if (!fits)
        limit_count_unknown(), user_refuse_wrong(r, &x->user, refused());
    else if (door.cls != ST_OK)
        turn_away(r, x, door);
    else
        open_session(r, x);
}

// ---- the session of a call

static status none(void)
{
    return fail(ST_NOT_FOUND, "session.none", 0, "this call is by no session");
}

static status session_read(struct http_req *r, struct shown *x, struct user *u)
{
    const struct site *site = api_site(r);
    struct user_state s;
    struct session now;

    if (!caller_of(r)->session || !session_find(site, x->text, false, &now)) return none();
    struct txn *t = api_snapshot(r);
    bool found = user_get(t, caller_of(r)->user, &r->arena, u);
    if (found) {
        user_state_get(t, u->number, &s);
        x->must_change = s.first;
    }
    TRY(api_snapshot_end(r, OK));
    int64_t left = now.begun.ms + site->people.session_max_ms - env_mono(site->env).ms;
    x->until = (wall){env_wall(site->env).ms + left};
    x->user = u;
    return found ? OK : none();
}

static void show(struct http_req *r)
{
    struct shown x = {.text = cookie_text(r)};
    char label[SESSION_LABEL];
    struct user u;
    status st = session_read(r, &x, &u);

    session_label(x.text, label);
    x.label = (str){label, sizeof label};
    if (st.cls != ST_OK)
        http_problem(r, st, S(""));
    else
        reply_session(r, &x);
}

// It is over here and now; that it is recorded may fail, and is said then.
static void logout(struct http_req *r)
{
    struct session_end_ask *ask = NEW(&r->arena, struct session_end_ask);
    const struct caller *c = caller_of(r);
    char *label = arena_alloc(&r->arena, SESSION_LABEL);
    str text = cookie_text(r);

    if (!c->session || ask == NULL || label == NULL) {
        http_problem(r, c->session ? no_memory() : none(), S(""));
        return;
    }
    session_label(text, label);
    *ask = (struct session_end_ask){
        c->user, {label, SESSION_LABEL}
    };
    session_end(api_site(r), text);
    cookie_set(r, (str){"", 0}, 0);
    api_command(r, &kind_session_ended, ask, api_render_nothing);
}

const struct http_route session_routes[] = {
    {HTTP_POST, "/v1/login", "", 16 * KB, login, NULL, NULL, ""},
    {HTTP_GET,       "/v1/session", "*", 0, show, NULL, NULL, ""},
    {HTTP_POST,    "/v1/logout", "*", 0, logout, NULL, NULL, ""},
    {0    },
};
