// query_events.h - events as JSON that questions are held against in several tests.
#pragma once
#include "service/query/query.h"

// An event with an @context that declares "ex" as https://example.com/ns/; `members` follow type
// and times: `,"action":"ADD"`. Fails the test where it cannot be read.
struct epcis_event query_event_of(struct arena *a, const char *type, const char *members);
// Does the event fit the URL's parameters? `reason` is what refused them, or NULL.
struct query_asked {
    bool hit;
    const char *reason;
};
struct query_asked query_ask(struct arena *a, const char *url, const struct epcis_event *e,
                             const struct query_master *m);
