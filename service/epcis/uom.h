// uom.h - units of measure (UN/CEFACT Recommendation 20), as far as values are compared across
// them. The units are data: schemas/cbv/uom.txt.
#pragma once
#include "common/str.h"

struct epcis_uom {
    char code[4];
    uint8_t dimension; // values are compared within one
    // In the dimension's base unit: (value + offset) x factor, both as fractions.
    uint64_t factor, factor_under, offset, offset_under;
};
extern const struct epcis_uom epcis_uom_rows[]; // in byte order of their codes
extern const size_t epcis_uom_count;
const struct epcis_uom *epcis_uom_find(str code); // NULL: not listed

// How value `a` stands to `b`: *order is negative, 0 or positive. Exact, without rounding. An empty
// code stands for a number without unit. False: they cannot be compared (no numbers, or of more
// than EPCIS_UOM_DIGITS digits; units of different dimensions; different units of which one is not
// listed).
#define EPCIS_UOM_DIGITS 38
bool epcis_uom_compare(str a, str code_a, str b, str code_b, int *order);
