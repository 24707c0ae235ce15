// Owns an event_base, its thread and its mailbox. Everything but loop_post, loop_stop and
// loop_is_here is for the loop's own thread: the one that loop_start made or, where there is none,
// the one that calls loop_step.
#include "common/loop.h"
#include "common/log.h"
#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

struct loop {
    struct event_base *base;
    struct mailbox *box;
    struct event *bell; // the mailbox has rung
    struct mail last;   // posted by loop_stop
    bool started;
    atomic_bool owned; // `owner` means something
    pthread_t owner, thread;
    char name[16]; // what the kernel keeps of a thread's name
};

static void open_all(struct loop *l)
{
    struct mail *next;

    for (struct mail *m = mailbox_take(l->box); m != NULL; m = next) {
        next = m->next; // m is its opener's from here on
        m->open(m);
    }
}

static void rang(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    open_all(arg);
}

// libevent hands changes to epoll long after event_add said that all is well, and only warns of
// those that the kernel refuses. A descriptor that nobody watches hangs for ever, the mailbox's
// first of all: who has no memory for it ends.
static void warned(int severity, const char *says)
{
    bool no_memory = errno == ENOMEM || errno == ENOSPC;

    if (severity < EVENT_LOG_WARN) return;
    LOG(warn, "loop.warned", fs("says", str_of(says)));
    assert(!(no_memory && str_starts(str_of(says), S("Epoll "))));
}

static void hear_warnings(void) { event_set_log_callback(warned); }

static struct event_base *base_new(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct event_config *conf = event_config_new();

    pthread_once(&once, hear_warnings);
    assert(conf != NULL);
    // The change list saves two of four epoll_ctl calls a request; no descriptor here is ever
    // dup'ed, which is its one condition. (A descriptor is taken out after it was closed; where
    // another thread has its number by then, epoll knows none such here.) Locks are not needed: a
    // base has one thread.
    assert(event_config_set_flag(conf, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST) == 0);
    assert(event_config_set_flag(conf, EVENT_BASE_FLAG_NOLOCK) == 0);
    struct event_base *base = event_base_new_with_config(conf);
    event_config_free(conf);
    assert(base != NULL);
    return base;
}

struct loop *loop_new(const char *name)
{
    struct loop *l = calloc(1, sizeof *l);

    assert(l != NULL);
    snprintf(l->name, sizeof l->name, "%s", name);
    l->base = base_new();
    l->box = mailbox_new(0);
    l->bell = event_new(l->base, mailbox_fd(l->box), EV_READ | EV_PERSIST, rang, l);
    assert(l->bell != NULL && event_add(l->bell, NULL) == 0);
    return l;
}

void loop_free(struct loop **loop)
{
    struct loop *l = *loop;

    if (l == NULL) return;
    assert(!l->started);
    event_free(l->bell);
    mailbox_free(&l->box);
    event_base_free(l->base);
    free(l);
    *loop = NULL;
}

static void own(struct loop *l)
{
    l->owner = pthread_self();
    atomic_store(&l->owned, true);
}

static void *body(void *arg)
{
    struct loop *l = arg;

    own(l);
    pthread_setname_np(pthread_self(), l->name);
    event_base_loop(l->base, EVLOOP_NO_EXIT_ON_EMPTY);
    open_all(l); // what was posted before the end is not lost
    atomic_store(&l->owned, false);
    return NULL;
}

status loop_start(struct loop *l)
{
    sigset_t all, before;

    assert(!l->started);
    sigfillset(&all);        // signals are the main thread's
    sigdelset(&all, SIGSYS); // but a forbidden call is its own (process.h)
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int trouble = pthread_create(&l->thread, NULL, body, l);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (trouble != 0)
        return fail(ST_INTERNAL, "loop.thread", 0, "no thread for %s: error %d", l->name, trouble);
    l->started = true;
    return OK;
}

static void stop(struct mail *m) { event_base_loopbreak(CONTAINER_OF(m, struct loop, last)->base); }

void loop_stop(struct loop *l)
{
    if (!l->started) return;
    assert(!pthread_equal(l->thread, pthread_self()));
    l->last.open = stop;
    loop_post(l, &l->last);
    pthread_join(l->thread, NULL);
    l->started = false;
}

void loop_step(struct loop *l, bool block)
{
    assert(!l->started);
    own(l);
    event_base_loop(l->base, EVLOOP_ONCE | (block ? 0 : EVLOOP_NONBLOCK));
}

void loop_open_mail(struct loop *l)
{
    assert(!l->started);
    open_all(l);
}

struct event_base *loop_base(struct loop *l) { return l->base; }

void loop_post(struct loop *l, struct mail *m)
{
    bool taken = mailbox_put(l->box, m);
    assert(taken);
}

bool loop_is_here(const struct loop *l)
{
    return !atomic_load(&l->owned) || pthread_equal(l->owner, pthread_self());
}
