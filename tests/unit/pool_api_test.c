// What lines ask for over HTTP: numbers in four forms, read again, confirmed, given back.
#include "pool_site.h"
#include "service/pool/pool_db.h"
#include "service/unit/unit_db.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RANDOM_12    "{\"kind\":\"random\",\"gtin\":\"" GTIN_A "\",\"length\":12}"
#define SEQUENTIAL_6 "{\"kind\":\"sequential\",\"gtin\":\"" GTIN_A "\",\"length\":6}"

static void as(struct fixture *f, enum role role, const char *line)
{
    f->caller.role = role;
    f->caller.line = str_of(line);
}

static int open_site(void **state)
{
    struct fixture *f = pool_site_open();

    pool_site_serve(f);
    as(f, ROLE_LINE, "l1");
    *state = f;
    return 0;
}

static int close_site(void **state)
{
    fixture_close((struct fixture **)state);
    return 0;
}

static void answers(struct fixture_answer a, int code, const char *holds)
{
    if (a.code != code || memmem(a.body.p, a.body.n, holds, strlen(holds)) == NULL)
        fail_msg("%d %.*s, not %d %s", a.code, STR(a.body), code, holds);
}

static struct fixture_answer ask(struct fixture *f, const char *json)
{
    return fixture_call(f, "POST /v1/serials", "Content-Type: application/json\r\n", json);
}

// The text member of a JSON answer, in the fixture's arena.
static const char *member(struct fixture *f, struct fixture_answer a, const char *name)
{
    char key[64];

    snprintf(key, sizeof key, "\"%s\":\"", name);
    const char *p = memmem(a.body.p, a.body.n, key, strlen(key));
    if (p == NULL) fail_msg("no %s in %.*s", name, STR(a.body));
    p += strlen(key);
    const char *end = memchr(p, '"', (size_t)(a.body.p + a.body.n - p));
    return str_z(&f->arena, (str){p, (size_t)(end - p)});
}

static size_t count_lines(str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) n += s.p[i] == '\n';
    return n;
}

static void a_line_gets_its_numbers_and_the_same_again(void **state)
{
    struct fixture *f = *state;
    char line[128];

    must(pool_site_put(f, "p", SEQUENTIAL_6));
    struct fixture_answer a =
        ask(f, "{\"gtin\":\"9506000134352\",\"quantity\":3,\"lot\":\"L1\",\"order\":\"O\"}");
    answers(a, 201, "\"serials\":[\"000000\",\"000001\",\"000002\"]}");
    answers(a, 201, "\"pool\":\"p\",\"gtin\":\"" GTIN_A "\",\"quantity\":3,");
    const char *id = member(f, a, "request");
    assert_int_equal(strlen(id), 26);
    snprintf(line, sizeof line, "GET /v1/serials/requests/%s", id);
    a = fixture_call(f, line, "", "");
    answers(a, 200, "\"serials\":[\"000000\",\"000001\",\"000002\"]}");
    answers(a, 200, "\"state\":\"open\",\"line\":\"l1\",\"lot\":\"L1\",\"order\":\"O\",\"time\":");
    answers(fixture_call(f, line, "Accept: text/plain\r\n", ""), 200, "000000\n000001\n000002\n");
    answers(fixture_call(f, line, "Accept: text/csv\r\n", ""), 200, "serial\n000000\n000001\n");
    answers(fixture_call(f, line, "Accept: application/x-ndjson\r\n", ""), 200,
            "{\"serial\":\"000000\"}\n{\"serial\":\"000001\"}\n");
    answers(fixture_call(f, line, "Accept: image/png\r\n", ""), 406, "accept.none");
    answers(fixture_call(f, "GET /v1/serials/requests/aaaaaaaaaaaaaaaaaaaaaaaaaa", "", ""), 404,
            "request.unknown");
}

// Taken for no it would have all of its labels printed once more.
static void a_wish_for_what_is_unused_is_never_misread(void **state)
{
    static const struct {
        const char *value;
        int code;
        const char *holds;
    } rows[] = {
        {"true",  200, "\"serials\":["  },
        {"false", 200, "\"serials\":["  },
        {"TRUE",  400, "\"query.value\""},
        {"1",     400, "\"query.value\""},
        {"",      400, "\"query.value\""},
    };
    struct fixture *f = *state;
    char line[128];

    must(pool_site_put(f, "p", SEQUENTIAL_6));
    const char *id = member(f, ask(f, "{\"gtin\":\"" GTIN_A "\",\"quantity\":3}"), "request");
    for (size_t i = 0; i < LEN(rows); i++) {
        snprintf(line, sizeof line, "GET /v1/serials/requests/%s?unused=%s", id, rows[i].value);
        answers(fixture_call(f, line, "", ""), rows[i].code, rows[i].holds);
    }
}

static void texts_that_need_escaping_are_escaped(void **state)
{
    static const char pool[] =
        "{\"client\":\"acme\",\"gtin\":\"" GTIN_A "\",\"kind\":\"sequential\",\"length\":2,"
        "\"alphabet\":\"\\\"a\"}";
    struct fixture *f = *state;
    char line[128];

    must(pool_site_put(f, "p", pool));
    struct fixture_answer a = ask(f, "{\"gtin\":\"" GTIN_A "\",\"quantity\":3}");
    answers(a, 201, "\"serials\":[\"\\\"\\\"\",\"\\\"a\",\"a\\\"\"]}");
    snprintf(line, sizeof line, "GET /v1/serials/requests/%s", member(f, a, "request"));
    answers(fixture_call(f, line, "Accept: text/csv\r\n", ""), 200,
            "serial\n\"\"\"\"\"\"\n\"\"\"a\"\n\"a\"\"\"\n");
    answers(fixture_call(f, line, "Accept: application/x-ndjson\r\n", ""), 200,
            "{\"serial\":\"\\\"a\"}\n");
}

static void what_is_wrong_is_named(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *json;
        int code;
        const char *says;
    } rows[] = {
        {"{\"gtin\":\"" GTIN_A "\"}",                                                     400, "field.required"    },
        {"{\"gtin\":\"" GTIN_A "\",\"quantity\":0}",                                      400, "field.range"       },
        {"{\"gtin\":\"" GTIN_A "\",\"quantity\":1000001}",                                400, "field.range"       },
        {"{\"gtin\":\"" GTIN_A "\",\"quantity\":1,\"lott\":\"x\"}",                       400, "json.unknown_field"},
        {"{\"gtin\":\"09506000134353\",\"quantity\":1}",                                  400, "gs1.check_digit"   },
        {"{\"gtin\":\"09506000999999\",\"quantity\":1}",                                  404, "product.unknown"   },
        {"{\"gtin\":\"" GTIN_A "\",\"quantity\":1,\"pool\":\"none\"}",                    404, "pool.unknown"      },
        {"{\"gtin\":\"" GTIN_B "\",\"quantity\":1,\"pool\":\"p\"}",                       422, "pool.gtin"         },
        {"{\"gtin\":\"" GTIN_A "\",\"quantity\":1,\"level\":\"pallet\"}",                 422, "level.unknown"     },
        {"{\"gtin\":\"" GTIN_B "\",\"quantity\":1}",                                      409, "pool.none"         },
        {"{\"gtin\":\"" GTIN_A "\",\"quantity\":11}",                                     409, "pool.exhausted"    },
        {"{\"gtin\":\"" GTIN_A "\",\"quantity\":1,\"lot\":\"a lot too long to be one\"}", 400,
         "lot"                                                                                                     },
    };

    must(pool_site_put(f, "p", "{\"kind\":\"sequential\",\"gtin\":\"" GTIN_A "\",\"length\":1}"));
    for (size_t i = 0; i < LEN(rows); i++)
        answers(ask(f, rows[i].json), rows[i].code, rows[i].says);
    as(f, ROLE_CLIENT, "");
    answers(ask(f, "{\"gtin\":\"" GTIN_A "\",\"quantity\":1}"), 403, "");
}

static void another_clients_numbers_are_not_there(void **state)
{
    struct fixture *f = *state;
    static const client_id bolt = {2};
    char line[128];

    must(pool_site_put(f, "p", SEQUENTIAL_6));
    must(pool_site_put(f, "s", "{\"kind\":\"sscc\",\"prefix\":\"9506000\",\"extension\":\"1\"}"));
    struct fixture_answer a = ask(f, "{\"gtin\":\"" GTIN_A "\",\"quantity\":1}");
    snprintf(line, sizeof line, "GET /v1/serials/requests/%s", member(f, a, "request"));
    answers(fixture_call(f, line, "", ""), 200, "000000");
    f->caller.clients = &bolt;
    f->caller.client_count = 1;
    answers(ask(f, "{\"gtin\":\"" GTIN_A "\",\"quantity\":1}"), 404, "product.unknown");
    answers(fixture_call(f, line, "", ""), 404, "request.unknown");
    answers(fixture_call(f, "GET /v1/serials/requests", "", ""), 200, "\"items\":[]");
    answers(fixture_call(f, "GET /v1/pools/p", "", ""), 404, "pool.unknown");
    answers(fixture_call(f, "POST /v1/sscc", "", "{\"quantity\":1,\"pool\":\"s\"}"), 404,
            "pool.unknown");
    answers(fixture_call(f, "POST /v1/sscc", "", "{\"quantity\":1,\"client\":\"acme\"}"), 404,
            "client.unknown");
    answers(fixture_call(f, "POST /v1/serials/returns", "",
                         "{\"gtin\":\"" GTIN_A "\",\"serials\":[\"000000\"]}"),
            404, "product.unknown");
}

static void a_key_sent_twice_gets_the_same_numbers(void **state)
{
    struct fixture *f = *state;
    const char *body = "{\"gtin\":\"" GTIN_A "\",\"quantity\":5}";

    must(pool_site_put(f, "p", RANDOM_12));
    struct fixture_answer a = fixture_call(f, "POST /v1/serials", "Idempotency-Key: k\r\n", body);
    struct fixture_answer b = fixture_call(f, "POST /v1/serials", "Idempotency-Key: k\r\n", body);
    assert_int_equal(a.code, 201);
    assert_true(str_eq(a.body, b.body));
    struct fixture_answer c = ask(f, body);
    assert_false(str_eq(a.body, c.body));
}

// REQ RFC4180
static void many_numbers_are_streamed_whole(void **state)
{
    struct fixture *f = *state;
    const char *body = "{\"gtin\":\"" GTIN_A "\",\"quantity\":100000}";

    must(pool_site_put(f, "p", SEQUENTIAL_6));
    struct fixture_answer a = fixture_call(f, "POST /v1/serials", "Accept: text/plain\r\n", body);
    assert_int_equal(a.code, 201);
    assert_int_equal(count_lines(a.body), 100000);
    assert_true(str_starts(a.body, S("000000\n000001\n")));
    assert_true(str_ends(a.body, S("\n099998\n099999\n")));
    a = ask(f, body);
    assert_int_equal(a.code, 201);
    assert_true(str_ends(a.body, S(",\"199998\",\"199999\"]}")));
    struct json_r r = json_reader(a.body, &f->arena);
    (void)json_raw(&r);
    must(json_r_end(&r));
}

static void a_request_is_confirmed_once(void **state)
{
    struct fixture *f = *state;
    char line[128];
    struct asked_of of = {{1}, GTIN_A, S("L1"), false};

    must(pool_site_put(f, "p", SEQUENTIAL_6));
    struct fixture_answer a = ask(f, "{\"gtin\":\"" GTIN_A "\",\"quantity\":3,\"lot\":\"L1\"}");
    snprintf(line, sizeof line, "POST /v1/serials/requests/%s/confirm", member(f, a, "request"));
    struct fixture_answer b = fixture_call(f, line, "", "");
    answers(b, 200, "\"state\":\"confirmed\"");
    struct txn *t = fixture_read(f);
    uint64_t seq = journal_head_get(t).seq;
    assert_int_equal(asked_get(t, &of).requested, 3);
    assert_int_equal(asked_get(t, &of).unconfirmed, 0);
    fixture_read_end(t);
    assert_true(str_eq(b.body, fixture_call(f, line, "", "").body));
    t = fixture_read(f);
    assert_int_equal(journal_head_get(t).seq, seq);
    fixture_read_end(t);
    fixture_verify(f);
}

static void requests_are_listed_by_line_lot_and_state(void **state)
{
    struct fixture *f = *state;

    must(pool_site_put(f, "p", SEQUENTIAL_6));
    ask(f, "{\"gtin\":\"" GTIN_A "\",\"quantity\":1,\"lot\":\"L1\"}");
    f->now.ms += 10000;
    as(f, ROLE_LINE, "l2");
    for (int i = 0; i < 3; i++) ask(f, "{\"gtin\":\"" GTIN_A "\",\"quantity\":2,\"lot\":\"L2\"}");
    answers(fixture_call(f, "GET /v1/serials/requests?line=l1", "", ""), 200, "[]"); // not its own
    as(f, ROLE_OPERATOR, "");
    struct fixture_answer a = fixture_call(f, "GET /v1/serials/requests?line=l1", "", "");
    answers(a, 200, "\"lot\":\"L1\"");
    assert_null(memmem(a.body.p, a.body.n, "L2", 2));
    answers(fixture_call(f, "GET /v1/serials/requests?lot=L3", "", ""), 200,
            "{\"items\":[],\"next\":null}");
    answers(fixture_call(f, "GET /v1/serials/requests?state=confirmed", "", ""), 200, "[]");
    answers(fixture_call(f, "GET /v1/serials/requests?state=lost", "", ""), 400, "field.word");
    a = fixture_call(f, "GET /v1/serials/requests?since=2025-11-24T16:00:05Z&limit=2", "", "");
    answers(a, 200, "\"line\":\"l2\"");
    assert_null(memmem(a.body.p, a.body.n, "L1", 2));
    char line[256];
    snprintf(line, sizeof line, "GET /v1/serials/requests?limit=2&page=%s", member(f, a, "next"));
    a = fixture_call(f, line, "", "");
    answers(a, 200, "\"next\":null");
    answers(a, 200, "\"quantity\":2");
    answers(fixture_call(f, "GET /v1/serials/requests?page=6161", "", ""), 400, "page.form");
}

static void unit_becomes(struct fixture *f, unit_id u, enum unit_state to)
{
    struct txn *t = txn_write(f->site.db);
    struct unit_rows rows;
    struct unit x = {.state = to, .first = 2, .last = 2};

    unit_rows_write(&rows, t);
    unit_put(&rows, u, &x);
    unit_rows_end(&rows);
    must(txn_end(&t, true));
}

static void numbers_go_back_but_not_what_was_used(void **state)
{
    struct fixture *f = *state;
    struct issue_row issue;
    char line[160], body[160];

    must(pool_site_put(f, "p", SEQUENTIAL_6));
    struct fixture_answer a = ask(f, "{\"gtin\":\"" GTIN_A "\",\"quantity\":5,\"lot\":\"L1\"}");
    const char *id = member(f, a, "request");
    snprintf(line, sizeof line, "GET /v1/serials/requests/%s?unused=true", id);
    unit_becomes(f, unit_id_of(1, 2), UNIT_COMMISSIONED);
    answers(fixture_call(f, line, "", ""), 200,
            "\"serials\":[\"000000\",\"000001\",\"000003\",\"000004\"]}");
    answers(fixture_call(f, "POST /v1/serials/returns", "",
                         "{\"gtin\":\"" GTIN_A "\",\"serials\":[\"000001\",\"000002\",\"777777\"],"
                         "\"reason\":\"left\"}"),
            200,
            "{\"returned\":1,\"kept\":[{\"unit\":\"(01)" GTIN_A "(21)000002\",\"code\":"
            "\"unit.state\"},{\"unit\":\"(01)" GTIN_A "(21)777777\",\"code\":\"unit.unknown\"}]}");
    answers(fixture_call(f, line, "", ""), 200, "[\"000000\",\"000003\",\"000004\"]");
    answers(fixture_call(f, line, "", ""), 200, "\"state\":\"open\"");
    snprintf(body, sizeof body, "{\"request\":\"%s\",\"reason\":\"all\"}", id);
    answers(fixture_call(f, "POST /v1/serials/returns", "", body), 200, "{\"returned\":3,");
    answers(fixture_call(f, line, "", ""), 200, "\"state\":\"returned\"");
    struct fixture_answer again = fixture_call(f, "POST /v1/serials/returns", "", body);
    answers(again, 200, "{\"returned\":3,"); // as it was answered then
    snprintf(line, sizeof line, "POST /v1/serials/requests/%s/confirm", id);
    answers(fixture_call(f, line, "", ""), 409, "request.returned");
    answers(ask(f, "{\"gtin\":\"" GTIN_A "\",\"quantity\":1}"), 201, "\"000005\"");
    struct txn *t = fixture_read(f);
    struct asked_of of = {{1}, GTIN_A, S("L1"), false};
    assert_int_equal(asked_get(t, &of).returned, 4);
    assert_int_equal(asked_get(t, &of).unconfirmed, 0);
    assert_int_equal(unit_one(t, unit_id_of(1, 1)).state, UNIT_RETURNED_TO_OWNER);
    assert_true(issue_of(t, unit_id_of(1, 1), &issue));
    fixture_read_end(t);
}

static void every_number_of_a_request_returned_one_by_one_returns_it(void **state)
{
    struct fixture *f = *state;

    must(pool_site_put(f, "p", RANDOM_12));
    struct got got;
    must(pool_site_issue(f, GTIN_A, 2, &got));
    for (int i = 0; i < 2; i++) {
        char body[128];
        snprintf(body, sizeof body, "{\"gtin\":\"" GTIN_A "\",\"serials\":[\"%.*s\"]}",
                 STR(got.texts[i]));
        answers(fixture_call(f, "POST /v1/serials/returns", "", body), 200, "{\"returned\":1,");
    }
    answers(fixture_call(f, "GET /v1/serials/requests", "", ""), 200, "\"state\":\"returned\"");
    fixture_verify(f);
}

static void a_return_says_one_thing(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *json;
        int code;
        const char *says;
    } rows[] = {
        {"{\"reason\":\"x\"}",                                             400, "return.what"    },
        {"{\"gtin\":\"" GTIN_A "\"}",                                      400, "return.what"    },
        {"{\"serials\":[\"1\"]}",                                          400, "return.what"    },
        {"{\"request\":\"aaaaaaaaaaaaaaaaaaaaaaaaaa\",\"ssccs\":[\"1\"]}", 400, "return.what"    },
        {"{\"request\":\"aaaaaaaaaaaaaaaaaaaaaaaaaa\",\"to\":\"bin\"}",    400, "field.word"     },
        {"{\"request\":\"aaaaaaaaaaaaaaaaaaaaaaaaaa\",\"to\":\"pool\"}",   404, "request.unknown"},
        {"{\"request\":\"aaaaaaaaaaaaaaaaaaaaaaaaaa\"}",                   404, "request.unknown"},
        {"{\"ssccs\":[\"195060000000000419\"]}",                           400, "gs1.check_digit"},
        {"{\"ssccs\":[\"" GTIN_A "\"]}",                                   400, "return.sscc"    },
        {"{\"gtin\":\"" GTIN_A "\",\"serials\":[\"000000\",\"000000\"]}",  400, "unit.twice"     },
    };

    must(pool_site_put(f, "p", SEQUENTIAL_6));
    must(pool_site_issue(f, GTIN_A, 2, NULL));
    for (size_t i = 0; i < LEN(rows); i++)
        answers(fixture_call(f, "POST /v1/serials/returns", "", rows[i].json), rows[i].code,
                rows[i].says);
    as(f, ROLE_OPERATOR, "");
    f->caller.person = true;
    answers(fixture_call(f, "POST /v1/serials/returns", "",
                         "{\"gtin\":\"" GTIN_A "\",\"serials\":[\"000000\"]}"),
            400, "reason.required");
}

static void a_pool_of_ssccs_that_lacks_what_it_counts_from_is_refused(void **state)
{
    static const struct {
        const char *json, *reason;
    } rows[] = {
        {"{\"kind\":\"sscc\"}",                                                  "pool.extension"},
        {"{\"kind\":\"sscc\",\"prefix\":\"9506000\"}",                           "pool.extension"},
        {"{\"kind\":\"sscc\",\"prefix\":\"9506000\",\"extension\":\"\"}",        "field.range"   },
        {"{\"kind\":\"sscc\",\"prefix\":\"9506000\",\"extension\":\"x\"}",       "pool.extension"},
        {"{\"kind\":\"sscc\",\"extension\":\"1\"}",                              "pool.prefix"   },
        {"{\"kind\":\"sscc\",\"prefix\":\"950600013435\",\"extension\":\"12\"}", "field.range"   },
        {"{\"kind\":\"sequential\"}",                                            "pool.gtin"     },
    };

    for (size_t i = 0; i < LEN(rows); i++)
        assert_string_equal(pool_site_put(*state, "s", rows[i].json).reason, rows[i].reason);
}

static void an_sscc_request_must_single_out_one_pool(void **state)
{
    struct fixture *f = *state;
    const char *post = "POST /v1/sscc";

    answers(fixture_call(f, post, "", "{\"quantity\":1,\"client\":\"acme\"}"), 409, "pool.none");
    must(pool_site_put(f, "own", "{\"kind\":\"sscc\",\"prefix\":\"7612345\",\"extension\":\"0\"}"));
    answers(fixture_call(f, post, "", "{\"quantity\":1,\"client\":\"acme\"}"), 201,
            "\"pool\":\"own\"");
    must(pool_site_put(f, "s1", "{\"kind\":\"sscc\",\"prefix\":\"9506000\",\"extension\":\"1\"}"));
    answers(fixture_call(f, post, "", "{\"quantity\":2,\"client\":\"acme\"}"), 201,
            "\"pool\":\"s1\",\"quantity\":2,\"ssccs\":[\"195060000000000005\",");
    answers(fixture_call(f, post, "", "{\"quantity\":1,\"gtin\":\"" GTIN_A "\",\"lot\":\"L1\"}"),
            201, "\"pool\":\"s1\"");
    must(pool_site_put(f, "s2", "{\"kind\":\"sscc\",\"prefix\":\"9506000\",\"extension\":\"2\"}"));
    answers(fixture_call(f, post, "", "{\"quantity\":1,\"client\":\"acme\"}"), 422,
            "pool.ambiguous");
    answers(fixture_call(f, post, "", "{\"quantity\":1}"), 422, "pool.ambiguous");
    answers(fixture_call(f, post, "", "{\"quantity\":1,\"client\":\"acme\",\"extension\":\"2\"}"),
            201, "\"295060000000000002\"");
    answers(fixture_call(f, post, "", "{\"quantity\":1,\"pool\":\"s1\"}"), 201, "\"s1\"");
    answers(fixture_call(f, post, "", "{\"quantity\":1,\"pool\":\"s1\",\"client\":\"bolt\"}"), 422,
            "pool.client");
    answers(fixture_call(f, post, "", "{\"quantity\":1,\"lot\":\"L1\"}"), 400, "gtin");
    answers(
        fixture_call(f, "POST /v1/serials/returns", "", "{\"ssccs\":[\"(00)195060000000000005\"]}"),
        200, "{\"returned\":1,\"kept\":[]}");
    struct txn *t = fixture_read(f);
    struct asked_of of = {{1}, GTIN_A, S("L1"), true};
    assert_int_equal(asked_get(t, &of).requested, 1);
    fixture_read_end(t);
    fixture_verify(f);
}

static void a_pool_tells_how_it_stands(void **state)
{
    struct fixture *f = *state;

    as(f, ROLE_ADMIN, "");
    answers(fixture_call(f, "PUT /v1/pools/P", "",
                         "{\"kind\":\"sequential\",\"gtin\":\"" GTIN_A
                         "\",\"length\":6,\"threshold\":999995,\"reason\":\"new\"}"),
            201, "\"pool\":\"p\",\"version\":1,");
    answers(fixture_call(f, "GET /v1/pools/p", "", ""), 200,
            "\"capacity\":1000000,\"issued\":0,\"left\":1000000,\"rate\":0,\"lasts_until\":null,"
            "\"low\":false,\"returned\":0}");
    as(f, ROLE_LINE, "l1");
    ask(f, "{\"gtin\":\"" GTIN_A "\",\"quantity\":24000}");
    f->now.ms += 3600000;
    // 1,000 an hour over a day: 976,000 last 976 hours.
    answers(fixture_call(f, "GET /v1/pools", "", ""), 200,
            "\"capacity\":1000000,\"issued\":24000,\"left\":976000,\"rate\":1000,"
            "\"lasts_until\":\"2026-01-04T09:00:00Z\",\"low\":true,\"returned\":0}");
    f->now.ms += 86400000;
    answers(fixture_call(f, "GET /v1/pools/p", "", ""), 200, "\"rate\":0,\"lasts_until\":null");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, open_site, close_site)
    const struct CMUnitTest tests[] = {
        T(a_line_gets_its_numbers_and_the_same_again),
        T(a_wish_for_what_is_unused_is_never_misread),
        T(texts_that_need_escaping_are_escaped),
        T(what_is_wrong_is_named),
        T(another_clients_numbers_are_not_there),
        T(a_key_sent_twice_gets_the_same_numbers),
        T(many_numbers_are_streamed_whole),
        T(a_request_is_confirmed_once),
        T(requests_are_listed_by_line_lot_and_state),
        T(numbers_go_back_but_not_what_was_used),
        T(every_number_of_a_request_returned_one_by_one_returns_it),
        T(a_return_says_one_thing),
        T(a_pool_of_ssccs_that_lacks_what_it_counts_from_is_refused),
        T(an_sscc_request_must_single_out_one_pool),
        T(a_pool_tells_how_it_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
