// json.h - JSON (RFC 8259) in one pass, strict, bounded, with positions; and written back.
//
// Reading is a cursor over bytes that are whole in memory. Trouble sticks to the reader: after it
// every call answers "no more", so that a handler reads straight on and asks json_r_end once.
// A UTF-8 byte order mark in front is accepted. Codes:
//   json.syntax         not JSON, or cut short
//   json.utf8           a string that is not UTF-8 (RFC 3629), or half a surrogate pair
//   json.depth          nested deeper than JSON_DEPTH_MAX
//   json.type           JSON of another type than is wanted here
//   json.number         not a number of the grammar, or a fraction where a whole number is wanted
//   json.range          a whole number outside its bounds
//   json.unknown_field  json.twice  a member that is not known, or comes again
//   json.ceiling        (TOO_LARGE) the arena is full
//
//     struct json_r r = json_reader(body, arena);
//     for (json_object(&r); json_key(&r, &k);) {
//         if (str_eq(k, S("name"))) name = json_string(&r);
//         else json_unknown(&r, k);
//     }
//     TRY(json_r_end(&r));
#pragma once
#include "common/arena.h"
#include "common/buf.h"
#include "common/status.h"
#include "common/str.h"
#include "common/when.h"

enum json_type {
    JSON_NONE, // nothing more, or the reader has failed
    JSON_NULL,
    JSON_BOOL,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

#define JSON_DEPTH_MAX 32u // a stranger's nesting; EPCIS extensions need less than 16

struct json_r {
    str in;
    size_t at;
    struct arena *arena; // unescaped strings go here
    unsigned depth;
    uint32_t first; // bit per depth: no member or item has been read yet
    size_t mark;    // where the last key or value began: what json_fail points at
    size_t text;    // where its bytes stand as they were given back; 0 when they do not
    str key;        // the last key, for the sentences; empty where none applies
    status st;
};

struct json_r json_reader(str in, struct arena *arena);
enum json_type json_peek(struct json_r *r); // what comes next; consumes nothing but blanks

bool json_object(struct json_r *r);        // enters `{`; false and failed when it is not one
bool json_key(struct json_r *r, str *key); // the next member's key, its value is next; false at `}`
bool json_array(struct json_r *r);         // enters `[`
bool json_item(struct json_r *r);          // an item is next; false at `]`

str json_string(struct json_r *r); // a view of the input, or of the arena where it had escapes
int64_t json_int(struct json_r *r, int64_t min, int64_t max); // an integer without fraction
str json_number(struct json_r *r);                            // any number, as it stands
bool json_bool(struct json_r *r);
bool json_null(struct json_r *r); // true and consumed when null comes next
str json_raw(struct json_r *r);   // any value, checked whole; its bytes as they stand

void json_fail(struct json_r *r, const char *reason, const char *fmt, ...) LIKE_PRINTF(3, 4);
void json_unknown(struct json_r *r, str key); // fails with json.unknown_field
void json_twice(struct json_r *r, str key);   // fails with json.twice
// Fails with another reader's refusal of the string or raw value just read, whose `at` counts from
// its first byte; the sentence is told which field it is about.
void json_refuse(struct json_r *r, status st);
str json_shown(str name);            // short enough for a sentence, cut between characters
bool json_is_number(str s);          // the grammar's, and nothing else
status json_r_end(struct json_r *r); // nothing but blanks may follow; the first failure

#define JSON_W_DEPTH_MAX 64u // our own nesting around a stranger's

// Writing is a sticky builder over a buf (its ceiling is the only failure; wrong nesting is an
// assert). What is not UTF-8 is written as U+FFFD, so that the text is always JSON.
struct json_w {
    struct buf *b;
    unsigned depth;
    uint64_t first;   // bit per depth: no member or item has been written yet
    uint64_t objects; // bit per depth: an object, not an array
    bool after_key;
    bool outward; // for strangers, see json_w_kinner
};

struct json_w json_writer(struct buf *b);
void json_w_object(struct json_w *w);
void json_w_array(struct json_w *w);
void json_w_end(struct json_w *w); // the innermost open object or array
void json_w_key(struct json_w *w, str key);
void json_w_str(struct json_w *w, str s);
void json_w_int(struct json_w *w, int64_t v);
void json_w_bool(struct json_w *w, bool v);
void json_w_null(struct json_w *w);
void json_w_raw(struct json_w *w, str json); // trusted JSON text

// key and value in one call
void json_w_kstr(struct json_w *w, const char *key, str s);
void json_w_kint(struct json_w *w, const char *key, int64_t v);
// A number that counts what all do, and is nobody else's: an outward writer leaves it out.
void json_w_kinner(struct json_w *w, const char *key, uint64_t v);
void json_w_kbool(struct json_w *w, const char *key, bool v);
void json_w_kmoment(struct json_w *w, const char *key, struct moment m); // RFC 3339, with its zone
void json_w_kwall(struct json_w *w, const char *key, wall at);           // in UTC
