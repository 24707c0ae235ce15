// epcis_int.h - what the renderers of this folder share.
#pragma once
#include "service/epcis/document.h"
#include "service/epcis/event.h"

// What a type of event is made of. JSON and XML use the same names.
struct epcis_shape {
    const char *name, *ids; // "AggregationEvent", "childEPCs"; NULL: not rendered
    bool parent, ilmd;      // may it have one?
};
const struct epcis_shape *epcis_shape(enum epcis_type t); // asserts that there is one
str epcis_action_name(enum epcis_action a);

// A format. Every function writes to d->out through its member of d->w.
struct epcis_format_ops {
    enum epcis_form form;
    status (*begin)(struct epcis_doc *d, const struct epcis_head *h);
    status (*event)(struct epcis_doc *d, const struct epcis_event *e);
    status (*end)(struct epcis_doc *d);
};
extern const struct epcis_format_ops epcis_json_ops, epcis_xml_1_2_ops;

// Small texts are put together in d->text; the view lasts until the next one.
str epcis_time_text(struct epcis_doc *d, struct moment m);
str epcis_offset_text(struct epcis_doc *d, struct moment m); // "+01:00"
str epcis_date_text(struct epcis_doc *d, struct date x);     // day 0: the last of the month
str epcis_bt_text(struct epcis_doc *d, const struct epcis_bt *bt);
str epcis_name_text(struct epcis_doc *d, const struct epcis_field *f); // "prefix:name"
str epcis_gln_text(struct epcis_doc *d, str gln);                      // of a party, as a URI
status epcis_id_text(struct epcis_doc *d, const struct epcis_event *e, uint32_t i, str *out);

// The namespaces that an event's fields bring and its document's head does not declare: `each` is
// called once for every one, or is NULL. True when there are any.
bool epcis_new_ns(struct epcis_doc *d, const struct epcis_event *e,
                  void (*each)(struct epcis_doc *d, const struct epcis_ns *ns));
status epcis_ns_check(const struct epcis_ns *ns);
