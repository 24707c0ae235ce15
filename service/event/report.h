// report.h - what every report of a line has in common, and how facts about units are laid out.
//
// decided part of all facts that touch units (commissioned, scrapped, packed, unpacked, closed,
// shipped, returned):
//   report fields | touched: runs (run.h), previous positions (alike, run.h) | the kind's own
// so that the chain of a unit's history (unit row `last` -> fact -> the unit's previous position
// there -> …) is walked without knowing the kind. Where a container is acted on (packed, unpacked,
// closed) it is the first unit of the runs, its children follow.
//   report fields: mask 1, then those present in the order of the struct: varint numbers, strs
#pragma once
#include "common/http.h"
#include "common/when.h"
#include "service/journal/kind.h"
#include "service/unit/run.h"

struct report {
    uint32_t line;                      // number of the line's item, 0: none
    uint64_t gln;                       // of its location when it reported, as a number; 0: none
    str id, by, station, reason, extra; // extra: a JSON object as text
    uint64_t refused; // seq of the refusal of others of its units, which it left out; 0: none
};

struct touched {
    struct runs runs;
    struct bytes_r previous; // for alike_get, one value a unit, in the order of the runs
};

void report_put(struct buf *b, const struct report *r);
// Reads the common part; *rest stands at the kind's own fields. record.corrupt.
status report_get(str decided, struct arena *a, struct report *r, struct touched *t,
                  struct bytes_r *rest);
// The seq of the fact before `f` in the unit's chain; 0: none, or f does not touch it.
uint64_t fact_previous(const struct fact *f, unit_id u, struct arena *a);
// The common part as members of an open object, for people; what cannot be read is left out.
void report_print(const struct fact *f, struct json_w *w);

// The facts that follow here are made from what lines report (POST /v1/reports).
extern const struct kind kind_units_commissioned, kind_units_scrapped, kind_units_packed,
    kind_units_unpacked, kind_container_closed, kind_units_changed, kind_units_changed_1,
    kind_labels_sampled, kind_labels_unread, kind_unit_relabelled;
extern const struct http_route report_routes[];
