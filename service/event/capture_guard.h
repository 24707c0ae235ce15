// capture_guard.h - guards of captured events beside the table of states: what may lie in what, and
// what may leave. The same that lines' reports and shipments are held to, but for what EPCIS does
// not say. What began elsewhere is not measured: nobody here knows of what level or lot it is.
#pragma once
#include "service/client/client.h"
#include "service/event/captured.h"
#include "service/event/level_pairs.h"
#include "service/event/report_int.h"

struct capture_guard { // of one event. owner: the committer
    struct judge *j;
    struct level_reader *levels;
    const struct client_profile *profile; // of what leaves or is packed
    unit_id parent;                       // of what is packed
    bool begun, one_lot;
    struct level_pairs pairs; // of an SSCC that is packed into
    uint32_t lot;             // that every child must have; 0: not known yet or any
    int64_t left_ms;          // when what is told happened
    uint32_t released;        // the lot whose release was looked at last, and what was found
    unsigned released_says;   // enum capture_exception
    uint32_t told_lot;        // loose goods of the lot that were asked for last
    uint64_t told_newest;     // with this newest event, and whether partners have accepted
    bool told;
};

// A child as the event packs it. 0; EXCEPTION_LEVEL, EXCEPTION_LOT; EXCEPTION_SAME_LEVEL, which
// is told and nothing more: a container lies in another one of its own level.
unsigned capture_guard_child(struct capture_guard *g, unit_id child, const struct unit *x);
// A top that leaves, with all that it holds. 0; EXCEPTION_ON_HOLD, EXCEPTION_RECALLED of its lots,
// EXCEPTION_LOT_OPEN, EXCEPTION_LOT_UNRELEASED, EXCEPTION_LOT_EXPIRED, EXCEPTION_NOT_ACKNOWLEDGED;
// where lots must be released EXCEPTION_LOT_UNBALANCED, EXCEPTION_TIME_BEFORE
unsigned capture_guard_leaving(struct capture_guard *g, unit_id top, const struct unit *x);
// What leaves, arrives or comes back, against what happened to its containers and its content. 0;
// EXCEPTION_TIME_BEFORE
unsigned capture_guard_time(struct capture_guard *g, unit_id u, const struct unit *x);
