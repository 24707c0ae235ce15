#include "service/api/api.h"
#include "common/form.h"
#include "service/api/body_digest.h"
#include "service/api/sealed.h"
#include "service/journal/idempotency.h"
#include "service/journal/refusal.h"
#include <string.h>

#define REASON_MAX 500u // bytes

#define KEY_MAX 255 // octets of an Idempotency-Key

struct pending { // in the request's arena while its job is away
    api_done *done;
    api_render *render;
    const char *secrets;      // of the body, see api_secrets
    api_otherwise *otherwise; // with `arg`, where the key alone is asked for and is not bound
    void *arg;
};

// Asked for the sake of the key alone: where that is bound this is not decided.
static status nothing_decide(struct decide *d)
{
    d->nothing = true;
    return OK;
}
static const struct kind kind_nothing = {.name = "nothing", .decide = nothing_decide};

struct site *api_site(const struct http_req *r)
{
    struct site *s = r->app;

    OBJ_CHECK(s, SITE_MAGIC);
    return s;
}

struct txn *api_reader(const struct site *s, const struct loop *l)
{
    for (unsigned i = 0; i < s->loop_count; i++)
        if (s->loops[i] == l) return s->readers[i];
    assert_failed("the loop is one of the site", __FILE__, __LINE__);
}

struct txn *api_snapshot(struct http_req *r)
{
    struct txn *t = api_reader(api_site(r), r->loop);

    if (txn_rests(t)) txn_renew(t);
    return t;
}

status api_snapshot_end(struct http_req *r, status st)
{
    struct txn *t = api_reader(api_site(r), r->loop);
    status trouble = txn_status(t);

    if (trouble.cls != ST_OK || !http_in_turn(r)) txn_rest(t);
    return trouble.cls != ST_OK ? trouble : st;
}

void api_turned(void *app, struct loop *loop)
{
    struct txn *t = api_reader(app, loop);
    if (!txn_rests(t)) txn_rest(t);
}

struct job *api_job(struct http_req *r, uint32_t n)
{
    struct job *j = job_new(&r->arena, r->loop, n);

    if (j == NULL) {
        http_problem(r, no_memory(), S(""));
        return NULL;
    }
    j->owner = r;
    j->actor = r->caller == NULL ? 0 : caller_of(r)->actor; // nobody yet: who logs in
    return j;
}

static bool is_anothers(const struct caller *c, const struct ask *a)
{
    bool told = a->result.cls == ST_OK && a->fact.seq != 0;

    return told && a->fact.client.v != 0 && !caller_sees(c, a->fact.client);
}

// What was answered then is told again to who may still be told of it.
status api_repeat_check(const struct http_req *r, const struct job *j)
{
    bool others = j->repeat && j->undone && is_anothers(caller_of(r), j->instead);

    for (uint32_t i = 0; j->repeat && i < j->n; i++)
        others |= is_anothers(caller_of(r), &j->asks[i]);
    if (!others) return OK;
    return fail(ST_NOT_FOUND, "idempotency.client", 0,
                "Idempotency-Key: it is of a call for a client that is not the caller's any more");
}

static void one_done(struct http_req *r, struct job *j);

// Where the loop refuses anyhow, it is as though the key were bound to nothing.
static void unheard(struct http_req *r, struct job *j, status st)
{
    struct pending *p = r->work;
    const struct kind *kind = j->asks[0].kind;

    if (kind == &kind_nothing) {
        p->otherwise(r, p->arg);
    } else if (kind == &kind_refusal) {
        j->key.present = false;
        api_submit(r, j, one_done);
    } else {
        http_problem(r, st, S(""));
    }
}

static void job_done(struct job *j)
{
    struct http_req *r = j->owner;
    struct pending *p = r->work;

    r->waited_us += j->synced_us;
    if (j->whole.cls != ST_OK) {
        http_problem(r, j->whole, S(""));
        return;
    }
    status st = api_repeat_check(r, j);
    r->recorded = st.cls == ST_OK;
    if (r->recorded)
        p->done(r, j);
    else
        unheard(r, j, st);
}

void api_key_older(struct txn *t, wall now, struct job_key *key)
{
    struct bound b;

    key->looked = idempotency_day(now);
    if (!key->present || !idempotency_find_older(t, now, &key->key, &b)) return;
    key->older_seq = b.seq;
    key->older_body = b.body;
}

// A key that could not be looked for may be bound: what it asks for is not done again.
static status find_older(struct http_req *r, struct job_key *key)
{
    if (!key->present) return OK;
    api_key_older(api_snapshot(r), env_wall(api_site(r)->env), key);
    return api_snapshot_end(r, OK);
}

static struct pending *pending_of(struct http_req *r)
{
    if (r->work == NULL) r->work = NEW(&r->arena, struct pending);
    return r->work;
}

void api_submit(struct http_req *r, struct job *j, api_done *done)
{
    struct pending *p = pending_of(r);

    if (p == NULL) {
        http_problem(r, no_memory(), S(""));
        return;
    }
    p->done = done;
    j->done = job_done;
    status st = find_older(r, &j->key);
    if (st.cls == ST_OK && !committer_submit(api_site(r)->committer, j))
        st = fail(ST_BUSY, "service.busy", 0, "too many commands wait, ask again");
    if (st.cls != ST_OK) http_problem(r, st, S(""));
}

void api_answers(struct http_req *r, api_render *render)
{
    struct pending *p = pending_of(r);

    if (p != NULL) p->render = render; // without memory nothing is asked either
}

static void one_done(struct http_req *r, struct job *j)
{
    struct pending *p = r->work;

    if (j->asks[0].result.cls != ST_OK)
        api_problem(r, &j->asks[0]);
    else
        p->render(r, &j->asks[0]);
}

// Headers that make it another request. Where none is said, the digest is that of the rest alone.
static const char *const asking[] = {"Packtrail-Client", "Packtrail-Reason",
                                     "GS1-Capture-Error-Behaviour"};

static struct digest16 request_digest(const struct http_req *r)
{
    struct digest16 d = digest16_of(str_of(http_method_name(r->method)), r->path);

    d = digest16_of((str){(const char *)d.b, sizeof d.b}, r->query);
    for (size_t i = 0; i < LEN(asking); i++) {
        str said = http_header(r, str_of(asking[i]));
        if (said.n == 0) continue;
        struct digest16 header = digest16_of(str_of(asking[i]), said);
        d = digest16_of((str){(const char *)d.b, sizeof d.b},
                        (str){(const char *)header.b, sizeof header.b});
    }
    return d;
}

static bool key_read(struct http_req *r, const char *secrets, struct job_key *out, bool *bad)
{
    str key = http_header(r, S("Idempotency-Key"));
    char actor[5] = {0};

    *bad = false;
    if (!http_has_header(r, S("Idempotency-Key"))) return false;
    if (key.n == 0 || key.n > KEY_MAX) {
        *bad = true;
        http_problem(r,
                     fail(ST_BAD_INPUT, "idempotency.key", 0,
                          "Idempotency-Key: 1 to %d octets, not %zu", KEY_MAX, key.n),
                     S(""));
        return false;
    }
    memcpy(actor, &caller_of(r)->actor, 4);
    *out = (struct job_key){.present = true, .key = digest16_of((str){actor, sizeof actor}, key)};
    struct digest16 head = request_digest(r);
    out->body = body_digest(&head, r->body, secrets, &r->arena);
    return true;
}

bool api_key(struct http_req *r, struct job_key *out, bool *bad)
{
    return key_read(r, NULL, out, bad);
}

void api_secrets(struct http_req *r, const char *names)
{
    struct pending *p = pending_of(r);

    if (p != NULL) p->secrets = names; // without memory nothing is asked either
}

void api_command(struct http_req *r, const struct kind *k, const void *what, api_render *render)
{
    struct job *j = api_job(r, 1);
    struct pending *p = j == NULL ? NULL : pending_of(r);
    struct job_key key = {0};
    bool bad = false;

    if (j == NULL) return;
    key.present = key_read(r, p == NULL ? NULL : p->secrets, &key, &bad);
    if (bad) return; // answered: the request and its job may be gone
    j->key = key;
    j->asks[0] = (struct ask){.kind = k, .what = what};
    if (p != NULL) p->render = render;
    api_submit(r, j, one_done);
}

void api_render_nothing(struct http_req *r, const struct ask *a)
{
    (void)a;
    http_reply(r, 204, NULL, S(""));
}

static void key_done(struct http_req *r, struct job *j)
{
    struct pending *p = r->work;

    if (j->repeat)
        one_done(r, j);
    else
        p->otherwise(r, p->arg);
}

// False: answered. Without a render nobody could answer a repeat.
static bool render_key(struct http_req *r, struct job_key *key)
{
    const struct pending *p = r->work;
    bool bad = false;

    if (p != NULL && p->render != NULL) key->present = key_read(r, p->secrets, key, &bad);
    return !bad;
}

void api_unless_repeat(struct http_req *r, api_otherwise *otherwise, void *arg)
{
    struct pending *p = r->work;
    struct job_key key = {0};
    struct job *j;

    if (!render_key(r, &key)) return;
    if (!key.present) {
        otherwise(r, arg);
        return;
    }
    if ((j = api_job(r, 1)) == NULL) return;
    p->otherwise = otherwise;
    p->arg = arg;
    j->key = key;
    j->asks[0] = (struct ask){.kind = &kind_nothing};
    api_submit(r, j, key_done);
}

status api_later(void) { return fail(ST_INTERNAL, "call.later", 0, "it is run again"); }

bool api_is_later(const status *st)
{
    return st->cls == ST_INTERNAL && strcmp(st->reason, "call.later") == 0;
}

static void failed(struct http_req *r, void *arg) { http_problem(r, *(const status *)arg, S("")); }

void api_fail(struct http_req *r, status st)
{
    status *kept = NEW(&r->arena, status);

    if (kept == NULL) {
        http_problem(r, st, S(""));
        return;
    }
    *kept = st;
    api_unless_repeat(r, failed, kept);
}

void api_refuse(struct http_req *r, const struct kind *tried, client_id client, status st,
                str units)
{
    struct refused *what = NEW(&r->arena, struct refused);
    struct job_key key = {0};
    struct job *j;

    if (what == NULL) {
        http_problem(r, st, S(""));
        return;
    }
    *what = (struct refused){tried->number, st, units, client, 0};
    if (!render_key(r, &key) || (j = api_job(r, 1)) == NULL) return;
    j->key = key; // a refusal is not bound to it
    j->asks[0] = (struct ask){.kind = &kind_refusal, .what = what};
    api_submit(r, j, one_done);
}

void api_reply(struct http_req *r, int code, struct buf *json)
{
    http_reply_buf(r, code, "application/json", json);
}

void api_problem(struct http_req *r, const struct ask *a)
{
    struct buf extra;

    buf_init(&extra, 8 * MB);
    if (a->units.n > 0) {
        buf_add(&extra, S("\"units\":"));
        buf_add(&extra, a->units);
    }
    http_problem(r, a->result, buf_str(&extra));
    buf_fini(&extra);
}

bool api_body(struct http_req *r, const struct form *f, void *out)
{
    str type = http_header(r, S("Content-Type")), media = type, rest = type;

    if (str_cut(&rest, ';', &media)) media = str_trim(media);
    if (type.n > 0 && !str_eq_fold(media, S("application/json"))) {
        http_problem(r, fail(ST_MEDIA_TYPE, "body.type", 0, "Content-Type: application/json"),
                     S(""));
        return false;
    }
    status st = form_parse(f, r->body, &r->arena, out);
    if (st.cls == ST_OK) return true;
    http_problem(r, st, S(""));
    return false;
}

status api_flag(struct http_req *r, str name, bool *out)
{
    str v;

    if (!http_query(r, name, &v)) return OK;
    *out = str_eq(v, S("true"));
    if (*out || str_eq(v, S("false"))) return OK;
    return fail(ST_BAD_INPUT, "query.value", 0, "%.*s: true or false", STR(name));
}

bool api_query_name(struct http_req *r, str name, str *value)
{
    char folded[STR_NAME_MAX];
    str given;

    if (!http_query(r, name, &given)) return false;
    if (str_name_fold(given, folded, &given)) given = arena_str(&r->arena, given);
    if (given.p != NULL) *value = given;
    return true;
}

static bool page_refuse(struct http_req *r)
{
    http_problem(r, fail(ST_BAD_INPUT, "page.form", 0, "limit: 1 and up; page: as `next` said it"),
                 S(""));
    return false;
}

bool api_page(struct http_req *r, struct api_page *out)
{
    const struct site *s = api_site(r);
    struct api_page p = {.limit = s->limits.page_default};
    uint64_t n;
    str v;

    if (http_query(r, S("limit"), &v)) {
        if (!str_u64(v, UINT32_MAX, &n) || n == 0) return page_refuse(r);
        p.limit = n > s->limits.page_max ? s->limits.page_max : (uint32_t)n;
    }
    if (http_query(r, S("page"), &v) &&
        !sealed_get(s->opaque_key, str_of(r->route->path), v, &r->arena, &p.after))
        return page_refuse(r);
    *out = p;
    return true;
}

bool api_page_from(struct http_req *r, const struct api_page *p, uint64_t *from)
{
    if (p->after.n != 0 && p->after.n != 8) return page_refuse(r);
    if (p->after.n != 0) *from = get_be(p->after.p, 8);
    return true;
}

void api_page_seal(struct http_req *r, str last_key, struct buf *out)
{
    sealed_put(api_site(r)->opaque_key, str_of(r->route->path), last_key, out);
}

void api_page_next(struct http_req *r, struct json_w *w, str last_key)
{
    struct buf b;

    json_w_key(w, S("next"));
    if (last_key.n == 0) {
        json_w_null(w);
        return;
    }
    buf_init(&b, 4 * KB);
    api_page_seal(r, last_key, &b);
    json_w_str(w, buf_str(&b));
    buf_fini(&b);
}

void api_page_on(struct http_req *r, struct json_w *w, uint64_t next)
{
    char key[8];

    put_be(key, next, sizeof key);
    api_page_next(r, w, (str){key, next == 0 ? 0 : sizeof key});
}

status api_reason_check(const struct caller *c, str reason)
{
    if (!str_is_blank(reason) || !c->person) return OK;
    return fail(ST_BAD_INPUT, "reason.required", 0, "reason: say why; people must");
}

status api_reason_take(struct http_req *r, str *reason)
{
    str said = http_header(r, S("Packtrail-Reason"));

    if (reason->n > 0 || str_is_blank(said)) return api_reason_check(caller_of(r), *reason);
    if (said.n > REASON_MAX || !str_is_utf8(said, NULL))
        return fail(ST_BAD_INPUT, "reason.form", 0, "Packtrail-Reason: UTF-8, up to %u bytes",
                    REASON_MAX);
    *reason = arena_str(&r->arena, said);
    return reason->p == NULL ? no_memory() : OK;
}
