// hold.h - ending holds, with a signature.
#pragma once
#include "service/access/signature.h"
#include "service/event/hold_db.h"
#include "service/unit/run.h"

struct hold_release_ask { // of kind_hold_released
    uint64_t id;
    struct signature signature;
};
struct hold_released {
    uint64_t id;
    uint32_t lot; // 0: units were held
    struct signature signature;
};
status hold_released_get(str decided, struct hold_released *out);
// What the hold was put on; none where it is a lot's. record.corrupt
status hold_units(struct txn *t, const struct hold *h, struct arena *a, struct runs *out);
