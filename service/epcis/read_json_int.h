// read_json_int.h - an event that is being read from JSON: what the files of its reader share.
#pragma once
#include "service/epcis/json_node.h"

struct json_reading {
    struct json_r r;
    struct epcis_event *e;
    struct epcis_error *error;    // of e, while it is made
    struct epcis_sensor *sensors; // of e
    struct epcis_chain ext, point_ext, location_ext;
    bool lenient; // what says nothing is passed over, URNs below CBV's are taken
};

// Values of members. Texts are trimmed; trouble sticks to r.
str epcis_json_text(struct json_r *r);
str epcis_json_word(struct json_reading *x, enum epcis_vocabulary v); // of CBV, or a URI
struct epcis_strs epcis_json_texts(struct json_r *r);                 // a list of them
void epcis_json_time(struct json_r *r, struct epcis_time *out);
bool epcis_json_is_type(str key); // type, isA, @type
bool epcis_json_is_remark(str key);

// A list that grows in the arena. Gives the new item, zeroed; NULL where r failed.
struct epcis_list {
    void *at;
    uint32_t n, room;
};
void *epcis_list_add(struct json_r *r, struct epcis_list *l, size_t item);

void epcis_json_sensors(struct json_reading *x);
status epcis_json_sensors_resolve(struct json_reading *x, struct epcis_contexts *c,
                                  const struct epcis_term *scope);
