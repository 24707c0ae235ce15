// site_fixture.h - a whole site in the test's own thread: a temporary folder, a ledger with its
// journal opened, a committer that steps when the test says, a clock that stands still, random
// bytes from a seed, keys of fixed bytes.
#pragma once
#include "service/api/caller.h"
#include "service/journal/site.h"
#include "service/pool/site_key.h"

#define FIXTURE_KINDS_MAX 128u

struct http_route;
struct http_server;

struct fixture {
    struct site site; // handed to decide and to handlers
    struct site_keys keys;
    char folder[64];
    struct env env;
    wall now;       // the test sets it
    int zone_min;   // of the place; the test may set it
    int64_t jumped; // how far `now` ran from the clock that only grows; the test may set it
    bool unsynced;  // nobody keeps the clock right; the test may set it
    struct clock_conf clock; // watched where the test has set it before fixture_reopen
    uint64_t random;         // state of the random bytes; the test may set it
    struct loop *loop;
    const struct kind *kinds[FIXTURE_KINDS_MAX];
    struct arena arena;   // of all asks and answers, until fixture_forget
    uint32_t actor;       // 1: who asks by fixture_run
    struct caller caller; // who asks by fixture_call: at first an admin of the whole site
    struct http_server *server;
};

// `kinds` is a table ended by NULL; journal.opened, the refusals and call.bound are there anyhow.
struct fixture *fixture_open(const struct kind *const *kinds);
void fixture_close(struct fixture **f); // the folder vanishes
void fixture_reopen(struct fixture *f); // as after a restart
void fixture_leave(struct fixture *f);  // half of it: nothing is open, to fork a process that …
void fixture_enter(struct fixture *f);  // … comes back here and may be killed

void must(status st); // is OK, or the test fails with what it says

// One command through the committer. `out` may be NULL; what it points to lives until
// fixture_forget. The result is the job's trouble or the ask's.
status fixture_run(struct fixture *f, const struct kind *k, const void *what, struct ask *out);
// A job of several; their results lie in the asks.
struct job *fixture_job(struct fixture *f, uint32_t n);
void fixture_job_run(struct fixture *f, struct job *j);
void fixture_forget(struct fixture *f);

// A named thing (k->arg is its noun), from the body of its PUT.
status fixture_put(struct fixture *f, const struct kind *k, const char *name, const char *json);

// A snapshot, ended by fixture_read_end, which fails the test when it met trouble.
struct txn *fixture_read(struct fixture *f);
void fixture_read_end(struct txn *t);

// Replays the journal into a second folder and compares every table; fails the test otherwise.
void fixture_verify(struct fixture *f);

// Requests through a real server on this thread: the routes are served from the first call on.
struct fixture_answer {
    int code;
    str head, body; // in f->arena
};
void fixture_serve(struct fixture *f, const struct http_route *const *routes);
// line: "POST /v1/serials"; headers: "Accept: text/csv\r\n" or "".
struct fixture_answer fixture_call(struct fixture *f, const char *line, const char *headers,
                                   const char *body);
// Sends the head and the first `n` bytes of the body, lets everything be done that can be, and
// hangs up.
void fixture_break_off(struct fixture *f, const char *line, const char *headers, str body,
                       size_t n);
struct fixture_answer fixture_send(struct fixture *f, const char *line, const char *headers,
                                   str body);
