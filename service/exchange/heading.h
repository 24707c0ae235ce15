// heading.h - master data in the header of a message: what is known of the products, places and
// parties that its events name. What the client's documents said last counts, else the catalog.
#pragma once
#include "service/exchange/order.h"

#define HEADING_MAX 200u // elements; what is named beyond that is left out

enum heading_type {
    HEADING_CLASS,
    HEADING_READ_POINT,
    HEADING_LOCATION,
    HEADING_END,
    HEADING_TYPES
};
struct heading_entry {
    enum heading_type type;
    struct epcis_vocabulary_element element;
};
// Of one message and one snapshot.
struct heading {
    struct arena *a;       // the message's
    struct arena *scratch; // may be reset at any time
    struct txn *t;
    client_id client;
    const struct gs1_prefixes *prefixes;
    bool urns;           // how names are spelled: EPC URNs where they can be, else Digital Links
    struct lot_set lots; // looked at
    struct heading_entry *at;
    uint32_t n;
};

// A fact of the message, and what is told of it.
void heading_note(struct heading *h, const struct order *o, const struct fact *f,
                  const struct event_parts *parts);
// What is known, a vocabulary behind the other; false: nothing.
bool heading_elements(struct heading *h, struct epcis_out *out);
