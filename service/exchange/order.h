// order.h - what must stay in order: the lots that an event touches, and which events a partner's
// filter wants.
//
// Events that share no lot say nothing about each other's units, so one that is refused holds back
// only those that share a lot with it.
#pragma once
#include "service/event/render.h"
#include "service/exchange/delivery_db.h"
#include "service/exchange/partner.h"

// Where events are looked at, for one snapshot. `a` may be reset between events.
struct order {
    struct txn *t;
    struct arena *a;
    struct names *names;
};

// Every lot of every unit it names, and of what lies in them where they are shipped. More than
// PARKED_LOTS_MAX, or units beyond counting, are all lots.
status event_lots(const struct order *o, const struct fact *f, struct lots *out);
// The same with what lies in them, whatever happened to them.
status event_lots_within(const struct order *o, const struct fact *f, struct lots *out);
// The lots of units and of what lies in them.
status runs_lots(const struct order *o, const struct runs *runs, struct lots *out);
// Is it about a product one of whose GTINs the filter names? NULL, and no GTINs, mean all.
status event_is_of(const struct order *o, const struct fact *f, const struct partner_filter *filter,
                   bool *out);

// What a partner wants to be told.
struct event_wish {
    const struct partner_filter *filter; // NULL: all
    str party; // it is this one, a GLN: recalls of what was sent to it are told past the filter
};
// The parts of the event that it wants; none: parts->n is 0.
status event_parts_wanted(struct event_render *r, const struct fact *f,
                          const struct event_wish *wish, struct event_parts *parts);
status event_is_wanted(struct event_render *r, const struct fact *f, const struct event_wish *wish,
                       bool *out);

// A set of lots without a ceiling but the arena's, which makes it all lots.
struct lot_set {
    struct arena *a;
    uint32_t *slots; // 0: free
    uint32_t n, size;
    bool any, all;
};
void lot_set_add(struct lot_set *s, const struct lots *l);
bool lot_set_meets(const struct lot_set *s, const struct lots *l);
