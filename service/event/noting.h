// noting.h - puts facts about units into the lists that events are found by (index.h).
//
// Runs in `write`: what is noted follows from the fact and the ledger alone, and each list is
// noted once. What a fact gives as several events (a container that begins and is packed) is noted
// for all of them; who looks at a list's facts looks at the events themselves.
#pragma once
#include "service/event/index.h"
#include "service/unit/run.h"

struct noting {
    struct txn *t;
    const struct fact *f;
    struct indexer x;
    uint32_t space;  // whose class was noted last
    bool is_foreign; // it
};

void noting_begin(struct noting *n, struct txn *t, const struct fact *f, struct arena *a);
void noting_event(struct noting *n, enum epcis_type type, enum epcis_step step,
                  enum epcis_disposition disposition);
// Where it happened, a GLN as a number (0: nobody said), and where the units are afterwards.
void noting_read_point(struct noting *n, uint64_t gln);
void noting_biz_location(struct noting *n, uint64_t gln);
// A source or destination: a party (PGLN) or a location (SGLN), by its GLN; 0: none.
void noting_party(struct noting *n, enum list_attribute of, uint64_t gln);
void noting_location(struct noting *n, enum list_attribute of, uint64_t gln);
void noting_value(struct noting *n, enum list_attribute of, str value); // as index_value gave it
void noting_units(struct noting *n, const struct runs *units);
void noting_end(struct noting *n);
