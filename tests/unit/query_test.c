// query_test.c - claims about every parameter of the query language: what fits, what does not, what
// is refused.
#include "common/http.h"
#include "query_events.h"
#include "service/query/rows.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct arena a;

static int begin(void **state)
{
    (void)state;
    arena_init(&a, 256 * MB);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_fini(&a);
    return 0;
}

#define OBJECT                                                                                     \
    ",\"action\":\"OBSERVE\",\"eventID\":\"urn:uuid:3cf2fcf2-2ed3-4a4a-8a52-d6a9c1e8a111\","       \
    "\"bizStep\":\"shipping\",\"disposition\":\"in_transit\","                                     \
    "\"persistentDisposition\":{\"set\":[\"completeness_verified\"],"                              \
    "\"unset\":[\"completeness_inferred\"]},"                                                      \
    "\"epcList\":[\"urn:epc:id:sgtin:0614141.812345.a+b\","                                        \
    "\"https://id.gs1.org/01/19521141107345/21/S1\",\"urn:example:thing:7\"],"                     \
    "\"quantityList\":[{\"epcClass\":\"urn:epc:class:lgtin:4012345.012345.998877\","               \
    "\"quantity\":200.5,\"uom\":\"KGM\"},"                                                         \
    "{\"epcClass\":\"https://id.gs1.org/01/04054739099992\",\"quantity\":3}],"                     \
    "\"readPoint\":{\"id\":\"urn:epc:id:sgln:0614141.07346.0\",\"ex:dock\":\"7\"},"                \
    "\"bizLocation\":{\"id\":\"https://id.gs1.org/414/9521321000018\","                            \
    "\"ex:hall\":{\"ex:shelf\":\"S 9\"}},"                                                         \
    "\"bizTransactionList\":[{\"type\":\"po\",\"bizTransaction\":"                                 \
    "\"urn:epcglobal:cbv:bt:0614141073467:1152\"},{\"bizTransaction\":\"urn:x:bare\"}],"           \
    "\"sourceList\":[{\"type\":\"owning_party\",\"source\":\"urn:epc:id:pgln:4012345.00000\"}],"   \
    "\"destinationList\":[{\"type\":\"location\",\"destination\":"                                 \
    "\"urn:epc:id:sgln:0614141.00777.0\"}],"                                                       \
    "\"ex:count\":12.50,\"ex:when\":\"2026-02-03T04:05:06Z\",\"ex:word\":\"blue\","                \
    "\"ex:box\":{\"ex:inner\":{\"ex:deep\":\"42\"}}"
#define WITH_ERROR                                                                                 \
    ",\"action\":\"OBSERVE\",\"epcList\":[\"urn:epc:id:sscc:0614141.1234567890\"],"                \
    "\"errorDeclaration\":{\"declarationTime\":\"2026-03-02T00:00:00Z\","                          \
    "\"reason\":\"incorrect_data\",\"correctiveEventIDs\":[\"urn:uuid:c1\"],"                      \
    "\"ex:note\":\"late\",\"ex:more\":{\"ex:by\":\"me\"}}"
#define WITH_SENSOR                                                                                \
    ",\"action\":\"OBSERVE\",\"readPoint\":{\"id\":\"urn:epc:id:sgln:0614141.07346.0\"},"          \
    "\"sensorElementList\":[{\"sensorMetadata\":{\"time\":\"2026-03-01T08:00:00Z\","               \
    "\"startTime\":\"2026-03-01T07:00:00Z\",\"endTime\":\"2026-03-01T07:30:00Z\","                 \
    "\"deviceID\":\"urn:epc:id:giai:4000001.111\",\"dataProcessingMethod\":\"https://e.com/253/"   \
    "1\","                                                                                         \
    "\"bizRules\":\"https://e.com/253/2\",\"ex:room\":\"cold\"},\"ex:rack\":\"r1\","               \
    "\"sensorReport\":[{\"type\":\"Temperature\",\"value\":26.0,\"uom\":\"CEL\","                  \
    "\"minValue\":26.0,\"maxValue\":26.2,\"meanValue\":26.1,\"sDev\":0.1,\"percRank\":50,"         \
    "\"percValue\":12.7,\"ex:probe\":{\"ex:tip\":\"x\"},"                                          \
    "\"chemicalSubstance\":\"https://identifiers.org/inchikey:CZMRCDWAGMRECN-UGDNZRGBSA-N\"},"     \
    "{\"type\":\"https://e.com/Own\",\"microorganism\":\"https://e.com/m1\","                      \
    "\"stringValue\":\"S\",\"booleanValue\":true,\"hexBinaryValue\":\"f0f0\","                     \
    "\"uriValue\":\"https://id.gs1.org/8004/401234599999\"}]}]"
#define MAKING                                                                                     \
    ",\"transformationID\":\"urn:epc:id:gdti:0614141.06012.1234\","                                \
    "\"inputEPCList\":[\"urn:epc:id:sgtin:4012345.011122.25\"],"                                   \
    "\"inputQuantityList\":[{\"epcClass\":\"urn:epc:class:lgtin:4012345.011111.4444\","            \
    "\"quantity\":10,\"uom\":\"KGM\"}],"                                                           \
    "\"outputEPCList\":[\"urn:epc:id:sgtin:4012345.077889.25\"],"                                  \
    "\"outputQuantityList\":[{\"epcClass\":\"urn:epc:idpat:sgtin:4012345.077889.*\","              \
    "\"quantity\":7}],\"ilmd\":{\"ex:grade\":\"A\",\"ex:list\":[\"one\",\"two\"],"                 \
    "\"cbvmda:lotNumber\":\"L 1\",\"ex:in\":{\"ex:in2\":5}}"
#define PACKING                                                                                    \
    ",\"action\":\"ADD\",\"parentID\":\"urn:epc:id:sscc:0614141.1234567890\","                     \
    "\"childEPCs\":[\"urn:epc:id:sgtin:0614141.107346.2017\"],"                                    \
    "\"childQuantityList\":[{\"epcClass\":\"urn:epc:idpat:sgtin:4012345.098765.*\","               \
    "\"quantity\":10}]"

enum { OBJ, ERR, SEN, MAK, PAC, EVENTS };
static struct epcis_event events[EVENTS];

static void events_make(void)
{
    events[OBJ] = query_event_of(&a, "ObjectEvent", OBJECT);
    events[ERR] = query_event_of(&a, "ObjectEvent", WITH_ERROR);
    events[SEN] = query_event_of(&a, "ObjectEvent", WITH_SENSOR);
    events[MAK] = query_event_of(&a, "TransformationEvent", MAKING);
    events[PAC] = query_event_of(&a, "AggregationEvent", PACKING);
}

#define B(i) (1u << (i))
#define ALL  (B(EVENTS) - 1)

// Which of the five events fit.
static const struct row {
    const char *url;
    unsigned hits;
} rows[] = {
    {"",                                                                                   ALL                              },
    {"eventType=ObjectEvent",                                                              B(OBJ) | B(ERR) | B(SEN)         },
    {"eventType=AggregationEvent%7CTransformationEvent",                                   B(MAK) | B(PAC)                  },
    {"eventType=AggregationEvent|TransformationEvent",                                     B(MAK) | B(PAC)                  },
    {"eventType=https%3A%2F%2Fexample.com%2FOwnEvent",                                     0                                },
    {"eventType=",                                                                         ALL                              },
    {"eventType=ObjectEvent&EQ_action=ADD",                                                0                                },
    {"GE_eventTime=2026-03-01T09:00:00.250Z",                                              ALL                              },
    {"GE_eventTime=2026-03-01T09:00:00.251Z",                                              0                                },
    {"GE_eventTime=2026-03-01T10:00:00.250%2B01:00",                                       ALL                              },
    {"GE_eventTime=2026-03-01T10:00:00.250+01:00",                                         ALL                              }, // a raw '+'
    {"LT_eventTime=2026-03-01T09:00:00.250Z",                                              0                                },
    {"LT_eventTime=2026-03-01T09:00:00.251Z",                                              ALL                              },
    {"GE_recordTime=2026-03-01T10:13:20Z",                                                 ALL                              },
    {"LT_recordTime=2026-03-01T10:13:20Z",                                                 0                                },
    {"EQ_action=ADD",                                                                      B(PAC)                           },
    {"EQ_action=ADD|OBSERVE",                                                              B(PAC) | B(OBJ) | B(ERR) | B(SEN)},
    {"EQ_bizStep=shipping",                                                                B(OBJ)                           },
    {"EQ_bizStep=urn:epcglobal:cbv:bizstep:shipping",                                      B(OBJ)                           },
    {"EQ_bizStep=https://ref.gs1.org/cbv/BizStep-shipping",                                B(OBJ)                           },
    {"EQ_bizStep=receiving|shipping",                                                      B(OBJ)                           },
    {"EQ_bizStep=receiving",                                                               0                                },
    {"EQ_bizStep=https://example.com/step",                                                0                                },
    {"EQ_disposition=in_transit",                                                          B(OBJ)                           },
    {"EQ_disposition=active",                                                              0                                },
    {"EQ_persistentDisposition_set=completeness_verified",                                 B(OBJ)                           },
    {"EQ_persistentDisposition_set=completeness_inferred",                                 0                                },
    {"EQ_persistentDisposition_unset=completeness_inferred",                               B(OBJ)                           },
    {"EQ_readPoint=urn:epc:id:sgln:0614141.07346.0",                                       B(OBJ) | B(SEN)                  },
    {"EQ_readPoint=https://id.gs1.org/414/0614141073467",                                  B(OBJ) | B(SEN)                  },
    {"EQ_readPoint=https://id.gs1.org/414/0614141073467/254/1",                            0                                },
    {"EQ_bizLocation=urn:epc:id:sgln:9521321.00001.0",                                     B(OBJ)                           },
    {"WD_readPoint=urn:epc:id:sgln:0614141.07346.0",                                       B(OBJ) | B(SEN)                  },
    {"WD_bizLocation=urn:epc:id:sgln:9521321.00001.0&EQ_bizLocation=urn:x:y",              0                                },
    {"EQ_bizTransaction_po=urn:epcglobal:cbv:bt:0614141073467:1152",                       B(OBJ)                           },
    {"EQ_bizTransaction_urn:epcglobal:cbv:btt:po=urn:epcglobal:cbv:bt:0614141073467:1152", B(OBJ)                           },
    {"EQ_bizTransaction_inv=urn:epcglobal:cbv:bt:0614141073467:1152",                      0                                },
    {"EQ_bizTransaction_po=urn:x:bare",                                                    0                                },
    {"EQ_source_owning_party=https://id.gs1.org/417/4012345000009",                        B(OBJ)                           },
    {"EQ_source_location=https://id.gs1.org/417/4012345000009",                            0                                },
    {"EQ_destination_location=urn:epc:id:sgln:0614141.00777.0",                            B(OBJ)                           },
    {"EQ_destination_possessing_party=urn:epc:id:sgln:0614141.00777.0",                    0                                },
    {"EQ_transformationID=urn:epc:id:gdti:0614141.06012.1234",                             B(MAK)                           },
    {"EQ_transformationID=urn:epc:id:gdti:0614141.06012.1235",                             0                                },
    {"MATCH_epc=urn:epc:id:sgtin:9521141.110734.S1",                                       B(OBJ)                           },
    {"MATCH_epc=https://id.gs1.org/01/19521141107345/21/S1",                               B(OBJ)                           },
    {"MATCH_epc=https://example.com/01/19521141107345/21/S1",                              B(OBJ)                           },
    {"MATCH_epc=urn:epc:id:sgtin:0614141.812345.a+b",                                      B(OBJ)                           }, // a raw '+'
    {"MATCH_epc=https://id.gs1.org/01/80614141123458/21/a%252Bb",                          B(OBJ)                           },
    {"MATCH_epc=urn:example:thing:7",                                                      B(OBJ)                           },
    {"MATCH_epc=urn:example:thing:8",                                                      0                                },
    {"MATCH_epc=urn:epc:id:sgtin:9521141.110734.S2|urn:epc:id:sgtin:0614141.107346.2017",  B(PAC)                           },
    {"MATCH_epc=urn:epc:idpat:sgtin:0614141.*.*",                                          B(OBJ) | B(PAC)                  },
    {"MATCH_epc=urn:epc:idpat:sgtin:0614141.812345.*",                                     B(OBJ)                           },
    {"MATCH_epc=urn:epc:idpat:sgtin:*.*.*",                                                B(OBJ) | B(PAC)                  },
    {"MATCH_epc=urn:epc:idpat:sscc:0614141.*",                                             B(ERR)                           },
    {"MATCH_parentID=urn:epc:id:sscc:0614141.1234567890",                                  B(PAC)                           },
    {"MATCH_parentID=https://id.gs1.org/00/106141412345678908",                            B(PAC)                           },
    {"MATCH_parentID=urn:epc:idpat:sscc:0614141.*",                                        B(PAC)                           },
    {"MATCH_parentID=urn:epc:id:sgtin:0614141.107346.2017",                                0                                },
    {"MATCH_inputEPC=urn:epc:id:sgtin:4012345.011122.25",                                  B(MAK)                           },
    {"MATCH_inputEPC=urn:epc:id:sgtin:4012345.077889.25",                                  0                                },
    {"MATCH_outputEPC=urn:epc:id:sgtin:4012345.077889.25",                                 B(MAK)                           },
    {"MATCH_epc=urn:epc:id:sgtin:4012345.077889.25",                                       0                                },
    {"MATCH_anyEPC=urn:epc:id:sgtin:4012345.077889.25",                                    B(MAK)                           },
    {"MATCH_anyEPC=urn:epc:id:sscc:0614141.1234567890",                                    B(PAC) | B(ERR)                  },
    {"MATCH_epcClass=urn:epc:class:lgtin:4012345.012345.998877",                           B(OBJ)                           },
    {"MATCH_epcClass=https://id.gs1.org/01/04012345123456/10/998877",                      B(OBJ)                           },
    {"MATCH_epcClass=urn:epc:idpat:sgtin:4012345.098765.*",                                B(PAC)                           },
    {"MATCH_epcClass=urn:epc:idpat:sgtin:4012345.*.*",                                     B(PAC)                           },
    {"MATCH_epcClass=urn:epc:class:lgtin:4012345.011111.4444",                             0                                },
    {"MATCH_inputEPCClass=urn:epc:class:lgtin:4012345.011111.4444",                        B(MAK)                           },
    {"MATCH_outputEPCClass=urn:epc:idpat:sgtin:4012345.077889.*",                          B(MAK)                           },
    {"MATCH_anyEPCClass=urn:epc:idpat:sgtin:4012345.077889.*",                             B(MAK)                           },
    {"MATCH_anyEPCClass=urn:epc:class:lgtin:4012345.012345.998877",                        B(OBJ)                           },
    {"EQ_quantity=3",                                                                      B(OBJ)                           },
    {"EQ_quantity=3.0|7",                                                                  B(OBJ) | B(MAK)                  },
    {"GT_quantity=200.4",                                                                  B(OBJ)                           },
    {"GT_quantity=200.5",                                                                  0                                },
    {"GE_quantity=200.5",                                                                  B(OBJ)                           },
    {"LT_quantity=4",                                                                      B(OBJ)                           },
    {"LE_quantity=2.9",                                                                    0                                },
    {"EQ_quantity_KGM=200.5",                                                              B(OBJ)                           },
    {"EQ_quantity_GRM=200500",                                                             B(OBJ)                           },
    {"GT_quantity_GRM=9000",                                                               B(OBJ) | B(MAK)                  },
    {"LE_quantity_KGM=10",                                                                 B(MAK)                           },
    {"EQ_quantity_LTR=200.5",                                                              0                                },
    {"EQ_eventID=urn:uuid:3cf2fcf2-2ed3-4a4a-8a52-d6a9c1e8a111",                           B(OBJ)                           },
    {"EQ_eventID=urn:uuid:3cf2fcf2-2ed3-4a4a-8a52-d6a9c1e8a112",                           0                                },
    {"EXISTS_errorDeclaration=true",                                                       B(ERR)                           },
    {"EXISTS_errorDeclaration=1",                                                          B(ERR)                           },
    {"EXISTS_errorDeclaration=",                                                           B(ERR)                           },
    {"EXISTS_errorDeclaration",                                                            B(ERR)                           },
    {"EXISTS_errorDeclaration=false",                                                      ALL                              },
    {"GE_errorDeclarationTime=2026-03-02T00:00:00Z",                                       B(ERR)                           },
    {"GE_errorDeclaration_Time=2026-03-02T01:00:00%2B01:00",                               B(ERR)                           },
    {"LT_errorDeclaration_Time=2026-03-02T00:00:01Z",                                      B(ERR)                           },
    {"LT_errorDeclarationTime=2026-03-02T00:00:00Z",                                       0                                },
    {"EQ_errorReason=incorrect_data",                                                      B(ERR)                           },
    {"EQ_errorReason=urn:epcglobal:cbv:er:incorrect_data",                                 B(ERR)                           },
    {"EQ_errorReason=did_not_occur",                                                       0                                },
    {"EQ_correctiveEventID=urn:uuid:c1",                                                   B(ERR)                           },
    {"EQ_correctiveEventID=urn:uuid:c2",                                                   0                                },
    {"EXISTS_sensorElementList=true",                                                      B(SEN)                           },
    {"GE_time=2026-03-01T08:00:00Z",                                                       B(SEN)                           },
    {"LT_time=2026-03-01T08:00:00Z",                                                       0                                },
    {"GE_startTime=2026-03-01T07:00:00Z",                                                  B(SEN)                           },
    {"LT_startTime=2026-03-01T07:00:00Z",                                                  0                                },
    {"GE_endTime=2026-03-01T07:30:01Z",                                                    0                                },
    {"LT_endTime=2026-03-01T07:30:01Z",                                                    B(SEN)                           },
    {"EQ_type=Temperature",                                                                B(SEN)                           },
    {"EQ_type=https://gs1.org/voc/Temperature",                                            B(SEN)                           },
    {"EQ_type=https://e.com/Own",                                                          B(SEN)                           },
    {"EQ_type=RelativeHumidity",                                                           0                                },
    {"EQ_deviceID=https://id.gs1.org/8004/4000001111",                                     B(SEN)                           },
    {"EQ_deviceID=urn:epc:id:giai:4000001.112",                                            0                                },
    {"EQ_dataProcessingMethod=https://e.com/253/1",                                        B(SEN)                           },
    {"EQ_bizRules=https://e.com/253/2",                                                    B(SEN)                           },
    {"EQ_microorganism=https://e.com/m1",                                                  B(SEN)                           },
    {"EQ_chemicalSubstance=https://identifiers.org/inchikey:CZMRCDWAGMRECN-UGDNZRGBSA-N",  B(SEN)                           },
    {"EQ_stringValue=S",                                                                   B(SEN)                           },
    {"EQ_stringValue=s",                                                                   0                                },
    {"EQ_booleanValue=true",                                                               B(SEN)                           },
    {"EQ_booleanValue=false",                                                              0                                },
    {"EQ_hexBinaryValue=f0f0",                                                             B(SEN)                           },
    {"EQ_uriValue=https://id.gs1.org/8004/401234599999",                                   B(SEN)                           },
    {"EQ_value_CEL=26",                                                                    B(SEN)                           },
    {"EQ_value_CEL=25|26.00",                                                              B(SEN)                           },
    {"EQ_value_KEL=299.15",                                                                B(SEN)                           },
    {"GT_value_KEL=299.15",                                                                0                                },
    {"GE_value_FAH=78.8",                                                                  B(SEN)                           },
    {"LT_value_FAH=78.8",                                                                  0                                },
    {"LE_value_PAL=1000",                                                                  0                                },
    {"GE_minValue_CEL=26",                                                                 B(SEN)                           },
    {"LT_minValue_CEL=26",                                                                 0                                },
    {"GT_maxValue_CEL=26.1",                                                               B(SEN)                           },
    {"LE_maxValue_CEL=26.1",                                                               0                                },
    {"GE_meanValue_CEL=26.1",                                                              B(SEN)                           },
    {"LT_meanValue_CEL=26.1",                                                              0                                },
    {"LE_sDev_CEL=0.1",                                                                    B(SEN)                           },
    {"GT_sDev_CEL=0.1",                                                                    0                                },
    {"GE_percValue_CEL=12.7",                                                              B(SEN)                           },
    {"LT_percValue_CEL=12.7",                                                              0                                },
    {"GE_percRank=50",                                                                     B(SEN)                           },
    {"LT_percRank=50",                                                                     0                                },
    {"EQ_ex:word=blue",                                                                    B(OBJ)                           },
    {"EQ_ex:word=red|blue",                                                                B(OBJ)                           },
    {"EQ_https://example.com/ns/%23word=blue",                                             B(OBJ)                           },
    {"EQ_ex:count=12.5",                                                                   B(OBJ)                           },
    {"GT_ex:count=12.49",                                                                  B(OBJ)                           },
    {"GE_ex:count=12.51",                                                                  0                                },
    {"LT_ex:word=5",                                                                       0                                },
    {"LE_ex:count=12.5",                                                                   B(OBJ)                           },
    {"EQ_ex:when=2026-02-03T05:05:06%2B01:00",                                             B(OBJ)                           },
    {"LT_ex:when=2026-02-03T04:05:07Z",                                                    B(OBJ)                           },
    {"EXISTS_ex:box=true",                                                                 B(OBJ)                           },
    {"EXISTS_ex:inner=true",                                                               0                                },
    {"EXISTS_INNER_ex:inner=true",                                                         B(OBJ)                           },
    {"EQ_INNER_ex:deep=42",                                                                B(OBJ)                           },
    {"GT_INNER_ex:deep=41",                                                                B(OBJ)                           },
    {"LT_INNER_ex:deep=41",                                                                0                                },
    {"EQ_ILMD_ex:grade=A",                                                                 B(MAK)                           },
    {"EQ_ILMD_ex:list=two",                                                                B(MAK)                           },
    {"EQ_ILMD_cbvmda:lotNumber=L%201",                                                     B(MAK)                           },
    {"EXISTS_ILMD_ex:grade=",                                                              B(MAK)                           },
    {"GE_INNER_ILMD_ex:in2=5",                                                             B(MAK)                           },
    {"GT_INNER_ILMD_ex:in2=5",                                                             0                                },
    {"EXISTS_INNER_ILMD_ex:in2=true",                                                      B(MAK)                           },
    {"EQ_ERROR_DECLARATION_ex:note=late",                                                  B(ERR)                           },
    {"EQ_INNER_ERROR_DECLARATION_ex:by=me",                                                B(ERR)                           },
    {"EXISTS_ERROR_DECLARATION_ex:by=true",                                                0                                },
    {"EQ_SENSORELEMENT_ex:rack=r1",                                                        B(SEN)                           },
    {"EQ_SENSORMETADATA_ex:room=cold",                                                     B(SEN)                           },
    {"EXISTS_SENSORREPORT_ex:probe=true",                                                  B(SEN)                           },
    {"EQ_INNER_SENSORREPORT_ex:tip=x",                                                     B(SEN)                           },
    {"EQ_readPoint_ex:dock=7",                                                             B(OBJ)                           },
    {"GE_readPoint_ex:dock=8",                                                             0                                },
    {"EQ_INNER_bizLocation_ex:shelf=S+9",                                                  B(OBJ)                           },
    {"EQ_bizLocation_ex:shelf=S+9",                                                        0                                },
    {"EQ_bizStep=shipping&EQ_action=OBSERVE&EQ_ex:word=blue",                              B(OBJ)                           },
    {"EQ_bizStep=shipping&EQ_action=OBSERVE&EQ_ex:word=red",                               0                                },
};

// EPCIS-2.0-MATCH
static void every_parameter_finds_what_it_says_and_nothing_else(void **state)
{
    (void)state;
    events_make();
    for (size_t i = 0; i < LEN(rows); i++) {
        for (unsigned k = 0; k < EVENTS; k++) {
            struct query_asked x = query_ask(&a, rows[i].url, &events[k], NULL);
            if (x.reason != NULL) fail_msg("%s: %s", rows[i].url, x.reason);
            if (x.hit != (rows[i].hits >> k & 1))
                fail_msg("%s: event %u %s", rows[i].url, k, x.hit ? "fits" : "does not fit");
        }
    }
}

static void what_is_no_query_is_refused_with_its_reason(void **state)
{
    static const struct {
        const char *url, *reason;
    } wrong[] = {
        {"EQ_nothing=1",                                           "query.unknown"},
        {"bizStep=shipping",                                       "query.unknown"},
        {"eq_bizStep=shipping",                                    "query.unknown"},
        {"EQ_bizStep=shipping&EQ_bizStep=receiving",               "query.twice"  },
        {"EQ_bizStep=&EQ_bizStep=receiving",                       "query.twice"  },
        {"perPage=1&perPage=2",                                    "query.twice"  },
        {"EQ_action=MOVE",                                         "query.value"  },
        {"eventType=BoxEvent",                                     "query.value"  },
        {"EQ_bizStep=flying",                                      "query.value"  },
        {"EQ_errorReason=bad",                                     "query.value"  },
        {"GE_eventTime=yesterday",                                 "query.value"  },
        {"GE_eventTime=2026-03-01T09:00:00",                       "query.value"  },
        {"GE_eventTime=2026-03-01T09:00:00Z|2026-03-02T09:00:00Z", "query.value"  },
        {"GT_quantity=many",                                       "query.value"  },
        {"EQ_quantity=1|many",                                     "query.value"  },
        {"EQ_value_cel=1",                                         "query.unknown"},
        {"EQ_value_CELSI=1",                                       "query.unknown"},
        {"EQ_value=1",                                             "query.unknown"},
        {"EQ_minValue_CEL=1",                                      "query.unknown"},
        {"EXISTS_errorDeclaration=perhaps",                        "query.value"  },
        {"EQ_booleanValue=perhaps",                                "query.value"  },
        {"EQ_bizTransaction_=urn:x:y",                             "query.unknown"},
        {"EQ_bizTransaction_nothing=urn:x:y",                      "query.unknown"},
        {"EQ_none:word=x",                                         "query.unknown"},
        {"EQ_word=x",                                              "query.unknown"},
        {"GT_ex:count=blue",                                       "query.value"  },
        {"MATCH_epc=urn:epc:idpat:sgtin:*.012345.*",               "query.value"  },
        {"orderBy=bizStep",                                        "query.value"  },
        {"orderBy=eventTime&orderDirection=UP",                    "query.value"  },
        {"eventCountLimit=5",                                      "query.order"  },
        {"orderBy=eventTime&eventCountLimit=0",                    "query.value"  },
        {"orderBy=eventTime&eventCountLimit=5&maxEventCount=5",    "query.order"  },
        {"maxEventCount=-1",                                       "query.value"  },
        {"maxEventCount=1.5",                                      "query.value"  },
    };

    (void)state;
    events_make();
    for (size_t i = 0; i < LEN(wrong); i++) {
        struct query_asked x = query_ask(&a, wrong[i].url, &events[OBJ], NULL);
        if (x.reason == NULL) fail_msg("%s is accepted", wrong[i].url);
        if (strcmp(x.reason, wrong[i].reason) != 0)
            fail_msg("%s: %s, not %s", wrong[i].url, x.reason, wrong[i].reason);
    }
}

static status json_read(const char *json, struct query *q)
{
    struct query_reader r;

    query_begin(&r, &a);
    TRY(query_from_json(&r, str_of(json)));
    return query_end(&r, q);
}

static bool json_fits(const char *json, const struct epcis_event *e)
{
    static const struct query_master none;
    struct arena scratch;
    struct query q;
    bool hit = false;

    arena_init(&scratch, 1 * MB);
    status st = json_read(json, &q);
    if (st.cls == ST_OK) st = query_matches(&q, e, &none, &scratch, &hit);
    if (st.cls != ST_OK) fail_msg("%s: %s %s", json, st.reason, st.text);
    arena_fini(&scratch);
    return hit;
}

static void json_says_types_and_prefixes(void **state)
{
    static const struct {
        const char *json;
        bool hit;
    } good[] = {
        {"{}",                                                                              true },
        {"{\"EQ_bizStep\":[\"shipping\",\"receiving\"],\"eventType\":[\"ObjectEvent\"]}",   true },
        {"{\"EQ_bizStep\":[]}",                                                             true },
        {"{\"EQ_ex:word\":[\"blue\"],\"@context\":{\"ex\":\"https://example.com/ns/\"}}",   true },
        {"{\"@context\":[\"https://x.y/z\",{\"e2\":\"https://example.com/ns/\"}],"
         "\"EQ_e2:count\":12.5}",                                                  true },
        {"{\"@context\":{\"ex\":\"https://example.com/ns/\"},\"EQ_ex:count\":[\"12.5\"]}",  false},
        {"{\"@context\":{\"ex\":\"https://example.com/ns/\"},\"EQ_ex:count\":[\"12.50\"]}", true },
        {"{\"@context\":{\"ex\":\"https://other.com/\"},\"EQ_ex:word\":[\"blue\"]}",        false},
        {"{\"EQ_quantity\":[3,4]}",                                                         true },
        {"{\"GT_quantity\":3}",                                                             true },
        {"{\"EXISTS_errorDeclaration\":null}",                                              false},
        {"{\"EXISTS_errorDeclaration\":false}",                                             true },
        {"{\"GE_eventTime\":\"2026-03-01T09:00:00Z\"}",                                     true },
    };
    static const struct {
        const char *json, *reason;
    } wrong[] = {
        {"{\"EQ_bizStep\":\"shipping\"}",         "query.type"   },
        {"{\"EQ_bizStep\":[1]}",                  "query.type"   },
        {"{\"EQ_bizStep\":[\"shipping\",1]}",     "query.type"   },
        {"{\"EQ_bizStep\":{}}",                   "query.type"   },
        {"{\"GT_quantity\":\"3\"}",               "query.type"   },
        {"{\"GE_eventTime\":1772360000}",         "query.type"   },
        {"{\"EQ_booleanValue\":\"true\"}",        "query.type"   },
        {"{\"EXISTS_errorDeclaration\":\"yes\"}", "query.type"   },
        {"{\"maxEventCount\":\"3\"}",             "query.type"   },
        {"{\"perPage\":3}",                       "query.unknown"},
        {"{\"nextPageToken\":\"x\"}",             "query.unknown"},
        {"{\"EQ_ex:word\":[\"blue\"]}",           "query.unknown"},
        {"[]",                                    "json.type"    },
        {"{",                                     "json.syntax"  },
    };
    struct query q;

    (void)state;
    events_make();
    for (size_t i = 0; i < LEN(good); i++)
        if (json_fits(good[i].json, &events[OBJ]) != good[i].hit) fail_msg("%s", good[i].json);
    for (size_t i = 0; i < LEN(wrong); i++) {
        status st = json_read(wrong[i].json, &q);
        if (st.cls == ST_OK || strcmp(st.reason, wrong[i].reason) != 0)
            fail_msg("%s: %s", wrong[i].json, st.cls == ST_OK ? "accepted" : st.reason);
    }
}

static struct digest16 hash_of(const char *url)
{
    struct query_reader r;
    struct query_page page;
    struct query q;

    query_begin(&r, &a);
    assert_int_equal(query_from_url(&r, str_of(url), &page).cls, ST_OK);
    assert_int_equal(query_end(&r, &q).cls, ST_OK);
    return q.hash;
}

static bool same(const char *x, const char *y)
{
    struct digest16 p = hash_of(x), q = hash_of(y);
    return memcmp(&p, &q, sizeof p) == 0;
}

static void equal_questions_have_equal_hashes(void **state)
{
    (void)state;
    assert_true(same("EQ_bizStep=shipping&EQ_action=ADD", "EQ_action=ADD&EQ_bizStep=shipping"));
    assert_true(same("EQ_action=ADD&perPage=3", "EQ_action=ADD&nextPageToken=abc"));
    assert_true(
        same("EQ_bizStep=shipping", "EQ_bizStep=urn%3Aepcglobal%3Acbv%3Abizstep%3Ashipping"));
    assert_false(same("EQ_bizStep=shipping", "EQ_bizStep=receiving"));
    assert_false(same("EQ_bizStep=shipping", ""));
    assert_false(same("orderBy=eventTime", "orderBy=recordTime"));
    assert_false(same("orderBy=eventTime", "orderBy=eventTime&orderDirection=ASC"));
    assert_false(same("maxEventCount=5", "maxEventCount=6"));
}

// ---- master data

static const struct {
    const char *id, *child;
} tree[] = {
    {"https://id.gs1.org/414/9521321000018",       "https://id.gs1.org/414/0614141073467"},
    {"https://id.gs1.org/414/0614141073467",       "urn:epc:id:sgln:0614141.07346.5"     },
    {"https://id.gs1.org/414/0614141073467/254/5", "https://id.gs1.org/414/9521321000018"}, // round
};

static void tree_children(struct txn *t, client_id c, str id, query_master_each *each, void *arg)
{
    (void)t;
    (void)c;
    for (size_t i = 0; i < LEN(tree); i++)
        if (str_eq(id, str_of(tree[i].id))) each(arg, str_of(tree[i].child));
}

static void tree_attribute(struct txn *t, client_id c, const str what[2], query_master_each *each,
                           void *arg)
{
    (void)t;
    (void)c;
    if (str_eq(what[0], S("https://id.gs1.org/414/0614141073467")) &&
        str_eq(what[1], S("urn:m#city")))
        each(arg, S("Bern"));
    if (str_eq(what[0], S("https://id.gs1.org/01/04054739099992")) &&
        str_eq(what[1], S("urn:m#name")))
        each(arg, S("Pills"));
}

static void places_within_and_attributes_come_from_master_data(void **state)
{
    static const struct query_master_ops ops = {tree_children, tree_attribute};
    static const struct query_master m = {&ops, NULL, {1}};
    static const struct row with[] = {
        {"WD_readPoint=https://id.gs1.org/414/9521321000018",       B(OBJ) | B(SEN)},
        {"WD_readPoint=urn:epc:id:sgln:9521321.00001.0",            B(OBJ) | B(SEN)},
        {"WD_readPoint=https://id.gs1.org/414/0614141073467/254/5", B(OBJ) | B(SEN)},
        {"EQ_readPoint=https://id.gs1.org/414/9521321000018",       0              },
        {"WD_bizLocation=https://id.gs1.org/414/0614141073467",     B(OBJ)         },
        {"WD_bizLocation=urn:x:y",                                  0              },
        {"HASATTR_readPoint=urn:m%23city",                          B(OBJ) | B(SEN)},
        {"HASATTR_readPoint=urn:m%23street|urn:m%23city",           B(OBJ) | B(SEN)},
        {"HASATTR_bizLocation=urn:m%23city",                        0              },
        {"EQATTR_readPoint_urn:m%23city=Bern",                      B(OBJ) | B(SEN)},
        {"EQ_ATTR_readPoint_urn:m%23city=Bern",                     B(OBJ) | B(SEN)},
        {"EQATTR_readPoint_urn:m%23city=Basel",                     0              },
        {"EQATTR_epcClass_urn:m%23name=Pills|Drops",                B(OBJ)         },
    };

    (void)state;
    events_make();
    for (size_t i = 0; i < LEN(with); i++) {
        for (unsigned k = 0; k < EVENTS; k++) {
            struct query_asked x = query_ask(&a, with[i].url, &events[k], &m);
            if (x.reason != NULL) fail_msg("%s: %s", with[i].url, x.reason);
            if (x.hit != (with[i].hits >> k & 1)) fail_msg("%s: event %u", with[i].url, k);
        }
    }
}

// Each row of the table is named by a parameter that a test above asks.
static void no_parameter_is_untested(void **state)
{
    (void)state;
    for (const struct query_row *row = query_rows; row->name != NULL; row++) {
        bool asked = row->takes == TAKES_SIZE || row->match == match_has;
        for (size_t i = 0; i < LEN(rows) && !asked; i++) {
            str tail, name = str_of(rows[i].url), rest = name;
            while (!asked && rest.n > 0) {
                str part;
                if (!str_cut(&rest, '&', &part)) part = rest, rest.n = 0;
                if (!str_cut(&part, '=', &name)) name = part;
                if (http_decode(name, true, &a, &name).cls == ST_OK)
                    asked = query_row_find(name, &tail) == row;
            }
        }
        bool family = row->match == match_field || row->match == match_quantity ||
                      row->match == match_sensor_numbers;
        if (!asked && !family) fail_msg("%s", row->name);
    }
}

static void a_question_has_a_ceiling(void **state)
{
    struct buf b;

    (void)state;
    events_make();
    buf_init(&b, 1 * MB);
    buf_add(&b, S("MATCH_epc=urn:x:0"));
    for (unsigned i = 1; i < QUERY_VALUES_MAX; i++) buf_addf(&b, "|urn:x:%u", i);
    assert_null(query_ask(&a, b.p, &events[OBJ], NULL).reason);
    buf_add(&b, S("|urn:x:one:more"));
    assert_string_equal(query_ask(&a, b.p, &events[OBJ], NULL).reason, "query.too_complex");
    buf_fini(&b);
}

// What finds an event alone finds it among many, in every spelling; what does not, does not.
static void among_many_values_each_is_found(void **state)
{
    static const struct {
        const char *name, *decoy, *value;
        bool hit;
    } asked[] = {
        {"MATCH_epc",      "urn:epc:id:sgtin:0614141.812345.D%u",
         "urn:epc:id:sgtin:0614141.812345.a%2Bb",                                                              true },
        {"MATCH_epc",      "urn:epc:id:sgtin:0614141.812345.D%u",
         "https://id.gs1.org/01/80614141123458/21/a%252Bb",                                                    true },
        {"MATCH_epc",      "urn:x:%u",                            "urn:epc:idpat:sgtin:0614141.*.*",           true },
        {"MATCH_epc",      "urn:epc:idpat:sgtin:95060%02u.*.*",   "urn:epc:idpat:sgtin:0614141.812345.*",
         true                                                                                                       },
        {"MATCH_epc",      "urn:x:%u",                            "urn:example:thing:7",                       true },
        {"MATCH_epc",      "urn:x:%u",                            "urn:example:thing:8",                       false},
        {"MATCH_epc",      "urn:epc:id:sgtin:0614141.812345.D%u", "urn:epc:id:sgtin:0614141.812345.a",
         false                                                                                                      },
        {"MATCH_epc",      "urn:epc:idpat:sgtin:95060%02u.*.*",   "urn:epc:idpat:sgtin:0614142.*.*",
         false                                                                                                      },
        {"MATCH_epcClass", "urn:x:%u",                            "urn:epc:class:lgtin:4012345.012345.998877", true },
        {"EQ_readPoint",   "urn:x:%u",                            "https://id.gs1.org/414/0614141073467",      true },
        {"EQ_bizStep",     "urn:x:%u",                            "shipping",                                  true },
        {"EQ_bizStep",     "urn:x:%u",                            "receiving",                                 false},
        {"EQ_ex:word",     "red%u",                               "blue",                                      true },
        {"EQ_ex:word",     "red%u",                               "blu",                                       false},
    };
    struct buf b;

    (void)state;
    events_make();
    buf_init(&b, 64 * KB);
    for (size_t i = 0; i < LEN(asked); i++) {
        for (unsigned place = 0; place < 40; place += 13) {
            buf_reset(&b);
            buf_addf(&b, "%s=", asked[i].name);
            for (unsigned n = 0; n < 40; n++) {
                char decoy[64];
                snprintf(decoy, sizeof decoy, asked[i].decoy, n);
                buf_addf(&b, "%s%s", n > 0 ? "|" : "", n == place ? asked[i].value : decoy);
            }
            struct query_asked x = query_ask(&a, str_z(&a, buf_str(&b)), &events[OBJ], NULL);
            if (x.reason != NULL || x.hit != asked[i].hit) fail_msg("%s %s", b.p, x.reason);
        }
    }
    buf_fini(&b);
}

// Texts and identities are sorted, so that their number does not matter; patterns are not.
static void many_patterns_and_very_many_objects_are_too_complex(void **state)
{
    enum { OBJECTS = 60000 };
    struct epcis_event e;
    struct buf url;

    (void)state;
    events_make();
    str *epcs = NEW_ARRAY(&a, str, OBJECTS);
    buf_init(&url, MB);
    for (unsigned i = 0; i < OBJECTS; i++) {
        buf_reset(&url);
        buf_addf(&url, "urn:epc:id:sgtin:0614141.812345.%u", i);
        epcs[i] = arena_str(&a, buf_str(&url));
    }
    e = events[OBJ];
    e.epcs = (struct epcis_ids){.n = OBJECTS, .at = epcs};
    for (unsigned what = 0; what < 2; what++) {
        buf_reset(&url);
        buf_add(&url, S("MATCH_epc="));
        for (unsigned i = 0; i < QUERY_VALUES_MAX; i++)
            buf_addf(&url, "%surn:epc:id%s:sgtin:0614142.8%05u.%s", i > 0 ? "|" : "",
                     what == 0 ? "" : "pat", i, what == 0 ? "1" : "*");
        struct query_asked x = query_ask(&a, str_z(&a, buf_str(&url)), &e, NULL);
        if (what == 0)
            assert_true(x.reason == NULL && !x.hit);
        else
            assert_string_equal(x.reason, "query.too_complex");
    }
    buf_fini(&url);
}

#define QUERY_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        QUERY_TEST(every_parameter_finds_what_it_says_and_nothing_else),
        QUERY_TEST(what_is_no_query_is_refused_with_its_reason),
        QUERY_TEST(json_says_types_and_prefixes),
        QUERY_TEST(equal_questions_have_equal_hashes),
        QUERY_TEST(places_within_and_attributes_come_from_master_data),
        QUERY_TEST(no_parameter_is_untested),
        QUERY_TEST(a_question_has_a_ceiling),
        QUERY_TEST(among_many_values_each_is_found),
        QUERY_TEST(many_patterns_and_very_many_objects_are_too_complex),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
