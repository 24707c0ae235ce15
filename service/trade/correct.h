// correct.h - POST /v1/corrections: QA declares, by signature, that an event was told wrongly.
//
// Codes: event.unknown (404), event.correction (a correction is not corrected), event.corrected (it
// is already), correction.reason, and those of signatures.
#pragma once
#include "service/event/correction.h"

struct correct_ask {
    client_id client;
    struct correction says; // its texts and entries in the request's arena
    struct moment time;     // of the event
    uint32_t lot;           // of its fact
    struct runs units;      // of its fact
};
// The act of declaring an event wrong, in the room's bytes; and what is signed of it.
struct second_of correct_act(uint32_t lot, const struct correction *c, char room[9]);
second_look correct_look;

extern const struct kind kind_correction_made, kind_correction_made_1; // ask: struct correct_ask
extern const struct http_route correct_routes[];
