// papers.h - what people said of a lot beyond its units: physical counters, explanations,
// signatures. The rows of them, and the facts that hold them whole.
#pragma once
#include "service/lot/lot.h"
#include "service/unit/run.h"

//      name            word
#define PHYSICALS(X)                                                                               \
    X(PRINTER, "printer")         /* labels that the printer counted */                            \
    X(CAMERA_GOOD, "camera_good") /* of the camera's looks those that were good */                 \
    X(CAMERA_BAD, "camera_bad")                                                                    \
    X(REJECT_BIN, "reject_bin") /* counted by hand */

enum physical { // on disk
#define X(name, word) PHYSICAL_##name,
    PHYSICALS(X)
#undef X
        PHYSICAL_END
};
const char *physical_word(enum physical p);

// Where a balance may not come out. Those from DIFFERENCE_PHYSICAL on are the physical counters'.
enum difference { // on disk
    DIFFERENCE_UNKNOWN_FATE,
    DIFFERENCE_LOOSE,
    DIFFERENCE_OPEN, // containers that nobody closed: to be closed, not to be explained
    DIFFERENCE_PHYSICAL,
    DIFFERENCE_END = DIFFERENCE_PHYSICAL + PHYSICAL_END
};
const char *difference_word(enum difference d); // "unknown_fate"

enum lot_signed { SIGNED_RELEASE, SIGNED_REOPEN, SIGNED_RECALL, SIGNED_END }; // on disk

// A route by which people sign: `run` is lot_sign, `app` one of these. It answers with the lot.
struct lot_signing {
    const struct kind *kind;
    enum lot_signed what;
    bool reason; // is needed
};
void lot_sign(struct http_req *r);

// A recall is told, and so its fact and its route are the event room's (recalled.h); what it does
// to the lot is this room's. The decided part's own part goes into `part`.
status lot_recall_decide(struct decide *d, struct buf *part);
void lot_recall_write(struct txn *t, const struct fact *f);
void lot_signed_print(const struct fact *f, struct json_w *w, const void *arg);

struct lot_papers {
    uint64_t extra_seq;           // of the fact that amended `extra`; 0: as it was opened
    uint64_t signed_[SIGNED_END]; // seq of the newest of each; 0: none
    struct {
        struct {
            uint64_t value, seq; // seq of the fact that said it; 0: nobody did
        } physical[PHYSICAL_END];
        struct {
            uint64_t count; // by count
            uint64_t basis; // of the equation that it was said of, see balance.h
        } explained[DIFFERENCE_END];
    } level[PRODUCT_LEVELS_MAX];
};
void lot_papers_get(struct txn *t, uint32_t lot, struct lot_papers *out); // zeros: none
void lot_papers_put(struct txn *t, uint32_t lot, const struct lot_papers *p);

// The facts that are papers of a lot, oldest first:
//     struct paper_walk w;
//     paper_walk_open(&w, t, lot);
//     while (paper_walk_next(&w, &seq, &kind)) …
//     walk_close(&w.walk);
struct paper_walk {
    struct walk walk;
    char prefix[5];
};
void paper_note(struct txn *t, uint32_t lot, const struct fact *f); // and in the lot's list
void paper_walk_open(struct paper_walk *w, struct txn *t, uint32_t lot);
bool paper_walk_next(struct paper_walk *w, uint64_t *seq, unsigned *kind);

// ---- explanations

struct explanation { // what a difference may be explained as
    const char *word;
    enum difference of;
    bool by_count;
    enum unit_act act; // that the units named undergo; 0: by count alone
    bool numbers;      // they were never commissioned; else they were
};
// NULL: there is no such word, or number. The place in the table is the number on disk.
const struct explanation *explanation_find(str word);
const struct explanation *explanation_at(unsigned number);
unsigned explanation_number(const struct explanation *e);

struct lot_explained { // the decided part of `lot.explained`
    uint32_t lot;
    const struct explanation *as;
    uint8_t level;     // of what was explained by count
    uint64_t count;    // of all
    struct runs units; // none: by count
    str reason;
    str balance; // JSON: the lines as they were with it; empty in facts that do not have it
};
void lot_explained_put(struct buf *b, const struct lot_explained *x);
status lot_explained_get(str decided, struct arena *a, struct lot_explained *out); // views
