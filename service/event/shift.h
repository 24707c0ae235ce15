// shift.h - did labels and packs run apart? Lines put packs into cases in the order in which their
// numbers were issued. Where numbers are passed over whose fate nobody told, and the cases after
// that follow one another without a gap, labels were lost or went to other packs: every case from
// there on holds others than it says.
//
// A *track* is how far one camera has come in the order of issue; there may be several. A *gap* is
// in hand until it was there for so many cases; numbers that come late take it away. What is a gap
// of the line's nature is learned: one that loses numbers all the time is not told each time.
#pragma once
#include "service/unit/unit_db.h"

#define SHIFT_TRACKS 4u
#define SHIFT_GAPS   8u
#define SHIFT_REACH  32u // numbers; a wider step is no gap but another place to take numbers from

struct shift_gap {
    uint64_t first; // ordinal
    uint8_t count;
    uint8_t cases;     // that came since, its own included
    uint64_t after;    // the ordinal that came instead
    unit_id container; // into which
};

struct shift_row {
    uint32_t lot;
    uint64_t seen;   // packs in order
    uint64_t had;    // gaps before those in hand
    uint64_t raised; // first ordinal of the gap that was raised; `raised_count` 0: none
    uint8_t raised_count;
    uint8_t tracks, gaps;
    uint64_t next[SHIFT_TRACKS];
    struct shift_gap gap[SHIFT_GAPS];
};

struct shift_of {
    uint32_t line, space;
};
bool shift_get(struct txn *t, struct shift_of of, struct shift_row *out); // zeros: no row
void shift_put(struct txn *t, struct shift_of of, const struct shift_row *x);

// One case: children of one space, in the order of their ordinals.
struct shift_case {
    uint32_t lot;
    unit_id container;
    const struct run *at;
    uint32_t n;
    unsigned cases; // how many in a row make it a shift
};
// Takes it in. True: *out is one that makes a shift.
bool shift_step(struct shift_row *x, const struct shift_case *c, struct unit_rows *rows,
                struct shift_gap *out);
// Is what was raised gone: was the fate of all its numbers told since?
bool shift_is_gone(const struct shift_row *x, uint32_t space, struct unit_rows *rows);
// May the next case make one? What cannot need not be looked at before it is written.
bool shift_may(const struct shift_row *x, unsigned cases);
