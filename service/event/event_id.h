// event_id.h - the eventID of what a line reported: the same for every partner and at every time.
//
//     urn:uuid:UUIDv5(namespace = journal_id, name = "seq/part/shape" in decimal)
//
// After a restore the name ends with "/term": a partner may know an event of the lost machine that
// had the same place in the journal.
//
// part: index of the event in the fact; shape 0: the plain EPCIS event, alike in 2.0 and 1.2. A
// dialect that splits or merges events has a number of its own.
#pragma once
#include "common/buf.h"

#define EVENT_ID_LEN 45u // urn:uuid: and 36 characters

// No event, but the message that has it alone; `part` is the number of whom it goes to.
#define EVENT_SHAPE_MESSAGE UINT32_MAX

struct event_name {
    uint64_t seq;
    uint32_t part, shape;
    uint32_t term; // of the fact
};
void event_id_put(const uint8_t journal_id[16], const struct event_name *name, struct buf *out);
// The 16 bytes that the text is made of, for searching.
void event_id_bytes(const uint8_t journal_id[16], const struct event_name *name, uint8_t out[16]);
// Those of an id that may be one of ours; false: it is none.
bool event_id_read(str id, uint8_t out[16]);
