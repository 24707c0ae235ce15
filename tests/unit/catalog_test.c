// Clients, products, places and lines: what is put comes back, what contradicts is refused with
// field and rule, nobody sees what is another's, and a replay gives the same rows.
#include "service/catalog/place.h"
#include "service/catalog/product.h"
#include "service/client/client.h"
#include "site_fixture.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct kind *const kinds[] = {&kind_client_put,   &kind_product_put, &kind_line_put,
                                           &kind_location_put, &kind_party_put,   NULL};
static const struct http_route *const routes[] = {client_routes, product_routes, place_routes,
                                                  NULL};

#define PACK "09521141107348"
#define CASE "19521141107345"
#define GLN  "9521987000018"

static int site_open(void **state)
{
    struct fixture *f = fixture_open(kinds);

    fixture_serve(f, routes);
    *state = f;
    return 0;
}

static int site_close(void **state)
{
    struct fixture *f = *state;

    fixture_verify(f);
    fixture_close(&f);
    return 0;
}

static struct fixture_answer put(struct fixture *f, const char *path, const char *body)
{
    char line[200];

    snprintf(line, sizeof line, "PUT %s", path);
    return fixture_call(f, line, "", body);
}

static void expect(struct fixture *f, const char *path, const char *body, int code,
                   const char *holds)
{
    struct fixture_answer a = put(f, path, body);

    if (a.code != code || memmem(a.body.p, a.body.n, holds, strlen(holds)) == NULL)
        fail_msg("%s %s: %d %.*s (wanted %d with %s)", path, body, a.code, STR(a.body), code,
                 holds);
}

static void two_clients(struct fixture *f)
{
    expect(f, "/v1/clients/acme", "{\"name\":\"Acme\",\"prefixes\":[\"9521141\"]}", 201,
           "\"client\":\"acme\"");
    expect(f, "/v1/clients/other", "{\"name\":\"Other\",\"prefixes\":[\"9521321\"]}", 201, "Other");
}

static void what_is_put_comes_back(void **state)
{
    struct fixture *f = *state;
    const char *product =
        "{\"client\":\"acme\",\"name\":\"Pills\",\"market\":\"EU\",\"levels\":["
        "{\"level\":\"pack\",\"id\":\"sgtin\",\"quantity\":1},"
        "{\"level\":\"case\",\"id\":\"sgtin\",\"gtin\":\"" CASE "\",\"quantity\":10},"
        "{\"level\":\"pallet\",\"id\":\"sscc\",\"quantity\":20}]}";

    two_clients(f);
    expect(f, "/v1/products/9521141107348", product, 201, "\"gtin\":\"" PACK "\"");
    expect(f, "/v1/products/" PACK, product, 200, "\"version\":1"); // the same: no new version
    expect(f, "/v1/products/" PACK, "{\"client\":\"acme\",\"name\":\"Better pills\"}", 200,
           "\"version\":2");
    struct fixture_answer got = fixture_call(f, "GET /v1/products/" PACK, "", "");
    assert_int_equal(got.code, 200);
    assert_non_null(memmem(got.body.p, got.body.n, "Better pills", 12));
    assert_int_equal(fixture_call(f, "GET /v1/products/" CASE, "", "").code, 404);

    struct txn *t = fixture_read(f);
    struct product p;
    struct gtin_row row;
    assert_true(gtin_get(t, CASE, &row));
    assert_int_equal(row.level, 1);
    assert_int_equal(product_get(t, row.product, &f->arena, &p).cls, ST_OK);
    assert_int_equal(p.level_count, 1); // the newest has one level
    assert_int_equal(product_get_version(t, row.product, 1, &f->arena, &p).cls, ST_OK);
    assert_int_equal(p.level_count, 3);
    assert_int_equal(p.levels[1].quantity, 10);
    assert_true(p.levels[2].is_sscc);
    fixture_read_end(t);
}

static void wrong_fields_are_refused_with_field_and_rule(void **state)
{
    static const struct {
        const char *path, *body;
        int code;
        const char *holds;
    } rows[] = {
        {"/v1/clients/Bad%20Name",      "{\"name\":\"x\"}",                                          400, "name.form"       },
        {"/v1/clients/x",               "{}",                                                        400, "field.required"  },
        {"/v1/clients/x",               "{\"name\":\"x\",\"nmae\":\"y\"}",                           400, "nmae"            },
        {"/v1/clients/x",               "{\"name\":\"x\",\"prefixes\":[\"95A1141\"]}",               400, "prefix.form"     },
        {"/v1/clients/x",               "{\"name\":\"x\",\"prefixes\":[\"952\"]}",                   400, "prefixes"        },
        {"/v1/clients/x",               "{\"name\":\"x\",\"prefixes\":[\"95211\"]}",                 409, "prefix.taken"    },
        {"/v1/clients/x",               "{\"name\":\"x\",\"prefixes\":[\"95211419\"]}",              409, "prefix.taken"    },
        {"/v1/clients/x",               "{\"name\":\"x\",\"profile\":{\"ship_rule\":\"released\"}}", 400,
         "profile.not_yet"                                                                                                  },
        {"/v1/clients/x",               "{\"name\":\"x\",\"profile\":{\"capture\":\"maybe\"}}",      400,
         "field.word"                                                                                                       },
        {"/v1/products/09521141107349", "{\"client\":\"acme\",\"name\":\"x\"}",                      400, "check_digit"     },
        {"/v1/products/" PACK,          "{\"client\":\"nobody\",\"name\":\"x\"}",                    422, "client.unknown"  },
        {"/v1/products/" PACK,
         "{\"client\":\"acme\",\"name\":\"x\",\"levels\":[{\"level\":\"a\",\"id\":\"sscc\","
         "\"quantity\":1}]}",                                                                        400, "product.levels"  },
        {"/v1/products/" PACK,
         "{\"client\":\"acme\",\"name\":\"x\",\"levels\":[{\"level\":\"a\",\"id\":\"sgtin\","
         "\"quantity\":1},{\"level\":\"b\",\"id\":\"sgtin\",\"quantity\":5}]}",                      400, "product.levels"  },
        {"/v1/lines/l1",                "{\"name\":\"x\",\"location\":\"" GLN "\"}",                 422, "location.unknown"},
        {"/v1/locations/" GLN,          "{\"name\":\"x\",\"timezone\":\"no zone\"}",                 400,
         "location.timezone"                                                                                                },
        {"/v1/locations/9521987000019", "{\"name\":\"x\"}",                                          400, "gs1."            },
    };
    struct fixture *f = *state;

    two_clients(f);
    for (size_t i = 0; i < LEN(rows); i++)
        expect(f, rows[i].path, rows[i].body, rows[i].code, rows[i].holds);
}

static void a_gtin_belongs_to_one_product_and_a_product_to_one_client(void **state)
{
    struct fixture *f = *state;

    two_clients(f);
    expect(f, "/v1/products/" PACK,
           "{\"client\":\"acme\",\"name\":\"x\",\"levels\":[{\"level\":\"a\",\"id\":\"sgtin\","
           "\"quantity\":1},{\"level\":\"b\",\"id\":\"sgtin\",\"gtin\":\"" CASE
           "\",\"quantity\":5}]}",
           201, "acme");
    expect(f, "/v1/products/" CASE, "{\"client\":\"acme\",\"name\":\"y\"}", 409, "gtin.taken");
    expect(f, "/v1/products/" PACK, "{\"client\":\"other\",\"name\":\"x\"}", 409, "product.client");
}

static void places_lie_in_places_but_not_in_themselves(void **state)
{
    struct fixture *f = *state;
    struct line line;

    expect(f, "/v1/locations/" GLN, "{\"name\":\"Hall\"}", 201, "Hall");
    expect(f, "/v1/locations/9521141000014", "{\"name\":\"Room\",\"parent\":\"" GLN "\"}", 201,
           GLN);
    expect(f, "/v1/locations/" GLN, "{\"name\":\"Hall\",\"parent\":\"9521141000014\"}", 409,
           "location.cycle");
    expect(f, "/v1/lines/line-1", "{\"name\":\"Line\",\"location\":\"" GLN "\"}", 201, "line-1");
    struct txn *t = fixture_read(f);
    assert_true(line_get(t, S("line-1"), &line));
    assert_int_equal(line.gln, 9521987000018);
    assert_true(str_eq(line_name(t, line.number, &f->arena), S("line-1")));
    fixture_read_end(t);
}

static void a_caller_bound_to_a_client_sees_nothing_of_another(void **state)
{
    struct fixture *f = *state;
    static const client_id other = {2};

    two_clients(f);
    expect(f, "/v1/products/" PACK, "{\"client\":\"acme\",\"name\":\"x\"}", 201, "acme");
    f->caller.role = ROLE_CLIENT;
    f->caller.clients = &other;
    f->caller.client_count = 1;
    assert_int_equal(fixture_call(f, "GET /v1/products/" PACK, "", "").code, 404);
    assert_int_equal(fixture_call(f, "GET /v1/clients/acme", "", "").code, 404);
    assert_int_equal(fixture_call(f, "GET /v1/clients/other", "", "").code, 200);
    struct fixture_answer list = fixture_call(f, "GET /v1/products", "", "");
    assert_true(str_eq(list.body, S("{\"items\":[],\"next\":null}")));
}

static void lists_come_in_pages(void **state)
{
    struct fixture *f = *state;
    char path[64];

    for (int i = 0; i < 5; i++) {
        snprintf(path, sizeof path, "/v1/clients/c%d", i);
        expect(f, path, "{\"name\":\"x\"}", 201, "x");
    }
    struct fixture_answer a = fixture_call(f, "GET /v1/clients?limit=3", "", "");
    assert_non_null(memmem(a.body.p, a.body.n, "\"c2\"", 4));
    assert_null(memmem(a.body.p, a.body.n, "\"c3\"", 4));
    a = fixture_call(f, "GET /v1/clients?limit=3&page=6332", "", ""); // as `next` said: "c2"
    assert_non_null(memmem(a.body.p, a.body.n, "\"c3\"", 4));
    assert_non_null(memmem(a.body.p, a.body.n, "\"next\":null", 11));
    assert_int_equal(fixture_call(f, "GET /v1/clients?limit=0", "", "").code, 400);
}

static void people_must_say_why(void **state)
{
    struct fixture *f = *state;

    f->caller.person = true;
    expect(f, "/v1/clients/x", "{\"name\":\"x\"}", 400, "reason.required");
    expect(f, "/v1/clients/x", "{\"name\":\"x\",\"reason\":\"a new contract\"}", 201, "\"x\"");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, site_open, site_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_put_comes_back),
        TEST(wrong_fields_are_refused_with_field_and_rule),
        TEST(a_gtin_belongs_to_one_product_and_a_product_to_one_client),
        TEST(places_lie_in_places_but_not_in_themselves),
        TEST(a_caller_bound_to_a_client_sees_nothing_of_another),
        TEST(lists_come_in_pages),
        TEST(people_must_say_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
