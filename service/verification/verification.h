// verification.h - is this pack what its label says? Asked by trading partners and their
// verification routers (GS1 Lightweight Messaging for Verification of Product Identifiers, US
// DSCSA), answered from the ledger as of now, and every answer kept as a fact.
//
// glossary: the *requester* is who has the pack in hands, by its GLN; the *responder* is who
// answers for the GTIN. A *code* is what the answer says beside true or false.
#pragma once
#include "common/http.h"
#include "common/rate.h"
#include "service/journal/site.h"
#include "service/unit/unit.h"

// What can be answered. The numbers lie on disk.
//    name               number  verified  code
#define VERIFICATION_ANSWERS(X)                                                                    \
    X(MATCH, 1, true, "")                                                                          \
    X(EXPIRED, 2, true, "Expired")                                                                 \
    X(RECALLED, 3, true, "Recalled")                                                               \
    X(SUSPECT, 4, true, "Suspect")                                                                 \
    X(ILLEGITIMATE, 5, true, "Illegitimate")                                                       \
    X(NO_MATCH, 6, false, "No_match_GTIN_Serial")                                                  \
    X(NO_MATCH_LOT, 7, false, "No_match_GTIN_Serial_Lot")                                          \
    X(NO_MATCH_EXPIRY, 8, false, "No_match_GTIN_Serial_Expiry")                                    \
    X(NO_MATCH_BOTH, 9, false, "No_match_GTIN_Serial_Lot_Expiry")                                  \
    X(WITHDRAWN, 10, false, "Not_for_re-distribution")                                             \
    X(UNTOLD, 11, false, "No_reason_provided")

enum verification_answer {
#define X(name, number, verified, code) VERIFICATION_##name = (number),
    VERIFICATION_ANSWERS(X)
#undef X
        VERIFICATION_ANSWER_END
};
bool verification_is_true(enum verification_answer a);
str verification_code(enum verification_answer a);        // empty where there is nothing to add
bool verification_is_suspect(enum verification_answer a); // false, or true with something added

// What the ledger knows of a pack.
struct verification_truth {
    bool known; // such a number was given out or named, by the GTIN's owner
    enum unit_state state;
    unsigned flags;     // of its own, its containers' and its lot's
    str lot;            // that it was commissioned with; empty: nobody said
    struct date expiry; // likewise; year 0: nobody said
};
struct verification_label { // what is printed on the pack, as the requester read it
    str lot;
    struct date expiry;
};
enum verification_answer verification_judge(const struct verification_truth *truth,
                                            const struct verification_label *label, wall now);

// One question and its answer.
struct verification {
    char gtin[14];
    str lot, serial;
    str exp;        // YYMMDD as asked
    uint64_t asker; // reqGLN as a number; 0: not said
    str corr;       // corrUUID; empty: not said
    str context;
    str version; // of the guideline, as the header said; empty: not said
    str email, telephone;
    bool possession_said, possession; // ctrlPossessAtt
    wall asked;                       // when the question came
    // The answer:
    uint64_t responder;
    unit_id unit; // {0}: none known
    enum verification_answer answer;
};

extern const struct kind kind_verification_answered; // ask: verification_int.h
// The decided part, read; texts are views of the fact. record.corrupt
status verification_get(const struct fact *f, struct verification *out);

extern const struct http_route verification_routes[];

struct verification_conf {
    struct rate_rule rate; // of each caller
    str responder;         // GLN of the site, or empty; copied
};
void verification_start(struct site *site, const struct verification_conf *conf);
void verification_stop(struct site *site); // after the loops have stopped
