// signed.h - all that was signed about a lot, in the order of its facts: its papers (released,
// reopened, recalled, amended), and what the rooms above have found besides.
//
// REQ 21CFR11.50: who shows a lot to people shows of each signature name, time and meaning.
#pragma once
#include "service/access/second.h"
#include "service/lot/papers.h"

struct lot_act {
    uint64_t seq;     // of its fact
    const char *word; // "release"
    str upon;         // what it was done upon, where that is not the lot itself; else empty
    struct signature signature;
    struct second_first first; // no proposal: one signature was enough
    bool waits; // is the first of two, and nothing is done yet; `upon` says until when
};
struct lot_hold {
    uint64_t seq;   // of the fact that began it
    uint64_t units; // 0: of the whole lot
    bool ended;
    str reason, by;
    struct moment time;
};

// What is no paper of the lot; in the arena of who looked.
struct lot_beside {
    const struct lot_hold *holds; // both by seq
    const struct lot_act *acts;
    uint32_t hold_n, act_n;
    bool more; // than were looked at
};

// What people signed of a lot that is such a paper (FACT_LOT_…); NULL: it is not signed.
const char *lot_signed_word(unsigned kind);

//     struct signed_walk w;
//     signed_walk_open(&w, t, &(struct signed_wish){.lot = lot.number, .until = UINT64_MAX}, a);
//     while (signed_walk_next(&w, &act)) …
//     walk_close(&w.papers.walk);
struct signed_wish {
    uint32_t lot;
    uint64_t until;                  // seq
    const struct lot_beside *beside; // NULL: papers alone
};
struct signed_walk {
    struct paper_walk papers;
    struct signed_wish wish;
    struct arena *a; // texts lie there
    uint32_t at;     // the next one beside
    bool has_paper;
    struct lot_act paper; // the next one
};
void signed_walk_open(struct signed_walk *w, struct txn *t, const struct signed_wish *wish,
                      struct arena *a);
bool signed_walk_next(struct signed_walk *w, struct lot_act *out);
// Member `signatures` of an open object: what was done.
void lot_signatures_write(struct txn *t, const struct signed_wish *wish, struct arena *a,
                          struct json_w *w);
