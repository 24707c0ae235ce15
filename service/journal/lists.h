// lists.h - what facts are found by (DESIGN idea 6): for each client, attribute and value the facts
// that have it, ascending. schemas/indexed.yaml says which attributes there are.
//
// A batch notes the same values again and again (the hour, the step), so a writer gathers its notes
// in memory and puts them into rows once, before it commits. Reading sees both.
#pragma once
#include "common/db.h"
#include "service/journal/fact.h"

// The notes of one writer, from one transaction to the next. Owner: the committer, or whoever
// replays; a transaction without them writes each note at once.
struct list_notes;
struct list_notes *list_notes_new(void);
void list_notes_free(struct list_notes **n);
void list_notes_begin(struct list_notes *n, struct txn *t); // forgets what was not put
void list_notes_put(struct txn *t);                         // all of them into rows
void list_notes_drop(struct txn *t);                        // those since the last list_notes_put

// Lists (DESIGN idea 6). `value` is at most 64 bytes here.
void list_note(struct txn *t, client_id c, enum list_attribute a, str value, uint64_t seq);
// Items of the list from `from` on; how many were read.
size_t list_of(struct txn *t, client_id c, enum list_attribute a, str value, uint64_t from,
               uint64_t *seqs, size_t n);
// The same downwards: the newest first, none above `from`. Not where notes wait, nor the walk.
size_t list_back(struct txn *t, client_id c, enum list_attribute a, str value, uint64_t from,
                 uint64_t *seqs, size_t n);

// The values that have a list and begin like `begin`, in byte order, from `from` on.
//     struct list_walk w;
//     list_walk_open(&w, t, c, &span);
//     while (list_walk_next(&w, &value)) …
//     list_walk_close(&w);
struct list_walk {
    struct walk w;
    char begin[7 + 64], from[7 + 65];
};
struct list_span {
    enum list_attribute of;
    str begin; // at most 64 bytes
    str from;  // at most 65 bytes; empty: the first
};
void list_walk_open(struct list_walk *w, struct txn *t, client_id c, const struct list_span *s);
bool list_walk_next(struct list_walk *w, str *value);   // a view until the next call
bool list_walk_before(struct list_walk *w, str *value); // downwards, from below `from`
void list_walk_close(struct list_walk *w);
