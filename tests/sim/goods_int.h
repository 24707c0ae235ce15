// goods_int.h - what the files of the model share.
//
//     goods.c  what lines wish for; whose wishes meet; what an answer means
//     given.c  numbers are given, go back to their pool, are given again
//     lots.c   lots: ended, explained, released, opened again; their balance
//     trade.c  goods leave, arrive, come back, are held
//     told.c   documents
//     proof.c  all is as the answers said
#pragma once
#include "goods.h"

#define EXCLUSIVE 1000u // more than wishes ever share a pack

// Up to `max` packs in this state (and lot, unless LOTS), the newest mostly; some that others name.
struct pick {
    enum pack_state state;
    uint32_t lot, box, max; // box: BOXES_MAX: any
    bool share;
};
void pick(struct goods *g, struct wish *w, const struct pick *p);
uint32_t pick_box(struct goods *g, enum box_state state, bool filled); // BOXES_MAX: none
uint32_t pick_lot(struct goods *g, enum lot_run state);                // mostly one in this state
void say_packs(const struct goods *g, const struct wish *w, struct buf *b, const char *around);
void line_say(struct wish *w, const char *fmt, ...) LIKE_PRINTF(2, 3);

// What can be done while the lot is as it should be, and while it changes perhaps.
void depend(struct goods *g, struct wish *w, uint32_t lot, bool right);
void forbid(struct wish *w, bool wrong);
bool lot_takes(const struct sim_lot *l);  // are packs commissioned?
bool lot_leaves(const struct sim_lot *l); // do its goods leave?

typedef bool wish_make(struct goods *g, struct wish *w);
wish_make wish_packs, wish_boxes, wish_back;                                       // given.c
wish_make wish_end, wish_explain, wish_release, wish_reopen;                       // lots.c
wish_make wish_ship, wish_void, wish_receive, wish_return, wish_hold, wish_unhold; // trade.c
wish_make wish_tell, wish_tell_wait, wish_tell_other, wish_tell_again;             // told.c
wish_make wish_tell_lying, wish_tell_wrong, wish_begin_waiting;                    // told.c

// After an answer that says it is done.
void given_follow(struct goods *g, const struct wish *w, str body);
void lots_follow(struct goods *g, const struct wish *w);
void trade_follow(struct goods *g, const struct wish *w, str body);
void told_follow(struct goods *g, const struct wish *w);

void move(struct goods *g, const struct wish *w, enum pack_state from, enum pack_state to);
bool number_after(str *rest, const char *name, uint64_t *out);
bool text_after(str rest, const char *name, char *out, size_t room);
bool says(str body, const char *piece);

// The terms of a lot's equations, as the model has them.
struct lot_terms {
    uint64_t issued, others, returned, invalid, elsewhere, commissioned, scrapped, lost_on_line;
    uint64_t made, in_containers, loose, shipped, sampled, destroyed, lost, open;
    uint64_t cases, cases_gone;
    uint64_t unknown_fate;
};
struct lot_terms lot_terms(const struct goods *g, uint32_t lot);
bool lot_in_doubt(const struct goods *g, uint32_t lot); // may its goods change by themselves?
// What is explained by count of the numbers without a fate, or of the loose goods. False: that
// hangs on what came first.
bool lot_explained(const struct goods *g, uint32_t lot, bool fate, uint64_t *explained,
                   uint64_t *outdated);
