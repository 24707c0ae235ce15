// index.h - what events are found by: the values of schemas/indexed.yaml, spelled one way whether
// they come out of a captured document, a line's report or a question.
//
// Identifiers are canonical (gs1_write GS1_DL), words of the CBV bare, so that every spelling of
// one thing is one value. Values over 64 bytes become the first 16 of their SHA-256; those of
// classes, which are asked for by how they begin, keep their first 48 bytes before these 16.
#pragma once
#include "service/epcis/event.h"
#include "service/gs1/pattern.h"
#include "service/journal/journal_db.h"

#define INDEX_VALUE_MAX 64u
#define INDEX_BEGIN_MAX 48u // of the value of a class, before its digest

struct index_entry {
    enum list_attribute of;
    str value;
};
struct index_entries {
    struct index_entry *at;
    uint32_t n;
};

// All values of an event, each once, in the order of the attributes and of the values. Not
// LIST_EVENTS, LIST_LOT and LIST_UNIT, which are no matter of the event alone. index.memory
status index_of(const struct epcis_event *e, struct arena *a, struct index_entries *out);
// One value as its list has it. `type` of a business transaction, source or destination, else
// empty. A text that cannot be read as an identifier stands for itself. LIST_HOUR: a time as
// when_read takes it; LIST_TYPE: the type's name. index.value where these are none, index.memory
status index_value(enum list_attribute of, str type, str text, struct arena *a, str *out);

uint32_t index_hour(int64_t ms); // the value of LIST_HOUR, as a number of 4 bytes

// How the values begin that may match a pattern: LIST_ITEM_CLASS for objects, LIST_EPC_CLASS for
// classes. Where `whole` is set they are the values themselves. index.memory
struct index_begins {
    str at[GS1_PATTERN_STARTS_MAX];
    unsigned n;
    bool whole;
};
status index_pattern(enum list_attribute of, const struct gs1_pattern *p, struct arena *a,
                     struct index_begins *out);

// The same in pieces, for callers that have read the identifiers already.
struct indexer {
    struct arena *arena;
    struct index_entry *at;
    uint32_t n, room;
    struct buf text; // of the value at hand
    str last_class;  // neighbours are mostly of one
    bool full;
};
void indexer_begin(struct indexer *x, struct arena *a);
void indexer_event(struct indexer *x, const struct epcis_event *e);       // all but its EPCs
void indexer_epc(struct indexer *x, const struct gs1_id *id);             // of an object
void indexer_value(struct indexer *x, enum list_attribute of, str value); // as index_value gave it
status indexer_end(struct indexer *x, struct index_entries *out);
