// index.h - what events are found by: the values of schemas/indexed.yaml, spelled one way whether
// they come out of a captured document, a line's report or a question.
//
// Identifiers are canonical (gs1_write GS1_DL), words of the CBV bare, so that every spelling of
// one thing is one value. Values over 64 bytes become the first 16 of their SHA-256.
#pragma once
#include "service/epcis/event.h"
#include "service/journal/journal_db.h"

#define INDEX_VALUE_MAX 64u

struct index_entry {
    enum list_attribute of;
    str value;
};
struct index_entries {
    struct index_entry *at;
    uint32_t n;
};

// All values of an event, each once, in the order of the attributes. Not LIST_EVENTS, LIST_LOT and
// LIST_UNIT, which are no matter of the event alone. index.memory
status index_of(const struct epcis_event *e, struct arena *a, struct index_entries *out);
// One value as its list has it. `type` of a business transaction, source or destination, else
// empty. A text that cannot be read as an identifier stands for itself.
status index_value(enum list_attribute of, str type, str text, struct arena *a, str *out);
