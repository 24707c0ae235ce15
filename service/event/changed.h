// changed.h - the own part of `units.changed`: what one act did to the state and flags of units,
// after the common part of report.h. Which act, and what partners are told of it, is a row of a
// table.
//
// own part: act 1, flags 1 | changes, alike (run.h): state x 65536 + flags set x 256 + flags
//     cleared, one a unit | counts (counting.h) | repeat 16 or nothing
#pragma once
#include "service/epcis/cbv.h"
#include "service/epcis/event.h"
#include "service/event/counting.h"
#include "service/event/report.h"

enum changed_flag { CHANGED_REPEAT = 1 }; // on disk

struct changed {
    enum unit_act act;
    struct bytes_r changes; // for alike_get
    struct counts counts;
    bool has_repeat;
    struct digest16 repeat;
};

// `rest` as report_get left it; `units` of the runs. record.corrupt.
status changed_get(struct bytes_r *rest, uint64_t units, struct arena *a, struct changed *out);
struct unit_change changed_next(struct alike_r *r);
const char *changed_word(enum unit_act act); // "decommission", as reports say it

// What partners are told where units that had been commissioned are changed by the act.
struct changed_event {
    bool is_event;
    enum epcis_action action;
    enum epcis_step step;
    enum epcis_disposition disposition;
};
struct changed_event changed_event_of(enum unit_act act);
