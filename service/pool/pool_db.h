// pool_db.h - the rows of pools, spaces and requests: how far each is issued, and to whom.
//
// A pool (an item) has one space per epoch of the site key that it was used under; list pools and
// the foreign units of a client have a space too. Rows are described at the head of pool_db.c.
#pragma once
#include "service/catalog/product.h"
#include "service/unit/unit.h"

enum space_sort {        // on disk
    SPACE_OF_SGTIN = 1,  // generated, text by service/pool/space.h
    SPACE_OF_SSCC = 2,   // generated
    SPACE_OF_LIST = 3,   // imported: texts are rows
    SPACE_OF_FOREIGN = 4 // a client's units that were captured or scanned, never issued here
};

#define SPACE_HOURS 24u

struct space_row {
    uint32_t space; // 24 bits, from 1
    enum space_sort sort;
    uint32_t pool, epoch;
    client_id client; // 0: SSCCs that the site may use for any client
    char gtin[14];    // of SGTIN and list spaces, else zeros
    uint32_t product;
    uint8_t level;     // of the product; SSCC: 0xff
    bool tests_lists;  // imports are older than it: candidates are looked up one by one
    uint64_t capacity; // ordinals are below it; of a list: the numbers imported
    uint64_t high;     // high-water mark: ordinals below it were issued, skipped or returned
    uint64_t issued;   // numbers given out of it
    uint64_t barred;   // ordinals that it never gives ('r' rows): an import or an epoch has them
    uint64_t ahead;    // those of them at or above the mark
    uint64_t passed;   // those of them that an older epoch has
    uint64_t back;     // numbers given that came back to be given again, and lie there
    bool had_back;     // there are rows '8' of it, or were
    uint32_t hour;     // since 1970, of the last entry below
    uint32_t by_hour[SPACE_HOURS]; // numbers issued in that hour and the 23 before, by hour % 24
    str definition;                // of generated spaces (space_definition_get); a view of the row
};

bool space_row_get(struct txn *t, uint32_t space, struct space_row *out);
// What the space is, without how far it is: `high` and all below it but `definition` are 0.
bool space_get(struct txn *t, uint32_t space, struct space_row *out);
// The spaces of a pool, oldest epoch first.
#define POOL_SPACES_MAX 64u // one an epoch
struct pool_marks {
    uint32_t n;
    uint32_t spaces[POOL_SPACES_MAX];
};
void pool_marks_get(struct txn *t, uint32_t pool, struct pool_marks *out);
// Every space, in the order of their numbers; `each` answers false where it has seen enough.
typedef bool space_each(void *self, const struct space_row *s);
void space_rows(struct txn *t, space_each *each, void *self);
// Numbers given in the hour of `at` and since, also those that had come back; of its newest 24
// hours alone.
uint64_t space_given_since(const struct space_row *s, wall at);
// What a space's texts follow from, but for the key: equal digests, equal definitions.
struct digest16 space_form(const struct space_row *s);
// The company prefix of a space of SSCCs; empty: it is none. A view of the row.
str space_company_prefix(const struct space_row *s);
// A unit of this space is put into, or others are put into it.
bool space_is_container(const struct space_row *s);

// Which request a number was issued by; seq 0: not issued (skipped, or above the mark).
struct issue_row {
    uint64_t seq;             // of the `numbers.issued` fact: the request
    uint64_t first, consumed; // ordinals
};
// Of one that came back and was given again, the newest; of one that lies in its pool, none. The
// range is as far as that holds.
bool issue_of(struct txn *t, unit_id u, struct issue_row *out);
// The first request that ever got it, whatever became of it.
bool issue_first_of(struct txn *t, unit_id u, struct issue_row *out);
bool number_lies_in_pool(struct txn *t, unit_id u); // it came back
bool number_was_given_again(struct txn *t, unit_id u);

enum request_state { // on disk
    REQUEST_OPEN = 1,
    REQUEST_CONFIRMED = 2,
    REQUEST_RETURNED = 3
};

struct request_row {
    uint64_t seq; // of the `numbers.issued` fact
    client_id client;
    uint32_t pool, space;
    uint64_t first, consumed; // ordinals
    uint32_t quantity;
    uint32_t returned; // of them
    enum request_state state;
    uint64_t state_seq; // of the fact that confirmed or returned it, 0
    wall at;
    char gtin[14]; // of the serials, or of the lot that SSCCs were asked for; zeros: neither
    bool is_sscc;
    str line, lot, order; // views of the row; may be empty
};

const char *request_state_word(enum request_state s);
bool request_get(struct txn *t, uint64_t seq, struct request_row *out);

// The ordinals that a space never gives, from `from` on, ascending, those below `below`; how many.
struct barred_range {
    uint32_t space;
    uint64_t from, below;
};
uint32_t barred_list(struct txn *t, const struct barred_range *r, uint64_t *out, uint32_t max);

// Requests from one on, oldest first.
struct request_walk {
    struct walk walk;
    char from[9];
};
void request_walk_open(struct request_walk *w, struct txn *t, uint64_t from);
bool request_walk_next(struct request_walk *w, struct request_row *out); // false: no more, trouble

// What was asked for with a lot in mind, whether or not the lot was open yet.
struct asked {
    uint64_t requested;   // numbers
    uint64_t returned;    // of them, to their owner
    uint64_t unconfirmed; // requests that are open
};
struct asked_of { // the serials of a level's GTIN, or the SSCCs asked with the lot and this GTIN
    client_id client;
    const char *gtin; // 14 digits
    str lot;
    bool is_sscc;
};
struct asked asked_get(struct txn *t, const struct asked_of *of);

// Numbers known by their text: imported ones, and a client's foreign units. `key` is the GTIN of
// a serial, or empty where the text alone names the unit.
struct text_of {
    client_id client;
    str key, text;
};
unit_id text_find(struct txn *t, const struct text_of *of); // {0}: not known

struct list_number {
    str text;
    str attributes; // bytes_pairs
};
bool list_number_get(struct txn *t, unit_id u, struct list_number *out); // views of the row
