// released.h - what a closed lot still takes of numbers, and whether a release that was signed
// still says the truth: guard 6 of STATES beyond the state itself.
//
// Packing goes on until goods leave, so containers are open for a while and goods lie loose: of a
// released lot these prove nothing. Serial numbers and what machines counted must come out as they
// were signed for.
#pragma once
#include "service/lot/balance.h"
#include "service/pool/for_lot.h"

// For site.h. Serial numbers are asked for an open lot alone, SSCCs for a closed one, too, for
// goods are packed until they leave. Numbers go back to their pool while the lot is open: closing
// says what became of them, and none that may be lost is given again. To their owner they go until
// it is released. A lot that is not opened yet takes all. lot.closed, lot.released, lot.line
status lot_takes_numbers(struct txn *t, const struct for_lot *n);

// Released, and numbers or counters do not come out.
bool released_is_broken(const struct balance *b);
// Of a released lot: lot.unbalanced; time.before, where goods left (0: now) before it was signed,
// by more than `ahead_ms`, for clocks differ.
struct released_ask {
    uint32_t lot;
    int64_t left_ms;
    uint32_t ahead_ms;
};
status released_check(struct txn *t, const struct released_ask *ask, struct arena *a);
// In writes: what does not come out of a released lot is an exception until it does.
void released_note(struct txn *t, const struct fact *f, uint32_t lot);
