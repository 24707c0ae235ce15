// counting.h - what an act changes in the counters of lots, worked out in decide and kept in the
// fact.
#pragma once
#include "common/bytes.h"
#include "service/lot/lot_db.h"

struct counted {
    uint32_t lot;
    uint8_t level, what; // enum count
    int64_t more;        // 0: nothing, but the act touches the lot
};
struct counts {
    struct counted *at; // in the arena
    uint32_t n, room;
    bool no_room;
};

// n more of them; lot 0: nothing is counted.
void counts_add(struct counts *c, struct arena *a, const struct counted *more);
// What a unit of the lot counts as before and after an act.
void counts_step(struct counts *c, struct arena *a, const struct counted *of,
                 const struct unit *before, const struct unit *after);
// count var, then each: lot var, level 1, what 1, more zig
void counts_put(struct buf *b, const struct counts *c);
bool counts_get(struct bytes_r *in, struct arena *a, struct counts *out); // false: it breaks off
