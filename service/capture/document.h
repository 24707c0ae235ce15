// document.h - a document as it comes, cut into its events and what stands around them.
//
// Every event is read and checked when it is cut; what then becomes of it is the caller's. Memory:
// one event twice, and all that is no event, each up to `event_max`.
#pragma once
#include "service/event/capture.h"

struct document_event {
    uint32_t index;
    str bytes; // for the call
    const struct epcis_event *event;
    struct arena *arena; // of this event
    uint64_t at;         // in the document
};

struct document_conf {
    enum epcis_syntax syntax;
    size_t event_max;
    uint32_t events_max;
    bool lenient;  // as in epcis_scope
    bool proceed;  // bad events are errors of the document; else they end it
    bool no_rest;  // it was read before: only its events are wanted
    uint32_t skip; // events at its beginning that are not wanted
    bool again;    // as in epcis_cut_conf, as is `known`
    const struct epcis_front *known;
    struct arena *arena; // of what is kept: errors, front, places
    // Each good event. A failure is the event's own, as if it had been read wrong, but for what
    // ends the document.
    status (*event)(void *self, const struct document_event *e);
    // What stands before the events is known; may be NULL.
    status (*front)(void *self, const struct epcis_front *f);
    void *self;
};

struct document;
bool document_is_ended_by(status st);          // a failure of an event, also where others proceed
status document_fault(uint64_t at, status st); // of an event there, with its place in the document
struct document *document_new(const struct document_conf *conf);
void document_free(struct document **d);
// Codes of the cutter and of event readers, epcis.check's, capture.events_max, event failures.
status document_piece(struct document *d, str bytes);
status document_end(struct document *d);
// After document_end: its events have not come, it is to be read again.
bool document_is_late(const struct document *d);
// Whose fault the failure was: the event's index, or UINT32_MAX.
uint32_t document_failed_at(const struct document *d);

// After document_end; lives as long as the arena and the document.
const struct captured_document *document_says(const struct document *d);
str document_rest(const struct document *d);
const struct epcis_scope *document_scope(const struct document *d); // from the front on
const struct epcis_front *document_front(const struct document *d); // after document_end
