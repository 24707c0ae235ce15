// permutation.h - a secret order of the numbers 0..n-1: the i-th number cannot be guessed, none
// comes twice, and the inverse tells which place a number has.
#pragma once
#include "common/base.h"

__extension__ typedef unsigned __int128 u128;

#define PERMUTATION_ALGORITHM 1u // what permutation.c does; another order is another number
#define PERMUTATION_KEY_SIZE  16u

// An immutable value after init: threads may share it.
struct permutation {
    u128 n;
    uint64_t mask;      // the low half_bits bits
    unsigned half_bits; // 1..64
    uint8_t key[PERMUTATION_KEY_SIZE];
};

// For tests, before threads are made: true is as if the processor had no wide AES (rounds.h).
void permutation_narrow(bool yes);

void permutation_init(struct permutation *p, const uint8_t key[PERMUTATION_KEY_SIZE], u128 n);
void permutation_fini(struct permutation *p); // wipes the key

// Turn each of `count` values, all below n, into its image, in place. One call for many values
// costs far less than many calls: the cipher takes them side by side.
void permutation_forward(const struct permutation *p, u128 *values, size_t count);
void permutation_inverse(const struct permutation *p, u128 *values, size_t count);
