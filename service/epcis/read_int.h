// read_int.h - what a syntax of documents brings, for read.c and cut.c to choose from.
#pragma once
#include "service/epcis/read.h"

// A cutter. After a failure neither `piece` nor `end` is called again.
struct epcis_cut_syntax {
    void *(*begin)(const struct epcis_cut_conf *conf); // conf lives as long as the cutter
    status (*piece)(void *self, str bytes);
    status (*end)(void *self);
    bool (*is_late)(const void *self); // NULL: never
    void (*free)(void *self);
};
extern const struct epcis_cut_syntax epcis_cut_json, epcis_cut_xml;

status epcis_json_event_read(str bytes, const struct epcis_scope *scope, struct arena *a,
                             struct epcis_event *out);
status epcis_xml_event_read(str bytes, const struct epcis_scope *scope, struct arena *a,
                            struct epcis_event *out);
