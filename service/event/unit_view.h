// unit_view.h - a unit as it is told to people: what its own row says, and what its containers and
// its lot add to that at the time of reading. Nothing of this is stored.
//
// A reader lives for one snapshot on one thread. Its trouble sticks (`st`): read on, ask once.
#pragma once
#include "service/api/caller.h"
#include "service/lot/lot_db.h"
#include "service/pool/names.h"
#include "service/unit/unit_db.h"

enum { VIEW_EXPIRED = 256 }; // beside enum unit_flag

struct unit_reader {
    struct txn *t;
    struct names *names;
    struct arena *arena; // of the request: texts lie there
    const struct caller *caller;
    wall now; // or the past time that is asked about
    bool is_past;
    enum gs1_form form; // of the identifiers in the answer
    status st;
    // Remembered, for neighbours are mostly alike:
    struct unit_rows rows;
    struct fact first; // header of the last first event asked for
    struct lot lot;    // the last lot asked for; number 0: none
};

struct unit_view {
    unit_id unit;
    struct unit row;
    bool is_container;
    bool is_sscc;  // or anything else that has no GTIN
    char gtin[14]; // not of these
    client_id client;
    uint32_t lot;         // dense; 0: has none yet
    bool shipped;         // itself, or a container that it lies in
    unsigned flags;       // own, of its containers, of its lot
    unsigned down;        // those that what lies in it has, too: not of its lot
    unit_id from;         // the nearest container that gave it a state or flag; {0}: none
    uint64_t first_event; // as the caller is shown it; 0: none yet
    uint64_t last_event;
};

// A reader of the request's snapshot; the names are this thread's.
void unit_reader_init(struct unit_reader *r, const struct site *site, struct txn *t,
                      struct arena *a);
// Any spelling of one unit. Codes: gs1.*, unit.class.
status unit_read(str spelling, struct arena *a, struct gs1_id *out);
// The unit of that name, whoever may see it. unit.unknown
status unit_find(struct unit_reader *r, const struct gs1_id *id, unit_id *out);
// The two, and a look at it: what a request for one unit begins with. Also of what captured events
// named: by a caller that is bound to clients, else by the client whose company prefix it bears.
status unit_look(struct unit_reader *r, str spelling, struct unit_view *out);
// unit.unknown where it was never issued or belongs to a client that the caller does not see.
status unit_view_get(struct unit_reader *r, unit_id u, struct unit_view *out);
// The same for what lies in a container that was looked at before: cheaper.
status unit_view_inside(struct unit_reader *r, unit_id u, const struct unit_view *parent,
                        struct unit_view *out);

const char *unit_view_state(const struct unit_view *v);
const struct lot *unit_view_lot(struct unit_reader *r, const struct unit_view *v); // NULL: none
// What lies directly in it, now or then. In the arena.
status unit_children(struct unit_reader *r, unit_id container, struct arena *a, struct runs *out);
// The number that the caller is shown of a fact: its own count, where it is bound to clients.
uint64_t unit_shown_seq(struct unit_reader *r, uint64_t seq);
str unit_spelled(struct unit_reader *r, unit_id u); // in the arena

// Members of an open object: unit, state, flags, flags_from, lot, gtin, expiry, parent. The
// sequence numbers come apart: in between stand the contents, where they are wanted.
void unit_view_write(struct unit_reader *r, const struct unit_view *v, struct json_w *w);
void unit_view_write_seqs(const struct unit_view *v, struct json_w *w);
