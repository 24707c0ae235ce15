// Connections that go over to another protocol: after 101 the server passes bytes on and knows
// nothing of what they mean.
#include "common/http_server_int.h"
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

// Is the word among those of a header's list, in any case?
static bool lists(str list, str word)
{
    str head;

    for (bool more = list.n > 0; more;) {
        more = str_cut(&list, ',', &head);
        if (!more) head = list;
        if (str_eq_fold(str_trim(head), word)) return true;
    }
    return false;
}

bool http_wants_upgrade(const struct http_req *r, str protocol)
{
    const struct http_conn *c = http_conn_of((struct http_req *)(uintptr_t)r);

    return c->head.minor == 1 && !r->head && r->method == HTTP_GET && r->body.n == 0 &&
           !c->surplus && lists(http_header(r, S("Connection")), S("upgrade")) &&
           lists(http_header(r, S("Upgrade")), protocol);
}

void http_upgrade_start(struct http_req *r, const char *protocol, const struct http_upgrade *u)
{
    const struct http_server_conf *conf;
    struct http_conn *c = http_conn_of(r);
    struct buf last;

    assert(c->depth > 0 && c->state == CONN_HELD && u->bytes != NULL && u->drained != NULL &&
           u->gone != NULL);
    c->state = CONN_UPGRADED;
    c->upgrade = u;
    conf = &c->lane->server->conf;
    if (conf->done != NULL) conf->done(r, 101, 0, http_now_us() - c->began_us);
    if (c->bev == NULL) { // `gone` is called when this handler has returned
        c->broken = true;
        return;
    }
    buf_init(&last, 256);
    buf_addf(&last, "Connection: Upgrade\r\nUpgrade: %s\r\n", protocol);
    http_upgrade_write(r, http_reply_head(c, 101, buf_str(&last)));
    buf_fini(&last);
}

void http_upgrade_write(struct http_req *r, str bytes)
{
    struct http_conn *c = http_conn_of(r);

    assert(c->state == CONN_UPGRADED);
    if (c->bev == NULL || c->ending || bytes.n == 0) return;
    bufferevent_write(c->bev, bytes.p, bytes.n);
    c->queued += bytes.n;
    c->sent += bytes.n;
}

size_t http_upgrade_waiting(struct http_req *r)
{
    struct http_conn *c = http_conn_of(r);
    return c->bev == NULL ? 0 : http_conn_output(c);
}

void http_upgrade_end(struct http_req *r)
{
    struct http_conn *c = http_conn_of(r);

    assert(c->state == CONN_UPGRADED);
    c->ending = true;
    if (c->bev == NULL || http_conn_output(c) > 0) return;
    bufferevent_trigger(c->bev, EV_WRITE, BEV_TRIG_DEFER_CALLBACKS); // closes from the loop
}

// Bytes come while the handler may end the connection from inside. What asks for answers, but takes
// none, waits in the socket.
bool http_upgrade_step(struct http_conn *c)
{
    struct evbuffer *in = bufferevent_get_input(c->bev);
    struct evbuffer_iovec span;

    while (!c->ending && !c->broken && http_conn_output(c) <= HTTP_OUTPUT_MAX &&
           evbuffer_peek(in, -1, NULL, &span, 1) > 0 && span.iov_len > 0) {
        c->upgrade->bytes(&c->req, (str){span.iov_base, span.iov_len});
        evbuffer_drain(in, span.iov_len);
    }
    if (c->ending) evbuffer_drain(in, evbuffer_get_length(in));
    c->broken = c->broken || c->eof || c->lane->draining || (c->ending && http_conn_output(c) == 0);
    return false;
}

void http_upgrade_drained(struct http_conn *c)
{
    if (!c->ending && !c->broken) c->upgrade->drained(&c->req);
}

void http_upgrade_gone(struct http_conn *c)
{
    if (c->state != CONN_UPGRADED) return;
    c->state = CONN_LINGER;
    c->upgrade->gone(&c->req);
}
