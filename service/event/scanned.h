// scanned.h - what the codes of reported units said beside their numbers.
#pragma once
#include "service/event/said.h"
#include "service/gs1/id.h"
#include "service/pool/names.h"

struct scanned { // empty: it said nothing
    unit_id unit;
    str lot, expiry; // AI 10, AI 17
};
struct scans {
    const struct scanned *at; // by unit, only of those that said something
    uint32_t n;
};

// Takes those of `n` units beside the ones that are there. request.memory
status scans_add(struct scans *s, const struct gs1_id *ids, const unit_id *units, uint32_t n,
                 struct arena *a);
const struct scanned *scans_find(const struct scans *s, unit_id u); // NULL: it said nothing
bool scans_say_the_same(const struct scans *s, unit_id u, unit_id v);
