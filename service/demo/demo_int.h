// demo_int.h - the demo's parts: a process, callers that wait for their answer, a partner that
// checks what it gets, and lines.
#pragma once
#include "common/arena.h"
#include "common/buf.h"
#include "common/env.h"
#include "common/http_client.h"
#include <pthread.h>

struct demo_options {
    uint64_t packs;     // over all lines
    uint64_t speed;     // packs a second over all lines; 0: as fast as it goes
    const char *keep;   // folder to keep, or NULL
    const char *listen; // of the service
};

// --- the service as a process of its own ---

struct demo_service {
    char folder[256];
    char base[128]; // "http://127.0.0.1:43210"
    char admin[160];
    int pid;
    int output; // its standard output
};

// Makes the site and starts serving; a sentence on failure.
status demo_service_start(struct demo_service *s, const struct demo_options *o);
status demo_service_stop(struct demo_service *s);  // SIGTERM, waits; the exit status must be 0
status demo_service_run(const char *const *words); // another command of this program, to its end

// --- ended from outside ---

// From now on SIGTERM, SIGHUP and SIGINT end the child, remove `folder` (which outlives the guard
// and may still be empty; NULL: nothing is removed) and then this process. Before any other thread.
status demo_guard_start(const char *folder);
void demo_guard_begin(void);               // a child is about to be started,
void demo_guard_child(int pid);            // it is this one; 0: it was not
status demo_guard_wait(int pid, int *how); // until the child has ended
void demo_guard_end(void);                 // removes the folder; does not return where it ends

// --- a caller ---

// Asks and waits for the answer. Owner: one thread.
struct demo_caller {
    struct loop *loop;
    struct http_client *client;
    const char *base;
    const char *token;
    const char *name; // makes its Idempotency-Keys its own
    uint64_t calls;
    int code;
    struct buf answer; // of the last call
    bool waiting;
};

void demo_caller_init(struct demo_caller *c, const struct demo_service *s, const char *token,
                      const char *name);
void demo_caller_fini(struct demo_caller *c);
// 2xx or a status with the problem's sentence. `type` NULL: application/json.
status demo_ask(struct demo_caller *c, const char *method, const char *path, str body,
                const char *type);
status demo_put(struct demo_caller *c, const char *path, const char *json);
status demo_post(struct demo_caller *c, const char *path, str json);
// A text or number of the last answer's outermost object; empty, 0 where there is none.
str demo_text(const struct demo_caller *c, const char *key, struct arena *a);
int64_t demo_number(const struct demo_caller *c, const char *key);
status demo_token(struct demo_caller *admin, const char *json, char *out, size_t n);

// --- the partner ---

struct demo_partner;
struct demo_partner *demo_partner_open(const char *keep_folder); // NULL: documents are not kept
void demo_partner_close(struct demo_partner **p);
const char *demo_partner_base(const struct demo_partner *p);

struct demo_received {
    uint64_t documents, bytes, events, packs, containers, aggregations, shipments;
    uint64_t wrong; // events out of order, twice, or about packs never commissioned
    char first_wrong[160];
};
struct demo_received demo_partner_received(struct demo_partner *p, unsigned client);
// Waits until the client's partner has had so many shipments; false after the time is up.
bool demo_partner_wait(struct demo_partner *p, unsigned client, uint64_t shipments, uint32_t s);

// --- the site and its lines ---

#define DEMO_LINES  2u
#define DEMO_CASE   50u // packs a case
#define DEMO_PALLET 20u // cases a pallet

struct demo_product {
    const char *gtin, *name, *market, *policy;
    unsigned client;
};
struct demo_client {
    const char *id, *name, *prefix, *gln, *format;
};
extern const struct demo_client demo_clients[2];
extern const struct demo_product demo_products[5];

status demo_site_put(struct demo_caller *admin, const struct demo_partner *p);

struct demo_line {
    unsigned number; // 0, 1
    const struct demo_service *service;
    const struct demo_product *product;
    const char *lot;
    char line_token[160], operator_token[160];
    uint64_t packs; // good ones to make
    uint64_t speed; // packs a second, 0: no brake
    pthread_t thread;
    // What came of it:
    uint64_t issued, commissioned, scrapped, cases, pallets;
    status st;
};

void *demo_line_main(void *line);                      // the thread
void demo_say(const char *fmt, ...) LIKE_PRINTF(1, 2); // one line to the reader
