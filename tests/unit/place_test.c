// Locations, parties and lines.
#include "catalog_site.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void what_is_put_comes_back(void **state)
{
    struct fixture *f = *state;

    catalog_expect(
        f, "/v1/locations/" GLN,
        "{\"name\":\"Hall\",\"timezone\":\"Europe/Zurich\",\"address\":{\"city\":\"Chur\"}}", 201,
        "{\"gln\":\"" GLN "\",\"version\":1,\"name\":\"Hall\",\"timezone\":"
        "\"Europe/Zurich\",\"address\":{\"city\":\"Chur\"}}");
    catalog_expect(f, "/v1/parties/" GLN, "{\"name\":\"Firm\",\"address\":{\"city\":\"Chur\"}}",
                   201,
                   "{\"gln\":\"" GLN "\",\"version\":1,\"name\":\"Firm\",\"address\":"
                   "{\"city\":\"Chur\"}}");
    catalog_expect(f, "/v1/lines/LINE-1", "{\"name\":\"Line\",\"location\":\"" GLN "\"}", 201,
                   "{\"line\":\"line-1\",\"version\":1,\"name\":\"Line\",\"location\":\"" GLN
                   "\"}");
    struct txn *t = fixture_read(f);
    assert_true(location_is_known(t, S(GLN)) && party_is_known(t, S(GLN)));
    assert_false(location_is_known(t, S(GLN2)) || party_is_known(t, S(GLN2)));
    fixture_read_end(t);
}

static void wrong_fields_are_refused_with_field_and_rule(void **state)
{
    static const struct {
        const char *path, *body;
        int code;
        const char *holds;
    } rows[] = {
        {"/v1/locations/9521987000019", "{\"name\":\"x\"}",                              400, "gs1.check_digit"   },
        {"/v1/locations/95219870000",   "{\"name\":\"x\"}",                              400, "gs1.length"        },
        {"/v1/parties/952198700001x",   "{\"name\":\"x\"}",                              400, "gs1.digits"        },
        {"/v1/locations/" GLN,          "{}",                                            400, "field.required"    },
        {"/v1/locations/" GLN,          "{\"name\":\"x\",\"parent\":\"9521987000019\"}", 400,
         "gs1.check_digit"                                                                                        },
        {"/v1/locations/" GLN,          "{\"name\":\"x\",\"parent\":\"" GLN2 "\"}",      422, "location.unknown"  },
        {"/v1/locations/" GLN,          "{\"name\":\"x\",\"parent\":\"" GLN "\"}",       409, "location.cycle"    },
        {"/v1/locations/" GLN,          "{\"name\":\"x\",\"address\":{\"city\":1}}",     400, "city"              },
        {"/v1/parties/" GLN,            "{\"name\":\"x\",\"parent\":\"" GLN2 "\"}",      400, "json.unknown_field"},
        {"/v1/lines/l1",                "{\"location\":\"" GLN "\"}",                    400, "field.required"    },
        {"/v1/lines/l1",                "{\"name\":\"x\",\"location\":\"" GLN "\"}",     422, "location.unknown"  },
        {"/v1/lines/l1",                "{\"name\":\"x\",\"location\":\"hall\"}",        400, "gs1."              },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < LEN(rows); i++)
        catalog_expect(f, rows[i].path, rows[i].body, rows[i].code, rows[i].holds);
}

static void a_timezone_is_a_name_or_an_offset(void **state)
{
    static const struct {
        const char *zone;
        bool fine;
    } rows[] = {
        {"UTC",                            true },
        {"America/Argentina/Buenos_Aires", true },
        {"Etc/GMT+5",                      true },
        {"+01:00",                         true },
        {"-03:30",                         true },
        {"+14:00",                         true },
        {"+14:30",                         false},
        {"+15:00",                         false},
        {"+1:00",                          false},
        {"01:00",                          false},
        {"+01:60",                         false},
        {"no zone",                        false},
        {"Mars/Olympus",                   false},
        {"../etc/passwd",                  false},
        {"/Zurich",                        false},
        {"Z\\u00fcrich",                   false},
        {"+0100",                          false},
    };
    struct fixture *f = *state;
    char body[100];

    for (size_t i = 0; i < LEN(rows); i++) {
        snprintf(body, sizeof body, "{\"name\":\"x\",\"timezone\":\"%s\"}", rows[i].zone);
        struct fixture_answer a = catalog_put(f, "/v1/locations/" GLN, body);
        if (rows[i].fine != (a.code < 300)) fail_msg("%s: %d", rows[i].zone, a.code);
        assert_true(catalog_holds(a, rows[i].fine ? rows[i].zone : "location.timezone"));
    }
}

static void places_lie_in_places_but_not_in_themselves(void **state)
{
    struct fixture *f = *state;

    catalog_expect(f, "/v1/locations/" GLN, "{\"name\":\"Hall\"}", 201, "Hall");
    catalog_expect(f, "/v1/locations/" GLN2, "{\"name\":\"Room\",\"parent\":\"" GLN "\"}", 201,
                   GLN);
    catalog_expect(f, "/v1/locations/9521141000021",
                   "{\"name\":\"Corner\",\"parent\":\"" GLN2 "\"}", 201, GLN2);
    catalog_expect(f, "/v1/locations/" GLN, "{\"name\":\"Hall\",\"parent\":\"9521141000021\"}", 409,
                   "location.cycle");
    catalog_expect(f, "/v1/locations/9521141000021", "{\"name\":\"Corner\",\"parent\":\"" GLN "\"}",
                   200, "\"version\":2");
}

static void places_are_at_most_32_deep(void **state)
{
    struct fixture *f = *state;
    char path[64], body[100], gln[14], above[14] = "";

    for (int i = 0; i < 33; i++) {
        snprintf(gln, sizeof gln, "952198701%03d", i);
        gln[12] = gs1_check_digit((str){gln, 12});
        gln[13] = '\0';
        snprintf(path, sizeof path, "/v1/locations/%s", gln);
        snprintf(body, sizeof body, "{\"name\":\"x\"%s%s%s}", i > 0 ? ",\"parent\":\"" : "", above,
                 i > 0 ? "\"" : "");
        catalog_expect(f, path, body, i < 32 ? 201 : 409, i < 32 ? gln : "location.deep");
        memcpy(above, gln, sizeof above);
    }
}

static void a_line_has_a_number_a_name_and_a_place(void **state)
{
    struct fixture *f = *state;
    struct line line;

    catalog_expect(f, "/v1/locations/" GLN, "{\"name\":\"Hall\"}", 201, "Hall");
    catalog_expect(f, "/v1/lines/line-1", "{\"name\":\"x\"}", 201, "line-1");
    catalog_expect(f, "/v1/lines/line-2", "{\"name\":\"x\",\"location\":\"" GLN "\"}", 201, GLN);
    struct txn *t = fixture_read(f);
    assert_true(line_get(t, S("line-1"), &line));
    assert_int_equal(line.number, 1);
    assert_int_equal(line.gln, 0);
    assert_true(line_get(t, S("line-2"), &line));
    assert_int_equal(line.number, 2);
    assert_int_equal(line.gln, 9521987000018);
    assert_true(str_eq(line_name(t, 2, &f->arena), S("line-2")));
    assert_int_equal(line_name(t, 3, &f->arena).n, 0);
    assert_false(line_get(t, S("line-3"), &line));
    fixture_read_end(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CATALOG_TEST(what_is_put_comes_back),
        CATALOG_TEST(wrong_fields_are_refused_with_field_and_rule),
        CATALOG_TEST(a_timezone_is_a_name_or_an_offset),
        CATALOG_TEST(places_lie_in_places_but_not_in_themselves),
        CATALOG_TEST(places_are_at_most_32_deep),
        CATALOG_TEST(a_line_has_a_number_a_name_and_a_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
