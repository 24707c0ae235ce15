// journal_api_test.c - claims about GET /v1/journal when the store fails, and about its slices.
#include "catalog_site.h"
#include "service/item/item_api.h"
#include "service/ops/ops.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct http_route *const routes[] = {client_routes, place_routes, ops_routes, NULL};

static int site_open(void **state)
{
    struct fixture *f = fixture_open(catalog_kinds);

    fixture_serve(f, routes);
    *state = f;
    return 0;
}

static void put_lines(struct fixture *f, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        char path[40], body[600];
        snprintf(path, sizeof path, "/v1/lines/line-%u", i);
        snprintf(body, sizeof body, "{\"name\":\"Line %u %0190d\"}", i, 0);
        catalog_expect(f, path, body, 201, "");
        if (i % 50 == 0) fixture_forget(f);
    }
}

static unsigned count_of(str in, const char *what)
{
    unsigned n = 0;

    for (const char *at; (at = memmem(in.p, in.n, what, strlen(what))) != NULL; n++)
        in = str_from(in, (size_t)(at - in.p) + 1);
    return n;
}

static bool is_json(struct fixture *f, str text)
{
    struct json_r r = json_reader(text, &f->arena);

    json_raw(&r);
    return json_r_end(&r).cls == ST_OK;
}

// What is longer than a slice comes in several, whole and in order.
static void a_stream_of_several_slices_is_whole(void **state)
{
    struct fixture *f = *state;

    put_lines(f, 400);
    fixture_forget(f);
    struct fixture_answer a = fixture_call(f, "GET /v1/journal", "Accept: text/csv\r\n", "");
    assert_int_equal(a.code, 200);
    assert_true(a.body.n > 64 * KB);
    assert_int_equal(count_of(a.body, "\r\n"), 1 + 401);
    a = fixture_call(f, "GET /v1/journal?limit=401", "", "");
    assert_true(is_json(f, a.body));
    assert_int_equal(count_of(a.body, "\"line.put\""), 400);
    assert_true(str_ends(a.body, S("],\"next\":null}")));
}

// A search that finds nothing for slices on end still ends.
static void a_search_without_a_find_goes_on_by_itself(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 0; i < 2500; i++) {
        char json[64];
        struct item_put put;
        snprintf(json, sizeof json, "{\"name\":\"Line %u\"}", i);
        struct item_text text = {S("line-1"), str_of(json), &f->site};
        struct txn *t = fixture_read(f);
        assert_int_equal(item_put_read(t, &noun_line, &text, &f->arena, &put).cls, ST_OK);
        fixture_read_end(t);
        assert_int_equal(fixture_run(f, &kind_line_put, &put, NULL).cls, ST_OK);
        if (i % 100 == 0) fixture_forget(f);
    }
    catalog_expect(f, "/v1/clients/acme", "{\"name\":\"Acme\"}", 201, "");
    struct fixture_answer a =
        fixture_call(f, "GET /v1/journal?kind=client.put", "Accept: application/x-ndjson\r\n", "");
    assert_int_equal(count_of(a.body, "\n"), 1);
    assert_int_equal(count_of(a.body, "\"client.put\""), 1);
    a = fixture_call(f, "GET /v1/journal?kind=location.put", "", "");
    assert_true(str_eq(a.body, S("{\"items\":[],\"next\":null}")));
}

static str next_of(str body)
{
    const char *at = memmem(body.p, body.n, "\"next\":\"", 8);

    if (at == NULL) return (str){"", 0};
    str rest = str_from(body, (size_t)(at - body.p) + 8), token;
    assert_true(str_cut(&rest, '"', &token));
    return token;
}

// A page costs no more than so many looks, whether they find something or not.
static void a_page_that_has_cost_enough_goes_on_with_next(void **state)
{
    struct fixture *f = *state;
    char line[200] = "GET /v1/journal?kind=client.put";
    unsigned pages = 0, found = 0;

    f->site.limits.query_candidates_max = 100;
    put_lines(f, 350);
    catalog_expect(f, "/v1/clients/acme", "{\"name\":\"Acme\"}", 201, "");
    for (str next = {"x", 1}; next.n > 0; pages++) {
        struct fixture_answer a = fixture_call(f, line, "", "");
        found += count_of(a.body, "\"client.put\"");
        next = next_of(a.body);
        snprintf(line, sizeof line, "GET /v1/journal?kind=client.put&page=%.*s", STR(next));
    }
    assert_int_equal(pages, 4);
    assert_int_equal(found, 1);
}

// recordTime never goes back, so a time is found by halving.
static void times_and_positions_cut_the_journal(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *query;
        unsigned lines;
    } rows[] = {
        {"since=2025-11-24T16:00:00Z",                             61},
        {"since=2025-11-24T16:00:00.001Z",                         60},
        {"since=2025-11-24T16:01:00Z",                             60},
        {"since=2025-11-24T16:30:00Z",                             31},
        {"since=2025-11-24T17:30:00%2B01:00",                      31},
        {"before=2025-11-24T16:30:00Z",                            30},
        {"before=2025-11-24T16:00:00Z",                            0 },
        {"before=2030-01-01T00:00:00Z",                            61},
        {"since=2030-01-01T00:00:00Z",                             0 },
        {"since=2025-11-24T16:10:00Z&before=2025-11-24T16:20:00Z", 10},
        {"from=10&until=19",                                       10},
        {"from=61",                                                1 },
        {"from=62",                                                0 },
        {"until=1",                                                1 },
        {"from=20&since=2025-11-24T16:10:00Z&until=22",            3 },
        {"from=20&since=2025-11-24T16:40:00Z&until=22",            0 },
    };

    for (unsigned i = 1; i <= 60; i++) {
        char json[64];
        f->now.ms += 60000;
        snprintf(json, sizeof json, "{\"name\":\"Line %u\"}", i);
        assert_int_equal(fixture_put(f, &kind_line_put, "line-1", json).cls, ST_OK);
    }
    for (size_t i = 0; i < LEN(rows); i++) {
        char line[160];
        snprintf(line, sizeof line, "GET /v1/journal?%s", rows[i].query);
        struct fixture_answer a = fixture_call(f, line, "Accept: application/x-ndjson\r\n", "");
        assert_int_equal(a.code, 200);
        if (count_of(a.body, "\n") != rows[i].lines)
            fail_msg("%s: %u lines", rows[i].query, count_of(a.body, "\n"));
    }
    assert_int_equal(fixture_call(f, "GET /v1/journal?since=yesterday", "", "").code, 400);
}

// Of what is put again, the old value stands beside the new one.
static void what_was_changed_is_shown_with_its_old_value(void **state)
{
    struct fixture *f = *state;

    catalog_expect(f, "/v1/clients/acme", "{\"name\":\"Acme\",\"prefixes\":[\"9521141\"]}", 201,
                   "");
    catalog_expect(f, "/v1/clients/acme",
                   "{\"name\":\"Acme\",\"profile\":{\"capture\":\"strict\"},\"reason\":\"audit\"}",
                   200, "");
    struct fixture_answer a = fixture_call(f, "GET /v1/journal?from=3", "", "");
    assert_true(catalog_holds(
        a, "\"changes\":[{\"field\":\"profile.capture\",\"old\":\"record\",\"new\":\"strict\"},"
           "{\"field\":\"prefixes\",\"old\":[\"9521141\"],\"new\":null}]"));
    a = fixture_call(f, "GET /v1/journal?until=2", "", "");
    assert_false(catalog_holds(a, "\"changes\""));
}

static void a_client_is_found_by_its_facts_and_walls_hold(void **state)
{
    struct fixture *f = *state;
    client_id other = {2};

    catalog_two_clients(f);
    put_lines(f, 3);
    struct fixture_answer a = fixture_call(f, "GET /v1/journal?client=other", "", "");
    assert_int_equal(count_of(a.body, "\"seq\""), 1);
    assert_true(catalog_holds(a, "\"client\":\"other\""));
    assert_int_equal(fixture_call(f, "GET /v1/journal?client=nobody", "", "").code, 404);
    catalog_bind(f, ROLE_AUDITOR, &other);
    assert_int_equal(fixture_call(f, "GET /v1/journal?client=acme", "", "").code, 404);
    a = fixture_call(f, "GET /v1/journal?client=other&until=1", "", "");
    assert_int_equal(count_of(a.body, "\"seq\":1"), 1); // their own count
}

// Every call to the store fails once: the answer is whole, a problem, or says that it breaks off.
static void a_failing_store_never_makes_a_part_look_whole(void **state)
{
    struct fixture *f = *state;
    unsigned problems = 0, breaks = 0, whole = 0;

    put_lines(f, 5);
    for (int n = 1; n < 300 && whole == 0; n++) {
        fixture_forget(f);
        db_fault = (struct db_fault){.nth = n};
        struct fixture_answer a = fixture_call(f, "GET /v1/journal?actor=service", "", "");
        bool hit = db_fault.hit > 0;
        db_fault = (struct db_fault){0};
        assert_true(is_json(f, a.body));
        if (a.code == 503) {
            problems++;
        } else if (count_of(a.body, "],\"problem\":{") == 1) {
            assert_true(hit && count_of(a.body, "\"next\"") == 0);
            breaks++;
        } else {
            assert_true(!hit && str_ends(a.body, S("\"next\":null}")));
            whole++;
        }
    }
    assert_true(problems > 0 && breaks > 0 && whole == 1);
}

#define JOURNAL_TEST(name) cmocka_unit_test_setup_teardown(name, site_open, catalog_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        JOURNAL_TEST(a_stream_of_several_slices_is_whole),
        JOURNAL_TEST(a_search_without_a_find_goes_on_by_itself),
        JOURNAL_TEST(a_page_that_has_cost_enough_goes_on_with_next),
        JOURNAL_TEST(times_and_positions_cut_the_journal),
        JOURNAL_TEST(what_was_changed_is_shown_with_its_old_value),
        JOURNAL_TEST(a_client_is_found_by_its_facts_and_walls_hold),
        JOURNAL_TEST(a_failing_store_never_makes_a_part_look_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
