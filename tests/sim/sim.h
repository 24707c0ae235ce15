// sim.h - one life of a site, from a seed: a scheduler chooses what comes next, and faults. Then
// all troubles end, everything comes to rest, and every promise is looked at.
#pragma once
#include "callers.h"
#include "partner.h"

struct sim_sum { // of one life or of several
    uint64_t steps, commands, answers_lost, repeats, others, messages, messages_again,
        partner_troubles, store_faults, full, crashes, jumps, facts;
    uint64_t done[WISH_SORTS], refused[WISH_SORTS], again;
};

// The trace is the caller's, who frees it. What it did is added to the sum.
void sim_run(uint64_t seed, struct trace *t, struct sim_sum *sum);
