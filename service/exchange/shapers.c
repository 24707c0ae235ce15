// shapers.c - the threads of shapers: `while (running) take one, shape or file it, give it back`.
// They are nicer than everybody else: telling partners may wait, lines may not.
#include "service/event/captured_render.h"
#include "service/exchange/shaper.h"
#include "service/journal/site.h"
#include "service/pool/names.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define SHAPERS_MAGIC 0x54a9e551u
#define SHAPERS_MAX   16u
#define NICE          10

struct one {
    struct shapers *all;
    struct mailbox *box;
    pthread_t thread;
};

struct shapers {
    unsigned magic;
    struct shapers_conf conf;
    struct one threads[SHAPERS_MAX];
    uint32_t count, next;
    atomic_bool stopping;
};

static void serve(struct shapers *s, struct shaper *shaper, struct follower *f)
{
    if (f->state == FOLLOWER_SHAPING)
        shaper_shape(shaper, f);
    else
        shaper_file(s->conf.messages, f);
    loop_post(s->conf.home, &f->mail); // gives it away
}

static void *body(void *arg)
{
    struct one *x = arg;
    struct shapers *s = x->all;
    struct shaper *shaper = shaper_new(s->conf.site, s->conf.limits);

    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE); // of this thread alone, on Linux
    pthread_setname_np(pthread_self(), "shaper");
    while (!atomic_load(&s->stopping)) {
        struct mail *next, *m = mailbox_wait(x->box);
        for (; m != NULL; m = next) {
            next = m->next;
            serve(s, shaper, CONTAINER_OF(m, struct follower, mail));
        }
    }
    shaper_free(&shaper);
    names_leave();
    captured_leave();
    return NULL;
}

status shapers_start(const struct shapers_conf *conf, struct shapers **out)
{
    struct shapers *s = calloc(1, sizeof *s);
    uint32_t wanted = conf->limits->shapers < SHAPERS_MAX ? conf->limits->shapers : SHAPERS_MAX;
    sigset_t all, before;
    int rc = 0;

    assert(s != NULL && wanted > 0);
    s->magic = SHAPERS_MAGIC;
    s->conf = *conf;
    sigfillset(&all);        // signals are the main thread's
    sigdelset(&all, SIGSYS); // but a forbidden call is its own (process.h)
    pthread_sigmask(SIG_BLOCK, &all, &before);
    for (; s->count < wanted && rc == 0; s->count += rc == 0) {
        struct one *x = &s->threads[s->count];
        *x = (struct one){.all = s, .box = mailbox_new(0)};
        rc = pthread_create(&x->thread, NULL, body, x);
        if (rc != 0) mailbox_free(&x->box);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc != 0) shapers_stop(&s);
    *out = s;
    return rc == 0 ? OK : fail(ST_INTERNAL, "thread.create", 0, "a shaper: error %d", rc);
}

void shapers_put(struct shapers *s, struct follower *f)
{
    OBJ_CHECK(s, SHAPERS_MAGIC);
    struct one *x = &s->threads[s->next++ % s->count];
    bool taken = mailbox_put(x->box, &f->mail);
    assert(taken);
}

void shapers_stop(struct shapers **sp)
{
    struct shapers *s = *sp;

    *sp = NULL;
    if (s == NULL) return;
    OBJ_CHECK(s, SHAPERS_MAGIC);
    atomic_store(&s->stopping, true);
    for (uint32_t i = 0; i < s->count; i++) {
        mailbox_wake(s->threads[i].box);
        pthread_join(s->threads[i].thread, NULL);
        mailbox_free(&s->threads[i].box);
    }
    s->magic = 0;
    free(s);
}
