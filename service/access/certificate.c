// decided part of `certificate.put`: name str | sort 1 | what str | reason str | as token.created
// decided part of `certificate.ended`: actor 4 | name str | where one was said: reason str
#include "service/access/certificate.h"
#include "service/access/token.h"
#include <stdio.h>
#include <string.h>

#define ID_PREFIX "certificate:" // no token's id has a colon

static bool same_actor(const struct actor *a, const struct actor *b)
{
    if (a->role != b->role || a->client_count != b->client_count || a->expires.ms != b->expires.ms)
        return false;
    for (uint32_t i = 0; i < a->client_count; i++)
        if (a->clients[i].v != b->clients[i].v) return false;
    return str_eq(a->user, b->user) && str_eq(a->line, b->line) && str_eq(a->party, b->party);
}

// Another name's that has not ended.
static bool is_taken(struct decide *d, const struct certificate_wish *w, uint32_t own)
{
    uint32_t other = certificate_actor(d->t, w->sort, w->what);
    struct actor x;

    return other != 0 && other != own && actor_get(d->t, other, d->arena, &x) && x.revoked.ms == 0;
}

static status put_decide(struct decide *d)
{
    const struct certificate_wish *w = d->ask;
    struct actor x = w->actor, was = {0};
    struct certificate old = {0};
    char id[ACTOR_ID_MAX + 1];
    bool there = certificate_get(d->t, w->name, &old) && actor_get(d->t, old.actor, d->arena, &was);

    if (is_taken(d, w, old.actor))
        return fail(ST_CONFLICT, "certificate.taken", 0, "it stands for somebody else already");
    if (there && was.revoked.ms == 0 && old.sort == w->sort && str_eq(old.what, w->what) &&
        same_actor(&was, &x)) {
        d->repeat_seq = old.seq;
        return OK;
    }
    x.number = there ? old.actor : (uint32_t)counter_get(d->t, COUNTER_ACTOR) + 1;
    int n = snprintf(id, sizeof id, ID_PREFIX "%.*s", STR(w->name));
    x.id = (str){id, (size_t)n};
    bytes_str(d->out, w->name);
    bytes_u(d->out, w->sort, 1);
    bytes_str(d->out, w->what);
    bytes_str(d->out, w->reason);
    token_put_actor(d->out, &x);
    return OK;
}

status certificate_of_fact(const struct fact *f, struct arena *a, struct certificate *c,
                           struct actor *x, str *reason)
{
    struct bytes_r r = bytes_reader(f->decided);

    *c = (struct certificate){.name = bytes_get_str(&r), .seq = f->seq};
    c->sort = (enum certificate_sort)bytes_get_u(&r, 1);
    c->what = bytes_get_str(&r);
    *reason = bytes_get_str(&r);
    TRY(token_get_actor(&r, a, x));
    c->actor = x->number;
    x->created = f->at;
    return OK;
}

static void put_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct certificate c, row, old;
    struct arena a;
    struct actor x, was;
    str reason;

    (void)arg;
    arena_init(&a, 32 * KB);
    if (certificate_of_fact(f, &a, &c, &x, &reason).cls == ST_OK) {
        bool there = certificate_get(t, c.name, &row);
        old = row;
        if (there) old.what = arena_str(&a, row.what); // the row is about to change
        if (actor_get(t, x.number, &a, &was)) x.created = was.created;
        if (x.number > counter_get(t, COUNTER_ACTOR)) counter_put(t, COUNTER_ACTOR, x.number);
        actor_put(t, &x);
        certificate_put(t, &c, there ? &old : NULL);
    } else {
        txn_spoil(t, "record.corrupt", "the fact of a certificate");
    }
    arena_fini(&a);
}

void certificate_write(const struct certificate *c, struct json_w *w)
{
    char hex[64];

    json_w_kstr(w, "certificate", c->name);
    if (c->sort == CERTIFICATE_FINGERPRINT && c->what.n == sizeof hex / 2) {
        hex_put(hex, c->what.p, c->what.n);
        json_w_kstr(w, "fingerprint", (str){hex, sizeof hex});
    } else {
        json_w_kstr(w, "subject", c->what);
    }
}

static void put_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct certificate c;
    struct arena a;
    struct actor x;
    str reason;

    (void)arg;
    arena_init(&a, 32 * KB);
    if (certificate_of_fact(f, &a, &c, &x, &reason).cls == ST_OK) {
        certificate_write(&c, w);
        json_w_kstr(w, "role", str_of(role_word(x.role)));
        if (x.user.n > 0) json_w_kstr(w, "user", x.user);
        if (x.line.n > 0) json_w_kstr(w, "line", x.line);
        if (x.party.n > 0) json_w_kstr(w, "party", x.party);
        if (x.client_count > 0) json_w_kint(w, "clients", x.client_count);
        if (reason.n > 0) json_w_kstr(w, "reason", reason);
    }
    arena_fini(&a);
}

// ---- its end

static status ended_decide(struct decide *d)
{
    const struct certificate_end *e = d->ask;
    struct certificate c;
    struct actor x;

    if (!certificate_get(d->t, e->name, &c) || !actor_get(d->t, c.actor, d->arena, &x))
        return fail(ST_NOT_FOUND, "certificate.none", 0, "there is no such certificate");
    if (x.revoked.ms != 0) {
        d->repeat_seq = x.revoked_seq;
        return OK;
    }
    bytes_u(d->out, c.actor, 4);
    bytes_str(d->out, c.name);
    if (e->reason.n > 0) bytes_str(d->out, e->reason);
    return OK;
}

static void ended_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct bytes_r r = bytes_reader(f->decided);

    (void)arg;
    actor_end(t, (uint32_t)bytes_get_u(&r, 4), f);
}

static void ended_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct bytes_r r = bytes_reader(f->decided);

    (void)arg;
    bytes_get_u(&r, 4);
    json_w_kstr(w, "certificate", bytes_get_str(&r));
    if (r.p != r.end) json_w_kstr(w, "reason", bytes_get_str(&r));
}

const struct kind kind_certificate_put = {
    FACT_CERTIFICATE_PUT, 1, "certificate.put", put_decide, put_write, put_print, NULL};
const struct kind kind_certificate_ended = {
    FACT_CERTIFICATE_ENDED, 1, "certificate.ended", ended_decide, ended_write, ended_print, NULL};

// ---- who calls

status certificate_caller(struct txn *t, const struct http_certificate *c, wall now,
                          struct arena *a, struct actor *out, bool *found)
{
    str print = {(const char *)c->fingerprint, sizeof c->fingerprint};
    uint32_t number = certificate_actor(t, CERTIFICATE_FINGERPRINT, print);
    struct actor x;

    if (number == 0 && c->subject.n > 0)
        number = certificate_actor(t, CERTIFICATE_SUBJECT, c->subject);
    *found = number != 0 && actor_get(t, number, a, &x);
    if (!*found) return OK;
    if (x.revoked.ms != 0)
        return fail(ST_UNAUTHENTICATED, "certificate.revoked", 0,
                    "this certificate has ended here");
    // TLS looked at the certificate's own time when the connection began.
    if (c->until.ms < now.ms || (x.expires.ms != 0 && x.expires.ms <= now.ms))
        return fail(ST_UNAUTHENTICATED, "certificate.expired", 0, "this certificate has expired");
    *out = x;
    return OK;
}
