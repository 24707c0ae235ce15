// captured_site.h - events of EPCIS brought into a site's journal as captures bring them, without
// HTTP.
#pragma once
#include "site_fixture.h"

// One event, alone: a JSON object with its own @context. Its fact's seq; fails the test where it
// is refused.
uint64_t captured_site_event(struct fixture *f, client_id c, str json);
// The same in two steps: what a loop makes of it, and its way into the journal.
struct captured_look {
    struct capture_ask *event;
    struct foreign_ask *names;
};
struct captured_look captured_site_look(struct fixture *f, client_id c, str json);
uint64_t captured_site_commit(struct fixture *f, struct captured_look l);
// The same for an event whose @context declares "ex" as https://example.com/ns/; `members` follow
// type and times.
struct captured_says {
    const char *type, *members;
    struct moment time;
};
str captured_site_json(struct fixture *f, const struct captured_says *e);
uint64_t captured_site_say(struct fixture *f, client_id c, const struct captured_says *e);

// The same of a single event as requests have it: looked at in a snapshot, and sent later.
struct captured_part;
struct captured_part *captured_site_part(struct fixture *f, client_id c, str json);
void captured_site_send(struct fixture *f, struct captured_part *x); // it ends
