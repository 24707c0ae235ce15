// leaving.h - a unit comes out of a container that nobody opened: out of one that was shipped.
#pragma once
#include "service/unit/run.h"

struct arena;
struct txn;

// In a write, while the rows in the store are as they are up to this unit. An SSCC's level is told
// by what it holds: the containers around may count with another one from then on, in the counters
// of their lots. The unit's own row is the caller's.
void leaving_write(struct txn *t, struct arena *a, unit_id u, unit_id parent);
