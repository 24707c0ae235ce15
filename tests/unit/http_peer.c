#include "tests/unit/http_peer.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

struct peer peer_open(str address)
{
    struct peer p = {.fd = socket(AF_INET, SOCK_STREAM, 0)};
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {5, 0};
    str host;
    uint64_t port;

    assert(str_cut(&address, ':', &host) && str_u64(address, 65535, &port));
    a.sin_port = htons((uint16_t)port);
    setsockopt(p.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(p.fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    assert(connect(p.fd, (struct sockaddr *)&a, sizeof a) == 0);
    buf_init(&p.in, 64 * MB);
    buf_init(&p.body, 64 * MB);
    return p;
}

void peer_send(struct peer *p, str bytes)
{
    while (bytes.n > 0) {
        ssize_t n = send(p->fd, bytes.p, bytes.n, MSG_NOSIGNAL);
        if (n <= 0) return; // refused: the reply tells
        bytes = str_from(bytes, (size_t)n);
    }
}

void peer_say(struct peer *p, const char *text) { peer_send(p, str_of(text)); }

static bool more(struct peer *p)
{
    char tmp[16 * KB];
    ssize_t n = recv(p->fd, tmp, sizeof tmp, 0);

    if (n > 0) buf_add(&p->in, (str){tmp, (size_t)n});
    return n > 0;
}

static str rest(const struct peer *p)
{
    return p->in.n == 0 ? S("") : str_from(buf_str(&p->in), p->from);
}

static bool read_line(struct peer *p, str *line)
{
    for (;;) {
        str all = rest(p), copy = all;
        if (str_cut(&copy, '\n', line)) {
            p->from += line->n + 1;
            *line = str_trim(*line);
            return true;
        }
        if (!more(p)) return false;
    }
}

static bool read_exactly(struct peer *p, size_t n)
{
    while (rest(p).n < n)
        if (!more(p)) return false;
    buf_add(&p->body, (str){rest(p).p, n});
    p->from += n;
    return true;
}

static bool read_chunks(struct peer *p)
{
    str line;

    for (;;) {
        size_t n = 0;
        if (!read_line(p, &line)) return false;
        for (size_t i = 0; i < line.n; i++)
            n = n * 16 + (size_t)(line.p[i] <= '9' ? line.p[i] - '0' : line.p[i] - 'a' + 10);
        if (n > 0 && !read_exactly(p, n)) return false;
        if (!read_line(p, &line)) return false;
        if (n == 0) return true;
    }
}

str peer_header(const struct peer *p, const char *name)
{
    str left = p->head, line, key;

    while (str_cut(&left, '\n', &line))
        if (str_cut(&line, ':', &key) && str_eq_fold(key, str_of(name))) return str_trim(line);
    return S("");
}

static int read_reply(struct peer *p, bool with_body)
{
    str line;

    // Only this reply's octets stay in `in`, so that views of it live until the next read.
    if (p->from > 0) memmove(p->in.p, p->in.p + p->from, p->in.n - p->from);
    p->in.n -= p->from;
    p->from = 0;
    buf_reset(&p->body);
    do
        if (!read_line(p, &line)) return -1;
    while (line.n > 0);
    p->head = (str){p->in.p, p->from};
    if (!str_starts(p->head, S("HTTP/1.1 "))) return -1;
    p->code = (p->head.p[9] - '0') * 100 + (p->head.p[10] - '0') * 10 + (p->head.p[11] - '0');
    size_t head_n = p->from;
    uint64_t n;
    bool good = true;
    if (!with_body || p->code < 200 || p->code == 204)
        good = true;
    else if (str_eq(peer_header(p, "transfer-encoding"), S("chunked")))
        good = read_chunks(p);
    else if (str_u64(peer_header(p, "content-length"), SIZE_MAX, &n))
        good = read_exactly(p, (size_t)n);
    else
        while (more(p) || !read_exactly(p, rest(p).n)) {}
    p->head = (str){p->in.p, head_n};
    return good ? p->code : -1;
}

int peer_read(struct peer *p) { return read_reply(p, true); }
int peer_read_head(struct peer *p) { return read_reply(p, false); }

int peer_ask(struct peer *p, const char *text)
{
    peer_say(p, text);
    return peer_read(p);
}

bool peer_closed(struct peer *p)
{
    char c;
    return rest(p).n == 0 && recv(p->fd, &c, 1, 0) == 0;
}

void peer_close(struct peer *p)
{
    close(p->fd);
    buf_fini(&p->in);
    buf_fini(&p->body);
}
