// epcis_read_xml_test.c - claims about events in XML: every version's form is read, and told on in
// the others' forms; what no schema has is refused where it stands.
#include "common/xml_r.h"
#include "service/epcis/hash.h"
#include "service/epcis/write.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NS                                                                                         \
    " xmlns:a=\"urn:a\" xmlns:b=\"urn:b\" xmlns:gs1=\"https://gs1.org/voc/\" "                     \
    "xmlns:voc=\"https://gs1.org/voc/\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "  \
    "xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" xmlns:e1=\"urn:epcglobal:epcis:xsd:1\" "       \
    "xmlns:e2=\"urn:epcglobal:epcis:xsd:2\""
#define TIME "<eventTime>2026-11-23T20:17:05.123+01:00</eventTime>"
#define ZONE "<eventTimeZoneOffset>+01:00</eventTimeZoneOffset>"
#define WHEN TIME ZONE
#define EPC  "<epc>urn:epc:id:sgtin:9521141.007346.1</epc>"
#define EPCS "<epcList>" EPC "</epcList>"
#define OBS  "<action>OBSERVE</action>"
#define QUANTITY                                                                                   \
    "<quantityElement><epcClass>urn:epc:class:lgtin:9521141.007346.L</epcClass>"                   \
    "<quantity>12.50</quantity><uom>KGM</uom></quantityElement>"
#define BT "<bizTransactionList><bizTransaction>urn:x:1</bizTransaction></bizTransactionList>"

static struct arena arena;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, MB);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static status event_read(str in, enum epcis_version version, struct epcis_event *e)
{
    struct epcis_scope scope = {.syntax = EPCIS_SYNTAX_XML, .version = version, .context = S(NS)};

    return epcis_event_read(in, &scope, &arena, e);
}

// The event alone, in this format.
static status told(const struct epcis_event *e, enum epcis_format format, struct buf *out)
{
    struct epcis_out conf = {.format = format, .kind = EPCIS_BARE_EVENT, .ids = EPCIS_AS_GIVEN};
    struct epcis_doc doc;

    buf_reset(out);
    epcis_doc_init(&doc, &conf, out);
    status st = epcis_doc_event(&doc, e), end = epcis_doc_end(&doc);
    epcis_doc_fini(&doc);
    return st.cls != ST_OK ? st : end;
}

// ---- what is read

static const struct {
    enum epcis_version version;
    const char *in, *out; // told as 2.0
} forms[] = {
    {EPCIS_2_0, "<ObjectEvent>" WHEN EPCS OBS "</ObjectEvent>",
     "<ObjectEvent>" WHEN EPCS OBS "</ObjectEvent>"                                                                                                                           },
 // blanks at the ends of values, comments, empty values
    {EPCIS_2_0,
     "<ObjectEvent> <!-- c --> <eventTime>\n2026-11-23T20:17:05.123+01:00 </eventTime>" ZONE
     "<eventID> </eventID><certificationInfo/><epcList> <epc/>" EPC "</epcList>" OBS
     "<bizStep> </bizStep><readPoint><id>\t</id></readPoint><bizTransactionList>"
     "<bizTransaction> </bizTransaction></bizTransactionList></ObjectEvent>",                      "<ObjectEvent>" WHEN EPCS OBS "</ObjectEvent>"                             },
 // every field of an object event, and every spelling of words
    {EPCIS_2_0,
     "<ObjectEvent>" TIME "<recordTime>2026-11-23T19:17:06Z</recordTime>" ZONE
     "<eventID>urn:uuid:1</eventID><errorDeclaration><a:why/>"
     "<reason>https://ref.gs1.org/cbv/ER-incorrect_data</reason>"
     "<declarationTime>2026-11-24T00:00:00Z</declarationTime><correctiveEventIDs>"
     "<correctiveEventID>urn:uuid:2</correctiveEventID></correctiveEventIDs></errorDeclaration>"
     "<certificationInfo>https://c.example/1</certificationInfo>" EPCS "<action>ADD</action>"
     "<bizStep>cbv:BizStep-commissioning</bizStep>"
     "<disposition>https://ref.gs1.org/cbv/Disp-active</disposition>"
     "<readPoint><id>urn:x:r</id><a:shelf>3</a:shelf></readPoint>"
     "<bizLocation><id>urn:x:l</id></bizLocation><bizTransactionList>"
     "<bizTransaction type=\"urn:epcglobal:cbv:btt:po\">urn:x:1</bizTransaction>"
     "<bizTransaction>urn:x:2</bizTransaction></bizTransactionList>"
     "<quantityList>" QUANTITY "<quantityElement><epcClass>urn:x:c</epcClass>"
     "<quantity xsi:nil=\"true\"/></quantityElement></quantityList>"
     "<sourceList><source type=\"urn:epcglobal:cbv:sdt:location\">urn:x:s</source></sourceList>"
     "<destinationList><destination type=\"urn:x:t\">urn:x:d</destination></destinationList>"
     "<sensorElementList><sensorElement><sensorMetadata time=\"2026-11-23T19:00:00Z\" a:m=\"1\"/>"
     "<sensorReport value=\"1e1\" type=\"voc:Temperature\" uom=\"CEL\" component=\"cbv:Comp-x\""
     " exception=\"gs1:ALARM_CONDITION\"/><sensorReport type=\"urn:x:own\" a:n=\"2\"/>"
     "<a:furtherData/></sensorElement></sensorElementList>"
     "<persistentDisposition><unset>urn:epcglobal:cbv:disp:damaged</unset>"
     "<set>urn:epcglobal:cbv:disp:completeness_verified</set><set>urn:x:mine</set>"
     "</persistentDisposition><ilmd><a:lot>7</a:lot></ilmd>"
     "<extension><b:c/></extension><a:own>x</a:own></ObjectEvent>",                                "<ObjectEvent xmlns:a=\"urn:a\" xmlns:b=\"urn:b\">" TIME
     "<recordTime>2026-11-23T19:17:06Z</recordTime>" ZONE
     "<eventID>urn:uuid:1</eventID><errorDeclaration>"
     "<declarationTime>2026-11-24T00:00:00Z</declarationTime>"
     "<reason>urn:epcglobal:cbv:er:incorrect_data</reason><correctiveEventIDs>"
     "<correctiveEventID>urn:uuid:2</correctiveEventID></correctiveEventIDs><a:why/>"
     "</errorDeclaration><certificationInfo>https://c.example/1</certificationInfo>" EPCS
     "<action>ADD</action><bizStep>urn:epcglobal:cbv:bizstep:commissioning</bizStep>"
     "<disposition>urn:epcglobal:cbv:disp:active</disposition>"
     "<readPoint><id>urn:x:r</id><a:shelf>3</a:shelf></readPoint>"
     "<bizLocation><id>urn:x:l</id></bizLocation><bizTransactionList>"
     "<bizTransaction type=\"urn:epcglobal:cbv:btt:po\">urn:x:1</bizTransaction>"
     "<bizTransaction>urn:x:2</bizTransaction></bizTransactionList>"
     "<quantityList>" QUANTITY "<quantityElement><epcClass>urn:x:c</epcClass></quantityElement>"
     "</quantityList>"
     "<sourceList><source type=\"urn:epcglobal:cbv:sdt:location\">urn:x:s</source></sourceList>"
     "<destinationList><destination type=\"urn:x:t\">urn:x:d</destination></destinationList>"
     "<sensorElementList><sensorElement><sensorMetadata time=\"2026-11-23T19:00:00Z\" a:m=\"1\"/>"
     "<sensorReport type=\"https://gs1.org/voc/Temperature\""
     " exception=\"https://gs1.org/voc/ALARM_CONDITION\" value=\"1e1\""
     " component=\"https://ref.gs1.org/cbv/Comp-x\" uom=\"CEL\"/>"
     "<sensorReport type=\"urn:x:own\" a:n=\"2\"/><a:furtherData/></sensorElement>"
     "</sensorElementList><persistentDisposition><unset>urn:epcglobal:cbv:disp:damaged</unset>"
     "<set>urn:epcglobal:cbv:disp:completeness_verified</set><set>urn:x:mine</set>"
     "</persistentDisposition><ilmd><a:lot>7</a:lot></ilmd>"
     "<b:c/><a:own>x</a:own></ObjectEvent>"                                                                },
    {EPCIS_2_0,
     "<TransactionEvent>" WHEN BT "<parentID>urn:epc:id:sscc:9521141.1000005010</parentID>" EPCS OBS
     "<quantityList>" QUANTITY "</quantityList></TransactionEvent>",
     "<TransactionEvent>" WHEN BT "<parentID>urn:epc:id:sscc:9521141.1000005010</parentID>" EPCS OBS
     "<quantityList>" QUANTITY "</quantityList></TransactionEvent>"                                                                                                           },
    {EPCIS_2_0,
     "<AssociationEvent>" WHEN "<parentID>urn:epc:id:grai:9521141.00001.1</parentID><childEPCs>" EPC
     "</childEPCs><childQuantityList>" QUANTITY "</childQuantityList>" OBS "</AssociationEvent>",
     "<AssociationEvent>" WHEN "<parentID>urn:epc:id:grai:9521141.00001.1</parentID><childEPCs>" EPC
     "</childEPCs><childQuantityList>" QUANTITY "</childQuantityList>" OBS "</AssociationEvent>"                                                                              },
 // 1.2: what came later lies in wrappers
    {EPCIS_1_2,
     "<ObjectEvent>" WHEN "<baseExtension><eventID>urn:uuid:1</eventID><errorDeclaration>"
     "<declarationTime>2026-11-24T00:00:00Z</declarationTime></errorDeclaration></"
     "baseExtension>" EPCS "<action>ADD</action><extension><quantityList>" QUANTITY
     "</quantityList>"
     "<ilmd><a:lot>7</a:lot></ilmd></extension><a:own/></ObjectEvent>",                            "<ObjectEvent xmlns:a=\"urn:a\">" WHEN "<eventID>urn:uuid:1</eventID><errorDeclaration>"
     "<declarationTime>2026-11-24T00:00:00Z</declarationTime></errorDeclaration>" EPCS
     "<action>ADD</action><quantityList>" QUANTITY "</quantityList>"
     "<ilmd><a:lot>7</a:lot></ilmd><a:own/></ObjectEvent>"                                             },
    {EPCIS_1_1,
     "<AggregationEvent>" WHEN
     "<parentID>urn:epc:id:sscc:9521141.1000005010</parentID><childEPCs/>" OBS
     "<extension><childQuantityList>" QUANTITY "</childQuantityList></extension>"
     "</AggregationEvent>",                                                                        "<AggregationEvent>" WHEN "<parentID>urn:epc:id:sscc:9521141.1000005010</parentID>" OBS
     "<childQuantityList>" QUANTITY "</childQuantityList></AggregationEvent>"                                                                      },
    {EPCIS_1_2,
     "<extension> <TransformationEvent>" WHEN "<inputEPCList>" EPC "</inputEPCList>"
     "<outputQuantityList>" QUANTITY "</outputQuantityList><transformationID>urn:x:t"
     "</transformationID><ilmd/></TransformationEvent> </extension>",                              "<TransformationEvent>" WHEN "<inputEPCList>" EPC "</inputEPCList>"
     "<outputQuantityList>" QUANTITY "</outputQuantityList><transformationID>urn:x:t"
     "</transformationID><ilmd/></TransformationEvent>"                                                  },
 // the revised schema of 1.2 puts what 2.0 brought one wrapper deeper
    {EPCIS_1_2,
     "<ObjectEvent>" WHEN EPCS OBS "<extension><extension><sensorElementList><sensorElement>"
     "<sensorReport type=\"gs1:Temperature\" value=\"2\"/></sensorElement></sensorElementList>"
     "<persistentDisposition><set>urn:epcglobal:cbv:disp:damaged</set></persistentDisposition>"
     "</extension></extension></ObjectEvent>",                                                     "<ObjectEvent>" WHEN EPCS OBS "<sensorElementList><sensorElement>"
     "<sensorReport type=\"https://gs1.org/voc/Temperature\" value=\"2\"/></sensorElement>"
     "</sensorElementList><persistentDisposition><set>urn:epcglobal:cbv:disp:damaged</set>"
     "</persistentDisposition></ObjectEvent>"                                                                                   },
    {EPCIS_1_2,
     "<extension><extension><AssociationEvent>" WHEN
     "<parentID>urn:epc:id:grai:9521141.00001.1</parentID><childEPCs>" EPC "</childEPCs>" OBS
     "</AssociationEvent></extension></extension>",                                                "<AssociationEvent>" WHEN "<parentID>urn:epc:id:grai:9521141.00001.1</parentID><childEPCs>" EPC
     "</childEPCs>" OBS "</AssociationEvent>"                                                                              },
 // a QuantityEvent is an ObjectEvent with a quantity
    {EPCIS_1_0,
     "<QuantityEvent>" WHEN "<epcClass>urn:epc:idpat:sgtin:9521141.007346.*</epcClass>"
     "<quantity>7</quantity><bizStep>urn:epcglobal:cbv:bizstep:storing</bizStep></QuantityEvent>", "<ObjectEvent>" WHEN OBS "<bizStep>urn:epcglobal:cbv:bizstep:storing</bizStep><quantityList>"
     "<quantityElement><epcClass>urn:epc:idpat:sgtin:9521141.007346.*</epcClass>"
     "<quantity>7</quantity></quantityElement></quantityList></ObjectEvent>"},
 // others' elements: attributes, texts, depth, prefixes declared anywhere
    {EPCIS_2_0,
     "<ObjectEvent b:mark=\"m\" schemaVersion=\"2.0\">" WHEN EPCS OBS
     "<a:x b:y=\"1\" z=\"2\">  one <q/> two<r xmlns=\"urn:d\">&lt;<s xmlns=\"\"/></r></a:x>"
     "<a:x xmlns:a=\"urn:c\" xmlns:u=\"urn:u\" u:v=\"w\"/>"
     "<a:t xsi:type=\"xsd:date\">2026-11-23</a:t></ObjectEvent>",                                  "<ObjectEvent xmlns:b=\"urn:b\" xmlns:a=\"urn:a\" xmlns:ns1=\"urn:d\" xmlns:a2=\"urn:c\" "
     "xmlns:u=\"urn:u\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
     "xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" b:mark=\"m\">" WHEN EPCS OBS
     "<a:x b:y=\"1\" z=\"2\">one  two<q/><ns1:r>&lt;<s/></ns1:r></a:x><a2:x u:v=\"w\"/>"
     "<a:t xsi:type=\"xsd:date\">2026-11-23</a:t></ObjectEvent>"                                             },
};

static void every_form_is_read_and_told_in_2_0(void **state)
{
    struct epcis_event e;
    struct buf b;

    (void)state;
    buf_init(&b, 64 * KB);
    for (size_t i = 0; i < LEN(forms); i++) {
        status st = event_read(str_of(forms[i].in), forms[i].version, &e);
        if (st.cls != ST_OK) fail_msg("row %zu: %s (%s) at %u", i, st.reason, st.text, st.at);
        st = told(&e, EPCIS_XML_2_0, &b);
        if (st.cls != ST_OK) fail_msg("row %zu: %s (%s)", i, st.reason, st.text);
        if (!str_eq(buf_str(&b), str_of(forms[i].out)))
            fail_msg("row %zu\nis  %s\nnot %s", i, b.p, forms[i].out);
    }
    buf_fini(&b);
}

// 1.0 and the innermost wrappers of 1.1 and 1.2 hold whatever the vendor liked.
static void what_lies_in_an_innermost_extension_stands_for_itself(void **state)
{
    static const struct {
        enum epcis_version version;
        const char *in;
    } rows[] = {
        {EPCIS_1_2, "<ObjectEvent>" WHEN "<baseExtension><extension><own/></extension>"
                    "</baseExtension>" EPCS OBS "</ObjectEvent>"                 },
        {EPCIS_1_2, "<ObjectEvent>" WHEN EPCS OBS "<extension><extension><own/></extension>"
                    "</extension></ObjectEvent>"                                 },
        {EPCIS_1_0, "<ObjectEvent>" WHEN EPCS OBS "<extension><own/></extension></ObjectEvent>"     },
        {EPCIS_1_2, "<ObjectEvent>" WHEN EPCS OBS
                    "<SAPExtension><objAttributes/></SAPExtension></ObjectEvent>"},
        {EPCIS_1_1, "<ObjectEvent>" WHEN EPCS OBS "<extension><SAPExtension>"
                    "<ObjAttributes/></SAPExtension></extension></ObjectEvent>"  },
        {EPCIS_1_0,
         "<ObjectEvent>" WHEN "<baseExtension><own/></baseExtension>" EPCS OBS "</ObjectEvent>"     },
        {EPCIS_1_0, "<QuantityEvent>" WHEN "<epcClass>urn:x:1</epcClass><quantity>1</quantity>"
                    "<extension><own/></extension></QuantityEvent>"              },
    };
    struct epcis_event e;

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        status st = event_read(str_of(rows[i].in), rows[i].version, &e);
        if (st.cls != ST_OK) fail_msg("%s: %s at %u", rows[i].in, st.text, st.at);
        assert_non_null(e.ext);
        bool sap = e.ext->child != NULL; // SAPExtension, which needs no wrapper
        assert_true(e.ext->ns == NULL && e.ext->next == NULL);
        assert_true(str_eq(e.ext->name, sap ? S("SAPExtension") : S("own")));
    }
}

static void what_was_told_is_read_as_the_same(void **state)
{
    struct epcis_event e;
    struct buf once, twice;

    (void)state;
    buf_init(&once, 64 * KB);
    buf_init(&twice, 64 * KB);
    for (size_t i = 0; i < LEN(forms); i++) {
        assert_int_equal(event_read(str_of(forms[i].out), EPCIS_2_0, &e).cls, ST_OK);
        assert_int_equal(told(&e, EPCIS_XML_2_0, &once).cls, ST_OK);
        assert_int_equal(event_read(buf_str(&once), EPCIS_2_0, &e).cls, ST_OK);
        assert_int_equal(told(&e, EPCIS_XML_2_0, &twice).cls, ST_OK);
        assert_string_equal(once.p, twice.p);
    }
    buf_fini(&once);
    buf_fini(&twice);
}

static void what_1_2_has_it_tells_as_it_was_read(void **state)
{
    static const char *const rows[] = {
        "<ObjectEvent xmlns:a=\"urn:a\">" WHEN "<baseExtension><eventID>urn:uuid:1</eventID>"
        "<errorDeclaration><declarationTime>2026-11-24T00:00:00Z</declarationTime>"
        "<reason>urn:epcglobal:cbv:er:did_not_occur</reason></errorDeclaration></baseExtension>"
        "<epcList/><action>ADD</action><extension><quantityList>" QUANTITY "</quantityList>"
        "<sourceList><source type=\"urn:epcglobal:cbv:sdt:location\">urn:x:s</source></sourceList>"
        "<ilmd><extension><lot>7</lot></extension><a:lot>7</a:lot></ilmd>"
        "<extension><own>1</own></extension></extension><a:own/></ObjectEvent>",
        "<AggregationEvent>" WHEN "<parentID>urn:epc:id:sscc:9521141.1000005010</parentID>"
        "<childEPCs>" EPC "</childEPCs>" OBS "</AggregationEvent>",
        "<TransactionEvent>" WHEN BT EPCS OBS "</TransactionEvent>",
        "<extension><TransformationEvent xmlns:a=\"urn:a\">" WHEN "<inputEPCList>" EPC
        "</inputEPCList><outputEPCList>" EPC "</outputEPCList><ilmd><a:lot>7</a:lot></ilmd>"
        "<extension><own>1</own></extension></TransformationEvent></extension>",
    };
    struct epcis_event e;
    struct buf b;

    (void)state;
    buf_init(&b, 64 * KB);
    for (size_t i = 0; i < LEN(rows); i++) {
        status st = event_read(str_of(rows[i]), EPCIS_1_2, &e);
        if (st.cls != ST_OK) fail_msg("%s: %s at %u", rows[i], st.text, st.at);
        st = told(&e, EPCIS_XML_1_2, &b);
        if (st.cls != ST_OK) fail_msg("%s: %s", rows[i], st.text);
        assert_string_equal(b.p, rows[i]);
    }
    buf_fini(&b);
}

// ---- what is refused

#define O(inside) "<ObjectEvent>" inside "</ObjectEvent>"

static void what_no_schema_has_is_refused_where_it_stands(void **state)
{
    static const struct {
        enum epcis_version version;
        const char *in, *reason;
    } bad[] = {
        {EPCIS_2_0, O("<action>ADD</action>*" TIME ZONE EPCS),                                     "epcis.order"          },
        {EPCIS_2_0, O(ZONE "*" TIME EPCS OBS),                                                     "epcis.order"          },
        {EPCIS_2_0, O(WHEN OBS "*" EPCS),                                                          "epcis.order"          },
        {EPCIS_2_0, O(WHEN EPCS OBS "<a:x/>*<bizStep>urn:x:1</bizStep>"),                          "epcis.order"          },
        {EPCIS_2_0,
         O(WHEN EPCS OBS "<persistentDisposition><set>urn:x:1</set>*<unset>urn:x:2</unset>"
                         "</persistentDisposition>"),
         "epcis.order"                                                                                                    },
        {EPCIS_2_0, O(TIME "*" TIME ZONE EPCS OBS),                                                "epcis.twice"          },
        {EPCIS_2_0, O(WHEN EPCS "*" EPCS OBS),                                                     "epcis.twice"          },
        {EPCIS_2_0, O(WHEN EPCS OBS "*<SAPExtension/>"),                                           "epcis.unknown_element"},
        {EPCIS_1_2, O(WHEN EPCS OBS "*<madeUp/>"),                                                 "epcis.unknown_element"},
        {EPCIS_2_0, O(WHEN EPCS OBS "*<madeUp/>"),                                                 "epcis.unknown_element"},
        {EPCIS_2_0, O(WHEN EPCS OBS "*<parentID>urn:x:1</parentID>"),                              "epcis.unknown_element"},
        {EPCIS_2_0, O(WHEN "<baseExtension>*<eventID>urn:x:1</eventID></baseExtension>" EPCS OBS),
         "epcis.unknown_element"                                                                                          },
        {EPCIS_2_0, O(WHEN EPCS OBS "<extension>*<quantityList/></extension>"),
         "epcis.unknown_element"                                                                                          },
        {EPCIS_2_0, O(WHEN "<epcList>*<id/></epcList>" OBS),                                       "epcis.unknown_element"},
        {EPCIS_2_0, O(WHEN "<epcList>*<a:epc/></epcList>" OBS),                                    "epcis.unknown_element"},
        {EPCIS_2_0, O(WHEN EPCS OBS "<readPoint><id>urn:x:1</id>*<name/></readPoint>"),
         "epcis.unknown_element"                                                                                          },
        {EPCIS_2_0, O("*<e2:eventTime/>"),                                                         "epcis.namespace"      },
        {EPCIS_2_0, "*<e2:ObjectEvent>" WHEN EPCS OBS "</e2:ObjectEvent>",                         "epcis.namespace"      },
        {EPCIS_2_0,
         "*<ObjectEvent xmlns='urn:epcglobal:epcis:xsd:2'>" WHEN EPCS OBS "</ObjectEvent>",
         "epcis.namespace"                                                                                                },
        {EPCIS_2_0, O(WHEN EPCS OBS "*<e2:own/>"),                                                 "epcis.namespace"      },
        {EPCIS_2_0, O(WHEN EPCS OBS "<readPoint><id *x='1'>urn:x:1</id></readPoint>"),
         "epcis.unknown_attribute"                                                                                        },
        {EPCIS_2_0, "<ObjectEvent *mark='1'>" WHEN EPCS OBS "</ObjectEvent>",
         "epcis.unknown_attribute"                                                                                        },
        {EPCIS_2_0, "<ObjectEvent *e2:mark='1'>" WHEN EPCS OBS "</ObjectEvent>",
         "epcis.unknown_attribute"                                                                                        },
        {EPCIS_2_0,
         O(WHEN EPCS OBS "<sensorElementList><sensorElement><sensorReport *depth='1'/>"
                         "</sensorElement></sensorElementList>"),
         "epcis.unknown_attribute"                                                                                        },
        {EPCIS_2_0,
         O(WHEN EPCS OBS "<sensorElementList><sensorElement><sensorMetadata *value='1'/>"
                         "</sensorElement></sensorElementList>"),
         "epcis.unknown_attribute"                                                                                        },
        {EPCIS_2_0, O(WHEN EPCS OBS "<sensorElementList>*<sensorElement/></sensorElementList>"),
         "epcis.missing"                                                                                                  },
        {EPCIS_2_0, O(WHEN EPCS OBS "*<sensorElementList/>"),                                      "epcis.missing"        },
        {EPCIS_2_0, O(WHEN EPCS OBS "*<bizTransactionList/>"),                                     "epcis.missing"        },
        {EPCIS_2_0, O(WHEN EPCS OBS "<sourceList>*<source>urn:x:1</source></sourceList>"),
         "epcis.type_missing"                                                                                             },
        {EPCIS_1_2,
         O(WHEN EPCS OBS
           "<extension><destinationList>*<destination/></destinationList></extension>"),
         "epcis.type_missing"                                                                                             },
        {EPCIS_2_0,
         O(WHEN EPCS OBS "<quantityList><quantityElement><epcClass>urn:x:c</"
                         "epcClass>*<quantity>1E5</quantity></quantityElement></quantityList>"),
         "epcis.number"                                                                                                   },
        {EPCIS_2_0, O(WHEN EPCS OBS "*<sourceList/>"),                                             "epcis.missing"        },
        {EPCIS_2_0, O(WHEN EPCS OBS "*<destinationList/>"),                                        "epcis.missing"        },
        {EPCIS_2_0,
         O(WHEN EPCS OBS "<quantityList><quantityElement><epcClass>urn:x:1</epcClass>*<quantity> "
                         "</quantity></quantityElement></quantityList>"),
         "epcis.number"                                                                                                   },
        {EPCIS_2_0,
         O(WHEN EPCS OBS "<sensorElementList><sensorElement><sensorReport "
                         "*value=''/></sensorElement></sensorElementList>"),
         "epcis.missing"                                                                                                  },
        {EPCIS_2_0,
         O(WHEN EPCS OBS "<sensorElementList><sensorElement><sensorMetadata *time=' "
                         "'/></sensorElement></sensorElementList>"),
         "epcis.missing"                                                                                                  },
        {EPCIS_2_0, O(WHEN EPCS OBS "*<readPoint/>"),                                              "epcis.missing"        },
        {EPCIS_1_2, "*" O(WHEN OBS),                                                               "epcis.missing"        },
        {EPCIS_1_2, "*<AggregationEvent>" WHEN OBS "</AggregationEvent>",                          "epcis.missing"        },
        {EPCIS_1_0, "*<QuantityEvent>" WHEN "<quantity>1</quantity></QuantityEvent>",
         "epcis.missing"                                                                                                  },
        {EPCIS_1_2, O(WHEN "*<eventID>urn:x:1</eventID>" EPCS OBS),                                "epcis.unknown_element"},
        {EPCIS_1_2, O(WHEN EPCS OBS "*<quantityList/>"),                                           "epcis.unknown_element"},
        {EPCIS_1_2, O(WHEN EPCS OBS "<extension>*<bizStep/></extension>"),                         "epcis.unknown_element"},
        {EPCIS_1_2, O(WHEN EPCS OBS "<extension><ilmd/>*<quantityList/></extension>"),
         "epcis.order"                                                                                                    },
        {EPCIS_1_2, "*<TransformationEvent>" WHEN "</TransformationEvent>",                        "epcis.order"          },
        {EPCIS_1_2, "<extension>*" O(WHEN EPCS OBS) "</extension>",                                "epcis.order"          },
        {EPCIS_1_2,
         "<extension><TransformationEvent>" WHEN "</TransformationEvent>*"
         "<TransformationEvent>" WHEN "</TransformationEvent></extension>",
         "epcis.order"                                                                                                    },
        {EPCIS_1_2, "*<extension/>",                                                               "epcis.type"           },
        {EPCIS_2_0, "*<extension><TransformationEvent>" WHEN "</TransformationEvent></extension>",
         "epcis.type"                                                                                                     },
        {EPCIS_2_0, "*<QuantityEvent>" WHEN "</QuantityEvent>",                                    "epcis.type"           },
        {EPCIS_2_0, "*<a:OwnEvent/>",                                                              "epcis.type"           },
        {EPCIS_2_0, O(WHEN EPCS "<action>*OBSERV</action>"),                                       "epcis.action"         },
        {EPCIS_2_0, O(WHEN EPCS "<action>*add</action>"),                                          "epcis.action"         },
        {EPCIS_2_0, O(WHEN EPCS OBS "<bizStep>*shipping</bizStep>"),                               "epcis.word_spelling"  },
        {EPCIS_2_0, O(WHEN EPCS OBS "<bizStep>*posting</bizStep>"),                                "epcis.word"           },
        {EPCIS_2_0, O(WHEN EPCS OBS "<bizStep> *urn:epcglobal:cbv:bizstep:posting</bizStep>"),
         "epcis.word"                                                                                                     },
        {EPCIS_2_0,
         O(WHEN EPCS OBS "<sourceList><source type='*location'>urn:x:1</source></sourceList>"),
         "epcis.word_spelling"                                                                                            },
        {EPCIS_2_0,
         O(WHEN EPCS OBS "<sensorElementList><sensorElement><sensorReport type='*Temperature'/>"
                         "</sensorElement></sensorElementList>"),
         "epcis.word_spelling"                                                                                            },
        {EPCIS_2_0, O("<eventTime>22*-07-2026</eventTime>" ZONE EPCS OBS),                         "time.form"            },
        {EPCIS_2_0, O("<eventTime>*2026-11-23t20:17:05Z</eventTime>" ZONE EPCS OBS),               "time.form"            },
        {EPCIS_2_0, O("<eventTime>*2026-11-23T20:17:05z</eventTime>" ZONE EPCS OBS),               "time.form"            },
        {EPCIS_2_0, O("<eventTime>2026-11-23T20:17:05*</eventTime>" ZONE EPCS OBS),                "time.zone"            },
        {EPCIS_2_0, O("*text" WHEN EPCS OBS),                                                      "xml.content"          },
        {EPCIS_2_0, O("<eventTime>*<b/></eventTime>"),                                             "xml.content"          },
        {EPCIS_2_0,
         O(WHEN EPCS OBS "<sensorElementList><sensorElement><sensorReport>*1</sensorReport>"
                         "</sensorElement></sensorElementList>"),
         "xml.content"                                                                                                    },
        {EPCIS_2_0, O(WHEN EPCS OBS "*<c:x/>"),                                                    "xml.prefix"           },
        {EPCIS_2_0, O(WHEN EPCS OBS) "*<a/>",                                                      "xml.syntax"           },
        {EPCIS_2_0, "<ObjectEvent>" WHEN EPCS OBS "*",                                             "xml.syntax"           },
    };
    char text[2048];
    struct epcis_event e;

    (void)state;
    for (size_t i = 0; i < LEN(bad); i++) {
        const char *star = strrchr(bad[i].in, '*');
        size_t at = (size_t)(star - bad[i].in), n = strlen(bad[i].in) - 1;
        assert_true(n < sizeof text);
        memcpy(text, bad[i].in, at);
        memcpy(text + at, star + 1, n - at);
        status st = event_read((str){text, n}, bad[i].version, &e);
        if (st.cls != ST_BAD_INPUT || strcmp(st.reason, bad[i].reason) != 0 || st.at != at)
            fail_msg("%s: %s (%s) at %u", bad[i].in, st.cls == ST_OK ? "taken" : st.reason, st.text,
                     st.at);
    }
}

// EPCIS-XML-NAMESPACE
static void an_order_is_told_by_the_names_of_both(void **state)
{
    struct epcis_event e;

    (void)state;
    status st = event_read(S(O(WHEN OBS EPCS)), EPCIS_2_0, &e);
    assert_string_equal(st.text, "epcList stands behind action");
    st = event_read(S("<ObjectEvent xmlns='urn:epcglobal:epcis:xsd:2'/>"), EPCIS_2_0, &e);
    assert_non_null(strstr(st.text, "EPCIS' namespace"));
}

static void extensions_nest_sixteen_deep(void **state)
{
    char text[1024];
    struct epcis_event e;

    (void)state;
    for (int depth = 15; depth <= 17; depth++) {
        struct buf b;
        buf_init(&b, sizeof text);
        buf_add(&b, S("<ObjectEvent>" WHEN EPCS OBS));
        for (int i = 0; i < depth; i++) buf_add(&b, S("<a:x>"));
        for (int i = 0; i < depth; i++) buf_add(&b, S("</a:x>"));
        buf_add(&b, S("</ObjectEvent>"));
        status st = event_read(buf_str(&b), EPCIS_2_0, &e);
        assert_int_equal(st.cls, depth <= 16 ? ST_OK : ST_BAD_INPUT);
        if (depth == 16) assert_int_equal(epcis_event_check(&e).cls, ST_OK);
        if (depth > 16) assert_string_equal(st.reason, "xml.depth");
        buf_fini(&b);
    }
}

static void an_event_larger_than_its_arena_is_refused(void **state)
{
    struct epcis_scope scope = {.syntax = EPCIS_SYNTAX_XML, .version = EPCIS_2_0};
    struct epcis_event e;
    struct arena small;

    (void)state;
    for (size_t max = 0; max < 256; max += 16) {
        arena_init(&small, max);
        status st = epcis_event_read(S(O(WHEN EPCS OBS "<sensorElementList><sensorElement>"
                                                       "<sensorReport/></sensorElement>"
                                                       "</sensorElementList>")),
                                     &scope, &small, &e);
        assert_int_equal(st.cls, ST_TOO_LARGE);
        assert_string_equal(st.reason, "xml.ceiling");
        arena_fini(&small);
    }
}

// ---- what one format has no place for

static void what_has_no_place_is_refused_by_its_name(void **state)
{
    static const struct {
        enum epcis_format format;
        const char *in, *reason, *names;
    } rows[] = {
        {EPCIS_XML_1_2,
         "<AssociationEvent>" WHEN "<parentID>urn:x:1</parentID><childEPCs>" EPC "</childEPCs>" OBS
         "</AssociationEvent>",                                                                     "epcis.not_in_1_2", "AssociationEvent"     },
        {EPCIS_XML_1_2,
         O(WHEN EPCS OBS "<sensorElementList><sensorElement><sensorReport "
                         "type='gs1:Temperature' value='1'/></sensorElement></sensorElementList>"),
         "epcis.not_in_1_2",                                                                                            "sensorElementList"    },
        {EPCIS_XML_1_2,
         O(WHEN EPCS OBS "<persistentDisposition><set>urn:x:1</set>"
                         "</persistentDisposition>"),
         "epcis.not_in_1_2",                                                                                            "persistentDisposition"},
        {EPCIS_XML_1_2, O(WHEN "<certificationInfo>urn:x:1</certificationInfo>" EPCS OBS),
         "epcis.not_in_1_2",                                                                                            "certificationInfo"    },
        {EPCIS_XML_1_2, O(WHEN EPCS OBS "<bizStep>urn:epcglobal:cbv:bizstep:sampling</bizStep>"),
         "epcis.not_in_1_2",                                                                                            "sampling"             },
        {EPCIS_XML_1_2,
         O(WHEN EPCS OBS "<disposition>urn:epcglobal:cbv:disp:available</disposition>"),
         "epcis.not_in_1_2",                                                                                            "available"            },
        {EPCIS_XML_1_2,
         O(WHEN EPCS OBS
           "<bizTransactionList><bizTransaction "
           "type='urn:epcglobal:cbv:btt:cert'>urn:x:1</bizTransaction></bizTransactionList>"),
         "epcis.not_in_1_2",                                                                                            "cert"                 },
    };
    struct epcis_event e;
    struct buf b;

    (void)state;
    buf_init(&b, 4 * KB);
    for (size_t i = 0; i < LEN(rows); i++) {
        assert_int_equal(event_read(str_of(rows[i].in), EPCIS_2_0, &e).cls, ST_OK);
        status st = told(&e, rows[i].format, &b);
        if (st.cls != ST_CONFLICT || strcmp(st.reason, rows[i].reason) != 0 ||
            strstr(st.text, rows[i].names) == NULL)
            fail_msg("%s: %s (%s)", rows[i].in, st.cls == ST_OK ? "told" : st.reason, st.text);
        assert_int_equal(b.n, 0); // no trace
        assert_int_equal(told(&e, EPCIS_XML_2_0, &b).cls, ST_OK);
    }
    buf_fini(&b);
}

#define UNQUALIFIED "xmlns:unqualified=\"urn:packtrail:unqualified\""

// Beside EPCIS' own fields alone: within others' elements there is a place for them.
static void what_has_no_namespace_is_told_in_one_of_its_own(void **state)
{
    const char *in =
        O(WHEN "<baseExtension><errorDeclaration>"
               "<declarationTime>2026-11-24T00:00:00Z</declarationTime>"
               "<extension><why>1</why></extension></errorDeclaration></baseExtension>" EPCS
               "<action>ADD</action>"
               "<readPoint><id>urn:x:1</id><extension><gate>4</gate></extension></readPoint>"
               "<extension><ilmd><extension><lot>7</lot></extension></ilmd>"
               "<extension><own><in>1</in></own><own>2</own></extension></extension>");
    const char *xml =
        "<ObjectEvent " UNQUALIFIED ">" WHEN "<errorDeclaration>"
        "<declarationTime>2026-11-24T00:00:00Z</declarationTime>"
        "<unqualified:why>1</unqualified:why></errorDeclaration>" EPCS "<action>ADD</action>"
        "<readPoint><id>urn:x:1</id><unqualified:gate>4</unqualified:gate></readPoint>"
        "<ilmd><unqualified:lot>7</unqualified:lot></ilmd>"
        "<unqualified:own><in>1</in></unqualified:own><unqualified:own>2</unqualified:own>"
        "</ObjectEvent>";
    struct epcis_scope json = {.syntax = EPCIS_SYNTAX_JSON, .version = EPCIS_2_0};
    struct epcis_event e;
    struct buf b, j; // an event's texts lie in what it was read from

    (void)state;
    buf_init(&b, 64 * KB);
    buf_init(&j, 64 * KB);
    assert_int_equal(event_read(str_of(in), EPCIS_1_2, &e).cls, ST_OK);
    assert_int_equal(told(&e, EPCIS_XML_2_0, &b).cls, ST_OK);
    assert_string_equal(b.p, xml);
    assert_int_equal(event_read(buf_str(&b), EPCIS_2_0, &e).cls, ST_OK);
    assert_int_equal(told(&e, EPCIS_JSON_2_0, &j).cls, ST_OK);
    assert_non_null(strstr(j.p, "\"urn:packtrail:unqualified\""));
    assert_non_null(strstr(j.p, "\"unqualified:own\":[{\"in\":\"1\"},\"2\"]"));
    assert_int_equal(epcis_event_read(buf_str(&j), &json, &arena, &e).cls, ST_OK);
    assert_int_equal(told(&e, EPCIS_XML_2_0, &b).cls, ST_OK);
    assert_string_equal(b.p, xml);
    buf_fini(&b);
    buf_fini(&j);
}

// An event of JSON or XML, told in the format and read again: the same hash. What was told is in b.
static void goes_around(const char *in, enum epcis_format format, struct buf *b)
{
    bool xml = in[0] == '<';
    struct epcis_scope scope = {.syntax = xml ? EPCIS_SYNTAX_XML : EPCIS_SYNTAX_JSON,
                                .version = EPCIS_2_0,
                                .context = xml ? S(NS) : S("")};
    char before[EPCIS_HASH_LEN + 1], after[EPCIS_HASH_LEN + 1];
    struct epcis_event e, again;

    status st = epcis_event_read(str_of(in), &scope, &arena, &e);
    if (st.cls == ST_OK) st = told(&e, format, b);
    if (st.cls != ST_OK) fail_msg("%s: %s %s", in, st.reason, st.text);
    scope = (struct epcis_scope){.syntax = format == EPCIS_JSON_2_0 ? EPCIS_SYNTAX_JSON
                                                                    : EPCIS_SYNTAX_XML,
                                 .version = format == EPCIS_XML_1_2 ? EPCIS_1_2 : EPCIS_2_0};
    st = epcis_event_read(arena_str(&arena, buf_str(b)), &scope, &arena, &again);
    if (st.cls != ST_OK) fail_msg("%s: %s %s", b->p, st.reason, st.text);
    assert_int_equal(epcis_hash(&e, &arena, before).cls, ST_OK);
    assert_int_equal(epcis_hash(&again, &arena, after).cls, ST_OK);
    if (strcmp(before, after) != 0) fail_msg("%s\nis another event than\n%s", b->p, in);
}

static void goes_around_everywhere(const char *in)
{
    struct buf b;

    buf_init(&b, 64 * KB);
    goes_around(in, EPCIS_XML_2_0, &b);
    goes_around(in, EPCIS_JSON_2_0, &b);
    goes_around(str_z(&arena, buf_str(&b)), EPCIS_XML_2_0, &b); // and back
    buf_fini(&b);
}

static void attributes_of_others_are_told_wherever_they_stand(void **state)
{
    static const char *const rows[] = {
        O(WHEN EPCS OBS "<a:n xml:lang=\"de\" xml:space=\"preserve\">M</a:n>"),
        O(WHEN EPCS OBS "<a:n xml:lang=\"de\"><a:m xml:lang=\"en\"/></a:n>"),
        O(WHEN EPCS OBS "<readPoint a:q=\"1\"><id>urn:x:r</id></readPoint>"),
        O(WHEN EPCS OBS "<readPoint a:q=\"1\"><id>urn:x:r</id><a:w>2</a:w></readPoint>"),
        O(WHEN EPCS OBS "<a:t xsi:type=\"a:date\">2026-11-23</a:t>"),
        O(WHEN EPCS OBS "<bizLocation b:q=\"1\" xml:lang=\"de\"><id>urn:x:l</id></bizLocation>"),
        O(WHEN EPCS OBS "<sensorElementList><sensorElement a:q=\"1\"><sensorReport type=\""
                        "gs1:Temperature\" a:r=\"2\"/></sensorElement></sensorElementList>"),
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) goes_around_everywhere(rows[i]);
}

static void what_json_says_has_one_hash_in_xml_too(void **state)
{
    static const char *const rows[] = {"{\"a:a\":null,\"a:b\":\"x\"}",
                                       "[\"a\",null,\"b\"]",
                                       "[null]",
                                       "{\"@value\":\"5\"}",
                                       "{\"@value\":5.50}",
                                       "{\"a:a\":\"1\",\"@value\":\"t\"}",
                                       "{\"a:a\":{\"@value\":\"\"}}",
                                       "[]",
                                       "{}",
                                       "[{\"a:a\":1},{\"a:a\":2}]"};

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct buf b;
        buf_init(&b, KB);
        buf_addf(
            &b,
            "{\"@context\":[\"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld\","
            "{\"a\":\"urn:a:\"}],\"type\":\"ObjectEvent\",\"eventTime\":\"2026-11-23T20:17:05Z\","
            "\"eventTimeZoneOffset\":\"+00:00\",\"action\":\"OBSERVE\",\"epcList\":[\"urn:x:1\"],"
            "\"a:n\":%s,\"a:m\":\"1\"}",
            rows[i]);
        goes_around_everywhere(str_z(&arena, buf_str(&b)));
        buf_fini(&b);
    }
}

// A document of SOAP and of 2.0 around it uses the same prefixes.
static void prefixes_of_documents_are_nobody_elses(void **state)
{
    static const char json[] =
        "{\"@context\":[\"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld\","
        "{\"soapenv\":\"urn:1:\",\"cbvmda\":\"urn:2:\",\"sbdh\":\"urn:3:\",\"gs1\":\"urn:4:\","
        "\"xml\":\"urn:5:\",\"lang\":\"http://www.w3.org/XML/1998/namespace\"}],"
        "\"type\":\"ObjectEvent\",\"eventTime\":\"2026-11-23T20:17:05Z\",\"eventTimeZoneOffset\":"
        "\"+00:00\",\"action\":\"OBSERVE\",\"epcList\":[\"urn:x:1\"],\"soapenv:a\":\"1\","
        "\"cbvmda:b\":\"2\",\"sbdh:c\":\"3\",\"gs1:d\":\"4\",\"xml:e\":\"5\",\"soapenv:f\":{"
        "\"lang:lang\":\"de\",\"@value\":\"x\"}}";
    struct epcis_scope scope = {.syntax = EPCIS_SYNTAX_JSON, .version = EPCIS_2_0};
    struct epcis_out conf = {
        .format = EPCIS_XML_1_2, .kind = EPCIS_QUERY_DOC, .ids = EPCIS_URN, .soap = true};
    struct epcis_event e;
    struct epcis_doc doc;
    struct xml_r r;
    struct buf b;

    (void)state;
    goes_around_everywhere(json);
    buf_init(&b, 64 * KB);
    assert_int_equal(epcis_event_read(str_of(json), &scope, &arena, &e).cls, ST_OK);
    for (unsigned soap = 0; soap < 2; soap++) {
        buf_reset(&b);
        conf.soap = soap == 1;
        epcis_doc_init(&doc, &conf, &b);
        assert_int_equal(epcis_doc_event(&doc, &e).cls, ST_OK);
        assert_int_equal(epcis_doc_end(&doc).cls, ST_OK);
        epcis_doc_fini(&doc);
        xml_r_init(&r, buf_str(&b), &arena);
        if (xml_r_root(&r)) xml_r_skip(&r);
        status st = xml_r_end(&r);
        if (st.cls != ST_OK) fail_msg("%s: %s", b.p, st.text);
        assert_null(strstr(b.p, "xmlns:cbvmda=\"urn:2:"));
        assert_null(strstr(b.p, "xmlns:xml="));
        assert_non_null(strstr(b.p, " xml:lang=\"de\">x<"));
    }
    buf_fini(&b);
}

// What a URN has raw and the canonical link escapes has one hash all the same.
static void a_digital_link_has_the_hash_of_its_urn(void **state)
{
    const char *in = O(WHEN "<epcList><epc>urn:epc:id:sgtin:9521141.007346.!'()*+,-.:;=_</epc>"
                            "<epc>urn:epc:id:sgtin:9521141.007346.%2f%2527</epc></epcList>" OBS);
    struct epcis_scope json = {.syntax = EPCIS_SYNTAX_JSON, .version = EPCIS_2_0};
    struct epcis_out conf = {.format = EPCIS_JSON_2_0, .kind = EPCIS_BARE_EVENT, .ids = EPCIS_DL};
    char urn[EPCIS_HASH_LEN + 1], link[EPCIS_HASH_LEN + 1];
    struct epcis_event e;
    struct epcis_doc doc;
    struct buf b;

    (void)state;
    buf_init(&b, 64 * KB);
    assert_int_equal(event_read(str_of(in), EPCIS_2_0, &e).cls, ST_OK);
    assert_int_equal(epcis_hash(&e, &arena, urn).cls, ST_OK);
    epcis_doc_init(&doc, &conf, &b);
    assert_int_equal(epcis_doc_event(&doc, &e).cls, ST_OK);
    assert_int_equal(epcis_doc_end(&doc).cls, ST_OK);
    epcis_doc_fini(&doc);
    assert_int_equal(epcis_event_read(buf_str(&b), &json, &arena, &e).cls, ST_OK);
    assert_true(str_starts(e.epcs.at[0], S("https://id.gs1.org/01/")));
    assert_int_equal(epcis_hash(&e, &arena, link).cls, ST_OK);
    assert_string_equal(urn, link);
    buf_fini(&b);
}

// EPCIS-XML-CERTIFICATION
static void what_json_can_say_and_xml_cannot_is_refused(void **state)
{
    static const struct epcis_ns ns = {
        {"a",     1},
        {"urn:a", 5}
    };
    struct epcis_node list = {.ns = &ns, .name = S("x"), .kind = NODE_ARRAY};
    struct epcis_node name = {.ns = &ns, .name = S("my name")};
    struct epcis_node type = {.name = S("@type"), .text = S("xsd:date")};
    struct epcis_node typed = {.ns = &ns, .name = S("x"), .kind = NODE_PARENT, .child = &type};
    const str two[] = {S("urn:x:1"), S("urn:x:2")};
    struct epcis_node *const nodes[] = {&list, &name, &typed};
    struct epcis_event e, with;
    struct buf b;

    (void)state;
    buf_init(&b, 4 * KB);
    assert_int_equal(event_read(S(O(WHEN EPCS OBS)), EPCIS_2_0, &e).cls, ST_OK);
    for (size_t i = 0; i < LEN(nodes); i++) {
        with = e;
        with.ext = nodes[i];
        status st = told(&with, EPCIS_XML_2_0, &b);
        if (st.cls == ST_OK || strstr(st.reason, "epcis.") != st.reason) fail_msg("node %zu", i);
    }
    with = e;
    with.certification = (struct epcis_strs){two, 2};
    assert_string_equal(told(&with, EPCIS_XML_2_0, &b).reason, "epcis.not_in_xml");
    buf_fini(&b);
}

static void numbers_and_values_of_json_are_spelled_as_xml_has_them(void **state)
{
    static const struct epcis_ns ns = {
        {"a",     1},
        {"urn:a", 5}
    };
    static const struct epcis_quantity q[] = {
        {{"urn:epc:class:lgtin:9521141.007346.L", 36}, {"125E-1", 6}, {"KGM", 3}}
    };
    struct epcis_node value = {.name = S("@value"), .text = S("v")};
    struct epcis_node last = {.ns = &ns, .name = S("e"), .kind = NODE_PARENT, .child = &value};
    struct epcis_node none = {.ns = &ns, .name = S("d"), .kind = NODE_EMPTY_ARRAY, .next = &last};
    struct epcis_node null = {.ns = &ns, .name = S("c"), .kind = NODE_NULL, .next = &none};
    struct epcis_node yes = {
        .ns = &ns, .name = S("b"), .kind = NODE_BOOL, .text = S("true"), .next = &null};
    struct epcis_event e;
    struct buf b;

    (void)state;
    buf_init(&b, 4 * KB);
    assert_int_equal(event_read(S(O(WHEN EPCS OBS)), EPCIS_2_0, &e).cls, ST_OK);
    e.time.text = S("2026-11-23t20:17:05z");
    e.quantities = (struct epcis_quantities){q, 1};
    e.ext = &yes;
    assert_int_equal(told(&e, EPCIS_XML_2_0, &b).cls, ST_OK);
    assert_non_null(strstr(b.p, "<eventTime>2026-11-23T20:17:05Z</eventTime>"));
    assert_non_null(strstr(b.p, "<quantity>12.5</quantity>"));
    assert_non_null(strstr(b.p, "<a:b>true</a:b><a:e>v</a:e></ObjectEvent>"));
    buf_fini(&b);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_form_is_read_and_told_in_2_0),
        TEST(what_lies_in_an_innermost_extension_stands_for_itself),
        TEST(what_has_no_namespace_is_told_in_one_of_its_own),
        TEST(a_digital_link_has_the_hash_of_its_urn),
        TEST(attributes_of_others_are_told_wherever_they_stand),
        TEST(prefixes_of_documents_are_nobody_elses),
        TEST(what_json_says_has_one_hash_in_xml_too),
        TEST(what_was_told_is_read_as_the_same),
        TEST(what_1_2_has_it_tells_as_it_was_read),
        TEST(what_no_schema_has_is_refused_where_it_stands),
        TEST(an_order_is_told_by_the_names_of_both),
        TEST(extensions_nest_sixteen_deep),
        TEST(an_event_larger_than_its_arena_is_refused),
        TEST(what_has_no_place_is_refused_by_its_name),
        TEST(what_json_can_say_and_xml_cannot_is_refused),
        TEST(numbers_and_values_of_json_are_spelled_as_xml_has_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
