// user_password.c - a person's own password: changed, said wrongly, locked after too many.
//
// decided part of `user.password`:    user 4 | name str | hash str
// decided part of `password.refused`: user 4 | name str | the first that is counted 8 | how many 4
// decided part of `user.locked`:      user 4 | name str | until 8 | how many were wrong 4
#include "service/access/hashing.h"
#include "service/access/password.h"
#include "service/access/session.h"
#include "service/access/user.h"
#include "service/api/api.h"

struct said { // of any of the three facts
    uint32_t user;
    str name, hash;
    wall at;
    uint32_t count;
};

static void begin(struct buf *b, const struct user *u)
{
    bytes_u(b, u->number, 4);
    bytes_str(b, u->name);
}

static struct said read_fact(const struct fact *f)
{
    struct bytes_r r = bytes_reader(f->decided);
    struct said s = {.user = (uint32_t)bytes_get_u(&r, 4), .name = bytes_get_str(&r)};

    if (f->kind == FACT_USER_PASSWORD) {
        s.hash = bytes_get_str(&r);
        return s;
    }
    s.at.ms = (int64_t)bytes_get_u(&r, 8);
    s.count = (uint32_t)bytes_get_u(&r, 4);
    return s;
}

str user_password_said(const struct fact *f) { return read_fact(f).hash; }

// ---- another password

static status password_decide(struct decide *d)
{
    const struct user_password *p = d->ask;
    struct user_state s;

    user_state_get(d->t, p->user->number, &s);
    if (!str_eq(s.hash, p->was))
        return fail(ST_BUSY, "user.changed", 0, "the password was changed meanwhile, ask again");
    if (p->at_login) d->fact->actor = session_actor_of(d->t, p->user->name, d->arena);
    begin(d->out, p->user);
    bytes_str(d->out, p->hash);
    return OK;
}

static void password_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct said x = read_fact(f);
    struct user_state s;

    (void)arg;
    user_state_get(t, x.user, &s);
    s.hash = x.hash;
    s.first = false;
    s.wrong_since = (wall){0};
    s.wrong = 0;
    user_state_put(t, x.user, &s);
    user_password_add(t, x.user, f->seq, x.hash);
}

static void password_print(const struct fact *f, struct json_w *w, const void *arg)
{
    (void)arg;
    json_w_kstr(w, "user", read_fact(f).name);
    json_w_kstr(w, "password", S("***"));
}

// ---- a wrong one

static status refused_decide(struct decide *d)
{
    const struct password_wrong *p = d->ask;
    const struct site *site = d->app;
    struct user_state s;

    OBJ_CHECK(site, SITE_MAGIC);
    user_state_get(d->t, p->user->number, &s);
    if (s.wrong == 0 || d->now.ms - s.wrong_since.ms > site->people.wrong_window_ms) {
        s.wrong_since = d->now;
        s.wrong = 0;
    }
    begin(d->out, p->user);
    bytes_u(d->out, (uint64_t)s.wrong_since.ms, 8);
    bytes_u(d->out, s.wrong + 1, 4);
    return OK;
}

static void refused_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct said x = read_fact(f);
    struct user_state s;

    (void)arg;
    user_state_get(t, x.user, &s);
    s.wrong_since = x.at;
    s.wrong = x.count;
    user_state_put(t, x.user, &s);
}

static void refused_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct said x = read_fact(f);

    (void)arg;
    json_w_kstr(w, "user", x.name);
    json_w_kint(w, "wrong", x.count);
    json_w_kwall(w, "since", x.at);
}

// ---- too many

static status locked_decide(struct decide *d)
{
    const struct password_wrong *p = d->ask;
    const struct site *site = d->app;
    struct user_state s;

    OBJ_CHECK(site, SITE_MAGIC);
    user_state_get(d->t, p->user->number, &s);
    d->nothing = s.wrong < site->people.wrong_max;
    if (d->nothing) return OK;
    begin(d->out, p->user);
    bytes_u(d->out, (uint64_t)d->now.ms + site->people.lock_ms, 8);
    bytes_u(d->out, s.wrong, 4);
    return OK;
}

static void locked_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct said x = read_fact(f);
    struct user_state s;

    (void)arg;
    user_state_get(t, x.user, &s);
    s.locked_until = x.at;
    s.lock_seq = f->seq;
    s.wrong_since = (wall){0};
    s.wrong = 0;
    user_state_put(t, x.user, &s);
}

static void locked_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct said x = read_fact(f);

    (void)arg;
    json_w_kstr(w, "user", x.name);
    json_w_kint(w, "wrong", x.count);
    json_w_kwall(w, "until", x.at);
}

const struct kind kind_user_password = {
    FACT_USER_PASSWORD, 1, "user.password", password_decide, password_write, password_print, NULL};
const struct kind kind_password_refused = {
    FACT_PASSWORD_REFUSED, 1,   "password.refused", refused_decide, refused_write,
    refused_print,         NULL};
const struct kind kind_user_locked = {
    FACT_USER_LOCKED, 1, "user.locked", locked_decide, locked_write, locked_print, NULL};

// ---- on the loop

struct wrong { // the refusal that waits for its fact
    struct password_wrong what;
    status st;
};

static void wrong_done(struct http_req *r, struct job *j)
{
    const struct password_wrong *p = j->asks[0].what;
    const struct wrong *w = CONTAINER_OF((uintptr_t)p, struct wrong, what);
    status st = w->st;

    if (j->asks[0].result.cls != ST_OK)
        st = j->asks[0].result;
    else if (!j->asks[1].nothing)
        st = fail(st.cls, st.reason, 0, "the password is wrong; %.*s is locked now",
                  STR(p->user->name));
    http_problem(r, st, S(""));
}

void user_refuse_wrong(struct http_req *r, const struct user *u, status st)
{
    struct wrong *w = NEW(&r->arena, struct wrong);
    struct job *j = w == NULL ? NULL : api_job(r, 2); // bound to no key: it is no answer to keep

    if (w == NULL) http_problem(r, no_memory(), S(""));
    if (j == NULL) return;
    *w = (struct wrong){{u}, st};
    j->asks[0] = (struct ask){.kind = &kind_password_refused, .what = &w->what};
    j->asks[1] = (struct ask){.kind = &kind_user_locked, .what = &w->what};
    api_submit(r, j, wrong_done);
}

status user_lock_check(const struct user_state *s, wall now)
{
    struct buf b;

    if (s->locked_until.ms <= now.ms) return OK;
    buf_init(&b, 64);
    when_write(&b, (struct moment){s->locked_until, 0});
    status st = fail(ST_NOT_ALLOWED, "user.locked", 0,
                     "too many wrong passwords: locked until %.*s, or an administrator's PUT",
                     STR(buf_str(&b)));
    buf_fini(&b);
    return st;
}

wall user_password_until(const struct site *s, struct txn *t, uint32_t user)
{
    uint64_t age = s->people.password_age_ms;
    wall since = {0};

    if (age > 0) since = user_password_since(t, user);
    return since.ms == 0 ? since : (wall){since.ms + (int64_t)age};
}

// REQ PASSWORD-AGE: one that is too old does nothing but make way for the next
status user_age_check(wall until, wall now)
{
    if (until.ms == 0 || now.ms < until.ms) return OK;
    return fail(ST_NOT_ALLOWED, "password.expired", 0,
                "the password is too old: change it, or log in and say `new`, too");
}

// One that has grown too old is never its own successor.
static uint32_t former_count(const struct site_people *p)
{
    return p->password_history == 0 && p->password_age_ms > 0 ? 1 : p->password_history;
}

static status fits(const struct item_from *from, str hash, str password, bool *out)
{
    if (from->r != NULL) return hashing_fits(from->r, hash, password, out);
    return password_fits(from->site, hash, password, out);
}

static status new_password(const struct item_from *from, const struct user *u, str password,
                           str *hash)
{
    const struct site_people *p = &from->site->people;
    str former[PASSWORDS_KEPT];
    bool used = false;

    TRY(password_check(p, password, u->name, u->printed));
    uint32_t latest = former_count(p);
    uint32_t n = u->number == 0 ? 0 : user_passwords(from->t, u->number, latest, former);
    for (uint32_t i = 0; i < n; i++) {
        TRY(fits(from, former[i], password, &used));
        if (used)
            return fail(ST_UNPROCESSABLE, "password.used", 0,
                        "it is one of the person's latest %u passwords", latest);
    }
    if (from->r != NULL) return hashing_new(from->r, password, hash);
    return password_hash(from->site, password, from->arena, hash);
}

status user_password_change(struct http_req *r, struct txn *t, const struct user *u, str password,
                            str *hash)
{
    return new_password(&(struct item_from){api_site(r), t, &r->arena, r}, u, password, hash);
}

status user_password_given(const struct item_from *from, const struct user *u, str password,
                           str *hash)
{
    struct user_state now;
    bool same = false;

    user_state_get(from->t, u->number, &now);
    if (hash->n > 0 && str_eq(now.hash, *hash)) TRY(fits(from, *hash, password, &same));
    return same ? OK : new_password(from, u, password, hash);
}
