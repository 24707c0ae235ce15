// db.h - ordered rows in one LMDB environment of three databases.
//
// One write transaction at a time, on the thread that began it; any number of readers, each a
// snapshot. Trouble sticks to the transaction: a caller reads and writes straight on and asks once,
// at txn_end. Rules of the house that this file keeps: never WRITEMAP, NOSYNC or NOMETASYNC,
// always NORDAHEAD; a read transaction is short and is never held across a network write.
//
// data.mdb is up to 1 MB longer than what is in it: a file that grew with every commit would have
// its own record written with every sync.
#pragma once
#include "common/status.h"
#include "common/str.h"

enum db_table {
    DB_JOURNAL, // the records; keys ascend and are appended
    DB_ROWS,    // key: tag byte first, then what the tag's owner says
    DB_LISTS,   // key -> ascending set of 8-byte numbers
    DB_TABLES
};

struct db;
struct txn;

struct db_conf {
    const char *folder; // exists already; data.mdb and lock.mdb lie in it
    size_t map_max;     // address space reserved; over it writes answer ST_FULL
    unsigned readers;   // read transactions at once
    bool read_only;
};

status db_open(const struct db_conf *conf, struct db **out);
void db_close(struct db **db); // NULL-safe; every transaction has ended

struct txn *txn_write(struct db *db); // never NULL; may begin failed
struct txn *txn_read(struct db *db);
void txn_rest(struct txn *t); // reader: gives the snapshot back, keeps its place
bool txn_rests(const struct txn *t);
void txn_renew(struct txn *t); // reader: a fresh snapshot, after txn_rest
// Ends it either way. ST_FULL store.full when disk or map have no room, ST_STORE otherwise.
status txn_end(struct txn **t, bool commit);
// How long the last commit waited for the disk, in microseconds: the time it took less the
// processor's, which is ours. Owner: who has the write transaction.
uint64_t db_waited_us(const struct db *db);
// A part of a write transaction that can be taken back alone: begins it; ends it, kept or undone.
// A part may have a part, no walk is open then, and trouble in it is the whole's.
#define TXN_PARTS_MAX 2u
void txn_part(struct txn *t);
void txn_part_end(struct txn *t, bool keep);
// What was read in a write transaction, and is remembered beyond it, holds while this stays what it
// was: it changes once rows are undone, all of a transaction's or a part's. 0: of a reader, whose
// rows stand.
uint64_t txn_undone(const struct txn *t);
// What travels with a transaction and means nothing to it; NULL until it is set.
void txn_attach(struct txn *t, void *own);
void *txn_attached(const struct txn *t);
status txn_status(const struct txn *t);                              // the first trouble so far
void txn_spoil(struct txn *t, const char *reason, const char *what); // a row that makes no sense

// `val` lives until the next write of this transaction or its end.
bool txn_get(struct txn *t, enum db_table in, str key, str *val);
void txn_put(struct txn *t, enum db_table in, str key, str val);
void txn_append(struct txn *t, enum db_table in, str key, str val); // key above all others there
bool txn_del(struct txn *t, enum db_table in, str key);             // was it there?
// Ascending, above all others of the key.
void txn_list_add(struct txn *t, str key, const uint64_t *items, size_t n);

// Walks all rows whose key begins with prefix, from `from` (a full key, or empty for the first).
//     struct walk w = walk_open(t, DB_ROWS, prefix, from);
//     while (walk_next(&w, &key, &val)) …
//     walk_close(&w);
// No writing to the walked table meanwhile.
struct walk {
    struct txn *t;
    void *cursor;
    str prefix, from;
    bool begun;
};
struct walk walk_open(struct txn *t, enum db_table in, str prefix, str from);
bool walk_next(struct walk *w, str *key, str *val);
bool walk_last(struct walk *w, str *key, str *val); // the last row of the prefix
// The row before: of `from` at the first call, of the last one read afterwards.
bool walk_before(struct walk *w, str *key, str *val);
void walk_close(struct walk *w);

// The items of one list from `from` upwards; at most n of them. How many were read.
size_t list_read(struct txn *t, str key, uint64_t from, uint64_t *items, size_t n);
// The same downwards: the greatest first, none above `from`.
size_t list_read_back(struct txn *t, str key, uint64_t from, uint64_t *items, size_t n);
uint64_t list_count(struct txn *t, str key);

// Pages in use, of 4096 bytes: all pages ever used less those free for re-use.
status db_pages(struct db *db, uint64_t *used, uint64_t *file);

// What is in the store now into data.mdb of another folder, its owner's alone, without the free
// pages. It must not be there. Only where nobody writes meanwhile: the snapshot is held until all
// is copied.
status db_copy(struct db *db, const char *folder);
// Forgets readers of processes that have died: their snapshots would keep old pages for ever.
void db_sweep(struct db *db);

struct db_fault {
    int nth;      // the nth call to the store from now fails; 0: none
    int hit;      // how often it has
    int rc;       // with this error; 0: EIO
    bool commits; // only commits are counted
};
extern struct db_fault db_fault; // tests only
