// http_test.c - claims about requests and problems as values.
#include "common/http.h"
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#undef fail // the house's own

static struct http_header header[1];
static struct http_req req;

static struct http_req *with(const char *name, const char *value)
{
    header[0] = (struct http_header){str_of(name), str_of(value)};
    req.headers = header;
    req.header_count = value == NULL ? 0 : 1;
    return &req;
}

static int setup(void **state)
{
    (void)state;
    req = (struct http_req){0};
    arena_init(&req.arena, 64 * KB);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_fini(&req.arena);
    return 0;
}

static void headers_are_found_in_any_case(void **state)
{
    (void)state;
    assert_true(str_eq(http_header(with("X-Line", "7"), S("x-LINE")), S("7")));
    assert_int_equal(http_header(&req, S("x-lin")).n, 0);
}

static void query_values_are_decoded(void **state)
{
    static const struct {
        const char *query, *value; // of `a`; NULL: absent
    } rows[] = {
        {"a=1",          "1"     },
        {"b=1&a=2&a=3",  "2"     },
        {"a=x+y%20z%2B", "x y z+"},
        {"%61=q",        "q"     },
        {"a",            ""      },
        {"a=",           ""      },
        {"b&a=b=c",      "b=c"   },
        {"",             NULL    },
        {"b=a",          NULL    },
        {"A=1",          NULL    },
        {"a=%zz",        NULL    },
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        str v = S("untouched");
        req.query = str_of(rows[i].query);
        bool found = http_query(&req, S("a"), &v);
        assert_int_equal(found, rows[i].value != NULL);
        if (found) assert_true(str_eq(v, str_of(rows[i].value)));
    }
}

static void accept_is_weighed(void **state)
{
    static const char *const types[] = {"application/json", "text/csv", "text/plain"};
    static const struct {
        const char *accept;
        int chosen;
    } rows[] = {
        {NULL,                                             0 },
        {"*/*",                                            0 },
        {"text/csv",                                       1 },
        {"TEXT/CSV",                                       1 },
        {"text/*",                                         1 },
        {"text/*, text/csv;q=0.1",                         2 },
        {"application/json;q=0.5, text/csv;q=0.8",         1 },
        {"application/json;q=0.8, text/csv;q=0.800",       0 },
        {"*/*;q=0.1, text/plain;q=0.2",                    2 },
        {"application/json;q=0, */*",                      1 },
        {"text/plain; charset=utf-8; q=0.3, text/csv;q=0", 2 },
        {"image/png",                                      -1},
        {"text/csv;q=0",                                   -1},
        {"text/csv;q=2",                                   -1},
        {"text/csv;q=0.1234",                              -1},
        {"text",                                           -1},
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        with("Accept", rows[i].accept);
        assert_int_equal(http_negotiate(&req, types, LEN(types)), rows[i].chosen);
        if (rows[i].chosen >= 0) assert_true(http_accepts(&req, str_of(types[rows[i].chosen])));
    }
    assert_false(http_accepts(with("Accept", "text/csv"), S("text/plain")));
}

static void lines_of_one_header_are_one_list(void **state)
{
    static const char *const types[] = {"application/xml", "application/json"};
    static const struct {
        const char *first, *second;
        int chosen;
    } rows[] = {
        {"text/html",             "application/json",       1 },
        {"application/xml;q=0.1", "application/json;q=0.9", 1 },
        {"application/json;q=0",  "*/*",                    0 },
        {"",                      "application/json",       1 },
        {"",                      "",                       0 },
        {"text/html",             "",                       -1},
        {"text/html",             "image/png",              -1},
    };
    struct http_header lines[3] = {
        {S("Accept"), {0}                 },
        {S("X-Line"), S("application/xml")},
        {S("ACCEPT"), {0}                 }
    };

    (void)state;
    req.headers = lines;
    req.header_count = LEN(lines);
    for (size_t i = 0; i < LEN(rows); i++) {
        lines[0].value = str_of(rows[i].first);
        lines[2].value = str_of(rows[i].second);
        assert_int_equal(http_negotiate(&req, types, LEN(types)), rows[i].chosen);
        bool json = http_accepts(&req, str_of(types[1]));
        assert_int_equal(json, i != 2 && rows[i].chosen >= 0);
    }
    lines[0] = (struct http_header){S("Accept-Encoding"), S("br")};
    lines[2] = (struct http_header){S("accept-encoding"), S("gzip")};
    assert_true(http_accepts_gzip(&req));
}

static void gzip_is_taken_only_when_said(void **state)
{
    static const struct {
        const char *value;
        bool takes;
    } rows[] = {
        {NULL,                  false},
        {"gzip",                true },
        {"deflate, GZIP;q=0.5", true },
        {"gzip;q=0",            false},
        {"identity",            false},
        {"",                    false},
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++)
        assert_int_equal(http_accepts_gzip(with("Accept-Encoding", rows[i].value)), rows[i].takes);
}

static json_t *problem(status st)
{
    struct buf b;

    buf_init(&b, 4 * KB);
    buf_addc(&b, '{');
    http_problem_members(&b, st);
    buf_addc(&b, '}');
    json_t *j = json_loads(buf_str(&b).p, 0, NULL);
    buf_fini(&b);
    assert_non_null(j);
    return j;
}

static const char *text(const json_t *j, const char *key)
{
    return json_string_value(json_object_get(j, key));
}

static void a_problem_says_what_and_where(void **state)
{
    json_t *j = problem(fail(ST_BAD_INPUT, "gtin.length", 17, "14 digits, not \"%d\"", 3));

    (void)state;
    assert_string_equal(text(j, "type"), "urn:packtrail:problem:gtin.length");
    assert_string_equal(text(j, "code"), "gtin.length");
    assert_string_equal(text(j, "title"), status_says(ST_BAD_INPUT));
    assert_string_equal(text(j, "detail"), "14 digits, not \"3\"");
    assert_int_equal(json_integer_value(json_object_get(j, "status")), 400);
    assert_int_equal(json_integer_value(json_object_get(j, "at")), 17);
    json_decref(j);
    j = problem(fail(ST_CONFLICT, "pool.exhausted", 0, "none left"));
    assert_null(json_object_get(j, "at"));
    json_decref(j);
    j = problem((status){.cls = ST_BUSY});
    assert_string_equal(text(j, "type"), "about:blank");
    assert_null(json_object_get(j, "code"));
    json_decref(j);
}

static void a_problem_is_json_whatever_it_quotes(void **state)
{
    status st = fail(ST_BAD_INPUT, "x.y", 0, "a\xff\"\\\n\xc3\xa4\xe2\x82z\x01\xc3");
    json_t *j = problem(st);

    (void)state;
    assert_string_equal(text(j, "detail"), "a?\"\\\n\xc3\xa4??z\x01?");
    json_decref(j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(headers_are_found_in_any_case, setup, teardown),
        cmocka_unit_test_setup_teardown(query_values_are_decoded, setup, teardown),
        cmocka_unit_test_setup_teardown(accept_is_weighed, setup, teardown),
        cmocka_unit_test_setup_teardown(lines_of_one_header_are_one_list, setup, teardown),
        cmocka_unit_test_setup_teardown(gzip_is_taken_only_when_said, setup, teardown),
        cmocka_unit_test(a_problem_says_what_and_where),
        cmocka_unit_test(a_problem_is_json_whatever_it_quotes),
    };
    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
