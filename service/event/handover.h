// handover.h - the own part of `receipt.made` and `return.made`, after the common part of report.h:
// who received what from whom, and what was said of each unit. The touched units are those that
// were received, the outermost first.
//
// own part: shipped.h's, number 0 | condition str | units named var, then each: verdict str (empty:
//     accepted), received 1, text as JSON str, unit var (0: not known) | changes of those received,
//     alike (run.h): leaves x 2^24 + state x 65536 + flags set x 256 + flags cleared | counts
//     (counting.h)
#pragma once
#include "service/event/counting.h"
#include "service/event/shipped.h"

struct handed_unit {
    str verdict; // a code, empty: accepted; of one that was received, what is wrong with it
    bool received;
    str text; // in brackets, as JSON
    uint64_t unit;
};

#define HANDOVER_LEAVES (UINT64_C(1) << 24) // it lies in no container from now on

struct handover {
    struct shipped says;
    str condition;
    struct handed_unit *units;
    uint32_t n;
    struct bytes_r changes; // for alike_get, one for each unit received
    struct counts counts;
};

static inline uint64_t handover_change(const struct unit_change *c, bool leaves)
{
    return (leaves ? HANDOVER_LEAVES : 0) | (uint64_t)c->to << 16 | (uint64_t)c->set << 8 |
           c->clear;
}
static inline struct unit_change handover_change_of(uint64_t v)
{
    return (struct unit_change){(enum unit_state)(v >> 16 & 0xff), (uint8_t)(v >> 8), (uint8_t)v};
}
// `changes` as alike_put made them.
void handover_put(struct buf *b, const struct handover *h, str changes);
// From the rest that report_get left; `received` of the runs. record.corrupt
status handover_get(struct bytes_r *rest, uint64_t received, struct arena *a, struct handover *out);
