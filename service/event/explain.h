// explain.h - a difference in the balance of a lot gets its reason.
#pragma once
#include "service/lot/balance.h"

struct report_ask;
struct explain_ask { // of kind_lot_explained
    uint32_t lot;
    const struct explanation *as;
    const struct report_ask *units; // what they undergo; NULL: by count
    uint8_t level;                  // of those explained by count
    uint64_t count;
    str reason;
};
