// results.h - the answer to POST /v1/reports: what became of each object, bounded however many
// there are.
#pragma once
#include "service/api/api.h"

struct results { // owner: the request's loop
    size_t max;  // bytes kept; over it only what was refused, and of that as much as fits
    uint64_t accepted, refused;
    struct buf all, problems; // items with a comma between
    bool cut;                 // of the refused too
};

struct results_part {
    uint64_t index, seq;
    bool repeat;
    status st;
    str units;
};

void results_init(struct results *s, size_t max);
void results_fini(struct results *s);
void results_accept(struct results *s, uint64_t index, uint64_t seq, bool repeat);
// Accepted but for `units`, with the problem of these.
void results_accept_partly(struct results *s, const struct results_part *p);
// `units`: offenders as a JSON array, or empty.
void results_refuse(struct results *s, uint64_t index, status st, str units);
// {"accepted","refused","results":[…]}; "results_cut":true where not all of the refused are there.
void results_write(const struct results *s, struct buf *out);
