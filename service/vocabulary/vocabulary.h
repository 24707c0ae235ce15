// vocabulary.h - master data: what documents say of places, classes, parties and words beside their
// events, kept so that questions can reach for it.
//
// glossary: an *element* is one name of a vocabulary ("urn:epcglobal:epcis:vtype:ReadPoint"), with
// *attributes* and *children*, the names of elements that lie within it. What is said later
// replaces what was said before: of an attribute its value, of the children all of them; what is
// not said again stays. The journal has what was said when.
//
// An element's *key* is its name in one spelling: a Digital Link (gs1_write GS1_DL), the bare word
// of the CBV, else the name itself. Its digest is what rows are found by.
//
// decided part of vocabulary.captured: elements var, and of each: strs type, id, key | attributes
// var, and of each: strs name, value, tree (of elements in the value, see tree.h) | children var
// and str id each. Nothing is decided but whether there is anything new.
#pragma once
#include "common/bytes.h"
#include "service/epcis/read.h"
#include "service/journal/kind.h"

#define VOCABULARY_TYPE_MAX     300u // bytes; rows hold them
#define VOCABULARY_ID_MAX       600u
#define VOCABULARY_NAME_MAX     300u // of an attribute
#define VOCABULARY_VALUE_MAX    (64 * KB)
#define VOCABULARY_CHILDREN_MAX 1000u // of an element
#define VOCABULARY_ATTRS_MAX    500u

// The master data of one document as asks for kind_vocabulary_captured, each of them small enough
// for a transaction; none where the document has none. Views into the arena. vocabulary.limit
// (BAD_INPUT), request.memory.
struct vocabulary_ask {
    client_id client;
    str packed; // the decided part
};
struct vocabulary_asks {
    struct vocabulary_ask *at;
    uint32_t n;
};
status vocabulary_asks(const struct epcis_front *f, client_id client, struct arena *a,
                       struct vocabulary_asks *out);

extern const struct kind kind_vocabulary_captured;

// Reading what was packed: elements, then their attributes and children, in order.
struct vocabulary_attr {
    str name, value, tree;
    uint32_t at; // where value and tree stand in the packed bytes
};
struct vocabulary_r {
    struct bytes_r in;
    const uint8_t *begin;
    uint32_t elements, attrs, children; // still to come
};
struct vocabulary_element {
    str type, id, key;
};
struct vocabulary_r vocabulary_reader(str packed);
bool vocabulary_next(struct vocabulary_r *r, struct vocabulary_element *out);
bool vocabulary_next_attr(struct vocabulary_r *r, struct vocabulary_attr *out);
bool vocabulary_next_child(struct vocabulary_r *r, str *out);
bool vocabulary_end(const struct vocabulary_r *r); // all was read, and made sense

// Appends the key of a name of this vocabulary; `type` may be empty: of any.
status vocabulary_key(str type, str id, struct arena *scratch, struct buf *out);
