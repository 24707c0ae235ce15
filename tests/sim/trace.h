// trace.h - what a simulation draws and what it did: a seeded stream of numbers, and the lines that
// say every step. The same seed makes the same lines, and so the same hash.
#pragma once
#include "common/buf.h"

struct dice {
    uint64_t state; // any seed does
};
uint64_t dice_next(struct dice *d);
uint32_t dice_below(struct dice *d, uint32_t n); // 0 .. n - 1
bool dice_chance(struct dice *d, uint32_t per_mille);

struct trace {
    struct buf lines;
    uint64_t steps; // lines so far
    bool broken;    // a promise was broken: `why` says which
    char why[400];
};
void trace_init(struct trace *t);
void trace_fini(struct trace *t);
void trace_say(struct trace *t, const char *fmt, ...) LIKE_PRINTF(2, 3); // one line
// The first broken promise counts; it is a line, too.
void trace_break(struct trace *t, const char *fmt, ...) LIKE_PRINTF(2, 3);
uint64_t trace_hash(const struct trace *t);
uint64_t hash_of(str s); // FNV-1a
