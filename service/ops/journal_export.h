// journal_export.h - a stretch of the journal as text that proves itself: each record's bytes, its
// SHA-256 and its link, and what it says; at the end a statement of all that, signed.
//
// Lines of JSON, each member of the first, third and fourth line's beginning in this order, so that
// sed can take them apart (scripts/verify_export.sh):
//   {"packtrail":"journal export 1","journal_id","from","link"}    the link before the first record
//   {"seq","sha256","link","record","says":{…}}                     a record, base64
//   {"seq","sha256","link","withheld","says":{…}}                   one whose bytes stay here
//   {"seq","sha256","link"}                                         one that is not shown
//   {"packtrail":"journal export 1","journal_id","from","until","records","client"?,"gtin"?,
//    "lot"?,"time","link","sha256"}                                 of all lines before this one
//   {"signature"}                                 base64; Ed25519 over the line before, without LF
#pragma once
#include "common/digest.h"
#include "service/journal/opened.h"
#include "service/ops/export_key.h"
#include "service/ops/journal_gather.h"
#include "service/ops/journal_print.h"

struct journal_export {
    const struct journal_meta *meta;
    const struct export_key *key;
    const struct kind *const *kinds;
    uint64_t from, until; // seq
    client_id client;     // not {0}: only its records are shown
    str client_name;
    uint32_t lot;                // not 0: of these only those that name this lot of it
    struct journal_gather *more; // and those that this has gathered; may be NULL
    str gtin, lot_name;
    wall now;
    // its own:
    uint64_t at;    // the next record to read
    uint64_t shown; // records written, shown or not
    uint64_t next_of_lot;
    struct link link;
    struct sha256_run sum;
};

// Where to begin, so that the link before `from` is known: at most 999 records earlier.
status journal_export_begin(struct journal_export *x, struct txn *t);
// The next record: its line goes to `out`, if it is not before `from`. `scratch` is the caller's
// to reset.
status journal_export_one(struct journal_export *x, struct txn *t, struct arena *scratch,
                          struct buf *out);
void journal_export_end(struct journal_export *x, struct buf *out);
