// decided part of `certificate.put`: name str | sort 1 | what str (of the sort 'i', since version
// 3:
//   subject str, authority str) | reason str | an actor as in
//   token.created | where it was signed: signature | where another person had to sign before: seq
//   of that proposal 8, signature
// decided part of `certificate.ended`: actor 4 | name str | where one was said: reason str
#include "service/access/certificate.h"
#include "service/access/token.h"
#include "service/access/token_wish.h"
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

// ---- signed

static void put_signed(struct buf *b, const struct certificate_wish *w)
{
    bytes_str(b, w->name);
    bytes_u(b, w->sort, 1);
    bytes_str(b, w->what);
    token_put_signed(b, &w->actor);
}

status certificate_look(struct decide *d, const void *what, struct buf *state, struct json_w *says)
{
    const struct certificate_wish *w = what;
    struct certificate old = {0}, now = {.name = w->name, .sort = w->sort, .what = w->what};

    (void)certificate_get(d->t, w->name, &old);
    bytes_u(state, old.seq, 8);
    put_signed(state, w);
    certificate_write(&now, says);
    token_write_scope(d->t, d->arena, says, &w->actor);
    if (w->reason.n > 0) json_w_kstr(says, "reason", w->reason);
    return OK;
}

status certificate_act(const struct certificate_wish *w, struct arena *a, struct second_of *act)
{
    struct buf b;

    buf_init(&b, 16 * KB);
    bytes_str(&b, S("certificate")); // no token's
    put_signed(&b, w);
    return second_of_said(SECOND_MAKE_TOKEN, &b, a, act);
}

// ---- put

static status put_decide(struct decide *d)
{
    const struct certificate_wish *w = d->ask;
    struct signing s = {.look = certificate_look, .what = w};
    struct signed_by by = w->by;
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
    TRY(certificate_act(w, d->arena, &s.of));
    TRY(signed_by_check(d, &s, &by));
    x.number = there ? old.actor : (uint32_t)counter_get(d->t, COUNTER_ACTOR) + 1;
    int n = snprintf(id, sizeof id, ID_PREFIX "%.*s", STR(w->name));
    x.id = (str){id, (size_t)n};
    bytes_str(d->out, w->name);
    bytes_u(d->out, w->sort, 1);
    bytes_str(d->out, w->what);
    bytes_str(d->out, w->reason);
    token_put_actor(d->out, &x);
    signed_by_put(d->out, &by);
    return OK;
}

status certificate_of_fact(const struct fact *f, struct arena *a, struct certificate_made *out)
{
    struct bytes_r r = bytes_reader(f->decided);
    struct certificate_made x = {0};
    struct certificate *c = &x.certificate;

    c->name = bytes_get_str(&r);
    c->seq = f->seq;
    c->sort = (enum certificate_sort)bytes_get_u(&r, 1);
    c->what = bytes_get_str(&r);
    x.reason = bytes_get_str(&r);
    TRY(token_get_actor(&r, a, &x.actor));
    c->actor = x.actor.number;
    x.actor.created = f->at;
    if (!signed_by_read(f, &r, &x.by) || !bytes_end(&r))
        return fail(ST_STORE, "record.corrupt", 0, "a certificate breaks off");
    *out = x;
    return OK;
}

static void end_proposal(struct txn *t, const struct certificate_made *x, struct arena *a)
{
    const struct certificate *c = &x->certificate;
    struct certificate_wish w = {
        .name = c->name, .sort = c->sort, .what = c->what, .actor = x->actor};
    struct second_of act;

    if (certificate_act(&w, a, &act).cls == ST_OK) second_end(t, &act);
}

static void put_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct certificate_made made;
    struct certificate row, old;
    struct actor *x = &made.actor, was;
    struct arena a;

    (void)arg;
    arena_init(&a, 32 * KB);
    if (certificate_of_fact(f, &a, &made).cls == ST_OK) {
        bool there = certificate_get(t, made.certificate.name, &row), ended = false;
        old = row;
        if (there) old.what = arena_str(&a, row.what); // the row is about to change
        end_proposal(t, &made, &a);
        if (actor_get(t, x->number, &a, &was)) {
            x->created = was.created;
            ended = was.revoked.ms != 0 && f->kind_version > 2;
        }
        if (x->number > counter_get(t, COUNTER_ACTOR)) counter_put(t, COUNTER_ACTOR, x->number);
        actor_put(t, x);
        certificate_put(t, &made.certificate, there ? &old : NULL, ended);
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
    } else if (c->sort == CERTIFICATE_ISSUED) {
        struct bytes_r r = bytes_reader(c->what);
        json_w_kstr(w, "subject", bytes_get_str(&r));
        json_w_kstr(w, "authority", bytes_get_str(&r));
    } else {
        json_w_kstr(w, "subject", c->what);
    }
}

static void put_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct certificate_made made;
    struct arena a;

    (void)arg;
    arena_init(&a, 32 * KB);
    if (certificate_of_fact(f, &a, &made).cls == ST_OK) {
        const struct actor *x = &made.actor;
        certificate_write(&made.certificate, w);
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
    FACT_CERTIFICATE_PUT, 3, "certificate.put", put_decide, put_write, put_print, NULL};
const struct kind kind_certificate_put_2 = {
    FACT_CERTIFICATE_PUT, 2, "certificate.put", NULL, put_write, put_print, NULL};
const struct kind kind_certificate_put_1 = {
    FACT_CERTIFICATE_PUT, 1, "certificate.put", NULL, put_write, put_print, NULL};
const struct kind kind_certificate_ended = {
    FACT_CERTIFICATE_ENDED, 1, "certificate.ended", ended_decide, ended_write, ended_print, NULL};

// ---- who calls

str certificate_issued(str subject, str authority, struct arena *a)
{
    struct buf b;

    buf_init(&b, 2 * KB);
    bytes_str(&b, subject);
    bytes_str(&b, authority);
    str what = b.failed ? (str){0} : arena_str(a, buf_str(&b));
    buf_fini(&b);
    return what;
}

// By subject: where several authorities are trusted, each could make one of any subject.
static status by_subject(struct txn *t, const struct http_certificate *c, struct arena *a,
                         uint32_t *number)
{
    str issued = certificate_issued(c->subject, c->authority, a);

    if (issued.p == NULL) return no_memory();
    *number = certificate_actor(t, CERTIFICATE_ISSUED, issued);
    if (*number != 0) return OK;
    *number = certificate_actor(t, CERTIFICATE_SUBJECT, c->subject);
    if (*number == 0 || !c->several) return OK;
    return fail(ST_UNAUTHENTICATED, "certificate.authority", 0,
                "several authorities are trusted here: its subject must be put with its authority");
}

status certificate_caller(struct txn *t, const struct http_certificate *c, wall now,
                          struct arena *a, struct actor *out, bool *found)
{
    str print = {(const char *)c->fingerprint, sizeof c->fingerprint};
    uint32_t number = certificate_actor(t, CERTIFICATE_FINGERPRINT, print);
    struct actor x = {0};

    *found = false;
    if (number == 0 && c->subject.n > 0) TRY(by_subject(t, c, a, &number));
    bool nobody = number == CERTIFICATE_NOBODY;
    *found = number != 0 && !nobody && actor_get(t, number, a, &x);
    if (!*found && !nobody) return OK;
    if (nobody || x.revoked.ms != 0)
        return fail(ST_UNAUTHENTICATED, "certificate.revoked", 0,
                    "this certificate has ended here");
    // TLS looked at the certificate's own time when the connection began.
    if (c->until.ms < now.ms || (x.expires.ms != 0 && x.expires.ms <= now.ms))
        return fail(ST_UNAUTHENTICATED, "certificate.expired", 0, "this certificate has expired");
    *out = x;
    return OK;
}
