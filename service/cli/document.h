// document.h - EPCIS documents from files, event by event: memory holds one event at a time,
// however long the document is.
#pragma once
#include "service/epcis/read.h"

// One event, for the call alone.
struct document_event {
    uint32_t index; // from 0
    uint64_t at;    // where its bytes begin in the document
    status read;    // whether it could be read; its `at` counts from the event's first byte
    const struct epcis_event *event; // NULL where it could not
    struct arena *arena;             // forgets everything before the next event
};

// A failure that one of them returns ends the reading and is given back.
struct document_ops {
    bool lenient;                                             // as in struct epcis_scope
    bool taken_in;                                            // what capture refuses is refused
    status (*front)(void *self, const struct epcis_front *f); // may be NULL
    status (*event)(void *self, const struct document_event *e);
};

// `path` "-" is standard input. The failure's `at` counts from the document's first byte.
status document_read(const char *path, const struct document_ops *ops, void *self);

// Why an event is refused, for people: "epcis.action_missing eventList[2] byte 1044: …".
void document_refusal(const struct document_event *e, const status *st, struct buf *out);
