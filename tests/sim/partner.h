// partner.h - the partners of a simulated site, and subscribers. They take messages, refuse or lose
// them, hang, and answer when the scheduler says; and they know what they were told.
#pragma once
#include "house.h"

#define CONFIGURED 2u // partners by configuration; the others have subscribed
#define PARTNERS   4u

struct partner_event {
    char id[48];
    bool doubt;   // it was taken, but the service may not know: it may come again
    bool shipped; // it tells of a shipment
};

struct sim_partner {
    const char *name;
    bool strict;     // refuses some events until it is mended
    bool subscribed; // nothing passes what it refuses, and it is not asked to mend
    bool of_shipped; // it is told of shipments alone
    bool mended;
    bool down;
    // The message under way; `done` NULL: none.
    struct http_call call;
    http_call_done *done;
    int64_t hangs_until; // 0: it answers
    bool hang_takes;
    // What was taken, in the order of the first time.
    struct partner_event *events;
    uint32_t count, room;
    uint32_t *last; // of the message taken last: which of them
    uint32_t last_count, last_room;
};

struct partners {
    struct house *house;
    struct dice *dice;
    uint32_t trouble; // per mille of the answers
    uint64_t messages, repeats, troubles;
    struct sim_partner at[PARTNERS];
};

void partners_init(struct partners *p, struct house *h, struct dice *dice);
void partners_fini(struct partners *p);
void partner_send(void *self, const struct http_call *call, http_call_done *done); // house.send
bool partners_wait(const struct partners *p); // does one owe an answer?
void partners_step(struct partners *p);       // one of them answers, or goes on hanging
void partners_crash(struct partners *p);      // the service is about to crash
bool partners_even(const struct partners *p); // have all who subscribed got what the first one got?
// At the end: each was told of every event of the journal, in its order, and of no other.
void partners_check(struct partners *p);
// Those of documents are these, by number: each is stored once.
void partners_check_captured(struct partners *p, const uint32_t *numbers, uint32_t n);
