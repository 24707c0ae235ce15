// Products: levels and their rules, the GTIN that leads to its product, the client that never
// changes, and the versions that lots hold on to.
#include "catalog_site.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define PUT "/v1/products/" PACK

static void what_is_put_comes_back(void **state)
{
    struct fixture *f = *state;

    catalog_two_clients(f);
    catalog_expect(f, "/v1/products/9521141107348",
                   "{\"client\":\"ACME\",\"name\":\"Pills\",\"market\":\"EU\",\"holder\":\"H\","
                   "\"extra\":{\"atc\":\"N02\"},\"levels\":[" EACH
                   "," CASE_OF(10) "," PALLET_OF(20) "]}",
                   201, "\"gtin\":\"" PACK "\"");
    struct fixture_answer a = catalog_get(f, PUT);
    assert_true(str_eq(
        a.body,
        S("{\"gtin\":\"" PACK "\",\"version\":1,\"client\":\"acme\",\"holder\":\"H\",\"name\":"
          "\"Pills\",\"market\":\"EU\",\"levels\":[{\"level\":\"pack\",\"id\":\"sgtin\",\"gtin\":"
          "\"" PACK "\",\"quantity\":1},{\"level\":\"case\",\"id\":\"sgtin\",\"gtin\":\"" CASE
          "\",\"quantity\":10},{\"level\":\"pallet\",\"id\":\"sscc\",\"quantity\":20}],"
          "\"extra\":{\"atc\":\"N02\"}}")));
    a = catalog_get(f, "/v1/products/" CASE); // a level, not a product
    assert_int_equal(a.code, 404);
    assert_true(catalog_holds(a, "product.unknown"));
}

static void without_levels_there_is_one_called_each(void **state)
{
    struct fixture *f = *state;

    catalog_two_clients(f);
    catalog_expect(f, PUT, "{\"client\":\"acme\",\"name\":\"x\"}", 201,
                   "\"levels\":[{\"level\":\"each\",\"id\":\"sgtin\",\"gtin\":\"" PACK
                   "\",\"quantity\":1}]");
}

static void lots_can_read_the_version_they_were_opened_with(void **state)
{
    struct fixture *f = *state;
    struct gtin_row row;
    struct product p;

    catalog_two_clients(f);
    catalog_expect(f, PUT, PILLS(EACH "," CASE_OF(10) "," PALLET_OF(20)), 201, "Pills");
    catalog_expect(f, PUT, PILLS(EACH "," CASE_OF(12)), 200, "\"version\":2");
    catalog_expect(f, PUT, PILLS(EACH), 200, "\"version\":3");
    struct txn *t = fixture_read(f);
    assert_true(gtin_get(t, CASE, &row)); // of a version that is no longer the newest
    assert_int_equal(row.level, 1);
    assert_int_equal(row.client.v, 1);
    assert_int_equal(product_get(t, row.product, &f->arena, &p).cls, ST_OK);
    assert_int_equal(p.level_count, 1);
    assert_int_equal(p.version, 3);
    assert_int_equal(product_get_version(t, row.product, 1, &f->arena, &p).cls, ST_OK);
    assert_int_equal(p.level_count, 3);
    assert_int_equal(p.levels[1].quantity, 10);
    assert_memory_equal(p.levels[1].gtin, CASE, 14);
    assert_true(p.levels[2].is_sscc && !p.levels[1].is_sscc);
    assert_true(str_eq(p.levels[2].level, S("pallet")));
    assert_memory_equal(p.gtin, PACK, 14);
    assert_int_equal(product_get_version(t, row.product, 2, &f->arena, &p).cls, ST_OK);
    assert_int_equal(p.levels[1].quantity, 12);
    status st = product_get_version(t, row.product, 4, &f->arena, &p);
    assert_string_equal(st.reason, "product.unknown");
    st = product_get(t, row.product + 1, &f->arena, &p);
    assert_string_equal(st.reason, "product.unknown");
    assert_false(gtin_get(t, OTHER, &row));
    fixture_read_end(t);
}

#define SSCC(name) LEVEL(name, "sscc", ",\"quantity\":1")

// clang-format off
static const struct {
    const char *levels, *code, *rule;
} wrong_levels[] = {
    {LEVEL("a", "sscc", ",\"quantity\":1"),
     "product.levels", "levels[0]: the innermost level is an sgtin"},
    {LEVEL("a", "sgtin", ",\"quantity\":2"),
     "product.levels", "levels[0]: the innermost level holds 1"},
    {LEVEL("a", "sgtin", ",\"quantity\":1,\"gtin\":\"" CASE "\""),
     "product.levels", "levels[0]: its gtin is the product's own"},
    {EACH "," LEVEL("b", "sgtin", ",\"quantity\":5"),
     "product.levels", "levels[1]: an sgtin level above the innermost has its own gtin"},
    {EACH "," LEVEL("b", "sgtin", ",\"quantity\":5,\"gtin\":\"" PACK "\""),
     "product.levels", "levels[1]: its gtin stands twice"},
    {EACH "," SSCC("pack"),
     "product.levels", "levels[1]: its name stands twice"},
    {EACH "," LEVEL("b", "sscc", ",\"quantity\":5,\"gtin\":\"" CASE "\""),
     "product.levels", "levels[1]: an SSCC level has no gtin"},
    {EACH "," PALLET_OF(2) "," CASE_OF(5),
     "product.levels", "levels[2]: an sgtin level never lies above an sscc level"},
    {EACH "," LEVEL("b", "sscc", ",\"quantity\":0"), "field.range", "quantity"},
    {EACH "," LEVEL("b", "sscc", ""), "field.required", "quantity"},
    {EACH "," LEVEL("b", "grai", ",\"quantity\":1"), "field.word", "id"},
    {EACH "," SSCC("B b"), "field.name", "level"},
    {EACH "," LEVEL("b", "sgtin", ",\"quantity\":5,\"gtin\":\"19521141107346\""),
     "gs1.check_digit", "should be 5"},
    {EACH "," LEVEL("b", "sscc", ",\"quantity\":1,\"label\":true"),
     "json.unknown_field", "label"},
    {EACH "," SSCC("b") "," SSCC("c") "," SSCC("d") "," SSCC("e") "," SSCC("f") "," SSCC("g") ","
     SSCC("h") "," SSCC("i"),
     "field.range", "0 to 8 items"},
};
// clang-format on

static void wrong_levels_are_refused_with_field_and_rule(void **state)
{
    struct fixture *f = *state;
    char body[1000];

    catalog_two_clients(f);
    for (size_t i = 0; i < LEN(wrong_levels); i++) {
        snprintf(body, sizeof body, PILLS("%s"), wrong_levels[i].levels);
        catalog_expect(f, PUT, body, 400, wrong_levels[i].code);
        catalog_expect(f, PUT, body, 400, wrong_levels[i].rule);
    }
    assert_int_equal(catalog_get(f, PUT).code, 404);
}

static void wrong_products_are_refused_with_field_and_rule(void **state)
{
    struct fixture *f = *state;

    catalog_two_clients(f);
    catalog_expect(f, PUT, "{\"name\":\"x\"}", 400, "\\u0022client\\u0022");
    catalog_expect(f, PUT, "{\"client\":\"acme\"}", 400, "field.required");
    catalog_expect(f, PUT, "{\"client\":\"no body\",\"name\":\"x\"}", 400, "field.name");
    catalog_expect(f, PUT, "{\"client\":\"nobody\",\"name\":\"x\"}", 422, "client.unknown");
    catalog_expect(f, "/v1/products/09521141107349", PILLS(EACH), 400, "gs1.check_digit");
    catalog_expect(f, "/v1/products/95211411073", PILLS(EACH), 400, "gs1.length");
    catalog_expect(f, "/v1/products/9521141107x48", PILLS(EACH), 400, "gs1.digits");
    assert_int_equal(catalog_get(f, PUT).code, 404);
}

static void a_name_has_at_most_200_bytes(void **state)
{
    struct fixture *f = *state;
    char body[300];

    catalog_two_clients(f);
    snprintf(body, sizeof body, "{\"client\":\"acme\",\"name\":\"%0201d\"}", 0);
    catalog_expect(f, PUT, body, 400, "field.range");
    snprintf(body, sizeof body, "{\"client\":\"acme\",\"name\":\"%0200d\"}", 0);
    catalog_expect(f, PUT, body, 201, "00");
}

static void a_gtin_belongs_to_one_product_and_one_level(void **state)
{
    struct fixture *f = *state;

    catalog_two_clients(f);
    catalog_expect(f, PUT, PILLS(EACH "," CASE_OF(5)), 201, "acme");
    catalog_expect(f, "/v1/products/" CASE, "{\"client\":\"acme\",\"name\":\"y\"}", 409,
                   "gtin.taken");
    catalog_expect(f, "/v1/products/" OTHER,
                   "{\"client\":\"other\",\"name\":\"y\",\"levels\":[" EACH "," CASE_OF(5) "]}",
                   409, "levels[1].gtin");
    catalog_expect(f, "/v1/products/" OTHER, "{\"client\":\"other\",\"name\":\"y\"}", 201, OTHER);
    catalog_expect(f, PUT,
                   PILLS(EACH "," LEVEL("bundle", "sgtin",
                                        ",\"quantity\":2,\"gtin\":\"" PALE "\"") "," CASE_OF(5)),
                   409, "levels[2].gtin"); // lots of version 1 know it as level 1
    catalog_expect(f, PUT, PILLS(EACH), 200, "\"version\":2");
    catalog_expect(f, "/v1/products/" CASE, "{\"client\":\"acme\",\"name\":\"y\"}", 409,
                   "gtin.taken"); // given up, but version 1 still has it
    catalog_expect(f, PUT, PILLS(EACH "," CASE_OF(7)), 200, "\"version\":3");
}

static void a_product_stays_its_clients(void **state)
{
    struct fixture *f = *state;

    catalog_two_clients(f);
    catalog_expect(f, PUT, PILLS(EACH), 201, "acme");
    catalog_expect(f, PUT, "{\"client\":\"other\",\"name\":\"Pills\"}", 409, "product.client");
    catalog_expect(f, PUT, PILLS(EACH), 200, "\"version\":1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CATALOG_TEST(what_is_put_comes_back),
        CATALOG_TEST(without_levels_there_is_one_called_each),
        CATALOG_TEST(lots_can_read_the_version_they_were_opened_with),
        CATALOG_TEST(wrong_levels_are_refused_with_field_and_rule),
        CATALOG_TEST(wrong_products_are_refused_with_field_and_rule),
        CATALOG_TEST(a_name_has_at_most_200_bytes),
        CATALOG_TEST(a_gtin_belongs_to_one_product_and_one_level),
        CATALOG_TEST(a_product_stays_its_clients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
