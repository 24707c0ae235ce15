// captured_rule.h - what captured events do to units, and which of it the ledger takes. Pure.
//
// A table says what an event means for those that it names, by its type, action, business step and
// disposition; from which state each act is taken is the state machine's (unit.h), the same as for
// what lines report. What is not taken is an exception (or, where the client is strict, a refusal):
// the unit stays as it is. No event ends a hold, which takes a signature of QA: one that says so is
// told.
#pragma once
#include "service/epcis/event.h"
#include "service/event/captured.h"

struct captured_acts {
    enum unit_act parent, in, out; // of the parent, the first list, a transformation's outputs; 0:
                                   // nothing is done to them
};
// Error declarations and everything that only looks at things: nothing.
struct captured_acts captured_acts_of(const struct epcis_event *e);
// What a foreign unit is once it is told that it began, where events have named it before: as it
// is, or what one is that began now; `holds`: something was packed into it.
enum unit_state captured_begun(unsigned sorts, enum unit_state now, bool holds);
// What of its words somebody should look at although it is taken; 0: nothing.
unsigned captured_warning(const struct epcis_event *e);

// 0, or why the act is not taken: enum capture_exception.
unsigned captured_step(unsigned sorts, const struct unit *own, const struct unit *stands,
                       enum unit_act act, struct unit_change *out);
// What the act's change is as an effect, of a unit that is as `x` says; `leaves`: its container,
// too.
unsigned captured_effect(const struct unit *x, enum unit_act act, const struct unit_change *change,
                         bool leaves);
