// captured_rule.h - what captured events do to units, and which of it the ledger takes. Pure.
//
// Two tables: what an event means for those that it names, by its type, action and business step;
// and from which state each act is taken. What is not taken is an exception (or, where the client
// is strict, a refusal): the unit stays as it is. Units that no pool of the client issued begin
// elsewhere, so they need not be commissioned first.
#pragma once
#include "service/epcis/event.h"
#include "service/event/captured.h"

enum captured_act {
    CAPTURED_NOTHING,
    CAPTURED_COMMISSION,
    CAPTURED_PACK_INTO,
    CAPTURED_BE_PACKED,
    CAPTURED_UNPACK_FROM,
    CAPTURED_BE_UNPACKED,
    CAPTURED_SHIP,
    CAPTURED_VOID_SHIP,
    CAPTURED_SAMPLE,
    CAPTURED_DECOMMISSION,
    CAPTURED_DESTROY,
    CAPTURED_ACTS
};

struct captured_acts {
    enum captured_act parent, in, out; // of the parent, the first list, a transformation's outputs
};
// Error declarations and everything that only looks at things: nothing.
struct captured_acts captured_acts_of(const struct epcis_event *e);

enum captured_sort { CAPTURED_PACK = 1, CAPTURED_CONTAINER = 2, CAPTURED_FOREIGN = 4 };
// 0, or why the act is not taken: enum capture_exception. *next is the state after it. `sort`:
// pack or container, and CAPTURED_FOREIGN or not.
unsigned captured_step(unsigned sort, const struct unit *u, enum captured_act act,
                       enum unit_state *next);
