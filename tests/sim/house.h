// house.h - the whole service in one thread, as serve.c puts it together: two loops, the committer,
// the courier; each is stepped when the scheduler says. Clocks and random bytes are the seed's, the
// store is a folder in memory, requests are values (wire.h), partners are a function.
#pragma once
#include "service/exchange/exchange_int.h"
#include "service/journal/site.h"
#include "service/pool/site_key.h"
#include "service/settings.h"
#include "trace.h"
#include "wire.h"

#define HOUSE_LOOPS 2u

struct house {
    struct trace *trace;
    struct dice random; // the service's random bytes
    struct env env;
    int64_t wall_ms, mono_ms; // the test moves them
    uint32_t wait_ms;         // that a packing waits for its numbers
    const char *configured;   // lines of packtrail.yaml; NULL: none but the address
    char folder[64];
    struct arena arena; // settings, and texts of the journal's first fact
    struct site_settings settings;
    struct site_keys keys;
    struct clock_conf clock;
    struct site site;
    struct exchange exchange;
    struct http_tree *tree;
    struct wire_conf wire;
    // A partner: takes the call and answers later.
    void (*send)(void *self, const struct http_call *call, http_call_done *done);
    void *send_self;
    char admin[80]; // its token
    bool down;      // it has crashed and was not started again
};

// A site that has just been made, without anything in it but the token of an administrator.
void house_make(struct house *h);
void house_remove(struct house *h); // it is down

// What was not committed, and not answered, is lost. Calls that were under way are answered, and
// those answers reach nobody; bodies that were not whole must have been broken off before.
void house_crash(struct house *h);
// Opens the folder again. `room`: so many bytes may be stored on top of what there is; 0: no bound.
// ST_FULL where that was too little to start with.
status house_start(struct house *h, size_t room);

// Steps; each does at most what waits.
bool house_commit(struct house *h); // was there anything?
void house_loop(struct house *h, unsigned i);
void house_courier_mail(struct house *h);
void house_courier(struct house *h);
void house_settle(struct house *h); // until nothing waits; time stands still

// A whole call at once, while everything else waits for it or goes on.
struct house_answer {
    int code;
    str body; // in the arena
};
struct house_answer house_call(struct house *h, struct arena *a, const struct wire_ask *ask);

// Does the journal, written into an empty folder, give the same ledger? Do the times never go back?
void house_verify(struct house *h);
