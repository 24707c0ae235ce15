// space.h - number spaces: which numbers a generated pool can give, in which order, as text.
//
// A *pool* is what people configure. A *space* is one epoch of one pool: the numbers that its
// definition and its key give. An *ordinal* is the place of a number in its space, from 0; it is
// what the ledger keeps. The *high-water mark* of a space is the first ordinal that was never
// taken, neither issued nor skipped. A *share* is the part of a space that one of several sites
// may use.
//
//     value = start + ordinal, or permutation(ordinal)     (sequential and SSCC, or random)
//     text  = prefix, then of * value + (index - 1) in the digits of the alphabet, then for an SSCC
//             the check digit
#pragma once
#include "service/pool/text.h"

#define SPACE_ALGORITHM           1u                  // of permutation and text together
#define SPACE_CAPACITY_MAX        ((uint64_t)1 << 40) // an ordinal has 40 bits in a unit's id
#define SPACE_SHARES_MAX          1000u               // sites that can part one space between them
#define SPACE_NO_ORDINAL          UINT64_MAX          // "not a number of this space"
#define SPACE_LENGTH_DEFAULT      20u
#define SPACE_ALPHABET_RANDOM     "23456789ABCDEFGHJKLMNPRSTUVWXYZ" // nothing to mistake
#define SPACE_ALPHABET_SEQUENTIAL "0123456789"

enum space_kind { SPACE_RANDOM, SPACE_SEQUENTIAL, SPACE_SSCC };

// A definition as a pool's owner gives it. Nothing is kept of it but copies.
struct space_conf {
    enum space_kind kind;
    uint32_t algorithm; // SPACE_ALGORITHM, kept with the pool so that a later one can be told apart
    uint64_t length;    // of the whole text, the prefix included; 0: the default
    str alphabet;       // in order; empty: the kind's default
    str exclude;        // characters taken out of the alphabet, the default one too
    str serial_prefix;  // an SSCC's: the first digits after the company prefix
    uint64_t start;     // not for random
    struct {
        uint64_t of, index; // index 1..of; both 0: the whole space
    } share;
    str company_prefix; // an SSCC's: 4..12 digits
    str extension;      // an SSCC's: one digit
};

// An immutable value once it has its key: threads may share it.
struct number_space {
    enum space_kind kind;
    struct text_form form; // an SSCC's without the check digit
    uint32_t share_of, share_index;
    uint64_t start;
    uint64_t capacity; // its ordinals are 0..capacity-1
    u128 size;         // values of this share
    bool keyed;
    struct permutation order; // random only
};

// Refuses with pool.length, pool.alphabet, pool.exclude, pool.serial_prefix, pool.start,
// pool.share, pool.capacity, pool.prefix, pool.extension or pool.algorithm; `at` is the byte in the
// field.
status space_init(const struct space_conf *conf, struct number_space *out);
// A random space can be compared and measured without its key, but neither written nor read.
void space_set_key(struct number_space *s, const uint8_t key[PERMUTATION_KEY_SIZE]);
void space_fini(struct number_space *s); // wipes the key

unsigned space_length(const struct number_space *s); // of every text of the space

// Where texts go: the n-th to p + n * stride, space_length characters, nothing after them.
struct space_sink {
    char *p;
    size_t stride;
};
// The texts of ordinals first..first+count-1, or of a list. pool.ordinal: beyond the capacity.
status space_text(const struct number_space *s, uint64_t first, uint32_t count,
                  struct space_sink out);
status space_text_list(const struct number_space *s, const uint64_t *ordinals, uint32_t count,
                       struct space_sink out);
// The n-th to p + at[n].
status space_text_at(const struct number_space *s, const uint64_t *ordinals, uint32_t count,
                     char *p, const size_t *at);

// Is it a number of this space, and which? True says nothing about whether it was ever issued.
bool space_ordinal(const struct number_space *s, str text, uint64_t *ordinal);
// The same for many, at a fraction of the price: SPACE_NO_ORDINAL where it is not.
void space_ordinal_list(const struct number_space *s, const str *texts, uint32_t count,
                        uint64_t *ordinals);

// disjoint.c: can no text belong to both? For spaces of one GTIN, or of one SSCC company prefix and
// extension; keys, starts and how much was used play no part, so the answer holds for ever.
bool space_disjoint(const struct number_space *a, const struct number_space *b);

// draw.c: what to issue next, and what to pass over.
struct space_past { // an older epoch of the same identifier
    const struct number_space *space;
    uint64_t high; // its high-water mark
};
struct space_draw {
    const struct number_space *space;
    const struct space_past *past;
    size_t past_count;
    const uint64_t *reserved; // ascending ordinals of `space` that imports have taken
    size_t reserved_count;
    uint64_t first;    // the first candidate: the space's high-water mark
    uint32_t wanted;   // numbers to issue
    uint64_t *skipped; // room for the ordinals passed over
    uint32_t skipped_max;
};
struct space_drawn {
    uint32_t count;    // to issue: first..first+consumed-1 without the skipped ones
    uint32_t skipped;  // ascending
    uint64_t consumed; // first + consumed is the new high-water mark
};
// Fewer than wanted are found only when the space is exhausted or the list of skipped ones is full.
struct space_drawn space_candidates(const struct space_draw *d);
