// journal_filter.h - what of the journal is asked for: who, what, when, which unit, lot, client.
//
// What has a list or a chain is found by it (lots, a unit), with what is gathered besides
// (journal_gather.h), a time by halving, since recordTime never goes back; all else is looked at in
// the headers of the records between.
#pragma once
#include "service/api/api.h"
#include "service/ops/journal_gather.h"

struct journal_filter {
    uint64_t from, until; // as the caller counts
    uint64_t first, last; // seq: what lies outside is not looked at
    uint16_t kind;        // 0: any
    bool by_actor, by_lot, by_unit, by_client;
    client_id client;
    uint32_t *actors; // with by_actor, ascending
    uint32_t actor_count;
    str user; // and what names this person, where the service itself is the actor; or empty
    const struct kind *const *kinds;
    struct named_lot *lots; // with by_lot: of that name, or of that product
    uint32_t lot_count;
    struct journal_gather gather; // of them
    struct unit_wish unit;        // with by_unit
    const uint64_t *chain;        // its facts, oldest first; none: nothing is known of it here
    uint32_t chain_n, chain_at;
    struct journal_gather named; // what else names it
};

#define JOURNAL_FILTERS "from until since before actor user kind unit lot gtin client"

// From r's query; what it needs lies in r's arena. `last` is the newest record. `scratch` is used
// and emptied. Codes: journal.filter (400); client.unknown (404); unit.history (413).
status journal_filter_read(struct journal_filter *f, struct http_req *r, struct txn *t,
                           struct arena *scratch);
void journal_filter_end(struct journal_filter *f); // also of zeros
// Before the first journal_filter_next, in as many turns of the loop as it takes until *ready.
// journal.too_many (413); unit.unknown (404): nothing is known of it, and no refusal named it.
status journal_filter_prepare(struct journal_filter *f, struct txn *t, struct arena *scratch,
                              bool *ready);
// from, until, since and before alone, for who wants all of a stretch.
status journal_stretch_read(struct journal_filter *f, struct http_req *r, struct txn *t);
// The next record to look at, from `at` on; 0: none.
uint64_t journal_filter_next(struct journal_filter *f, struct txn *t, uint64_t at);
bool journal_filter_fits(struct journal_filter *f, const struct caller *c, struct txn *t,
                         const struct fact *head);
// By its name, of those that the caller sees. client.unknown
status journal_client_read(struct http_req *r, struct txn *t, str name, client_id *out);
