// json_node.h - trees of named values in JSON, in and out.
#pragma once
#include "service/epcis/json_context.h"
#include "service/epcis/write.h"

// Out: the members of an object that is open: a chain of siblings. Those of one name become one
// array, those without a namespace get one (epcis_outer_ns). The namespaces must be in d->used.
void epcis_json_nodes(struct epcis_doc *d, const struct epcis_node *first);
void epcis_json_inner(struct epcis_doc *d, const struct epcis_node *first); // within others' own
void epcis_json_item(struct epcis_doc *d, const struct epcis_node *n);      // its value alone

// In, in two steps, for members of JSON are in no order and a @context may be the last. First the
// values are read, with whole keys for names; then, when all contexts are known, keys become
// namespaces and names.
struct epcis_chain {
    struct epcis_node *first, *last;
};
// The value of the member `key` that was just read, at the end of the chain.
void epcis_json_member(struct json_r *r, struct epcis_chain *chain, str key);
// The same for a known object's own: refuses a key without a colon (json.unknown_field), except a
// @context.
void epcis_json_extension(struct json_r *r, struct epcis_chain *chain, str key);
// A value without a name, as one node; NULL where r failed.
struct epcis_node *epcis_json_value(struct json_r *r);
bool epcis_json_has_context(const struct epcis_node *chain); // before it is resolved
// Resolves the chain in *scope, which becomes that of its object, and takes a @context out of the
// chain. `at` of a failure counts as that of r did. Codes: json.twice, epcis.context, epcis.prefix,
// epcis.field.
status epcis_json_resolve(struct epcis_contexts *c, struct epcis_node **chain,
                          const struct epcis_term **scope);
