// second.h - acts upon a lot that two people must sign: which, what waits for the second, and its
// rows.
//
// glossary: an act is *marked* where the setting signatures.second names it; signed once it is
// *proposed* and changes nothing; signed by another person, before it *expires*, it is done.
#pragma once
#include "service/access/signature.h"
#include "service/lot/papers.h"

struct site;
struct lot_sign_ask;

const char *lot_act_word(enum lot_signed act); // "release"
bool lot_act_find(str word, enum lot_signed *out);
status lot_acts_check(str text); // of the setting: settings.word
bool lot_act_needs_second(const struct site *s, enum lot_signed act);
enum lot_state lot_act_to(enum lot_signed act); // sign.c

// May the act be done to the lot as it is? Where the balance counts, it is written. In decide.
status lot_act_check(struct decide *d, enum lot_signed act, const struct lot *lot,
                     struct buf *balance); // sign.c

struct lot_pending { // views of nothing: the row alone
    uint32_t lot;
    enum lot_signed act;
    uint64_t seq; // of `act.proposed`
    wall expires;
};
bool lot_pending_get(struct txn *t, uint32_t lot, enum lot_signed act, struct lot_pending *out);
void lot_pending_end(struct txn *t, uint32_t lot, enum lot_signed act);
// Those from (lot, act) on, also expired ones; `from` is the walk's.
struct walk lot_pending_walk(struct txn *t, uint32_t lot, enum lot_signed act, char from[6]);
bool lot_pending_next(struct walk *w, struct lot_pending *out);
bool lot_pending_signature(struct txn *t, const struct lot_pending *p, struct arena *a,
                           struct signature *out);

// On the loop: is this the first of two signatures, so that kind_act_proposed is what is asked?
bool lot_act_is_proposal(const struct site *s, struct txn *t, const struct lot *lot,
                         const struct lot_sign_ask *ask, struct arena *a);
// In decide of the act: the proposal that it completes, 0 where one signature is enough.
// act.second, act.changed (409).
status lot_act_second(struct decide *d, const struct lot *lot, const struct lot_sign_ask *ask,
                      str balance, uint64_t *seq, struct signature *first);

struct lot_withdraw_ask { // of kind_act_withdrawn
    uint32_t number;
    enum lot_signed what;
    str reason;
};
extern const struct kind kind_act_proposed, kind_act_withdrawn; // ask: struct lot_sign_ask
extern const struct http_route lot_act_routes[];                // acts_api.c

// What `act.proposed` made wait.
status lot_pending_of_fact(const struct fact *f, struct lot_pending *out);
// Members act, signature, expires of an open object; `pending` of a lot, where there is any.
void lot_pending_write(struct txn *t, const struct lot_pending *p, struct arena *a,
                       struct json_w *w);
void lot_pendings_write(struct txn *t, const struct lot *lot, struct arena *a, struct json_w *w);
