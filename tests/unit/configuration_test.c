// configuration_test.c - claims about the configuration as one text: its lines, and that it is told
// whole or not at all. What is in it of a whole site is shown by
// tests/scenario/test_configuration.py.
#include "catalog_site.h"
#include "service/access/user.h"
#include "service/ops/configuration.h"
#include "service/ops/ops.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct kind *const kinds[] = {&kind_client_put,
                                           &kind_product_put,
                                           &kind_line_put,
                                           &kind_location_put,
                                           &kind_party_put,
                                           &kind_user_put,
                                           NULL};
static const struct http_route *const routes[] = {ops_routes, NULL};

static int site_open(void **state)
{
    struct fixture *f = fixture_open(kinds);

    fixture_serve(f, routes);
    *state = f;
    return 0;
}

static int site_close(void **state)
{
    fixture_verify(*state);
    fixture_close((struct fixture **)state);
    return 0;
}

static void put(struct fixture *f, const struct kind *kind, const char *name, const char *json)
{
    status st = fixture_put(f, kind, name, json);
    if (st.cls != ST_OK) fail_msg("%s: %s", st.reason, st.text);
}

static bool has_line(str text, const char *line)
{
    str head, wanted = str_of(line);

    while (str_cut(&text, '\n', &head))
        if (str_eq(head, wanted)) return true;
    return false;
}

static void each_thing_is_a_line_in_the_order_of_names(void **state)
{
    struct fixture *f = *state;

    put(f, &kind_line_put, "line-b", "{\"name\":\"B\"}");
    put(f, &kind_line_put, "line-a", "{\"name\":\"A \\\"new\\\"\"}");
    put(f, &kind_line_put, "line-b", "{\"name\":\"B2\"}");
    struct fixture_answer a = fixture_call(f, "GET /v1/configuration", "", "");
    assert_int_equal(a.code, 200);
    const char *lines = "\"lines\":{\n"
                        "\"line-a\":{\"version\":1,\"seq\":3,\"name\":\"A \\\"new\\\"\"},\n"
                        "\"line-b\":{\"version\":2,\"seq\":4,\"name\":\"B2\"}\n"
                        "},\n";
    assert_non_null(memmem(a.body.p, a.body.n, lines, strlen(lines)));
    assert_true(has_line(a.body, "\"seq\":4,"));
    assert_true(has_line(a.body, "\"settings\":{},")); // of a site that nobody told them
    assert_true(has_line(a.body, "\"users\":{},"));
    assert_true(str_ends(a.body, S("\n\"certificates\":{}\n}\n")));
}

static void nothing_but_the_beginning_is_as_of_the_first_fact(void **state)
{
    struct fixture_answer a = fixture_call(*state, "GET /v1/configuration", "", "");

    assert_int_equal(a.code, 200);
    assert_true(has_line(a.body, "\"seq\":1,"));
}

// Every call to the store fails once.
static void what_cannot_be_read_whole_is_not_told(void **state)
{
    struct fixture *f = *state;
    unsigned refused = 0;

    put(f, &kind_client_put, "acme", "{\"name\":\"Acme\"}");
    put(f, &kind_user_put, "mia", "{\"name\":\"Mia\",\"role\":\"qa\",\"client\":\"acme\"}");
    str whole = fixture_call(f, "GET /v1/configuration", "", "").body;
    for (int n = 1; n < 2000; n++) {
        db_fault = (struct db_fault){.nth = n};
        struct fixture_answer a = fixture_call(f, "GET /v1/configuration", "", "");
        bool hit = db_fault.hit > 0;
        db_fault = (struct db_fault){0};
        assert_true(hit ? a.code == 503 : a.code == 200 && str_eq(a.body, whole));
        if (!hit) break;
        refused++;
    }
    assert_true(refused > 10);
}

int main(void)
{
#define CLAIM(name) cmocka_unit_test_setup_teardown(name, site_open, site_close)
    const struct CMUnitTest tests[] = {
        CLAIM(each_thing_is_a_line_in_the_order_of_names),
        CLAIM(nothing_but_the_beginning_is_as_of_the_first_fact),
        CLAIM(what_cannot_be_read_whole_is_not_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
