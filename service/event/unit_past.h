// unit_past.h - a unit as it was: from its chain of facts, replayed up to a time. What a fact did
// to a unit is a table by kind; a kind that touches units and is not in it cannot be asked about.
//
// The time is when things happened; what became known later is told as if it had been known.
#pragma once
#include "common/when.h"
#include "service/unit/unit_db.h"

#define PAST_FACTS_MAX 10000u // of one unit

// history.too_long, past.kind (a fact that the table does not know), record.corrupt
status past_unit(struct txn *t, unit_id u, wall at, struct unit *out);
// What lay directly in the container then, in the order of packing.
status past_children(struct txn *t, unit_id container, wall at, struct arena *a, struct runs *out);
