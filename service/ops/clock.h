// clock.h - the clock for people: that it jumped, that somebody accepted what it says since.
#pragma once
#include "common/http.h"
#include "service/journal/kind.h"

extern const struct kind kind_clock_jumped;                          // ask: struct clock_jump
extern const struct kind kind_clock_accepted, kind_clock_accepted_1; // POST /v1/clock/accept
extern const struct kind *const clock_allowed[];
extern const struct http_route clock_routes[];

// Wakes the committer every ten seconds, so that it looks at the clock though nobody asks.
struct clock_tick;
struct loop;
struct committer;
struct clock_tick *clock_tick_start(struct loop *l, struct committer *c); // before the loop runs
void clock_tick_stop(struct clock_tick **t);                              // after it has stopped
