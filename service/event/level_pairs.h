// level_pairs.h - which packaging levels may lie in one SSCC: one rule for what lines pack and for
// what captured events say was packed.
#pragma once
#include "service/lot/lot.h"

#define LEVEL_PAIRS_MAX 257u // products in one SSCC that are told apart; of more nothing is asked

struct level_pairs { // of one SSCC
    uint8_t rule;    // enum level_rule
    uint32_t n;
    struct { // of each product that names levels of SSCCs: the level that lies there
        uint32_t product;
        uint8_t level;
    } of[LEVEL_PAIRS_MAX];
};
// A unit of this level lies there already.
void level_pairs_hold(struct level_pairs *p, const struct shape *s, uint8_t level);
// Does the product put units of the level into SSCCs?
bool level_pairs_next(const struct level_pairs *p, const struct shape *s, uint8_t level);
// Do units of no other level of the product lie there? Then one of this does from now on.
bool level_pairs_agree(struct level_pairs *p, const struct shape *s, uint8_t level);
