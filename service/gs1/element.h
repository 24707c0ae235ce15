// element.h - GS1 element strings: pairs of application identifier (AI) and value, as they stand
// in bar codes, in brackets, or in the path and query of a Digital Link.
//
// The grammar is data: schemas/gs1/ai.txt. Values are views into the input, or of the arena where
// they had escapes. FNC1 between values is GS, 0x1D.
#pragma once
#include "service/gs1/id.h"

#define GS1_ELEMENTS_MAX 48 // in one string; what marks a pack has 4 to 10
#define GS1_FNC1         '\x1d'

struct gs1_ai;
struct gs1_element {
    str ai;
    const struct gs1_ai *rule; // never NULL after reading
    str value;
    uint32_t at; // where the value begins in the input
};
struct gs1_elements {
    size_t n;
    struct gs1_element e[GS1_ELEMENTS_MAX];
};

// Each checks syntax, lengths, character sets, check digits and formats, not what belongs
// together: that is gs1_elements_check.
status gs1_bracketed_read(str in, struct arena *a, struct gs1_elements *out);
status gs1_raw_read(str in, struct gs1_elements *out); // without symbology identifier
// Scanner data with its symbology identifier. A symbol that holds no GS1 data (it may hold a
// Digital Link) gives no element and its text.
status gs1_scan_read(str in, struct arena *a, struct gs1_elements *out, str *text);
// An uncompressed Digital Link URI on any domain.
status gs1_dl_read(str in, struct arena *a, struct gs1_elements *out);
// Any of these, told apart by how it begins.
status gs1_elements_read(str in, struct arena *a, struct gs1_elements *out);

// What belongs together, over all that one item carries (GS1 General Specifications, section 4).
enum gs1_relation {
    GS1_REPEATED = 1, // a repeated AI carries the same value
    GS1_EXCLUDED = 2, // two that contradict each other
    GS1_REQUIRED = 4, // one that needs another
    GS1_SIGNED = 8,   // a digital signature needs a key with its serial part
    GS1_RELATIONS = 15
};
status gs1_elements_check(const struct gs1_elements *e, unsigned relations);
const struct gs1_element *gs1_elements_find(const struct gs1_elements *e, str ai); // or NULL

void gs1_elements_bracketed(const struct gs1_elements *e, struct buf *out);
void gs1_elements_raw(const struct gs1_elements *e, struct buf *out);
// The full Digital Link: key, qualifiers, everything else in the query. Nothing is appended when
// refused. `stem` is what stands before the key, "https://id.gs1.org".
status gs1_elements_dl(const struct gs1_elements *e, str stem, struct buf *out);
