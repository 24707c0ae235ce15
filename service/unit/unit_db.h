// unit_db.h - the rows of units: 200 of them each, 20 bytes a run of units that are alike.
#pragma once
#include "common/db.h"
#include "service/unit/run.h"

#define UNITS_A_ROW 200u
#define UNIT_BYTES  20u

// A cursor over rows, for reading or changing units that are mostly neighbours: it holds one row
// and writes it back when it moves on. Owner: the committer for writing, anybody for reading.
struct unit_rows {
    struct txn *t;
    bool changed; // the row at hand
    bool writes;  // it holds one row then; else also the one before: of a container and its content
    unsigned at;  // the one at hand
    uint64_t key[2]; // unit_id of the row's first unit; 0: holds none
    char row[2][UNITS_A_ROW * UNIT_BYTES];
};

void unit_rows_read(struct unit_rows *r, struct txn *t);
void unit_rows_write(struct unit_rows *r, struct txn *t);
struct unit unit_get(struct unit_rows *r, unit_id u); // all zeros where none was written
// How many units from `u` on, of at most `most`, have its state and its first event.
uint32_t units_alike(struct unit_rows *r, unit_id u, uint32_t most);
void unit_put(struct unit_rows *r, unit_id u, const struct unit *x);
void unit_rows_end(struct unit_rows *r); // writes back the last row

struct unit unit_one(struct txn *t, unit_id u);
// The first unit from `u` on in its space that lies in a row that was written; {0}: none.
unit_id unit_next(struct txn *t, unit_id u);
// How many units were ever given a state, of the whole site: reads every row.
uint64_t units_count(struct txn *t);
