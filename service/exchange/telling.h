// telling.h - the document of a message, written event by event: what stands around the events, and
// how many of them fit. Which events these are is the shaper's business.
#pragma once
#include "common/http_gzip.h"
#include "service/exchange/follower.h"
#include "service/exchange/heading.h"

// Of one message and one snapshot. The body is f->message.body, and all that it names lies in
// f->arena.
struct telling {
    struct follower *f; // given, as is all down to `prefixes`
    const struct exchange_limits *limits;
    struct txn *t;
    struct arena *scratch; // may be reset at any time
    const struct gs1_prefixes *prefixes;

    bool begun;
    uint64_t first; // event of the document
    struct epcis_doc doc;
    struct epcis_out conf;            // of doc
    size_t head;                      // bytes before the first event
    struct heading heading;           // of events noted
    struct event_statement statement; // of the document, which has one event then
};

enum told {
    TOLD,
    TOLD_NOT,   // the filter leaves it out
    TOLD_FULL,  // it does not fit in any more
    TOLD_WRONG, // it cannot be put into words; f->message.trouble says why
    TOLD_BEHIND // it must wait behind parked ones
};

// The next event, whole or not at all: TOLD, TOLD_FULL or TOLD_WRONG. The caller counts it.
enum told telling_add(struct telling *x, uint64_t seq, const struct event_parts *parts);
bool telling_begin(struct telling *x); // also where there is no event; false: it has no beginning
void telling_end(struct telling *x, struct http_gzip **gzip); // the body is as it is sent
// Ender of all; without telling_end the body is of no use.
void telling_fini(struct telling *x);
