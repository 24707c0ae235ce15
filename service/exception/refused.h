// refused.h - refusals as exceptions: the kinds of the journal's refusals whose writes raise one.
//
// Only what is refused in the trade itself (numbers, lots, units, shipments, captures) is one: a
// mistaken configuration or question is told to whoever made it and is in the journal.
#pragma once
#include "service/exception/exception.h"
#include "service/gs1/id.h"

extern const struct kind kind_refusal_raised, kind_refusal_repeated_raised;

bool refused_is_raised(unsigned kind); // does the refusal of this kind of fact raise one?
// Is this unit among the offenders of a refusal? They are named in any spelling, or by their
// serials alone.
bool refused_names(str units, const struct gs1_id *id, struct arena *a);
