// check.h - what the files of epcis_event_check share.
#pragma once
#include "service/epcis/event.h"

// `field` names the value for the sentence, item i of a list, or (EPCIS_ALONE) no list.
#define EPCIS_ALONE UINT32_MAX
status epcis_at_item(const char *field, uint32_t i, status st);
status epcis_uri_check(const char *field, uint32_t i, str text); // an absent one is none
status epcis_word_check(const char *field, uint32_t i, enum epcis_vocabulary v, str text);

status epcis_nodes_check(const struct epcis_node *chain); // EPCIS_NODE_DEPTH_MAX, names, UTF-8
status epcis_sensors_check(const struct epcis_event *e);
