// capture.h - captured events on their way into the ledger: what a loop takes out of them, what
// the committer is asked, and the facts that come of it.
//
//     loop        struct epcis_event ─ capture_take ─▶ struct capture_ask, names still to be given
//     committer   units.named ─▶ document.captured ─▶ event.captured … ─▶ capture.slice
//
// All of it in one job, in this order: each tells the next what it needs to know in memory.
#pragma once
#include "service/client/client.h"
#include "service/event/captured_rule.h"
#include "service/pool/foreign.h"

// ---- documents

// Shared by the asks of one job. owner: the job.
struct capture_tally {
    uint64_t document;     // seq of the document's fact; the committer fills it in
    const struct job *job; // whose event.captured asks these are; NULL: none
};

struct capture_document_ask {
    client_id client;
    struct captured_document says;
    str rest, packed_rest; // the body, and as zlib deflated it (empty: stored raw)
    struct capture_tally *tally;
    bool failed; // it is told instead: its errors are the refusals of the tally's job, too
};
// `says` with CAPTURED_RUNNING makes a job that goes on; else capture.slice ends it at once.
extern const struct kind kind_document_captured;

struct capture_slice_ask {
    client_id client;
    bool last, lost; // the rest of the document is gone
    uint32_t next;
    uint64_t at;
    struct capture_errors refused; // of events that are none of the job's
    struct capture_tally *tally;
};
extern const struct kind kind_capture_slice;

// ---- events

struct capture_names;
struct capture_unit {
    unit_id unit;                      // with `names` the number of a name there
    const struct capture_names *names; // not NULL: it gets its unit before the event's turn comes
    bool container, foreign;
};
unit_id capture_unit_id(const struct capture_unit *u);

// What to do with an eventID that is there already.
enum capture_taken {
    TAKEN_REFUSE, // other content is refused, the same is a repeat
    TAKEN_KEEP    // other content is kept, too: an exception
};

struct capture_ask {
    client_id client;
    uint8_t rule; // enum capture_rule
    enum capture_taken taken;
    struct moment time;
    unsigned flags; // CAPTURED_XML, _ERROR, _ID_MADE, _ALONE
    uint32_t index;
    str id;
    bool fresh_id;           // nobody else can have it
    struct digest16 content; // of its bytes and its scope
    uint64_t same_as;        // a fact that has its content in another spelling; 0: none was seen
    uint64_t line;           // what a line reported has the eventID: its fact; 0: none is known
    struct digest16 twin;    // content of an event of the same job that says the same; or zeros
    struct captured_acts acts;
    const struct capture_unit *units; // no unit twice
    uint32_t n, in;
    bool has_parent, twice; // some were named twice
    uint8_t warns;          // enum capture_exception, of its words; 0: none
    bool empties;           // no children: all that the parent holds
    uint64_t from, to;      // parties that goods go from and to, as their GLN; 0: it says none
    uint32_t lot;           // that it says; 0: none, or none that is known
    bool says_expiry;
    struct date expiry; // year 0: it is no date
    str entries;        // captured_entries_put
    str body, packed_body;
    struct capture_tally *tally; // NULL: it came alone
};
extern const struct kind kind_event_captured, kind_event_captured_1, kind_event_captured_2;

// An event that waited, applied: what its units' states allow by now. Asked by the committer itself
// (struct due).
extern const struct kind kind_capture_applied, kind_capture_applied_1, kind_capture_applied_2;

// ---- taking, on a loop

struct capture_taker { // for the events of one job, in one snapshot after the other
    const struct site *site;
    struct txn *t;       // the present one
    struct arena *arena; // of the job
    client_id client;
    uint8_t rule;
    bool ids_by_hash; // missing eventIDs are event hashes, else UUIDs
    uint64_t party;   // whose goods alone may be told of, a GLN as a number; 0: anybody's
    bool trades_only; // by a distributor, whose events do what its role may: ship and receive
    struct capture_names *names;
    struct digest16 scope; // capture_scope_digest
    uint32_t units;        // taken so far: what a slice is measured by
};
void capture_taker_init(struct capture_taker *k);
struct digest16 capture_scope_digest(const struct epcis_scope *s);
// The event is checked (epcis_event_check) and lives as long as the ask. gs1.*, foreign.too_long,
// index.memory, request.memory; unit.unknown (of a party: it was not handed to it); access.role
struct capture_source {
    const struct epcis_event *event;
    str bytes;
    const struct epcis_scope *scope;
    uint32_t index;
    bool alone;
};
status capture_take(struct capture_taker *k, const struct capture_source *s,
                    struct capture_ask *out);
// An event of a document of which all or nothing is taken, before any of it is: the same codes.
struct capture_seen {
    str id;     // in the taker's arena; empty: nobody else can have it
    bool taken; // it is another event's already, as far as the snapshot tells
};
status capture_look(struct capture_taker *k, const struct capture_source *s,
                    struct capture_seen *out);
// The names that the events taken so far want to be given, for units.named; n 0: none.
struct capture_wanted {
    struct foreign_name *names;
    uint32_t n, younger; // of struct foreign_ask
};
struct capture_wanted capture_wanted(const struct capture_taker *k);
// What is kept of bytes: themselves, or where it pays the same deflated in *packed. This thread's
// deflater; the result lies in the arena. request.memory
status capture_pack(str bytes, struct arena *a, str *packed);
