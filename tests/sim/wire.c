#include "wire.h"
#include "common/http.h"
#include <stdlib.h>
#include <string.h>

#define ARENA_MAX  (64 * MB)
#define ANSWER_MAX (16 * MB)

static struct wire_call *call_of(struct http_req *r)
{
    return CONTAINER_OF(r, struct wire_call, req);
}

// ---- the handlers' side

static void answered(struct wire_call *c, int code)
{
    assert(c->state != WIRE_ANSWERED); // one answer for each request
    c->state = WIRE_ANSWERED;
    c->opened = c->paused = false;
    c->code = code;
}

void http_reply(struct http_req *r, int code, const char *type, str body)
{
    struct wire_call *c = call_of(r);

    (void)type;
    answered(c, code);
    buf_add(&c->answer, body);
}

void http_reply_buf(struct http_req *r, int code, const char *type, struct buf *body)
{
    http_reply(r, code, type, buf_str(body));
    buf_fini(body);
}

void http_reply_header(struct http_req *r, const char *name, str value)
{
    (void)r, (void)name, (void)value;
}

void http_problem(struct http_req *r, status st, str extra)
{
    struct buf b;

    assert(st.cls != ST_OK);
    buf_init(&b, extra.n + 4 * KB);
    buf_addc(&b, '{');
    http_problem_members(&b, st);
    if (extra.n > 0) buf_addc(&b, ',');
    buf_add(&b, extra);
    buf_addc(&b, '}');
    http_reply_buf(r, status_http(st.cls), "application/problem+json", &b);
}

void http_reply_start(struct http_req *r, int code, const char *type, http_drained *drained,
                      http_drained *gone)
{
    struct wire_call *c = call_of(r);

    (void)type;
    c->in_parts = true;
    c->code = code;
    c->drained = drained;
    c->gone = gone;
}

void http_reply_write(struct http_req *r, str bytes) { buf_add(&call_of(r)->answer, bytes); }

void http_reply_write_buf(struct http_req *r, struct buf *bytes)
{
    http_reply_write(r, buf_str(bytes));
    buf_fini(bytes);
}

void http_reply_end(struct http_req *r) { answered(call_of(r), call_of(r)->code); }

void http_reply_break(struct http_req *r)
{
    struct wire_call *c = call_of(r);

    if (c->gone != NULL) c->gone(r);
    answered(c, 0);
}

bool http_in_turn(const struct http_req *r) { return r->turning; }
void http_pause(struct http_req *r) { call_of(r)->paused = true; }
void http_resume(struct http_req *r) { call_of(r)->paused = false; }

// Nobody here asks for another protocol.
bool http_wants_upgrade(const struct http_req *r, str protocol)
{
    return (void)r, (void)protocol, false;
}
void http_upgrade_start(struct http_req *r, const char *protocol, const struct http_upgrade *u)
{
    (void)r, (void)protocol, (void)u;
    assert_failed("nobody asked for an upgrade", __FILE__, __LINE__);
}
void http_upgrade_write(struct http_req *r, str bytes) { (void)r, (void)bytes; }
size_t http_upgrade_waiting(struct http_req *r) { return (void)r, (size_t)0; }
void http_upgrade_end(struct http_req *r) { (void)r; }

// ---- the peer's side

static status check(struct wire_call *c, const struct wire_conf *conf)
{
    struct http_req *r = &c->req;
    struct http_match m;

    TRY(http_tree_find(conf->tree, r->path, &r->arena, &m));
    if (m.by_method == NULL) return fail(ST_NOT_FOUND, "route.unknown", 0, "no such address");
    const struct http_route *route = m.by_method[r->method];
    if (route == NULL) return fail(ST_METHOD, "route.method", 0, "not by this method");
    r->route = route;
    memcpy(r->param, m.param, sizeof m.param);
    TRY(conf->access_check(r, route->roles));
    if (route->query != NULL) TRY(http_query_check(r, route->query));
    if (c->body.n > route->body_max)
        return fail(ST_TOO_LARGE, "http.body", 0, "the body is too large");
    return OK;
}

static void header(struct wire_call *c, str name, str value)
{
    if (value.n == 0) return;
    c->headers[c->req.header_count++] = (struct http_header){name, arena_str(&c->req.arena, value)};
}

static enum http_method method_of(str word)
{
    for (unsigned m = 0; m < HTTP_METHODS; m++)
        if (str_eq(word, str_of(http_method_name((enum http_method)m)))) return (enum http_method)m;
    assert_failed("a method of ours", __FILE__, __LINE__);
}

static void line_read(struct http_req *r, const char *line)
{
    str rest = arena_str(&r->arena, str_of(line)), word;
    bool cut = str_cut(&rest, ' ', &word);

    assert(cut);
    r->method = method_of(word);
    if (!str_cut(&rest, '?', &r->path)) {
        r->path = rest;
        rest = (str){"", 0};
    }
    r->query = rest;
}

static void whole(struct wire_call *c)
{
    const struct http_route *route = c->req.route;

    c->state = WIRE_HELD;
    c->opened = false;
    if (route->stream != NULL) {
        route->stream->end(&c->req);
        return;
    }
    c->req.body = c->body;
    route->run(&c->req);
}

struct wire_call *wire_begin(const struct wire_conf *conf, const struct wire_ask *ask)
{
    static const struct http_req empty;
    struct wire_call *c = calloc(1, sizeof *c);
    struct http_req *r = &c->req;
    char bearer[128] = "Bearer ";

    assert(c != NULL && ask->token.n < sizeof bearer - 8);
    *r = empty;
    r->app = conf->app;
    r->loop = ask->loop;
    r->peer = S("sim");
    r->body = (str){"", 0};
    r->headers = c->headers;
    arena_init(&r->arena, ARENA_MAX);
    buf_init(&c->answer, ANSWER_MAX);
    line_read(r, ask->line);
    memcpy(bearer + 7, ask->token.p, ask->token.n);
    header(c, S("Authorization"), (str){bearer, 7 + ask->token.n});
    header(c, S("Idempotency-Key"), ask->key);
    header(c, S("Content-Type"), ask->type);
    header(c, S("Accept"), ask->accept);
    c->body = arena_str(&r->arena, ask->body);
    status st = check(c, conf);
    if (st.cls != ST_OK) {
        http_problem(r, st, S(""));
        return c;
    }
    c->opened = r->route->stream != NULL;
    if (c->opened) r->route->stream->open(r);
    return c;
}

bool wire_may_feed(const struct wire_call *c) { return c->state == WIRE_BODY && !c->paused; }

void wire_feed(struct wire_call *c, size_t n)
{
    assert(wire_may_feed(c));
    if (n > c->body.n - c->sent) n = c->body.n - c->sent;
    if (c->opened && n > 0) c->req.route->stream->piece(&c->req, (str){c->body.p + c->sent, n});
    c->sent += n;
    if (wire_may_feed(c) && c->sent == c->body.n) whole(c);
}

void wire_take(struct wire_call *c)
{
    if (c->in_parts && c->drained != NULL) c->drained(&c->req);
}

void wire_break(struct wire_call *c)
{
    assert(c->state == WIRE_BODY);
    if (c->opened) c->req.route->stream->gone(&c->req);
    answered(c, 0);
}

void wire_free(struct wire_call **cp)
{
    struct wire_call *c = *cp;

    *cp = NULL;
    if (c == NULL) return;
    assert(c->state == WIRE_ANSWERED);
    arena_fini(&c->req.arena);
    buf_fini(&c->answer);
    free(c);
}
