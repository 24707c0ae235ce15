// id.h - GS1 identifiers: every spelling of one object is one struct gs1_id, and back.
//
//   GTIN    the 14 digits that name a trade item (shorter ones are padded with zeros)
//   SGTIN   GTIN and serial number: one pack.  LGTIN: GTIN and lot, a class of packs
//   UPUI    GTIN and a third party's serial number (tobacco).  ITIP: one piece of an item
//   SSCC    the 18 digits that name one logistic unit (case, pallet)
//   SGLN    the 13 digits of a location, with or without an extension.  PGLN: a party
//   GRAI    a returnable asset, GIAI any asset, GDTI a document, SGCN a coupon, CPI a part or
//           component, GSRN and GSRNP a service's receiver and provider, GINC a consignment,
//           GSIN a shipment
//   GID, USDOD, ADI, BIC, IMOVN  EPCs of others than GS1: a general number, supplies of the US
//           Department of Defense, aerospace parts, freight containers, ships
//   prefix  the GS1 company prefix at the head of a key. Its length cannot be told from the key
//
// Spellings: EPC URN, GS1 Digital Link, bracketed and raw element strings, scanner data with its
// symbology identifier, bare digits (8, 12, 13 or 14: GTIN; 18: SSCC), and URIs that are not
// GS1's, which are kept as they stand. Pure: no clock, no store; the caller's arena.
#pragma once
#include "common/arena.h"
#include "common/buf.h"
#include "common/status.h"
#include "common/when.h"

#define GS1_TEXT_MAX   ((size_t)4096) // a spelling; the largest GS1 symbol holds 3,116 characters
#define GS1_KEY_MAX    30
#define GS1_SERIAL_MAX 20 // characters of AI 21, and of AI 10 and 254

// clang-format off
enum gs1_scheme {
    GS1_SGTIN, GS1_UPUI, GS1_LGTIN, GS1_GTIN, GS1_SSCC, GS1_SGLN, GS1_PGLN, GS1_GRAI, GS1_GIAI,
    GS1_GDTI, GS1_SGCN, GS1_CPI, GS1_ITIP, GS1_GSRN, GS1_GSRNP, GS1_GINC, GS1_GSIN,
    GS1_GID, GS1_USDOD, GS1_ADI, GS1_BIC, GS1_IMOVN, // these and URIs have no key
    GS1_URI
};
// clang-format on
enum gs1_form { GS1_BRACKETED, GS1_DL, GS1_URN, GS1_RAW };

struct gs1_id {
    enum gs1_scheme scheme;
    bool is_class;    // names many things: GTIN, LGTIN, and what is written without its serial
    uint8_t key_n;    // characters of the key; 0 where a URN or URI is all there is
    uint8_t prefix_n; // digits of the company prefix where a URN told it, else 0
    // With check digit; of a GRAI without the leading zero; of an ITIP with piece and total. Not
    // terminated. Unescaped: GIAI, GINC and CPI are no digits alone.
    char key[GS1_KEY_MAX];
    str ext; // serial, lot or extension, unescaped; where there is no key the whole canonical text
    // Said beside the identity by an element string or Digital Link: no part of it. Empty: absent.
    str lot;    // AI 10
    str expiry; // AI 17, the six digits as printed
};

// Any spelling. Views in `out` live as long as `in` and `a`. Codes: gs1.* (see README.md).
// Of an element string the first primary key counts; with it serial (SGTIN) before lot (LGTIN).
// An extension "0" of a GLN is none (EPC TDS), so that both spellings are one location. A pattern
// (urn:epc:idpat:) is read where only its serial is "*": that is a class. Others: pattern.h.
status gs1_read(str in, struct arena *a, struct gs1_id *out);

struct gs1_prefixes;
// Appends one spelling. GS1_DL at https://id.gs1.org is canonical: equal for equal identities and
// for no others. What has no key is its URN or URI in every form. GS1_URN needs the prefix's
// length, from `p` (may be NULL) or from the URN that was read, else prefix.unknown with nothing
// appended. GS1_RAW begins with FNC1 where it would else be read as bare digits.
status gs1_write(const struct gs1_id *id, enum gs1_form form, const struct gs1_prefixes *p,
                 struct buf *out);
// Appends an identifier of an event, URN or Digital Link, as the event hash takes it: at the finest
// level of identification, escaped as the published hashes prove, check digits unseen. False: it is
// no GS1 identifier with a Digital Link and is appended as it stands.
bool gs1_hash_form(str in, struct arena *a, struct buf *out);
// The same where an element string in brackets may stand, too: it takes the form of its link.
bool gs1_hash_form_any(str in, struct arena *a, struct buf *out);
// What that form leaves out of a Digital Link, so that two texts with one form and one rest say the
// same: qualifiers but the finest, and the query as it stands. Nothing where there is none.
void gs1_hash_rest(str in, struct buf *out);
bool gs1_id_eq(const struct gs1_id *a, const struct gs1_id *b);
const char *gs1_scheme_name(enum gs1_scheme s); // "sgtin", "uri"
str gs1_id_key(const struct gs1_id *id);
bool gs1_id_has_gtin(const struct gs1_id *id); // as its key: SGTIN, UPUI, LGTIN, GTIN

// Identities put together from their parts, which the caller has checked.
struct gs1_id gs1_sgtin(const char gtin[14], str serial);
struct gs1_id gs1_lgtin(const char gtin[14], str lot);
struct gs1_id gs1_gtin(const char gtin[14]);
struct gs1_id gs1_sscc(const char sscc[18]);

// Parts alone. Codes: gs1.length, gs1.digits, gs1.check_digit, gs1.character.
status gs1_gtin_read(str in, char out[14]); // 8, 12, 13 or 14 digits
status gs1_gln_read(str in, char out[13]);
status gs1_sscc_read(str in, char out[18]);
status gs1_serial_check(str serial, size_t max); // 1..max characters of set 82
char gs1_check_digit(str digits_without);
bool gs1_check_digit_ok(str digits_with);
// YYMMDD to a date within 50 years of current_year; day 0 stays 0. Codes: gs1.date.
status gs1_date_read(str yymmdd, int current_year, struct date *out);

// The company prefixes that configuration tells: 4 to 12 digits each, longest match first.
struct gs1_prefix {
    uint64_t value;
    uint8_t digits;
};
struct gs1_prefixes {
    struct gs1_prefix *items; // by digits, then value; of the arena
    size_t n;
};
#define GS1_PREFIXES_MAX ((size_t)100000) // a site packs for hundreds of companies
status gs1_prefixes_build(const str *list, size_t n, struct arena *a, struct gs1_prefixes *out);
// Digits of the prefix that `digits` (a key from its company prefix on) begins with; 0: unknown.
uint8_t gs1_prefix_length(const struct gs1_prefixes *p, str digits);
