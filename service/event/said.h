// said.h - one object of POST /v1/reports as it was said: read from JSON in one pass, every rule
// that needs no store checked.
//
// Codes, besides those of json.h and when.h: field.required, field.range, field.control,
// report.type, report.units, gs1.* of a GTIN.
#pragma once
#include "common/json.h"
#include "common/when.h"

enum report_type { // on disk, in digests of repeats
    REPORT_COMMISSION = 1,
    REPORT_SCRAP = 2,
    REPORT_PACK = 3,
    REPORT_UNPACK = 4,
    REPORT_CLOSE = 5,
    REPORT_PRINTED = 6,
    REPORT_LABEL_SAMPLE = 7,
    REPORT_SAMPLE = 8,
    REPORT_DECOMMISSION = 9,
    REPORT_DESTROY = 10,
    REPORT_INVALIDATE = 11,
    REPORT_LOST = 12,
    REPORT_FOUND = 13,
    REPORT_STOLEN = 14,
    REPORT_HOLD = 15,
    REPORT_UNREAD = 16,
    REPORT_MOVE = 17,
    REPORT_RELABEL = 18,
    REPORT_TYPE_END
};

struct texts {
    str *at;
    uint32_t n;
};

struct said {
    enum report_type type;
    bool over; // more units than allowed: what was accepted once may still be a repeat
    bool has_time, commission, partial, has_gtin, has_unpack, unpack, has_count;
    struct moment time;
    str id, by, station, reason, extra, lot, parent, request, from, to;
    uint64_t first, count; // numbers of the request; labels
    char gtin[14];
    struct texts serials, ssccs, children, units; // at most one of them has any
};

const char *report_type_word(enum report_type t);
#define SAID_EXTRA_MAX 64u     // texts in `extra`
#define SAID_UNITS_MAX 100000u // what limits.report_units_max may be at most
// Reads the next value of r. At most units_max units are taken, or, of what may be a repeat, as
// many as were ever allowed; trouble sticks to r.
void said_read(struct json_r *r, uint32_t units_max, struct said *out);
