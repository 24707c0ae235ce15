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
    free(c->names);
    arena_fini(&c->req.arena);
    c->req.magic = 0;
    free(c);
    atomic_fetch_sub(&l->count, 1);
}

// Tells the handler of a body that nothing more of it comes.
void http_conn_stream_gone(struct http_conn *c)
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
    http_conn_stream_gone(c);
    if (c->state == CONN_REPLY && c->gone != NULL) c->gone(&c->req);
    http_upgrade_gone(c);
    conn_free(c);
}

void http_conn_kill(struct http_conn *c)
{
    c->mailed = false;
    http_upgrade_gone(c);
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
    r->again = NULL;
    c->scan = (struct http_scan){0};
    c->head = (struct http_head){0};
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
    [CONN_HEAD] = http_take_head,
    [CONN_BODY] = http_take_body,
    [CONN_HELD] = held_step,
    [CONN_REPLY] = held_step,
    [CONN_ANSWERED] = answered_step,
    [CONN_LINGER] = linger_step,
    [CONN_UPGRADED] = http_upgrade_step,
};

static size_t input_max(const struct http_conn *c)
{
    size_t head = limits(c)->header_max;
    return head > HTTP_INPUT_MAX ? head : HTTP_INPUT_MAX;
}

// libevent calls the reader of a full buffer again and again, whether it takes something or not.
static void listen_if_room(struct http_conn *c)
{
    bool room = evbuffer_get_length(bufferevent_get_input(c->bev)) < input_max(c);

    if (c->eof) return; // nothing more comes, but that again and again
    if (room == ((bufferevent_get_enabled(c->bev) & EV_READ) != 0)) return;
    int rc = room ? bufferevent_enable(c->bev, EV_READ) : bufferevent_disable(c->bev, EV_READ);
    assert(rc == 0);
}

void http_conn_run(struct http_conn *c)
{
    const struct http_server_conf *conf = &c->lane->server->conf;
    struct loop *loop = c->lane->loop;

    if (c->bev == NULL) c->broken = true;
    c->depth++;
    c->req.turning = true;
    while (!c->broken && steps[c->state](c)) {}
    c->req.turning = false;
    if (!c->broken && c->bev != NULL) listen_if_room(c);
    if (--c->depth == 0 && c->broken) part(c);
    if (conf->turned != NULL) conf->turned(conf->app, loop);
}

bool http_in_turn(const struct http_req *r) { return r->turning; }

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
    if (c->state == CONN_UPGRADED) http_upgrade_drained(c);
    c->depth--;
    http_conn_run(c);
}

// Who it is, as far as TLS can tell.
static void shaken(struct http_conn *c)
{
    struct http_tls_names *names;

    c->shaken = true;
    c->since_us = http_now_us();
    if (!c->tls || c->req.certificate != NULL) return;
    names = calloc(1, sizeof *names);
    assert(names != NULL);
    if (!http_tls_certificate(bufferevent_openssl_get_ssl(c->bev), names, &c->certificate)) {
        free(names);
        return;
    }
    c->names = names;
    c->req.certificate = &c->certificate;
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
    struct http_conn *c = arg;

    (void)bev;
    if (what & BEV_EVENT_CONNECTED) shaken(c);
    c->eof |= (what & BEV_EVENT_EOF) != 0;
    c->broken |= (what & BEV_EVENT_ERROR) != 0;
    http_conn_run(c);
}

static struct bufferevent *bev_new(struct http_lane *l, const struct http_guest *guest)
{
    struct event_base *base = loop_base(l->loop);
    SSL *ssl = http_tls_new(&guest->port->tls);

    if (ssl == NULL) return bufferevent_socket_new(base, guest->fd, BEV_OPT_CLOSE_ON_FREE);
    struct bufferevent *bev = bufferevent_openssl_socket_new(
        base, guest->fd, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
    if (bev != NULL) bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
    return bev;
}

void http_conn_open(struct http_lane *l, const struct http_guest *guest)
{
    struct http_conn *c = calloc(1, sizeof *c);
    str peer = guest->peer;

    assert(c != NULL && peer.n < sizeof c->peer);
    c->lane = l;
    c->port = guest->port;
    c->fd = guest->fd;
    c->surplus = guest->surplus;
    c->tls = c->port->door.tls.certificate != NULL;
    c->bev = bev_new(l, guest);
    assert(c->bev != NULL);
    c->req = (struct http_req){.magic = HTTP_MAGIC, .loop = l->loop, .app = l->server->conf.app};
    memcpy(c->peer, peer.p, peer.n);
    c->req.peer = (str){c->peer, peer.n};
    c->req.door = c->port->door.app;
    c->req.tls = c->tls;
    arena_init(&c->req.arena, limits(c)->arena_max);
    buf_init(&c->extra, HTTP_EXTRA_MAX);
    c->next = l->first;
    c->link = &l->first;
    if (c->next != NULL) c->next->link = &c->next;
    l->first = c;
    c->since_us = c->stall_us = http_now_us();
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
    case CONN_UPGRADED:
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
    // Whoever is still taking an answer is not idle, and its end has not begun.
    bool quiet = c->state == CONN_LINGER || (c->state == CONN_HEAD && !c->begun);
    if (quiet && http_conn_output(c) > 0) c->since_us = now_us;
    bool late = now_us > c->since_us && (now_us - c->since_us) / 1000 > timeout_ms(c);
    c->broken = is_stalled(c, now_us) || (late && quiet);
    if (late && !c->broken) {
        c->depth++;
        http_take_late(c);
        c->depth--;
    }
    if (late || c->broken) http_conn_run(c);
}
