// Events from JSON-LD: what is read is written and read again the same; what is refused is refused
// where it stands (the star in the input).
#include "service/epcis/write.h"
#include "tests/unit/epcis_same.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define GS1     "\"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld\""
#define ACME    "{\"acme\":\"https://ns.acme.example/epcis/\"}"
#define CONTEXT "\"@context\":[" GS1 "," ACME "]"
#define WHEN                                                                                       \
    "\"eventTime\":\"2026-11-23T20:17:05.1234567+01:00\",\"eventTimeZoneOffset\":\"+02:00\""
#define OBJECT "\"type\":\"ObjectEvent\",\"action\":\"OBSERVE\"," WHEN
#define EPCS   "\"epcList\":[\"urn:epc:id:sgtin:9521141.007346.A7KX2\"]"
#define BARE   "{" CONTEXT "," OBJECT "," EPCS

static struct arena arena;

static status event_read(str text, str context, struct epcis_event *e)
{
    struct epcis_scope scope = {
        .syntax = EPCIS_SYNTAX_JSON, .version = EPCIS_2_0, .context = context};

    return epcis_event_read(text, &scope, &arena, e);
}

static struct epcis_event taken(const char *text)
{
    struct epcis_event e;
    status st = event_read(str_of(text), (str){"", 0}, &e);

    if (st.cls != ST_OK) fail_msg("%s at %u: %s\n%s", st.reason, st.at, st.text, text);
    return e;
}

static str written(const struct epcis_event *e)
{
    struct epcis_out conf = {.kind = EPCIS_BARE_EVENT, .ids = EPCIS_AS_GIVEN};
    struct epcis_doc d;
    struct buf b;

    buf_init(&b, 1 * MB);
    epcis_doc_init(&d, &conf, &b);
    status st = epcis_doc_event(&d, e);
    if (st.cls != ST_OK) fail_msg("%s: %s", st.reason, st.text);
    assert_int_equal(epcis_doc_end(&d).cls, ST_OK);
    epcis_doc_fini(&d);
    str out = arena_str(&arena, buf_str(&b));
    buf_fini(&b);
    return out;
}

static int arena_up(void **state)
{
    (void)state;
    arena_init(&arena, 64 * MB);
    return 0;
}

static int arena_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

// ---- what is taken

static const char *const events[] = {
    BARE "}",
    "\xef\xbb\xbf " BARE "} \r\n",
    "{\"epcList\":[]," OBJECT
    ",\"quantityList\":[{\"epcClass\":\"urn:epc:class:lgtin:9521141.007346.L7\","
    "\"quantity\":12.50,\"uom\":\"KGM\"},{\"epcClass\":\"urn:x:y\"}]," CONTEXT "}",
    "{" CONTEXT ",\"isA\":\"AggregationEvent\",\"action\":\"ADD\"," WHEN
    ",\"parentID\":\"urn:epc:id:sscc:9521141.1000005010\",\"childEPCs\":[\"urn:x:1\",\"urn:x:2\"],"
    "\"childQuantityList\":[{\"epcClass\":\"urn:x:c\",\"quantity\":3}]}",
    "{" CONTEXT ",\"@type\":\"AssociationEvent\",\"action\":\"DELETE\"," WHEN
    ",\"parentID\":\"urn:x:parent\"}",
    "{" CONTEXT ",\"type\":\"TransactionEvent\",\"action\":\"OBSERVE\"," WHEN
    ",\"bizTransactionList\":[{\"type\":\"po\",\"bizTransaction\":\"urn:x:po:1\"},"
    "{\"bizTransaction\":\"urn:x:2\"}],\"epcList\":[\"urn:x:1\"]}",
    "{" CONTEXT ",\"type\":\"TransformationEvent\"," WHEN
    ",\"inputEPCList\":[\"urn:x:1\"],\"inputQuantityList\":[{\"epcClass\":\"urn:x:c\","
    "\"quantity\":1}],\"outputEPCList\":[\"urn:x:2\"],\"outputQuantityList\":[{\"epcClass\":"
    "\"urn:x:d\",\"quantity\":1e2}],\"transformationID\":\"urn:x:t\",\"ilmd\":{\"acme:a\":1}}",
    BARE
    ",\"eventID\":\"urn:uuid:27f237e6-b7f9-5587-a620-2ff3607ad88a\","
    "\"recordTime\":\"2026-11-23T20:17:06Z\",\"errorDeclaration\":{\"declarationTime\":"
    "\"2026-11-24T00:00:00Z\",\"reason\":\"incorrect_data\",\"correctiveEventIDs\":[\"urn:x:1\"],"
    "\"acme:why\":\"typo\"},\"certificationInfo\":[\"urn:x:1\",\"urn:x:2\"]}",
    BARE ",\"certificationInfo\":\"urn:x:1\",\"bizStep\":\"shipping\",\"disposition\":"
         "\"in_transit\",\"persistentDisposition\":{\"set\":[\"completeness_verified\"],"
         "\"unset\":[\"completeness_inferred\",\"urn:x:y\"]}}",
    BARE ",\"readPoint\":{\"id\":\"urn:x:rp\",\"acme:door\":{\"acme:no\":7}},\"bizLocation\":"
         "{\"@id\":\"urn:x:bl\",\"rdfs:comment\":\"here\"},\"sourceList\":[{\"type\":\"location\","
         "\"source\":\"urn:x:s\"}],\"destinationList\":[{\"type\":\"urn:x:t\",\"destination\":"
         "\"urn:x:d\","
         "\"rdfs:comment\":\"dropped\"}]}",
    BARE
    ",\"sensorElementList\":[{\"sensorMetadata\":{\"time\":\"2026-11-23T19:00:00Z\","
    "\"deviceID\":\"urn:x:dev\",\"acme:m\":true,\"bizRules\":\"urn:x:rules\"},\"sensorReport\":["
    "{\"type\":\"Temperature\",\"value\":26.0,\"uom\":\"CEL\",\"acme:r\":null},"
    "{\"type\":\"gs1:Humidity\",\"booleanValue\":false,\"hexBinaryValue\":\"f0f0\",\"stringValue\":"
    "\"a\",\"uriValue\":\"urn:x:1\",\"minValue\":-1,\"exception\":\"ALARM_CONDITION\","
    "\"component\":"
    "\"x\"}],\"acme:e\":[]}]}",
    BARE ",\"acme:text\":\" a\\u00e9\\\"b \",\"acme:many\":[1,\"2\",[3,[]],{\"acme:x\":1},null],"
         "\"acme:one\":[1],\"acme:none\":[],\"acme:deep\":{\"acme:a\":{\"bare\":{\"@value\":\"v\","
         "\"@type\":\"xsd:date\"}}},\"acme:nested\":[[],[[1]]],\"acme:empty\":{}}",
    BARE ",\"https://other.example/voc#a\":1,\"https://other.example/voc#b\":1,"
         "\"urn:other:x\":{\"https://other.example/c\":2}}",
    BARE ",\"comment\":\"tolerated\",\"cbvmda:lotNumber\":\"L1\"}",
    "{" CONTEXT ",\"type\":\"ObjectEvent\",\"action\":\"ADD\"," WHEN "," EPCS ",\"ilmd\":{}}",
    "{" CONTEXT ",\"type\":\"ObjectEvent\",\"action\":\"ADD\"," WHEN "," EPCS
    ",\"ilmd\":{\"cbvmda:lotNumber\":\"L1\",\"acme:a\":[{}]}}",
    BARE
    ",\"acme:a\":{\"@context\":{\"acme\":\"urn:inner:\"},\"acme:b\":1,\"acme:c\":{\"acme:d\":1}},"
    "\"acme:b\":2}",
    BARE ",\"acme:a\":{\"acme:b\":1,\"@context\":[{\"acme\":\"urn:inner:\"}]}}",
    "{" OBJECT "," EPCS ",\"@context\":[" GS1
    ",\"https://x.example/their-context\"],\"hc:a\":{\"hc:b\":1}}",
    "{" OBJECT "," EPCS ",\"@context\":[" GS1
    ",{\"A\":\"urn:a:\",\"b\":{\"@id\":\"urn:a:\"},\"type\":"
    "\"@type\",\"@vocab\":\"urn:v:\",\"date\":{\"@type\":\"xsd:date\"}}],\"A:x\":1,\"b:x\":2}",
    "{\"@context\":" GS1 "," OBJECT "," EPCS "}",
};

static void what_is_read_is_written_and_read_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(events); i++) {
        arena_reset(&arena);
        struct epcis_event e = taken(events[i]);
        str once = written(&e);
        struct epcis_event again = taken(str_z(&arena, once));
        const char *differs = epcis_differ(&e, &again);
        if (differs != NULL) fail_msg("%s\nread   %s\nwrote  %.*s", differs, events[i], STR(once));
        str twice = written(&again);
        if (!str_eq(once, twice)) fail_msg("wrote  %.*s\nthen   %.*s", STR(once), STR(twice));
    }
}

static void times_keep_all_their_digits(void **state)
{
    struct epcis_event e = taken(BARE "}");

    (void)state;
    assert_true(str_eq(e.time.text, S("2026-11-23T20:17:05.1234567+01:00")));
    assert_true(e.time.at.at.ms == 1795461425123);
    assert_int_equal(e.time.at.offset_min, 60);
    assert_true(str_eq(e.zone, S("+02:00"))); // data of its own (CHECKLIST 9.4)
}

static void words_become_bare(void **state)
{
    struct epcis_event e = taken(BARE ",\"bizStep\":\"https://ref.gs1.org/cbv/BizStep-shipping\","
                                      "\"disposition\":\"cbv:Disp-in_transit\"}");

    (void)state;
    assert_true(str_eq(e.step, S("shipping")));
    assert_true(str_eq(e.disposition, S("in_transit")));
    e = taken(BARE ",\"bizStep\":\"https://acme.example/steps/glueing\"}");
    assert_true(str_eq(e.step, S("https://acme.example/steps/glueing")));
}

static const struct {
    const char *context, *event, *uri, *name; // of the first extension
} names[] = {
    {ACME,                                      "\"acme:a\":1",                                      "https://ns.acme.example/epcis/",        "a"        },
    {"[" GS1 "," ACME "]",                      "\"acme:a\":1",                                      "https://ns.acme.example/epcis/",        "a"        },
    {"[" GS1 "," ACME "]",                      "\"@context\":{\"acme\":\"urn:b:\"},\"acme:a\":1",   "urn:b:",                                "a"        },
    {"[" GS1 "," ACME "]",                      "\"acme:a\":1,\"@context\":[{\"acme\":\"urn:b:\"}]", "urn:b:",                                "a"        },
    {GS1,                                       "\"gs1:a\":1",                                       "https://gs1.org/voc/",                  "a"        },
    {GS1,                                       "\"cbvmda:lotNumber\":1",                            "urn:epcglobal:cbv:mda:",                "lotNumber"},
    {"{\"cbvmda\":\"urn:epcglobal:cbv:mda\"}",  "\"cbvmda:lotNumber\":1",                            "urn:epcglobal:cbv:mda",
     "lotNumber"                                                                                                                                         },
    {"[" GS1 ",\"https://x.example/c\"]",       "\"hc:a\":1",                                        "hc:",                                   "a"        },
    {"[{\"a\":\"urn:1:\"},{\"a\":\"urn:2:\"}]", "\"a:b:c/d\":1",                                     "urn:2:",                                "b:c/d"    },
    {GS1,                                       "\"https://a.example/b/c1\":1",                      "https://a.example/b/",                  "c1"       },
    {GS1,                                       "\"urn:a:b#1c\":1",                                  "urn:a:b#1",                             "c"        },
    {GS1,                                       "\"comment\":1",                                     "http://www.w3.org/2000/01/rdf-schema#", "comment"  },
};

static void a_lenient_reader_takes_what_stands_below_cbvs_urns(void **state)
{
#define URN(kind) "urn:epcglobal:cbv:" kind ":"
    static const struct {
        const char *members, *step; // NULL: refused all the same
    } rows[] = {
        {"\"bizStep\":\"" URN("bizstep") "sap_x\"",                     URN("bizstep") "sap_x"},
        {"\"bizStep\":\"" URN("bizstep") "shipping\"",                  "shipping"            },
        {"\"bizStep\":\"comissioning\"",                                NULL                  },
        {"\"bizTransactionList\":[{\"type\":\"" URN(
             "btt") "sap_shp\",\"bizTransaction\":\"4711\"}]",
         ""                                                                                   },
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct epcis_scope scope = {
            .syntax = EPCIS_SYNTAX_JSON, .version = EPCIS_2_0, .context = S("[" GS1 "]")};
        struct epcis_event e;
        char text[1024];
        int n = snprintf(text, sizeof text, "{" OBJECT "," EPCS ",%s}", rows[i].members);
        arena_reset(&arena);
        assert_int_not_equal(epcis_event_read((str){text, (size_t)n}, &scope, &arena, &e).cls,
                             ST_OK);
        scope.lenient = true;
        status st = epcis_event_read((str){text, (size_t)n}, &scope, &arena, &e);
        assert_int_equal(st.cls == ST_OK, rows[i].step != NULL);
        if (rows[i].step == NULL) continue;
        assert_true(str_eq(e.step, str_of(rows[i].step)));
        if (i == 3) assert_true(str_eq(e.bts.at[0].type, S(URN("btt") "sap_shp")));
        assert_int_equal(epcis_event_check(&e).cls, ST_OK);
    }
}

// Of `x` in the event's own context.
static const struct {
    const char *outer, *inner, *uri;
} built[] = {
    {ACME,                                      "{\"x\":\"acme:sub/\"}",                            "https://ns.acme.example/epcis/sub/"},
    {GS1,                                       "{\"x\":\"y:b/\",\"y\":\"z:a/\",\"z\":\"urn:1:\"}", "urn:1:a/b/"                        },
    {GS1,                                       "[{\"y\":\"urn:1:\"},{\"x\":\"y:b\"}]",             "urn:1:b"                           },
    {"[{\"y\":\"urn:1:\"},{\"y\":\"urn:2:\"}]", "{\"x\":\"y:\"}",                                   "urn:2:"                            },
    {GS1,                                       "{\"x\":\"gs1:own/\"}",                             "https://gs1.org/voc/own/"          },
    {GS1,                                       "{\"x\":{\"@id\":\"gs1:own/\"}}",                   "https://gs1.org/voc/own/"          },
    {ACME,                                      "{\"acme\":null,\"x\":\"acme:sub/\"}",              "acme:sub/"                         },
    {"{\"https\":\"urn:1:\"}",                  "{\"x\":\"https://a.example/\"}",                   "https://a.example/"                },
    {GS1,                                       "{\"x\":\"x:\"}",                                   "x:"                                },
    {GS1,                                       "{\"x\":\"y:a\",\"y\":\"x:b\"}",                    "y:a"                               },
};

static void a_prefix_may_be_built_of_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(built); i++) {
        struct epcis_event e;
        char text[1024];
        arena_reset(&arena);
        int n = snprintf(text, sizeof text, "{" OBJECT "," EPCS ",\"x:n\":1,\"@context\":%s}",
                         built[i].inner);
        status st = event_read((str){text, (size_t)n}, str_of(built[i].outer), &e);
        if (st.cls != ST_OK) fail_msg("%s: %s\n%s", st.reason, st.text, text);
        if (!str_eq(e.ext->ns->uri, str_of(built[i].uri)))
            fail_msg("{%.*s} of %s", STR(e.ext->ns->uri), text);
    }
}

static void a_prefix_stands_for_what_is_declared_nearest(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(names); i++) {
        struct epcis_event e;
        char text[1024];
        arena_reset(&arena);
        int n = snprintf(text, sizeof text, "{" OBJECT "," EPCS ",%s}", names[i].event);
        status st = event_read((str){text, (size_t)n}, str_of(names[i].context), &e);
        if (st.cls != ST_OK) fail_msg("%s: %s\n%s", st.reason, st.text, text);
        assert_non_null(e.ext);
        assert_non_null(e.ext->ns);
        if (!str_eq(e.ext->ns->uri, str_of(names[i].uri)) ||
            !str_eq(e.ext->name, str_of(names[i].name)))
            fail_msg("{%.*s}%.*s of %s", STR(e.ext->ns->uri), STR(e.ext->name), text);
        assert_null(e.ext->next);
    }
}

static void unknown_contexts_are_kept_by_their_address(void **state)
{
    struct epcis_event e = taken("{" OBJECT "," EPCS ",\"@context\":[" GS1
                                 ",\"https://x.example/1\",\"https://x.example/2\"],\"hc:a\":1}");

    (void)state;
    assert_int_equal(e.contexts.n, 2);
    str out = written(&e);
    assert_non_null(memmem(out.p, out.n, "\"https://x.example/1\",\"https://x.example/2\"]", 44));
    assert_non_null(memmem(out.p, out.n, "\"hc:a\":1", 8));
}

static void numbers_keep_their_literal(void **state)
{
    struct epcis_event e = taken(BARE ",\"quantityList\":[{\"epcClass\":\"urn:x:c\",\"quantity\":"
                                      "12.50,\"uom\":\"KGM\"}],\"acme:n\":-1.0E+05}");
    str out = written(&e);

    (void)state;
    assert_true(str_eq(e.quantities.at[0].quantity, S("12.50")));
    assert_non_null(memmem(out.p, out.n, "\"quantity\":12.50", 16));
    assert_non_null(memmem(out.p, out.n, "\"acme:n\":-1.0E+05", 17));
}

static void an_array_of_one_is_not_its_item(void **state)
{
    struct epcis_event e = taken(BARE ",\"acme:a\":[1],\"acme:b\":1,\"acme:c\":[1,2]}");
    const struct epcis_node *n = e.ext;

    (void)state;
    assert_true(n->in_array && !n->next->in_array && n->next->next->in_array);
    assert_true(n->next->next->next->in_array);
    assert_null(n->next->next->next->next);
}

// ---- what is refused

static const struct {
    const char *text, *reason;
} refused[] = {
    {"*[]",                                                                               "json.type"          },
    {"*\"x\"",                                                                            "json.type"          },
    {"{" CONTEXT "," OBJECT "," EPCS "*",                                                 "json.syntax"        },
    {BARE "}*x",                                                                          "json.syntax"        },
    {"*{" CONTEXT "," WHEN "}",                                                           "epcis.type"         },
    {"*{" OBJECT "," EPCS "}",                                                            "epcis.context"      },
    {"{" CONTEXT ",\"type\":*\"EPCISDocument\"}",                                         "epcis.type"         },
    {"{" CONTEXT ",\"type\":*\"acme:OwnEvent\"}",                                         "epcis.type"         },
    {"{" CONTEXT ",\"type\":*1}",                                                         "json.type"          },
    {BARE ",*\"type\":\"ObjectEvent\"}",                                                  "json.twice"         },
    {BARE ",*\"isA\":\"ObjectEvent\"}",                                                   "json.twice"         },
    {BARE ",*\"\\u0061ction\":\"ADD\"}",                                                  "json.twice"         },
    {"{" CONTEXT ",\"type\":\"ObjectEvent\",\"action\":*\"add\"}",                        "epcis.action"       },
    {"{" CONTEXT ",\"eventTime\":\"2026-11-23*\",\"type\":1}",                            "time.form"          },
    {"{" CONTEXT ",\"eventTime\":\"2026-11-23T20:17:05*\"}",                              "time.zone"          },
    {"{" CONTEXT ",\"eventTime\":*1795461425}",                                           "json.type"          },
    {"{" CONTEXT ",\"eventTime\":*null}",                                                 "json.type"          },
    {BARE ",*\"childEPCs\":[]}",                                                          "json.unknown_field" },
    {BARE ",*\"parentID\":\"urn:x:1\",\"transformationID\":\"urn:x\"}",                   "json.unknown_field" },
    {"{" CONTEXT ",\"type\":\"TransformationEvent\"," WHEN ",*\"action\":\"ADD\"}",
     "json.unknown_field"                                                                                      },
    {BARE ",*\"station\":1}",                                                             "json.unknown_field" },
    {BARE ",*\"@id\":\"urn:x:1\"}",                                                       "json.unknown_field" },
    {BARE ",\"readPoint\":{*\"door\":1}}",                                                "json.unknown_field" },
    {BARE ",\"ilmd\":{*\"lotNumber\":\"1\"}}",                                            "json.unknown_field" },
    {BARE ",\"quantityList\":[{*\"weight\":1}]}",                                         "json.unknown_field" },
    {BARE ",\"sourceList\":[{*\"destination\":\"urn:x:1\"}]}",                            "json.unknown_field" },
    {BARE ",\"persistentDisposition\":{*\"sets\":[]}}",                                   "json.unknown_field" },
    {BARE ",*\"persistentDisposition\":{\"set\":[],\"unset\":[\"recalled\"]}}",           "epcis.missing"      },
    {BARE ",*\"readPoint\":{}}",                                                          "epcis.id_missing"   },
    {BARE ",*\"bizLocation\":{}}",                                                        "epcis.id_missing"   },
    {BARE ",\"sensorElementList\":[{\"sensorReport\":[{\"hexBinaryValue\":*\" \"}]}]}",
     "epcis.missing"                                                                                           },
    {BARE ",*\"persistentDisposition\":{\"set\":[]}}",                                    "epcis.missing"      },
    {BARE ",\"sensorElementList\":[{\"sensorMetadata\":{*\"value\":1}}]}",                "json.unknown_field" },
    {BARE ",\"sensorElementList\":[{\"sensorReport\":[{*\"startTime\":1}]}]}",
     "json.unknown_field"                                                                                      },
    {BARE ",\"sensorElementList\":[{\"sensorReport\":[{\"time\":\"2026*\"}]}]}",          "time.form"          },
    {BARE ",\"sensorElementList\":[{\"sensorReport\":[{\"value\":*\"1\"}]}]}",            "json.type"          },
    {BARE ",\"sensorElementList\":[{\"sensorReport\":[{\"value\":1,*\"value\":1}]}]}",
     "json.twice"                                                                                              },
    {BARE ",\"quantityList\":[{\"quantity\":*\"1\"}]}",                                   "json.type"          },
    {BARE ",\"quantityList\":[{\"uom\":\"A\",*\"uom\":\"A\"}]}",                          "json.twice"         },
    {BARE ",\"certificationInfo\":[*{}]}",                                                "json.type"          },
    {BARE ",\"errorDeclaration\":{\"reason\":\"*sorry\"}}",                               "epcis.word"         },
    {BARE ",\"bizStep\":\"*glueing\"}",                                                   "epcis.word"         },
    {BARE ",\"bizStep\":\"*urn:epcglobal:cbv:bizstep:shipping\"}",                        "epcis.word_spelling"},
    {BARE ",*\"other:x\":1}",                                                             "epcis.prefix"       },
    {BARE ",\"acme:x\":{*\"other:y\":1}}",                                                "epcis.prefix"       },
    {BARE ",\"acme:x\":[[{*\"other:y\":1}]]}",                                            "epcis.prefix"       },
    {BARE ",\"acme:x\":{\"@context\":{\"acme\":null},*\"acme:y\":1}}",                    "epcis.prefix"       },
    {BARE ",*\"acme:\":1}",                                                               "epcis.field"        },
    {BARE ",*\":acme\":1}",                                                               "epcis.field"        },
    {BARE ",\"acme:x\":{*\"\":1}}",                                                       "epcis.field"        },
    {BARE ",*\"https://a.example/\":1}",                                                  "epcis.field"        },
    {BARE ",\"acme:x\":1,*\"acme:x\":1}",                                                 "json.twice"         },
    {BARE ",\"acme:x\":{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,"
          "*\"c\":[2]}}",                                                            "json.twice"         },
    {BARE ",\"ilmd\":{\"acme:x\":1,*\"\\u0061cme:x\":1}}",                                "json.twice"         },
    {BARE ",*\"@context\":{}}",                                                           "json.twice"         },
    {BARE ",\"quantityList\":[{\"epcClass\":\"urn:x:c\",\"quantity\":1,\"uom\":*\"\"}]}",
     "epcis.uom"                                                                                               },
    {"{" OBJECT ",\"@context\":*1}",                                                      "epcis.context"      },
    {"{" OBJECT ",\"@context\":*null}",                                                   "epcis.context"      },
    {"{" OBJECT ",\"@context\":[*[]]}",                                                   "epcis.context"      },
    {"{" OBJECT ",\"@context\":{\"a\":*1}}",                                              "epcis.context"      },
    {"{" OBJECT ",\"@context\":{\"a\":\"urn:1\",*\"a\":\"urn:1\"}}",                      "json.twice"         },
    {BARE ",\"acme:x\":{\"@context\":[" GS1 ",*2]}}",                                     "epcis.context"      },
};

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(refused); i++) {
        const char *star = strchr(refused[i].text, '*');
        struct epcis_event e;
        char text[2048];
        arena_reset(&arena);
        int n = snprintf(text, sizeof text, "%.*s%s", (int)(star - refused[i].text),
                         refused[i].text, star + 1);
        status st = event_read((str){text, (size_t)n}, (str){"", 0}, &e);
        if (st.cls == ST_OK) fail_msg("taken, not %s: %s", refused[i].reason, text);
        if (strcmp(st.reason, refused[i].reason) != 0 || st.at != star - refused[i].text)
            fail_msg("%s at %u, not %s at %d: %s\n%s", st.reason, st.at, refused[i].reason,
                     (int)(star - refused[i].text), st.text, text);
    }
}

static void extensions_nest_sixteen_deep(void **state)
{
    (void)state;
    for (unsigned depth = 1; depth <= 20; depth++) {
        struct epcis_event e;
        struct buf b;
        buf_init(&b, 4 * KB);
        buf_add(&b, S(BARE));
        buf_add(&b, S(",\"acme:a\":1"));
        b.n--; // the innermost value comes last
        for (unsigned i = 1; i < depth; i++) buf_add(&b, S("{\"b\":"));
        buf_add(&b, S("1"));
        for (unsigned i = 1; i < depth; i++) buf_addc(&b, '}');
        buf_addc(&b, '}');
        arena_reset(&arena);
        status st = event_read(buf_str(&b), (str){"", 0}, &e);
        assert_int_equal(st.cls, depth <= 16 ? ST_OK : ST_BAD_INPUT);
        if (st.cls == ST_OK)
            assert_true(written(&e).n > 0);
        else
            assert_string_equal(st.reason, "json.depth");
        buf_fini(&b);
    }
}

static void the_arena_s_ceiling_refuses_and_nothing_more(void **state)
{
    (void)state;
    for (size_t max = 0; max < 8 * KB; max += 64) {
        struct epcis_scope scope = {.syntax = EPCIS_SYNTAX_JSON, .version = EPCIS_2_0};
        struct epcis_event e;
        struct arena a;
        arena_init(&a, max);
        status st = epcis_event_read(str_of(events[11]), &scope, &a, &e);
        if (st.cls != ST_OK) assert_int_equal(st.cls, ST_TOO_LARGE);
        arena_fini(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read_is_written_and_read_again),
        cmocka_unit_test(times_keep_all_their_digits),
        cmocka_unit_test(words_become_bare),
        cmocka_unit_test(a_prefix_stands_for_what_is_declared_nearest),
        cmocka_unit_test(unknown_contexts_are_kept_by_their_address),
        cmocka_unit_test(a_prefix_may_be_built_of_others),
        cmocka_unit_test(a_lenient_reader_takes_what_stands_below_cbvs_urns),
        cmocka_unit_test(numbers_keep_their_literal),
        cmocka_unit_test(an_array_of_one_is_not_its_item),
        cmocka_unit_test(what_is_wrong_is_refused_where_it_stands),
        cmocka_unit_test(extensions_nest_sixteen_deep),
        cmocka_unit_test(the_arena_s_ceiling_refuses_and_nothing_more),
    };
    return cmocka_run_group_tests(tests, arena_up, arena_down);
}
