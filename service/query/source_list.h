// source_list.h - ascending positions out of lists: what candidates are drawn from.
//
// A *place* is where a fact stands in the order that is walked: its seq, or, where the newest come
// first, UINT64_MAX less its seq; so that all walking is upwards. A *source* is one list of facts,
// a *choice* all facts that one of its sources has.
#pragma once
#include "common/arena.h"
#include "service/journal/lists.h"

#define PLACE_END UINT64_MAX // no more

static inline uint64_t place_of(bool ascending, uint64_t seq)
{
    return ascending ? seq : UINT64_MAX - seq; // its own inverse
}

#define SOURCE_READ 32u // items at a time

struct source {
    bool is_set;
    enum list_attribute of;
    str value;
    uint64_t *at; // places: of a set all, else those read last
    uint32_t n, next;
    bool ended;    // the list has no more than `at`
    uint64_t read; // how many the next reading takes
};
struct choice {
    struct source *sources;
    uint32_t n, room;
};
struct sources {
    struct txn *t; // of this turn
    client_id client;
    bool ascending;
};

// A set of seqs in any order; they become places.
void source_set(struct source *s, bool ascending, uint64_t *seqs, uint32_t n);
void source_rewind(struct source *s);
// The first place from `from` on, which never gets less but after a rewind.
uint64_t source_seek(const struct sources *x, struct source *s, uint64_t from);
uint64_t choice_seek(const struct sources *x, struct choice *c, uint64_t from);
// source.memory
status choice_add(struct choice *c, struct arena *a, const struct source *s);
