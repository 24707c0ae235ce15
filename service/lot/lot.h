// lot.h - lots and their packaging levels: pure rules, and what numbers were asked for.
//
// glossary: a level is *labelled only* when its units bear a mark but no number of their own; what
// lies below it is counted as lying directly in the level above. *Nominal* is how many units of the
// level below a container holds when it is full.
#pragma once
#include "service/lot/lot_db.h"

#define LEVEL_SSCC (PRODUCT_LEVELS_MAX - 1) // of SSCCs where the product names no such level

// The levels of the version of its product that a lot was opened with.
struct shape {
    uint32_t product;
    uint8_t levels;
    struct {
        bool is_sscc, label_only;
        char gtin[14]; // zeros: it has none
        uint32_t quantity;
    } level[PRODUCT_LEVELS_MAX];
};

status shape_of_lot(struct txn *t, const struct lot_brief *lot, struct arena *a, struct shape *out);
struct shape shape_of(const struct product *p);
bool shape_has_gtin(const struct shape *s, uint8_t level, const char gtin[14]);
uint8_t shape_sscc_levels(const struct shape *s); // how many
// The level of an SSCC whose content is of level `below`, or of an empty one.
uint8_t shape_sscc_over(const struct shape *s, uint8_t below);
uint8_t shape_sscc_empty(const struct shape *s);
// The numbered level whose units lie directly in those of `level`; -1: there is none.
int shape_below(const struct shape *s, uint8_t level);
// How many units of `below` fill one of `above`; 0: they do not belong together or nobody said.
uint64_t shape_nominal(const struct shape *s, uint8_t above, uint8_t below);
bool shape_has_above(const struct shape *s, uint8_t level); // containers that take this level

// Fills `issued` of every level and `unconfirmed`, and says how many numbers went back.
void lot_asked(struct txn *t, const struct lot *lot, const struct product *p, struct lot_counts *c,
               uint64_t returned[PRODUCT_LEVELS_MAX]);

// What a code says beside the number (AI 10, AI 17 as printed; empty: nothing) must be the lot's.
// Codes: unit.lot_differs, unit.expiry_differs
status lot_code_check(const struct lot *lot, str said_lot, str said_expiry);
// For what begins at that time, which may be told late. lot.expired
status lot_expiry_check(const struct lot *lot, wall at);

// What is not yet well when a lot is closed: it is told, and never a reason to refuse.
struct lot_loose_ends {
    uint64_t open_containers;
    uint64_t unconfirmed;  // requests for numbers
    uint64_t loose;        // commissioned, belonging into a container, in none and not shipped
    uint64_t unknown_fate; // balance.h
};

// What routes of a lot share. The lot that the path names; false where this caller knows of none.
bool lot_named(struct http_req *r, struct txn *t, struct lot *out);
status lot_unknown(void);
void lot_reply(struct http_req *r, status st, int code, struct buf *b); // takes the buf

extern const struct kind kind_lot_opened, kind_lot_closed, kind_lot_counted, kind_lot_released,
    kind_lot_released_1, kind_lot_reopened, kind_lot_reopened_1, kind_lot_amended,
    kind_lot_amended_1, kind_lot_recalled_1;
extern const struct http_route lot_routes[], lot_paper_routes[], lot_act_routes[];
