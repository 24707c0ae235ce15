// pruned.h - keys whose 30 days are over are forgotten, a thousand rows at a time.
#pragma once
#include "service/journal/idempotency.h"
#include "service/journal/kind.h"

#define PRUNE_ROWS 1000u // one fact's; many facts of it never hold up a batch

extern const struct kind kind_keys_pruned; // ask: struct pruned
struct pruned {
    unsigned below; // day; rows of days before it go
    uint32_t count; // of the oldest rows
};

// What may be forgotten now; false: nothing.
bool pruned_due(struct txn *t, wall now, struct pruned *out);
