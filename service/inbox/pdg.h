// pdg.h - the exception messages of trading partners (Partnership for DSCSA Governance), in and
// out. Pure: no clock, no store.
//
// glossary: a *report* tells the partner of exceptions, a *response* answers it item by item; both
// belong to a *case*. What the schemas do not know is let pass and stays in the bytes as they came.
//
// Codes, besides those of json.h: field.required, field.word, field.range, pdg.none (neither a
// report nor a response), pdg.too_many.
#pragma once
#include "common/arena.h"
#include "common/json.h"

#define PDG_ITEMS_MAX 1000u // of one message
#define PDG_TEXT_MAX  4000u // bytes of one text

enum pdg_type { PDG_REPORT, PDG_RESPONSE };
const char *pdg_type_word(enum pdg_type t);

enum pdg_group {
    PDG_MISSING_DATA,    // product without data
    PDG_MISSING_PRODUCT, // data without product
    PDG_MISALIGNMENT,
    PDG_OVERAGE,
    PDG_UNDERAGE,
    PDG_GLN_ERROR,
    PDG_GTIN_ERROR,
    PDG_ANSWER, // an item of a response
    PDG_GROUPS
};
const char *pdg_group_word(enum pdg_group g); // as in the message
bool pdg_group_find(str word, enum pdg_group *out);

// Of the resolutions of EXCEPTION_RESOLUTIONS that partners know: as they write them; NULL: none.
const char *pdg_resolution_text(unsigned resolution);
unsigned pdg_resolution_find(str text); // 0: none

// Absent and null are empty texts, whatever the field.
struct pdg_item {
    enum pdg_group group;
    str id;
    str gtin, serial, lot, expiry;                     // of the product, as received
    str data_gtin, data_serial, data_lot, data_expiry; // as the data have it
    str source;                                        // of the observation
    str file;
    int64_t ordered, received;
    str invalid, proposed; // GLN or GTIN
    str resolution;        // asked for
    str answer, comments;  // of a response: Accept or Reject
    str alternative, follow_up, follow_up_details;
};

struct pdg_message {
    enum pdg_type type;
    str id, case_id, po;
    int64_t timestamp; // seconds since 1970
    str vp, gln, email, phone;
    const struct pdg_item *items;
    uint32_t n;
    const str *others; // errors in words
    uint32_t other_count;
    str notes;
    bool resolved; // of a report
};

// Views of `json` or of the arena.
status pdg_read(str json, struct arena *a, struct pdg_message *out);
void pdg_write(const struct pdg_message *m, struct json_w *w);
