// packing.h - whether a partner is told each packing or the closed container: by what its item said
// when the event was recorded. So an event is the same delivery however late it is told, and a
// change of `packing` neither loses nor blocks what was parked before it.
#pragma once
#include "service/exchange/partner.h"

// What was found last, of one partner: events from `from` on, before `until`. Zero at first, and
// again where the partner may have been put anew.
struct packing_span {
    uint64_t from, until;
    bool whole;
};
// Is the event told once the container is closed (event_render.whole)? What is older than the
// partner goes by its first version.
bool packing_is_whole(struct packing_span *s, struct txn *t, uint32_t partner, uint64_t seq);
