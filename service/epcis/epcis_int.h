// epcis_int.h - what the writers of this folder share.
#pragma once
#include "service/epcis/write.h"

// A format. Every function writes to d->out through its member of d->w.
struct epcis_format_ops {
    status (*begin)(struct epcis_doc *d);
    status (*event)(struct epcis_doc *d, const struct epcis_event *e);
    status (*element)(struct epcis_doc *d, const struct epcis_vocabulary_element *e);
    status (*end)(struct epcis_doc *d);
    struct epcis_ns mda; // what its documents declare for epcis_ns_cbvmda
};
extern const struct epcis_format_ops epcis_json_ops, epcis_xml_1_2_ops, epcis_xml_2_0_ops;

// Small texts are put together in d->text; the view lasts until the next one.
str epcis_moment_text(struct epcis_doc *d, struct moment m);
str epcis_time_text(struct epcis_doc *d, const struct epcis_time *t);  // as read, or `at`
str epcis_zone_text(struct epcis_doc *d, const struct epcis_event *e); // "+01:00"
str epcis_gln_text(struct epcis_doc *d, str gln);                      // of a party, as a URI
// An identifier in the document's spelling; what has none stays as it is.
str epcis_id_text(struct epcis_doc *d, str id);
// The same for one that names objects: where the document is strict, prefix.unknown.
status epcis_object_text(struct epcis_doc *d, str id, str *out);
status epcis_ids_text(struct epcis_doc *d, const struct epcis_ids *ids, uint32_t i, str *out);

// DSCSA's transaction statement, as GS1 US spells it.
#define EPCIS_HC_PREFIX    "gs1ushc"
#define EPCIS_SOAP_URI     "http://schemas.xmlsoap.org/soap/envelope/"
#define EPCIS_SBDH_URI     "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
#define EPCIS_STATEMENT    EPCIS_HC_PREFIX ":dscsaTransactionStatement"
#define EPCIS_AFFIRM       EPCIS_HC_PREFIX ":affirmTransactionStatement"
#define EPCIS_LEGAL_NOTICE EPCIS_HC_PREFIX ":legalNotice"

// The namespaces that the event now being written names, each with the prefix that it is written
// with: no two have the same. Those that the document declares have the document's prefix.
struct epcis_used {
    const struct epcis_ns *ns;
    str prefix;
    bool declared; // by the document
    struct epcis_used *next;
};
// The most that one event may name: more is abuse, and they are looked for one by one.
#define EPCIS_USED_MAX 256u
// Fills d->used; refuses the event with epcis.field where it names too many. Where `open` is
// false the document declares nothing (a bare event has to say all itself).
status epcis_used_collect(struct epcis_doc *d, const struct epcis_event *e, bool open);
// The namespace that a node beside EPCIS' own fields is written in: one that has none gets
// epcis_ns_unqualified where the format wants one. NULL: none is needed. Nodes within nodes keep
// what they have.
const struct epcis_ns *epcis_outer_ns(const struct epcis_doc *d, const struct epcis_node *n);
// The same for a tree in the header, of which the document declares nothing.
status epcis_used_collect_nodes(struct epcis_doc *d, const struct epcis_node *chain);
// Master data. An element in the list of vocabularies that is open; a vocabulary that is open is
// closed by _end.
status epcis_json_element(struct epcis_doc *d, const struct epcis_vocabulary_element *e);
status epcis_xml_element(struct epcis_doc *d, const struct epcis_vocabulary_element *e);
void epcis_json_elements_end(struct epcis_doc *d);
void epcis_xml_elements_end(struct epcis_doc *d);
str epcis_used_prefix(const struct epcis_doc *d, const struct epcis_ns *ns);
