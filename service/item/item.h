// item.h - the named things that people configure: clients, products, lines, locations, parties,
// partners, pools. One way to put, show and list them; each noun brings its form and its rules.
//
// An item's *number* is dense, from 1 per noun, never re-used, and what rows and facts hold.
// rows: 'X' noun 1, name -> number 4, client 4, version 4, seq 8 of the fact that put it, packed
// form
//       'x' noun 1, number 4 -> name
#pragma once
#include "common/form.h"
#include "service/journal/kind.h"

enum item_noun_number { // on disk
    NOUN_CLIENT = 1,
    NOUN_PRODUCT = 2,
    NOUN_LOCATION = 3,
    NOUN_PARTY = 4,
    NOUN_LINE = 5,
    NOUN_PARTNER = 6,
    NOUN_POOL = 7
};

struct item {
    uint32_t number;
    client_id client; // whose it is; 0: the site's
    uint32_t version; // 1 at first, one more with every change
    uint64_t seq;
    str name;   // view into the row
    str packed; // form_pack's bytes; view into the row
};

struct item_put { // the ask of every noun's put
    str name;
    const void *value; // the form's struct
    client_id client;
    str reason;
};

struct item_noun {
    uint8_t number;   // enum item_noun_number
    const char *word; // "product"; codes are product.unknown …
    const struct form *form;
    // Checks a name in a path and brings it to its one spelling (a GTIN to 14 digits).
    status (*name)(str in, struct arena *a, str *out);
    // The noun's own rules, in the committer before a put is accepted; may be NULL.
    status (*decide)(struct decide *d, const struct item_put *put, const struct item *old);
    // The noun's own rows, after the item's were written; may be NULL. `value` is unpacked.
    void (*write)(struct txn *t, const struct fact *f, const struct item *now, const void *value);
};

bool item_get(struct txn *t, const struct item_noun *n, str name, struct item *out);
bool item_by_number(struct txn *t, const struct item_noun *n, uint32_t number, struct item *out);
// Unpacks into the form's struct, in the arena. item.corrupt.
status item_value(const struct item_noun *n, const struct item *i, struct arena *a, void *out);

// decide, write and print of every noun's put: kinds are made with .arg = the noun.
status item_put_decide(struct decide *d);
void item_put_write(struct txn *t, const struct fact *f, const void *noun);
void item_put_print(const struct fact *f, struct json_w *w, const void *noun);
