// lot_db.h - the rows of lots: what a lot is, its state, and counters kept at writing time.
#pragma once
#include "service/catalog/product.h"
#include "service/unit/unit.h"

enum lot_state { // on disk
    LOT_OPEN = 1,
    LOT_CLOSED = 2,
    LOT_RELEASED = 3,
    LOT_REOPENED = 4,
    LOT_RECALLED = 5
};

struct lot {
    uint32_t number; // dense
    client_id client;
    uint32_t product, product_version;
    char gtin[14]; // of the product's innermost level
    str lot;       // AI 10
    str expiry_printed;
    struct date expiry;
    enum lot_state state;
    bool held; // all its units are on hold
    uint64_t opened_seq;
    uint64_t closed_seq; // 0: not closed
    str order;
    str line;          // that it was planned for; may be empty
    uint64_t quantity; // 0: not said
    str lines;         // names with a comma between; empty: any line may report on it
    str extra;         // JSON object or empty
};

// What every report must know of its lot, without its texts.
struct lot_brief {
    enum lot_state state;
    bool held;
    client_id client;
    uint32_t product, product_version;
};

// Counters of one packaging level. Level PRODUCT_LEVELS_MAX - 1 stands for SSCCs when the product
// names no SSCC level; where it names several, an SSCC's level is told by what it holds, and an
// empty one counts with the innermost of them.
//
// Every unit counts as one thing now. `lost` and `stolen` are goods that would be in stock else;
// `lost_numbers` and `stolen_numbers` were never commissioned: these, and `printed` and `invalid`,
// are the lot's that the number was asked for.
#define LOT_COUNTS(X)                                                                              \
    X(COMMISSIONED, commissioned) /* ever */                                                       \
    X(SCRAPPED, scrapped)         /* now, as all below */                                          \
    X(PACKED, packed)             /* lie in a container */                                         \
    X(OPEN, open)                 /* containers */                                                 \
    X(SHIPPED, shipped)           /* as the top of their tree */                                   \
    X(PRINTED, printed)           /* and not more */                                               \
    X(LABEL_SAMPLED, label_sampled)                                                                \
    X(SAMPLED, sampled)                                                                            \
    X(INACTIVE, inactive)                                                                          \
    X(DESTROYED, destroyed)                                                                        \
    X(INVALID, invalid)                                                                            \
    X(DISSOLVED, dissolved)                                                                        \
    X(LOST, lost)                                                                                  \
    X(STOLEN, stolen)                                                                              \
    X(LOST_NUMBERS, lost_numbers)                                                                  \
    X(UNREAD, unread) /* labels whose number no camera could read, ever */                         \
    X(STOLEN_NUMBERS, stolen_numbers)                                                              \
    X(ELSEWHERE, elsewhere) /* asked for with it, begun with another lot, ever */                  \
    X(OTHERS, others)       /* begun with it, not asked for with it, ever */

enum count { // on disk, in captured events
#define X(name, member) COUNT_##name,
    LOT_COUNTS(X)
#undef X
        COUNT_END
};
struct lot_level_counts {
    uint64_t issued; // numbers requested with this lot in mind; see lot_asked
    union {
        struct {
#define X(name, member) uint64_t member;
            LOT_COUNTS(X)
#undef X
        };
        uint64_t of[COUNT_END];
    };
};
struct lot_counts {
    struct lot_level_counts level[PRODUCT_LEVELS_MAX];
    uint64_t unconfirmed; // requests not yet confirmed; see lot_asked
};

const char *lot_state_word(enum lot_state s);
uint32_t lot_number(struct txn *t, client_id client, uint32_t product, str lot); // 0: none
// By any GTIN of the product's levels; texts in the arena.
bool lot_find(struct txn *t, const char gtin[14], str lot, struct arena *a, struct lot *out);
bool lot_get(struct txn *t, uint32_t number, struct arena *a, struct lot *out);
// The same two where nothing is kept: the texts are views of the row, `extra` is left out.
bool lot_peek(struct txn *t, const char gtin[14], str lot, struct lot *out);
bool lot_view(struct txn *t, uint32_t number, struct lot *out);
bool lot_brief_get(struct txn *t, uint32_t number, struct lot_brief *out);
enum lot_state lot_state_get(struct txn *t, uint32_t number); // cheap; 0 where there is none
bool lot_takes_commission(enum lot_state s);
// The last day counts as good, in UTC; of an expiry without a day that is the month's last.
bool lot_is_over(struct date expiry, wall at);
unsigned lot_unit_flags(enum lot_state s, bool held); // enum unit_flag: what its units have from it
bool lot_takes_line(const struct lot *lot, str line); // true where the lot lists none
void lot_hold(struct txn *t, uint32_t number, bool held); // in writes
// `issued` and `unconfirmed` stay 0: these counters do not keep them.
struct lot_counts lot_counts_get(struct txn *t, uint32_t number);
void lot_counts_put(struct txn *t, uint32_t number, const struct lot_counts *c);
// What a unit counts as, by its state and own flags; 0 (commissioned, which is ever): as nothing.
enum count unit_counts_as(const struct unit *u);
// Every fact that names a lot stands in the lot's list (LIST_LOT).
void lot_note(struct txn *t, client_id client, uint32_t number, uint64_t seq);
