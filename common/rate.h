// rate.h - how often somebody may ask: a bucket of tokens for each caller, filled at a steady rate.
//
// The clock is passed in, so that the same calls at the same times get the same answers.
#pragma once
#include "common/when.h"

struct rate_rule {
    uint32_t per_second; // tokens that come in a second, at least 1
    uint32_t burst;      // that lie in a full bucket, at least 1
};

// Zeroed it is full. Owner: whoever holds it by value.
struct rate_bucket {
    int64_t missing; // thousandths of a token until it is full, at `at`
    mono at;
};

// Takes a token; 0. Or, where there is none, takes nothing: milliseconds until there is one. A
// clock that goes back fills nothing.
uint32_t rate_take(const struct rate_rule *rule, struct rate_bucket *b, mono now);
bool rate_is_full(const struct rate_rule *rule, const struct rate_bucket *b, mono now);

// Buckets by key, for all threads together, behind one lock. Those that are full again are
// forgotten when room is needed: a table never holds more than RATE_KEYS_MAX.
#define RATE_KEYS_MAX 65536u
struct rate_table;
struct rate_table *rate_table_new(struct rate_rule rule);
void rate_table_free(struct rate_table **t);
// As rate_take. While RATE_KEYS_MAX others are not full, a new key must wait for one of them.
uint32_t rate_table_take(struct rate_table *t, uint64_t key, mono now);
