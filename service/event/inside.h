// inside.h - everything that lies in a container, at any depth, counted.
//
// Costs two reads a container inside and a step a unit: callers bound it by what they are asked.
#pragma once
#include "service/pool/names.h"

#define INSIDE_MAX 5000000u // units; more is a damaged store

struct inside_part { // units alike
    uint32_t space;
    uint32_t lot; // dense; 0: none yet
    uint64_t count;
};

struct inside {
    struct inside_part *parts;
    uint32_t n, cap;
    uint64_t units;
    unsigned flags;  // enum unit_flag, of all of them together
    uint64_t newest; // seq of the newest event that names any of them; 0: none
};

struct inside_reader {
    struct txn *t;
    struct names *names;
    struct arena *arena; // 16 bytes a container and a run, while it is counted
};

// What lies directly in a container, whole or not at all. request.memory
status inside_directly(struct txn *t, unit_id container, struct arena *a, struct runs *out);

// Parts in the order in which they are met, from the outside in. request.memory, store.corrupt.
status inside_of(const struct inside_reader *r, unit_id container, struct inside *out);
