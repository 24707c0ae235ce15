// captured.h - how captured documents and events lie in the journal:
// One `document.captured` fact for what stands around the events, one `event.captured` fact for
// each of them with its bytes as they came; a `capture.slice` fact ends each part of a document
// that is taken in at once. What the events do to units is decided and kept: writing and replay
// never read foreign bytes.
//
// document.captured: flags 1, version 1, kind 1, events var, bytes var, strs: context, schema
//   version, created, sender and its authority, receiver and its authority, instance, spool | where
//   each event stood in the rest: distances var, with CAPTURED_ROLLED_BACK none | errors. Its body
//   is the rest of the document: all bytes but those of the events.
// event.captured: report.h's common part (no fields), then flags 1, distance to its document's fact
//   var, index var, roles: has parent, + 2 if it waits, + 4 if it is ahead of the clock 1, units of
//   the first list var | eventID str, digest of the content 16 | per unit what becomes of it, alike
//   (run.h): enum captured_effect | counts of lots: n var and lot var, level 1, enum count 1, more
//   zig each | what it is found by: n var and attribute 1, value str each | exceptions: n var and
//   code 1, place of the unit + 1 var (0: of the event) each | if it waits: how long, ms var. Its
//   body is the event as it came.
// capture.applied: report.h's common part, distance to the event's fact var, then as the event's:
//   what an event that waited does to its units, in the end.
// capture.slice: distance to the document's fact var, flags 1, next event var, where it begins var,
//   stored var, repeats var, distance to the slice before that has errors var | errors.
// errors: n var and index of the event + 1 var, status class 1 (+ 128: its place in the document
//   var), code str, sentence str, offenders str each; how many more than CAPTURE_ERRORS_MAX var.
// Version 2 of both: goods that never left are with no party, what is packed is closed by that.
// Version 3: roles + 8 if goods go from a party or to one; if so, at the end: from var, to var.
// What leaves a container that is not named is news of that; hand-overs are known by their event.
#pragma once
#include "service/epcis/read.h"
#include "service/event/capture_errors.h"
#include "service/event/counting.h"
#include "service/event/index.h"
#include "service/event/report.h"

#define CAPTURE_EXCEPTIONS_MAX 1000u // of an event, named one by one
enum captured_flag {                 // on disk
    CAPTURED_XML = 1,                // of documents and events: else JSON
    CAPTURED_PROCEED = 2,            // of documents: what is good is stored; else all or nothing
    CAPTURED_EARLIER = 2,            // of events that came alone: as EPCIS 1, by epcis_bare_version
    CAPTURED_ROLLED_BACK = 4,        // of documents: nothing of it is stored
    CAPTURED_RUNNING = 8,            // of documents: its events follow in later transactions
    CAPTURED_ERROR = 16,             // of events: it has an error declaration
    CAPTURED_ID_MADE = 32,           // of events: the eventID is ours
    CAPTURED_EXCEPTION = 64,         // of events: some unit did not allow it
    CAPTURED_ALONE = 128             // of events: it came without a document
};

// ---- documents

struct captured_document {
    unsigned flags;
    enum epcis_version version;
    enum epcis_doc_kind kind;
    uint32_t events; // in the document
    uint64_t bytes;  // of it
    str context;     // struct epcis_scope
    str schema_version, created;
    struct epcis_party sender, receiver;
    str instance;
    str spool;              // name of the file that its bytes lie in while it is running
    const uint64_t *places; // of the events in the rest of the document
    uint32_t place_count;
    struct capture_errors errors;
};
void captured_document_put(struct buf *b, const struct captured_document *d);
status captured_document_get(str decided, struct arena *a, struct captured_document *out);
// Lenient: what was taken is read again, whatever its client's rules are now.
struct epcis_scope captured_scope(const struct captured_document *d);

// ---- events: what a captured event does to one unit. On disk: small numbers for what is frequent.
enum captured_effect {
    EFFECT_NAMED = 0,           // it is in the unit's history, no more
    EFFECT_LATE = 1,            // likewise: older than what happened to the unit since, or ahead
    EFFECT_PACKED = 2,          // it lies in the first unit from now on
    EFFECT_UNPACKED = 3,        // it lies in none
    EFFECT_WAITS = 4,           // the event waits for the unit to begin
    EFFECT_FORWARDED = 5,       // the party that it comes from ships it on
    EFFECT_RECEIVED = 6,        // the party that it goes to has it
    EFFECT_PACKED_LATE = 7,     // as EFFECT_PACKED, and it is older than other events of the unit
    EFFECT_CHANGED = 0x1000000, // + state, flags set, flags cleared, 8 bits each: from now on
    EFFECT_BEGINS = 0x2000000,  // likewise, and it begins with this event
    EFFECT_LEAVES = 0x4000000,  // likewise, and it lies in no container from now on
    EFFECT_END = 0x8000000
};

#define CAPTURE_EXCEPTIONS(X)                                                                      \
    X(STATE, 1, "unit.state")                                                                      \
    X(HAS_PARENT, 2, "unit.has_parent")                                                            \
    X(NO_PARENT, 3, "unit.no_parent")                                                              \
    X(OTHER_PARENT, 4, "unit.other_parent")                                                        \
    X(ON_HOLD, 5, "unit.on_hold")                                                                  \
    X(TIME_BEFORE, 6, "time.before")                                                               \
    X(TIME_AHEAD, 7, "time.ahead")                                                                 \
    X(LOT_UNKNOWN, 8, "lot.unknown")                                                               \
    X(LOT_CLOSED, 9, "lot.closed")                                                                 \
    X(UNIT_TWICE, 10, "unit.twice")                                                                \
    X(TOO_MANY, 11, "pack.too_many")                                                               \
    X(NOT_EMPTY, 12, "unit.not_empty")                                                             \
    X(ID_TAKEN, 13, "event.id_taken")                                                              \
    X(STOLEN, 14, "unit.stolen")                                                                   \
    X(LOST, 15, "unit.lost")                                                                       \
    X(RECALLED, 16, "unit.recalled")                                                               \
    X(RECEIVED_BACK, 17, "unit.received_back")                                                     \
    X(CYCLE, 18, "pack.cycle")                                                                     \
    X(STEP, 19, "event.step") /* it says the opposite of the action, which counts */               \
    X(WORD, 20, "epcis.word") /* a word that is known to be misspelt */                            \
    X(LEVEL, 21, "pack.level")                                                                     \
    X(LOT, 22, "pack.lot")                                                                         \
    X(SAME_LEVEL, 23, "pack.same_level")                                                           \
    X(LOT_OPEN, 24, "lot.open")                                                                    \
    X(LOT_UNRELEASED, 25, "lot.unreleased")                                                        \
    X(NOT_ACKNOWLEDGED, 26, "shipment.not_acknowledged")                                           \
    X(HOLD_SIGNATURE, 27, "hold.signature")                                                        \
    X(EXPIRY, 28, "unit.expiry_differs")                                                           \
    X(CAME_BACK, 29, "shipment.came_back")                                                         \
    X(FORWARDED, 30, "shipment.forwarded")                                                         \
    X(LOT_UNBALANCED, 31, "lot.unbalanced")                                                        \
    X(LOT_EXPIRED, 32, "lot.expired")                                                              \
    X(DEPTH, 33, "pack.depth")                                                                     \
    X(LOT_RELEASED, 34, "lot.released")                                                            \
    X(UNIT_FORWARDED, 40, "unit.forwarded")                                                        \
    X(UNIT_RECEIVED, 41, "unit.received")

enum capture_exception {
#define X(name, number, code) EXCEPTION_##name = (number),
    CAPTURE_EXCEPTIONS(X)
#undef X
        EXCEPTION_END
};
unsigned effect_change(enum captured_effect e, const struct unit_change *c);
struct unit_change effect_change_of(uint64_t e);
bool effect_packs(uint64_t e);                                // soon or late
const char *capture_exception_code(enum capture_exception e); // NULL: there is no such

struct captured_exception {
    uint8_t code;
    uint32_t unit; // its place in the event's runs + 1; 0: the event itself
};
struct captured_event {
    unsigned flags;
    uint64_t document; // seq of its document's fact; 0: it came alone
    uint32_t index;    // in the document
    bool ahead;        // of the clock that it was recorded by: nothing is measured by its time
    bool has_parent;   // the first unit of the runs is the parent
    uint32_t in;       // units of its first list, behind the parent; those after are outputs
    uint64_t from;     // party, as its GLN, that what it ships goes from; 0: it says none
    uint64_t to;       // and that it ships to, or that receives
    str id;
    struct digest16 content;
    struct bytes_r effects; // for alike_get, one a unit
    struct counts counts;
    struct index_entries found_by;
    const struct captured_exception *exceptions;
    uint32_t exception_count;
    uint64_t wait_ms; // 0: it does not wait
};
// The own part, behind the common part, with the effects and entries of these bytes.
struct captured_bytes {
    str effects; // by alike_put
    str entries; // by captured_entries_put
};
void captured_event_put(struct buf *b, uint64_t seq, const struct captured_event *e,
                        const struct captured_bytes *as);
static inline bool is_captured(const struct fact *f)
{
    return f->kind == FACT_EVENT_CAPTURED || f->kind == FACT_CAPTURE_APPLIED;
}
bool captured_is_ahead(const struct fact *f, struct arena *a); // an event that was
// The event that the fact is of: itself, or what a capture.applied says first. `rest` as report_get
// left it. False: it breaks off.
bool captured_of(struct bytes_r *rest, const struct fact *f, uint64_t *event);
// `rest` as captured_of left it; `units` of the runs. record.corrupt.
status captured_event_get(struct bytes_r *rest, const struct fact *f, uint64_t units,
                          struct arena *a, struct captured_event *out);
// The owning party among the sources or destinations, by the key of its Digital Link: "417", or
// "414" where it is told by the number of its place. 0: there is none.
uint64_t captured_party(const struct index_entries *all, enum list_attribute of, const char *key);
void captured_entries_put(struct buf *b, const struct index_entries *all);
bool captured_entries_get(struct bytes_r *in, struct arena *a, struct index_entries *out);

// ---- slices

enum capture_slice_flag { SLICE_LAST = 1 };
struct capture_slice {
    uint64_t document; // seq of its fact
    unsigned flags;
    uint32_t next; // event to come
    uint64_t at;   // byte of the document where the next event is looked for
    uint32_t stored, repeats;
    uint64_t errors_before; // seq of the last slice with errors; 0: none
    struct capture_errors errors;
};
void capture_slice_put(struct buf *b, uint64_t seq, const struct capture_slice *s);
status capture_slice_get(const struct fact *f, struct arena *a, struct capture_slice *out);
