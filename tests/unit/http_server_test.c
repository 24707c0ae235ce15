// The server over real sockets: one loop on a thread of its own, raw bytes from this one.
#include "common/http_server.h"
#include "tests/unit/http_peer.h"
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
    {.method = HTTP_GET,        .path = "/refuse", .roles = "", .run = refuse},
    {.method = HTTP_GET,  .path = "/busy", .roles = "", .run = busy},
    {.method = HTTP_POST,        .path = "/count", .roles = "", .body_max = GB, .stream = &counting},
    {.method = HTTP_POST,                   .path = "/count8", .roles = "", .body_max = 8, .stream = &counting},
    {.method = HTTP_POST,     .path = "/early", .roles = "", .body_max = GB, .stream = &early},
    {.method = HTTP_POST,     .path = "/pausing", .roles = "", .body_max = GB, .stream = &pausing},
    {0 },
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
        .listen = "127.0.0.1:0",
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_request_is_answered, plain, site_stop),
        cmocka_unit_test_setup_teardown(a_connection_serves_many, plain, site_stop),
        cmocka_unit_test_setup_teardown(pipelined_requests_are_answered_in_order, plain, site_stop),
        cmocka_unit_test_setup_teardown(bytes_may_come_one_by_one, plain, site_stop),
    };
    return cmocka_run_group_tests_name("http_server", tests, NULL, NULL);
}
