// lot_db.h - the rows of lots: what a lot is, its state, and counters kept at writing time.
#pragma once
#include "service/catalog/product.h"

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
    uint64_t opened_seq;
    str order;
    uint64_t quantity; // 0: not said
    str lines;         // names with a comma between; empty: any line may report on it
    str extra;         // JSON object or empty
};

// Counters of one packaging level. Level PRODUCT_LEVELS_MAX - 1 stands for SSCCs when the product
// names no SSCC level.
struct lot_level_counts {
    uint64_t issued;       // numbers requested with this lot in mind
    uint64_t commissioned; // ever
    uint64_t scrapped;
    uint64_t packed;  // units of this level that lie in a container now
    uint64_t open;    // containers of this level that are open now
    uint64_t shipped; // units of this level shipped as top of their tree
};
struct lot_counts {
    struct lot_level_counts level[PRODUCT_LEVELS_MAX];
    uint64_t unconfirmed; // requests not yet confirmed
};

const char *lot_state_word(enum lot_state s);
// By any GTIN of the product's levels; texts in the arena.
bool lot_find(struct txn *t, const char gtin[14], str lot, struct arena *a, struct lot *out);
bool lot_get(struct txn *t, uint32_t number, struct arena *a, struct lot *out);
enum lot_state lot_state_get(struct txn *t, uint32_t number); // cheap; 0 where there is none
struct lot_counts lot_counts_get(struct txn *t, uint32_t number);
void lot_counts_put(struct txn *t, uint32_t number, const struct lot_counts *c);
