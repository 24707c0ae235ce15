// hash.h - the hash id of an event (CBV 2.0 section 8.9), equal for equal events in every format.
#pragma once
#include "common/digest.h"
#include "service/epcis/event.h"

#define EPCIS_HASH_LEN 89u // "ni:///sha-256;" 64 hex digits "?ver=CBV2.0"

// Appends the text that is hashed. No failure but the buf's ceiling and the arena's.
status epcis_prehash(const struct epcis_event *e, struct arena *a, struct buf *out);
// Do two events say the same, in whatever bytes or format? What the hash leaves out counts, too:
// the error declaration and remarks, times below a millisecond, lots and queries of Digital Links
// that have a serial, and where a text ends; and texts that look like numbers are texts, so that
// lot 00123 is not lot 123. eventID and recordTime do not count. Failures as above.
status epcis_says_same(const struct epcis_event *x, const struct epcis_event *y, struct arena *a,
                       bool *out);
// The same for events that are not there at once.
struct epcis_says {
    struct sha256 by[2];
};
status epcis_says(const struct epcis_event *e, struct arena *a, struct epcis_says *out);
bool epcis_says_equal(const struct epcis_says *x, const struct epcis_says *y);
status epcis_hash(const struct epcis_event *e, struct arena *a, char out[EPCIS_HASH_LEN + 1]);
