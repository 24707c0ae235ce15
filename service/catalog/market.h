// market.h - what the authorities of a market ask of numbers, codes and lots.
//
// The table is made from schemas/markets/, whose README says what each field means. Rules are asked
// when something is decided and never when it is written: what was decided under an older table
// stays as it is.
//
// Codes: market.unknown (400), market.pools (409), and with 422, when a number, pool or lot breaks
// a rule: market.issuer, market.random, market.length, market.alphabet, market.guess,
// market.attributes, market.expiry, market.produced, market.aggregation.
#pragma once
#include "service/catalog/product.h"

enum market_charset { MARKET_DIGITS, MARKET_ALNUM, MARKET_BASE64, MARKET_GS1 };
enum market_kind { MARKET_RANDOM = 1, MARKET_SEQUENTIAL = 2, MARKET_LIST = 4 };
enum market_duty {
    MARKET_AGGREGATION_NONE,
    MARKET_AGGREGATION_DE_FACTO,
    MARKET_AGGREGATION_REQUIRED
};

struct market_chars {
    uint8_t min, max;
    enum market_charset charset;
};
struct market_attribute {
    const char *name, *ai;
    struct market_chars chars;
};

#define MARKET_ATTRIBUTES_MAX 4u

struct market { // lists are words with a blank between, `printed` with "; "
    const char *word, *name, *covers, *issuer;
    unsigned pools; // enum market_kind, or'ed
    struct market_chars serial;
    uint32_t guess;  // at most one in so many may succeed; 0: no rule
    bool all_levels; // else the rules are for numbers of the innermost level alone
    uint32_t attribute_count;
    struct market_attribute attributes[MARKET_ATTRIBUTES_MAX];
    const char *code, *printed;
    enum market_duty duty;
    uint32_t containers; // numbered levels above the innermost that a lot's product must have
    bool sscc;           // the outermost of them is an SSCC
    bool ends_emptied;   // the number of an SSCC ends once nothing is left in the container
    bool expiry_day, produced;
    const char *unique, *retention, *report, *source, *unsure;
};
extern const struct market markets[];
extern const size_t market_count;

extern const struct http_route market_routes[];

void market_write(struct json_w *w, const struct market *m); // as an object: all that it says
const struct market *market_find(str word);                  // in any case; NULL: none of the table
// Of a product's form: to capitals. market.unknown
status market_check(str in, struct arena *a, str *out);
// What holds for the numbers of a level of the product; NULL: nothing.
const struct market *market_of_level(const struct product *p, uint8_t level);
// The same by GTIN, of the product as it is now. NULL where there is no such product, too.
status market_of_gtin(struct txn *t, const char gtin[14], struct arena *a,
                      const struct market **out);

struct market_pool { // of a pool that is to give numbers
    enum market_kind kind;
    // Of generated ones:
    uint32_t length;
    str alphabet, prefix;
    uint64_t capacity;
    bool keeps_guess; // it stops where a guess would succeed too often
};
status market_pool_check(const struct market *m, const struct market_pool *p);
// `attributes`: bytes_pairs
status market_number_check(const struct market *m, str serial, str attributes);
// `expiry` as it was said (day 0: only the month).
struct market_lot {
    const struct product *product;
    struct date expiry;
    bool has_produced;
};
status market_expiry_check(const struct market *m, struct date expiry); // market.expiry
status market_lot_check(const struct market *m, const struct market_lot *lot);
