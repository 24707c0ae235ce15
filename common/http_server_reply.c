// Answers. A small one is put together in the lane's buffer and goes to the socket in one sendmsg,
// without a copy and without touching the event loop; only what the socket does not take waits in
// the bufferevent.
#include "common/http_server_int.h"
#include "common/mask.h"
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

static const struct {
    int code;
    const char *says;
} phrases[] = {
    {101, "Switching Protocols"            },
    {200, "OK"                             },
    {201, "Created"                        },
    {202, "Accepted"                       },
    {204, "No Content"                     },
    {206, "Partial Content"                },
    {301, "Moved Permanently"              },
    {302, "Found"                          },
    {303, "See Other"                      },
    {304, "Not Modified"                   },
    {307, "Temporary Redirect"             },
    {308, "Permanent Redirect"             },
    {400, "Bad Request"                    },
    {401, "Unauthorized"                   },
    {403, "Forbidden"                      },
    {404, "Not Found"                      },
    {405, "Method Not Allowed"             },
    {406, "Not Acceptable"                 },
    {408, "Request Timeout"                },
    {409, "Conflict"                       },
    {410, "Gone"                           },
    {412, "Precondition Failed"            },
    {413, "Content Too Large"              },
    {414, "URI Too Long"                   },
    {415, "Unsupported Media Type"         },
    {422, "Unprocessable Content"          },
    {429, "Too Many Requests"              },
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"          },
    {501, "Not Implemented"                },
    {503, "Service Unavailable"            },
    {507, "Insufficient Storage"           },
};

static const char *phrase(int code)
{
    for (size_t i = 0; i < LEN(phrases); i++)
        if (phrases[i].code == code) return phrases[i].says;
    return "Other"; // RFC 9112, 4: clients ignore it
}

static bool may_have_body(int code) { return code >= 200 && code != 204 && code != 304; }

// ---- manners

const struct http_manner *http_reply_manner(const struct http_conn *c)
{
    const struct http_manner *m = c->lane->server->conf.manners;

    for (; m != NULL && m->prefix != NULL; m++) {
        str rest = c->req.path, prefix = str_of(m->prefix);
        if (!str_starts(rest, prefix)) continue;
        rest = str_from(rest, prefix.n);
        if (rest.n == 0 || rest.p[0] == '/') return m;
    }
    return NULL;
}

// ---- the head

static bool may_keep(const struct http_conn *c)
{
    const struct http_head *h = &c->head;

    return (h->minor == 1 ? !h->close : h->keep && !h->close) && http_body_whole(&c->body) &&
           !c->lane->draining && !c->surplus;
}

static void head_begin(struct http_conn *c, int code, const char *type)
{
    const struct http_manner *manner = http_reply_manner(c);
    struct buf *b = &c->lane->head;

    buf_reset(b);
    buf_add(b, S("HTTP/1.1 "));
    buf_addu(b, (uint64_t)code);
    buf_addc(b, ' ');
    buf_add(b, str_of(phrase(code)));
    buf_add(b, S("\r\nDate: "));
    buf_add(b, http_lane_date(c->lane));
    if (type != NULL && may_have_body(code)) {
        buf_add(b, S("\r\nContent-Type: "));
        buf_add(b, str_of(type));
    }
    buf_add(b, S("\r\n"));
    if (c->tls && c->port->door.tls.strict)
        buf_add(b, S("Strict-Transport-Security: max-age=31536000\r\n"));
    if (c->extra.n > 0) buf_add(b, buf_str(&c->extra));
    if (manner != NULL && manner->headers != NULL) manner->headers(&c->req, b);
}

str http_reply_head(struct http_conn *c, int code, str last)
{
    head_begin(c, code, NULL);
    buf_add(&c->lane->head, last);
    buf_add(&c->lane->head, S("\r\n"));
    return buf_str(&c->lane->head);
}

static str head_end(struct http_conn *c)
{
    struct buf *b = &c->lane->head;

    if (!c->keep)
        buf_add(b, S("Connection: close\r\n"));
    else if (c->head.minor == 0)
        buf_add(b, S("Connection: keep-alive\r\n"));
    buf_add(b, S("\r\n"));
    return buf_str(b);
}

// ---- sending

// What the socket takes at once; nothing when something waits before it.
static size_t send_now(struct http_conn *c, str head, str body)
{
    struct iovec part[2] = {
        {(void *)(uintptr_t)head.p, head.n},
        {(void *)(uintptr_t)body.p, body.n}
    };
    struct msghdr m = {.msg_iov = part, .msg_iovlen = body.n > 0 ? 2 : 1};

    if (c->tls || http_conn_output(c) > 0) return 0;
    ssize_t n = sendmsg(c->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN && errno != EINTR) c->broken = true;
    return n < 0 ? 0 : (size_t)n;
}

static void let_go(const void *data, size_t n, void *arg)
{
    (void)data, (void)n;
    free(arg);
}

// `owned`, when given, holds the body and is taken over or freed.
static void send_reply(struct http_conn *c, str head, str body, struct buf *owned)
{
    size_t sent = send_now(c, head, body);
    struct evbuffer *out = bufferevent_get_output(c->bev);

    if (c->broken) sent = head.n + body.n;
    c->queued += head.n + body.n - sent;
    if (sent < head.n) {
        evbuffer_add(out, head.p + sent, head.n - sent);
        sent = head.n;
    }
    size_t at = sent - head.n;
    if (at == body.n) return;
    if (owned == NULL) {
        evbuffer_add(out, body.p + at, body.n - at);
        return;
    }
    assert(evbuffer_add_reference(out, body.p + at, body.n - at, let_go, owned->p) == 0);
    *owned = (struct buf){.max = owned->max};
}

// ---- the whole reply

// The request is answered, for the peer or, if it broke off, for the record alone.
static void over(struct http_conn *c, int code)
{
    const struct http_server_conf *conf = &c->lane->server->conf;
    uint64_t now = http_now_us();

    c->state = c->keep ? CONN_ANSWERED : CONN_LINGER;
    c->opened = c->paused = false;
    c->since_us = now;
    if (conf->done != NULL) conf->done(&c->req, code, c->sent, now - c->began_us);
    if (c->depth == 0) http_conn_run(c);
}

static void reply(struct http_conn *c, int code, const char *type, str body, struct buf *owned)
{
    struct buf squeezed = {0};

    assert(c->state <= CONN_HELD); // one answer for each request
    c->keep = may_keep(c);
    if (c->bev == NULL) {
        c->keep = false;
        over(c, code);
        return;
    }
    head_begin(c, code, type);
    if (type != NULL && http_gzip_pays(type, body.n)) {
        buf_add(&c->lane->head, S("Vary: Accept-Encoding\r\n"));
        if (!c->req.head && http_accepts_gzip(&c->req)) {
            http_gzip(&c->lane->gzip, body, &squeezed);
            body = buf_str(&squeezed);
            owned = &squeezed;
            buf_add(&c->lane->head, S("Content-Encoding: gzip\r\n"));
        }
    }
    if (may_have_body(code)) {
        buf_add(&c->lane->head, S("Content-Length: "));
        buf_addu(&c->lane->head, body.n);
        buf_add(&c->lane->head, S("\r\n"));
    }
    if (c->req.head || !may_have_body(code)) body.n = 0;
    c->sent = body.n;
    send_reply(c, head_end(c), body, owned);
    buf_fini(&squeezed);
    over(c, code);
}

void http_reply(struct http_req *r, int code, const char *type, str body)
{
    reply(http_conn_of(r), code, type, body, NULL);
}

void http_reply_buf(struct http_req *r, int code, const char *type, struct buf *body)
{
    struct buf mine = *body;
    str all;
    status st = buf_done(&mine, &all);

    *body = (struct buf){.max = mine.max};
    if (st.cls == ST_OK)
        reply(http_conn_of(r), code, type, all, &mine);
    else
        http_problem(r, fail(ST_INTERNAL, "reply.ceiling", 0, "the answer is too long"), S(""));
    buf_fini(&mine);
}

void http_reply_header(struct http_req *r, const char *name, str value)
{
    struct buf *b = &http_conn_of(r)->extra;

    if (b->n + strlen(name) + value.n + 4 > b->max) return; // rather without it than no answer
    buf_add(b, str_of(name));
    buf_add(b, S(": "));
    for (size_t i = 0; i < value.n; i++) // what a stranger sent must not end the line
        if ((unsigned char)value.p[i] >= ' ' && value.p[i] != 0x7f) buf_addc(b, value.p[i]);
    buf_add(b, S("\r\n"));
}

// ---- the reply in parts

static void say_gone(struct mail *m)
{
    struct http_conn *c = CONTAINER_OF(m, struct http_conn, mail);

    c->mailed = false;
    http_conn_run(c);
}

void http_reply_start(struct http_req *r, int code, const char *type, http_drained *drained,
                      http_drained *gone)
{
    struct http_conn *c = http_conn_of(r);

    assert(c->state <= CONN_HELD);
    c->keep = may_keep(c);
    c->state = CONN_REPLY;
    c->opened = false;
    c->code = code;
    c->drained = drained;
    c->gone = gone;
    if (c->bev == NULL) { // `gone` is not called from inside this call
        c->mailed = true;
        c->mail.open = say_gone;
        loop_post(c->lane->loop, &c->mail);
        return;
    }
    c->chunks = c->head.minor == 1;
    if (!c->chunks) c->keep = false; // the end of the connection is the end of the body
    head_begin(c, code, type);
    if (c->chunks) buf_add(&c->lane->head, S("Transfer-Encoding: chunked\r\n"));
    str head = head_end(c);
    c->queued += head.n;
    bufferevent_write(c->bev, head.p, head.n);
}

// `owned`, when given, holds the bytes and is taken over.
static void write_part(struct http_conn *c, str bytes, struct buf *owned)
{
    struct evbuffer *out = bufferevent_get_output(c->bev);
    size_t before = evbuffer_get_length(out);

    if (c->chunks) evbuffer_add_printf(out, "%zx\r\n", bytes.n);
    if (owned == NULL) {
        evbuffer_add(out, bytes.p, bytes.n);
    } else {
        assert(evbuffer_add_reference(out, bytes.p, bytes.n, let_go, owned->p) == 0);
        *owned = (struct buf){.max = owned->max};
    }
    if (c->chunks) evbuffer_add(out, "\r\n", 2);
    c->queued += evbuffer_get_length(out) - before;
    c->sent += bytes.n;
}

static void write_or_skip(struct http_req *r, str bytes, struct buf *owned)
{
    struct http_conn *c = http_conn_of(r);

    assert(c->state == CONN_REPLY);
    if (c->bev == NULL || bytes.n == 0) return;
    if (r->head) // the handler goes on as if it had been sent
        bufferevent_trigger(c->bev, EV_WRITE, BEV_TRIG_DEFER_CALLBACKS);
    else
        write_part(c, bytes, owned);
}

void http_reply_write(struct http_req *r, str bytes) { write_or_skip(r, bytes, NULL); }

void http_reply_write_buf(struct http_req *r, struct buf *bytes)
{
    write_or_skip(r, buf_str(bytes), bytes);
    buf_fini(bytes);
}

void http_reply_end(struct http_req *r)
{
    struct http_conn *c = http_conn_of(r);

    assert(c->state == CONN_REPLY);
    if (c->bev != NULL && c->chunks && !r->head) {
        bufferevent_write(c->bev, "0\r\n\r\n", 5);
        c->queued += 5;
    }
    over(c, c->code);
}

void http_reply_break(struct http_req *r)
{
    struct http_conn *c = http_conn_of(r);

    assert(c->state == CONN_REPLY);
    c->broken = true;
    if (c->depth == 0) http_conn_run(c);
}

void http_reply_drained(struct http_conn *c)
{
    if (c->drained != NULL) c->drained(&c->req);
}

// ---- back-pressure

// The socket is read on until HTTP_INPUT_MAX octets wait, so that a peer that breaks off is
// noticed.
void http_pause(struct http_req *r) { http_conn_of(r)->paused = true; }

void http_resume(struct http_req *r)
{
    struct http_conn *c = http_conn_of(r);

    c->paused = false;
    c->since_us = http_now_us();
    if (c->depth == 0) http_conn_run(c);
}

// ---- problems

void http_reply_allow(struct http_conn *c, const struct http_route *const *by_method)
{
    const struct http_manner *manner = http_reply_manner(c);
    bool silent = manner != NULL && manner->silent_head;
    struct buf b;

    buf_init(&b, 64);
    for (unsigned m = 0; m < HTTP_METHODS; m++) {
        bool get = m == HTTP_HEAD && !silent && (by_method == NULL || by_method[HTTP_GET] != NULL);
        if (!get && m != HTTP_OPTIONS && by_method != NULL && by_method[m] == NULL) continue;
        if (b.n > 0) buf_add(&b, S(", "));
        buf_add(&b, str_of(http_method_name((enum http_method)m)));
    }
    http_reply_header(&c->req, "Allow", buf_str(&b));
    buf_fini(&b);
}

void http_problem(struct http_req *r, status st, str extra)
{
    const struct http_manner *manner = http_reply_manner(http_conn_of(r));
    const char *type = "application/problem+json";
    int code = status_http(st.cls);
    struct buf b;

    assert(st.cls != ST_OK);
    r->problem = st;
    buf_init(&b, extra.n + 4 * KB);
    if (manner != NULL && manner->problem != NULL) {
        type = manner->problem(r, st, extra, &b);
    } else {
        buf_addc(&b, '{');
        http_problem_members(&b, st);
        if (extra.n > 0) buf_addc(&b, ',');
        buf_add(&b, extra);
        buf_addc(&b, '}');
    }
    b.n = mask_text(b.p, b.n); // `extra` names offenders as they were sent
    if (manner != NULL && manner->code != NULL) code = manner->code(st);
    if (code == 401) http_reply_header(r, "WWW-Authenticate", S("Bearer"));
    if (code == 503 || code == 429) http_reply_header(r, "Retry-After", S("1"));
    if (code == 415) http_reply_header(r, "Accept-Encoding", S("gzip"));
    http_reply_buf(r, code, type, &b);
}

void http_reply_refuse(struct http_conn *c, status st) { http_problem(&c->req, st, S("")); }
