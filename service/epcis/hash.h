// hash.h - the hash id of an event (CBV 2.0 section 8.9), equal for equal events in every format.
#pragma once
#include "service/epcis/event.h"

#define EPCIS_HASH_LEN 89u // "ni:///sha-256;" 64 hex digits "?ver=CBV2.0"

// Appends the text that is hashed. No failure but the buf's ceiling and the arena's.
status epcis_prehash(const struct epcis_event *e, struct arena *a, struct buf *out);
status epcis_hash(const struct epcis_event *e, struct arena *a, char out[EPCIS_HASH_LEN + 1]);
