// http_head_test.c - claims about reading request heads: what is taken, and what is refused.
#include "common/http_head.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#undef fail // the house's own

static struct arena arena;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, MB);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

// Scans, then reads, as a connection does.
static status read_head(str in, struct http_head *h)
{
    struct http_scan scan = {0};
    size_t end;

    arena_reset(&arena);
    TRY(http_head_scan(&scan, in, &end));
    if (end == 0) return fail(ST_TIMEOUT, "test.more", 0, "more is needed");
    return http_head_read(arena_str(&arena, (str){in.p, end}), &arena, h);
}

#define T(lit)                                                                                     \
    {                                                                                              \
        lit, sizeof(lit) - 1                                                                       \
    }
#define GET "GET / HTTP/1.1\r\nHost: x\r\n"

static void wrong_heads_are_refused(void **state)
{
    static const struct {
        str head;
        const char *reason;
    } rows[] = {
        {T("GET / HTTP/1.1\nHost: x\n\n"),                                          "http.line_end"},
        {T("GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n"),                              "http.line_end"},
        {T("GET / HTTP/1.1\r\nHost: x\r\n\n"),                                      "http.line_end"},
        {T(GET "A: b\rc\r\n\r\n"),                                                  "http.control" },
        {T(GET "A: b\r\r\n\r\n"),                                                   "http.control" },
        {T(GET "A: b\0c\r\n\r\n"),                                                  "http.control" },
        {T(GET "A: b\x01\r\n\r\n"),                                                 "http.control" },
        {T(GET "A: b\x7f\r\n\r\n"),                                                 "http.control" },
        {T(GET "A : b\r\n\r\n"),                                                    "http.colon"   },
        {T(GET "A\t: b\r\n\r\n"),                                                   "http.colon"   },
        {T(GET ": b\r\n\r\n"),                                                      "http.colon"   },
        {T(GET "A: b\r\n c\r\n\r\n"),                                               "http.folding" },
        {T(GET "A: b\r\n\tc\r\n\r\n"),                                              "http.folding" },
        {T("GET / HTTP/1.1\r\n Host: x\r\n\r\n"),                                   "http.folding" },
        {T(GET "A\r\n\r\n"),                                                        "http.syntax"  },
        {T(GET "A(: b\r\n\r\n"),                                                    "http.syntax"  },
        {T("GET / HTTP/1.1\r\n\r\n"),                                               "http.host"    },
        {T(GET "Host: y\r\n\r\n"),                                                  "http.host"    },
        {T(GET "Idempotency-Key: a\r\nidempotency-key: a\r\n\r\n"),                 "http.twice"   },
        {T(GET "Authorization: a\r\nAuthorization: b\r\n\r\n"),                     "http.twice"   },
        {T(GET "host: x\r\n\r\n"),                                                  "http.host"    },
        {T("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),                                  "http.host"    },
        {T("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),                                  "http.host"    },
        {T("GET / HTTP/1.1\r\nHost: u@b\r\n\r\n"),                                  "http.host"    },
        {T("GET / HTTP/1.2\r\nHost: x\r\n\r\n"),                                    "http.version" },
        {T("GET / HTTP/2.0\r\nHost: x\r\n\r\n"),                                    "http.version" },
        {T("GET / HTTP/0.9\r\nHost: x\r\n\r\n"),                                    "http.version" },
        {T("GET /\r\nHost: x\r\n\r\n"),                                             "http.syntax"  },
        {T("GET  / HTTP/1.1\r\nHost: x\r\n\r\n"),                                   "http.syntax"  },
        {T("GET / HTTP/1.1 \r\nHost: x\r\n\r\n"),                                   "http.syntax"  },
        {T("GET\t/ HTTP/1.1\r\nHost: x\r\n\r\n"),                                   "http.syntax"  },
        {T("BREW / HTTP/1.1\r\nHost: x\r\n\r\n"),                                   "http.method"  },
        {T("get / HTTP/1.1\r\nHost: x\r\n\r\n"),                                    "http.method"  },
        {T("GET x HTTP/1.1\r\nHost: x\r\n\r\n"),                                    "http.syntax"  },
        {T("GET * HTTP/1.1\r\nHost: x\r\n\r\n"),                                    "http.target"  },
        {T("GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n"),                                 "http.target"  },
        {T("GET /\xc3\xa4 HTTP/1.1\r\nHost: x\r\n\r\n"),                            "http.target"  },
        {T("GET /%g0 HTTP/1.1\r\nHost: x\r\n\r\n"),                                 "http.escape"  },
        {T("GET /%1 HTTP/1.1\r\nHost: x\r\n\r\n"),                                  "http.escape"  },
        {T("GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n"),                                 "http.escape"  },
        {T("GET /?a=% HTTP/1.1\r\nHost: x\r\n\r\n"),                                "http.escape"  },
        {T("CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n"),                              "http.target"  },
        {T(GET "Content-Length: 1\r\nContent-Length: 1\r\n\r\n"),                   "http.syntax"  },
        {T(GET "Content-Length: 1, 1\r\n\r\n"),                                     "http.syntax"  },
        {T(GET "Content-Length: +1\r\n\r\n"),                                       "http.syntax"  },
        {T(GET "Content-Length: -1\r\n\r\n"),                                       "http.syntax"  },
        {T(GET "Content-Length: 0x1\r\n\r\n"),                                      "http.syntax"  },
        {T(GET "Content-Length: 1 1\r\n\r\n"),                                      "http.syntax"  },
        {T(GET "Content-Length:\r\n\r\n"),                                          "http.syntax"  },
        {T(GET "Content-Length: 99999999999999999999\r\n\r\n"),                     "http.syntax"  },
        {T(GET "Content-Length: 9223372036854775808\r\n\r\n"),                      "http.length"  },
        {T(GET "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n"),          "http.syntax"  },
        {T(GET "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),          "http.syntax"  },
        {T(GET "Transfer-Encoding: gzip\r\n\r\n"),                                  "http.transfer"},
        {T(GET "Transfer-Encoding: gzip, chunked\r\n\r\n"),                         "http.transfer"},
        {T(GET "Transfer-Encoding: chunked, chunked\r\n\r\n"),                      "http.transfer"},
        {T(GET "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
         "http.transfer"                                                                           },
        {T(GET "Transfer-Encoding: xchunked\r\n\r\n"),                              "http.transfer"},
        {T(GET "Transfer-Encoding:\r\n\r\n"),                                       "http.transfer"},
        {T("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),                 "http.transfer"},
    };
    struct http_head h;

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        status st = read_head(rows[i].head, &h);
        if (st.cls == ST_OK || strcmp(st.reason, rows[i].reason) != 0)
            print_error("%.*s -> %s\n", STR(rows[i].head), st.cls == ST_OK ? "taken" : st.reason);
        assert_int_not_equal(st.cls, ST_OK);
        assert_string_equal(st.reason, rows[i].reason);
        assert_true(st.at <= rows[i].head.n);
    }
}

static void right_heads_are_taken_apart(void **state)
{
    static const struct {
        const char *head;
        enum http_method method;
        const char *path, *query;
        uint64_t length;
        bool chunked, close, keep;
    } rows[] = {
        {GET "\r\n",                                                               HTTP_GET,     "/",    "",      0,  false, false, false},
        {"GET /a/b?c=d?e HTTP/1.0\r\n\r\n",                                        HTTP_GET,     "/a/b", "c=d?e", 0,  false, false, false},
        {"PUT http://h:80/a?b HTTP/1.1\r\nHost: h\r\n\r\n",                        HTTP_PUT,     "/a",   "b",     0,  false, false,
         false                                                                                                                           },
        {"GET http://h?b HTTP/1.1\r\nHost: h\r\n\r\n",                             HTTP_GET,     "/",    "b",     0,  false, false, false},
        {"DELETE https://h HTTP/1.1\r\nHost: h\r\n\r\n",                           HTTP_DELETE,  "/",    "",      0,  false, false,
         false                                                                                                                           },
        {"POST / HTTP/1.1\r\nHost:\r\nContent-Length:  12 \r\n\r\n",               HTTP_POST,    "/",    "",      12, false,
         false,                                                                                                                     false},
        {"POST / HTTP/1.1\r\nhost: [::1]:8\r\ntransfer-encoding: Chunked\r\n\r\n", HTTP_POST,    "/",
         "",                                                                                                      0,  true,  false, false},
        {"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: foo, Close\r\n\r\n",        HTTP_OPTIONS, "*",    "",
         0,                                                                                                           false, true,  false},
        {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",                       HTTP_GET,     "/",    "",      0,  false, false,
         true                                                                                                                            },
    };
    struct http_head h;

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        assert_int_equal(read_head(str_of(rows[i].head), &h).cls, ST_OK);
        assert_true(h.ours);
        assert_int_equal(h.method, rows[i].method);
        assert_true(str_eq(h.path, str_of(rows[i].path)));
        assert_true(str_eq(h.query, str_of(rows[i].query)));
        assert_int_equal(h.length, rows[i].length);
        assert_int_equal(h.chunked, rows[i].chunked);
        assert_int_equal(h.close, rows[i].close);
        assert_int_equal(h.keep, rows[i].keep);
    }
}

static void methods_of_others_are_known_but_not_ours(void **state)
{
    struct http_head h;

    (void)state;
    assert_int_equal(read_head(S("PATCH / HTTP/1.1\r\nHost: x\r\n\r\n"), &h).cls, ST_OK);
    assert_false(h.ours);
    assert_int_equal(read_head(S("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"), &h).cls, ST_OK);
    assert_true(h.ours && h.head);
    assert_int_equal(h.method, HTTP_GET);
}

static void fields_are_bounded(void **state)
{
    struct http_head h;
    struct buf b;

    (void)state;
    buf_init(&b, 64 * KB);
    buf_add(&b, S(GET));
    for (int i = 0; i < 99; i++) buf_addf(&b, "X-%d: \t v%d \r\n", i, i);
    buf_add(&b, S("\r\n"));
    assert_int_equal(read_head(buf_str(&b), &h).cls, ST_OK);
    assert_int_equal(h.header_count, 100);
    assert_true(str_eq(h.headers[99].name, S("X-98")) && str_eq(h.headers[99].value, S("v98")));
    b.n -= 2;
    buf_add(&b, S("One: more\r\n\r\n"));
    status st = read_head(buf_str(&b), &h);
    assert_int_equal(st.cls, ST_HEADERS_TOO_LARGE);
    assert_string_equal(st.reason, "http.fields");
    buf_fini(&b);
}

static void a_scan_goes_on_where_it_stopped(void **state)
{
    const str in = S(GET "A: b\r\n\r\nrest");
    struct http_scan k = {0};
    size_t end = 0;

    (void)state;
    for (size_t n = 0; n < in.n - 4; n++) {
        assert_int_equal(http_head_scan(&k, (str){in.p, n}, &end).cls, ST_OK);
        assert_int_equal(end, 0);
    }
    assert_int_equal(http_head_scan(&k, in, &end).cls, ST_OK);
    assert_int_equal(end, in.n - 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(wrong_heads_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(right_heads_are_taken_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(methods_of_others_are_known_but_not_ours, setup, teardown),
        cmocka_unit_test_setup_teardown(fields_are_bounded, setup, teardown),
        cmocka_unit_test(a_scan_goes_on_where_it_stopped),
    };
    return cmocka_run_group_tests_name("http_head", tests, NULL, NULL);
}
