// What is answered when: pure rules.
#include "service/verification/verification.h"
#include "service/verification/verification_int.h"

static const struct {
    bool verified;
    const char *code;
} answers[VERIFICATION_ANSWER_END] = {
#define X(name, number, verified, code) [VERIFICATION_##name] = {verified, code},
    VERIFICATION_ANSWERS(X)
#undef X
};

bool verification_is_true(enum verification_answer a)
{
    assert(a > 0 && a < VERIFICATION_ANSWER_END);
    return answers[a].verified;
}

str verification_code(enum verification_answer a)
{
    assert(a > 0 && a < VERIFICATION_ANSWER_END);
    return str_of(answers[a].code);
}

bool verification_is_suspect(enum verification_answer a) { return a != VERIFICATION_MATCH; }

// What becomes of a number in each state. A number that never was on a good pack is no product
// identifier, whoever has printed it; a pack that was taken out of trade has one, and must not come
// back.
static const enum fate {
    NEVER = 0, // what is not listed
    TRADED,
    TAKEN_OUT
} fates[UNIT_STATES] = {
    [UNIT_COMMISSIONED] = TRADED, [UNIT_SHIPPED] = TRADED,      [UNIT_OPEN] = TRADED,
    [UNIT_CLOSED] = TRADED,       [UNIT_SAMPLED] = TAKEN_OUT,   [UNIT_INACTIVE] = TAKEN_OUT,
    [UNIT_DESTROYED] = TAKEN_OUT, [UNIT_DISSOLVED] = TAKEN_OUT, [UNIT_INVALID] = TAKEN_OUT,
};

// The gravest first: one answer has one code.
static const struct {
    unsigned flags;
    enum verification_answer answer;
} flagged[] = {
    {UNIT_STOLEN,           VERIFICATION_ILLEGITIMATE},
    {UNIT_RECALLED,         VERIFICATION_RECALLED    },
    {UNIT_HOLD | UNIT_LOST, VERIFICATION_SUSPECT     },
};

// The last day counts as good; where the label has only a month that is the month's last.
static bool is_over(struct date expiry, wall now) { return now.ms / 86400000 > date_days(expiry); }

enum verification_answer verification_judge(const struct verification_truth *truth,
                                            const struct verification_label *label, wall now)
{
    enum fate fate = truth->known ? fates[truth->state] : NEVER;

    if (fate == NEVER) return VERIFICATION_NO_MATCH;
    bool lot = str_eq(truth->lot, label->lot);
    bool expiry = truth->expiry.year != 0 && date_days(truth->expiry) == date_days(label->expiry);
    if (truth->lot.n == 0 || truth->expiry.year == 0) return VERIFICATION_UNTOLD;
    if (!lot && !expiry) return VERIFICATION_NO_MATCH_BOTH;
    if (!lot) return VERIFICATION_NO_MATCH_LOT;
    if (!expiry) return VERIFICATION_NO_MATCH_EXPIRY;
    if (fate == TAKEN_OUT) return VERIFICATION_WITHDRAWN;
    for (size_t i = 0; i < LEN(flagged); i++)
        if (truth->flags & flagged[i].flags) return flagged[i].answer;
    return is_over(truth->expiry, now) ? VERIFICATION_EXPIRED : VERIFICATION_MATCH;
}
