// captured_site.h - events of EPCIS brought into a site's journal as captures bring them, without
// HTTP.
#pragma once
#include "site_fixture.h"

// One event, alone: a JSON object with its own @context. Its fact's seq; fails the test where it
// is refused.
uint64_t captured_site_event(struct fixture *f, client_id c, str json);
// The same for an event whose @context declares "ex" as https://example.com/ns/; `members` follow
// type and times.
struct captured_says {
    const char *type, *members;
    struct moment time;
};
uint64_t captured_site_say(struct fixture *f, client_id c, const struct captured_says *e);
