// decided part of `session.opened`: actor 4 | user str | role str | label str | from where str |
//   until 8 (ms; at the latest)
// decided part of `session.ended`: user str | label str
#include "service/access/session.h"
#include "common/bytes.h"
#include "service/access/actor_db.h"
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SESSIONS_MAGIC 0x5e551045u
#define ID_PREFIX      "login:" // no token's id has a colon

struct sessions {
    unsigned magic;
    pthread_mutex_t lock;
    uint32_t count; // places; one that is free has no actor
    uint64_t ended; // the newest record that ended all of somebody's
    struct session *place;
};

void session_start(struct site *site, uint32_t count)
{
    struct sessions *x = calloc(1, sizeof *x);

    assert(x != NULL && count > 0 && site->sessions == NULL);
    *x = (struct sessions){.magic = SESSIONS_MAGIC, .count = count};
    x->place = calloc(count, sizeof *x->place);
    assert(x->place != NULL && pthread_mutex_init(&x->lock, NULL) == 0);
    site->sessions = x;
}

void session_stop(struct site *site)
{
    struct sessions *x = site->sessions;

    site->sessions = NULL;
    if (x == NULL) return;
    OBJ_CHECK(x, SESSIONS_MAGIC);
    x->magic = 0;
    pthread_mutex_destroy(&x->lock);
    free(x->place);
    free(x);
}

static struct sessions *sessions_of(const struct site *site)
{
    struct sessions *x = site->sessions;

    if (x != NULL) OBJ_CHECK(x, SESSIONS_MAGIC);
    return x;
}

static bool lasts(const struct site *site, const struct session *s)
{
    int64_t now = env_mono(site->env).ms;

    return s->actor != 0 && now - s->used.ms < (int64_t)site->people.session_idle_ms &&
           now - s->begun.ms < (int64_t)site->people.session_max_ms;
}

// Where a new one of the actor goes.
static struct session *place_for(const struct site *site, struct sessions *x, uint32_t actor)
{
    struct session *free_ = NULL, *oldest = NULL, *own = NULL;
    uint32_t owned = 0;

    for (struct session *s = x->place; s < x->place + x->count; s++) {
        if (!lasts(site, s)) {
            *s = (struct session){0};
            free_ = s;
            continue;
        }
        if (oldest == NULL || s->used.ms < oldest->used.ms) oldest = s;
        if (s->actor != actor) continue;
        owned++;
        if (own == NULL || s->used.ms < own->used.ms) own = s;
    }
    if (owned >= SESSIONS_OF_ONE) return own;
    return free_ != NULL ? free_ : oldest;
}

void session_keep(const struct site *site, const struct session *s)
{
    struct sessions *x = sessions_of(site);

    assert(x != NULL && s->actor != 0);
    pthread_mutex_lock(&x->lock);
    if (s->opened >= x->ended) { // else it may have been this person's: who logs in again is let in
        struct session *place = place_for(site, x, s->actor);
        *place = *s;
        place->begun = place->used = env_mono(site->env);
    }
    pthread_mutex_unlock(&x->lock);
}

static struct session *find(struct sessions *x, const struct sha256 *key)
{
    for (struct session *s = x->place; s < x->place + x->count; s++)
        if (s->actor != 0 && CRYPTO_memcmp(&s->key, key, sizeof *key) == 0) return s;
    return NULL;
}

bool session_find(const struct site *site, str text, bool used, struct session *out)
{
    struct sessions *x = sessions_of(site);
    struct sha256 key = sha256_of(text);

    if (x == NULL || text.n != SESSION_TEXT_LEN) return false;
    pthread_mutex_lock(&x->lock);
    struct session *s = find(x, &key);
    bool found = s != NULL && lasts(site, s);
    if (found && used) s->used = env_mono(site->env);
    if (found) *out = *s;
    pthread_mutex_unlock(&x->lock);
    return found;
}

void session_end(const struct site *site, str text)
{
    struct sessions *x = sessions_of(site);
    struct sha256 key = sha256_of(text);

    if (x == NULL) return;
    pthread_mutex_lock(&x->lock);
    struct session *s = find(x, &key);
    if (s != NULL) *s = (struct session){0};
    pthread_mutex_unlock(&x->lock);
}

void session_end_all(const struct site *site, uint32_t actor, uint64_t seq)
{
    struct sessions *x = sessions_of(site);

    if (x == NULL) return;
    pthread_mutex_lock(&x->lock);
    for (struct session *s = x->place; s < x->place + x->count; s++)
        if (s->actor == actor && s->opened < seq) *s = (struct session){0};
    if (seq > x->ended) x->ended = seq;
    pthread_mutex_unlock(&x->lock);
}

void session_label(str text, char out[SESSION_LABEL])
{
    struct sha256_run run;

    sha256_start(&run);
    sha256_add(&run, S("packtrail session "));
    sha256_add(&run, text);
    hex_put(out, (const char *)sha256_end(&run).b, SESSION_LABEL / 2);
}

// ---- session.opened

struct opened {
    uint32_t actor;
    str user, role, label, from;
    wall until;
};

static bool opened_get(const struct fact *f, struct opened *out)
{
    struct bytes_r r = bytes_reader(f->decided);
    struct opened x = {.actor = (uint32_t)bytes_get_u(&r, 4)};

    x.user = bytes_get_str(&r);
    x.role = bytes_get_str(&r);
    x.label = bytes_get_str(&r);
    x.from = bytes_get_str(&r);
    x.until.ms = (int64_t)bytes_get_u(&r, 8);
    *out = x;
    return bytes_end(&r);
}

uint32_t session_actor(const struct fact *f)
{
    struct opened x;
    return opened_get(f, &x) ? x.actor : 0;
}

static str actor_name(str user, char room[ACTOR_ID_MAX])
{
    int n = snprintf(room, ACTOR_ID_MAX, ID_PREFIX "%.*s", STR(user));

    assert(n > 0 && (unsigned)n < ACTOR_ID_MAX);
    return (str){room, (size_t)n};
}

uint32_t session_actor_of(struct txn *t, str user, struct arena *a)
{
    char room[ACTOR_ID_MAX];
    struct actor x;

    return actor_by_id(t, actor_name(user, room), a, &x) ? x.number : 0;
}

// The person as the loop saw it may be another by now.
static status person_check(struct decide *d, const struct session_ask *ask, struct user *u)
{
    struct user_state s;

    if (!user_get(d->t, ask->user->name, d->arena, u) || !u->active)
        return fail(ST_UNAUTHENTICATED, "user.inactive", 0, "this person is not active here");
    user_state_get(d->t, u->number, &s);
    if (!str_eq(s.hash, ask->hash))
        return fail(ST_BUSY, "user.changed", 0, "the password was changed meanwhile, ask again");
    return user_lock_check(&s, d->now);
}

static status opened_decide(struct decide *d)
{
    const struct session_ask *ask = d->ask;
    struct user u;

    TRY(person_check(d, ask, &u));
    uint32_t number = session_actor_of(d->t, u.name, d->arena);
    if (number == 0) number = (uint32_t)counter_get(d->t, COUNTER_ACTOR) + 1;
    d->fact->actor = number; // who has said the right password is who calls
    bytes_u(d->out, number, 4);
    bytes_str(d->out, u.name);
    bytes_str(d->out, str_of(role_word(u.role)));
    bytes_str(d->out, ask->label);
    bytes_str(d->out, ask->from);
    bytes_u(d->out, (uint64_t)ask->until.ms, 8);
    return OK;
}

static void opened_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct actor x = {.created = f->at};
    char room[ACTOR_ID_MAX];
    struct opened o;

    (void)arg;
    if (!opened_get(f, &o) || !role_find(o.role, &x.role)) {
        txn_spoil(t, "record.corrupt", "the fact of a session");
        return;
    }
    if (o.actor <= counter_get(t, COUNTER_ACTOR)) return; // made by an earlier one
    x.number = o.actor;
    x.id = actor_name(o.user, room);
    x.user = o.user;
    counter_put(t, COUNTER_ACTOR, x.number);
    actor_put(t, &x);
}

static void opened_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct opened x;

    (void)arg;
    if (!opened_get(f, &x)) return;
    json_w_kstr(w, "user", x.user);
    json_w_kstr(w, "role", x.role);
    json_w_kstr(w, "session", x.label);
    json_w_kstr(w, "from", x.from);
    json_w_kwall(w, "until", x.until);
}

const struct kind kind_session_opened = {
    FACT_SESSION_OPENED, 1, "session.opened", opened_decide, opened_write, opened_print, NULL};

// ---- session.ended

static status ended_decide(struct decide *d)
{
    const struct session_end_ask *ask = d->ask;

    bytes_str(d->out, ask->user);
    bytes_str(d->out, ask->label);
    return OK;
}

static void ended_write(struct txn *t, const struct fact *f, const void *arg)
{
    (void)t, (void)f, (void)arg; // a session is in memory
}

static void ended_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct bytes_r r = bytes_reader(f->decided);

    (void)arg;
    json_w_kstr(w, "user", bytes_get_str(&r));
    json_w_kstr(w, "session", bytes_get_str(&r));
}

const struct kind kind_session_ended = {
    FACT_SESSION_ENDED, 1, "session.ended", ended_decide, ended_write, ended_print, NULL};
