// pdg_int.h - the fields of the messages as tables, for reading and writing.
#pragma once
#include "service/inbox/pdg.h"

enum pdg_field_kind { PDG_TEXT, PDG_NUMBER, PDG_BOOL, PDG_OBJECT };

struct pdg_object;
struct pdg_field {
    const char *name;
    enum pdg_field_kind kind;
    size_t at; // in struct pdg_item or struct pdg_message; of an object: its fields are there, too
    bool required, nullable;
    bool needs_text; // an empty one is refused
    const char *const *words;
    const struct pdg_object *sub;
};
struct pdg_object {
    const char *noun;
    const struct pdg_field *fields; // ended by {0}; at most 32
};

extern const struct pdg_object pdg_items[PDG_GROUPS];
extern const struct pdg_object pdg_heads[2]; // by enum pdg_type

// Reads the member of this key; false: the table has none. `seen`: a bit for each field.
bool pdg_member_read(struct json_r *r, const struct pdg_object *o, str key, uint32_t *seen,
                     void *out);
void pdg_object_close(struct json_r *r, const struct pdg_object *o, uint32_t seen);
void pdg_object_read(struct json_r *r, const struct pdg_object *o, void *out);
