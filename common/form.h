// form.h - a struct described once: read from JSON, written as JSON, packed for a row or a fact.
//
// What people configure (clients, products, pools, partners …) are forms. The table is the one
// place that knows a field's name, ceiling and rule; unknown fields are refused with their place.
//
// Absent is zero: an empty text, an empty list, a NULL sub-form, 0, false, the first word. `null`
// is read as absent. Codes, besides those of json.h:
//   field.required   a required field is absent (a required list: has no item)
//   field.range      a number outside min..max, a text or list too long or empty
//   field.word       not one of the words
//   field.name       not a name (str_is_name)
//   field.control    a character in a text that none may hold (str_plain)
//   field.blank      a text in which nothing can be seen
//   form.corrupt     (STORE) the bytes are no packing of this form
//   form.newer       (STORE) they were packed by a later version of the form
//   form.ceiling     (TOO_LARGE) the arena is full
#pragma once
#include "common/bytes.h"
#include "common/json.h"

enum form_kind {
    FORM_STR,  // str, UTF-8, no control characters, 1..max bytes (min..max where min is set)
    FORM_NAME, // str, a name of the API (str_is_name), case folded on reading
    FORM_U64,  // uint64_t, min..max; max 0: INT64_MAX
    FORM_BOOL, // bool
    FORM_WORD, // uint8_t: index into `words`
    FORM_STRS, // struct form_list of str, each 1..max bytes, at most count_max
    FORM_ONE,  // pointer to a sub-form's struct, NULL when absent
    FORM_MANY, // struct form_list of sub-form structs, at most count_max
    FORM_MAP,  // struct form_list of struct form_pair: {"name": "text"}; names are 1..64 bytes,
               // texts 0..max, at most count_max (<= 256)
    FORM_RAW   // str: any JSON value but null, kept as it stands, at most max bytes
};

struct form_list {
    void *items; // of the arena; NULL: not there
    uint32_t n;
};
struct form_pair {
    str key, value;
};

struct form;
struct form_field {
    const char *name;
    enum form_kind kind;
    size_t at; // offsetof
    bool required;
    uint64_t min, max;
    uint32_t count_max;
    const char *const *words; // NULL-terminated
    const struct form *sub;
    bool secret;      // form_write shows "***"
    size_t secret_if; // the same where the bool at this offset is true; 0: none stands first
    // A rule of the field's own, or NULL: adjusts or refuses what was read (STR, NAME, RAW, and
    // each of STRS). *out is the value already; the refusal's `at` counts from its first byte.
    status (*check)(str value, struct arena *a, str *out);
};

struct form {
    const char *noun; // "product", for the sentences
    size_t size;
    const struct form_field *fields; // ended by {0}; at most 32
    uint32_t version;                // of the packed layout: fields are only ever added at the end
};

// Reads the next value of r as an object of this form into `out` (zeroed first; defaults are the
// caller's to set after). Texts are views of r's input or of its arena, lists are the arena's.
void form_read(const struct form *f, struct json_r *r, void *out);
status form_parse(const struct form *f, str json, struct arena *a, void *out); // whole body

// Writes the members of an object that is already open. Words are always written; what is absent
// is left out, and so are 0 and false unless the field is required.
void form_write(const struct form *f, const void *in, struct json_w *w);

// Packed: version, number of fields, then every field in the table's order, all numbers LEB128.
// A text is its length and bytes; a list its count and items; a pair two texts; FORM_ONE 0, or 1
// and the sub-form packed the same way. A later version of the table reads what an earlier one
// packed: fields that it did not have are zero.
void form_pack(const struct form *f, const void *in, struct buf *b);
// The result is the arena's alone: `bytes` may vanish. Checks the layout, not the rules.
status form_unpack(const struct form *f, str bytes, struct arena *a, void *out);
