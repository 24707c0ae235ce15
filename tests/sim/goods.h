// goods.h - what the callers of a simulated site believe of its goods: the model that the service
// is held to. It knows of each number what the answers have said, and nothing else.
//
// glossary: a *wish* is one thing that a caller wants done, asked for until it is answered. Units
// that it names are *busy* meanwhile; where two wishes name the same unit, either may be refused,
// but never may both be done.
#pragma once
#include "house.h"

#define UNITS_MAX 4000u
#define BOXES_MAX 1000u
#define LOTS      6u
#define PICK_MAX  12u // units that a wish names
#define CASE      4u  // packs that a case holds

// PACK_LYING: the number lies in its pool again, and whoever asks next may get it.
enum pack_state { PACK_ALLOCATED, PACK_LOOSE, PACK_SCRAPPED, PACK_PACKED, PACK_LYING, PACK_STATES };
enum run_state { LOT_RUNS, LOT_ENDING, LOT_ENDED };
enum box_state { BOX_ALLOCATED, BOX_OPEN, BOX_CLOSED, BOX_SHIPPED, BOX_STATES };

struct sim_pack {
    char serial[24];
    enum pack_state state;
    uint32_t lot, box, busy;
    uint32_t line;  // which of the callers asked for it
    uint32_t times; // it was given
    bool going;     // a return of it is under way: from here on another may get it
};
struct sim_box {
    char sscc[20];
    enum box_state state;
    uint32_t lot, count;
    bool busy; // wishes never share a container
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
    WISH_SHIP,
    WISH_END,    // of a lot: nothing more is commissioned, its goods may go
    WISH_ACCEPT, // the clock
    WISH_SORTS
};
enum expect { EXPECT_DONE, EXPECT_REFUSED, EXPECT_EITHER };

struct wish {
    enum wish_sort sort;
    enum expect expect;
    char key[24];
    const char *line, *type; // of the request
    struct buf body;
    uint32_t packs[PICK_MAX], count; // indexes; of WISH_PACKS and WISH_BOXES how many
    uint32_t times[PICK_MAX];        // of WISH_BACK: how often each had been given
    uint32_t who;                    // of the callers
    uint32_t box, lot;
    uint32_t objects; // of a report
};

struct goods {
    struct house *house;
    struct dice *dice;
    struct sim_pack packs[UNITS_MAX];
    struct sim_box boxes[BOXES_MAX];
    enum run_state lots[LOTS];
    uint32_t pack_count, box_count;
    uint64_t done[WISH_SORTS], refused[WISH_SORTS], again; // numbers given again
};

#define SIM_GTIN  "09521141000014"
#define SIM_PARTY "9521141000014"
extern const char *const sim_lots[LOTS];
extern const char *const wish_words[WISH_SORTS];

// A line's wish, or the operator's: false: there is nothing to wish for. The body is w's own.
// `others`: wishes under way, NULLs among them; those that share a unit expect either.
struct wishing {
    struct wish **others;
    uint32_t other_count;
    bool operator;
    uint32_t who; // wishes
};
bool goods_wish(struct goods *g, struct wish *w, const struct wishing *x);

enum judged { JUDGED_DONE, JUDGED_NO, JUDGED_AGAIN }; // AGAIN: it is to be asked once more
enum judged goods_weigh(const struct wish *w, const struct house_answer *a);
// The wish has its last answer: the model follows it, or says what was promised otherwise.
void goods_judge(struct goods *g, const struct wish *w, enum judged v, str body);

// At the end: every number, case and counter is as the answers have said. `token`: who may read.
void goods_check(struct goods *g, str token);
