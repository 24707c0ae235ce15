// exception.h - what somebody must look at: raised by facts, worked off by people.
//
// glossary: an *exception* is derived from a fact, in its write, and needs no fact of its own. It
// is known by the fact's client and seq and a small index, for a fact may raise several. It is
// *open*, *assigned* to an owner, or *resolved*; who did what with it are facts of their own
// (act.h). One that is *about* something (a pool, a parked delivery) stands once: raised again
// while it is not resolved it only counts up, and it is *settled* by the fact that removes its
// cause.
#pragma once
#include "service/journal/kind.h"

//      name               number  word
#define EXCEPTION_KINDS(X)                                                                         \
    X(REFUSED, 1, "refused")         /* a transition that a guard refused, from any door */        \
    X(CAPTURED, 2, "captured")       /* a captured event that its units did not allow */           \
    X(REJECTED, 3, "rejected")       /* a partner refused an event: it is parked */                \
    X(WAITING, 4, "waiting")         /* captured data waits for what it builds on */               \
    X(LABEL_SHIFT, 5, "label_shift") /* labels and packs ran apart */                              \
    X(COUNT_DIFFERENCE, 6, "count_difference") /* a balance that does not come out */              \
    X(POOL_LOW, 7, "pool_low")                 /* fewer numbers than the threshold are left */     \
    X(POOL_EXPIRING, 8, "pool_expiring")       /* numbers must be used soon or never */            \
    X(VERIFICATION, 9, "verification")         /* a suspect product was asked about */             \
    X(PDG, 10, "pdg")                          /* a message of a trading partner */                \
    X(CLOCK, 11, "clock")                      /* a clock that cannot be right */

enum exception_kind { // on disk
#define X(name, number, word) EXCEPTION_OF_##name = (number),
    EXCEPTION_KINDS(X)
#undef X
        EXCEPTION_OF_END
};
const char *exception_kind_word(enum exception_kind k); // NULL: there is none
bool exception_kind_find(str word, enum exception_kind *out);

enum exception_state { // on disk
    EXCEPTION_OPEN = 1,
    EXCEPTION_ASSIGNED = 2,
    EXCEPTION_RESOLVED = 3
};
const char *exception_state_word(enum exception_state s);
bool exception_state_find(str word, enum exception_state *out);

// How it ended. The last six are what trading partners agree on (PDG).
#define EXCEPTION_RESOLUTIONS(X)                                                                   \
    X(BY_ITSELF, 1, "by_itself") /* a later fact removed the cause; nobody's to choose */          \
    X(CORRECTED, 2, "corrected") /* the cause was mended */                                        \
    X(EXPLAINED, 3, "explained") /* it is as it is, and why */                                     \
    X(NO_ERROR, 4, "no_error")   /* looked at: nothing was wrong */                                \
    X(DUPLICATE, 5, "duplicate") /* another exception stands for it */                             \
    X(NEW_DATA, 16, "send_new_data")                                                               \
    X(SEND_PRODUCT, 17, "send_product")                                                            \
    X(RETURN_PRODUCT, 18, "return_product")                                                        \
    X(SEND_BACK, 19, "send_back_product")                                                          \
    X(CREDIT, 20, "credit_account")                                                                \
    X(DEBIT, 21, "debit_account")

enum exception_resolution { // on disk
#define X(name, number, word) RESOLUTION_##name = (number),
    EXCEPTION_RESOLUTIONS(X)
#undef X
        RESOLUTION_END
};
const char *exception_resolution_word(enum exception_resolution r);       // NULL: there is none
bool exception_resolution_find(str word, enum exception_resolution *out); // of those to choose

#define EXCEPTION_INDEX_MAX 255u
#define EXCEPTION_CODE_MAX  64u // bytes; what is longer is cut
#define EXCEPTION_OWNER_MAX 64u

// What a fact raises. Deterministic: only what the fact and the ledger say.
struct exception {
    enum exception_kind kind;
    uint8_t index; // 0; of a fact that raises several, its client's or the site's: 0, 1, 2 …
    bool of_site;  // the site's own, though the fact is a client's
    str code;      // machine code, such as "unit.state"; may be empty
    uint32_t lot;  // dense number; 0: none
    uint64_t unit; // unit_id.v; 0: none, or several
    struct digest16 about; // zeros: about nothing that stands
};

// The thing that an exception is about, as two numbers of its kind's choosing (a partner and an
// event; a pool and 0). Not for (0, 0).
struct digest16 exception_about(uint64_t a, uint64_t b);

// ---- in writes of facts

// One row, and one counter. Its client is the fact's (none: the site's own).
void exception_raise(struct txn *t, const struct fact *f, const struct exception *x);
// What removes the cause of one that stands; nothing where none does. `f`: the fact that did it.
struct exception_end {
    client_id client; // of the exception; {0}: the site's own
    enum exception_kind kind;
    struct digest16 about;
};
void exception_settle(struct txn *t, const struct fact *f, const struct exception_end *x);
// `more` further ones that were equal to this, counted elsewhere; nothing where it is not there.
void exception_repeat(struct txn *t, client_id c, uint64_t seq, uint32_t more);

// ---- anywhere

bool exception_stands(struct txn *t, const struct exception_end *x);
