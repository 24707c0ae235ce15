// noted.h - calls of people that were refused before any command was asked: facts, too.
//
// A refused command is a `refusal` by itself (service/journal/refusal.h). What a route refuses
// before there is one (a role that does not suffice, a thing that is not there, a token that has
// ended) becomes a `refusal` of no kind (`tried` 0), which names the call. It is told to the
// committer behind the answer, which does not wait for it: where the queue is full it is lost, and
// packtrail_refusals_lost_total says so.
#pragma once
#include "common/http.h"
#include "common/loop.h"
#include "service/journal/site.h"

struct noted {
    uint32_t actor;
    status st;
    str call; // "GET /v1/lots/…", or empty: whatever was called
};
void noted_register(void);
// On the loop `home`, which lives until the committer has ended.
void noted_refusal(struct site *s, struct loop *home, const struct noted *n);
// After every reply: what was refused and that nobody recorded. Not that somebody asked too often
// or too slowly, and 401, which access tells by itself. `actor` is a person's.
bool noted_is_due(const struct http_req *r);
void noted_reply(const struct http_req *r, uint32_t actor);
