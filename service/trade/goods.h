// goods.h - the units that a command of trade names, looked at one by one in the committer: what
// shipments, receipts and returns share.
#pragma once
#include "service/event/level.h"
#include "service/event/standing.h"
#include "service/journal/site.h"
#include "service/pool/names.h"

struct goods_unit { // as the loop found it
    unit_id unit;   // {0}: not known, or another's
    bool twice;     // named before in the same call
    str text;       // in brackets, as JSON
    str lot;        // AI 10 and AI 17, where the spelling says them
    str expiry;
};

#define GOODS_LOTS 16u // of one command, whose release was looked at last

struct goods { // owner: the committer, for one command
    struct decide *d;
    const struct site *site;
    struct unit_rows rows;
    struct standing standing;
    struct level_reader levels;
    struct {
        uint32_t lot;
        status st;
    } released[GOODS_LOTS];  // by lot modulo their number
    struct fact first, last; // headers of the last unit's first and last event
    int64_t time_ms;         // said; 0: not
    int64_t latest_ms;       // event time of the newest last event
    uint64_t newest;         // seq of the newest event of anything
    uint32_t named;
    uint32_t bad; // refused, and why the first was
    status first_refusal;
};
struct goods_look {
    struct unit row, stands;
    struct space_row space;
    enum unit_sort sort;
    uint32_t lot; // of its first event; 0: none
};

void goods_begin(struct goods *g, struct decide *d, int64_t time_ms);
// time.ahead, time.floor
status goods_check_clock(const struct goods *g);
// unit.unknown, unit.twice; what the unit is, and how it stands with its containers (not its lot).
status goods_look(struct goods *g, const struct goods_unit *u, struct goods_look *out);
// The first that ever was commissioned says whose all are. `code`: of one that is another's.
status goods_check_client(struct goods *g, const struct goods_look *x, const char *code);
// The code on it says more than its number: that must agree with its lot. unit.lot_differs,
// unit.expiry_differs
status goods_check_code(struct goods *g, const struct goods_unit *u, const struct goods_look *x);
status goods_check_time(struct goods *g, unit_id u, const struct goods_look *x); // time.before
void goods_refuse(struct goods *g, const struct goods_unit *u, status st);
void goods_refuse_inner(struct goods *g, unit_id u, const char *code); // named beside its container
bool goods_is_refusal(status st);
status goods_end(struct goods *g); // the refusal of all that were refused
// The event's time and flags. Where nobody said when it was now, but never before what happened to
// the goods already: a line's clock may be ahead of ours.
void goods_set_header(struct goods *g, struct moment said);
