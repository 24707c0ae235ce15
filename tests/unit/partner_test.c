// Partners: what may be put, what is refused with field and rule, what becomes of secrets, and what
// counts as taken.
#include "delivery_site.h"
#include "service/catalog/product.h"
#include "service/client/client.h"
#include "service/exchange/partner.h"
#include "service/exchange/prefixes.h"
#include "service/pool/pool.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct http_route *const routes[] = {exchange_routes, NULL};

static struct fixture_answer put(struct delivery_site *s, const char *json)
{
    if (s->f->server == NULL) fixture_serve(s->f, routes);
    return fixture_call(s->f, "PUT /v1/partners/Hub", "", json);
}

#define BEGIN                                                                                      \
    "{\"client\":\"acme\",\"url\":\"https://hub.example/in\",\"format\":\"epcis-2.0-json\""

static void expect(struct delivery_site *s, const char *json, int code, const char *holds)
{
    struct fixture_answer a = put(s, json);

    if (a.code != code || !delivery_holds(a.body, str_of(holds)))
        fail_msg("%s: %d %.*s (wanted %d with %s)", json, a.code, STR(a.body), code, holds);
}

static void what_is_put_comes_back_without_secrets(void **state)
{
    struct delivery_site *s = *state;
    static const char full[] =
        BEGIN ",\"filter\":{\"gtins\":[\"9506000134352\"],\"bizSteps\":"
              "[\"urn:epcglobal:cbv:bizstep:shipping\",\"packing\"]},"
              "\"auth\":{\"bearer\":\"very-secret\"},"
              "\"headers\":[{\"name\":\"X-A\",\"value\":\"open\"},"
              "{\"name\":\"X-B\",\"value\":\"hidden\",\"secret\":true}],"
              "\"success\":{\"status\":[200, 202],\"body\":\"OK$\"},\"approval\":\"none\","
              "\"extra\":{\"sender\":\"we\"}}";

    expect(s, full, 201, "\"bearer\":\"***\"");
    expect(s, full, 200, "\"version\":1"); // the same: no new version, though nonces are fresh
    expect(s, full, 200, "\"gtins\":[\"09506000134352\"],\"bizSteps\":[\"shipping\",\"packing\"]");
    expect(s, full, 200,
           "{\"name\":\"X-A\",\"value\":\"open\"},{\"name\":\"X-B\",\"value\":\"***\"");
    expect(s, full, 200, "\"status\":[200,202],\"body\":\"OK$\"");
    expect(s, full, 200, "\"accepted\":0,\"parked\":0,\"failing\":false");
    struct fixture_answer a = fixture_call(s->f, "GET /v1/partners/hub", "", "");
    assert_int_equal(a.code, 200);
    assert_false(delivery_holds(a.body, S("very-secret")));
    assert_false(delivery_holds(a.body, S("hidden")));
}

static void stars_keep_a_secret_for_the_same_address_only(void **state)
{
    struct delivery_site *s = *state;

    expect(s, BEGIN ",\"auth\":{\"bearer\":\"***\"}}", 400, "partner.secret");
    expect(s, BEGIN ",\"auth\":{\"bearer\":\"one\"}}", 201, "\"version\":1");
    expect(s, BEGIN ",\"auth\":{\"bearer\":\"***\"}}", 200, "\"version\":1");
    expect(s, BEGIN ",\"auth\":{\"bearer\":\"two\"}}", 200, "\"version\":2");
    expect(s, BEGIN ",\"gzip\":true,\"auth\":{\"bearer\":\"***\"}}", 200, "\"version\":3");
    expect(s,
           "{\"client\":\"acme\",\"url\":\"https://thief.example/in\",\"format\":"
           "\"epcis-2.0-json\",\"auth\":{\"bearer\":\"***\"}}",
           400, "partner.secret");
    delivery_commission(s, 0, 1);
    delivery_run(s, 0);
    assert_int_equal(s->sent_count, 1);
    assert_true(str_eq(s->sent[0].bearer, S("two")));
}

static void wrong_fields_are_refused_with_field_and_rule(void **state)
{
    struct delivery_site *s = *state;
    static const struct {
        const char *json;
        int code;
        const char *holds;
    } rows[] = {
        {BEGIN ",\"urll\":1}",                                                                400, "urll"           },
        {"{\"client\":\"acme\",\"url\":\"http://a\"}",                                        400, "format"         },
        {"{\"client\":\"acme\",\"url\":\"http://a\",\"format\":\"csv\"}",                     400, "field.word"     },
        {"{\"client\":\"acme\",\"url\":\"ftp://a\",\"format\":\"epcis-2.0-json\"}",           400,
         "partner.url"                                                                                              },
        {"{\"client\":\"acme\",\"url\":\"x\",\"format\":\"epcis-2.0-json\"}",                 400, "partner.url"    },
        {"{\"client\":\"acme\",\"url\":\"http://\",\"format\":\"epcis-2.0-json\"}",           400,
         "partner.url"                                                                                              },
        {"{\"client\":\"acme\",\"url\":\"http://u:p@a/\",\"format\":\"epcis-2.0-json\"}",     400,
         "partner.url"                                                                                              },
        {"{\"client\":\"acme\",\"url\":\"http://a:b/\",\"format\":\"epcis-2.0-json\"}",       400,
         "partner.url"                                                                                              },
        {"{\"client\":\"acme\",\"url\":\"http://[::1/\",\"format\":\"epcis-2.0-json\"}",      400,
         "partner.url"                                                                                              },
        {"{\"client\":\"acme\",\"url\":\"http://%zz/\",\"format\":\"epcis-2.0-json\"}",       400,
         "partner.url"                                                                                              },
        {"{\"client\":\"acme\",\"url\":\"http://a/ b\",\"format\":\"epcis-2.0-json\"}",       400,
         "partner.url"                                                                                              },
        {"{\"client\":\"nobody\",\"url\":\"http://a\",\"format\":\"epcis-2.0-json\"}",        422,
         "client.unknown"                                                                                           },
        {BEGIN ",\"auth\":{}}",                                                               400, "partner.auth"   },
        {BEGIN ",\"auth\":{\"bearer\":\"x\",\"basic\":{\"user\":\"u\",\"password\":\"p\"}}}", 400,
         "partner.auth"                                                                                             },
        {BEGIN ",\"auth\":{\"basic\":{\"user\":\"u:v\",\"password\":\"p\"}}}",                400, "partner.auth"   },
        {BEGIN ",\"headers\":[{\"name\":\"Host\",\"value\":\"x\"}]}",                         400, "partner.header" },
        {BEGIN ",\"headers\":[{\"name\":\"X Y\",\"value\":\"x\"}]}",                          400, "partner.header" },
        {BEGIN ",\"headers\":[{\"name\":\"X\",\"value\":\"a\\r\\nb\"}]}",                     400, "field.control"  },
        {BEGIN ",\"filter\":{\"gtins\":[\"9506000134353\"]}}",                                400, "gs1.check_digit"},
        {BEGIN ",\"filter\":{\"bizSteps\":[\"dancing\"]}}",                                   400, "partner.step"   },
        {BEGIN ",\"success\":{\"status\":[99]}}",                                             400, "json.range"     },
        {BEGIN ",\"success\":{\"status\":[]}}",                                               400, "partner.status" },
        {BEGIN ",\"success\":{\"status\":200}}",                                              400, "json.type"      },
        {BEGIN ",\"success\":{\"body\":\"(\"}}",                                              400, "partner.pattern"},
        {BEGIN ",\"success\":{\"body\":\"(a)\\\\1\"}}",                                       400, "partner.pattern"},
        {BEGIN ",\"success\":{\"body\":\"((a{1,255}){1,255}){1,255}\"}}",                     400, "partner.pattern"},
        {BEGIN ",\"approval\":\"two\"}",                                                      400, "field.word"     },
        {BEGIN ",\"from\":\"yesterday\"}",                                                    400, "field.word"     },
    };

    for (size_t i = 0; i < LEN(rows); i++) expect(s, rows[i].json, rows[i].code, rows[i].holds);
    expect(s, BEGIN "}", 201, "hub");
    expect(s, "{\"client\":\"bolt\",\"url\":\"http://a\",\"format\":\"epcis-2.0-json\"}", 409,
           "partner.client");
}

static void no_credential_lies_in_an_address(void **state)
{
    struct delivery_site *s = *state;
    static const struct {
        const char *url;
        bool taken;
    } rows[] = {
        {"https://hub.example/in?tenant=acme&format=json", true },
        {"https://hub.example/token/in?monkey=1&codes=2",  true },
        {"https://hub.example/in?tokens",                  true },
        {"https://user:word@hub.example/in",               false},
        {"https://user@hub.example/in",                    false},
        {"https://hub.example/in?token=abc",               false},
        {"https://hub.example/in?a=1&Access_Token=abc",    false},
        {"https://hub.example/in?X-Amz-Signature=abc",     false},
        {"https://hub.example/in?api-key=abc&b=2",         false},
        {"https://hub.example/in?code=abc",                false},
        {"https://hub.example?a=b&sig=abc",                false},
        {"https://hub.example/in?client_secret",           false},
    };
    char json[200];

    for (size_t i = 0; i < LEN(rows); i++) {
        snprintf(json, sizeof json,
                 "{\"client\":\"acme\",\"url\":\"%s\",\"format\":\"epcis-2.0-json\"}", rows[i].url);
        struct fixture_answer a = put(s, json);
        bool taken = a.code == 200 || a.code == 201;
        if (taken != rows[i].taken) fail_msg("%s: %.*s", rows[i].url, STR(a.body));
        if (taken) continue;
        assert_true(delivery_holds(a.body, S("partner.url")));
        assert_true(delivery_holds(a.body, S("\"url: ")));
        assert_false(delivery_holds(a.body, S("abc")));
    }
}

// EPCIS-1.2-URN
static void a_reader_of_1_2_needs_every_company_prefix(void **state)
{
    struct delivery_site *s = *state;
    const char *xml = "{\"client\":\"bolt\",\"url\":\"http://a\",\"format\":\"epcis-1.2-xml\"}";
    const char *product = "{\"client\":\"bolt\",\"name\":\"Drops\"}";

    assert_int_equal(fixture_put(s->f, &kind_product_put, "4012345000016", product).cls, ST_OK);
    expect(s, xml, 409, "prefix.unknown");
    assert_int_equal(fixture_put(s->f, &kind_client_put, "bolt",
                                 "{\"name\":\"Bolt\",\"prefixes\":[\"9506001\",\"4012345\"]}")
                         .cls,
                     ST_OK);
    expect(s, xml, 201, "epcis-1.2-xml");
}

static void expect_put(struct delivery_site *s, const struct kind *kind, const char *line,
                       const char *code)
{
    char name[40];
    const char *body = strchr(line, ' ') + 1;

    snprintf(name, sizeof name, "%.*s", (int)(body - line - 1), line);
    status st = fixture_put(s->f, kind, name, body);
    const char *was = st.cls == ST_OK ? "" : st.reason;
    if (strcmp(was, code) != 0) fail_msg("%s: \"%s\" %s, wanted \"%s\"", line, was, st.text, code);
}

static void open_prefixes(struct delivery_site *s)
{
    s->f->site.prefixes_fit = partner_prefixes_fit;
    s->f->site.reads_urns = partner_reads_urns;
    expect_put(s, &kind_client_put,
               "bolt {\"name\":\"Bolt\",\"prefixes\":[\"9506001\",\"4012345\"]}", "");
}

// EPCIS-1.2-URN
static void what_a_reader_of_1_2_needs_stays_there(void **state)
{
    struct delivery_site *s = *state;
    static const char drops[] = "4012345000016 {\"client\":\"bolt\",\"name\":\"Drops\"}";
    static const char strange[] = "7612345000015 {\"client\":\"bolt\",\"name\":\"Strange\"}";
    static const char pool[] =
        "plant {\"kind\":\"sscc\",\"prefix\":\"7612399\",\"extension\":\"0\"}";

    open_prefixes(s);
    expect_put(s, &kind_product_put, drops, "");
    expect(s, "{\"client\":\"bolt\",\"url\":\"http://a\",\"format\":\"epcis-1.2-xml\"}", 201,
           "hub");
    expect_put(s, &kind_product_put, strange, "prefix.unknown");
    expect_put(s, &kind_client_put, "bolt {\"name\":\"Bolt\",\"prefixes\":[\"9506001\"]}",
               "prefix.unknown");
    expect_put(s, &kind_client_put,
               "bolt {\"name\":\"Bolt\",\"prefixes\":[\"9506001\",\"40123450\"]}", "");
    expect_put(s, &kind_pool_put, pool, "prefix.unknown");
    expect_put(s, &kind_client_put,
               "plant {\"name\":\"Plant\",\"plant\":true,\"prefixes\":[\"7612399\"]}", "");
    expect_put(s, &kind_pool_put, pool, "");
    expect_put(s, &kind_client_put, "plant {\"name\":\"Plant\",\"plant\":true}", "prefix.unknown");
}

static void who_reads_nothing_of_1_2_may_lose_a_prefix(void **state)
{
    struct delivery_site *s = *state;
    static const char without[] = "bolt {\"name\":\"Bolt\",\"prefixes\":[\"9506001\"]}";

    open_prefixes(s);
    expect_put(s, &kind_product_put, "4012345000016 {\"client\":\"bolt\",\"name\":\"Drops\"}", "");
    expect(s, "{\"client\":\"acme\",\"url\":\"http://a\",\"format\":\"epcis-1.2-xml\"}", 201,
           "hub");
    expect_put(s, &kind_client_put, without, ""); // another client's partner is no matter
    expect_put(s, &kind_pool_put,
               "own {\"kind\":\"sscc\",\"prefix\":\"7612399\",\"extension\":\"0\"}",
               "prefix.unknown"); // the plant's own SSCCs go to every client
}

static void an_own_sscc_pool_without_a_prefix_is_in_the_way_of_1_2(void **state)
{
    struct delivery_site *s = *state;
    const char *xml = "{\"client\":\"bolt\",\"url\":\"http://a\",\"format\":\"epcis-1.2-xml\"}";

    open_prefixes(s);
    expect_put(s, &kind_pool_put,
               "plant {\"kind\":\"sscc\",\"prefix\":\"7612399\",\"extension\":\"0\"}", "");
    expect(s, xml, 409, "prefix.unknown");
    expect_put(s, &kind_client_put,
               "plant {\"name\":\"Plant\",\"plant\":true,\"prefixes\":[\"7612399\"]}", "");
    expect(s, xml, 201, "hub");
}

static void prefixes_do_not_move_while_pools_give_from_them(void **state)
{
    struct delivery_site *s = *state;
    static const char bolts[] =
        "bolts {\"kind\":\"sscc\",\"prefix\":\"9506001\",\"extension\":\"0\"}";
    static const char said[] = "said {\"kind\":\"sscc\",\"client\":\"bolt\",\"prefix\":\"4012345\","
                               "\"extension\":\"0\"}";
    static const char own[] = "own {\"kind\":\"sscc\",\"prefix\":\"7612399\",\"extension\":\"0\"}";

    open_prefixes(s);
    expect_put(s, &kind_pool_put, bolts, "");
    expect_put(s, &kind_pool_put, said, "");
    expect_put(s, &kind_pool_put, own, "");
    expect_put(s, &kind_client_put, "bolt {\"name\":\"Bolt\",\"prefixes\":[\"4012345\"]}",
               "prefix.in_use");
    expect_put(s, &kind_client_put, "bolt {\"name\":\"Bolt\",\"prefixes\":[\"9506001\"]}", "");
    expect_put(s, &kind_client_put, "else {\"name\":\"Else\",\"prefixes\":[\"4012345\"]}",
               "prefix.in_use"); // the pool says whose it is
    expect_put(s, &kind_client_put, "else {\"name\":\"Else\",\"prefixes\":[\"7612399\"]}",
               "prefix.in_use"); // it would be nobody else's any more
    expect_put(s, &kind_client_put,
               "else {\"name\":\"Else\",\"plant\":true,\"prefixes\":[\"7612399\"]}", "");
    expect_put(s, &kind_pool_put, own, "");
    expect_put(s, &kind_client_put, "else {\"name\":\"Else\",\"prefixes\":[\"7612399\"]}",
               "prefix.in_use");
}

static void another_client_sees_none_of_it(void **state)
{
    struct delivery_site *s = *state;
    static const client_id bolt = {2};

    expect(s, BEGIN "}", 201, "hub");
    s->f->caller.role = ROLE_GATEWAY;
    s->f->caller.clients = &bolt;
    s->f->caller.client_count = 1;
    assert_int_equal(fixture_call(s->f, "GET /v1/partners/hub", "", "").code, 404);
    struct fixture_answer a = fixture_call(s->f, "GET /v1/partners", "", "");
    assert_int_equal(a.code, 200);
    assert_false(delivery_holds(a.body, S("hub")));
}

static void rules_are_status_and_pattern(void **state)
{
    struct partner_success only_status = {.status = S("[200,409]")},
                           both = {.status = S("[202]"), .body = S("^\\{\"ok\":(true|1)")};
    static const struct {
        int rule, code;
        const char *body;
        bool taken;
    } rows[] = {
        {0, 200, "",           true },
        {0, 204, "",           true },
        {0, 203, "",           false},
        {0, 500, "",           false},
        {1, 409, "x",          true },
        {1, 202, "",           false},
        {2, 202, "{\"ok\":1}", true },
        {2, 202, "{\"ok\":0}", false},
        {2, 200, "{\"ok\":1}", false},
        {2, 202, "",           false},
    };
    struct partner p[3] = {{.success = NULL}, {.success = &only_status}, {.success = &both}};

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct success_rule *r = success_rule_new(&p[rows[i].rule]);
        if (success_rule_holds(r, rows[i].code, str_of(rows[i].body)) != rows[i].taken)
            fail_msg("row %zu", i);
        success_rule_free(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DELIVERY_TEST(what_is_put_comes_back_without_secrets),
        DELIVERY_TEST(stars_keep_a_secret_for_the_same_address_only),
        DELIVERY_TEST(wrong_fields_are_refused_with_field_and_rule),
        DELIVERY_TEST(no_credential_lies_in_an_address),
        DELIVERY_TEST(a_reader_of_1_2_needs_every_company_prefix),
        DELIVERY_TEST(what_a_reader_of_1_2_needs_stays_there),
        DELIVERY_TEST(who_reads_nothing_of_1_2_may_lose_a_prefix),
        DELIVERY_TEST(an_own_sscc_pool_without_a_prefix_is_in_the_way_of_1_2),
        DELIVERY_TEST(prefixes_do_not_move_while_pools_give_from_them),
        DELIVERY_TEST(another_client_sees_none_of_it),
        cmocka_unit_test(rules_are_status_and_pattern),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
