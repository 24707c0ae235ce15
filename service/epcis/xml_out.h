// xml_out.h - what the files that write EPCIS in XML share.
#pragma once
#include "service/epcis/epcis_int.h"

bool xml_out_is_1_2(const struct epcis_doc *d);
status xml_out_not_in_1_2(const char *what); // epcis.not_in_1_2: no place for this

// One event as an element, with what wraps it (write_xml_event.c).
status xml_out_event(struct epcis_doc *d, const struct epcis_event *e);

// ---- trees of somebody's own vocabulary (write_xml_node.c)

// The attributes of the element just opened that are in the chain.
status xml_out_attributes(struct epcis_doc *d, const struct epcis_node *chain);
// Its elements, those without a namespace as the version has them: 1.2 wrapped in an extension and
// before the others, 2.0 in the namespace that epcis_outer_ns gives them.
status xml_out_elements(struct epcis_doc *d, const struct epcis_node *chain);
// Texts and elements within an element of others.
status xml_out_inner(struct epcis_doc *d, const struct epcis_node *chain);
// Is there an element that is written without a namespace?
bool xml_out_has_local(const struct epcis_doc *d, const struct epcis_node *chain);
status xml_out_local(struct epcis_doc *d, const struct epcis_node *chain);  // these, not wrapped
status xml_out_others(struct epcis_doc *d, const struct epcis_node *chain); // the others
// The chain as attributes all: what is none, and cannot be one, is refused.
status xml_out_as_attributes(struct epcis_doc *d, const struct epcis_node *chain);
// Declares what the event names and the document does not.
void xml_out_declare(struct epcis_doc *d);
