// before.h - what must be done before a report can be, as facts of their own (kind.h, `first`):
// reports like it, of the same line, place, person, reason and time, and without its id.
#pragma once
#include "service/event/report_int.h"

struct before { // asks in the making. owner: the committer, for one command
    struct decide *d;
    const struct report_ask *ask;
    struct ask *asks;
    uint32_t n, room;
    bool no_room;
    bool ends; // the report's units end by it: no hold of a container is got around
};

// One more, to be filled; NULL: no room, which is remembered.
struct report_ask *before_add(struct before *b, enum report_type type);
struct runs before_runs(struct before *b, const unit_id *units, uint32_t n);

struct inside { // a unit and the container that it lies in
    unit_id parent, unit;
};
// They come out, one fact a container. Sorts them.
void before_unpack(struct before *b, struct inside *all, uint32_t n);
// May it come out of the container that it lies in? Nobody is offended.
status before_guard(struct judge *j, unit_id u, const struct unit *x);
// Hands them over: is there anything to be done before? *st, where the arena was too small.
bool before_end(struct before *b, status *st);
