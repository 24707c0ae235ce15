// run.h - many units as few runs: numbers issued together are neighbours.
#pragma once
#include "common/bytes.h"
#include "service/unit/unit.h"

struct arena;

struct run {
    unit_id first;
    uint32_t count; // ordinals first, first + 1, … of one space; at least 1
};

struct runs {
    struct run *at; // in the order given; two runs may be neighbours
    uint32_t n;
    uint64_t units; // in all
};

// From units in any order, order kept. NULL `at` at the arena's ceiling.
struct runs runs_of(struct arena *a, const unit_id *units, uint32_t n);
// count varint, then for each run: first zigzag from the end of the one before, count varint.
void runs_put(struct buf *b, const struct runs *r);
struct runs runs_get(struct bytes_r *in, struct arena *a); // in->bad where it makes no sense
uint64_t runs_pass(struct bytes_r *in);                    // over them; how many units they are

// For every unit: for (struct run_walk w = runs_walk(&r); run_next(&w, &u);)
struct run_walk {
    const struct runs *runs;
    uint32_t run, at;
};
struct run_walk runs_walk(const struct runs *r);
bool run_next(struct run_walk *w, unit_id *u);

// The first unit that stands twice, or {0}. Sorts a copy in the arena.
unit_id runs_find_twice(const struct runs *r, struct arena *a);
bool runs_hold(const struct runs *r, unit_id u);
// A copy in ascending order, for runs_among where many are looked for. NULL `at` at the arena's
// ceiling.
struct runs runs_sorted(const struct runs *r, struct arena *a);
bool runs_among(const struct runs *sorted, unit_id u); // where none overlaps another

// Values that belong to units one by one and are mostly alike (their previous positions), as
// (length, delta) pairs. The reader gives them back one at a time.
struct alike_w {
    struct buf *b;
    uint64_t value, before;
    uint64_t length;
};
void alike_put(struct alike_w *w, uint64_t value);
void alike_end(struct alike_w *w);
struct alike_r {
    struct bytes_r *in;
    uint64_t value, left;
};
uint64_t alike_get(struct alike_r *r);
void alike_pass(struct bytes_r *in, uint64_t count); // over so many values, a pair at a time
