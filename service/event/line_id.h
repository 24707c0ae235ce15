// line_id.h - is an eventID that of what a line reported, or people did?
//
// These ids follow from where their facts stand, and no list has them. To know of one at once, the
// ids of those facts are made again that the event may mean: of the hour that it says, and of the
// history of its first unit. Who tells of such an event again, or declares it wrong, repeats both.
#pragma once
#include "service/journal/site.h"
#include "service/unit/unit.h"

struct line_ids; // what was made so far, in one snapshot's arena
struct line_ids_conf {
    const struct site *site;
    struct txn *t;
    struct arena *arena; // the same for as long as *kept is
    client_id client;
    struct line_ids **kept; // NULL at first
};
struct line_id {
    str id;
    int64_t ms;   // eventTime
    unit_id unit; // 0: none of ours
};
// *seq: the fact, 0: none is known. Failures of the store; request.memory
status line_id_find(const struct line_ids_conf *c, const struct line_id *what, uint64_t *seq);
