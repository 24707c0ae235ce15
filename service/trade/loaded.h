// loaded.h - may this leave? The guards of what is about to be shipped, besides its own state: what
// it holds, and the lots of that.
#pragma once
#include "service/client/client.h"
#include "service/trade/goods.h"

struct loaded_rules {
    uint8_t ship_rule; // of the client: enum ship_rule
    bool expired_too;  // it is said that expired goods leave, or they are not the site's
    bool empty_too; // containers that hold nothing leave, too: a party's are what is left of them
};

// Asks the container's cargo (cargo_db.h), which costs one read; only where the answer is no is it
// looked into, so that the refusal names what is wrong inside.
// unit.content_{on_hold,recalled,lost,stolen,open,empty}, unit.empty;
// lot.{open,unreleased,on_hold,recalled,expired}; where lots must be released: lot.unbalanced,
// time.before
status loaded_check(struct goods *g, unit_id top, const struct goods_look *x,
                    const struct loaded_rules *p);
