// Calls of the query interface as they are read, and refusals as they are named.
#include "service/soap/call.h"
#include "service/soap/fault.h"
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#define BEGIN                                                                                      \
    "<s:Envelope xmlns:s=\"" SOAP_NS "\" xmlns:q=\"" SOAP_QUERY_NS                                 \
    "\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" "                                           \
    "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><s:Body>"
#define END     "</s:Body></s:Envelope>"
#define CALL(x) BEGIN x END
#define POLL(params)                                                                               \
    BEGIN "<q:Poll><queryName>SimpleEventQuery</queryName><params>" params "</params></"           \
          "q:Poll>" END
#define VALUE(attributes, inner)                                                                   \
    POLL("<param><name>x</name><value" attributes ">" inner "</value></param>")

static struct arena arena;

static int begin(void **state)
{
    (void)state;
    arena_init(&arena, 16 * MB);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

// The star is where the trouble must be said to be.
static void the_place_of_trouble_is_told(void **state)
{
    // clang-format off
    static const struct {
        const char *body, *code;
    } rows[] = {
        {"*", "xml.syntax"},
        {"*<a/>", "soap.envelope"},
        {"*<Envelope xmlns=\"http://www.w3.org/2003/05/soap-envelope\"/>", "soap.version"},
        {"<s:Envelope xmlns:s=\"" SOAP_NS "\">*<a/></s:Envelope>", "soap.envelope"},
        {CALL("*<GetQueryNames/>"), "soap.operation"},
        {CALL("<q:GetQueryNames>*<x/></q:GetQueryNames>"), "soap.element"},
        {CALL("<q:GetQueryNames/>*<q:GetQueryNames/>"), "soap.envelope"},
        {CALL("<q:Poll><queryName>a</queryName>*<queryName/></q:Poll>"), "soap.element"},
        {CALL("<q:Poll>*<dest>a</dest></q:Poll>"), "soap.element"},
        {POLL("*<x/>"), "soap.element"},
        {POLL("<param><name>x</name><value/>*<value/></param>"), "soap.element"},
        {VALUE("", "<string>a</string>*<b/>"), "soap.element"},
        {VALUE(" *xsi:type=\"n:int\"", "1"), "soap.value"},
    };
    // clang-format on

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct soap_call c;
        const char *star = strchr(rows[i].body, '*');
        size_t at = (size_t)(star - rows[i].body), n = strlen(rows[i].body);
        char *body = str_z(&arena, str_of(rows[i].body));
        memmove(body + at, body + at + 1, n - at);
        status st = soap_call_read((str){body, n - 1}, &arena, &c);
        if (st.reason == NULL || strcmp(st.reason, rows[i].code) != 0)
            fail_msg("%s: %s, not %s", rows[i].body, st.reason, rows[i].code);
        if (st.at != at) fail_msg("%s: at %u, not %zu", rows[i].body, st.at, at);
    }
}

static void what_is_missing_is_named(void **state)
{
    // clang-format off
    static const struct {
        const char *body, *what;
    } rows[] = {
        {CALL("<q:Poll><params/></q:Poll>"), "queryName"},
        {CALL("<q:Poll><queryName>a</queryName></q:Poll>"), "params"},
        {CALL("<q:Unsubscribe/>"), "subscriptionID"},
        {CALL("<q:GetSubscriptionIDs/>"), "queryName"},
        {CALL("<q:Subscribe><queryName>a</queryName><params/><dest>d</dest><controls/>"
              "</q:Subscribe>"), "subscriptionID"},
        {POLL("<param><value/></param>"), "a name"},
        {POLL("<param><name>x</name></param>"), "a value"},
    };
    // clang-format on

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct soap_call c;
        status st = soap_call_read(str_of(rows[i].body), &arena, &c);
        assert_string_equal(st.reason, "soap.missing");
        assert_non_null(strstr(st.text, rows[i].what));
    }
}

static void the_type_of_a_value_says_how_it_is_given(void **state)
{
    static const struct {
        const char *body;
        enum query_given_as as;
        uint32_t n;
    } rows[] = {
        {VALUE("",                              "a"),                                    QUERY_PLAIN,  1},
        {VALUE("",                              ""),                                     QUERY_VOID,   0},
        {VALUE("",                              "<string>a</string><string>b</string>"), QUERY_LIST,   2},
        {VALUE(" xsi:type=\"q:ArrayOfString\"", ""),                                     QUERY_LIST,   0},
        {VALUE(" xsi:type=\"q:ArrayOfString\"", "<string>a</string>"),                   QUERY_LIST,   1},
        {VALUE(" xsi:type=\"q:VoidHolder\"",    ""),                                     QUERY_VOID,   0},
        {VALUE(" xsi:type=\"q:VoidHolder\"",    "a"),                                    QUERY_OTHER,  1},
        {VALUE(" xsi:type=\"xsd:int\"",         "1"),                                    QUERY_NUMBER, 1},
        {VALUE(" xsi:type=\"xsd:float\"",       "1.5"),                                  QUERY_NUMBER, 1},
        {VALUE(" xsi:type=\"xsd:dateTime\"",    "2024-01-01T00:00:00Z"),                 QUERY_TIME,   1},
        {VALUE(" xsi:type=\"xsd:string\"",      "a"),                                    QUERY_STRING, 1},
        {VALUE(" xsi:type=\"xsd:boolean\"",     "true"),                                 QUERY_BOOL,   1},
        {VALUE(" xsi:type=\"xsd:hexBinary\"",   "00"),                                   QUERY_OTHER,  1},
        {VALUE(" xsi:type=\"xsd:string\"",      "<string>a</string>"),                   QUERY_OTHER,  1},
        {VALUE(" xsi:type=\"q:int\"",           "1"),                                    QUERY_OTHER,  1},
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct soap_call c;
        status st = soap_call_read(str_of(rows[i].body), &arena, &c);
        if (st.cls != ST_OK) fail_msg("%s: %s", rows[i].body, st.text);
        assert_int_equal(c.param_count, 1);
        if (c.params[0].given.as != rows[i].as || c.params[0].given.n != rows[i].n)
            fail_msg("%s: as %d, %u", rows[i].body, c.params[0].given.as, c.params[0].given.n);
    }
}

static void a_call_has_a_bounded_number_of_values(void **state)
{
    struct soap_call c;
    struct buf b;

    (void)state;
    buf_init(&b, 1 * MB);
    buf_add(&b, S(BEGIN "<q:Poll><queryName>a</queryName><params><param><name>x</name><value>"));
    for (unsigned i = 0; i <= QUERY_VALUES_MAX; i++) buf_add(&b, S("<string>a</string>"));
    buf_add(&b, S("</value></param></params></q:Poll>" END));
    status st = soap_call_read(buf_str(&b), &arena, &c);
    assert_int_equal(st.cls, ST_TOO_LARGE);
    assert_string_equal(st.reason, "query.too_complex");
    buf_reset(&b);
    buf_add(&b, S(BEGIN "<q:Poll><queryName>a</queryName><params>"));
    for (unsigned i = 0; i <= QUERY_VALUES_MAX; i++)
        buf_addf(&b, "<param><name>x%u</name><value/></param>", i);
    buf_add(&b, S("</params></q:Poll>" END));
    st = soap_call_read(buf_str(&b), &arena, &c);
    assert_string_equal(st.reason, "query.too_complex");
    buf_fini(&b);
}

static void controls_are_read_each_once(void **state)
{
#define SUBSCRIBE(controls)                                                                        \
    BEGIN "<q:Subscribe><queryName>a</queryName><params/><dest>d</dest><controls>" controls        \
          "</controls><subscriptionID>i</subscriptionID></q:Subscribe>" END
    struct soap_call c;

    (void)state;
    status st =
        soap_call_read(S(SUBSCRIBE("<schedule><hour> 1 </hour><x xmlns=\"urn:x\"/></schedule>"
                                   "<initialRecordTime>t</initialRecordTime>"
                                   "<reportIfEmpty>1</reportIfEmpty><extension><y/>"
                                   "</extension>")),
                       &arena, &c);
    assert_int_equal(st.cls, ST_OK);
    assert_true(c.has_schedule && !c.has_trigger && c.has_report && c.report_if_empty);
    assert_true(str_eq(c.schedule.fields[2], S("1")) && c.schedule.fields[0].p == NULL);
    assert_true(str_eq(c.initial, S("t")));
    st = soap_call_read(S(SUBSCRIBE("<schedule/><schedule/>")), &arena, &c);
    assert_string_equal(st.reason, "soap.element");
    st = soap_call_read(S(SUBSCRIBE("<schedule><hours>1</hours></schedule>")), &arena, &c);
    assert_string_equal(st.reason, "soap.element");
    st = soap_call_read(S(SUBSCRIBE("<reportIfEmpty>maybe</reportIfEmpty>")), &arena, &c);
    assert_string_equal(st.reason, "soap.value");
}

// EPCIS-1.2-FAULTS
static void every_refusal_has_its_exception(void **state)
{
    static const struct {
        enum status_class cls;
        const char *reason, *exception;
    } rows[] = {
        {ST_NOT_FOUND,       "query.unknown",             "NoSuchNameException"           },
        {ST_NOT_FOUND,       "subscription.unknown",      "NoSuchSubscriptionException"   },
        {ST_CONFLICT,        "subscription.exists",       "DuplicateSubscriptionException"},
        {ST_BAD_INPUT,       "subscription.dest",         "InvalidURIException"           },
        {ST_BAD_INPUT,       "query.value",               "QueryParameterException"       },
        {ST_TOO_LARGE,       "query.too_complex",         "QueryTooComplexException"      },
        {ST_TOO_LARGE,       "query.memory",              "QueryTooComplexException"      },
        {ST_TOO_LARGE,       "query.too_large",           "QueryTooLargeException"        },
        {ST_BAD_INPUT,       "schedule.range",            "SubscriptionControlsException" },
        {ST_BAD_INPUT,       "subscription.controls",     "SubscriptionControlsException" },
        {ST_BAD_INPUT,       "subscription.no_subscribe", "SubscribeNotPermittedException"},
        {ST_NOT_ALLOWED,     "access.role",               "SecurityException"             },
        {ST_UNAUTHENTICATED, "access.missing",            "SecurityException"             },
        {ST_BAD_INPUT,       "xml.syntax",                "ValidationException"           },
        {ST_BAD_INPUT,       "soap.envelope",             "ValidationException"           },
        {ST_STORE,           "store.read",                "ImplementationException"       },
        {ST_UNSUPPORTED,     "epcis.not_in_1_2",          "ImplementationException"       },
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        status st = {.cls = rows[i].cls, .reason = rows[i].reason};
        assert_string_equal(soap_exception(st), rows[i].exception);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(the_place_of_trouble_is_told),
        T(what_is_missing_is_named),
        T(the_type_of_a_value_says_how_it_is_given),
        T(a_call_has_a_bounded_number_of_values),
        T(controls_are_read_each_once),
        T(every_refusal_has_its_exception),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
