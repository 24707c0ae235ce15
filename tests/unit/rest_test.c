// rest_test.c - claims about what all paths below /epcis share.
#include "service/rest/rest_int.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#undef fail // the house's own

static struct http_header header[2];
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

static void assert_reason(status st, const char *reason)
{
    assert_string_equal(st.cls == ST_OK ? "" : st.reason, reason);
}

// ---- problems

// EPCIS-2.0-PROBLEM
static void every_status_has_its_type(void **state)
{
    static const struct {
        enum status_class cls;
        const char *reason, *type;
    } rows[] = {
        {ST_BAD_INPUT,         "json.syntax",            "Validation"           },
        {ST_BAD_INPUT,         "query.value",            "QueryParameter"       },
        {ST_BAD_INPUT,         "page.size",              "QueryParameter"       },
        {ST_BAD_INPUT,         "definition.form",        "QueryValidation"      },
        {ST_BAD_INPUT,         "subscription.controls",  "SubscriptionControls" },
        {ST_BAD_INPUT,         "schedule.range",         "SubscriptionControls" },
        {ST_BAD_INPUT,         "queries.else",           "Validation"           },
        {ST_UNAUTHENTICATED,   "access.missing",         "Security"             },
        {ST_NOT_ALLOWED,       "access.role",            "Security"             },
        {ST_NOT_FOUND,         "query.unknown",          "NoSuchName"           },
        {ST_METHOD,            "route.method",           "NoSuchName"           },
        {ST_NOT_ACCEPTABLE,    "accept.none",            "NotAcceptable"        },
        {ST_CONFLICT,          "query.exists",           "ResourceAlreadyExists"},
        {ST_CONFLICT,          "event.id_taken",         "ResourceAlreadyExists"},
        {ST_CONFLICT,          "unit.state",             "Validation"           },
        {ST_TOO_LARGE,         "http.body",              "CaptureLimitExceeded" },
        {ST_TOO_LARGE,         "query.too_large",        "QueryTooLarge"        },
        {ST_TOO_LARGE,         "query.too_complex",      "QueryTooComplex"      },
        {ST_URI_TOO_LONG,      "http.line_long",         "URITooLong"           },
        {ST_MEDIA_TYPE,        "body.type",              "UnsupportedMediaType" },
        {ST_UNPROCESSABLE,     "client.ambiguous",       "Validation"           },
        {ST_TIMEOUT,           "http.timeout",           "Validation"           },
        {ST_TOO_MANY,          "access.rate",            "Security"             },
        {ST_HEADERS_TOO_LARGE, "http.headers",           "Validation"           },
        {ST_INTERNAL,          NULL,                     "Implementation"       },
        {ST_UNSUPPORTED,       "http.method",            "Implementation"       },
        {ST_BUSY,              "service.busy",           "Implementation"       },
        {ST_STORE,             "store.corrupt",          "Implementation"       },
        {ST_FULL,              "store.full",             "Implementation"       },
        {ST_NOT_SET_UP,        "verification.responder", "Implementation"       },
    };
    bool seen[STATUS_CLASS_COUNT] = {[ST_OK] = true};
    char full[64];

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        status st = {.cls = rows[i].cls, .reason = rows[i].reason};
        snprintf(full, sizeof full, "epcisException:%sException", rows[i].type);
        assert_string_equal(rest_problem_type(st), full);
        seen[rows[i].cls] = true;
    }
    for (unsigned c = 0; c < STATUS_CLASS_COUNT; c++) assert_true(seen[c]);
}

static const char *problem(bool xml, status st)
{
    static char text[1024];
    struct buf b;

    buf_init(&b, sizeof text - 1);
    rest_problem_write(&b, xml, st, S(""));
    memcpy(text, b.p, b.n);
    text[b.n] = 0;
    buf_fini(&b);
    return text;
}

static void a_problem_is_the_same_in_json_and_xml(void **state)
{
    status st = fail(ST_NOT_FOUND, "query.unknown", 0, "no \"<a>\"");

    (void)state;
    assert_string_equal(problem(false, st),
                        "{\"type\":\"epcisException:NoSuchNameException\",\"title\":\"there is no "
                        "such thing\",\"status\":404,\"detail\":\"no \\\"<a>\\\"\",\"code\":"
                        "\"query.unknown\"}");
    assert_string_equal(problem(true, st),
                        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
                        "<epcis:EPCISException xmlns:epcis=\"urn:epcglobal:epcis:xsd:2\">"
                        "<type>epcisException:NoSuchNameException</type>"
                        "<title>there is no such thing</title><status>404</status>"
                        "<detail>no \"&lt;a&gt;\"</detail>"
                        "<code xmlns=\"urn:packtrail:problem\">query.unknown</code>"
                        "</epcis:EPCISException>");
}

static void a_sentence_that_quotes_a_stranger_is_still_xml(void **state)
{
    status st = fail(ST_BAD_INPUT, "json.syntax", 0, "a\x01 \xff\xef\xbf\xbf\xc3");

    (void)state;
    assert_non_null(strstr(problem(true, st), "<detail>a? ????"
                                              "?</detail>"));
}

// ---- media types

static void accept_chooses_among_what_can_be_had(void **state)
{
    static const struct {
        const char *accept;
        unsigned which;
        const char *type; // NULL: 406
    } rows[] = {
        {NULL,                                          REST_ANY,       "application/json"   },
        {"*/*",                                         REST_ANY,       "application/json"   },
        {"application/*",                               REST_ANY,       "application/json"   },
        {"application/json",                            REST_ANY,       "application/json"   },
        {"application/json;charset=utf-8",              REST_ANY,       "application/json"   },
        {"Application/LD+JSON",                         REST_ANY,       "application/ld+json"},
        {"application/xml",                             REST_ANY,       "application/xml"    },
        {"text/xml",                                    REST_ANY,       "text/xml"           },
        {"text/*",                                      REST_ANY,       "text/xml"           },
        {"application/xml, application/json",           REST_ANY,       "application/json"   },
        {"application/json;q=0.5, application/xml",     REST_ANY,       "application/xml"    },
        {"application/json;q=0, */*",                   REST_ANY,       "application/ld+json"},
        {"text/html, application/xml;q=0.9, */*;q=0.1", REST_ANY,       "application/xml"    },
        {"text/html",                                   REST_ANY,       NULL                 },
        {"application/json;q=0",                        REST_ANY,       NULL                 },
        {"application/xml",                             REST_ONLY_JSON, NULL                 },
        {"application/xml, application/ld+json;q=0.1",  REST_ONLY_JSON, "application/ld+json"},
    };
    struct rest_accepted to;

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        status st = rest_accept(with("Accept", rows[i].accept), rows[i].which, &to);
        assert_reason(st, rows[i].type == NULL ? "accept.none" : "");
        if (rows[i].type == NULL) assert_int_equal(st.cls, ST_NOT_ACCEPTABLE);
        if (rows[i].type != NULL) assert_string_equal(to.type, rows[i].type);
        if (rows[i].type != NULL)
            assert_int_equal(to.media, strstr(to.type, "xml") != NULL ? REST_XML : REST_JSON);
    }
}

static void a_body_is_what_its_label_says_or_refused(void **state)
{
    static const struct {
        const char *type, *first, *reason;
        enum rest_media media;
    } rows[] = {
        {"application/json",               "{}",              "",                 REST_JSON},
        {"application/ld+json; charset=x", "  {}",            "",                 REST_JSON},
        {"application/json",               "[",               "",                 REST_JSON},
        {"application/json",               "\xef\xbb\xbf {}", "",                 REST_JSON},
        {"application/json",               "",                "",                 REST_JSON},
        {"application/xml",                "<a/>",            "",                 REST_XML },
        {"TEXT/XML;charset=utf-8",         "\n<a/>",          "",                 REST_XML },
        {NULL,                             "{}",              "",                 REST_JSON},
        {NULL,                             "<a/>",            "",                 REST_XML },
        {"application/json",               "<a/>",            "body.mislabelled", 0        },
        {"application/xml",                "{}",              "body.mislabelled", 0        },
        {"application/json",               "hello",           "body.mislabelled", 0        },
        {"text/plain",                     "{}",              "body.type",        0        },
        {"application/jsonx",              "{}",              "body.type",        0        },
    };
    enum rest_media media;

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        status st =
            rest_body_media(with("Content-Type", rows[i].type), str_of(rows[i].first), &media);
        assert_reason(st, rows[i].reason);
        if (st.cls == ST_OK) assert_int_equal(media, rows[i].media);
    }
}

// ---- versions and forms

// EPCIS-2.0-VERSIONS
static void versions_are_numbers_and_compared_as_such(void **state)
{
    static const struct {
        const char *name, *value, *reason;
    } rows[] = {
        {"GS1-EPCIS-Min",     "2",             ""            },
        {"GS1-EPCIS-Min",     "2.0",           ""            },
        {"GS1-EPCIS-Min",     "1.2",           ""            },
        {"GS1-EPCIS-Min",     "2.0.0.0.1",     "version.none"},
        {"GS1-EPCIS-Min",     "2.1",           "version.none"},
        {"GS1-EPCIS-Min",     "10",            "version.none"},
        {"GS1-EPCIS-Max",     "2.0.0",         ""            },
        {"GS1-EPCIS-Max",     "2.10",          ""            },
        {"GS1-EPCIS-Max",     "1.99.99",       "version.none"},
        {"GS1-CBV-Min",       "2.0.1",         "version.none"},
        {"GS1-CBV-Max",       "1.2.1",         "version.none"},
        {"gs1-epcis-version", "2.0",           ""            },
        {"GS1-EPCIS-Version", "1.2",           ""            },
        {"GS1-EPCIS-Version", "1.3",           "version.none"},
        {"GS1-CBV-Version",   "3",             "version.none"},
        {"GS1-EPCIS-Min",     "",              ""            },
        {"GS1-EPCIS-Min",     "two",           "version.form"},
        {"GS1-EPCIS-Min",     "2.",            "version.form"},
        {"GS1-EPCIS-Min",     ".2",            "version.form"},
        {"GS1-EPCIS-Min",     "2..0",          "version.form"},
        {"GS1-EPCIS-Min",     "2.0-beta",      "version.form"},
        {"GS1-EPCIS-Min",     "1.99999999999", "version.form"},
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++)
        assert_reason(rest_check(with(rows[i].name, rows[i].value)), rows[i].reason);
}

// EPCIS-2.0-EPC-FORMAT
static void forms_are_read_and_have_defaults(void **state)
{
    static const struct {
        const char *name, *value;
        enum epcis_form ids;
        enum epcis_words words;
    } rows[] = {
        {"X",                  "",                        EPCIS_DL,       EPCIS_WORDS_WEB},
        {"GS1-EPC-Format",     "No_Preference",           EPCIS_DL,       EPCIS_WORDS_WEB},
        {"GS1-EPC-Format",     "Always_GS1_Digital_Link", EPCIS_DL,       EPCIS_WORDS_WEB},
        {"gs1-epc-format",     "always_epc_urn",          EPCIS_URN,      EPCIS_WORDS_WEB},
        {"GS1-EPC-Format",     "Never_Translates",        EPCIS_AS_GIVEN, EPCIS_WORDS_WEB},
        {"GS1-CBV-XML-Format", "Always_URN",              EPCIS_DL,       EPCIS_WORDS_URN},
        {"GS1-CBV-XML-Format", "Always_Web_URI",          EPCIS_DL,       EPCIS_WORDS_WEB},
    };
    struct rest_form f;

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        assert_reason(rest_form(with(rows[i].name, rows[i].value), &f), "");
        assert_int_equal(rest_form_ids(f), rows[i].ids);
        assert_int_equal(rest_form_words(f), rows[i].words);
    }
    assert_reason(rest_form(with("GS1-EPC-Format", "Always"), &f), "header.word");
    assert_reason(rest_check(with("GS1-CBV-XML-Format", "Always_EPC_URN")), "header.word");
}

static void extensions_are_prefixes_with_their_namespaces(void **state)
{
    const struct epcis_ns *ns;
    uint32_t n;

    (void)state;
    assert_reason(rest_extensions(with("X", ""), &ns, &n), "");
    assert_int_equal(n, 0);
    header[1] = (struct http_header){S("gs1-extensions"), S("c=urn:c:")};
    with("GS1-Extensions", "a=https://a.example/?x=1, b = urn:b,");
    req.header_count = 2;
    assert_reason(rest_extensions(&req, &ns, &n), "");
    assert_int_equal(n, 3);
    assert_true(str_eq(ns[0].prefix, S("a")) && str_eq(ns[0].uri, S("https://a.example/?x=1")));
    assert_true(str_eq(ns[1].prefix, S("b")) && str_eq(ns[1].uri, S("urn:b")));
    assert_true(str_eq(ns[2].prefix, S("c")) && str_eq(ns[2].uri, S("urn:c:")));
    static const char *const bad[] = {"a", "=urn:a", "a=", "1a=urn:a", "a:b=urn:a"};
    for (size_t i = 0; i < LEN(bad); i++)
        assert_reason(rest_extensions(with("GS1-Extensions", bad[i]), &ns, &n),
                      "header.extensions");
}

static void a_value_is_one_segment_of_a_path_and_comes_back(void **state)
{
    static const char value[] = "ni:///sha-256;ab?ver=CBV2.0 %2F \xc3\xa4";
    struct buf b;
    str back;

    (void)state;
    buf_init(&b, 1 * KB);
    rest_segment(&b, str_of(value));
    assert_string_equal(b.p, "ni%3A%2F%2F%2Fsha-256%3Bab%3Fver%3DCBV2.0%20%252F%20%C3%A4");
    assert_reason(http_decode(buf_str(&b), false, &req.arena, &back), "");
    assert_true(str_eq(back, str_of(value)));
    buf_fini(&b);
}

#define REST_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        REST_TEST(every_status_has_its_type),
        REST_TEST(a_problem_is_the_same_in_json_and_xml),
        REST_TEST(a_sentence_that_quotes_a_stranger_is_still_xml),
        REST_TEST(accept_chooses_among_what_can_be_had),
        REST_TEST(a_body_is_what_its_label_says_or_refused),
        REST_TEST(versions_are_numbers_and_compared_as_such),
        REST_TEST(forms_are_read_and_have_defaults),
        REST_TEST(extensions_are_prefixes_with_their_namespaces),
        REST_TEST(a_value_is_one_segment_of_a_path_and_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
