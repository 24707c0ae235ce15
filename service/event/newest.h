// newest.h - when the newest of what happened to a unit happened.
#pragma once
#include "service/journal/journal_db.h"
#include "service/unit/unit.h"

// `last` is the header of the unit's last event. A unit's chain is in the order of the journal; its
// flag `late` says that this is another order than that of time, and the chain is walked then.
// Events that were ahead of the clock when they were recorded are no measure: by them nothing was
// done. INT64_MIN: nobody said when.
int64_t newest_of(struct txn *t, unit_id u, const struct unit *x, const struct fact *last);
// The newest of what happened to the containers that a unit of this row lies in.
int64_t newest_around(struct txn *t, const struct unit *x);
// The newest of what happened to what lies in the container, where some of it is newer than what
// happened to the container itself; a step for each unit in it then, and NEWEST_READS at most.
int64_t newest_inside(struct txn *t, unit_id container);
// The newest of what stands against a packing that is applied after it: what began, ended, shipped,
// took out or otherwise changed the unit, or says so and was not taken. Not what names it only,
// waits, or is put into it; nor, of the container (`holds`), where that itself was put or taken out
// of.
// `reads`: bytes of facts read so far for one event, at most NEWEST_READS of them; what would need
// more is told as though the newest were after everything.
#define NEWEST_READS (64 * MB)
int64_t newest_against(struct txn *t, unit_id u, uint64_t last, bool holds, uint64_t *reads);
