// receive.h - goods arrive: `receipt.made` at the party that they were shipped to, `return.made`
// back at the site. Each unit that is named gets a verdict, whatever becomes of the others.
//
// A verdict says whether the unit may go on as good stock; whether it was *received* is another
// matter: recalled packs are sent back because they are recalled, and are then there.
//
//     not received   unit.unknown, unit.twice, unit.not_shipped, unit.received_back,
//                    unit.other_party, unit.other_client, unit.lot_differs, unit.expiry_differs,
//                    time.before
//     received       accepted, or unit.stolen, unit.recalled, unit.on_hold, unit.expired
#pragma once
#include "service/event/handover.h"
#include "service/event/report.h"
#include "service/trade/goods.h"

struct receive_ask {
    const struct goods_unit *units; // at least one
    uint32_t n;
    struct shipped says; // ends and papers
    struct moment time;
    str condition, reason, by, extra;
};
extern const struct kind kind_receipt_made, kind_return_made; // ask: struct receive_ask

// The decided part, read. Texts lie in the arena or the fact.
struct received {
    struct report report;
    struct touched touched;
    struct handover own;
};
status received_get(const struct fact *f, struct arena *a, struct received *out);

extern const struct http_route receive_routes[];
