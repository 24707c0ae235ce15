// report_int.h - what the files that take the reports of lines share: said -> found on a loop,
// found -> decided in the committer.
//
//     said.c            one object's JSON
//     find.c            its names as units, in a snapshot of the loop
//     report_api.c      the call: jobs one after the other, back-pressure
//     slicer.c slice.c results.c: where a slice ends; the objects of one job; its answer
//     judge.c           the guards, one unit at a time
//     repeat.c before.c: was it reported before? what must be done before, as facts of their own
//     firsts.c pack.c unpack.c close.c changed.c relabel.c: decide and write
//     contents.c, writing.c: the own parts of their facts, and what all of them write
#pragma once
#include "service/api/caller.h"
#include "service/epcis/cbv.h"
#include "service/event/contents.h"
#include "service/event/counting.h"
#include "service/event/level.h"
#include "service/event/owner.h"
#include "service/event/scanned.h"
#include "service/event/standing.h"
#include "service/unit/unit_db.h"

// ---- repeats

enum repeat_by { REPEAT_NONE, REPEAT_BY_ID, REPEAT_BY_TIME };
struct repeat_key {
    enum repeat_by by;
    uint32_t whose;                        // the line that reported, or the principal
    struct digest16 key, content, spelled; // spelled: with `extra` as it was written
};

struct report_ask; // below
void repeat_key_of(const struct said *s, const struct report_ask *ask, struct arena *a,
                   struct repeat_key *out);
// d->repeat_seq, 0: it is new, and what was refused of it then. report.id_mismatch; its bar, if new
status repeat_look(struct decide *d, const struct report_ask *ask);
bool repeat_digest(const struct repeat_key *k, struct digest16 *out); // that the fact keeps
void repeat_write(struct txn *t, const struct fact *f, const struct report *r,
                  const struct digest16 *kept);

// ---- what is asked of the committer

struct report_ask {
    enum report_type type;
    enum unit_act act; // of units.changed
    struct report fields;
    str line; // its name; empty: not a line
    bool has_time;
    struct moment time;
    client_id client;
    uint32_t lot;   // of firsts, or that the report is about; 0: none
    uint8_t level;  // of labels that were not read
    uint64_t count; // of them
    bool commission, partial;
    bool says_unpack, unpack; // first out of the container that it lies in
    unit_id parent;           // {0}: not said; of a relabelling the old number
    unit_id to;               // of a relabelling: the new one
    bool derived;             // done because another report asks for more
    bool unless_done;         // of a closing: nothing, where it is closed already
    bool ends, goes_on;       // of an unpacking: what comes out ends, the container goes on
    struct runs units;        // the children, or what is commissioned or scrapped
    uint64_t request;         // whose numbers these are, by their place in it; 0: named
    struct repeat_key repeat;
    status bar;                     // why it is refused by now, unless it is a repeat
    bool each;                      // each unit stands for itself
    struct scans scans;             // what their codes said beside their numbers
    const struct refused *left_out; // what was not found of them then, and how many; NULL: all was
    uint32_t left_out_n;
};

// ---- find

struct finder { // one for the objects of a job. owner: the loop
    // to be filled before finder_begin:
    const struct site *site;
    const struct caller *caller;
    struct txn *t;
    struct arena *arena; // of the job

    struct names *names;
    str line_name; // the caller's line, and its number; empty and 0: none
    uint32_t line;
    uint64_t gln;
    bool each; // each unit stands for itself; set after finder_begin
    bool one;  // what is being found stands for the whole report
    struct owner_reader owners;
    struct buf units;       // offenders of the object at hand
    status first;           // and what the first did wrong
    uint32_t bad, left_out; // of the former, the report goes on without so many
};
void finder_begin(struct finder *f);
void finder_end(struct finder *f);
const struct kind *report_kind(enum report_type t);
// *what and *kind of the ask: of the report's own kind, or, where it can be refused at once, of
// kind_refusal. request.memory.
status report_find(struct finder *f, const struct said *s, const struct kind **kind,
                   const void **what);

// ---- judge

#define JUDGE_HEADERS 8u // a report's units have few distinct last events

struct unit_sorts { // what a unit is by its space
    uint32_t space;
    enum unit_sort sort;
    bool is_sscc, is_foreign;
    uint8_t level;
    uint32_t product;
};

struct judge { // owner: the committer, for one command
    struct decide *d;
    const struct report_ask *ask;
    struct names *names;
    struct unit_rows rows;
    struct standing standing;
    struct unit_sorts sorts;            // of the space looked at last
    struct fact headers[JUDGE_HEADERS]; // by seq modulo their number
    struct alike_w previous;            // into d->out
    int64_t latest_ms;                  // event time of the newest of the units' last events
    int64_t awaited_ms;                 // of the oldest packing that waits for them; 0: none does
    uint32_t line_lot, market_lot;      // that take the line's reports; whose market was looked up
    const struct market *market, *market_all; // for packs, and for all levels; NULL: no rules
    unit_id before; // the unit judged last, {0}: none, or it offended; how it was judged
    enum unit_act act;
    struct unit row;
    struct unit_change change;
    bool alike, ends; // as the one before, for all that a row tells; what comes out ends at once
    status first;     // offence
    uint32_t bad, looked;
    const struct runs *list; // of which units may be left out
    unit_id *out;            // those that offended, where each stands for itself
    uint32_t out_n, out_room;
};

// Is it a repeat (d->repeat_seq), may it be now? Writes the common part up to the units.
status judge_begin(struct judge *j, struct decide *d, const struct runs *units);
struct unit_sorts judge_sorts(struct judge *j, unit_id u);
const struct fact *judge_header(struct judge *j, uint64_t seq);
uint32_t judge_lot(struct judge *j, unit_id u);        // of any unit, by its first event; 0: none
uint32_t judge_lot_within(struct judge *j, unit_id u); // or of an SSCC's first content
uint32_t judge_lot_of(struct judge *j, unit_id u, const struct unit *x); // x: its row
// May `act` be done to the next of `units`? *x is its row; the second tells what changes.
bool judge_unit(struct judge *j, unit_id u, enum unit_act act, struct unit *x);
bool judge_change(struct judge *j, unit_id u, enum unit_act act, struct unit *x,
                  struct unit_change *change);
// The same, being as `x` says. Nobody is offended.
status judge_guard(struct judge *j, unit_id u, enum unit_act act, const struct unit *x,
                   struct unit_change *change);
void judge_offend(struct judge *j, unit_id u, status st);
// lot.line, where the lot lists others than the line that reports; lot.released, where it is.
status judge_line(struct judge *j, uint32_t lot);
status judge_unreleased(const struct judge *j, uint32_t lot);
// market_check.c: offends where the number is not what the market of the lot's product asks for.
void judge_market(struct judge *j, uint32_t lot, unit_id u);
const struct market *judge_market_of(struct judge *j, uint32_t lot); // NULL: none
// Ends the list of previous positions, gives the fact its time; the refusal of what offended, with
// what is left to be tried again where each unit stands for itself.
status judge_end(struct judge *j);

// ---- writing

struct unit_writing { // what the writes of all these kinds begin with
    struct txn *t;
    const struct fact *f;
    struct arena arena;
    struct report report;
    struct touched touched;
    struct bytes_r own;
    struct unit_rows rows;
    uint32_t lot; // whose counters are in hand; 0: none
    struct lot_counts counts;
};
bool writing_begin(struct unit_writing *w, struct txn *t, const struct fact *f);
void writing_end(struct unit_writing *w);
void writing_flush(struct unit_writing *w); // what it holds back is in the store
// n more, or fewer, of a lot's units of a level; nothing is counted for lot 0.
struct count_of {
    uint32_t lot;
    uint8_t level;
    enum count what;
};
void writing_count(struct unit_writing *w, struct count_of of, int64_t n);
void writing_counts(struct unit_writing *w, const struct counts *c); // and notes the lots' facts
// These units begin with the lot: those that were not asked for with it are counted so, there and
// with the lot that they were asked for.
void writing_began(struct unit_writing *w, const struct runs *units, uint32_t lot);
// `x`: the row before. What the number counted as, printed or lost, it does no longer.
void writing_was(struct unit_writing *w, unit_id u, const struct unit *x);
void captured_write(struct txn *t, const struct fact *f, const void *arg); // capture_write.c
void captured_print(const struct fact *f, struct json_w *w, const void *arg);

// What packed, unpacked and closed share.
struct runs container_and(unit_id container, const struct runs *children, struct arena *a);
status contents_read(struct unit_writing *w, struct contents *out); // from w->own
// The counters of all lots that the fact names, its children `sign` times; and their lists.
void contents_count(struct unit_writing *w, const struct contents *c, int sign);
// What the event of packing or unpacking is found by.
void contents_note(struct unit_writing *w, const struct contents *c, enum epcis_step step);
void contents_print(const struct fact *f, struct json_w *w, const void *arg);
