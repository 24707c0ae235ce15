// tree_db.h - what is inside what. The parent stands in each child's unit row; here are a parent's
// children, as runs.
//
// row 'c' parent 8, part 2 -> children in the parts before varint, runs (runs_put). A part holds
// at most CHILDREN_PART bytes; a parent without children has no row.
#pragma once
#include "common/db.h"
#include "service/unit/run.h"

struct arena;

// More direct children than these are never put into one parent (whoever adds asks first).
#define CHILDREN_MAX 100000u

// All direct children, in the order they were put in; at: NULL and n 0 when there are none.
struct runs children_get(struct txn *t, unit_id parent, struct arena *a);
uint64_t children_count(struct txn *t, unit_id parent); // one row is read, however many there are
unit_id children_first(struct txn *t, unit_id parent);  // the oldest of them, {0}: none; likewise
// The oldest that stays when these go, {0}: none does.
unit_id children_first_without(struct txn *t, unit_id parent, const struct runs *gone);
// These three keep the container's cargo (cargo_db.h), too: to be called before the rows of the
// children lose what they were as they lay in it.
void children_add(struct txn *t, unit_id parent, const struct runs *more);
void children_remove(struct txn *t, unit_id parent, const struct runs *gone);
void children_clear(struct txn *t, unit_id parent);
