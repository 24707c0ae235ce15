// value.h - what single values of an event may look like, and numbers in their shortest form.
#pragma once
#include "common/buf.h"
#include "common/str.h"

bool epcis_is_uri(str s); // a scheme and something behind it, nothing that must be escaped
// The same as every reader of URIs takes it, xsd:anyURI's and JSON Schema's among them: in ASCII,
// escapes whole, one fragment, a port in digits, no brackets.
bool epcis_is_plain_uri(str s);
bool epcis_is_zone(str s); // "+02:00", "-14:00"
bool epcis_is_uom(str s);  // two or three of A-Z and 0-9
bool epcis_is_bool(str s); // true, false, and 1 and 0 as XML has them
bool epcis_is_hex(str s);

// A decimal number as JSON, xsd:decimal and xsd:double write it; not INF, not NaN.
struct epcis_number {
    bool negative, zero, whole; // -0 is zero and not negative
    str digits;                 // from the first to the last that is not 0, the point among them
    int64_t point;              // how many digits stand before the point; may be negative
};
bool epcis_number_read(str s, struct epcis_number *out);
// Appends it without exponent, "+", and zeros that say nothing. Numbers of more than
// EPCIS_NUMBER_PLACES digits before or behind the point are refused with nothing appended.
#define EPCIS_NUMBER_PLACES 400
bool epcis_number_write(const struct epcis_number *n, struct buf *out);
