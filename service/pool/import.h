// import.h - lists of numbers that others made: in parts, invisible until the last fact.
//
// A part brings at most IMPORT_PART numbers. Nothing of them can be issued or found until
// `import.done`; `import.dropped` takes parts back, the newest first. In a pool one import is
// under way at a time. What a captured event names meanwhile is that event's: done is refused.
#pragma once
#include "service/journal/kind.h"
#include "service/unit/unit.h"

#define IMPORT_PART           2000u
#define IMPORT_ATTRIBUTES_MAX 8u   // of one number
#define IMPORT_NAME_MAX       64u  // bytes of an attribute's name
#define IMPORT_VALUES_MAX     800u // bytes of a number's names and values together, packed

struct import_number {
    str text;
    str attributes; // bytes_pairs
    uint32_t line;  // where it stood: line of a text, item of a list, from 1
};

struct import_part {
    uint32_t pool;
    uint64_t import; // seq of its first part; 0: this is the first
    uint64_t so_far; // numbers in the parts before
    const struct import_number *numbers;
    uint32_t n;
};
// import.running, pool.kind, serial.duplicate with the offenders, import.attributes.
extern const struct kind kind_import_part; // ask: struct import_part

struct import_end {
    uint32_t pool;
    uint64_t import; // of import.done; import.dropped takes what there is
    uint64_t count;  // of import.done: all numbers
};
extern const struct kind kind_import_done;    // import.running, serial.duplicate with the offenders
extern const struct kind kind_import_dropped; // import.none: nothing is under way
uint64_t import_count(const struct fact *done);
// A pool into which an import is under way: at the start one that a crash cut off.
bool import_under_way(struct txn *t, uint32_t *pool);

struct pool_return {
    uint32_t pool;
    str reason;
};
// The rest of a list goes back to its owner. ask: struct pool_return. pool.kind, import.running
extern const struct kind kind_pool_returned;
uint64_t pool_returned_count(const struct fact *f);

// Which numbers are taken, and which a generated space would come to: it must pass them over.
struct import_claim {
    uint32_t number; // index
    unit_id at;
};
struct names;
struct import_check {
    struct names *names;
    struct txn *t;
    struct arena *arena;
    uint32_t pool;
    const struct import_number *numbers;
    uint32_t n;
    // The answer, in the arena:
    bool *taken;
    struct import_claim *claims;
    uint32_t claim_count;
};
status import_check(struct import_check *k);
// An offender, as struct decide's units have them.
void import_offender(struct buf *units, const char gtin[14], const struct import_number *x,
                     const char *code);
#define IMPORT_OFFENDERS_MAX 100u // named in one refusal
