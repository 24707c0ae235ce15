// render.h - facts as EPCIS events: what happened, in the words of EPCIS and CBV, before any
// format.
//
// Reads the fact, the ledger and the names of units; never settings, so that a fact gives the same
// event for ever. Nothing is spelled until the document asks for it: an event of 20,000 packs needs
// no more room than one of ten.
//
//   units.commissioned  ObjectEvent ADD commissioning/active; lot and expiry for SGTINs
//   units.packed        AggregationEvent ADD packing/in_progress; where the parent began by the
//   same
//                       fact its own commissioning comes first
//   units.unpacked      AggregationEvent DELETE unpacking/in_progress
//   container.closed    nothing; where packing is told whole: AggregationEvent ADD packing of all
//   that
//                       was packed since it was closed last
//   units.changed       ObjectEvent as the table in changed.c says, of goods alone
//   shipment.made       ObjectEvent OBSERVE shipping/in_transit, with papers and parties
//   lot.recalled        ObjectEvent OBSERVE holding/recalled of the lot's classes (recalled.h)
//   event.captured      what came, with the time when it was recorded
#pragma once
#include "service/epcis/event.h"
#include "service/event/report.h"
#include "service/lot/lot_db.h"
#include "service/pool/names.h"

#define EVENT_PARTS_MAX 2u

struct event_part {
    uint32_t part; // its index in the fact, for the event's id
    struct epcis_event event;
};
// What the document that tells of the fact affirms (shipped.h): the parties, GLNs as numbers.
struct event_statement {
    uint64_t seller, buyer; // both 0: nothing
};
struct event_parts {
    struct event_part at[EVENT_PARTS_MAX];
    uint32_t n;
    struct event_statement statement; // none of a correction: it tells that something was wrong
};

// For one snapshot and one thread. What it gives lives in the arena and reads `t` when it is
// written: both must stay until then. The arena may be reset between facts.
struct event_render {
    const struct site *site;
    struct txn *t;
    struct arena *arena;
    struct names *names;
    const struct gs1_prefixes *prefixes;
    bool words_as_given; // of captured XML: for a writer of XML alone, nothing else reads them
    bool whole;          // packing is told once the container is closed, with all that came since
    // Of the fact before: the next is mostly of the same lot.
    uint32_t lot_number;
    struct date expiry;
    char lot[GS1_SERIAL_MAX];
    uint8_t lot_n;
};
struct event_render event_render_begin(const struct site *s, struct txn *t, struct arena *a);

// Kinds that give no event give none: out->n is 0. record.corrupt, names.unknown_space,
// event.memory (the arena is full).
status event_render(struct event_render *r, const struct fact *f, struct event_parts *out);
