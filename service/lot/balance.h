// balance.h - the balance of a lot: what became of every number and every unit, per packaging
// level, from the counters alone (DOMAIN 2.5). What it costs does not grow with the lot.
//
// glossary: a *difference* is what an equation leaves over. It is *explained* by changing what the
// units are (they are lost on line, sampled …) or, where nobody knows which they are, by count.
// What is said by count holds for the numbers it was said of, the *basis*: while a term of the
// equation is another it is *out of date* and explains nothing, until it is said again or the terms
// are what they were.
#pragma once
#include "service/lot/signed.h"

struct balance_level {
    uint8_t level;
    bool has_numbers; // SSCCs of all levels have their numbers' equation with the innermost
    bool has_above;   // its units belong into containers
    struct lot_level_counts now;
    // numbers: issued + others = returned + invalid + elsewhere + commissioned + scrapped +
    //     label_sampled + lost_on_line + stolen + unknown_fate (of which printed, unread)
    struct {
        uint64_t issued, others, returned, invalid, elsewhere, commissioned, scrapped,
            label_sampled, lost_on_line, stolen, unknown_fate, printed, unread;
    } numbers;
    // goods: commissioned = in_containers + loose + open + shipped + sampled + inactive + dissolved
    //     + destroyed + lost + stolen
    struct {
        uint64_t commissioned, in_containers, loose, open, shipped, sampled, inactive, dissolved,
            destroyed, lost, stolen;
    } goods;
    struct {
        bool said;
        uint64_t value, seq, expected;
    } physical[PHYSICAL_END];
    int64_t difference[DIFFERENCE_END]; // physical ones: counted less expected
    uint64_t basis[DIFFERENCE_END];     // a digest of the equation's terms
    uint64_t explained[DIFFERENCE_END]; // by count
    uint64_t outdated[DIFFERENCE_END];  // what was explained of other terms: explains nothing
};

struct balance {
    struct lot lot;
    struct product product; // the lot's version
    struct shape shape;
    struct lot_papers papers;
    uint64_t unconfirmed; // requests for numbers
    struct balance_level level[PRODUCT_LEVELS_MAX];
    uint32_t n;
    // For who shows it: what of holds and signatures the lot itself does not know; NULL: nothing.
    const struct lot_beside *beside;
};
// A few rows, whatever the lot's size. Texts in the arena.
status balance_of(struct txn *t, const struct lot *lot, struct arena *a, struct balance *out);
uint64_t balance_unexplained(const struct balance_level *l, enum difference d);
// The balance as it will be once so many are explained by count, beside those that still hold.
void balance_with(struct balance *b, uint8_t level, enum difference d, uint64_t count);
// In writes: explains so many by count, beside those that still hold.
void balance_explain(struct txn *t, uint32_t lot, uint8_t level, enum difference d, uint64_t count);
uint64_t balance_open_lines(const struct balance *b); // how many lines are not explained
str balance_level_word(const struct balance *b, uint8_t level);
bool balance_level_find(const struct balance *b, str word, uint8_t *level);

// In writes: one exception per level that does not come out stands, and one that does is settled.
// `raise`: also those that do not stand yet. Deterministic: reads the ledger.
void balance_note(struct txn *t, const struct fact *f, uint32_t lot, bool raise);

// ---- shown (balance_out.c)

void balance_lines_write(const struct balance *b, struct json_w *w); // the levels and differences
status balance_json(struct txn *t, const struct balance *b, struct arena *a, struct json_w *w);
status balance_csv(struct txn *t, const struct balance *b, struct arena *a, struct buf *out);
// A page of its own, to print and to sign. `now`: when it was made.
status balance_html(struct txn *t, const struct balance *b, struct arena *a, wall now,
                    struct buf *out);
