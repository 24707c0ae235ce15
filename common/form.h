// form.h - a struct described once: read from JSON, written as JSON, packed for a row or a fact.
//
// What people configure (clients, products, pools, partners …) are forms. The table is the one
// place that knows a field's name, ceiling and rule; unknown fields are refused with their place.
#pragma once
#include "common/bytes.h"
#include "common/json.h"

enum form_kind {
    FORM_STR,  // str, UTF-8, no control characters, 1..max bytes
    FORM_NAME, // str, a name of the API (str_is_name), case folded on reading
    FORM_U64,  // uint64_t, min..max
    FORM_BOOL, // bool
    FORM_WORD, // uint8_t: index into `words`
    FORM_STRS, // struct form_list of str, each 1..max bytes, at most count_max
    FORM_ONE,  // pointer to a sub-form's struct, NULL when absent
    FORM_MANY, // struct form_list of sub-form structs, at most count_max
    FORM_MAP,  // struct form_list of struct form_pair: {"name": "text"}
    FORM_RAW   // str: any JSON value, kept as it stands, at most max bytes
};

struct form_list {
    void *items; // of the arena
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
    bool secret; // form_write shows "***"
    // A rule of the field's own, or NULL: adjusts or refuses what was read.
    status (*check)(str value, struct arena *a, str *out);
};

struct form {
    const char *noun; // "product", for the sentences and codes: product.field
    size_t size;
    const struct form_field *fields; // ended by {0}; at most 32
    uint32_t version;                // of the packed layout: fields are only ever added at the end
};

// Reads the next value of r as an object of this form into `out` (zeroed first; defaults are the
// caller's to set after). Codes: json.unknown_field, json.twice, field.required, field.range …
void form_read(const struct form *f, struct json_r *r, void *out);
status form_parse(const struct form *f, str json, struct arena *a, void *out); // whole body
void form_write(const struct form *f, const void *in, struct json_w *w); // members of one object
void form_pack(const struct form *f, const void *in, struct buf *b);
status form_unpack(const struct form *f, str bytes, struct arena *a, void *out);
