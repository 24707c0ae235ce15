// Owns the sockets of the load generator and reads answers: by length or chunked (RFC 9112, 6 and
// 7.1). One thread.
#include "tests/bench/asker.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_MAX (256 * KB)
#define HEAD_MAX    (8 * KB)
#define BODY_MAX    (4 * MB) // 100 000 serials of 20 characters
#define LINE_MAX    256
#define FIRST_READ  (4 * KB) // a head and a short body

void die(const char *fmt, ...)
{
    va_list ap;

    fputs("load: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    exit(1);
}

void die_os(const char *what) { die("%s: %s", what, strerror(errno)); }

void asker_open(struct asker *a, int port, int epoll, void *arg)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = arg};
    int on = 1;

    *a = (struct asker){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .epoll = epoll};
    if (a->fd < 0 || connect(a->fd, (struct sockaddr *)&to, sizeof to) != 0) die_os("connect");
    setsockopt(a->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(a->fd, F_SETFL, O_NONBLOCK);
    buf_init(&a->out, REQUEST_MAX);
    buf_init(&a->head, HEAD_MAX);
    buf_init(&a->body, BODY_MAX);
    buf_init(&a->line, LINE_MAX);
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, a->fd, &e) != 0) die_os("epoll");
}

static void watch(struct asker *a, uint32_t events, void *arg)
{
    struct epoll_event e = {.events = events, .data.ptr = arg};

    if (epoll_ctl(a->epoll, EPOLL_CTL_MOD, a->fd, &e) != 0) die_os("epoll");
}

static bool out_empties(struct asker *a)
{
    ssize_t n = send(a->fd, a->out.p + a->sent, a->out.n - a->sent, MSG_NOSIGNAL);

    if (n < 0 && errno != EAGAIN) die_os("send");
    if (n > 0) a->sent += (size_t)n;
    return a->sent == a->out.n;
}

void asker_send(struct asker *a, void *arg)
{
    if (a->out.failed) die("a request of more than %zu bytes", a->out.max);
    buf_reset(&a->head);
    buf_reset(&a->body);
    buf_reset(&a->line);
    a->awaiting = ASKER_HEAD;
    a->sent = 0;
    if (!out_empties(a)) watch(a, EPOLLIN | EPOLLOUT, arg);
}

void asker_more(struct asker *a, void *arg)
{
    if (out_empties(a)) watch(a, EPOLLIN, arg);
}

static void head_read(struct asker *a)
{
    const char *length = strcasestr(a->head.p, "\r\ncontent-length:");

    if (a->head.n < 12 || memcmp(a->head.p, "HTTP/1.1 ", 9) != 0) die("the answer is not HTTP");
    a->code = (int)strtol(a->head.p + 9, NULL, 10);
    a->chunked = strcasestr(a->head.p, "\r\ntransfer-encoding: chunked") != NULL;
    if (!a->chunked && length == NULL) die("an answer without a length");
    a->left = a->chunked ? 0 : strtoul(length + 17, NULL, 10);
    a->awaiting = a->chunked ? ASKER_CHUNK_SIZE : a->left > 0 ? ASKER_BODY : ASKER_WHOLE;
}

static size_t feed_head(struct asker *a, const char *p, size_t n)
{
    size_t before = a->head.n, from = before < 3 ? 0 : before - 3;

    if (n > HEAD_MAX - before) n = HEAD_MAX - before;
    buf_add(&a->head, (str){p, n});
    const char *end = memmem(a->head.p + from, a->head.n - from, "\r\n\r\n", 4);
    if (end == NULL) {
        if (a->head.n == HEAD_MAX) die("an answer with endless headers");
        return n;
    }
    size_t whole = (size_t)(end + 4 - a->head.p);
    a->head.n = whole;
    a->head.p[whole] = 0;
    head_read(a);
    return whole - before;
}

static size_t feed_body(struct asker *a, const char *p, size_t n)
{
    if (n > a->left) n = a->left;
    buf_add(&a->body, (str){p, n});
    if (a->body.failed) die("an answer of more than %zu bytes", a->body.max);
    a->left -= n;
    if (a->left == 0) a->awaiting = a->chunked ? ASKER_CHUNK_SIZE : ASKER_WHOLE;
    return n;
}

// Sizes, the empty line after each chunk, trailers; a byte at a time.
static size_t feed_line(struct asker *a, char c)
{
    if (c != '\n') {
        if (c != '\r') buf_addc(&a->line, c);
        if (a->line.failed) die("an answer with an endless chunk size");
        return 1;
    }
    if (a->awaiting == ASKER_TRAILER) {
        if (a->line.n == 0) a->awaiting = ASKER_WHOLE;
    } else if (a->line.n > 0) {
        a->left = strtoul(a->line.p, NULL, 16);
        a->awaiting = a->left > 0 ? ASKER_BODY : ASKER_TRAILER;
    }
    buf_reset(&a->line);
    return 1;
}

// A body whose length is known goes where it stays, without a copy.
static bool read_body(struct asker *a)
{
    char *to = buf_room(&a->body, a->left);

    if (to == NULL) die("an answer of more than %zu bytes", a->body.max);
    ssize_t got = read(a->fd, to, a->left);
    if (got == 0) die("the service closed a connection");
    if (got < 0 && errno != EAGAIN) die_os("read");
    size_t missing = a->left - (got > 0 ? (size_t)got : 0);
    a->body.n -= missing;
    a->left = missing;
    if (missing == 0) a->awaiting = ASKER_WHOLE;
    return missing == 0;
}

bool asker_read(struct asker *a)
{
    static char in[256 * 1024];

    if (a->awaiting == ASKER_BODY && !a->chunked) return read_body(a);
    ssize_t got = read(a->fd, in, a->awaiting == ASKER_HEAD ? FIRST_READ : sizeof in);

    if (got == 0) die("the service closed a connection");
    if (got < 0 && errno != EAGAIN) die_os("read");
    for (size_t at = 0, n = got > 0 ? (size_t)got : 0; at < n;) {
        switch (a->awaiting) {
        case ASKER_HEAD: at += feed_head(a, in + at, n - at); break;
        case ASKER_BODY: at += feed_body(a, in + at, n - at); break;
        case ASKER_CHUNK_SIZE:
        case ASKER_TRAILER: at += feed_line(a, in[at]); break;
        case ASKER_WHOLE: die("bytes after the answer");
        }
    }
    if (a->awaiting == ASKER_BODY && !a->chunked) return read_body(a);
    return a->awaiting == ASKER_WHOLE;
}
