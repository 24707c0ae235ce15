// place.h - locations, parties and lines: who and where, by GLN; and the machines that report.
#pragma once
#include "common/http.h"
#include "service/item/item.h"

extern const struct item_noun noun_location, noun_party, noun_line;
extern const struct kind kind_location_put, kind_party_put, kind_line_put;
extern const struct http_route place_routes[];

bool location_is_known(struct txn *t, str gln);
bool party_is_known(struct txn *t, str gln);
// What noun_location or noun_party calls it, in the arena; empty where there is none.
str place_name(struct txn *t, const struct item_noun *noun, str gln, struct arena *a);

// How many minutes the place is ahead of UTC at that instant: as it says itself, or the nearest
// place around it that does. 0: none does, or the system has no such zone any more.
int16_t place_offset(struct txn *t, uint64_t gln, wall at);

struct line {
    uint32_t number;
    uint64_t gln; // of its location, as a number; 0: none
};
bool line_get(struct txn *t, str name, struct line *out);
str line_name(struct txn *t, uint32_t number, struct arena *a); // empty when there is none
