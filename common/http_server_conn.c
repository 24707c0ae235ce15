// One connection, from state to state. Everything runs on the loop of its lane. The table `steps`
// says what is done in each state; http_conn_run goes on until a step can do no more. Handlers are
// called from steps and may answer, pause or break the connection from inside; so it is torn down
// only when no call into it is left on the stack (depth 0), and while a handler owes an answer
// (CONN_HELD) only its socket is closed.
#include "common/http_server_int.h"
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static atomic_uint_fast64_t request_ids;

uint64_t http_now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

struct http_conn *http_conn_of(struct http_req *r)
{
    OBJ_CHECK(r, HTTP_MAGIC);
    LOOP_OWNED(r->loop);
    return CONTAINER_OF(r, struct http_conn, req);
}

static const struct http_limits *limits(const struct http_conn *c)
{
    return &c->lane->server->conf.limits;
}

size_t http_conn_output(const struct http_conn *c)
{
    return evbuffer_get_length(bufferevent_get_output(c->bev));
}

// ---- the end of it

static void hang_up(struct http_conn *c)
{
    if (c->bev == NULL) return;
    if (c->tls && c->shaken) { // says that this is the end and no cut
        SSL *ssl = bufferevent_openssl_get_ssl(c->bev);
        SSL_set_shutdown(ssl, SSL_RECEIVED_SHUTDOWN);
        SSL_shutdown(ssl);
    }
    bufferevent_free(c->bev);
    c->bev = NULL;
}

static void conn_free(struct http_conn *c)
{
    struct http_lane *l = c->lane;

    hang_up(c);
    if (l->cursor == c) l->cursor = c->next;
    *c->link = c->next;
    if (c->next != NULL) c->next->link = c->link;
    http_body_fini(&c->body);
    buf_fini(&c->gathered);
    buf_fini(&c->extra);
    arena_fini(&c->req.arena);
    c->req.magic = 0;
    free(c);
    atomic_fetch_sub(&l->count, 1);
}

// Tells the handler of a body that nothing more of it comes.
static void stream_gone(struct http_conn *c)
{
    if (!c->opened) return;
    c->opened = false;
    c->req.route->stream->gone(&c->req);
}

static void part(struct http_conn *c)
{
    hang_up(c);
    if (c->state == CONN_HELD || c->mailed) return;
    c->depth++; // what is called here may call back
    stream_gone(c);
    if (c->state == CONN_REPLY && c->gone != NULL) c->gone(&c->req);
    conn_free(c);
}

void http_conn_kill(struct http_conn *c)
{
    c->mailed = false;
    conn_free(c);
}

// ---- requests

// Makes the connection ready for its next request; what memory is small is kept.
static void request_end(struct http_conn *c)
{
    struct http_req *r = &c->req;

    if (c->body.gzip != NULL) http_body_fini(&c->body);
    if (c->gathered.cap > HTTP_KEEP_MAX) buf_fini(&c->gathered);
    buf_reset(&c->gathered);
    buf_reset(&c->extra);
    arena_reset(&r->arena);
    r->headers = NULL;
    r->header_count = 0;
    r->route = NULL;
    r->caller = NULL;
    r->work = NULL;
    c->scan = (struct http_scan){0};
    c->begun = c->blank = c->chunks = false;
    c->drained = c->gone = NULL;
    c->sent = 0;
    c->state = CONN_HEAD;
}

static bool answered_step(struct http_conn *c)
{
    request_end(c);
    if (++c->row < limits(c)->pipeline_max) return true;
    c->row = 0; // others first, then what has been read ahead
    bufferevent_trigger(c->bev, EV_READ, BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
    return false;
}

static void request_begin(struct http_conn *c)
{
    struct http_req *r = &c->req;

    c->began_us = c->since_us;
    r->id = atomic_fetch_add(&request_ids, 1) + 1;
    r->method = c->head.method;
    r->head = c->head.head;
    r->path = c->head.path;
    r->query = c->head.query;
    r->headers = c->head.headers;
    r->header_count = c->head.headers == NULL ? 0 : c->head.header_count;
    r->body = (str){"", 0};
}

// The order of refusals is a promise: route, method, caller, length, encoding.
static status request_check(struct http_conn *c)
{
    const struct http_server_conf *conf = &c->lane->server->conf;
    struct http_match m;

    if (c->surplus) return fail(ST_BUSY, "http.connections", 0, "too many connections, ask again");
    TRY(http_tree_find(c->lane->server->tree, c->head.path, &c->req.arena, &m));
    if (m.by_method == NULL) return fail(ST_NOT_FOUND, "route.unknown", 0, "no such address");
    const struct http_route *route = c->head.ours ? m.by_method[c->head.method] : NULL;
    if (route == NULL) {
        http_reply_allow(c, m.by_method);
        return fail(ST_METHOD, "route.method", 0, "this address does not take this method");
    }
    c->req.route = route;
    memcpy(c->req.param, m.param, sizeof m.param);
    if (conf->access_check != NULL) TRY(conf->access_check(&c->req, route->roles));
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
        status st = http_tree_find(c->lane->server->tree, c->head.path, &c->req.arena, &m);
        if (st.cls == ST_OK && m.by_method == NULL)
            st = fail(ST_NOT_FOUND, "route.unknown", 0, "no such address");
        if (st.cls != ST_OK) {
            http_reply_refuse(c, st);
            return;
        }
        http_reply_allow(c, m.by_method);
    }
    http_reply(&c->req, 204, NULL, (str){"", 0});
}

// A head that could not be read: where the next request would begin is not known.
static void head_refuse(struct http_conn *c, status st)
{
    c->head = (struct http_head){.close = true, .minor = 1};
    request_begin(c);
    http_reply_refuse(c, st);
}

static status head_take(struct http_conn *c, str block)
{
    str head = arena_str(&c->req.arena, block);

    evbuffer_drain(bufferevent_get_input(c->bev), block.n);
    if (head.p == NULL)
        return fail(ST_HEADERS_TOO_LARGE, "http.headers", 0, "the headers take too much memory");
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

static bool head_step(struct http_conn *c)
{
    struct evbuffer *in = bufferevent_get_input(c->bev);
    size_t have = evbuffer_get_length(in), end;

    if (have == 0) {
        c->broken = c->eof || c->lane->draining;
        return false;
    }
    if (http_conn_output(c) > HTTP_OUTPUT_MAX) return false; // the peer asks, but does not read
    if (!c->begun) {
        c->begun = true;
        c->since_us = http_now_us();
    }
    size_t look = have < limits(c)->header_max ? have : limits(c)->header_max;
    str seen = {(const char *)evbuffer_pullup(in, (ev_ssize_t)look), look};
    status st = http_head_scan(&c->scan, seen, &end);
    if (end == 2 && !c->blank) { // RFC 9112, 2.2: one empty line before a request is let pass
        evbuffer_drain(in, 2);
        c->scan = (struct http_scan){0};
        c->blank = true;
        return true;
    }
    if (st.cls == ST_OK && end == 0 && look == limits(c)->header_max) st = head_too_long(c);
    if (st.cls == ST_OK && end == 0) {
        c->broken = c->eof;
        return false;
    }
    if (st.cls == ST_OK) st = head_take(c, (str){seen.p, end});
    if (st.cls == ST_OK)
        request_take(c);
    else
        head_refuse(c, st);
    return true;
}

// ---- bodies

static void body_refuse(struct http_conn *c, status st)
{
    stream_gone(c);
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

static bool body_step(struct http_conn *c)
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
        c->broken = c->eof;
        return false;
    }
    str seen = {span.iov_len == 0 ? "" : span.iov_base, span.iov_len};
    status st = http_body_step(&c->body, seen, scratch, &used, &piece);
    if (st.cls != ST_OK) return body_refuse(c, st), true;
    if (piece.n > 0) piece_take(c, piece);
    evbuffer_drain(in, used);
    return true;
}

static bool held_step(struct http_conn *c)
{
    if (c->state == CONN_REPLY) c->broken = c->eof; // a streamed reply has nobody to go to
    return false;
}

// The answer goes out before the socket is closed: what the peer still sends is thrown away, for a
// while, because closing over unread octets would reset the connection and lose the answer.
static bool linger_step(struct http_conn *c)
{
    struct evbuffer *in = bufferevent_get_input(c->bev);
    size_t n = evbuffer_get_length(in);

    c->lingered += n;
    evbuffer_drain(in, n);
    if (http_conn_output(c) > 0) return false;
    if (!c->shut) {
        c->shut = true;
        c->since_us = http_now_us();
        if (!c->tls) shutdown(c->fd, SHUT_WR);
    }
    c->broken = c->eof || c->lingered > HTTP_LINGER_MAX;
    return false;
}

static bool (*const steps[])(struct http_conn *) = {
    [CONN_HEAD] = head_step,  [CONN_BODY] = body_step,         [CONN_HELD] = held_step,
    [CONN_REPLY] = held_step, [CONN_ANSWERED] = answered_step, [CONN_LINGER] = linger_step,
};

void http_conn_run(struct http_conn *c)
{
    if (c->bev == NULL) c->broken = true;
    c->depth++;
    while (!c->broken && steps[c->state](c)) {}
    if (--c->depth == 0 && c->broken) part(c);
}

// ---- events

static void on_read(struct bufferevent *bev, void *arg)
{
    struct http_conn *c = arg;

    (void)bev;
    if (c->state == CONN_BODY) c->since_us = http_now_us();
    c->row = 0;
    http_conn_run(c);
}

static void on_write(struct bufferevent *bev, void *arg)
{
    struct http_conn *c = arg;

    (void)bev;
    c->depth++;
    if (c->state == CONN_REPLY) http_reply_drained(c);
    c->depth--;
    http_conn_run(c);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
    struct http_conn *c = arg;

    (void)bev;
    if (what & BEV_EVENT_CONNECTED) {
        c->shaken = true;
        c->since_us = http_now_us();
    }
    c->eof |= (what & BEV_EVENT_EOF) != 0;
    c->broken |= (what & BEV_EVENT_ERROR) != 0;
    http_conn_run(c);
}

static struct bufferevent *bev_new(struct http_lane *l, int fd)
{
    struct event_base *base = loop_base(l->loop);
    struct ssl_ctx_st *tls = l->server->tls;

    if (tls == NULL) return bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
    SSL *ssl = SSL_new(tls);
    assert(ssl != NULL);
    struct bufferevent *bev = bufferevent_openssl_socket_new(
        base, fd, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
    if (bev != NULL) bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
    return bev;
}

static size_t input_max(const struct http_conn *c)
{
    size_t head = limits(c)->header_max;
    return head > HTTP_INPUT_MAX ? head : HTTP_INPUT_MAX;
}

void http_conn_open(struct http_lane *l, int fd, str peer, bool surplus)
{
    struct http_conn *c = calloc(1, sizeof *c);

    assert(c != NULL && peer.n < sizeof c->peer);
    c->lane = l;
    c->fd = fd;
    c->surplus = surplus;
    c->tls = l->server->tls != NULL;
    c->bev = bev_new(l, fd);
    assert(c->bev != NULL);
    c->req = (struct http_req){.magic = HTTP_MAGIC, .loop = l->loop, .app = l->server->conf.app};
    memcpy(c->peer, peer.p, peer.n);
    c->req.peer = (str){c->peer, peer.n};
    arena_init(&c->req.arena, limits(c)->arena_max);
    buf_init(&c->extra, limits(c)->header_max);
    c->next = l->first;
    c->link = &l->first;
    if (c->next != NULL) c->next->link = &c->next;
    l->first = c;
    c->since_us = http_now_us();
    c->body.framed = true;
    bufferevent_setcb(c->bev, on_read, on_write, on_event, c);
    bufferevent_setwatermark(c->bev, EV_READ, 0, input_max(c));
    bufferevent_setwatermark(c->bev, EV_WRITE, HTTP_OUTPUT_LOW, 0);
    assert(bufferevent_enable(c->bev, EV_READ) == 0);
}

// ---- time

static uint64_t timeout_ms(const struct http_conn *c)
{
    const struct http_limits *l = limits(c);

    switch (c->state) {
    case CONN_HEAD: return c->begun || (c->tls && !c->shaken) ? l->header_ms : l->idle_ms;
    case CONN_BODY: return c->paused ? UINT64_MAX / 1000 : l->body_ms;
    case CONN_LINGER: return HTTP_LINGER_MS;
    case CONN_HELD:
    case CONN_REPLY:
    case CONN_ANSWERED: break;
    }
    return UINT64_MAX / 1000;
}

static bool is_stalled(struct http_conn *c, uint64_t now_us)
{
    uint64_t waiting = http_conn_output(c), sent = c->queued - waiting;

    if (waiting == 0 || sent != c->seen) c->stall_us = now_us;
    c->seen = sent;
    return now_us - c->stall_us > (uint64_t)limits(c)->write_ms * 1000;
}

void http_conn_expire(struct http_conn *c, uint64_t now_us)
{
    if (c->bev == NULL) return;
    bool late = now_us > c->since_us && (now_us - c->since_us) / 1000 > timeout_ms(c);
    c->broken = is_stalled(c, now_us) || (late && c->state == CONN_LINGER) ||
                (late && c->state == CONN_HEAD && !c->begun);
    if (late && !c->broken) {
        status st = fail(ST_TIMEOUT, "http.timeout", 0, "the request did not come in time");
        c->depth++;
        if (c->state == CONN_HEAD)
            head_refuse(c, st);
        else
            body_refuse(c, st);
        c->depth--;
    }
    if (late || c->broken) http_conn_run(c);
}

void http_conn_drain(struct http_conn *c)
{
    if (c->state == CONN_HEAD && !c->begun) c->broken = true;
    http_conn_run(c);
}
