// The call that brings reports: one object, an array, NDJSON in slices; what is malformed and what
// is only wrong; repeats with an Idempotency-Key; answers that stay bounded.
#include "line_site.h"
#include "service/api/opaque.h"
#include "service/event/report_int.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NDJSON "Content-Type: application/x-ndjson\r\n"
#define KEY    "Idempotency-Key: k-1\r\n"

static int open_site(void **state)
{
    struct fixture *f = line_site_open();

    f->site.limits.slice_lines = 4;
    *state = f;
    return 0;
}

static uint64_t facts(struct fixture *f)
{
    struct txn *t = fixture_read(f);
    uint64_t seq = journal_head_get(t).seq;

    fixture_read_end(t);
    return seq;
}

// n reports, each of one serial, with a newline behind each.
static str lines_of(struct fixture *f, struct numbers s, uint32_t from, uint32_t n)
{
    struct buf b;

    buf_init(&b, 64 * MB);
    for (uint32_t i = from; i < from + n; i++)
        buf_addf(&b, "%s\n", say_commission(f, "A1", PILLS, (struct part){&s, i, 1}));
    str all = arena_str(&f->arena, buf_str(&b));
    buf_fini(&b);
    return all;
}

static str joined(struct fixture *f, str a, str b)
{
    char *p = arena_alloc(&f->arena, a.n + b.n + 1);

    memcpy(p, a.p, a.n);
    memcpy(p + a.n, b.p, b.n);
    return (str){p, a.n + b.n};
}

static void expect(const struct fixture_answer *a, int code, const char *part)
{
    if (a->code != code || !holds(a->body, part))
        fail_msg("%d %.*s (wanted %d with %s)", a->code, STR(a->body), code, part);
}

static void send_refused(struct fixture *f, const char *body, int code, const char *problem)
{
    uint64_t before = facts(f);
    struct fixture_answer a = fixture_call(f, "POST /v1/reports", "", body);

    expect(&a, code, problem);
    assert_int_equal(facts(f), before);
}

static void what_is_no_json_is_refused_whole(void **state)
{
    struct fixture *f = *state;
    static const char *const rows[][2] = {
        {"",                                          "json.syntax"},
        {"{\"type\":\"close\",",                      "json.syntax"},
        {"[{\"type\":\"close\",\"parent\":\"x\"},{]", "json.syntax"},
        {"{\"type\":\"close\",\"parent\":\"\xff\"}",  "json.utf8"  },
        {"7",                                         "json.type"  },
        {"{\"type\":\"close\",\"parent\":\"x\"} x",   "json.syntax"},
    };

    for (size_t i = 0; i < LEN(rows); i++) send_refused(f, rows[i][0], 400, rows[i][1]);
    f->site.limits.reports_max = 2;
    send_refused(f, "[{},{},{}]", 413, "reports.too_many");
    struct fixture_answer a =
        fixture_call(f, "POST /v1/reports", "Content-Type: text/csv\r\n", "a,b");
    expect(&a, 415, "body.type");
    a = fixture_call(f, "POST /v1/reports?every=true", "", "{}");
    expect(&a, 400, "query.unknown");
    a = fixture_call(f, "POST /v1/reports", "", "[]");
    expect(&a, 200, "{\"accepted\":0,\"refused\":0,\"results\":[]}");
}

// The star stands where `at` must point.
static void what_is_wrong_is_the_objects_problem(void **state)
{
    struct fixture *f = *state;
    static const char *const rows[][2] = {
        {"*{\"lot\":\"A1\"}",                                                       "field.required"    },
        {"{\"type\":*\"print\"}",                                                   "report.type"       },
        {"{\"type\":*7}",                                                           "json.type"         },
        {"{\"type\":\"close\",\"parent\":\"x\",*\"parnt\":\"x\"}",                  "json.unknown_field"},
        {"{\"type\":\"close\",\"parent\":\"x\",*\"lot\":\"A1\"}",                   "json.unknown_field"},
        {"{\"type\":\"close\",\"parent\":\"x\",*\"parent\":\"y\"}",                 "json.twice"        },
        {"*{\"type\":\"close\"}",                                                   "field.required"    },
        {"*{\"type\":\"pack\",\"parent\":\"x\"}",                                   "field.required"    },
        {"{\"type\":\"pack\",\"parent\":\"x\",\"children\":*[]}",                   "field.range"       },
        {"{\"type\":\"pack\",\"parent\":\"x\",\"children\":[\"a\",*\"\"]}",         "field.range"       },
        {"{\"type\":\"close\",\"parent\":\"x\",\"id\":*\"\"}",                      "field.range"       },
        {"{\"type\":\"close\",\"parent\":\"x\",\"by\":*\"a\\u0007\"}",              "field.control"     },
        {"{\"type\":\"close\",\"parent\":\"x\",\"by\":*\"a\\ufffe\"}",              "field.control"     },
        {"{\"type\":\"close\",\"parent\":\"x\",\"extra\":{\"a\":*\"\\uffff\"}}",    "field.control"     },
        {"{\"type\":\"close\",\"parent\":\"x\",\"time\":\"2025-11-24T16:00:00*\"}", "time.zone"         },
        {"{\"type\":\"close\",\"parent\":\"x\",\"extra\":{\"a\":*1}}",              "json.type"         },
        {"{\"type\":\"commission\",\"lot\":\"A1\",\"gtin\":\"0952114100000*8\",\"serials\":"
         "[\"1\"]}",                                                       "gs1.check_digit"   },
        {"*{\"type\":\"commission\",\"lot\":\"A1\",\"gtin\":\"" PILLS "\"}",        "report.units"      },
        {"{\"type\":\"scrap\",\"gtin\":\"" PILLS "\",\"reason\":\"r\",\"serials\":[\"1\"],"
         "*\"ssccs\":[\"1\"]}",                                            "report.units"      },
        {"*{\"type\":\"scrap\",\"reason\":\"r\",\"serials\":[\"1\"]}",              "field.required"    },
        {"*{\"type\":\"scrap\",\"gtin\":\"" PILLS "\",\"serials\":[\"1\"]}",        "field.required"    },
        {"*{\"type\":\"unpack\"}",                                                  "report.units"      },
    };

    for (size_t i = 0; i < LEN(rows); i++) {
        char body[300], at[40];
        const char *star = strchr(rows[i][0], '*');
        snprintf(body, sizeof body, "%.*s%s", (int)(star - rows[i][0]), rows[i][0], star + 1);
        uint64_t before = facts(f);
        str all = refused(f, body, rows[i][1], 0);
        snprintf(at, sizeof at, "\"at\":%u", (unsigned)(star - rows[i][0]));
        if (!holds(all, at)) fail_msg("%s: %.*s", rows[i][0], STR(all));
        assert_int_equal(facts(f), before); // mistakes of writing are no business
    }
}

static void an_array_stands_in_one_transaction_each_for_itself(void **state)
{
    struct fixture *f = *state;
    struct numbers s = line_site_serials(f, PILLS, "A1", 3);
    char body[2000];

    snprintf(body, sizeof body, "[%s,{\"type\":\"nope\"},%s,%s]",
             say_commission(f, "A1", PILLS, (struct part){&s, 0, 2}),
             say_commission(f, "A1", PILLS, (struct part){&s, 1, 2}),
             say_commission(f, "A1", PILLS, (struct part){&s, 2, 1}));
    struct fixture_answer a = report(f, body);
    expect(&a, 200, "{\"accepted\":2,\"refused\":2,\"results\":[{\"index\":0,\"seq\":");
    expect(&a, 200, "{\"index\":1,\"problem\":{\"type\":\"urn:packtrail:problem:report.type\"");
    expect(&a, 200, "{\"index\":2,\"problem\":{\"type\":\"urn:packtrail:problem:unit.state\"");
    expect(&a, 200, "{\"index\":3,\"seq\":");
}

static void lines_are_taken_in_slices(void **state)
{
    struct fixture *f = *state;
    struct numbers s = line_site_serials(f, PILLS, "A1", 40);
    str some = lines_of(f, s, 0, 18), rest = lines_of(f, s, 18, 22);
    str bad = S("\n  \r\n{\"type\"\n{\"type\":\"close\"}\n");
    str all = joined(f, joined(f, some, bad), rest);

    struct fixture_answer a = fixture_send(f, "POST /v1/reports", NDJSON, all);
    expect(&a, 200, "{\"accepted\":40,\"refused\":2,");
    expect(&a, 200, "{\"index\":18,\"problem\":{\"type\":\"urn:packtrail:problem:json.syntax\"");
    expect(&a, 200, "{\"index\":19,\"problem\":{\"type\":\"urn:packtrail:problem:field.required\"");
    expect(&a, 200, "{\"index\":41,\"seq\":");
    a = fixture_send(f, "POST /v1/reports", NDJSON, S(""));
    expect(&a, 200, "{\"accepted\":0,\"refused\":0,\"results\":[]}");
    a = fixture_send(f, "POST /v1/reports", NDJSON, S("\n\n"));
    expect(&a, 200, "{\"accepted\":0,\"refused\":0,\"results\":[]}");
}

static void a_line_needs_no_newline_at_the_end(void **state)
{
    struct fixture *f = *state;
    struct numbers s = line_site_serials(f, PILLS, "A1", 9);

    for (uint32_t n = 1, from = 0; n <= 4; n++) { // a slice short of full, and a full one
        str all = lines_of(f, s, from, n > 3 ? 3 : n);
        all.n--;
        struct fixture_answer a = fixture_send(f, "POST /v1/reports", NDJSON, all);
        assert_int_equal(a.code, 200);
        assert_true(holds(a.body, "\"refused\":0"));
        from += n > 3 ? 3 : n;
    }
}

static void slices_end_by_bytes_too(void **state)
{
    struct fixture *f = *state;
    struct numbers s = line_site_serials(f, PILLS, "A1", 30);

    for (uint32_t bytes = 1; bytes < 400; bytes += 66) {
        f->site.limits.slice_bytes = bytes;
        struct fixture_answer a =
            fixture_send(f, "POST /v1/reports", NDJSON, lines_of(f, s, bytes / 66 * 4, 4));
        expect(&a, 200, "{\"accepted\":4,\"refused\":0,");
    }
}

// ---- repeats

static void the_same_call_again_has_the_same_answer(void **state)
{
    struct fixture *f = *state;
    struct numbers s = line_site_serials(f, PILLS, "A1", 30);
    str all = joined(f, lines_of(f, s, 0, 10), lines_of(f, s, 5, 10));

    struct fixture_answer a = fixture_send(f, "POST /v1/reports", NDJSON KEY, all);
    expect(&a, 200, "{\"accepted\":15,\"refused\":5,");
    uint64_t before = facts(f);
    struct fixture_answer b = fixture_send(f, "POST /v1/reports", NDJSON KEY, all);
    assert_true(str_eq(a.body, b.body));
    fixture_reopen(f);
    fixture_serve(f, line_site_routes);
    f->now.ms += 86400000; // what was bound yesterday is found by the loop
    b = fixture_send(f, "POST /v1/reports", NDJSON KEY, all);
    assert_true(str_eq(a.body, b.body));
    assert_int_equal(facts(f), before);
    b = fixture_send(f, "POST /v1/reports", NDJSON KEY, lines_of(f, s, 20, 2));
    expect(&b, 422, "idempotency.mismatch");
    assert_int_equal(facts(f), before);
}

// The first slices were done before the crash, the rest is done now.
static void a_broken_off_call_goes_on_where_it_stopped(void **state)
{
    struct fixture *f = *state;
    struct numbers s = line_site_serials(f, PILLS, "A1", 30);
    struct numbers t = line_site_serials(f, PILLS, "A1", 4);
    str all = lines_of(f, s, 0, 30);

    // nine lines and a half: two full slices are seen, the rest never comes
    uint64_t before = facts(f);
    fixture_break_off(f, "POST /v1/reports", NDJSON KEY, all, all.n / 30 * 9 + 20);
    assert_true(facts(f) > before);
    struct fixture_answer a = fixture_send(f, "POST /v1/reports", NDJSON KEY, all);
    expect(&a, 200, "{\"accepted\":30,\"refused\":0,");
    assert_false(holds(a.body, "repeat"));
    str other = joined(f, (str){all.p, all.n / 30 * 8}, lines_of(f, t, 0, 4));
    a = fixture_send(f, "POST /v1/reports", NDJSON KEY, other);
    expect(&a, 422, "idempotency.mismatch");
    // cut exactly after a full slice: not the slice that was bound before, for it is the last now
    a = fixture_send(f, "POST /v1/reports", NDJSON KEY, (str){all.p, all.n / 30 * 8});
    expect(&a, 422, "idempotency.mismatch");
}

static void one_object_binds_its_key_too(void **state)
{
    struct fixture *f = *state;
    struct numbers s = line_site_serials(f, PILLS, "A1", 3);
    const char *body = say_commission(f, "A1", PILLS, (struct part){&s, 0, 2});
    const char *other = say_commission(f, "A1", PILLS, (struct part){&s, 0, 1});

    struct fixture_answer a = fixture_call(f, "POST /v1/reports", KEY, body);
    struct fixture_answer b = fixture_call(f, "POST /v1/reports", KEY, body);
    expect(&a, 200, "{\"accepted\":1,");
    assert_true(str_eq(a.body, b.body));
    b = fixture_call(f, "POST /v1/reports", KEY, other);
    expect(&b, 422, "idempotency.mismatch");
    a = fixture_call(f, "POST /v1/reports", "Idempotency-Key: k-2\r\n", other);
    b = fixture_call(f, "POST /v1/reports", "Idempotency-Key: k-2\r\n", other);
    expect(&a, 200, "\"refused\":1"); // a refusal inside a 200 is an answer like any other
    assert_true(str_eq(a.body, b.body));
}

// Nothing was done, but the answer was 200, and so it is again.
static void what_is_no_report_at_all_binds_its_key_too(void **state)
{
    struct fixture *f = *state;
    struct numbers s = line_site_serials(f, PILLS, "A1", 10);
    const char *good = say_commission(f, "A1", PILLS, (struct part){&s, 0, 1});
    static const char wrong[] = "{\"type\":\"commission\",\"lott\":\"A1\"}";
    str lines = joined(f, lines_of(f, s, 1, 4), S("{}\n{}\n"));

    struct fixture_answer a = fixture_call(f, "POST /v1/reports", KEY, wrong);
    expect(&a, 200, "{\"accepted\":0,\"refused\":1,");
    uint64_t before = facts(f);
    struct fixture_answer b = fixture_call(f, "POST /v1/reports", KEY, good);
    expect(&b, 422, "idempotency.mismatch");
    b = fixture_call(f, "POST /v1/reports", KEY, wrong);
    assert_true(str_eq(a.body, b.body));
    assert_int_equal(facts(f), before);
    b = fixture_call(f, "POST /v1/reports?atomic=true", "Idempotency-Key: k-3\r\n", wrong);
    expect(&b, 200, "\"refused\":1");
    b = fixture_call(f, "POST /v1/reports?atomic=true", "Idempotency-Key: k-3\r\n", good);
    expect(&b, 422, "idempotency.mismatch");
    // the last slice of a stream alone
    a = fixture_send(f, "POST /v1/reports", NDJSON "Idempotency-Key: k-4\r\n", lines);
    expect(&a, 200, "{\"accepted\":4,\"refused\":2,");
    b = fixture_send(f, "POST /v1/reports", NDJSON "Idempotency-Key: k-4\r\n", lines);
    assert_true(str_eq(a.body, b.body));
    lines = joined(f, lines_of(f, s, 1, 4), lines_of(f, s, 5, 2));
    b = fixture_send(f, "POST /v1/reports", NDJSON "Idempotency-Key: k-4\r\n", lines);
    expect(&b, 422, "idempotency.mismatch");
    fixture_reopen(f);
}

// ---- ceilings

static void long_results_tell_the_refused_only(void **state)
{
    struct fixture *f = *state;
    struct numbers s = line_site_serials(f, PILLS, "A1", 60);
    str all = joined(f, lines_of(f, s, 0, 60), lines_of(f, s, 7, 1));

    f->site.limits.results_bytes_max = 1000;
    struct fixture_answer a = fixture_send(f, "POST /v1/reports", NDJSON, all);
    expect(&a, 200, "{\"accepted\":60,\"refused\":1,\"results\":[{\"index\":60,\"problem\":");
    a = fixture_send(f, "POST /v1/reports", NDJSON, all);
    expect(&a, 200, "{\"accepted\":0,\"refused\":61,\"results\":[{\"index\":0,\"problem\":");
    expect(&a, 200, "],\"results_cut\":true}");
    assert_true(a.body.n < 2000);
}

static void what_is_too_long_is_refused(void **state)
{
    struct fixture *f = *state;
    char *long_one = arena_alloc(&f->arena, 3 * MB);
    str body = {long_one, 3 * MB};

    memset(long_one, ' ', body.n);
    f->site.limits.report_body_max = 1 * MB;
    struct fixture_answer a = fixture_send(f, "POST /v1/reports", "", body);
    expect(&a, 413, "body.too_large");
    a = fixture_send(f, "POST /v1/reports", NDJSON, body);
    expect(&a, 413, "body.too_large");
    f->site.limits.report_units_max = 2;
    refused(f, "{\"type\":\"unpack\",\"children\":[\"1\",\"2\",\"3\"]}", "field.range", 0);
    struct numbers s = line_site_serials(f, PILLS, "A1", 3);
    refused(f, say_commission(f, "A1", PILLS, (struct part){&s, 0, 3}), "field.range", 0);
}

static void numbers_of_facts_are_the_clients_own_to_its_callers(void **state)
{
    struct fixture *f = *state;
    struct numbers s = line_site_serials(f, CREAM, "C1", 3);
    client_id other = {2};

    f->caller.clients = &other;
    f->caller.client_count = 1;
    uint64_t shown = accepted(f, say_commission(f, "C1", CREAM, (struct part){&s, 0, 1}));
    f->caller.client_count = 0;
    assert_true(shown < facts(f));
}

// Numbers come back, and go to another line, between the look of the loop and the committer's.
static void a_place_in_a_request_names_no_number_of_another(void **state)
{
    struct fixture *f = *state;
    struct numbers mine = line_site_serials(f, PILLS, "A1", 3);
    struct buf request;
    struct ask done;

    buf_init(&request, 64);
    opaque_put(f->site.opaque_key, OPAQUE_REQUEST, facts(f), &request);
    struct json_r r = json_reader(
        str_of(fmt(f, "{\"type\":\"printed\",\"request\":\"%.*s\",\"first\":1,\"count\":2}",
                   STR(buf_str(&request)))),
        &f->arena);
    struct said said;
    said_read(&r, 10, &said);
    assert_int_equal(json_r_end(&r).cls, ST_OK);
    struct finder find = {.site = &f->site, .caller = &f->caller, .arena = &f->arena};
    const struct kind *kind;
    const void *what;
    find.t = fixture_read(f);
    finder_begin(&find);
    assert_int_equal(report_find(&find, &said, &kind, &what).cls, ST_OK);
    finder_end(&find);
    fixture_read_end(find.t);
    struct fixture_answer a =
        fixture_call(f, "POST /v1/serials/returns", "",
                     fmt(f, "{\"gtin\":\"" PILLS "\",\"serials\":[\"%.*s\"],\"to\":\"pool\"}",
                         STR(mine.texts[2])));
    expect(&a, 200, "\"returned\":1,");
    assert_string_equal(fixture_run(f, kind, what, &done).reason, "request.returned");
    f->caller.line = S("line-2");
    struct numbers yours = line_site_serials(f, PILLS, "A1", 1);
    assert_true(str_eq(yours.texts[0], mine.texts[2]));
    assert_string_equal(fixture_run(f, kind, what, &done).reason, "request.returned");
    assert_true(holds(done.units, text(f, yours.texts[0])));
    assert_false(holds(done.units, text(f, mine.texts[1])));
    assert_int_equal(line_site_row(f, sgtin(f, PILLS, yours.texts[0])).state, UNIT_ALLOCATED);
    assert_int_equal(line_site_row(f, sgtin(f, PILLS, mine.texts[1])).state, UNIT_NONE);
    buf_fini(&request);
    line_site_check(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, open_site, line_site_teardown)
        T(what_is_no_json_is_refused_whole),
        T(what_is_wrong_is_the_objects_problem),
        T(an_array_stands_in_one_transaction_each_for_itself),
        T(lines_are_taken_in_slices),
        T(a_line_needs_no_newline_at_the_end),
        T(slices_end_by_bytes_too),
        T(the_same_call_again_has_the_same_answer),
        T(a_broken_off_call_goes_on_where_it_stopped),
        T(one_object_binds_its_key_too),
        T(what_is_no_report_at_all_binds_its_key_too),
        T(long_results_tell_the_refused_only),
        T(what_is_too_long_is_refused),
        T(a_place_in_a_request_names_no_number_of_another),
        T(numbers_of_facts_are_the_clients_own_to_its_callers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
