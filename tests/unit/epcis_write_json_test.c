// What the JSON writer makes of everything that an event may hold, of namespaces that clash, and
// of identifiers in every spelling.
#include "service/epcis/write.h"
#include "service/gs1/id.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define T(lit)                                                                                     \
    {                                                                                              \
        "" lit, sizeof(lit) - 1                                                                    \
    }
#define DL  "https://id.gs1.org/01/09521141073469/21/A7KX2"
#define URN "urn:epc:id:sgtin:9521141.007346.A7KX2"

static const struct epcis_ns acme = {T("acme"), T("urn:acme:")},
                             same = {T("other"), T("urn:acme:")}, clash = {T("acme"), T("urn:2:")},
                             third = {T("acme"), T("urn:3:")}, bad = {T("1st"), T("urn:bad:")},
                             xml = {T("xmlfoo"), T("urn:xml:")}, none = {T(""), T("urn:none:")};

static struct epcis_node text_node(const struct epcis_ns *ns, str name, str text)
{
    return (struct epcis_node){.ns = ns, .name = name, .text = text};
}

static struct epcis_event bare(void)
{
    return (struct epcis_event){.action = EPCIS_OBSERVE, .time = {.at = {{1795461425000}, 60}}};
}

static str chained(struct epcis_node *n, size_t count, struct epcis_event *e)
{
    for (size_t i = 0; i + 1 < count; i++) n[i].next = &n[i + 1];
    e->ext = n;
    return n[0].name;
}

static status written(const struct epcis_event *e, const struct epcis_out *conf, struct buf *b)
{
    struct epcis_doc d;

    buf_init(b, 1 * MB);
    epcis_doc_init(&d, conf, b);
    status st = epcis_doc_event(&d, e);
    if (st.cls == ST_OK) st = epcis_doc_end(&d);
    epcis_doc_fini(&d);
    return st;
}

static void shows(const struct epcis_event *e, const struct epcis_out *conf, const char *want)
{
    struct buf b;
    status st = written(e, conf, &b);

    if (st.cls != ST_OK) fail_msg("%s: %s", st.reason, st.text);
    if (strstr(b.p, want) == NULL) fail_msg("wrote  %s\nwithout %s", b.p, want);
    buf_fini(&b);
}

static const struct epcis_out as_given = {.kind = EPCIS_BARE_EVENT, .ids = EPCIS_AS_GIVEN};

static void a_bare_event_declares_all_that_it_uses(void **state)
{
    struct epcis_event e = bare();
    static const str ids[] = {T("urn:x:1")};
    struct epcis_node n[] = {text_node(&acme, S("a"), S("1")),
                             text_node(&epcis_ns_cbvmda, S("lotNumber"), S("L"))};

    (void)state;
    e.epcs = (struct epcis_ids){.n = 1, .at = ids};
    shows(&e, &as_given,
          "{\"@context\":[\"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld\"],"
          "\"type\":\"ObjectEvent\",\"eventTime\":\"2026-11-23T20:17:05+01:00\","
          "\"eventTimeZoneOffset\":\"+01:00\",\"action\":\"OBSERVE\",\"epcList\":[\"urn:x:1\"]}");
    chained(n, LEN(n), &e);
    shows(&e, &as_given,
          "-context.jsonld\",{\"acme\":\"urn:acme:\",\"cbvmda\":\"urn:epcglobal:cbv:mda:\"}],");
    shows(&e, &as_given, ",\"acme:a\":\"1\",\"cbvmda:lotNumber\":\"L\"}");
}

static void a_bare_event_is_one(void **state)
{
    struct epcis_event e = bare();
    static const str ids[] = {T("urn:x:1")};
    struct epcis_doc d;
    struct buf b;

    (void)state;
    e.epcs = (struct epcis_ids){.n = 1, .at = ids};
    buf_init(&b, 1 * MB);
    epcis_doc_init(&d, &as_given, &b);
    assert_int_equal(epcis_doc_event(&d, &e).cls, ST_OK);
    assert_string_equal(epcis_doc_event(&d, &e).reason, "epcis.full");
    assert_int_equal(epcis_doc_end(&d).cls, ST_OK);
    epcis_doc_fini(&d);
    assert_int_equal(b.p[b.n - 1], '}');
    buf_fini(&b);
}

static void results_of_a_query_have_a_place_of_their_own(void **state)
{
    struct epcis_event e = bare();
    static const str ids[] = {T("urn:x:1")};
    struct epcis_out conf = {.kind = EPCIS_QUERY_DOC, .subscription_id = S("s1")};
    struct buf b;

    (void)state;
    e.epcs = (struct epcis_ids){.n = 1, .at = ids};
    shows(&e, &conf,
          "\"epcisBody\":{\"queryResults\":{\"queryName\":\"SimpleEventQuery\","
          "\"subscriptionID\":\"s1\",\"resultsBody\":{\"eventList\":[{\"type\":");
    conf.query_name = S("mine");
    assert_int_equal(written(&e, &conf, &b).cls, ST_OK);
    assert_true(str_ends(buf_str(&b), S("\"epcList\":[\"urn:x:1\"]}]}}}}")));
    assert_non_null(strstr(b.p, "{\"queryName\":\"mine\",\"subscriptionID\":"));
    buf_fini(&b);
}

static void prefixes_that_clash_are_renamed(void **state)
{
    struct epcis_event e = bare();
    static const str ids[] = {T("urn:x:1")};
    struct epcis_node n[] = {text_node(&acme, S("a"), S("1")), text_node(&clash, S("b"), S("2")),
                             text_node(&same, S("c"), S("3")), text_node(&third, S("d"), S("4")),
                             text_node(&bad, S("e"), S("5")),  text_node(&xml, S("f"), S("6")),
                             text_node(&none, S("g"), S("7")), text_node(&clash, S("h"), S("8"))};
    struct epcis_out conf = {.ns = &clash, .ns_count = 1};

    (void)state;
    e.epcs = (struct epcis_ids){.n = 1, .at = ids};
    chained(n, LEN(n), &e);
    shows(&e, &as_given,
          "{\"acme\":\"urn:acme:\",\"acme2\":\"urn:2:\",\"acme3\":\"urn:3:\",\"ns1\":\"urn:bad:\","
          "\"ns2\":\"urn:xml:\",\"ns3\":\"urn:none:\"}");
    shows(&e, &as_given,
          "\"acme:a\":\"1\",\"acme2:b\":\"2\",\"acme:c\":\"3\",\"acme3:d\":\"4\",\"ns1:e\":\"5\","
          "\"ns2:f\":\"6\",\"ns3:g\":\"7\",\"acme2:h\":\"8\"}");
    // The document's own prefix is taken here by another namespace.
    shows(&e, &conf, "{\"@context\":{\"acme\":\"urn:acme:\",\"acme2\":\"urn:2:\",");
    e.ext = &n[1];
    n[1].next = NULL;
    shows(&e, &conf, "{\"type\":\"ObjectEvent\","); // and here it is as declared
    shows(&e, &conf, ",\"acme:b\":\"2\"}");
}

// A reader would take the second for a URI that is built of the first.
static void no_prefix_is_what_a_uri_begins_with(void **state)
{
    static const struct epcis_ns near = {T("acme"), T("urn:near:")}, far = {T("far"), T("acme:")};
    struct epcis_event e = bare();
    static const str ids[] = {T("urn:x:1")};
    struct epcis_node n[] = {text_node(&near, S("a"), S("1")), text_node(&far, S("b"), S("2"))};

    (void)state;
    e.epcs = (struct epcis_ids){.n = 1, .at = ids};
    chained(n, LEN(n), &e);
    shows(&e, &as_given, "{\"acme2\":\"urn:near:\",\"far\":\"acme:\"}");
    shows(&e, &as_given, "\"acme2:a\":\"1\",\"far:b\":\"2\"}");
}

static void siblings_of_one_name_are_an_array(void **state)
{
    struct epcis_event e = bare();
    static const str ids[] = {T("urn:x:1")};
    struct epcis_node n[20];

    (void)state;
    e.epcs = (struct epcis_ids){.n = 1, .at = ids};
    for (size_t i = 0; i < LEN(n); i++) {
        n[i] = text_node(&acme, i % 2 == 0 ? S("even") : S("odd"), S("v"));
        if (i == 19) n[i].name = S("last");
    }
    chained(n, LEN(n), &e);
    shows(&e, &as_given,
          "\"acme:even\":[\"v\",\"v\",\"v\",\"v\",\"v\",\"v\",\"v\",\"v\",\"v\",\"v\"],"
          "\"acme:odd\":[\"v\",\"v\",\"v\",\"v\",\"v\",\"v\",\"v\",\"v\",\"v\"],\"acme:last\":"
          "\"v\"}");
}

// XML's text beside attributes.
static void mixed_content_is_a_value(void **state)
{
    struct epcis_event e = bare();
    static const str ids[] = {T("urn:x:1")};
    struct epcis_node unit = {.name = S("unit"), .is_attribute = true, .text = S("C")};
    struct epcis_node n[] = {
        {.ns = &acme, .name = S("t"), .kind = NODE_PARENT, .text = S("12"), .child = &unit}
    };

    (void)state;
    e.epcs = (struct epcis_ids){.n = 1, .at = ids};
    chained(n, LEN(n), &e);
    shows(&e, &as_given, "\"acme:t\":{\"unit\":\"C\",\"@value\":\"12\"}}");
}

static const struct {
    const char *in, *dl, *urn; // NULL: as it was
} spellings[] = {
    {DL,                                                 NULL,                                       URN },
    {URN,                                                DL,                                         NULL},
    {"https://example.com/a/01/09521141073469/21/A7KX2", NULL,                                       URN },
    {"https://id.gs1.org/00/040123450000000016",         NULL,                                       NULL}, // no known company prefix
    {"urn:epc:id:sscc:4012345.0000000001",               "https://id.gs1.org/00/040123450000000016", NULL},
    {"urn:acme:1",                                       NULL,                                       NULL},
    {"https://acme.example/x",                           NULL,                                       NULL},
};

static void identifiers_have_the_document_s_spelling(void **state)
{
    static struct gs1_prefix item = {9521141, 7};
    static const struct gs1_prefixes prefixes = {&item, 1};

    (void)state;
    for (size_t i = 0; i < LEN(spellings); i++) {
        struct epcis_event e = bare();
        struct epcis_out conf = {.kind = EPCIS_BARE_EVENT, .prefixes = &prefixes};
        str id = str_of(spellings[i].in);
        const char *dl = spellings[i].dl != NULL ? spellings[i].dl : spellings[i].in;
        const char *urn = spellings[i].urn != NULL ? spellings[i].urn : spellings[i].in;
        const char *wants[] = {[EPCIS_DL] = dl, [EPCIS_URN] = urn, [EPCIS_AS_GIVEN] = id.p};
        e.epcs = (struct epcis_ids){.n = 1, .at = &id};
        for (int form = EPCIS_DL; form <= EPCIS_AS_GIVEN; form++) {
            struct buf want;
            buf_init(&want, 4 * KB);
            conf.ids = (enum epcis_form)form;
            buf_addf(&want, "\"epcList\":[\"%s\"]", wants[form]);
            shows(&e, &conf, want.p);
            buf_fini(&want);
        }
    }
}

// An event of one sensor report.
struct sensed {
    struct epcis_event event;
    struct epcis_sensor_part metadata, report;
    struct epcis_sensor sensor;
};

static void sensed(struct sensed *s)
{
    *s = (struct sensed){.event = bare()};
    s->event.read_point.id = S("urn:x:rp");
    s->report.at[EPCIS_SENSOR_TYPE] = S("Temperature");
    s->sensor = (struct epcis_sensor){.metadata = &s->metadata, .reports = &s->report};
    s->sensor.report_count = 1;
    s->event.sensors = (struct epcis_sensors){&s->sensor, 1};
}

static void numbers_of_xml_become_numbers_of_json(void **state)
{
    static const struct {
        const char *in, *out; // NULL: there is none
    } rows[] = {
        {"12.50", "12.50"},
        {"+5",    "5"    },
        {"007",   "7"    },
        {"-00.5", "-0.5" },
        {".5",    "0.5"  },
        {"5.",    "5"    },
        {"1e5",   "1e5"  },
        {"+1E-5", "1E-5" },
        {"000",   "0"    },
        {"INF",   NULL   },
        {"NaN",   NULL   },
        {".",     NULL   },
        {"-",     NULL   },
        {"1e",    NULL   },
        {"1 2",   NULL   },
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct sensed s;
        struct buf b, want;
        buf_init(&want, KB);
        sensed(&s);
        s.report.at[EPCIS_SENSOR_VALUE] = str_of(rows[i].in);
        status st = written(&s.event, &as_given, &b);
        if (rows[i].out == NULL) {
            assert_string_equal(st.reason, "epcis.number");
        } else {
            buf_addf(&want, "\"value\":%s}", rows[i].out);
            if (strstr(b.p, want.p) == NULL) fail_msg("%s: %s", rows[i].in, b.p);
        }
        buf_fini(&want);
        buf_fini(&b);
    }
}

static void a_long_number_of_xml_has_its_shortest_form(void **state)
{
    char in[150], want[170];
    struct sensed s;
    struct buf b;

    (void)state;
    snprintf(in, sizeof in, "+7%0*d.50", 140, 0);
    snprintf(want, sizeof want, "\"value\":7%0*d.5}", 140, 0);
    sensed(&s);
    s.report.at[EPCIS_SENSOR_VALUE] = str_of(in);
    assert_int_equal(written(&s.event, &as_given, &b).cls, ST_OK);
    assert_non_null(strstr(b.p, want));
    buf_fini(&b);
}

static const struct {
    char what;
    const char *in, *out;
} sensor_values[] = {
    {'t', "2026-11-23T19:17:05Z", "\"2026-11-23T19:17:05Z\""},
    {'u', "urn:x:1",              "\"urn:x:1\""             },
    {'n', "1.50",                 "1.50"                    },
    {'b', "1",                    "true"                    },
    {'s', "CEL",                  "\"CEL\""                 },
    {'w', "Temperature",          "\"Temperature\""         },
};

static void every_field_of_a_sensor_has_its_member(void **state)
{
    static const struct {
        const char *word, *where;
        char what;
    } fields[] = {
#define X(name, word, where, what) {word, where, what},
        EPCIS_SENSOR_FIELDS(X)
#undef X
    };

    (void)state;
    for (size_t f = 0; f < LEN(fields); f++) {
        struct buf want;
        struct sensed s;
        size_t i = 0;
        while (sensor_values[i].what != fields[f].what) i++;
        str in = str_of(sensor_values[i].in), out = str_of(sensor_values[i].out);
        if (f == EPCIS_SENSOR_EXCEPTION) in = S("ERROR_CONDITION"), out = S("\"ERROR_CONDITION\"");
        if (f == EPCIS_SENSOR_COMPONENT) in = S("x"), out = S("\"x\"");
        if (f == EPCIS_SENSOR_HEX_BINARY_VALUE) in = S("f0"), out = S("\"f0\"");
        sensed(&s);
        buf_init(&want, KB);
        if (strchr(fields[f].where, 'r') == NULL) {
            s.metadata.at[f] = in;
            buf_addf(&want, "\"sensorMetadata\":{\"%s\":%.*s}", fields[f].word, STR(out));
        } else {
            s.report.at[f] = in;
            buf_addf(&want, "\"%s\":%.*s", fields[f].word, STR(out));
        }
        shows(&s.event, &as_given, want.p);
        buf_fini(&want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bare_event_declares_all_that_it_uses),
        cmocka_unit_test(a_bare_event_is_one),
        cmocka_unit_test(results_of_a_query_have_a_place_of_their_own),
        cmocka_unit_test(prefixes_that_clash_are_renamed),
        cmocka_unit_test(no_prefix_is_what_a_uri_begins_with),
        cmocka_unit_test(siblings_of_one_name_are_an_array),
        cmocka_unit_test(mixed_content_is_a_value),
        cmocka_unit_test(identifiers_have_the_document_s_spelling),
        cmocka_unit_test(numbers_of_xml_become_numbers_of_json),
        cmocka_unit_test(a_long_number_of_xml_has_its_shortest_form),
        cmocka_unit_test(every_field_of_a_sensor_has_its_member),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
