// gs1_int.h - what the files of this room share among themselves.
#pragma once
#include "service/gs1/element.h"

// The three character sets of GS1 General Specifications 7.11, and what URIs leave unescaped.
enum gs1_set {
    SET_DIGIT = 1,
    SET_39 = 2,
    SET_64 = 4, // base64url, without padding
    SET_82 = 8,
    SET_URN = 16, // of set 82, what stands raw in an EPC URN
    SET_DL = 32,  // unreserved in RFC 3986: what stands raw in a Digital Link
    SET_URI = 64  // may stand in a URI at all
};
extern const uint8_t gs1_sets[256];
static inline bool gs1_in_set(char c, enum gs1_set set)
{
    return (gs1_sets[(unsigned char)c] & set) != 0;
}
size_t gs1_span(str s, enum gs1_set set); // length of the head that lies in the set

// Checks of a part's content, named as GS1's Barcode Syntax Tests name them.
// clang-format off
#define GS1_LINTS(X)                                                                               \
    X(csum) X(csumalpha) X(gcppos1) X(gcppos2) X(yymmd0) X(yymmdd) X(yyyymmd0) X(yyyymmdd) X(hh)   \
    X(mi) X(ss) X(hhmi) X(iso3166) X(iso3166999) X(iso3166alpha2) X(iso4217) X(iso5218) X(iban)    \
    X(pcenc) X(pieceoftotal) X(zero) X(nonzero) X(nozeroprefix) X(hasnondigit) X(hyphen) X(yesno)  \
    X(winding) X(latitude) X(longitude) X(mediatype) X(importeridx) X(posinseqslash)               \
    X(couponcode) X(couponposoffer)
// clang-format on

enum gs1_lint {
    LINT_none,
#define X(name) LINT_##name,
    GS1_LINTS(X)
#undef X
        LINT_COUNT
};

// What is wrong with a value; reason NULL: nothing.
struct gs1_fault {
    const char *reason;
    const char *says; // continues "the value …"
    size_t at;        // in the value
};
#define GS1_NO_FAULT ((struct gs1_fault){NULL, NULL, 0})
struct gs1_fault gs1_lint(enum gs1_lint lint, str value);
struct gs1_fault gs1_set_fault(str value, enum gs1_set set);
struct gs1_fault gs1_base64_fault(str value);
struct gs1_fault gs1_coupon_8110(str value);
struct gs1_fault gs1_coupon_8112(str value);
struct gs1_fault gs1_calendar_fault(int year, str mmdd, bool day_0); // at: of the four digits

struct gs1_part {
    char type; // N, X, Y, Z
    uint8_t min, max;
    bool optional;
    uint8_t lints[3];
};
struct gs1_ai {
    uint16_t first, last; // as numbers; rows of one head have the same number of digits
    uint8_t min, max;     // characters of the value
    uint8_t part_count;
    bool predefined; // no separator follows
    bool in_query;   // may stand in the query of a Digital Link
    struct gs1_part parts[5];
    const char *requires, *excludes; // lists as in ai.txt, or NULL
    const char *path;                // NULL: begins no Digital Link; else its qualifiers
};
struct gs1_ai_head {
    uint8_t digits, n; // digits of an AI with this head; 0: there is none
    uint16_t first;    // row
};
extern const struct gs1_ai gs1_ai_rows[];
extern const struct gs1_ai_head gs1_ai_heads[100];
extern const char gs1_codes_country[], gs1_codes_country2[], gs1_codes_currency[];

const struct gs1_ai *gs1_ai_find(str ai); // exactly these digits; NULL: unknown
size_t gs1_ai_digits(str in);             // of the AI at the head of `in`; 0: unknown
struct gs1_fault gs1_ai_fault(const struct gs1_ai *rule, str value);
struct gs1_fault gs1_ai_last_fault(const struct gs1_ai *rule, str value); // of its last part
status gs1_ai_check(const struct gs1_element *e);     // the fault as a status, at e->at
bool gs1_ai_matches(str pattern, str ai);             // "35nn": n is any digit
bool gs1_ai_listed(str list, str ai);                 // a list of patterns, "01,35nn"
void gs1_bracketed_value(str value, struct buf *out); // "(" becomes "\("
// One sign (bracket, slash) stands between ai and value where the ai may be unknown.
status gs1_elements_add(struct gs1_elements *out, str ai, str value, uint32_t at);

// Percent-escapes: the one place that knows which characters stand raw where.
enum gs1_escape {
    ESCAPE_PATH,  // Digital Link, between slashes
    ESCAPE_QUERY, // Digital Link, after "?": a space is "+"
    ESCAPE_URN
};
void gs1_escape(str text, enum gs1_escape where, struct buf *out);
// Text without escapes is given back as it stands. False: the arena's ceiling. *bad is the first
// '%' that begins no escape and is left as it stands; SIZE_MAX: none.
bool gs1_unescape(str in, enum gs1_escape where, struct arena *a, str *out, size_t *bad);

// One row a scheme: what its spellings are made of.
enum gs1_ext {
    EXT_NONE,   // the key alone
    EXT_SERIAL, // key and serial
    EXT_LOT,    // key and lot: always a class
    EXT_ZERO,   // an extension that may be absent; a URN then says "0"
    EXT_CLASS,  // a serial that may be absent: that is a class, and a URN says "*"
    EXT_STAR    // always a class: a URN says "*"
};
struct gs1_kind {
    const char *name;
    str urn;            // the head of its URN
    const char *ai;     // of the key; NULL: none, the URN is all there is
    const char *ext_ai; // NULL: an extension is joined to the key
    const char *filler; // stands before the key, and in no URN
    uint8_t key_n;      // characters of the key, of text at most
    uint8_t body_n;     // the digits at its head that end in the check digit; 0: text
    uint8_t lead;       // digits before the company prefix, which a URN moves behind it
    uint8_t parts;      // components of its URN
    enum gs1_ext ext;
};
extern const struct gs1_kind gs1_kinds[GS1_URI];
static inline bool gs1_is_class(const struct gs1_kind *k) // always
{
    return k->ext == EXT_LOT || k->ext == EXT_STAR;
}
static inline bool gs1_is_text(enum gs1_scheme s) // no key
{
    return s >= GS1_GID;
}

// An EPC URN cut at its dots. Of a pattern the first `fixed` components are no "*".
#define GS1_URN_PARTS 5 // of an ITIP; all others have three at most
struct gs1_urn {
    str in;
    const struct gs1_kind *kind;
    bool is_pattern; // urn:epc:idpat:
    size_t fixed;
    str part[GS1_URN_PARTS]; // escaped, as they stand
};
status gs1_urn_cut(str in, struct gs1_urn *out);
status gs1_urn_cut_read(const struct gs1_urn *u, struct arena *a, struct gs1_id *out);
// Identity out of the fixed components: as much of the key as they tell. Whether that is an
// identity of its own is not asked here.
status gs1_urn_parts_read(const struct gs1_urn *u, struct arena *a, struct gs1_id *out);
// The same for schemes without a key: out->ext becomes the canonical URN.
status gs1_epc_parts_read(const struct gs1_urn *u, struct arena *a, struct gs1_id *out);
status gs1_part_unescape(const struct gs1_urn *u, str raw, struct arena *a, str *out);

bool gs1_is_urn(str in); // urn:epc:
status gs1_urn_read(str in, struct arena *a, struct gs1_id *out);
status gs1_urn_write(const struct gs1_id *id, const struct gs1_prefixes *p, struct buf *out);
status gs1_uri_read(str in, struct gs1_id *out); // anything that is a URI and not GS1's
bool gs1_is_web(str in);                         // http: or https:
size_t gs1_origin_length(str in); // of "https://example.com" at the head of a link; 0: none
