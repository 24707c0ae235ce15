// capture_says.h - what a strict client is told of a captured event that is refused: the field, the
// rule, the unit and its lot.
#pragma once
#include "service/event/captured.h"
#include "service/event/report_int.h"

struct capture_fault {
    enum capture_exception code;
    const char *field; // of the event that names the unit: "epcList"
    unit_id unit;
    uint32_t lot; // that the event tells, where it begins with it; 0: the unit's own
};
// Its code is the exception's. In the committer, in decide: reads.
status capture_says(struct judge *j, const struct capture_fault *f);
