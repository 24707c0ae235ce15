// The server as a whole: it binds, accepts on the first loop, hands each connection to the loop
// that has the fewest, and drains. What happens on one loop is http_lane.c's.
#include "common/http_server.h"
#include "common/http_server_int.h"
#include <arpa/inet.h>
#include <errno.h>
#include <event2/listener.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 511

union address {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
};

static const struct http_limits defaults = {
    .connections_max = 4096,
    .header_max = 16 * KB,
    .header_ms = 10000,
    .body_ms = 30000,
    .idle_ms = 75000,
    .write_ms = 30000,
    .pipeline_max = 16,
    .arena_max = 64 * MB,
};

#define DEFAULT(field)                                                                             \
    if (l->field == 0) l->field = defaults.field

static void limits_complete(struct http_limits *l)
{
    DEFAULT(connections_max);
    DEFAULT(header_max);
    DEFAULT(header_ms);
    DEFAULT(body_ms);
    DEFAULT(idle_ms);
    DEFAULT(write_ms);
    DEFAULT(pipeline_max);
    DEFAULT(arena_max);
}

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

// ---- the listener

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
    if (word.n == 0 || word.n >= sizeof host) return false;
    memcpy(host, word.p, word.n);
    host[word.n] = 0;
    *a = (union address){.any.sa_family = six ? AF_INET6 : AF_INET};
    a->four.sin_port = htons((uint16_t)port); // at the same place in both
    *n = six ? sizeof a->six : sizeof a->four;
    return inet_pton(a->any.sa_family, host,
                     six ? (void *)&a->six.sin6_addr : (void *)&a->four.sin_addr) == 1;
}

static status bind_to(struct http_server *s, const char *where)
{
    union address a = {0};
    socklen_t n;

    if (!address_read(str_of(where), &a, &n))
        return fail(ST_BAD_INPUT, "listen.address", 0, "%s is not ADDRESS:PORT", where);
    s->fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->fd < 0) return fail(ST_INTERNAL, "listen.bind", 0, "%s", strerror(errno));
    TRY(listen_on(s->fd, &a, n));
    address_text(&a, s->address, sizeof s->address);
    return OK;
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from,
                      int n, void *arg)
{
    struct http_server *s = arg;
    union address a = {0};
    char peer[64];
    unsigned count = 0, least = 0, chosen = 0;

    (void)listener;
    for (unsigned i = 0; i < s->conf.loop_count; i++) {
        unsigned has = atomic_load(&s->lanes[i].count);
        if (i == 0 || has < least) {
            least = has;
            chosen = i;
        }
        count += has;
    }
    if (count >= s->conf.limits.connections_max + HTTP_SURPLUS) {
        close(fd); // not even a refusal can be afforded
        return;
    }
    memcpy(&a, from, (size_t)n < sizeof a ? (size_t)n : sizeof a);
    http_lane_hand(&s->lanes[chosen], fd, address_text(&a, peer, sizeof peer),
                   count >= s->conf.limits.connections_max);
}

// No descriptors left, most likely: trying again at once would only burn the CPU.
static void on_trouble(struct evconnlistener *listener, void *arg)
{
    struct http_server *s = arg;

    evconnlistener_disable(listener);
    s->deaf = true;
}

static bool is_first(const struct http_lane *l) { return l == l->server->lanes; }

void http_server_listen(struct http_lane *l)
{
    struct http_server *s = l->server;

    if (!is_first(l) || l->draining) return;
    s->listener = evconnlistener_new(loop_base(l->loop), on_accept, s,
                                     LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, s->fd);
    assert(s->listener != NULL);
    s->fd = -1;
    evconnlistener_set_error_cb(s->listener, on_trouble);
}

void http_server_tick(struct http_lane *l)
{
    struct http_server *s = l->server;

    if (!is_first(l) || !s->deaf || s->listener == NULL) return;
    s->deaf = false;
    evconnlistener_enable(s->listener);
}

void http_server_deafen(struct http_lane *l)
{
    struct http_server *s = l->server;

    if (!is_first(l)) return;
    if (s->listener != NULL) evconnlistener_free(s->listener);
    if (s->fd >= 0) close(s->fd);
    s->listener = NULL;
    s->fd = -1;
}

// ---- from open to close

static void server_free(struct http_server *s)
{
    http_tree_free(&s->tree);
    SSL_CTX_free(s->tls);
    if (s->fd >= 0) close(s->fd);
    free(s->lanes);
    free(s);
}

static status prepare(struct http_server *s)
{
    const struct http_tls *tls = &s->conf.tls;

    if ((tls->certificate == NULL) != (tls->key == NULL))
        return fail(ST_BAD_INPUT, "tls.files", 0, "TLS needs a certificate and a key");
    if (tls->certificate != NULL) TRY(http_tls_open(tls, &s->tls));
    return bind_to(s, s->conf.listen);
}

status http_server_open(const struct http_server_conf *conf, struct http_server **out)
{
    struct http_server *s = calloc(1, sizeof *s);

    assert(s != NULL && conf->loop_count > 0 && conf->routes != NULL);
    signal(SIGPIPE, SIG_IGN); // a peer that hung up is an error code
    s->conf = *conf;
    s->fd = -1;
    limits_complete(&s->conf.limits);
    status st = prepare(s);
    if (st.cls != ST_OK) {
        server_free(s);
        return st;
    }
    s->tree = http_tree_new(conf->routes);
    s->lanes = calloc(conf->loop_count, sizeof *s->lanes);
    assert(s->lanes != NULL);
    for (unsigned i = 0; i < conf->loop_count; i++) http_lane_init(&s->lanes[i], s, conf->loops[i]);
    for (unsigned i = 0; i < conf->loop_count; i++) http_lane_start(&s->lanes[i]);
    *out = s;
    return OK;
}

str http_server_address(const struct http_server *s) { return str_of(s->address); }

void http_server_drain(struct http_server *s)
{
    if (atomic_exchange(&s->draining, true)) return;
    for (unsigned i = 0; i < s->conf.loop_count; i++) http_lane_drain(&s->lanes[i]);
}

bool http_server_is_idle(const struct http_server *s)
{
    for (unsigned i = 0; i < s->conf.loop_count; i++)
        if (atomic_load(&s->lanes[i].count) > 0) return false;
    return true;
}

void http_server_close(struct http_server **server)
{
    struct http_server *s = *server;

    if (s == NULL) return;
    // Mail of ours may still lie in the boxes of stopped loops; it must not outlive us.
    for (unsigned i = 0; i < s->conf.loop_count; i++) loop_open_mail(s->conf.loops[i]);
    http_server_deafen(&s->lanes[0]);
    for (unsigned i = 0; i < s->conf.loop_count; i++) http_lane_fini(&s->lanes[i]);
    server_free(s);
    *server = NULL;
}
