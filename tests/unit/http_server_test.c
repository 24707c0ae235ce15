// The server over real sockets: one loop on a thread of its own, raw bytes from this one.
#include "common/http_server_int.h"
#include "tests/unit/http_peer.h"
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>
#undef fail // the house's own

// ---- what is served

static atomic_int gone_count, open_count, done_count;
static _Atomic(struct http_req *) held;
static atomic_size_t streamed;

static void hello(struct http_req *r) { http_reply(r, 200, "text/plain", S("hello")); }

static void echo(struct http_req *r) { http_reply(r, 200, "text/plain", r->body); }

static void lot(struct http_req *r)
{
    struct buf b;

    buf_init(&b, KB);
    buf_addf(&b, "%.*s|%.*s", STR(r->param[0]), STR(r->param[1]));
    http_reply_buf(r, 200, "text/plain", &b);
}

static void query(struct http_req *r)
{
    str v = S("none");
    (void)http_query(r, S("q"), &v);
    http_reply(r, 200, "text/plain", v);
}

static void hold(struct http_req *r) { held = r; }

static void long_text(struct http_req *r)
{
    struct buf b;

    buf_init(&b, 32 * MB);
    memset(buf_room(&b, 20 * MB), 'x', 20 * MB);
    http_reply_buf(r, 200, "application/octet-stream", &b);
}

static void json(struct http_req *r)
{
    struct buf b;

    buf_init(&b, MB);
    for (int i = 0; i < 5000; i++) buf_addf(&b, "[%d],", i);
    http_reply_buf(r, 200, "application/json", &b);
}

static void count_open(struct http_req *r)
{
    (void)r;
    open_count++;
    streamed = 0;
}
static void count_piece(struct http_req *r, str bytes)
{
    (void)r;
    streamed += bytes.n;
}
static void count_end(struct http_req *r)
{
    struct buf b;

    buf_init(&b, KB);
    buf_addu(&b, streamed);
    http_reply_buf(r, 200, "text/plain", &b);
}
static void count_gone(struct http_req *r)
{
    (void)r;
    gone_count++;
}
static const struct http_stream counting = {count_open, count_piece, count_end, count_gone};

static void early_piece(struct http_req *r, str bytes)
{
    (void)bytes;
    http_reply(r, 409, "text/plain", S("enough"));
}
static const struct http_stream early = {count_open, early_piece, count_end, count_gone};

// Every piece pauses; another mail resumes.
struct wake {
    struct mail mail;
    struct http_req *r;
};
static void wake_open(struct mail *m)
{
    struct wake *w = CONTAINER_OF(m, struct wake, mail);
    struct http_req *r = w->r;

    free(w);
    http_resume(r);
}
static void pausing_piece(struct http_req *r, str bytes)
{
    struct wake *w = calloc(1, sizeof *w);

    streamed += bytes.n;
    w->mail.open = wake_open;
    w->r = r;
    http_pause(r);
    loop_post(r->loop, &w->mail);
}
static const struct http_stream pausing = {count_open, pausing_piece, count_end, count_gone};

static void parts_drained(struct http_req *r)
{
    uintptr_t n = (uintptr_t)r->work;
    char line[32];

    if (n == 100) {
        http_reply_end(r);
        return;
    }
    snprintf(line, sizeof line, "line %d\n", (int)n);
    r->work = (void *)(n + 1);
    http_reply_write(r, str_of(line));
}
static void parts(struct http_req *r)
{
    http_reply_start(r, 200, "text/plain", parts_drained, count_gone);
}
static void forever_drained(struct http_req *r) { (void)r; }
static void forever(struct http_req *r)
{
    http_reply_start(r, 200, "text/plain", forever_drained, count_gone);
    http_reply_write(r, S("first\n"));
}

static void where(struct http_req *r)
{
    char name[16];

    pthread_getname_np(pthread_self(), name, sizeof name);
    http_reply(r, 200, "text/plain", str_of(name));
}

// Another protocol: what comes goes back, and a '!' ends it.
static void echo_bytes(struct http_req *r, str bytes)
{
    http_upgrade_write(r, bytes);
    if (memchr(bytes.p, '!', bytes.n) != NULL) http_upgrade_end(r);
}
static void echo_drained(struct http_req *r) { (void)r; }
static const struct http_upgrade echoing = {echo_bytes, echo_drained, count_gone};
static void talk(struct http_req *r)
{
    if (!http_wants_upgrade(r, S("echo"))) {
        hello(r);
        return;
    }
    http_reply_header(r, "X-Said", S("before"));
    http_upgrade_start(r, "echo", &echoing);
    http_upgrade_write(r, S("welcome "));
}

static void refuse(struct http_req *r)
{
    http_problem(r, fail(ST_CONFLICT, "pool.exhausted", 0, "too few \"left\": %d", 3),
                 S("\"units\":[]"));
}
static void busy(struct http_req *r)
{
    http_problem(r, fail(ST_BUSY, "queue.full", 0, "x"), S(""));
}

static const struct http_route first[] = {
    {.method = HTTP_GET,  .path = "/", .roles = "", .run = hello},
    {.method = HTTP_GET,        .path = "/hello", .roles = "", .run = hello},
    {.method = HTTP_POST,                   .path = "/echo", .roles = "", .body_max = MB, .run = echo},
    {.method = HTTP_POST,.path = "/small", .roles = "", .body_max = 10, .run = echo},
    {.method = HTTP_GET,       .path = "/lots/{gtin}/{lot}", .roles = "", .run = lot},
    {.method = HTTP_GET, .path = "/lots/open/{lot}", .roles = "", .run = query},
    {.method = HTTP_GET,        .path = "/query", .roles = "", .run = query},
    {.method = HTTP_GET,        .path = "/hold", .roles = "", .run = hold},
    {.method = HTTP_GET, .path = "/private", .roles = "admin", .run = hello},
    {.method = HTTP_POST,        .path = "/private", .roles = "admin", .body_max = 10, .run = hello},
    {0       },
};
static const struct http_route second[] = {
    {.method = HTTP_GET,  .path = "/long", .roles = "", .run = long_text},
    {.method = HTTP_GET,        .path = "/json", .roles = "", .run = json},
    {.method = HTTP_GET,                   .path = "/parts", .roles = "", .run = parts},
    {.method = HTTP_GET,.path = "/forever", .roles = "", .run = forever},
    {.method = HTTP_GET,        .path = "/talk", .roles = "", .run = talk},
    {.method = HTTP_GET,  .path = "/where", .roles = "", .run = where},
    {.method = HTTP_GET,        .path = "/refuse", .roles = "", .run = refuse},
    {.method = HTTP_GET,                   .path = "/busy", .roles = "", .run = busy},
    {.method = HTTP_POST,     .path = "/count", .roles = "", .body_max = GB, .stream = &counting},
    {.method = HTTP_POST,     .path = "/count8", .roles = "", .body_max = 8, .stream = &counting},
    {.method = HTTP_POST,  .path = "/early", .roles = "", .body_max = GB, .stream = &early},
    {.method = HTTP_POST,        .path = "/pausing", .roles = "", .body_max = GB, .stream = &pausing},
    {0                  },
};
static const struct http_route *const routes[] = {first, second, NULL};

static status admit(struct http_req *r, const char *roles)
{
    str who = http_header(r, S("authorization"));

    if (roles[0] == 0) return OK;
    if (who.n == 0) return fail(ST_UNAUTHENTICATED, "access.unknown", 0, "who are you?");
    if (!str_eq(who, S("Bearer admin"))) return fail(ST_NOT_ALLOWED, "access.role", 0, "not you");
    r->caller = "admin";
    return OK;
}

static void done(const struct http_req *r, int code, uint64_t body_bytes, uint64_t us)
{
    (void)r, (void)code, (void)body_bytes, (void)us;
    done_count++;
}

// ---- the server of a test

struct site {
    struct loop *loop[2];
    struct http_server *server;
    struct http_server_conf conf;
};

static struct site site;

static void site_start(struct http_limits limits, unsigned loops)
{
    site.loop[0] = loop_new("first");
    site.loop[1] = loop_new("second");
    site.conf = (struct http_server_conf){
        .door.listen = "127.0.0.1:0",
        .limits = limits,
        .routes = routes,
        .access_check = admit,
        .done = done,
        .loops = site.loop,
        .loop_count = loops,
    };
    assert_int_equal(http_server_open(&site.conf, &site.server).cls, ST_OK);
    for (unsigned i = 0; i < loops; i++) assert_int_equal(loop_start(site.loop[i]).cls, ST_OK);
}

static int site_stop(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) loop_stop(site.loop[i]);
    http_server_close(&site.server);
    for (unsigned i = 0; i < 2; i++) loop_free(&site.loop[i]);
    return 0;
}

static int plain(void **state)
{
    (void)state;
    gone_count = open_count = done_count = 0;
    held = NULL;
    site_start((struct http_limits){0}, 1);
    return 0;
}

// For what another thread does and tells nobody.
#define WAIT(c)                                                                                    \
    for (int ms_ = 0; !(c); ms_++) {                                                               \
        assert_true(ms_ < 5000);                                                                   \
        usleep(1000);                                                                              \
    }

static struct peer caller(void) { return peer_open(http_server_address(site.server)); }

#define H "Host: x\r\n"

// ---- tests

static void a_request_is_answered(void **state)
{
    struct peer p = caller();

    (void)state;
    assert_int_equal(peer_ask(&p, "GET /hello HTTP/1.1\r\n" H "\r\n"), 200);
    assert_string_equal(p.body.p, "hello");
    assert_int_equal(peer_header(&p, "date").n, 29);
    assert_int_equal(peer_header(&p, "server").n, 0);
    assert_true(str_eq(peer_header(&p, "content-type"), S("text/plain")));
    peer_close(&p);
}

static void a_connection_serves_many(void **state)
{
    struct peer p = caller();

    (void)state;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(peer_ask(&p, "POST /echo HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nabc"),
                         200);
        assert_string_equal(p.body.p, "abc");
        assert_int_equal(peer_ask(&p, "GET /lots/0123/a%2Fb HTTP/1.1\r\n" H "\r\n"), 200);
        assert_string_equal(p.body.p, "0123|a/b");
    }
    peer_close(&p);
    loop_stop(site.loop[0]);
    assert_int_equal(done_count, 200);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    struct peer p = caller();
    struct buf b;

    (void)state;
    buf_init(&b, MB);
    for (int i = 0; i < 300; i++) buf_addf(&b, "GET /query?q=%d HTTP/1.1\r\n" H "\r\n", i);
    peer_send(&p, buf_str(&b));
    for (int i = 0; i < 300; i++) {
        assert_int_equal(peer_read(&p), 200);
        assert_int_equal(atoll(p.body.p), i);
    }
    buf_fini(&b);
    peer_close(&p);
}

static void bytes_may_come_one_by_one(void **state)
{
    static const char text[] = "POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
                               "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: v\r\n\r\n";
    struct peer p = caller();

    (void)state;
    for (size_t i = 0; i < sizeof text - 1; i++) peer_send(&p, (str){text + i, 1});
    assert_int_equal(peer_read(&p), 200);
    assert_string_equal(p.body.p, "abcde");
    peer_close(&p);
}

static void methods_and_paths_are_told_apart(void **state)
{
    static const struct {
        const char *request;
        int code;
        const char *allow;
    } rows[] = {
        {"GET /nothing HTTP/1.1\r\n" H "\r\n",       404, ""                                     },
        {"PATCH /nothing HTTP/1.1\r\n" H "\r\n",     404, ""                                     },
        {"DELETE /hello HTTP/1.1\r\n" H "\r\n",      405, "GET, HEAD, OPTIONS"                   },
        {"PATCH /hello HTTP/1.1\r\n" H "\r\n",       405, "GET, HEAD, OPTIONS"                   },
        {"GET /echo HTTP/1.1\r\n" H "\r\n",          405, "POST, OPTIONS"                        },
        {"OPTIONS /private HTTP/1.1\r\n" H "\r\n",   204, "GET, HEAD, POST, OPTIONS"             },
        {"OPTIONS * HTTP/1.1\r\n" H "\r\n",          204, "GET, HEAD, POST, PUT, DELETE, OPTIONS"},
        {"OPTIONS /nothing HTTP/1.1\r\n" H "\r\n",   404, ""                                     },
        {"GET http://x/hello HTTP/1.1\r\n" H "\r\n", 200, ""                                     },
    };
    struct peer p = caller(); // one connection: none of these ends it

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        assert_int_equal(peer_ask(&p, rows[i].request), rows[i].code);
        assert_true(str_eq(peer_header(&p, "allow"), str_of(rows[i].allow)));
    }
    peer_close(&p);
}

static void head_is_get_without_the_body(void **state)
{
    struct peer p = caller();

    (void)state;
    peer_say(&p, "HEAD /hello HTTP/1.1\r\n" H "\r\n");
    assert_int_equal(peer_read_head(&p), 200);
    assert_true(str_eq(peer_header(&p, "content-length"), S("5")));
    peer_say(&p, "HEAD /parts HTTP/1.1\r\n" H "\r\n");
    assert_int_equal(peer_read_head(&p), 200);
    assert_int_equal(peer_ask(&p, "GET /hello HTTP/1.1\r\n" H "\r\n"), 200);
    assert_string_equal(p.body.p, "hello");
    peer_close(&p);
}

#define BIG_LENGTH "Content-Length: 11\r\n"

static void refusals_come_in_their_order(void **state)
{
    static const struct {
        const char *request;
        int code;
    } rows[] = {
        {"POST /nothing HTTP/1.1\r\n" H BIG_LENGTH "\r\n",                                 404},
        {"PUT /private HTTP/1.1\r\n" H BIG_LENGTH "\r\n",                                  405},
        {"POST /private HTTP/1.1\r\n" H BIG_LENGTH "\r\n",                                 401},
        {"POST /private HTTP/1.1\r\n" H BIG_LENGTH "Authorization: Bearer x\r\n\r\n",      403},
        {"POST /private HTTP/1.1\r\n" H BIG_LENGTH "Authorization: Bearer admin\r\n\r\n",  413},
        {"POST /small HTTP/1.1\r\n" H "Content-Length: 5\r\nContent-Encoding: br\r\n\r\n", 415},
        {"GET /hello HTTP/1.1\r\n" H "Content-Length: 1\r\n\r\n",                          413},
        {"GET /hello HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",                      400},
        {"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\n\rG",         400},
        {"BREW /hello HTTP/1.1\r\n" H "\r\n",                                              501},
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) { // none of these bodies is ever sent
        struct peer p = caller();
        assert_int_equal(peer_ask(&p, rows[i].request), rows[i].code);
        assert_true(str_eq(peer_header(&p, "connection"), S("close")));
        assert_true(str_eq(peer_header(&p, "content-type"), S("application/problem+json")));
        assert_int_equal(peer_header(&p, "www-authenticate").n > 0, rows[i].code == 401);
        assert_true(peer_closed(&p));
        peer_close(&p);
    }
}

static void a_refused_upload_still_sees_the_answer(void **state)
{
    struct peer p = caller();
    struct buf b;

    (void)state;
    buf_init(&b, 4 * MB);
    memset(buf_room(&b, 3 * MB), 'x', 3 * MB);
    peer_say(&p, "POST /small HTTP/1.1\r\n" H "Content-Length: 3145728\r\n\r\n");
    peer_send(&p, buf_str(&b));
    assert_int_equal(peer_read(&p), 413);
    assert_true(peer_closed(&p)); // an end in order, not a reset
    buf_fini(&b);
    peer_close(&p);
}

static void a_body_may_reach_its_ceiling(void **state)
{
    struct peer p = caller();

    (void)state;
    assert_int_equal(
        peer_ask(&p, "POST /small HTTP/1.1\r\n" H "Content-Length: 10\r\n\r\n0123456789"), 200);
    assert_string_equal(p.body.p, "0123456789");
    assert_int_equal(peer_ask(&p, "POST /small HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
                                  "a\r\n0123456789\r\n0\r\n\r\n"),
                     200);
    assert_int_equal(peer_ask(&p, "POST /small HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
                                  "b\r\n0123456789a\r\n0\r\n\r\n"),
                     413);
    peer_close(&p);
}

static void long_heads_are_refused(void **state)
{
    struct peer p = caller();
    struct buf b;

    (void)state;
    buf_init(&b, 64 * KB);
    buf_add(&b, S("GET /"));
    memset(buf_room(&b, 17 * KB), 'x', 17 * KB);
    peer_send(&p, buf_str(&b));
    assert_int_equal(peer_read(&p), 414);
    peer_close(&p);
    p = caller();
    buf_reset(&b);
    buf_add(&b, S("GET /hello HTTP/1.1\r\n" H "X: "));
    memset(buf_room(&b, 17 * KB), 'x', 17 * KB);
    peer_send(&p, buf_str(&b));
    assert_int_equal(peer_read(&p), 431);
    peer_close(&p);
    buf_fini(&b);
}

static void old_clients_are_understood(void **state)
{
    struct peer p = caller();

    (void)state;
    assert_int_equal(peer_ask(&p, "GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), 200);
    assert_true(str_eq(peer_header(&p, "connection"), S("keep-alive")));
    assert_int_equal(peer_ask(&p, "GET /hello HTTP/1.0\r\n\r\n"), 200);
    assert_true(str_eq(peer_header(&p, "connection"), S("close")));
    assert_true(peer_closed(&p));
    peer_close(&p);
    p = caller();
    assert_int_equal(peer_ask(&p, "GET /hello HTTP/1.1\r\n" H "Connection: close\r\n\r\n"), 200);
    assert_true(peer_closed(&p));
    peer_close(&p);
    p = caller(); // half-closed behind the request
    peer_say(&p, "\r\nGET /hello HTTP/1.1\r\n" H "\r\n");
    shutdown(p.fd, SHUT_WR);
    assert_int_equal(peer_read(&p), 200);
    assert_true(peer_closed(&p));
    peer_close(&p);
}

static void continue_is_said_after_the_checks(void **state)
{
    struct peer p = caller();

    (void)state;
#define EXPECT "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n"
    assert_int_equal(peer_ask(&p, "POST /echo HTTP/1.1\r\n" H EXPECT), 100);
    assert_int_equal(peer_ask(&p, "abc"), 200);
    assert_string_equal(p.body.p, "abc");
    assert_int_equal(peer_ask(&p, "POST /private HTTP/1.1\r\n" H EXPECT), 401);
    assert_true(peer_closed(&p));
    peer_close(&p);
}

static struct buf gzipped(const char *text)
{
    struct buf b;
    z_stream z = {0};

    buf_init(&b, 4 * KB);
    buf_room(&b, 4 * KB);
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (z_const Bytef *)(uintptr_t)text;
    z.avail_in = (uInt)strlen(text);
    z.next_out = (Bytef *)b.p;
    z.avail_out = 4 * KB;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    b.n = z.total_out;
    deflateEnd(&z);
    return b;
}

static void gzip_is_understood_both_ways(void **state)
{
    struct peer p = caller();
    struct buf b = gzipped("some text"), head;
    unsigned char out[64 * KB];
    z_stream z = {.next_out = out, .avail_out = sizeof out};

    (void)state;
    buf_init(&head, KB);
    buf_addf(&head,
             "POST /echo HTTP/1.1\r\n" H "Content-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n",
             b.n);
    peer_send(&p, buf_str(&head));
    peer_send(&p, buf_str(&b));
    assert_int_equal(peer_read(&p), 200);
    assert_string_equal(p.body.p, "some text");
    assert_int_equal(peer_ask(&p, "GET /json HTTP/1.1\r\n" H "\r\n"), 200);
    assert_int_equal(peer_header(&p, "content-encoding").n, 0);
    assert_true(str_eq(peer_header(&p, "vary"), S("Accept-Encoding")));
    size_t plain_n = p.body.n;
    assert_int_equal(peer_ask(&p, "GET /json HTTP/1.1\r\n" H "Accept-Encoding: gzip\r\n\r\n"), 200);
    assert_true(str_eq(peer_header(&p, "content-encoding"), S("gzip")));
    assert_true(p.body.n < plain_n / 2);
    z.next_in = (Bytef *)p.body.p;
    z.avail_in = (uInt)p.body.n;
    assert_int_equal(inflateInit2(&z, 31), Z_OK);
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(z.total_out, plain_n);
    assert_memory_equal(out, "[0],[1],", 8);
    inflateEnd(&z);
    buf_fini(&b);
    buf_fini(&head);
    peer_close(&p);
}

static void problems_are_documents(void **state)
{
    struct peer p = caller();

    (void)state;
    assert_int_equal(peer_ask(&p, "GET /refuse HTTP/1.1\r\n" H "\r\n"), 409);
    assert_string_equal(p.body.p, "{\"type\":\"urn:packtrail:problem:pool.exhausted\","
                                  "\"code\":\"pool.exhausted\",\"title\":\"the present state "
                                  "forbids this\",\"status\":409,\"detail\":\"too few "
                                  "\\u0022left\\u0022: 3\",\"units\":[]}");
    assert_int_equal(peer_ask(&p, "GET /busy HTTP/1.1\r\n" H "\r\n"), 503);
    assert_true(str_eq(peer_header(&p, "retry-after"), S("1")));
    peer_close(&p);
}

static void a_long_answer_comes_whole(void **state)
{
    struct peer p = caller();

    (void)state;
    assert_int_equal(peer_ask(&p, "GET /long HTTP/1.1\r\n" H "\r\n"), 200);
    assert_int_equal(p.body.n, 20 * MB);
    for (size_t i = 0; i < p.body.n; i += 4096) assert_int_equal(p.body.p[i], 'x');
    assert_int_equal(peer_ask(&p, "GET /hello HTTP/1.1\r\n" H "\r\n"), 200);
    peer_close(&p);
}

static void a_long_answer_outlives_the_request_side(void **state)
{
    (void)state;
    for (int drained = 0; drained < 2; drained++) {
        struct peer p = caller();
        peer_say(&p, "GET /long HTTP/1.1\r\n" H "\r\n");
        if (!drained) shutdown(p.fd, SHUT_WR);
        WAIT(done_count > drained); // it waits for us in the server
        if (drained) http_server_drain(site.server);
        assert_int_equal(peer_read(&p), 200);
        assert_int_equal(p.body.n, 20 * MB);
        assert_true(peer_closed(&p));
        peer_close(&p);
    }
}

// ---- answers given later

struct answer {
    struct mail mail;
    struct http_req *r;
};

static void answer_open(struct mail *m)
{
    struct answer *a = CONTAINER_OF(m, struct answer, mail);
    struct http_req *r = a->r;

    free(a);
    http_reply(r, 200, "text/plain", S("later"));
}

static struct http_req *wait_held(void)
{
    struct http_req *r;

    WAIT((r = held) != NULL);
    held = NULL;
    return r;
}

static void answer_later(struct http_req *r)
{
    struct answer *a = calloc(1, sizeof *a);

    a->mail.open = answer_open;
    a->r = r;
    loop_post(site.loop[0], &a->mail);
}

static void an_answer_may_come_from_another_thread(void **state)
{
    struct peer p = caller();

    (void)state;
    peer_say(&p, "GET /hold HTTP/1.1\r\n" H "\r\nGET /hello HTTP/1.1\r\n" H "\r\n");
    answer_later(wait_held());
    assert_int_equal(peer_read(&p), 200);
    assert_string_equal(p.body.p, "later");
    assert_int_equal(peer_read(&p), 200); // what was read ahead was kept
    assert_string_equal(p.body.p, "hello");
    peer_close(&p);
}

static void wait_idle(void) { WAIT(http_server_is_idle(site.server)); }

static void an_answer_to_nobody_is_dropped(void **state)
{
    struct linger reset = {1, 0};

    (void)state;
    for (int rst = 0; rst < 2; rst++) {
        struct peer p = caller();
        peer_say(&p, "GET /hold HTTP/1.1\r\n" H "\r\n");
        struct http_req *r = wait_held();
        if (rst) setsockopt(p.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        peer_close(&p);
        struct peer other = caller(); // the loop has seen the end before it answers this
        assert_int_equal(peer_ask(&other, "GET /hello HTTP/1.1\r\n" H "\r\n"), 200);
        peer_close(&other);
        assert_false(http_server_is_idle(site.server)); // r is still there
        assert_string_equal(r->route->path, "/hold");
        answer_later(r);
        wait_idle();
    }
    assert_int_equal(done_count, 4);
}

// ---- streams

static void a_body_comes_in_pieces(void **state)
{
    struct peer p = caller();

    (void)state;
    assert_int_equal(peer_ask(&p, "POST /count HTTP/1.1\r\n" H "Content-Length: 4\r\n\r\nabcd"),
                     200);
    assert_string_equal(p.body.p, "4");
    assert_int_equal(peer_ask(&p, "POST /count HTTP/1.1\r\n" H "\r\n"), 200);
    assert_string_equal(p.body.p, "0");
    peer_close(&p);
    assert_int_equal(open_count, 2);
    assert_int_equal(gone_count, 0);
}

static void a_stream_is_told_when_the_peer_is_gone(void **state)
{
    struct peer p = caller();

    (void)state;
    peer_say(&p, "POST /count HTTP/1.1\r\n" H "Content-Length: 4\r\n\r\nab");
    peer_close(&p);
    WAIT(gone_count > 0);
    p = caller();
    assert_int_equal(peer_ask(&p, "POST /count8 HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
                                  "9\r\n012345678\r\n"),
                     413);
    assert_int_equal(gone_count, 2); // nor may it answer what we refuse
    peer_close(&p);
    p = caller();
    assert_int_equal(peer_ask(&p, "POST /count HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
                                  "x\r\n"),
                     400);
    assert_int_equal(gone_count, 3);
    peer_close(&p);
}

static void an_early_answer_ends_the_body(void **state)
{
    struct peer p = caller();
    struct buf b;

    (void)state;
    buf_init(&b, 2 * MB);
    memset(buf_room(&b, MB), 'x', MB);
    peer_say(&p, "POST /early HTTP/1.1\r\n" H "Content-Length: 1048576\r\n\r\n");
    peer_send(&p, buf_str(&b));
    assert_int_equal(peer_read(&p), 409);
    assert_string_equal(p.body.p, "enough");
    assert_true(peer_closed(&p));
    assert_int_equal(gone_count, 0);
    buf_fini(&b);
    peer_close(&p);
}

static void a_paused_stream_goes_on_when_resumed(void **state)
{
    struct peer p = caller();
    struct buf b;

    (void)state;
    buf_init(&b, 2 * MB);
    memset(buf_room(&b, MB), 'x', MB);
    peer_say(&p, "POST /pausing HTTP/1.1\r\n" H "Content-Length: 1048576\r\n\r\n");
    peer_send(&p, buf_str(&b));
    assert_int_equal(peer_read(&p), 200);
    assert_string_equal(p.body.p, "1048576");
    buf_fini(&b);
    peer_close(&p);
}

static long rss_anon_kb(void)
{
    char line[256];
    long kb = -1;
    FILE *f = fopen("/proc/self/status", "r");

    assert_non_null(f);
    while (fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, "RssAnon:", 8) == 0) kb = strtol(line + 8, NULL, 10);
    fclose(f);
    assert_true(kb > 0);
    return kb;
}

#ifdef __has_feature
#define HAS(f) __has_feature(f)
#else
#define HAS(f) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || HAS(address_sanitizer)
#define COUNTS_MEMORY false // freed memory is kept to be watched
#else
#define COUNTS_MEMORY true
#endif

static void a_large_upload_needs_little_memory(void **state)
{
    (void)state;
    if (!COUNTS_MEMORY || getenv("MEMCHECK") != NULL) skip();
    struct peer p = caller();
    struct buf b;

    buf_init(&b, MB + 64);
    buf_add(&b, S("100000\r\n"));
    memset(buf_room(&b, MB), '\n', MB);
    buf_add(&b, S("\r\n"));
    assert_int_equal(peer_ask(&p, "POST /count HTTP/1.1\r\n" H "\r\n"), 200); // warm
    long before = rss_anon_kb(), most = 0;
    peer_say(&p, "POST /count HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 100; i++) {
        peer_send(&p, buf_str(&b));
        long now = rss_anon_kb();
        if (now > most) most = now;
    }
    peer_say(&p, "0\r\n\r\n");
    assert_int_equal(peer_read(&p), 200);
    assert_string_equal(p.body.p, "104857600");
    assert_true(most - before < 2048);
    buf_fini(&b);
    peer_close(&p);
}

static void a_reply_may_come_in_parts(void **state)
{
    struct peer p = caller();

    (void)state;
    for (int old = 0; old < 2; old++) {
        assert_int_equal(
            peer_ask(&p, old ? "GET /parts HTTP/1.0\r\n\r\n" : "GET /parts HTTP/1.1\r\n" H "\r\n"),
            200);
        assert_int_equal(peer_header(&p, "transfer-encoding").n > 0, !old);
        assert_memory_equal(p.body.p, "line 0\nline 1\n", 14);
        assert_memory_equal(p.body.p + p.body.n - 8, "line 99\n", 8);
    }
    peer_close(&p);
}

static void a_reply_in_parts_is_told_when_the_peer_is_gone(void **state)
{
    struct peer p = caller();

    (void)state;
    peer_say(&p, "GET /forever HTTP/1.1\r\n" H "\r\n");
    assert_int_equal(peer_read_head(&p), 200);
    peer_close(&p);
    wait_idle();
    assert_int_equal(gone_count, 1);
}

// ---- limits

static int hasty(void **state)
{
    (void)state;
    gone_count = open_count = done_count = 0;
    held = NULL;
    site_start(
        (struct http_limits){
            .header_ms = 60, .body_ms = 60, .idle_ms = 60, .write_ms = 60, .connections_max = 2},
        1);
    return 0;
}

static void slow_requests_are_answered_408(void **state)
{
    static const struct {
        const char *request;
        int code;
    } rows[] = {
        {"GET /hello HT",                                            408},
        {"POST /echo HTTP/1.1\r\n" H "Content-Length: 4\r\n\r\nab",  408},
        {"POST /count HTTP/1.1\r\n" H "Content-Length: 4\r\n\r\nab", 408},
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct peer p = caller();
        assert_int_equal(peer_ask(&p, rows[i].request), rows[i].code);
        assert_true(peer_closed(&p));
        peer_close(&p);
        wait_idle();
    }
    assert_int_equal(gone_count, 1);
}

static void idle_connections_are_closed(void **state)
{
    struct peer p = caller();

    (void)state;
    assert_true(peer_closed(&p));
    peer_close(&p);
    p = caller();
    assert_int_equal(peer_ask(&p, "GET /hello HTTP/1.1\r\n" H "\r\n"), 200);
    assert_true(peer_closed(&p));
    peer_close(&p);
}

static void who_does_not_read_is_closed(void **state)
{
    struct peer p = caller();

    (void)state;
    peer_say(&p, "GET /long HTTP/1.1\r\n" H "\r\n");
    WAIT(done_count > 0);
    wait_idle();
    assert_int_equal(peer_read(&p), -1); // it was cut
    peer_close(&p);
}

static void a_held_request_has_no_timeout(void **state)
{
    struct peer p = caller(), other = caller();

    (void)state;
    peer_say(&p, "GET /hold HTTP/1.1\r\n" H "\r\n");
    struct http_req *r = wait_held();
    assert_true(peer_closed(&other)); // an idle time has passed
    answer_later(r);
    assert_int_equal(peer_read(&p), 200);
    peer_close(&other);
    peer_close(&p);
}

static void take(struct peer *p, char *out, size_t n)
{
    size_t at = 0;

    while (at < n) {
        ssize_t got = recv(p->fd, out + at, n - at, 0);
        assert_true(got > 0);
        at += (size_t)got;
    }
    out[n] = 0;
}

static void a_connection_goes_over_to_another_protocol(void **state)
{
    static const char head[] = "HTTP/1.1 101 Switching Protocols\r\n";
    static const char tail[] = "X-Said: before\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
    struct peer p = caller();
    char in[400];

    (void)state;
    peer_say(&p,
             "GET /talk HTTP/1.1\r\n" H "Connection: x, upgrade\r\nUpgrade: Echo\r\n\r\nat once ");
    take(&p, in, sizeof head - 1);
    assert_string_equal(in, head);
    take(&p, in, 6 + 29 + 2); // Date
    take(&p, in, sizeof tail - 1);
    assert_string_equal(in, tail);
    take(&p, in, 16);
    assert_string_equal(in, "welcome at once ");
    peer_say(&p, "GET / HTTP/1.1\r\n\r\n"); // is no request any more
    take(&p, in, 18);
    assert_string_equal(in, "GET / HTTP/1.1\r\n\r\n");
    assert_int_equal(gone_count, 0);
    peer_say(&p, "end! of it");
    take(&p, in, 10);
    assert_int_equal(recv(p.fd, in, 1, 0), 0);
    WAIT(gone_count == 1);
    peer_close(&p);
    loop_stop(site.loop[0]);
    assert_int_equal(done_count, 1);
}

static void only_who_asks_for_a_protocol_gets_it(void **state)
{
    static const char *const heads[] = {
        "GET /talk HTTP/1.1\r\n" H "\r\n",
        "GET /talk HTTP/1.1\r\n" H "Connection: Upgrade\r\n\r\n",
        "GET /talk HTTP/1.1\r\n" H "Upgrade: echo\r\n\r\n",
        "GET /talk HTTP/1.1\r\n" H "Connection: upgrade\r\nUpgrade: echoes\r\n\r\n",
        "GET /talk HTTP/1.0\r\nConnection: upgrade, keep-alive\r\nUpgrade: echo\r\n\r\n",
    };
    struct peer p = caller();

    (void)state;
    for (size_t i = 0; i < LEN(heads); i++) {
        assert_int_equal(peer_ask(&p, heads[i]), 200);
        assert_string_equal(p.body.p, "hello");
    }
    peer_close(&p);
}

// ---- a server that is driven from here: its loop has no thread

struct own {
    struct loop *loop;
    struct http_server *server;
    int fd; // the peer's side of its one connection
};

static void own_open(struct own *o)
{
    struct http_server_conf conf = site.conf;
    int fd[2];

    o->loop = loop_new("own");
    conf.loops = &o->loop;
    conf.loop_count = 1;
    assert_int_equal(http_server_open(&conf, &o->server).cls, ST_OK);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
    http_lane_hand(&o->server->lanes[0],
                   &(struct http_guest){&o->server->ports[0], fd[1], false, S("x")});
    o->fd = fd[0];
}

static void own_close(struct own *o)
{
    close(o->fd);
    loop_step(o->loop, false);
    http_server_close(&o->server);
    loop_free(&o->loop);
}

// Until no more goes; a turn ends only when nobody wants to be called again at once.
static size_t own_send(struct own *o, const char *head, size_t max)
{
    static char text[16 * KB];
    size_t taken = 0;

    assert_int_equal(send(o->fd, head, strlen(head), 0), strlen(head));
    for (int quiet = 0; quiet < 8 && taken < max; quiet++) {
        ssize_t n = send(o->fd, text, sizeof text, MSG_NOSIGNAL);
        if (n > 0) {
            taken += (size_t)n;
            quiet = 0;
        }
        loop_step(o->loop, false);
    }
    return taken;
}

static size_t own_recv(struct own *o)
{
    char text[16 * KB];
    size_t taken = 0;

    for (int quiet = 0; quiet < 8; quiet++) {
        ssize_t n = recv(o->fd, text, sizeof text, 0);
        if (n > 0) {
            taken += (size_t)n;
            quiet = 0;
        }
        loop_step(o->loop, false);
    }
    return taken;
}

static void who_takes_no_answers_is_not_listened_to_for_ever(void **state)
{
    struct own o;

    (void)state;
    own_open(&o);
    size_t said = own_send(
        &o, "GET /talk HTTP/1.1\r\n" H "Connection: upgrade\r\nUpgrade: echo\r\n\r\n", 16 * MB);
    assert_true(said > HTTP_OUTPUT_MAX && said < 8 * MB);
    assert_true(own_recv(&o) > said); // with the head: all is answered when it is taken
    own_close(&o);
}

static void what_has_to_wait_is_not_looked_at_again_and_again(void **state)
{
    struct own o;

    (void)state;
    own_open(&o);
    size_t said = own_send(&o, "GET /hold HTTP/1.1\r\n" H "\r\n", 16 * MB);
    assert_true(said > HTTP_INPUT_MAX && said < 8 * MB);
    http_reply(held, 200, "text/plain", S("now"));
    assert_true(own_recv(&o) > 0);
    own_close(&o);
}

// A peer whose side has ended has nothing more to say, while it takes its answers late.
static void the_end_of_a_peer_is_heard_once(void **state)
{
    struct own o;
    struct buf b;

    (void)state;
    own_open(&o);
    buf_init(&b, 64 * KB);
    for (int i = 0; i < 100; i++) buf_add(&b, S("GET /long HTTP/1.1\r\n" H "\r\n"));
    buf_addc(&b, 0);
    own_send(&o, b.p, 0);
    shutdown(o.fd, SHUT_WR);
    for (int i = 0; i < 50; i++) loop_step(o.loop, false);
    const struct http_conn *c = o.server->lanes[0].first;
    assert_true(c != NULL && c->eof && http_conn_output(c) > 0);
    assert_int_equal(bufferevent_get_enabled(c->bev) & EV_READ, 0);
    assert_true(own_recv(&o) > HTTP_OUTPUT_MAX);
    assert_null(o.server->lanes[0].first);
    buf_fini(&b);
    own_close(&o);
}

static void those_that_went_over_end_with_the_server(void **state)
{
    static const char ask[] =
        "GET /talk HTTP/1.1\r\n" H "Connection: upgrade\r\nUpgrade: echo\r\n\r\n";
    struct peer one = caller(), two = caller();
    char in[1];

    (void)state;
    peer_say(&one, ask);
    peer_say(&two, ask);
    take(&two, in, 0);
    WAIT(done_count == 2);
    peer_close(&one); // breaks off
    WAIT(gone_count == 1);
    http_server_drain(site.server);
    WAIT(gone_count == 2);
    WAIT(http_server_is_idle(site.server));
    peer_close(&two);
}

static void surplus_connections_are_sent_away(void **state)
{
    struct peer p[3];
    struct http_req *r[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        p[i] = caller();
        peer_say(&p[i], "GET /hold HTTP/1.1\r\n" H "\r\n");
        r[i] = wait_held();
    }
    p[2] = caller();
    assert_int_equal(peer_ask(&p[2], "GET /hello HTTP/1.1\r\n" H "\r\n"), 503);
    assert_true(str_eq(peer_header(&p[2], "retry-after"), S("1")));
    assert_true(peer_closed(&p[2]));
    for (int i = 0; i < 2; i++) {
        answer_later(r[i]);
        assert_int_equal(peer_read(&p[i]), 200);
    }
    for (int i = 0; i < 3; i++) peer_close(&p[i]);
}

// ---- the server as a whole

static void a_drained_server_answers_what_has_begun(void **state)
{
    struct peer idle = caller(), busy_one = caller();

    (void)state;
    assert_int_equal(peer_ask(&idle, "GET /hello HTTP/1.1\r\n" H "\r\n"), 200);
    peer_say(&busy_one, "GET /hold HTTP/1.1\r\n" H "\r\n");
    struct http_req *r = wait_held();
    http_server_drain(site.server);
    assert_true(peer_closed(&idle));
    peer_close(&idle);
    assert_false(http_server_is_idle(site.server));
    answer_later(r);
    assert_int_equal(peer_read(&busy_one), 200);
    assert_true(str_eq(peer_header(&busy_one, "connection"), S("close")));
    assert_true(peer_closed(&busy_one));
    peer_close(&busy_one);
    wait_idle();
}

static int twofold(void **state)
{
    (void)state;
    gone_count = open_count = done_count = 0;
    site_start((struct http_limits){0}, 2);
    return 0;
}

static void connections_go_to_the_loop_with_fewest(void **state)
{
    struct peer p[8];
    unsigned first_loop = 0;

    (void)state;
    for (size_t i = 0; i < LEN(p); i++) {
        p[i] = caller();
        assert_int_equal(peer_ask(&p[i], "GET /where HTTP/1.1\r\n" H "\r\n"), 200);
        first_loop += str_eq(buf_str(&p[i].body), S("first"));
    }
    assert_int_equal(first_loop, 4);
    for (size_t i = 0; i < LEN(p); i++) peer_close(&p[i]);
}

static void wrong_settings_stop_the_start(void **state)
{
    static const struct {
        const char *listen, *reason;
    } rows[] = {
        {"127.0.0.1",       "listen.address"},
        {"127.0.0.1:",      "listen.address"},
        {"127.0.0.1:65536", "listen.address"},
        {"localhost.x:80",  "listen.address"},
        {"[::1:80",         "listen.address"},
        {"::1:80",          "listen.address"},
        {"[127.0.0.1]:80",  "listen.address"},
        {"",                "listen.address"},
        {"192.0.2.1:80",    "listen.bind"   },
    };
    struct http_server_conf conf = site.conf;
    struct http_server *s = NULL;

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        conf.door.listen = rows[i].listen;
        status st = http_server_open(&conf, &s);
        assert_int_not_equal(st.cls, ST_OK);
        assert_string_equal(st.reason, rows[i].reason);
        assert_null(s);
    }
    conf.door.listen = http_server_address(site.server).p; // taken
    assert_string_equal(http_server_open(&conf, &s).reason, "listen.bind");
    conf.door.listen = "127.0.0.1:0";
    conf.door.tls = (struct http_tls){.certificate = "/nothing.pem", .key = "/nothing.pem"};
    assert_string_equal(http_server_open(&conf, &s).reason, "tls.files");
    conf.door.tls.key = NULL;
    assert_string_equal(http_server_open(&conf, &s).reason, "tls.files");
}

#define PLAIN(name) cmocka_unit_test_setup_teardown(name, plain, site_stop)
#define HASTY(name) cmocka_unit_test_setup_teardown(name, hasty, site_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLAIN(a_request_is_answered),
        PLAIN(a_connection_serves_many),
        PLAIN(pipelined_requests_are_answered_in_order),
        PLAIN(bytes_may_come_one_by_one),
        PLAIN(methods_and_paths_are_told_apart),
        PLAIN(head_is_get_without_the_body),
        PLAIN(refusals_come_in_their_order),
        PLAIN(a_refused_upload_still_sees_the_answer),
        PLAIN(a_body_may_reach_its_ceiling),
        PLAIN(long_heads_are_refused),
        PLAIN(old_clients_are_understood),
        PLAIN(continue_is_said_after_the_checks),
        PLAIN(gzip_is_understood_both_ways),
        PLAIN(problems_are_documents),
        PLAIN(a_long_answer_comes_whole),
        PLAIN(a_long_answer_outlives_the_request_side),
        PLAIN(an_answer_may_come_from_another_thread),
        PLAIN(an_answer_to_nobody_is_dropped),
        PLAIN(a_body_comes_in_pieces),
        PLAIN(a_stream_is_told_when_the_peer_is_gone),
        PLAIN(an_early_answer_ends_the_body),
        PLAIN(a_paused_stream_goes_on_when_resumed),
        PLAIN(a_large_upload_needs_little_memory),
        PLAIN(a_reply_may_come_in_parts),
        PLAIN(a_reply_in_parts_is_told_when_the_peer_is_gone),
        HASTY(slow_requests_are_answered_408),
        HASTY(idle_connections_are_closed),
        HASTY(who_does_not_read_is_closed),
        HASTY(a_held_request_has_no_timeout),
        HASTY(surplus_connections_are_sent_away),
        PLAIN(a_drained_server_answers_what_has_begun),
        PLAIN(who_takes_no_answers_is_not_listened_to_for_ever),
        PLAIN(what_has_to_wait_is_not_looked_at_again_and_again),
        PLAIN(the_end_of_a_peer_is_heard_once),
        PLAIN(a_connection_goes_over_to_another_protocol),
        PLAIN(only_who_asks_for_a_protocol_gets_it),
        PLAIN(those_that_went_over_end_with_the_server),
        cmocka_unit_test_setup_teardown(connections_go_to_the_loop_with_fewest, twofold, site_stop),
        PLAIN(wrong_settings_stop_the_start),
    };
    return cmocka_run_group_tests_name("http_server", tests, NULL, NULL);
}
