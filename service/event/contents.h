// contents.h - the own parts of the facts that lines report, after the common part of report.h.
//
// commissioned, scrapped, labels sampled: level 1 (of all its units; + FIRSTS_COUNTS where there
// are
//     any) | counts of what they were before (counting.h) | repeat
// packed, unpacked, closed:    flags 1 | level before x 16 + level after 1 | [lot of the container
//     varint] | children: level 1, or with CONTENTS_MIXED a count varint, then for each lot and
//     level of the children: lot varint, level 1, count varint | with CONTENTS_WATCHED cases that
//     make a shift 1, + SHIFT_RAISED where there is one: numbers passed over varint, the unit that
//     came instead 8, its container 8 | repeat. (closed: no children)
// level: of the product; the bit LEVEL_IS_SSCC says that it is one of SSCCs.
// repeat: 16 bytes or nothing; how a repeat of the report is told (said.h).
// An unmixed fact's children, and a container without a lot of its own here, have the fact's lot.
//
// A container's levels: an SSCC's level is told by what it holds (lot_db.h), so an act may change
// it.
#pragma once
#include "common/bytes.h"
#include "service/event/counting.h"
#include "service/event/report.h"
#include "service/lot/lot.h"

#define LEVEL_IS_SSCC 0x80u

enum contents_flag {       // on disk
    CONTENTS_BEGINS = 1,   // the container is commissioned by this fact
    CONTENTS_CLOSES = 2,   // it is closed afterwards
    CONTENTS_PARTIAL = 4,  // short of its nominal count, on somebody's word
    CONTENTS_MIXED = 8,    // children of several lots or levels
    CONTENTS_REOPENS = 16, // it was closed before
    CONTENTS_LOT = 32,     // the container's lot is not the fact's
    CONTENTS_EMPTIED = 64, // nothing is left in it
    CONTENTS_WATCHED = 128 // the order of its labels is watched (shift.h)
};

struct tally { // children alike
    uint32_t lot;
    uint8_t level;
    uint64_t count;
};

#define SHIFT_RAISED 0x80u
struct contents {
    unsigned flags;
    uint8_t level_before, level; // of the container
    uint32_t lot;                // of the container
    struct tally *tallies;
    uint32_t tally_count;
    struct digest16 repeat;
    bool has_repeat;
    uint8_t shift_cases;   // where watched
    uint64_t shift_offset; // 0: there is none
    unit_id shift_unit, shift_container;
};

void contents_put(struct buf *b, const struct fact *f, const struct contents *c);
// `rest` as report_get left it; `children` is how many units follow the container. record.corrupt.
status contents_get(struct bytes_r *rest, const struct fact *f, uint64_t children, struct arena *a,
                    struct contents *out);

#define FIRSTS_COUNTS 0x40u
struct firsts { // of commissioned, scrapped, labels sampled: the first events of their units
    uint8_t level;
    bool is_sscc, has_repeat;
    struct digest16 repeat;
    struct counts before; // printed and lost numbers that are so no longer
};
void firsts_put(struct buf *b, const struct firsts *x);
status firsts_get(struct bytes_r *rest, struct arena *a, struct firsts *out); // record.corrupt
// Are the units of this level containers?
static inline bool firsts_are_containers(const struct firsts *x) { return x->is_sscc || x->level; }
