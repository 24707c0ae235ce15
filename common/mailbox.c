// Owns the list of waiting mail. Any thread may put; one thread, the receiver, takes. The receiver
// sleeps either in mailbox_wait (a condition variable: no system call while it is busy) or in its
// event loop on mailbox_fd; only a box whose descriptor was asked for writes to it, and only when
// the box was empty, so that a burst costs one write.
#include "common/mailbox.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct mailbox {
    pthread_mutex_t lock;
    pthread_cond_t some;
    struct mail *first, **last;
    uint32_t count, max;
    bool waits;   // the receiver is in mailbox_wait
    bool woken;   // mailbox_wake since the last wait
    bool watched; // somebody looks at fd
    int fd;
};

struct mailbox *mailbox_new(uint32_t max)
{
    struct mailbox *m = calloc(1, sizeof *m);

    assert(m != NULL);
    m->last = &m->first;
    m->max = max;
    m->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    assert(m->fd >= 0); // made at start, before any stranger can use up descriptors
    assert(pthread_mutex_init(&m->lock, NULL) == 0 && pthread_cond_init(&m->some, NULL) == 0);
    return m;
}

void mailbox_free(struct mailbox **m)
{
    struct mailbox *box = *m;

    if (box == NULL) return;
    assert(box->first == NULL);
    pthread_cond_destroy(&box->some);
    pthread_mutex_destroy(&box->lock);
    close(box->fd);
    free(box);
    *m = NULL;
}

static void ring(struct mailbox *m, bool waits, bool watched)
{
    static const uint64_t one = 1;

    if (waits) pthread_cond_signal(&m->some);
    if (!watched) return;
    while (write(m->fd, &one, sizeof one) < 0 && errno == EINTR) {}
}

bool mailbox_put(struct mailbox *m, struct mail *mail)
{
    assert(mail != NULL && mail->open != NULL);
    pthread_mutex_lock(&m->lock);
    bool full = m->max != 0 && m->count >= m->max;
    bool was_empty = m->first == NULL;
    bool waits = m->waits, watched = m->watched;
    if (!full) {
        mail->next = NULL;
        *m->last = mail;
        m->last = &mail->next;
        m->count++;
    }
    pthread_mutex_unlock(&m->lock);
    if (!full && was_empty) ring(m, waits, watched);
    return !full;
}

int mailbox_fd(struct mailbox *m)
{
    pthread_mutex_lock(&m->lock);
    bool waiting = !m->watched && m->first != NULL;
    m->watched = true;
    pthread_mutex_unlock(&m->lock);
    if (waiting) ring(m, false, true);
    return m->fd;
}

static struct mail *take(struct mailbox *m)
{
    struct mail *all = m->first;

    m->first = NULL;
    m->last = &m->first;
    m->count = 0;
    return all;
}

struct mail *mailbox_take(struct mailbox *m)
{
    uint64_t rings;

    // First the bell, then the box: mail that comes in between rings again.
    if (m->watched) (void)!read(m->fd, &rings, sizeof rings);
    pthread_mutex_lock(&m->lock);
    struct mail *all = take(m);
    pthread_mutex_unlock(&m->lock);
    return all;
}

struct mail *mailbox_wait(struct mailbox *m)
{
    pthread_mutex_lock(&m->lock);
    m->waits = true;
    while (m->first == NULL && !m->woken) pthread_cond_wait(&m->some, &m->lock);
    m->waits = false;
    m->woken = false;
    struct mail *all = take(m);
    pthread_mutex_unlock(&m->lock);
    return all;
}

void mailbox_wake(struct mailbox *m)
{
    pthread_mutex_lock(&m->lock);
    m->woken = true;
    bool waits = m->waits, watched = m->watched;
    pthread_mutex_unlock(&m->lock);
    ring(m, waits, watched);
}
