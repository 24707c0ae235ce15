// conn_fuzz.c - a connection's whole life from foreign octets: the real server on a pair of
// sockets, heads, bodies, pipelines, streams and another protocol. The first octet says how they
// are cut, and whether the peer breaks off at the end.
//
// Claims: answers are the same however the octets are cut; every answer has a status that there is;
// when the peer has gone nothing of the connection is left.
#include "common/http_server_int.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BODY_MAX  (64 * KB)
#define QUIET     4u      // turns of the loop without an answer after which none comes
#define TURNS_MAX 200000u // more is a connection that spins

static struct loop *loop;
static struct http_server *server;
static unsigned waking; // paused streams
static bool early_said; // an answer before its body's end, after which the connection may close

// ---- what is asked

static void hello(struct http_req *r) { http_reply(r, 200, "text/plain", S("hello")); }
static void echo(struct http_req *r) { http_reply(r, 200, "text/plain", r->body); }
static void refuse(struct http_req *r)
{
    http_problem(r, fail(ST_CONFLICT, "pool.exhausted", 0, "none is left"), S(""));
}

struct sum {
    uint64_t bytes;
    uint32_t of;
};

static void sum_open(struct http_req *r)
{
    r->work = NEW(&r->arena, struct sum);
    assert(r->work != NULL);
}

static void sum_piece(struct http_req *r, str bytes)
{
    struct sum *s = r->work;

    s->bytes += bytes.n;
    for (size_t i = 0; i < bytes.n; i++) s->of = s->of * 31 + (unsigned char)bytes.p[i];
}

static void sum_end(struct http_req *r)
{
    const struct sum *s = r->work;
    struct buf b;

    buf_init(&b, KB);
    buf_addf(&b, "%llu %u", (unsigned long long)s->bytes, s->of);
    http_reply_buf(r, 200, "text/plain", &b);
}

static void nothing(struct http_req *r) { (void)r; }
static const struct http_stream summing = {sum_open, sum_piece, sum_end, nothing};

static void early_piece(struct http_req *r, str bytes)
{
    (void)bytes;
    early_said = true;
    http_reply(r, 409, "text/plain", S("enough"));
}
static const struct http_stream early = {sum_open, early_piece, sum_end, nothing};

struct wake {
    struct mail mail;
    struct http_req *r;
};

static void wake_open(struct mail *m)
{
    struct wake *w = CONTAINER_OF(m, struct wake, mail);

    waking--;
    http_resume(w->r);
    free(w);
}

static void pausing_piece(struct http_req *r, str bytes)
{
    struct wake *w = calloc(1, sizeof *w);

    assert(w != NULL);
    sum_piece(r, bytes);
    *w = (struct wake){.mail.open = wake_open, .r = r};
    http_pause(r);
    waking++;
    loop_post(r->loop, &w->mail);
}
static const struct http_stream pausing = {sum_open, pausing_piece, sum_end, nothing};

static void parts_drained(struct http_req *r)
{
    uintptr_t n = (uintptr_t)r->work;

    if (n == 5) {
        http_reply_end(r);
        return;
    }
    r->work = (void *)(n + 1);
    http_reply_write(r, S("a line\n"));
}
static void parts(struct http_req *r)
{
    http_reply_start(r, 200, "text/plain", parts_drained, nothing);
}

static void talk_bytes(struct http_req *r, str bytes)
{
    const char *end = memchr(bytes.p, '!', bytes.n);

    http_upgrade_write(r, end == NULL ? bytes : (str){bytes.p, (size_t)(end - bytes.p)});
    if (end != NULL) http_upgrade_end(r);
}
static const struct http_upgrade talking = {talk_bytes, nothing, nothing};
static void talk(struct http_req *r)
{
    if (http_wants_upgrade(r, S("echo")))
        http_upgrade_start(r, "echo", &talking);
    else
        hello(r);
}

static status admit(struct http_req *r, const char *roles)
{
    (void)r;
    return roles[0] == 0 ? OK : fail(ST_UNAUTHENTICATED, "access.unknown", 0, "who are you?");
}

// clang-format off
static const struct http_route table[] = {
    {.method = HTTP_GET, .path = "/", .roles = "", .run = hello},
    {.method = HTTP_GET, .path = "/no", .roles = "", .run = refuse},
    {.method = HTTP_GET, .path = "/parts", .roles = "", .run = parts},
    {.method = HTTP_GET, .path = "/talk", .roles = "", .run = talk},
    {.method = HTTP_GET, .path = "/own", .roles = "admin", .run = hello},
    {.method = HTTP_POST, .path = "/echo", .roles = "", .body_max = BODY_MAX, .run = echo},
    {.method = HTTP_POST, .path = "/few", .roles = "", .body_max = 8, .run = echo},
    {.method = HTTP_POST, .path = "/sum", .roles = "", .body_max = BODY_MAX, .stream = &summing},
    {.method = HTTP_POST, .path = "/early", .roles = "", .body_max = BODY_MAX, .stream = &early},
    {.method = HTTP_POST, .path = "/pause", .roles = "", .body_max = BODY_MAX,
     .stream = &pausing},
    {0},
};
// clang-format on
static const struct http_route *const tables[] = {table, NULL};

static void done(const struct http_req *r, int code, uint64_t body_bytes, uint64_t us)
{
    (void)r, (void)body_bytes, (void)us;
    assert(code >= 100 && code <= 599);
}

static void serve(void)
{
    loop = loop_new("conn");
    struct http_server_conf conf = {.door.listen = "127.0.0.1:0",
                                    .routes = tables,
                                    .access_check = admit,
                                    .done = done,
                                    .loops = &loop,
                                    .loop_count = 1};
    assert(http_server_open(&conf, &server).cls == ST_OK);
    signal(SIGPIPE, SIG_IGN);
    loop_step(loop, false);
}

// ---- a peer

static int call(void)
{
    int fd[2];

    assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd) == 0);
    http_lane_hand(
        &server->lanes[0],
        &(struct http_guest){.port = &server->ports[0], .fd = fd[1], .peer = S("127.0.0.1:9")});
    return fd[0];
}

// One turn; false when the server has closed.
static bool turn(int fd, struct buf *out, bool *said)
{
    char in[16 * KB];
    ssize_t n;

    loop_step(loop, false);
    *said = false;
    while ((n = recv(fd, in, sizeof in, 0)) > 0) {
        buf_add(out, (str){in, (size_t)n});
        *said = true;
    }
    return n < 0 && errno == EAGAIN;
}

// Until nothing more comes.
static bool rest(int fd, struct buf *out)
{
    bool open = true, said;

    for (unsigned quiet = 0, turns = 0; open && quiet < QUIET; quiet++) {
        const struct http_conn *c;
        open = turn(fd, out, &said);
        c = server->lanes[0].first;
        if (said || waking > 0 || (c != NULL && c->mailed)) quiet = 0;
        assert(turns++ < TURNS_MAX);
    }
    return open;
}

static void hang_up(int fd, bool breaks, struct buf *out)
{
    bool said;

    if (breaks)
        close(fd);
    else
        shutdown(fd, SHUT_WR);
    for (unsigned turns = 0; atomic_load(&server->lanes[0].count) > 0; turns++) {
        if (breaks)
            loop_step(loop, false);
        else
            (void)turn(fd, out, &said);
        assert(turns < TURNS_MAX);
    }
    if (breaks) return;
    (void)turn(fd, out, &said);
    close(fd);
}

static void live(str in, size_t cut, bool breaks, struct buf *out)
{
    int fd = call();
    bool open = true, said;

    buf_init(out, 64 * MB);
    while (open && in.n > 0) {
        size_t n = in.n < cut ? in.n : cut;
        ssize_t sent = send(fd, in.p, n, MSG_NOSIGNAL);
        if (sent > 0) in = str_from(in, (size_t)sent);
        open = turn(fd, out, &said) && (sent > 0 || errno == EAGAIN);
    }
    if (!breaks && open) (void)rest(fd, out);
    hang_up(fd, breaks, out);
    assert(!out->failed);
}

// ---- comparing

// In place, without `begin` wherever it stands, and `more` octets behind it.
static void cut_out(struct buf *b, str begin, size_t more)
{
    size_t n = 0, i = 0;

    while (i < b->n) {
        const char *at = memmem(b->p + i, b->n - i, begin.p, begin.n);
        size_t upto = at == NULL ? b->n : (size_t)(at - b->p);
        memmove(b->p + n, b->p + i, upto - i);
        n += upto - i;
        i = at == NULL || upto + begin.n + more > b->n ? b->n : upto + begin.n + more;
    }
    b->n = n;
}

// But for what the clock says, and whether a body was there before it was asked for (RFC 9110,
// 10.1.1).
static void compare(struct buf *a, struct buf *b)
{
    struct buf *both[] = {a, b};

    for (unsigned i = 0; i < 2; i++) {
        cut_out(both[i], S("\r\nDate: "), 29);
        cut_out(both[i], S("HTTP/1.1 100 Continue\r\n\r\n"), 0);
    }
    if (str_eq(buf_str(a), buf_str(b))) return;
    fprintf(stderr, "whole:\n%.*s\ncut:\n%.*s\n", STR(buf_str(a)), STR(buf_str(b)));
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf whole, cut;

    if (server == NULL) serve();
    if (size < 1) return 0;
    str in = {(const char *)data + 1, size - 1};
    bool breaks = data[0] & 0x80;
    early_said = false;
    live(in, size, breaks, &whole);
    live(in, 1 + (data[0] & 0x7fu), breaks, &cut);
    if (!breaks && !early_said) compare(&whole, &cut);
    buf_fini(&whole);
    buf_fini(&cut);
    return 0;
}
