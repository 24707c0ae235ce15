// pool_db.h - the rows of pools and spaces: how far each is issued, and to whom.
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

struct space_row {
    uint32_t space; // 24 bits, from 1
    enum space_sort sort;
    uint32_t pool, epoch;
    client_id client;
    char gtin[14]; // of SGTIN spaces, else zeros
    uint32_t product;
    uint8_t level;   // of the product; SSCC: 0xff
    uint64_t high;   // high-water mark: ordinals below it were issued, skipped or returned
    uint64_t issued; // numbers given out of it
};

bool space_row_get(struct txn *t, uint32_t space, struct space_row *out);
// A unit of this space is put into, or others are put into it.
bool space_is_container(const struct space_row *s);

// Which request a number was issued by; seq 0: not issued (skipped, or above the mark).
struct issue_row {
    uint64_t seq;             // of the `numbers.issued` fact: the request
    uint64_t first, consumed; // ordinals
};
bool issue_of(struct txn *t, unit_id u, struct issue_row *out);
