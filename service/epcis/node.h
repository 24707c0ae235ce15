// node.h - what an event holds beside the vocabulary of EPCIS: extensions, and the attributes of
// ILMD, as trees of named values.
#pragma once
#include "common/str.h"

// A namespace as somebody declared it. What counts is the URI, byte by byte; prefixes are kept so
// that they can be written again.
struct epcis_ns {
    str prefix, uri;
};
// CBV's own master data attributes (lotNumber, itemExpirationDate), where an event is told by us:
// every format writes its own spelling of that namespace. Captured events have what they declared.
extern const struct epcis_ns epcis_ns_cbvmda;
// What GS1 US says of pharmaceuticals in events of EPCIS (DSCSA).
extern const struct epcis_ns epcis_ns_hc;
// Where a format has no place for a field without a namespace, it is told in this one.
extern const struct epcis_ns epcis_ns_unqualified;
// That of xml:lang and xml:space: it has this prefix, and in XML nobody declares it.
extern const struct epcis_ns epcis_ns_xml;
// May it be written with its own prefix? Not where that is no name, is XML's (xml…), or belongs to
// what documents are made of, in `json` also to GS1's context, and stands for something else there.
bool epcis_ns_keeps_prefix(const struct epcis_ns *ns, bool json);
// What the URI begins with, before its colon; empty where a reader of JSON takes it for no prefix.
str epcis_uri_scheme(str uri);
bool epcis_ns_is_cbvmda(str uri); // with or without the colon at its end (CHECKLIST 11.9)

// An element of somebody's own vocabulary, with whatever lies in it. Siblings are a chain.
// In JSON an array of n values is n siblings of one name, each with `in_array`; an array in an
// array is a NODE_ARRAY whose children have no name. XML attributes come before child elements.
enum epcis_node_kind {
    NODE_TEXT,   // XML leaves, JSON strings
    NODE_NUMBER, // JSON only, like the next four; `text` is the literal as it stood
    NODE_BOOL,
    NODE_NULL,
    NODE_EMPTY_ARRAY,
    NODE_ARRAY,
    NODE_PARENT // has children; `text` holds mixed content's text, if any
};
struct epcis_node {
    const struct epcis_ns *ns; // NULL: no namespace
    str name;                  // local; of JSON-LD's own members with their sign, "@value"
    enum epcis_node_kind kind;
    bool is_attribute; // in XML
    bool in_array;     // in JSON
    str text;
    struct epcis_node *child, *next;
};
#define EPCIS_NODE_DEPTH_MAX 16u
bool epcis_is_unqualified(const struct epcis_node *n); // it has no namespace, or that which says so
