// exception_db.h - the rows of exceptions and how many there are.
#pragma once
#include "service/exception/exception.h"

struct exception_id {
    client_id client; // {0}: the site's own
    uint64_t seq;     // of the fact that raised it
    uint8_t index;
};

struct exception_row {
    struct exception_id id;
    enum exception_kind kind;
    enum exception_state state;
    enum exception_resolution resolution; // where resolved, or reopened after that; else 0
    wall at;                              // recordTime of the fact
    uint32_t actor;                       // of the fact
    uint32_t count;                       // 1, and one more for each repeat
    uint32_t lot;
    uint64_t unit;
    uint64_t newest;  // fact of its history: what somebody did with it last; 0: nothing yet
    uint64_t settled; // fact that removed its cause; 0: none did
    struct digest16 about;
    str code, owner; // views of the row
};

bool exception_get(struct txn *t, const struct exception_id *id, struct exception_row *out);
// The same for who writes it anew: its texts lie in `k`, not in the store.
struct exception_texts {
    char code[EXCEPTION_CODE_MAX], owner[EXCEPTION_OWNER_MAX];
};
bool exception_load(struct txn *t, const struct exception_id *id, struct exception_texts *k,
                    struct exception_row *out);
// Writes the row and keeps the counters: `before` is the state that it is stored in, 0 for a new
// one. Texts must not lie in the store.
void exception_put(struct txn *t, const struct exception_row *x, enum exception_state before);

// Those of a client that are resolved, or that are not, in the order of their facts, newest first
// and none above `from` (seq 0: from the newest).
struct exception_walk {
    struct walk w;
    char prefix[6], from[15];
    bool from_newest;
};
struct exception_walk_of {
    client_id client;
    bool resolved;
    uint64_t seq; // below this fact's `index`
    unsigned index;
};
void exception_walk_open(struct exception_walk *w, struct txn *t,
                         const struct exception_walk_of *of);
bool exception_walk_next(struct exception_walk *w, struct exception_row *out);
void exception_walk_close(struct exception_walk *w);

// Which clients have any, in order: the first one from `from` on. False: no more.
bool exception_client(struct txn *t, uint32_t from, client_id *out);

struct exception_counts {
    uint64_t open, assigned, resolved;
};
struct exception_counts exception_counts_get(struct txn *t, client_id c, enum exception_kind k);

// The case that messages of trading partners speak of, by its id; and a message, by which fact it
// came (and with which exception).
bool case_get(struct txn *t, client_id c, str id, struct exception_id *out);
void case_put(struct txn *t, const struct exception_id *x, str id);
bool message_get(struct txn *t, client_id c, str id, uint64_t *seq);
void message_put(struct txn *t, client_id c, str id, uint64_t seq);

// What stands about something: by which exception.
bool standing_get(struct txn *t, const struct exception_end *x, struct exception_id *out);
void standing_put(struct txn *t, const struct exception_end *x, const struct exception_id *id);
void standing_del(struct txn *t, const struct exception_end *x);
