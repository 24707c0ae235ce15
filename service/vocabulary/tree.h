// tree.h - what an attribute's value has for elements: packed for facts and rows, told in XML.
//
// nodes var, and of each: strs namespace, name, text | attributes var, strs name and value of each
// | the same again for its children. Kept is what any reader of XML can be told: attributes without
// a namespace, and those of the value itself (its xsi:type, say) not at all.
#pragma once
#include "common/xml.h"
#include "service/epcis/node.h"

// Nothing where the chain has no elements. vocabulary.limit (too deep).
status vocabulary_tree_pack(const struct epcis_node *chain, struct buf *out);
// Into the open element; every element declares its own namespace. What XML has no name for (of
// JSON's members) is left out. record.corrupt
status vocabulary_tree_write(str packed, struct xml_w *w);
