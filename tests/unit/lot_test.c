// Lots over HTTP: opened once, shown with their counters, listed, closed without being refused.
#include "line_site.h"
#include "service/journal/site.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int open_site(void **state)
{
    struct fixture *f = line_site_open();

    f->caller.role = ROLE_OPERATOR;
    f->caller.line = S("");
    *state = f;
    return 0;
}

static struct fixture_answer want(struct fixture *f, const char *line, const char *body, int code,
                                  const char *part)
{
    struct fixture_answer a = fixture_call(f, line, "", body);

    if (a.code != code || !holds(a.body, part))
        fail_msg("%s %s: %d %.*s (wanted %d with %s)", line, body, a.code, STR(a.body), code, part);
    return a;
}

static uint64_t facts(struct fixture *f)
{
    struct txn *t = fixture_read(f);
    uint64_t seq = journal_head_get(t).seq;

    fixture_read_end(t);
    return seq;
}

static void a_lot_is_opened_once(void **state)
{
    struct fixture *f = *state;
    const char *body = "{\"lot\":\"B/1%\",\"gtin\":\"9521141000007\",\"expiry\":\"2029-02\","
                       "\"line\":\"line-1\",\"order\":\"o-7\",\"quantity\":5000,"
                       "\"produced\":\"2026-01-05\",\"extra\":{\"zone\":\"\\u00c4 \\\"4\\\"\"}}";
    const char *again = "{\"expiry\":\"2029-02\",\"lot\":\"B/1%\",\"client\":\"acme\","
                        "\"gtin\":\"" PILLS_CASE "\",\"line\":\"line-1\",\"order\":\"o-7\","
                        "\"quantity\":5000,\"produced\":\"2026-01-05\","
                        "\"extra\":{\"zone\":\"\\u00c4 \\\"4\\\"\"}}";

    want(f, "POST /v1/lots", body, 201, "\"gtin\":\"" PILLS "\"");
    uint64_t before = facts(f);
    want(f, "POST /v1/lots", body, 200, "\"expiry\":\"2029-02-28\",\"expiry_printed\":\"2029-02\"");
    want(f, "POST /v1/lots", again, 200, "\"lot\":\"B/1%\"");
    assert_int_equal(facts(f), before);
    want(f, "GET /v1/lots/" PILLS "/B%2F1%25", "", 200,
         "\"extra\":{\"zone\":\"\u00c4 \\\"4\\\"\"}");
    want(f, "POST /v1/lots", "{\"lot\":\"B/1%\",\"gtin\":\"" PILLS "\",\"expiry\":\"2029-03\"}",
         409, "lot.differs");
    // another product may have a lot of the same name
    want(f, "POST /v1/lots", "{\"lot\":\"B/1%\",\"gtin\":\"" DROPS "\",\"expiry\":\"2029-03\"}",
         201, "\"gtin\":\"" DROPS "\"");
}

static void what_is_said_of_a_lot_is_checked(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *body;
        int code;
        const char *part;
    } rows[] = {
        {"{\"lot\":\"X\",\"gtin\":\"" PILLS "\"}",                                             400, "field.required"},
        {"{\"lot\":\"\",\"gtin\":\"" PILLS "\",\"expiry\":\"2029-01\"}",                       400, "field.range"   },
        {"{\"lot\":\"a b^c\",\"gtin\":\"" PILLS "\",\"expiry\":\"2029-01\"}",                  400, "lot.text"      },
        {"{\"lot\":\"..\",\"gtin\":\"" PILLS "\",\"expiry\":\"2029-01\"}",                     400, "lot.text"      },
        {"{\"lot\":\"123456789012345678901\",\"gtin\":\"" PILLS "\",\"expiry\":\"2029-01\"}",  400,
         "field.range"                                                                                              },
        {"{\"lot\":\"X\",\"gtin\":\"09521141000008\",\"expiry\":\"2029-01\"}",                 400,
         "gs1.check_digit"                                                                                          },
        {"{\"lot\":\"X\",\"gtin\":\"" PILLS "\",\"expiry\":\"01/2029\"}",                      400, "lot.expiry"    },
        {"{\"lot\":\"X\",\"gtin\":\"" PILLS "\",\"expiry\":\"2029-13\"}",                      400, "lot.expiry"    },
        {"{\"lot\":\"X\",\"gtin\":\"" PILLS "\",\"expiry\":\"2029-01-01T10:00\"}",             400,
         "lot.expiry"                                                                                               },
        {"{\"lot\":\"X\",\"gtin\":\"" PILLS "\",\"expiry\":\"2029-01\",\"lott\":1}",           400,
         "json.unknown_field"                                                                                       },
        {"{\"lot\":\"X\",\"gtin\":\"" PILLS "\",\"expiry\":\"2029-01\",\"line\":\"line-9\"}",  422,
         "line.unknown"                                                                                             },
        {"{\"lot\":\"X\",\"gtin\":\"" PILLS "\",\"expiry\":\"2029-01\",\"lines\":[\"line-1\","
         "\"line-9\"]}",                                                              422, "line.unknown"  },
        {"{\"lot\":\"X\",\"gtin\":\"" PILLS "\",\"expiry\":\"2029-01\",\"client\":\"other\"}", 422,
         "lot.client"                                                                                               },
        {"{\"lot\":\"X\",\"gtin\":\"09521141000106\",\"expiry\":\"2029-01\"}",                 422,
         "product.unknown"                                                                                          },
        {"{\"lot\":\"X\",\"gtin\":\"" PILLS
         "\",\"expiry\":\"2029-01\",\"produced\":\"2029-02-01\"}",                    422, "lot.produced"  },
    };

    for (size_t i = 0; i < LEN(rows); i++)
        want(f, "POST /v1/lots", rows[i].body, rows[i].code, rows[i].part);
}

static void expiry_keeps_what_was_printed(void **state)
{
    struct fixture *f = *state;
    static const char *const rows[][2] = {
        {"2028-02",                   "2028-02-29"},
        {"2028-12-31",                "2028-12-31"},
        {"2028-12-31T23:30:00-05:00", "2028-12-31"},
    };
    char body[200], part[100];

    for (size_t i = 0; i < LEN(rows); i++) {
        snprintf(body, sizeof body, "{\"lot\":\"E%zu\",\"gtin\":\"" PILLS "\",\"expiry\":\"%s\"}",
                 i, rows[i][0]);
        snprintf(part, sizeof part, "\"expiry\":\"%s\",\"expiry_printed\":\"%s\"", rows[i][1],
                 rows[i][0]);
        want(f, "POST /v1/lots", body, 201, part);
    }
}

static void a_lot_keeps_the_version_of_its_product(void **state)
{
    struct fixture *f = *state;

    f->caller.role = ROLE_ADMIN;
    want(f, "PUT /v1/products/" PILLS,
         "{\"client\":\"acme\",\"name\":\"Pills\",\"levels\":["
         "{\"level\":\"pack\",\"id\":\"sgtin\",\"quantity\":1},"
         "{\"level\":\"case\",\"id\":\"sgtin\",\"gtin\":\"" PILLS_CASE "\",\"quantity\":2}]}",
         200, "\"version\":2");
    f->caller.role = ROLE_OPERATOR;
    line_site_lot(f, PILLS, "A9", "");
    want(f, "GET /v1/lots/" PILLS "/A1", "", 200, "\"product_version\":1");
    want(f, "GET /v1/lots/" PILLS "/A9", "", 200, "\"product_version\":2");
    f->caller.role = ROLE_LINE;
    struct numbers s = line_site_serials(f, PILLS, "A1", 4);
    struct numbers t = line_site_serials(f, PILLS, "A9", 4);
    struct numbers c = line_site_serials(f, PILLS_CASE, NULL, 2);
    accepted(f, say_commission(f, "A1", PILLS, (struct part){&s, 0, 4}));
    accepted(f, say_commission(f, "A9", PILLS, (struct part){&t, 0, 4}));
    const char *one = sgtin(f, PILLS_CASE, c.texts[0]), *two = sgtin(f, PILLS_CASE, c.texts[1]);
    struct packing_of begin = {PILLS, ",\"commission\":true"};
    accepted(f, say_pack(f, one, (struct part){&s, 0, 4}, begin)); // five fill it
    assert_int_equal(line_site_row(f, one).state, UNIT_OPEN);
    refused(f, say_pack(f, two, (struct part){&t, 0, 3}, begin), "pack.too_many", 1);
    accepted(f, say_pack(f, two, (struct part){&t, 0, 2}, begin));
    assert_int_equal(line_site_row(f, two).state, UNIT_CLOSED);
}

static void another_clients_lots_are_not_there(void **state)
{
    struct fixture *f = *state;
    client_id acme = {1};

    f->caller.clients = &acme;
    f->caller.client_count = 1;
    want(f, "GET /v1/lots/" CREAM "/C1", "", 404, "lot.unknown");
    want(f, "POST /v1/lots/" CREAM "/C1/close", "{}", 404, "lot.unknown");
    want(f, "POST /v1/lots", "{\"lot\":\"C2\",\"gtin\":\"" CREAM "\",\"expiry\":\"2029-01\"}", 422,
         "product.unknown");
    struct fixture_answer a = want(f, "GET /v1/lots", "", 200, "\"lot\":\"D1\"");
    assert_false(holds(a.body, "\"lot\":\"C1\""));
    f->caller.client_count = 0;
    want(f, "GET /v1/lots", "", 200, "\"lot\":\"C1\"");
}

static void lists_are_filtered_and_paged(void **state)
{
    struct fixture *f = *state;
    struct fixture_answer a = want(f, "GET /v1/lots?limit=3", "", 200, "\"lot\":\"D1\"");
    const char *next = memmem(a.body.p, a.body.n, "\"next\":\"", 8);
    char line[200];

    assert_non_null(next);
    assert_false(holds(a.body, "\"lot\":\"C1\""));
    snprintf(line, sizeof line, "GET /v1/lots?limit=3&page=%.*s", (int)strcspn(next + 8, "\""),
             next + 8);
    a = want(f, line, "", 200, "\"lot\":\"C1\"");
    assert_true(holds(a.body, "\"next\":null"));
    a = want(f, "GET /v1/lots?gtin=" DROPS, "", 200, "\"lot\":\"D1\"");
    assert_false(holds(a.body, "\"lot\":\"A1\""));
    a = want(f, "GET /v1/lots?client=other", "", 200, "\"lot\":\"C1\"");
    assert_false(holds(a.body, "\"lot\":\"A1\""));
    want(f, "POST /v1/lots/" DROPS "/D1/close", "", 200, "partners");
    a = want(f, "GET /v1/lots?state=closed", "", 200, "\"lot\":\"D1\"");
    assert_false(holds(a.body, "\"lot\":\"A1\""));
    line_site_lot(f, PILLS, "A7", ",\"lines\":[\"LINE-2\",\"line-1\"]");
    a = want(f, "GET /v1/lots?line=line-2", "", 200, "\"lot\":\"A7\"");
    assert_false(holds(a.body, "\"lot\":\"A1\""));
    want(f, "GET /v1/lots?line=Line-2", "", 200, "\"lot\":\"A7\"");
    want(f, "GET /v1/lots?client=OTHER", "", 200, "\"lot\":\"C1\"");
    want(f, "GET /v1/lots?gtin=1", "", 200, "{\"items\":[],\"next\":null}");
    want(f, "GET /v1/lots?state=ripe", "", 400, "lot.state");
}

static void closing_tells_what_is_loose_and_refuses_nothing(void **state)
{
    struct fixture *f = *state;
    struct packing_of begin = {PILLS, ",\"commission\":true"};
    char scrap[200];

    f->caller.role = ROLE_LINE;
    struct numbers s = line_site_serials(f, PILLS, "A1", 20);
    struct numbers c = line_site_serials(f, PILLS_CASE, "A1", 3);
    accepted(f, say_commission(f, "A1", PILLS, (struct part){&s, 0, 12}));
    accepted(f, say_pack(f, sgtin(f, PILLS_CASE, c.texts[0]), (struct part){&s, 0, 5}, begin));
    accepted(f, say_pack(f, sgtin(f, PILLS_CASE, c.texts[1]), (struct part){&s, 5, 4}, begin));
    snprintf(scrap, sizeof scrap,
             "{\"type\":\"scrap\",\"gtin\":\"" PILLS "\",\"serials\":[\"%.*s\"],\"reason\":\"r\"}",
             STR(s.texts[12]));
    accepted(f, scrap);
    f->caller.role = ROLE_OPERATOR;
    want(f, "GET /v1/lots/" PILLS "/A1", "", 200,
         "\"levels\":[{\"level\":\"pack\",\"gtin\":\"" PILLS "\",\"issued\":20,"
         "\"commissioned\":12,\"scrapped\":1,\"packed\":9,\"open\":0,\"shipped\":0,");
    want(f, "GET /v1/lots/" PILLS "/A1", "", 200,
         "{\"level\":\"case\",\"gtin\":\"" PILLS_CASE "\",\"issued\":3,\"commissioned\":2,"
         "\"scrapped\":0,\"packed\":0,\"open\":1,\"shipped\":0,");
    // loose: three packs and both cases; unknown: seven packs and a case
    struct fixture_answer a =
        want(f, "POST /v1/lots/" PILLS "/A1/close", "{}", 200,
             "{\"open_containers\":1,\"unconfirmed\":2,\"loose\":5,\"unknown_fate\":8,"
             "\"partners\":[]}");
    f->caller.role = ROLE_LINE;
    accepted(f, say_pack(f, sgtin(f, PILLS_CASE, c.texts[1]), (struct part){&s, 9, 1},
                         (struct packing_of){PILLS, ""}));
    f->caller.role = ROLE_OPERATOR;
    uint64_t before = facts(f);
    struct fixture_answer b = want(f, "POST /v1/lots/" PILLS "/A1/close", "{}", 200, "partners");
    assert_true(str_eq(a.body, b.body)); // what was told then
    assert_int_equal(facts(f), before);
    want(f, "GET /v1/lots/" PILLS "/A1", "", 200, "\"state\":\"closed\"");
    want(f, "POST /v1/lots", "{\"lot\":\"A1\",\"gtin\":\"" PILLS "\",\"expiry\":\"2028-12\"}", 200,
         "\"state\":\"open\""); // as it was opened
}

static void two_wait(const struct site *s, struct txn *t, client_id client, struct json_w *w)
{
    (void)s, (void)t;
    json_w_object(w);
    json_w_kstr(w, "partner", S("hub"));
    json_w_kint(w, "waiting", client.v);
    json_w_end(w);
    json_w_object(w);
    json_w_kstr(w, "partner", S("other"));
    json_w_kint(w, "waiting", 3);
    json_w_end(w);
}

static void closing_tells_who_still_waits(void **state)
{
    struct fixture *f = *state;

    f->site.waiting = two_wait;
    want(
        f, "POST /v1/lots/" PILLS "/A1/close", "{\"reason\":\"done\"}", 200,
        "\"partners\":[{\"partner\":\"hub\",\"waiting\":1},{\"partner\":\"other\",\"waiting\":3}]");
    f->site.waiting = NULL;
    want(f, "POST /v1/lots/" PILLS "/A1/close", "{\"reason\":\"done\"}", 200, "\"hub\"");
}

static void a_person_says_why_a_lot_is_closed(void **state)
{
    struct fixture *f = *state;

    f->caller.person = true;
    want(f, "POST /v1/lots/" PILLS "/A1/close", "{}", 400, "reason.required");
    want(f, "POST /v1/lots/" PILLS "/A1/close", "{\"reason\":\"all is packed\"}", 200, "partners");
    f->caller.person = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, open_site, line_site_teardown)
        T(a_lot_is_opened_once),
        T(what_is_said_of_a_lot_is_checked),
        T(expiry_keeps_what_was_printed),
        T(a_lot_keeps_the_version_of_its_product),
        T(another_clients_lots_are_not_there),
        T(lists_are_filtered_and_paged),
        T(closing_tells_what_is_loose_and_refuses_nothing),
        T(closing_tells_who_still_waits),
        T(a_person_says_why_a_lot_is_closed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
