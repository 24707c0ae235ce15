// goods.h - what the callers of a simulated site believe of its goods: the model that the service
// is held to. It knows of each number what the answers have said, and nothing else.
//
// glossary: a *wish* is one thing that a caller wants done, asked for until it is answered. Units
// that it names are *busy* meanwhile; where two wishes name the same unit, either may be refused,
// but never may both be done. An *act upon a lot* changes what may be done with all that is of it.
#pragma once
#include "house.h"

#define UNITS_MAX   4000u
#define BOXES_MAX   1000u
#define HOLDS_MAX   400u
#define TOLD_MAX    2000u // events that were told by documents
#define WAITS_MAX   40u
#define STRANGE_MAX 2000u // units of others
#define LOTS        6u
#define PICK_MAX    12u // units that a wish names
#define CASE        4u  // packs that a case holds
#define SAID_KEPT   6u  // documents that are remembered

enum pack_state {
    PACK_ALLOCATED,
    PACK_LOST,    // on the line, as it was explained: never a pack unless it is found
    PACK_INVALID, // never used, as it was explained
    PACK_LOOSE,
    PACK_SCRAPPED,
    PACK_PACKED,
    PACK_SAMPLED,
    PACK_DESTROYED,
    PACK_MISSING,
    PACK_BACK,  // came back by itself
    PACK_LYING, // the number lies in its pool again, and whoever asks next may get it
    PACK_STATES
};
enum lot_run { LOT_RUNS, LOT_ENDED, LOT_FREED, LOT_REOPENS, LOT_RUNS_END };
enum box_state { BOX_ALLOCATED, BOX_OPEN, BOX_CLOSED, BOX_SHIPPED, BOX_BACK, BOX_STATES };

struct sim_pack {
    char serial[24];
    enum pack_state state;
    uint32_t asked, lot; // LOTS: none
    uint32_t box, busy;
    uint32_t line;  // which of the callers asked for it
    uint32_t times; // it was given
    uint32_t named; // the wish after which an event had named it, unused as it was; 0: none has
    uint32_t going; // times + 1, where a return of it is under way: another may get it; 0: none is
    bool held;
    bool waits; // a packing that was told waits for it, or for others with it
};
struct sim_box {
    char sscc[20], shipment[32];
    enum box_state state;
    uint32_t lot, home, count; // home: the lot that it began with, LOTS: none
    bool busy;                 // wishes never share a container
    bool held, received, came_back, waits;
};

#define NUMBERS_TERMS 8u // of the equations of a lot's balance
#define GOODS_TERMS   8u
struct explained { // by count
    uint64_t count, terms[GOODS_TERMS];
    bool doubt; // others were at the lot's goods meanwhile
};
struct sim_lot {
    enum lot_run state;
    bool held;
    uint32_t changing; // acts upon it that are under way
    uint32_t pinned;   // documents under way that count on its state
    uint32_t begins; // of what packings wait for, under way: a hold may come before those are done
    uint32_t returned; // numbers that were asked for with it, and went back to their pool
    struct explained fate, loose;
};

enum hold_of { HOLD_PACKS, HOLD_BOX, HOLD_LOT };
struct sim_hold {
    char id[32];
    enum hold_of of;
    uint32_t packs[PICK_MAX], count, box, lot;
    bool ended, busy;
};

struct sim_wait { // a packing that waits until all of its numbers have begun
    uint32_t packs[CASE], count, box, lot;
    bool busy, done;
};

struct sim_strange { // a unit of others
    char id[40];     // as the service names it
    char parent[40]; // empty: none
};

enum wish_sort { // what is wished
    WISH_PACKS,
    WISH_BOXES,
    WISH_COMMISSION,
    WISH_SCRAP,
    WISH_BACK, // packs that were not used, to their pool
    WISH_PACK,
    WISH_CLOSE,
    WISH_UNPACK,
    WISH_BEGIN, // what a packing waits for
    WISH_SHIP,
    WISH_VOID,
    WISH_RECEIVE,
    WISH_RETURN,
    WISH_HOLD,
    WISH_UNHOLD,
    WISH_END, // of a lot: nothing more is commissioned, its goods may go
    WISH_EXPLAIN,
    WISH_RELEASE,
    WISH_REOPEN,
    WISH_TELL,       // a document: own packs begin, and are perhaps packed
    WISH_TELL_WAIT,  // own packs are packed that have not begun
    WISH_TELL_OTHER, // of units of others
    WISH_TELL_LYING, // of numbers that lie in their pool
    WISH_TELL_AGAIN, // once more
    WISH_TELL_WRONG, // under the same event ids something else
    WISH_ACCEPT,     // the clock
    WISH_SORTS
};
enum expect { EXPECT_DONE, EXPECT_REFUSED, EXPECT_EITHER };
// What the answer to the same key tells later: the same; the lot as it is then; perhaps nothing of
// the kind, for it was so already and no fact holds the key.
enum bound_to { BOUND_TO_FACT, BOUND_TO_NOW, BOUND_TO_NOTHING };

struct wish {
    enum wish_sort sort;
    enum expect expect;
    char key[24], line[120];
    const char *type; // of the request
    struct buf body;
    uint32_t packs[PICK_MAX], count; // indexes; of WISH_PACKS and WISH_BOXES how many
    uint32_t times[PICK_MAX];        // of WISH_BACK and WISH_TELL_LYING: how often each was given
    uint32_t asked[PICK_MAX];        // of WISH_BACK: with which lot each was asked for
    uint32_t who, born;              // of the callers; which of all wishes it is
    uint32_t box, lot;               // BOXES_MAX, LOTS: none
    uint32_t objects;                // of a report
    uint32_t lots;                   // bits of those whose goods or state it touches
    uint32_t hold, wait;             // indexes
    enum hold_of of;
    enum pack_state to; // of WISH_EXPLAIN by name
    bool by_count, certain;
    enum bound_to bound;
    uint32_t first, events; // of a document: numbers of events
};

struct said { // a document that was taken
    struct buf body;
    uint32_t n; // events
};

struct goods {
    struct house *house;
    struct dice *dice;
    bool short_waits;             // packings that wait do so for an hour
    const char *auditor, *client; // tokens of who may read all, and what others' units are told
    struct sim_pack packs[UNITS_MAX];
    struct sim_box boxes[BOXES_MAX];
    struct sim_lot lots[LOTS];
    struct sim_hold holds[HOLDS_MAX];
    struct sim_wait waits[WAITS_MAX];
    struct sim_strange strange[STRANGE_MAX];
    uint32_t told[TOLD_MAX]; // numbers of events
    struct said said[SAID_KEPT];
    uint32_t pack_count, box_count, hold_count, wait_count, strange_count, told_count, said_count;
    uint32_t names;  // given to events and units of others so far
    uint32_t wishes; // so far
    uint64_t done[WISH_SORTS], refused[WISH_SORTS], again; // numbers given again
};

#define SIM_GTIN  "09521141000014"
#define SIM_PARTY "9521141000014"
#define SIM_SIGN                                                                                   \
    "\"signature\":{\"password\":\"words of their own\",\"meaning\":\"approval\",\"reason\":\"it " \
    "is so\"}"
extern const char *const sim_lots[LOTS];
extern const char *const wish_words[WISH_SORTS];

void goods_init(struct goods *g, struct house *h, struct dice *dice);
void goods_fini(struct goods *g);

// Whose wish. False: there is nothing to wish for. The body is w's own.
// `others`: wishes under way, NULLs among them; those that share a unit expect either.
enum wisher { BY_LINE, BY_OPERATOR, BY_QA, BY_DISTRIBUTOR, BY_GATEWAY };
struct wishing {
    struct wish **others;
    uint32_t other_count;
    enum wisher by;
    uint32_t who;
};
bool goods_wish(struct goods *g, struct wish *w, const struct wishing *x);

enum judged { JUDGED_DONE, JUDGED_NO, JUDGED_AGAIN }; // AGAIN: it is to be asked once more
enum judged goods_weigh(const struct wish *w, const struct house_answer *a);
// The wish has its last answer: the model follows it, or says what was promised otherwise.
void goods_judge(struct goods *g, const struct wish *w, enum judged v, str body);

// The wish was just answered: some of what it named, and something else, is as the answers have
// said, where none of `x->others` is at it.
void goods_glance(struct goods *g, const struct wish *w, const struct wishing *x);
// At the end: every number, case, lot and counter is.
void goods_check(struct goods *g);
