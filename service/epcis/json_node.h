// json_node.h - trees of named values in JSON: out.
#pragma once
#include "service/epcis/write.h"

// The members of an object that is open: a chain of siblings. Those of one name become one array.
// The namespaces must be in d->used.
void epcis_json_nodes(struct epcis_doc *d, const struct epcis_node *first);
