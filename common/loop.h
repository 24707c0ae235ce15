// loop.h - one event_base on one thread, with a mailbox through which other threads reach it.
#pragma once
#include "common/mailbox.h"
#include "common/status.h"

struct event_base;
struct loop;

// The base is made with EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST and NOLOCK: only its own thread may
// touch it. Threads are started by loop_start; without it the caller may drive it with loop_step.
struct loop *loop_new(const char *name);
void loop_free(struct loop **l); // after loop_stop
status loop_start(struct loop *l);
void loop_stop(struct loop *l);             // any thread: runs out of the loop and joins it
void loop_step(struct loop *l, bool block); // tests and the simulation: one turn on this thread
void loop_open_mail(struct loop *l);        // after loop_stop: opens what was posted too late
struct event_base *loop_base(struct loop *l);
void loop_post(struct loop *l, struct mail *m); // any thread; never refused
bool loop_is_here(const struct loop *l);        // is this the loop's own thread?
#define LOOP_OWNED(l) assert(loop_is_here(l))
