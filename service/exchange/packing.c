#include "service/exchange/packing.h"

// The newest version of the item that was put before the event, or its first; 0: there is none.
static uint32_t version_at(struct packing_span *s, struct txn *t, uint32_t partner, uint64_t seq)
{
    uint32_t low = 1, high;
    struct item i;

    if (!item_by_number(t, &noun_partner, partner, &i)) return 0;
    *s = (struct packing_span){.until = UINT64_MAX};
    for (high = i.version; low < high;) {
        uint32_t mid = low + (high - low + 1) / 2;
        if (!item_version(t, &noun_partner, partner, mid, &i)) return 0;
        if (i.seq <= seq) {
            low = mid;
            s->from = i.seq;
        } else {
            high = mid - 1;
            s->until = i.seq;
        }
    }
    return low;
}

bool packing_is_whole(struct packing_span *s, struct txn *t, uint32_t partner, uint64_t seq)
{
    struct partner p;
    struct arena a;
    struct item i;

    if (s->from <= seq && seq < s->until) return s->whole;
    uint32_t version = version_at(s, t, partner, seq);
    arena_init(&a, ITEM_VALUE_ROOM);
    if (version != 0 && item_version(t, &noun_partner, partner, version, &i) &&
        item_value(&noun_partner, &i, &a, &p).cls == ST_OK)
        s->whole = p.packing == PACKING_CLOSED;
    else
        *s = (struct packing_span){0};
    arena_fini(&a);
    return s->whole;
}
