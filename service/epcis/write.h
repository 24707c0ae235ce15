// write.h - EPCIS documents out: begin, any number of events, end, written into a buf.
//
//     epcis_doc_init(&d, &conf, &out);
//     for (…) st = epcis_doc_event(&d, &event); // a refused event leaves no trace
//     st = epcis_doc_end(&d);
//     epcis_doc_fini(&d);
//
// A document of master data has elements of vocabularies in place of events. JSON has no such kind:
// there it is a document of events that has none, with master data in its header.
//
// What comes out holds to the JSON Schema of EPCIS 2.0 or the XML Schema of EPCIS 2.0 or 1.2. Runs
// on any thread; a document belongs to one.
#pragma once
#include "common/digest.h"
#include "common/json.h"
#include "common/xml.h"
#include "service/epcis/read.h"

struct gs1_prefixes;

enum epcis_format { EPCIS_JSON_2_0, EPCIS_XML_1_2, EPCIS_XML_2_0, EPCIS_FORMAT_COUNT };

#define EPCIS_GS1_CONTEXT "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"

// What a transaction statement says (DSCSA), and in whose namespace.
#define EPCIS_HC_URI "http://epcis.gs1us.org/hc/ns"
#define EPCIS_NOTICE_TEXT                                                                          \
    "Seller has complied with each applicable subsection of FDCA Sec. 581(27)(A)-(G)."

// How words of the CBV are spelled in XML; JSON always has the bare word.
enum epcis_words { EPCIS_WORDS_URN, EPCIS_WORDS_WEB };

struct epcis_out {
    enum epcis_format format;
    enum epcis_doc_kind kind; // EPCIS_BARE_EVENT: one event, no more
    enum epcis_form ids;      // in 1.2 EPCIS_URN; what has no such spelling stays as it is, but an
                              // object without a known company prefix is refused where `strict`
    bool strict;              // prefix.unknown for objects (partners of 1.2 demand URNs)
    enum epcis_words words;
    const struct gs1_prefixes *prefixes; // may be NULL
    struct moment created;
    str sender, receiver; // GLNs of parties, 13 digits, or both empty: no header
    str instance;         // what the sender calls this message; needed where there is a sender
    bool statement;       // the sender affirms DSCSA's transaction statement to the receiver; of
                          // EPCIS_DOC alone, none of `ns` has its prefix, gs1ushc
    // Master data: of EPCIS_MASTERDATA_DOC its own, of EPCIS_DOC the header's (in 1.2 only where
    // there is a sender). Needed while the document begins.
    const struct epcis_vocabulary_element *elements;
    uint32_t element_count;
    str query_name, subscription_id; // of a query document
    bool soap; // XML: results as the body of a SOAP 1.1 envelope, not as a document: events of
               // EPCIS_QUERY_DOC, vocabularies of EPCIS_MASTERDATA_DOC
    const struct epcis_ns *ns; // declared once for all events; others stand at the event
    uint32_t ns_count;         // that uses them. Must live as long as the document
};

struct epcis_format_ops;
union epcis_writer {
    struct json_w json;
    struct xml_w xml;
};
struct epcis_used;
struct epcis_vocabulary_list { // of master data
    bool open;                 // a vocabulary is
    struct sha256 vocabulary;  // its type
};
struct epcis_doc {
    const struct epcis_format_ops *ops;
    struct epcis_out conf;
    struct buf *out, text;
    struct arena scratch;    // of one event
    struct arena spelling;   // of one identifier
    struct epcis_used *used; // the namespaces that it names
    union epcis_writer w;
    uint32_t events;
    struct epcis_vocabulary_list list;
    status st; // of the document itself: a bad head, or no room for one
};

void epcis_doc_init(struct epcis_doc *d, const struct epcis_out *conf, struct buf *out);
// Appends one event or refuses it whole; a refused one leaves the document as it was, so that the
// caller may go on with the next or end. Codes: those of epcis_event_check; epcis.not_in_1_2 (what
// EPCIS 1.2 has no place for: named in the sentence); epcis.full (this document takes no more, the
// next one will); prefix.unknown; those of the head.
status epcis_doc_event(struct epcis_doc *d, const struct epcis_event *e);
// The same with one element of master data, of EPCIS_MASTERDATA_DOC. Elements of one vocabulary
// that stand together share it. Codes: epcis.not_in_xml, epcis.full.
status epcis_doc_element(struct epcis_doc *d, const struct epcis_vocabulary_element *e);
// Where a document stands, and back to it: what was appended since leaves no trace.
struct epcis_mark {
    size_t n;
    uint32_t events;
    struct epcis_vocabulary_list list;
    union epcis_writer w;
};
struct epcis_mark epcis_doc_mark(const struct epcis_doc *d);
void epcis_doc_back(struct epcis_doc *d, const struct epcis_mark *m);
status epcis_doc_end(struct epcis_doc *d);
void epcis_doc_fini(struct epcis_doc *d);
