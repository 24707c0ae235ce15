// call.h - a call of the query interface of EPCIS 1.2 as a value, read from its SOAP 1.1 envelope.
//
// document/literal: the Body has one element of urn:epcglobal:epcis-query:xsd:1, whose children are
// in no namespace. They may come in any order, each once. Codes:
//   soap.version          an Envelope of another SOAP
//   soap.must_understand  a header that must be understood; none is
//   soap.envelope         no envelope, no Body, or not one element in it
//   soap.operation        there is no such operation
//   soap.element          an element that the operation does not have, or has already
//   soap.missing          one that it needs
//   soap.value            a value that is none of its type
//   query.too_complex         too many parameters (TOO_LARGE)
// and xml.* of common/xml_r.h, which refuses what a DTD could do.
#pragma once
#include "common/xml_r.h"
#include "service/query/query.h"

#define SOAP_NS       "http://schemas.xmlsoap.org/soap/envelope/"
#define SOAP_QUERY_NS "urn:epcglobal:epcis-query:xsd:1"

#define SOAP_OPERATIONS(X)                                                                         \
    X(GET_QUERY_NAMES, "GetQueryNames")                                                            \
    X(SUBSCRIBE, "Subscribe")                                                                      \
    X(UNSUBSCRIBE, "Unsubscribe")                                                                  \
    X(GET_SUBSCRIPTION_IDS, "GetSubscriptionIDs")                                                  \
    X(POLL, "Poll")                                                                                \
    X(GET_STANDARD_VERSION, "GetStandardVersion")                                                  \
    X(GET_VENDOR_VERSION, "GetVendorVersion")

enum soap_operation {
#define X(name, word) SOAP_##name,
    SOAP_OPERATIONS(X)
#undef X
        SOAP_OPERATION_COUNT
};

struct soap_param {
    str name;
    struct query_given given;
};
struct soap_schedule { // in the order of enum schedule_field; p NULL: not given
    str fields[6];
};
struct soap_call {
    enum soap_operation operation;
    str query, subscription, dest; // trimmed; p NULL: not given
    struct soap_param *params;
    uint32_t param_count;
    bool has_params, has_controls, has_schedule, has_trigger, has_report, report_if_empty;
    struct soap_schedule schedule;
    str initial; // initialRecordTime
};

// Of a body in any encoding of common/xml_decode.h. Views into it and the arena.
status soap_call_read(str body, struct arena *a, struct soap_call *out);
