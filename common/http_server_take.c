// What a connection reads: heads, the checks between head and body in their promised order, bodies.
#include "common/http_server_int.h"
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <string.h>

#define PATH_SEEN_MAX 256u // of a path whose head is refused

static atomic_uint_fast64_t request_ids;

static const struct http_limits *limits(const struct http_conn *c)
{
    return &c->lane->server->conf.limits;
}

// ---- requests

static void request_begin(struct http_conn *c)
{
    struct http_req *r = &c->req;

    c->began_us = c->since_us;
    r->waited_us = 0;
    r->problem = OK;
    r->recorded = false;
    r->id = atomic_fetch_add(&request_ids, 1) + 1;
    r->method = c->head.method;
    r->head = c->head.head;
    r->verb = c->head.verb;
    r->path = c->head.path;
    r->query = c->head.query;
    r->headers = c->head.headers;
    r->header_count = c->head.headers == NULL ? 0 : c->head.header_count;
    r->body = (str){"", 0};
}

// The routes of a path that are there for who comes through this door; by_method NULL: none.
static status routes_find(struct http_conn *c, struct http_match *m)
{
    const struct http_server_conf *conf = &c->lane->server->conf;
    const struct http_route **kept = NULL;
    bool any = false;

    TRY(http_tree_find(c->lane->server->tree, c->head.path, &c->req.arena, m));
    if (conf->offers == NULL || c->req.door == NULL || m->by_method == NULL) return OK;
    kept = NEW_ARRAY(&c->req.arena, const struct http_route *, HTTP_METHODS);
    if (kept == NULL)
        return fail(ST_HEADERS_TOO_LARGE, "http.headers", 0, "the headers take too much memory");
    for (unsigned i = 0; i < HTTP_METHODS; i++) {
        const struct http_route *route = m->by_method[i];
        kept[i] = route != NULL && conf->offers(c->req.door, route) ? route : NULL;
        any = any || kept[i] != NULL;
    }
    m->by_method = any ? kept : NULL;
    return OK;
}

// The order of refusals is a promise: route, method, caller, length, encoding.
static status request_check(struct http_conn *c)
{
    const struct http_server_conf *conf = &c->lane->server->conf;
    struct http_match m;

    if (c->surplus) return fail(ST_BUSY, "http.connections", 0, "too many connections, ask again");
    TRY(routes_find(c, &m));
    if (m.by_method == NULL) return fail(ST_NOT_FOUND, "route.unknown", 0, "no such address");
    const struct http_route *route = c->head.ours ? m.by_method[c->head.method] : NULL;
    if (route == NULL) {
        http_reply_allow(c, m.by_method);
        return fail(ST_METHOD, "route.method", 0, "this address does not take this method");
    }
    c->req.route = route;
    memcpy(c->req.param, m.param, sizeof m.param);
    if (conf->access_check != NULL) TRY(conf->access_check(&c->req, route->roles));
    const struct http_manner *manner = http_reply_manner(c);
    if (manner != NULL && manner->check != NULL) TRY(manner->check(&c->req));
    if (route->query != NULL) TRY(http_query_check(&c->req, route->query));
    return http_body_begin(&c->body, &c->head, route->body_max);
}

static void body_start(struct http_conn *c)
{
    const struct http_stream *stream = c->req.route->stream;

    c->gathered.max = c->req.route->body_max;
    c->state = CONN_BODY;
    c->since_us = c->began_us;
    struct evbuffer *in = bufferevent_get_input(c->bev);
    if (c->head.expects && c->head.minor == 1 && !c->body.framed && evbuffer_get_length(in) == 0) {
        static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
        bufferevent_write(c->bev, go_on, sizeof go_on - 1);
        c->queued += sizeof go_on - 1;
    }
    if (stream == NULL) return;
    c->opened = true;
    stream->open(&c->req);
}

static void options_reply(struct http_conn *c)
{
    struct http_match m = {0};

    if (c->head.star) {
        http_reply_allow(c, NULL);
    } else {
        status st = routes_find(c, &m);
        if (st.cls == ST_OK && m.by_method == NULL)
            st = fail(ST_NOT_FOUND, "route.unknown", 0, "no such address");
        if (st.cls != ST_OK) {
            http_reply_refuse(c, st);
            return;
        }
        for (unsigned i = 0; i < HTTP_METHODS; i++)
            if (m.by_method[i] != NULL) c->req.route = m.by_method[i];
        http_reply_allow(c, m.by_method);
    }
    http_reply(&c->req, 204, NULL, (str){"", 0});
}

// The path of a head that may be cut off or ill-formed, as far as it can be told.
static str path_seen(struct http_conn *c, str head)
{
    str rest = head, method, line = S(""), path;

    if (!str_cut(&rest, ' ', &method)) return line;
    rest.n = rest.n < PATH_SEEN_MAX ? rest.n : PATH_SEEN_MAX;
    for (path = (str){rest.p, 0}; path.n < rest.n; path.n++)
        if ((unsigned char)path.p[path.n] <= ' ' || path.p[path.n] == '?') break;
    path = arena_str(&c->req.arena, path);
    return path.p == NULL ? line : path;
}

// A head that could not be read: where the next request would begin is not known. What it says of
// who calls stays, where it got so far.
static void head_refuse(struct http_conn *c, status st, str seen)
{
    struct http_head was = c->head;

    c->head = (struct http_head){.close = true,
                                 .minor = 1,
                                 .method = was.method,
                                 .ours = was.ours,
                                 .head = was.head,
                                 .verb = was.verb,
                                 .path = path_seen(c, seen),
                                 .headers = was.headers,
                                 .header_count = was.header_count};
    request_begin(c);
    http_reply_refuse(c, st);
}

// *block goes on as its copy.
static status head_take(struct http_conn *c, str *block)
{
    str head = arena_str(&c->req.arena, *block);

    evbuffer_drain(bufferevent_get_input(c->bev), block->n);
    *block = (str){"", 0};
    if (head.p == NULL)
        return fail(ST_HEADERS_TOO_LARGE, "http.headers", 0, "the headers take too much memory");
    *block = head;
    return http_head_read(head, &c->req.arena, &c->head);
}

static void request_take(struct http_conn *c)
{
    // Until it is taken, a body stands between this request and the next.
    c->body = (struct http_body){.framed = !c->head.chunked && c->head.length == 0};
    request_begin(c);
    if (c->head.ours && c->head.method == HTTP_OPTIONS) {
        options_reply(c);
        return;
    }
    status st = request_check(c);
    if (st.cls != ST_OK)
        http_reply_refuse(c, st);
    else
        body_start(c);
}

static status head_too_long(const struct http_conn *c)
{
    if (c->scan.lines == 0)
        return fail(ST_URI_TOO_LONG, "http.line_long", 0, "the request line is over %u octets",
                    limits(c)->header_max);
    return fail(ST_HEADERS_TOO_LARGE, "http.headers", 0, "the headers are over %u octets",
                limits(c)->header_max);
}

// Looks for the end of a head: first in what lies together anyway, then in all that may be one.
static status head_find(struct http_conn *c, str *seen, size_t *end)
{
    struct evbuffer *in = bufferevent_get_input(c->bev);
    size_t have = evbuffer_get_length(in);
    size_t look = have < limits(c)->header_max ? have : limits(c)->header_max;
    struct evbuffer_iovec first;

    evbuffer_peek(in, -1, NULL, &first, 1);
    *seen = (str){first.iov_base, first.iov_len < look ? first.iov_len : look};
    TRY(http_head_scan(&c->scan, *seen, end));
    if (*end == 0 && seen->n < look) {
        *seen = (str){(const char *)evbuffer_pullup(in, (ev_ssize_t)look), look};
        TRY(http_head_scan(&c->scan, *seen, end));
    }
    return *end == 0 && look == limits(c)->header_max ? head_too_long(c) : OK;
}

// No request follows; answers that the peer has not taken yet are still its own.
static bool leave(struct http_conn *c)
{
    c->broken = http_conn_output(c) == 0;
    c->state = CONN_LINGER;
    return !c->broken;
}

bool http_take_head(struct http_conn *c)
{
    struct evbuffer *in = bufferevent_get_input(c->bev);
    size_t end = 0;
    str seen;

    if (evbuffer_get_length(in) == 0) return (c->eof || c->lane->draining) && leave(c);
    if (http_conn_output(c) > HTTP_OUTPUT_MAX) return false; // the peer asks, but does not read
    if (!c->begun) {
        c->begun = true;
        c->since_us = http_now_us();
    }
    status st = head_find(c, &seen, &end);
    if (end == 2 && !c->blank) { // RFC 9112, 2.2: one empty line before a request is let pass
        evbuffer_drain(in, 2);
        c->scan = (struct http_scan){0};
        c->blank = true;
        return true;
    }
    if (st.cls == ST_OK && end == 0) return c->eof && leave(c);
    if (st.cls == ST_OK) {
        seen.n = end;
        st = head_take(c, &seen);
    }
    if (st.cls == ST_OK)
        request_take(c);
    else
        head_refuse(c, st, seen);
    return true;
}

// ---- bodies

static void body_refuse(struct http_conn *c, status st)
{
    http_conn_stream_gone(c);
    http_reply_refuse(c, st);
}

static void body_done(struct http_conn *c)
{
    const struct http_route *route = c->req.route;
    status st = http_body_end(&c->body);

    if (st.cls != ST_OK) {
        body_refuse(c, st);
        return;
    }
    c->state = CONN_HELD;
    c->opened = false;
    if (route->stream != NULL) {
        route->stream->end(&c->req);
        return;
    }
    c->req.body = buf_str(&c->gathered);
    if (c->req.body.p == NULL) c->req.body = (str){"", 0};
    route->run(&c->req);
}

static void piece_take(struct http_conn *c, str piece)
{
    if (c->opened)
        c->req.route->stream->piece(&c->req, piece);
    else
        buf_add(&c->gathered, piece);
}

bool http_take_body(struct http_conn *c)
{
    struct evbuffer *in = bufferevent_get_input(c->bev);
    struct evbuffer_iovec span = {NULL, 0};
    char scratch[HTTP_SCRATCH];
    size_t used;
    str piece;

    if (c->paused) return false;
    if (http_body_whole(&c->body)) return body_done(c), true;
    evbuffer_peek(in, -1, NULL, &span, 1);
    if (span.iov_len == 0 && !c->body.more) {
        if (!c->eof) return false;
        http_conn_stream_gone(c);
        return leave(c);
    }
    str seen = {span.iov_len == 0 ? "" : span.iov_base, span.iov_len};
    status st = http_body_step(&c->body, seen, scratch, &used, &piece);
    if (st.cls != ST_OK) return body_refuse(c, st), true;
    if (piece.n > 0) piece_take(c, piece);
    evbuffer_drain(in, used);
    return true;
}

// ---- late ones

void http_take_late(struct http_conn *c)
{
    status st = fail(ST_TIMEOUT, "http.timeout", 0, "the request did not come in time");

    if (c->state == CONN_HEAD)
        head_refuse(c, st, S(""));
    else
        body_refuse(c, st);
}
