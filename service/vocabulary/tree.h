// tree.h - what an attribute's value has for elements: packed for facts and rows.
//
// nodes var, and of each: strs namespace, name, text | attributes var, strs name and value of each
// | the same again for its children. Kept is what any reader of XML can be told: attributes without
// a namespace, and those of the value itself (its xsi:type, say) not at all.
#pragma once
#include "common/arena.h"
#include "common/buf.h"
#include "service/epcis/node.h"

// Nothing where the chain has no elements. vocabulary.limit (too deep).
status vocabulary_tree_pack(const struct epcis_node *chain, struct buf *out);
// The elements again, as views of `packed`; NULL: none. In `xml` what that has no name for (of
// JSON's members) is left out. record.corrupt, also where the arena is full.
status vocabulary_tree_read(str packed, bool xml, struct arena *a, struct epcis_node **out);
