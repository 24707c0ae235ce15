// vocabulary_db.h - rows of master data. Byte layouts: vocabulary_db.c.
#pragma once
#include "service/vocabulary/vocabulary.h"

struct element_id { // of a client
    struct digest16 key, type;
};
struct element_id element_id_of(str key, str type);

struct element_row {
    str type, id;
    uint64_t seq; // of the fact that spoke of it last
    uint32_t children;
};
// Views live until the transaction's next write, or its end.
bool element_get(struct txn *t, client_id c, const struct element_id *id, struct element_row *out);
void element_put(struct txn *t, client_id c, const struct element_id *id,
                 const struct element_row *row);

// A value that is short stands in its row, another where its fact has it.
struct attr_row {
    str name, value, tree;
    struct digest16 content; // of value and tree
    uint64_t seq;            // 0: value and tree are here
    uint32_t at;             // else: in the decided part of that fact, as vocabulary_attr says
};
struct digest16 attr_content(str value, str tree);
bool attr_get(struct txn *t, client_id c, const struct element_id *id, str name,
              struct attr_row *out);
void attr_put(struct txn *t, client_id c, const struct element_id *id, const struct attr_row *row);
// Brings the value into the arena, wherever it is. record.corrupt
status attr_value(struct txn *t, struct arena *a, struct attr_row *row);
// The attributes of one element behind this one, in no order that means anything; `name` empty:
// the first one.
bool attr_next(struct txn *t, client_id c, const struct element_id *id, str name,
               struct attr_row *out);

void child_put(struct txn *t, client_id c, const struct element_id *id, uint32_t number, str child);
void child_del(struct txn *t, client_id c, const struct element_id *id, uint32_t number);
bool child_get(struct txn *t, client_id c, const struct element_id *id, uint32_t number, str *out);

// The first element of the vocabulary behind this one; `after` NULL: of all.
bool element_next(struct txn *t, client_id c, const struct digest16 *type,
                  const struct digest16 *after, struct digest16 *key);
// The first vocabulary behind this one; `after` NULL: the first of all.
bool vocabulary_type_next(struct txn *t, client_id c, const struct digest16 *after,
                          struct digest16 *type);
// The first type behind `after` in which the key has an element.
bool element_type_next(struct txn *t, client_id c, const struct digest16 *key,
                       const struct digest16 *after, struct digest16 *type);
