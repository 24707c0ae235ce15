// head_file.h - head.json: how far the journal and every pool had come, kept outside `data/`.
//
// After a restore it is evidence of numbers that were issued since the backup. {"journal","seq",
// "link","at","pools":{name:{space:high}},"spaces":[{"space","pool","epoch","high","form"}]}; the
// form is service/pool/pool_db.h's, by which a pool that was put again is known. Written when
// something changed: once a minute, or where 10,000 numbers were given, new ones or such as had
// come back, or the marks moved by as many; looked at once a second. Each time the head goes to the
// log, too (`journal.head`), which may lie where whoever rewrites the folder does not reach.
#pragma once
#include "common/db.h"
#include "common/env.h"

// Writes it now.
status head_file_write(struct db *db, const char *path);
// What it says of the journal: seq and link. head_file.read; not `there`: there is no file.
struct journal_head;
status head_file_read(const char *path, bool *there, struct journal_head *out);
// Is the store as new as the file says, and the same journal? It is before anything is written: a
// store that was put back would give numbers again. No crash makes the file the newer one, for it
// is written of what is synced. OK where there is no file. journal.truncated, journal.rewritten.
status head_file_hold(struct db *db, const char *path);
// The same of a head that somebody says.
status head_hold(struct txn *t, const struct journal_head *said);

// A thread of the lowest priority that writes it when it is due. `path` outlives it.
struct head_file;
status head_file_start(struct db *db, const char *path, const struct env *env,
                       struct head_file **out);
void head_file_stop(struct head_file **h); // writes it a last time
