// The doors of a server: each binds its address and accepts on the first loop.
#include "common/http_server_int.h"
#include <arpa/inet.h>
#include <errno.h>
#include <event2/listener.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 511

union address {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
};

static str address_text(const union address *a, char *out, size_t n)
{
    char host[INET6_ADDRSTRLEN];
    int len;

    if (a->any.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &a->six.sin6_addr, host, sizeof host);
        len = snprintf(out, n, "[%s]:%u", host, ntohs(a->six.sin6_port));
    } else {
        inet_ntop(AF_INET, &a->four.sin_addr, host, sizeof host);
        len = snprintf(out, n, "%s:%u", host, ntohs(a->four.sin_port));
    }
    assert(len > 0 && (size_t)len < n);
    return (str){out, (size_t)len};
}

// ---- binding

static status listen_on(int fd, union address *a, socklen_t n)
{
    int on = 1;

    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        // Inherited by every connection; without it answers over 16 KB stall for 40 ms.
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
        bind(fd, &a->any, n) != 0 || listen(fd, BACKLOG) != 0)
        return fail(ST_INTERNAL, "listen.bind", 0, "%s", strerror(errno));
    n = sizeof *a;
    assert(getsockname(fd, &a->any, &n) == 0);
    return OK;
}

// "127.0.0.1:8080", "[::1]:0"; libevent's own reader refuses port 0.
static bool address_read(str in, union address *a, socklen_t *n)
{
    char host[INET6_ADDRSTRLEN];
    str rest = in, word = S("");
    uint64_t port;
    bool six = str_starts(in, S("[")) && str_cut(&rest, ']', &word) && word.n > 0;

    if (six) word = str_from(word, 1);
    str before = S("");
    if (!str_cut(&rest, ':', &before) || !str_u64(rest, UINT16_MAX, &port)) return false;
    if (six ? before.n > 0 : before.n == 0) return false;
    if (!six) word = before;
    if (str_eq(word, S("localhost"))) word = S("127.0.0.1"); // RFC 6761: whatever anyone says
    if (word.n == 0 || word.n >= sizeof host) return false;
    memcpy(host, word.p, word.n);
    host[word.n] = 0;
    *a = (union address){.any.sa_family = six ? AF_INET6 : AF_INET};
    a->four.sin_port = htons((uint16_t)port); // at the same place in both
    *n = six ? sizeof a->six : sizeof a->four;
    return inet_pton(a->any.sa_family, host,
                     six ? (void *)&a->six.sin6_addr : (void *)&a->four.sin_addr) == 1;
}

static status bind_to(struct http_port *p, const char *where)
{
    union address a = {0};
    socklen_t n;

    if (!address_read(str_of(where), &a, &n))
        return fail(ST_BAD_INPUT, "listen.address", 0, "%s is not ADDRESS:PORT", where);
    p->fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (p->fd < 0) return fail(ST_INTERNAL, "listen.bind", 0, "%s: %s", where, strerror(errno));
    status st = listen_on(p->fd, &a, n);
    if (st.cls != ST_OK) return fail(st.cls, st.reason, 0, "%s: %s", where, st.text);
    address_text(&a, p->address, sizeof p->address);
    return OK;
}

// The loop with the fewest connections; how many all have.
static unsigned lane_choose(const struct http_server *s, unsigned *count)
{
    unsigned least = 0, chosen = 0;

    *count = 0;
    for (unsigned i = 0; i < s->conf.loop_count; i++) {
        unsigned has = atomic_load(&s->lanes[i].count);
        if (i == 0 || has < least) {
            least = has;
            chosen = i;
        }
        *count += has;
    }
    return chosen;
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from,
                      int n, void *arg)
{
    struct http_port *p = arg;
    struct http_server *s = p->server;
    union address a = {0};
    char peer[64];
    unsigned count, chosen = lane_choose(s, &count);

    (void)listener;
    if (count >= s->conf.limits.connections_max + HTTP_SURPLUS) {
        close(fd); // not even a refusal can be afforded
        return;
    }
    memcpy(&a, from, (size_t)n < sizeof a ? (size_t)n : sizeof a);
    struct http_guest guest = {p, fd, count >= s->conf.limits.connections_max,
                               address_text(&a, peer, sizeof peer)};
    http_lane_hand(&s->lanes[chosen], &guest);
}

// No descriptors left, most likely: trying again at once would only burn the CPU.
static void on_trouble(struct evconnlistener *listener, void *arg)
{
    struct http_port *p = arg;

    evconnlistener_disable(listener);
    p->deaf = true;
}

// ---- on the first lane

static bool is_first(const struct http_lane *l) { return l == l->server->lanes; }

static void port_listen(struct http_port *p, struct http_lane *l)
{
    p->listener = evconnlistener_new(loop_base(l->loop), on_accept, p,
                                     LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, p->fd);
    assert(p->listener != NULL);
    p->fd = -1;
    evconnlistener_set_error_cb(p->listener, on_trouble);
}

void http_ports_listen(struct http_lane *l)
{
    struct http_server *s = l->server;

    if (!is_first(l) || l->draining) return;
    for (unsigned i = 0; i < s->port_count; i++) port_listen(&s->ports[i], l);
}

void http_ports_tick(struct http_lane *l)
{
    struct http_server *s = l->server;

    for (unsigned i = 0; is_first(l) && i < s->port_count; i++) {
        struct http_port *p = &s->ports[i];
        if (!p->deaf || p->listener == NULL) continue;
        p->deaf = false;
        evconnlistener_enable(p->listener);
    }
}

static void port_deafen(struct http_port *p)
{
    if (p->listener != NULL) evconnlistener_free(p->listener);
    if (p->fd >= 0) close(p->fd);
    p->listener = NULL;
    p->fd = -1;
}

void http_ports_deafen(struct http_lane *l)
{
    struct http_server *s = l->server;

    for (unsigned i = 0; is_first(l) && i < s->port_count; i++) port_deafen(&s->ports[i]);
}

// ---- from open to close

status http_port_init(struct http_port *p, struct http_server *s, const struct http_door *door)
{
    *p = (struct http_port){.server = s, .door = *door, .fd = -1};
    TRY(http_tls_init(&p->tls, &door->tls));
    return bind_to(p, door->listen);
}

void http_port_fini(struct http_port *p)
{
    port_deafen(p);
    http_tls_fini(&p->tls);
}
