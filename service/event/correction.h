// correction.h - the own part of `correction.made`, after the common part of report.h: an event is
// declared wrong (EPCIS 2.0 section 7.4.1.2). It is told as the same event again, under its own id,
// with an error declaration; the touched units are those of the event. What it did to them stays,
// but for samples (unsample.h): that is undone by what people do next, and told as such.
//
// own part: seq of the event's fact var, part 1, reason 1 | eventID str | corrective eventIDs: n
//     var, strs | what it is found by (captured.h) | signature (signature.h) | where another person
//     had to sign before: seq of that proposal 8, signature
#pragma once
#include "service/access/second.h"
#include "service/event/index.h"
#include "service/event/report.h"

#define CORRECTIVES_MAX 64u

enum correction_reason { // on disk
    CORRECTION_DID_NOT_OCCUR = 1,
    CORRECTION_INCORRECT_DATA = 2,
    CORRECTION_END
};
const char *correction_word(enum correction_reason r); // "did_not_occur"
bool correction_find(str word, enum correction_reason *out);

struct correction {
    uint64_t seq; // of the fact that told the event
    uint8_t part; // of its events
    enum correction_reason reason;
    str id; // of the event
    const str *correctives;
    uint32_t corrective_count;
    struct index_entries found_by;
    struct signature signature;
    struct second_first first;
};
void correction_put(struct buf *b, const struct correction *c);
// Of a fact, behind what all reports have. record.corrupt
status correction_get(const struct fact *f, struct bytes_r *rest, struct arena *a,
                      struct correction *out);
