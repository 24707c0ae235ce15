// mailbox.h - how threads hand things over: many senders, one receiver. After mailbox_put the
// sender holds no pointer to what it sent.
#pragma once
#include "common/base.h"

// Embedded in what is sent. `open` runs on the receiver's thread, and owns the mail from then on.
struct mail {
    struct mail *next;
    void (*open)(struct mail *m);
};

struct mailbox;
struct mailbox *mailbox_new(uint32_t max); // at most max waiting; 0 means no bound
void mailbox_free(struct mailbox **m);     // must be empty

bool mailbox_put(struct mailbox *m, struct mail *mail); // any thread; false when full: not taken
int mailbox_fd(struct mailbox *m); // readable, from this call on, while mail may be waiting
struct mail *mailbox_take(struct mailbox *m); // the receiver: all that waits, oldest first, or NULL
struct mail *mailbox_wait(struct mailbox *m); // like take, but sleeps until there is some
void mailbox_wake(struct mailbox *m);         // any thread: makes a waiting receiver return NULL
