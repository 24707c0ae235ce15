// hash.h - where a text stands in a table in memory.
//
// The key is the process's own, drawn at its first use: whoever chooses the texts cannot choose
// that many stand in one place, which makes each look as long as the table. No order that anybody
// sees, and nothing that is kept, may follow from it.
#pragma once
#include "common/str.h"

struct hash_key {
    uint64_t k0, k1;
};

uint64_t table_hash(str s);
uint64_t hash_keyed(struct hash_key key, str s); // SipHash-2-4
