// lot_int.h - what the files of this room share.
#pragma once
#include "service/access/second.h"
#include "service/journal/site.h"
#include "service/lot/papers.h"

#define LOT_LINES_MAX 8u

// What is sent when a lot is opened, as the fact keeps it: with the GTIN of the innermost level.
struct lot_value {
    str lot, gtin, expiry, client, line;
    struct form_list lines; // of str
    str order;
    uint64_t quantity;
    str produced, packaging;
    struct form_list extra; // of struct form_pair
};
extern const struct form lot_form;

// An expiry as it was printed: the day it means (day 0: only the month was said). lot.expiry
status lot_expiry_read(str printed, struct date *out);

struct lot_open_ask { // of kind_lot_opened
    client_id client;
    uint32_t product;
    struct lot_value value;
    struct date expiry;
};

struct lot_opened {
    uint32_t number, product, product_version;
    char gtin[14];
    struct date expiry;
    str packed; // of lot_form
};
status lot_opened_get(str decided, struct lot_opened *out);
// The lot as that fact opened it; of `extra` only whether there is any. Texts in the arena.
status lot_of_opened(const struct fact *f, struct arena *a, struct lot *out);

// In decide: the lot, which is then the fact's and the fact its client's; false: trouble.
bool lot_decided(struct decide *d, uint32_t number, struct lot *out);

struct lot_close_ask { // of kind_lot_closed
    uint32_t number;
    str reason;
    str partners; // JSON items, told by exchange
};
struct lot_closed {
    uint32_t number;
    struct lot_loose_ends ends;
    str reason, partners;
};
status lot_closed_get(str decided, struct lot_closed *out);

struct lot_count_ask { // of kind_lot_counted, and its decided part
    uint32_t number;
    uint8_t level;
    bool said[PHYSICAL_END];
    uint64_t value[PHYSICAL_END];
    str reason;
};
bool lot_counted_get(str decided, struct lot_count_ask *out);

struct lot_sign_ask { // of kind_lot_released, kind_lot_reopened, and of recalls
    uint32_t number;
    enum lot_signed what;
    struct signature signature;
};
struct lot_signed_fact {
    uint32_t number;
    enum lot_state before;
    struct signature signature;
    str balance;               // JSON, of a release
    struct second_first first; // where another person had to sign before
};
status lot_signed_get(const struct fact *f, struct lot_signed_fact *out);
struct second_of lot_act_of(uint32_t lot, enum lot_signed act);
enum lot_state lot_act_to(enum lot_signed act); // in which it is done already
second_look lot_sign_look;                      // struct lot_sign_ask

enum amend_field { // on disk
    AMEND_EXPIRY,
    AMEND_ORDER,
    AMEND_QUANTITY,
    AMEND_LINE,
    AMEND_LINES,
    AMEND_EXTRA,
    AMEND_END
};
struct lot_amend_ask { // of kind_lot_amended
    uint32_t number;
    str value[AMEND_END]; // as text; NULL: stays
    struct date expiry;   // where it is amended
    bool is_signed;
    struct signature signature;
    str reason;
};
second_look lot_amend_look; // struct lot_amend_ask
// False: it has none.
bool lot_amended_signature(const struct fact *f, struct signature *out, struct second_first *first);
str lot_amended_extra(const struct fact *f);                   // a view; empty: not amended
bool lot_amended_apply(const struct fact *f, struct lot *lot); // texts are views; false: none such

// past.c: a lot as its papers had it at that time, without holds and what became of its units.
struct lot_past {
    struct lot lot;
    uint64_t seq; // of the newest paper of then; with none, of the opening
    str balance;  // JSON, that the newest release of then was signed with; empty: there was none
    struct {
        bool said[PHYSICAL_END];
        uint64_t value[PHYSICAL_END];
    } counted[PRODUCT_LEVELS_MAX];
};
struct lot_then { // the last that counts: of both
    wall at;
    uint64_t seq;
};
// lot.unknown where it was not open yet. Texts in the arena.
status lot_past_get(struct txn *t, const struct lot *now, struct lot_then then, struct arena *a,
                    struct lot_past *out);

// acts_api.c: member `pending` of a lot, where there is any.
void lot_pendings_write(struct txn *t, const struct lot *lot, struct arena *a, struct json_w *w);

// acted.c
// The lot as it was by then: what its papers say. `at` is what is told as the time.
status lot_then_write(struct txn *t, const struct lot *now, struct lot_then then, struct moment at,
                      struct arena *a, struct json_w *w);
// The answer of an act upon a lot: the lot as the act's fact left it, so that a repeat is told the
// same. 202 where it waits for a second signature; a repeat of the first is told of the lot as it
// is once that waits no more: 200 where the act was done.
void lot_acted(struct http_req *r, const struct ask *a);

// lot_api.c: the words of a lot, members of an open object.
void lot_words_write(struct txn *t, const struct lot *lot, struct arena *a, struct json_w *w);

// lot_db.c
void lot_put(struct txn *t, const struct lot *lot); // without `extra`, which the fact keeps
// What was said when it was opened, by the fact `seq`; false where it cannot be read.
status lot_produced_check(str produced, struct date expiry); // lot.produced
bool lot_said(struct txn *t, uint64_t seq, struct arena *a, struct lot_value *out);
str lot_extra_opened(struct txn *t, uint64_t seq, struct arena *a); // as that fact opened it
// The lots from number `from` on; false: there are no more.
bool lot_next(struct walk *w, struct arena *a, struct lot *out);
struct walk lot_walk(struct txn *t, uint32_t from, char key[5]);
