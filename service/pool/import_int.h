// import_int.h - what the commands of an import share.
#pragma once
#include "service/pool/import.h"
#include "service/pool/pool_int.h"

struct import_place { // of a command about a list pool
    struct pool_row pool;
    struct space_row space;
    struct import_row under_way;
};
status import_place_get(struct decide *d, uint32_t pool, struct import_place *out); // pool.kind

// Texts of a part, and their ordinals in the space looked at.
struct looking {
    struct import_check *k;
    str *texts;
    uint64_t *ordinals;
    uint32_t claims_max;
};
status look_begin(struct looking *l, uint32_t spaces);
// Appends the claims that their spaces have not passed yet. k->numbers are those given up.
status import_claims_of(struct import_check *k, struct buf *out);
// Makes the claims that the rest of a decided part names, or takes them back.
void import_claims_write(struct txn *t, struct bytes_r *in, bool give_up);
