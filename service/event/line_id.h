// line_id.h - is an eventID that of what a line reported, or people did?
//
// These ids follow from where their facts stand, and no list has them. To know of one at once, the
// ids of those facts are made again that the event may mean: of the hour that it says, and of the
// history of its first unit. Who tells of such an event again, or declares it wrong, repeats both.
//
// Hours only get more facts: what was made of one is remembered by the thread, some hundreds of
// hours of at most 20 MB, and later snapshots make what came since.
#pragma once
#include "service/journal/site.h"
#include "service/unit/unit.h"

struct line_ids { // where to look
    const struct site *site;
    struct txn *t; // of this thread, and never older than the one before
    client_id client;
};
struct line_id {
    str id;
    int64_t ms;   // eventTime
    unit_id unit; // 0: none of ours
};
// *seq: the fact, 0: none is known. Failures of the store
status line_id_find(const struct line_ids *c, const struct line_id *what, uint64_t *seq);
uint64_t line_ids_made(void); // by this thread so far: what all of it costs
void line_ids_leave(void);    // frees what this thread remembers
