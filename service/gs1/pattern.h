// pattern.h - what a query asks identities by: a pattern of EPC URNs, or one identity.
//
// "urn:epc:idpat:sgtin:0614141.*.*" is every item of that company; "*" stands for whole components
// and only from the right (EPC TDS). It covers instances, and classes where the class's own "*" is
// covered by one. A prefix is compared as digits of the key, so that a Digital Link, which does not
// tell where the prefix ends, is found too. Any other spelling is exactly one identity.
#pragma once
#include "service/gs1/id.h"

struct gs1_pattern {
    struct gs1_id id; // what is fixed of it
    bool is_exact;    // this identity and no other
    bool is_open;     // the key may be longer than what is fixed of it
    uint8_t from, to; // of the key, or of the text where there is no key, what is fixed
};

// Codes: those of gs1_read. Views in `out` live as long as `in` and `a`.
status gs1_pattern_read(str in, struct arena *a, struct gs1_pattern *out);
bool gs1_pattern_matches(const struct gs1_pattern *p, const struct gs1_id *id);

// For an index over canonical texts (GS1_DL): what matches is the identity itself where is_exact,
// else begins like one of these, n of them. Not all that begins so matches.
#define GS1_PATTERN_STARTS_MAX 10
unsigned gs1_pattern_starts(const struct gs1_pattern *p);
void gs1_pattern_start(const struct gs1_pattern *p, unsigned i, struct buf *out); // appends
