// /v1/certificates: an administrator says whom client certificates stand for.
#include "service/access/access.h"
#include "service/access/certificate.h"
#include "service/access/token_wish.h"
#include <string.h>

struct body {
    struct token_wish scope;
    str fingerprint, subject, authority, reason;
    struct signature_said *signature;
};

// Hexadecimal with or without colons, as tools print it; kept as 64 small digits.
static status fingerprint_check(str value, struct arena *a, str *out)
{
    char *hex = arena_alloc(a, 64);
    uint8_t bytes[32];
    size_t n = 0;

    if (hex == NULL) return no_memory();
    for (size_t i = 0; i < value.n && n < 64; i++)
        if (value.p[i] != ':' || i % 3 != 2) hex[n++] = value.p[i];
    if ((value.n != 64 && value.n != 95) || !hex_get((str){hex, n}, bytes, sizeof bytes))
        return fail(ST_BAD_INPUT, "certificate.fingerprint", 0,
                    "fingerprint: SHA-256, 64 hexadecimal digits");
    hex_put(hex, bytes, sizeof bytes);
    *out = (str){hex, 64};
    return OK;
}

// clang-format off
#define B(member) .at = offsetof(struct body, member)
static const struct form_field fields[] = {
    {.name = "fingerprint", .kind = FORM_STR, B(fingerprint), .max = 95,
     .check = fingerprint_check},
    {.name = "subject",     .kind = FORM_STR, B(subject), .max = CERTIFICATE_SUBJECT_MAX},
    {.name = "authority",   .kind = FORM_STR, B(authority), .max = CERTIFICATE_SUBJECT_MAX},
    TOKEN_WISH_FIELDS(struct body, scope),
    {.name = "reason",      .kind = FORM_STR, B(reason), .max = 500},
    {.name = "signature",   .kind = FORM_ONE, B(signature), .sub = &signature_form},
    {0},
};
// clang-format on
static const struct form body_form = {"certificate", sizeof(struct body), fields, 1};

static status name_of(struct http_req *r, str *out)
{
    *out = r->param[0];
    return str_is_name(*out) ? OK
                             : fail(ST_BAD_INPUT, "name.form", 0,
                                    "a name is a letter or digit, then up to 63 of a-z 0-9 . _ -");
}

static status what_of(const struct body *b, struct arena *a, struct certificate_wish *w)
{
    if ((b->fingerprint.n > 0) == (b->subject.n > 0))
        return fail(ST_BAD_INPUT, "certificate.what", 0, "either a fingerprint or a subject");
    if (b->authority.n > 0 && b->subject.n == 0)
        return fail(ST_BAD_INPUT, "certificate.what", 0, "authority: it goes with a subject");
    w->sort = b->authority.n > 0 ? CERTIFICATE_ISSUED
              : b->subject.n > 0 ? CERTIFICATE_SUBJECT
                                 : CERTIFICATE_FINGERPRINT;
    w->what = b->subject;
    if (w->sort == CERTIFICATE_ISSUED) w->what = certificate_issued(b->subject, b->authority, a);
    if (w->sort != CERTIFICATE_FINGERPRINT) return w->what.p == NULL ? no_memory() : OK;
    char *bytes = arena_alloc(a, 32);
    if (bytes == NULL) return no_memory();
    bool hex = hex_get(b->fingerprint, bytes, 32);
    assert(hex);
    w->what = (str){bytes, 32};
    return OK;
}

// ---- shown

static void write_members(struct txn *t, struct arena *a, struct json_w *w,
                          const struct certificate *c, const struct actor *x)
{
    certificate_write(c, w);
    token_write_scope(t, a, w, x);
}

static void write_one(struct txn *t, struct arena *a, struct json_w *w, const struct certificate *c,
                      const struct actor *x)
{
    json_w_object(w);
    write_members(t, a, w, c, x);
    json_w_end(w);
}

static void reply(struct http_req *r, status st, int code, struct buf *b)
{
    if (st.cls == ST_OK) {
        api_reply(r, code, b);
        return;
    }
    buf_fini(b);
    http_problem(r, st, S(""));
}

static status show_one(struct http_req *r, struct txn *t, struct json_w *w)
{
    struct certificate c;
    struct actor x;
    str name;

    TRY(name_of(r, &name));
    if (!certificate_get(t, name, &c) || !actor_get(t, c.actor, &r->arena, &x))
        return fail(ST_NOT_FOUND, "certificate.none", 0, "there is no such certificate");
    write_one(t, &r->arena, w, &c, &x);
    return OK;
}

static void show(struct http_req *r)
{
    struct buf b;

    buf_init(&b, 64 * KB);
    struct json_w w = json_writer(&b);
    status st = show_one(r, api_snapshot(r), &w);
    reply(r, api_snapshot_end(r, st), 200, &b);
}

static bool write_page(struct http_req *r, struct txn *t, const struct api_page *page,
                       struct json_w *w, str *last)
{
    struct certificate c;
    struct actor x;
    struct buf key;
    uint32_t have = 0;
    bool more = false;

    buf_init(&key, KB);
    struct walk walk = certificate_walk(t, page->after, &key);
    while (!more && certificate_next(&walk, &c)) {
        more = have++ == page->limit;
        if (more || !actor_get(t, c.actor, &r->arena, &x)) continue;
        write_one(t, &r->arena, w, &c, &x);
        *last = arena_str(&r->arena, c.name);
    }
    walk_close(&walk);
    buf_fini(&key);
    return more;
}

static void list(struct http_req *r)
{
    struct api_page page;
    struct buf b;
    str last = {0};

    if (!api_page(r, &page)) return;
    buf_init(&b, 16 * MB);
    struct json_w w = json_writer(&b);
    json_w_object(&w);
    json_w_key(&w, S("items"));
    json_w_array(&w);
    struct txn *t = api_snapshot(r);
    bool more = write_page(r, t, &page, &w, &last);
    status st = api_snapshot_end(r, OK);
    if (st.cls != ST_OK) {
        buf_fini(&b);
        http_problem(r, st, S(""));
        return;
    }
    json_w_end(&w);
    api_page_next(r, &w, more ? last : (str){0});
    json_w_end(&w);
    api_reply(r, 200, &b);
}

// ---- put and ended

// As its fact made it, whatever became of it.
static status write_put(struct http_req *r, struct txn *t, const struct fact *f, struct json_w *w)
{
    struct certificate_made made;
    struct actor now;

    TRY(certificate_of_fact(f, &r->arena, &made));
    if (actor_get(t, made.actor.number, &r->arena, &now)) made.actor.created = now.created; // stays
    json_w_object(w);
    write_members(t, &r->arena, w, &made.certificate, &made.actor);
    signed_by_write(w, "first", &made.by);
    json_w_end(w);
    return OK;
}

static void put_render(struct http_req *r, const struct ask *a)
{
    const struct certificate_wish *wish = a->what;
    struct buf b;

    if (second_code(a) == 202) {
        second_proposed(r, a);
        return;
    }
    buf_init(&b, 64 * KB);
    struct json_w w = json_writer(&b);
    status st = write_put(r, api_snapshot(r), &a->fact, &w);
    reply(r, api_snapshot_end(r, st), wish->is_new && !a->repeat ? 201 : 200, &b);
}

static void put_signed(struct http_req *r, struct certificate_wish *w,
                       const struct signature_said *said)
{
    struct signing s = {.look = certificate_look,
                        .what = w,
                        .by = &w->by,
                        .said = said,
                        .kind = &kind_certificate_put,
                        .render = put_render};

    status st = certificate_act(w, &r->arena, &s.of);
    if (st.cls == ST_OK)
        signed_by_command(r, &s);
    else
        api_fail(r, st);
}

static status wish_of(struct http_req *r, struct body *b, struct certificate_wish *w)
{
    struct certificate old;

    TRY(name_of(r, &w->name));
    if (b->reason.n == 0 && b->signature != NULL) b->reason = b->signature->reason;
    TRY(api_reason_check(caller_of(r), b->reason));
    w->reason = b->reason;
    TRY(what_of(b, &r->arena, w));
    struct txn *t = api_snapshot(r);
    w->is_new = !certificate_get(t, w->name, &old);
    status st = token_wish_scope(&b->scope, t, api_site(r)->env, &r->arena, &w->actor);
    return api_snapshot_end(r, st);
}

static void put(struct http_req *r)
{
    struct certificate_wish *w = NEW(&r->arena, struct certificate_wish);
    struct body b;

    if (!api_body(r, &body_form, &b)) return;
    api_answers(r, put_render);
    status st = w == NULL ? no_memory() : wish_of(r, &b, w);
    if (st.cls != ST_OK)
        api_fail(r, st);
    else if (b.signature != NULL || second_is_marked(api_site(r), SECOND_MAKE_TOKEN))
        put_signed(r, w, b.signature);
    else
        api_command(r, &kind_certificate_put, w, put_render);
}

static void end(struct http_req *r)
{
    struct certificate_end *e = NEW(&r->arena, struct certificate_end);
    status st = e == NULL ? no_memory() : name_of(r, &e->name);

    if (st.cls == ST_OK) e->reason = (str){"", 0}, st = api_reason_take(r, &e->reason);
    if (st.cls != ST_OK)
        http_problem(r, st, S(""));
    else
        api_command(r, &kind_certificate_ended, e, api_render_nothing);
}

const struct http_route certificate_routes[] = {
    {HTTP_GET, "/v1/certificates", "admin", 0, list, NULL, NULL, "limit page"},
    {HTTP_GET, "/v1/certificates/{certificate}", "admin", 0, show, NULL, NULL, ""},
    {HTTP_PUT,    "/v1/certificates/{certificate}", "admin", 16 * KB, put, NULL, NULL, ""},
    {HTTP_DELETE,    "/v1/certificates/{certificate}", "admin", 0, end, NULL, NULL, ""},
    {0       },
};
