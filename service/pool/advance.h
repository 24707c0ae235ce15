// advance.h - after a restore: what must be recovered so that no number which somebody holds is
// ever given again. Evidence goes in, asks for service/pool/recover.h and service/pool/foreign.h
// come out.
//
// Evidence is of two kinds: *marks*, how far the lost machine's head file says that each space had
// come; and *numbers* that lines or partners hold. A number a little beyond its space's mark moves
// the mark past it, since numbers are given in order. One far beyond (ADVANCE_REACH) is more likely
// misread: it is taken out alone. One that no pool could give is kept as a name, which imports and
// pools made later look for.
#pragma once
#include "service/pool/foreign.h"
#include "service/pool/recover.h"

#define ADVANCE_REACH       1000000u // beyond the mark, or a hundredth of the space where less
#define ADVANCE_REACH_MIN   10000u
#define ADVANCE_NUMBERS_MAX 10000000u

struct advance_mark { // of a space, as a head file has it
    str pool;
    uint32_t space, epoch;
    uint64_t high;
    struct digest16 form; // space_form
};
// What to recover; out->to is 0 where there is nothing. Codes: evidence.pool (no such pool: it was
// made after the backup and must be put again), evidence.form (it was put otherwise since),
// evidence.list (numbers of an import that is lost), evidence.epoch (site.key has not its epoch).
status advance_mark(const struct site *s, struct txn *t, const struct advance_mark *m,
                    struct recover_ask *out);

struct advance_counts {
    uint64_t numbers;   // looked at
    uint64_t known;     // below their marks, or known by their texts
    uint64_t ahead;     // that move marks
    uint64_t far;       // taken out alone
    uint64_t named;     // of no pool
    uint64_t unsought;  // of those, not looked for in spaces of newer keys
    uint64_t strangers; // of GTINs and company prefixes that are not the site's
    str stranger;       // the first, as a Digital Link
};

struct advance; // numbers gathered; one thread
struct advance *advance_new(const struct site *s);
void advance_free(struct advance **a);
// `serials` are bare; at most 256. evidence.many
status advance_serials(struct advance *a, struct txn *t, const char gtin[14], const str *serials,
                       uint32_t n);
// Any identity; what is neither SGTIN nor SSCC is passed over.
status advance_id(struct advance *a, struct txn *t, const struct gs1_id *id);

// All of it, in the arena: marks to be moved, names to be kept (each name once, those of one
// client together).
struct advance_name {
    client_id client;
    struct foreign_name name;
};
struct advance_plan {
    struct recover_ask *moves;
    uint32_t move_count;
    struct recover_ask *opens; // spaces of newer keys, after the moves
    uint32_t open_count;
    struct advance_name *names;
    uint32_t name_count;
    bool tests_names;
    struct advance_counts counts;
};
status advance_settle(struct advance *a, struct txn *t, struct arena *arena,
                      struct advance_plan *out);
