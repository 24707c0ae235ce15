#include "service/event/level_pairs.h"
#include "service/client/client.h"

void level_pairs_hold(struct level_pairs *p, const struct shape *s, uint8_t level)
{
    p->of[0].product = s->product;
    p->of[0].level = level;
    p->n = 1;
}

// REQ STATES-LEVEL-PAIR: an SSCC holds what lies right below a level of SSCCs. What lies above the
// outermost level that a product names is open, unless the client keeps to its products' levels and
// this one names any of SSCCs.
bool level_pairs_next(const struct level_pairs *p, const struct shape *s, uint8_t level)
{
    if (p->rule == LEVELS_ANY) return true;
    do level++;
    while (level < s->levels && s->level[level].label_only);
    if (level < s->levels) return s->level[level].is_sscc;
    return p->rule == LEVELS_NAMED || shape_sscc_levels(s) == 0;
}

// Which level it is makes the SSCC's own.
bool level_pairs_agree(struct level_pairs *p, const struct shape *s, uint8_t level)
{
    uint32_t i = 0;

    if (p->rule == LEVELS_ANY || shape_sscc_levels(s) == 0) return true;
    while (i < p->n && p->of[i].product != s->product) i++;
    if (i == LEVEL_PAIRS_MAX) return true;
    if (i == p->n) {
        p->of[i].product = s->product;
        p->of[i].level = level;
        p->n++;
    }
    return p->of[i].level == level;
}
