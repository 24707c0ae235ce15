// lot_int.h - what the files of this room share.
#pragma once
#include "service/journal/site.h"
#include "service/lot/lot.h"

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

// lot_db.c
void lot_put(struct txn *t, const struct lot *lot); // without `extra`, which the fact keeps
// The lots from number `from` on; false: there are no more.
bool lot_next(struct walk *w, struct arena *a, struct lot *out);
struct walk lot_walk(struct txn *t, uint32_t from, char key[5]);
