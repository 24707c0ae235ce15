// rounds.h - the rounds of a permutation (permutation.c) on processors that encrypt four blocks of
// AES at once: x86-64 with AVX-512 and VAES. Elsewhere permutation.c does them by OpenSSL, with the
// same result.
#pragma once
#include "common/base.h"

#define ROUNDS_LANES 32u // taken together; arrays are filled up to a multiple of it

// The expanded key; wiped by who made it.
struct rounds {
    uint8_t key[11][16];
};

bool rounds_can(void);
void rounds_key(struct rounds *r, const uint8_t key[16]); // where rounds_can
// All ten, first to last or last to first. Halves and mask are big-endian; what stands beyond `n`
// up to a multiple of ROUNDS_LANES is overwritten.
struct rounds_lanes {
    uint64_t *left, *right;
    unsigned n;
    uint64_t mask;
};
void rounds_forward(const struct rounds *r, const struct rounds_lanes *lanes);
void rounds_inverse(const struct rounds *r, const struct rounds_lanes *lanes);
