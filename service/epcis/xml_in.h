// xml_in.h - what the files that read EPCIS in XML share.
//
// The schemas of EPCIS are sequences: the elements of a type come in one order, and what is known
// of each is a row of a table that has that order. So is the way through it: sequence() looks a
// child up, refuses it where it is unknown, late or there twice, and has its row take it.
#pragma once
#include "common/xml_r.h"
#include "service/epcis/read.h"

struct xml_in_ns { // a declaration that a node names, made once
    struct epcis_ns ns;
    struct xml_in_ns *next;
};
struct xml_in {
    struct xml_r r;
    struct arena *arena;
    enum epcis_version version;
    bool lenient;
    bool words_as_given;
    str uri; // of the sequences' own elements: none, but for a header's
    struct xml_in_ns *ns;
};

// An element in a sequence. `at` is where it goes in what the sequence describes.
struct xml_slot {
    str name;
    void (*take)(struct xml_in *x, const struct xml_slot *slot, void *field);
    uint16_t at;
    uint8_t voc;                  // of one that holds a word
    bool required;                // by the schema of XML alone: the rules of EPCIS are check.c's
    bool many;                    // may come again
    bool anywhere;                // in no order among its neighbours
    const struct xml_slot *items; // of one that holds a sequence or a list itself
};
#define XML_SLOT(name_, take_, type, member)                                                       \
    {                                                                                              \
        .name = {name_, sizeof(name_) - 1}, .take = take_, .at = (uint16_t)offsetof(type, member)  \
    }
#define XML_SLOT_X(name_, take_, type, member, ...) /* with more of the fields */                  \
    {                                                                                              \
        .name = {name_, sizeof(name_) - 1}, .take = take_, .at = (uint16_t)offsetof(type, member), \
        __VA_ARGS__                                                                                \
    }
#define XML_SLOT_END                                                                               \
    {                                                                                              \
        .take = NULL                                                                               \
    }

// The children of the element just entered, which is left. `ext`: the chain at whose end elements
// and attributes of other namespaces go; NULL where the schema has no place for any.
void xml_in_sequence(struct xml_in *x, const struct xml_slot *slots, void *into,
                     struct epcis_node **ext);

void xml_in_full(struct xml_in *x);                                         // fails: the arena is
const struct xml_slot *xml_in_slot(const struct xml_slot *slots, str name); // NULL: none
bool xml_in_is_epcis(str uri);               // one of EPCIS' own namespaces
void xml_in_no_attributes(struct xml_in *x); // refuses all but those of xsi
bool xml_in_is_xsi(const struct xml_name *name);
void xml_in_attribute_unknown(struct xml_in *x, const struct xml_r_attr *a);
void xml_in_element_unknown(struct xml_in *x); // the one just entered
// A word of CBV as the event holds it, from the text or value just read.
str xml_in_word(struct xml_in *x, enum epcis_vocabulary v, str text);

// Takers, for the tables.
typedef void xml_take(struct xml_in *x, const struct xml_slot *slot, void *field);
xml_take xml_take_text, xml_take_word, xml_take_time, xml_take_action, xml_take_ids,
    xml_take_quantities, xml_take_quantity, xml_take_pairs, xml_take_place, xml_take_error,
    xml_take_uri_list, xml_take_one_text, xml_take_persistent, xml_take_ilmd, xml_take_sensors,
    xml_take_others, xml_take_unknown;
// The last two are wrappers whose content stands for itself: in those of 2.0 elements of others, in
// those before also elements of no namespace. They get the end of the chain, not a field.

// The front of a document from its bytes without the events: up to the EventList's start tag, or,
// `whole`, to its end (front_xml.c). `scope` takes the text of the front's scope;
// out->scope.lenient is read first.
status xml_front_read(str bytes, bool whole, struct arena *a, struct buf *scope,
                      struct epcis_front *out);

bool xml_version_read(str schema_version, enum epcis_version *version);

// ---- nodes (read_xml_node.c)

// The element just entered, with all it holds, at the end of the chain.
void xml_in_node(struct xml_in *x, struct epcis_node ***end);
// Those attributes of the element just entered that belong to others.
void xml_in_attributes(struct xml_in *x, struct epcis_node ***end);
struct epcis_node *xml_in_attribute_node(struct xml_in *x, const struct xml_r_attr *a);

// ---- lists that grow in the arena

struct xml_list {
    void *at;
    uint32_t n, room;
};
// Room for one more of `size` bytes, counted; NULL when the arena is full (the reader has failed).
void *xml_list_add(struct xml_in *x, struct xml_list *l, size_t size);
