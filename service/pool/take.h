// take.h - which ordinals a request takes. Runs in the committer.
#pragma once
#include "service/pool/pool_int.h"

// `skips` are ordinal << 2 | why, ascending.
struct take {
    struct names *names;
    struct txn *t;
    struct arena *arena;
    const struct pool_row *pool;
    const struct space_row *row; // to take from; not yet in the ledger where `fresh` is set
    struct number_space *fresh;
    uint32_t wanted;
    uint64_t to;       // not 0: all below it, and `wanted` is as many as that could be
    bool may_pass;     // stop where there are only skips, ISSUE_PASS_MIN of them or more
    bool passes;       // so it did: pool.crowded, and `consumed` are all skipped
    uint64_t consumed; // the answer
    uint64_t *skips;
    uint32_t skip_count;
};
status space_take(struct take *k); // pool.exhausted, pool.crowded, request.memory
status list_take(struct take *k);  // the same, of an imported list
// How many numbers of a list, from its mark on, events told of: list_take passes them over.
uint64_t list_told(struct txn *t, const struct space_row *row);
// recover.c: what was taken, as an issue that nobody remembers; `flags` besides its own.
void recovered_put(struct decide *d, const struct take *k, unsigned flags);
