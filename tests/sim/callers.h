// callers.h - who calls at a simulated site: four lines, the operator, quality assurance, a
// distributor, a client's system, the administrator. Each wishes for one thing after the other and
// asks until it is answered, under the same key. What was answered once is asked again now and
// then, and must be answered alike.
#pragma once
#include "goods.h"

#define KEPT 6u // answers that a caller remembers

enum { OPERATOR = 4, QA, DISTRIBUTOR, GATEWAY, SIGNER, CALLERS }; // and the lines before them

struct kept { // an answered wish
    char key[24], line[120];
    const char *type;
    struct buf body;
    int code;
    bool of_now;     // it tells of the lot as it is when it is written
    uint64_t answer; // its hash
};

enum sim_asks { ASKING_NOTHING, ASKING_WISH, ASKING_REPEAT, ASKING_OTHER };

struct caller_of_sim {
    char token[80];
    enum sim_asks asks;
    struct wish wish;
    const struct kept *kept, *other; // of ASKING_REPEAT; of ASKING_OTHER also whose body it has
    struct wire_call *call;          // under way; NULL: it is to be asked (again)
    bool is_repeat;
    struct kept answered[KEPT];
    uint32_t answered_count; // in all
};

struct callers {
    struct house *house;
    struct dice *dice;
    struct goods *goods;
    struct wire_call *orphans; // whose callers have gone
    struct caller_of_sim at[CALLERS];
    uint32_t wishes;    // in all, for keys
    uint32_t give_up;   // per mille of the looks at an answer that is not there
    bool clock_stopped; // somebody was told so
    bool closing;       // no new wishes
    uint64_t asked, repeats, others, lost;
};

void callers_init(struct callers *c, struct house *h, struct goods *g, struct dice *dice);
void callers_fini(struct callers *c); // the house is down
void callers_step(struct callers *c, uint32_t which);
// Before the house crashes: nobody waits for an answer any more. After it: those calls go.
void callers_crash(struct callers *c);
void callers_buried(struct callers *c);
bool callers_rest(const struct callers *c); // nobody asks for anything
