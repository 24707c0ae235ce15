// hold.h - ending holds, with a signature.
#pragma once
#include "service/access/second.h"
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
    struct second_first first; // where another person had to sign before
};
second_look hold_release_look; // struct hold_release_ask
// The act upon the hold; `room` keeps what it is known by.
struct second_of hold_act(const struct hold *h, char room[8]);
status hold_released_get(const struct fact *f, struct hold_released *out);
// What the hold was put on; none where it is a lot's. record.corrupt
status hold_units(struct txn *t, const struct hold *h, struct arena *a, struct runs *out);
