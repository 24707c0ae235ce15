// seeded.h - the fact that the first start has been: what `seed:` says is taken then and never
// again.
//
// row 'M' 's' -> how many things were put 4
#pragma once
#include "service/journal/kind.h"

extern const struct kind kind_site_seeded; // ask: uint32_t, how many things
bool site_is_seeded(struct txn *t);
