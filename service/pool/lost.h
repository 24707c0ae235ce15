// lost.h - spaces of a newer key that the lost machine made and this journal knows nothing of,
// found by their numbers: space and epoch make the key, and the lost machine took a number of a
// space that was never used here. A text is proof alone where a space has far more texts than it
// ever gives; spaces of fewer texts (LOST_TEXTS_BITS) are found by head files only.
#pragma once
#include "service/pool/recover.h"

// Of 2^40 ordinals among 2^80 texts, in some 2^13 spaces: a stranger's text fits one in 2^27 times.
#define LOST_TEXTS_BITS 80
// Spaces that are tried, of all texts together: some 2,000 misread texts where one key is newer,
// which take a minute or two.
#define LOST_TRIES_MAX (UINT64_C(1) << 23)

struct lost_text {
    str text;
    const uint32_t *pools; // of its id
    uint32_t n;
};

struct lost_spaces; // one thread
struct lost_spaces *lost_new(const struct site *s, uint64_t tries_max);
void lost_free(struct lost_spaces **l);

// Is it a number of such a space of one of the pools? Remembered, with the highest of each.
bool lost_find(struct lost_spaces *l, struct txn *t, const struct lost_text *x);
uint64_t lost_unsought(const struct lost_spaces *l); // texts that came when tries_max were done
// What recovers them; *n of them, in the arena.
status lost_moves(const struct lost_spaces *l, struct arena *a, struct recover_ask **out,
                  uint32_t *n);
