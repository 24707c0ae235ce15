// call_bound.h - the answers of a call of several commands, kept so that its repeat gets them.
#pragma once
#include "service/journal/committer.h"

extern const struct kind kind_call_bound;

void call_bound_put(const struct job *j, struct buf *out);
// Fills result, units, repeat and fact.seq of every ask; record.corrupt where the count differs.
status call_bound_get(str decided, struct job *j);
