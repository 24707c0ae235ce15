// spool.h - the files that large documents lie in until they are taken in.
//
// DIR/spool/<26 characters>.part while the document comes, .doc once a fact of the journal names
// it. What no running job names is removed at the start.
#pragma once
#include "common/status.h"
#include "common/str.h"

struct env;

#define SPOOL_PATH_MAX 4200u
#define SPOOL_NAME_MAX 40u

struct spool;
// A new file, open for writing. capture.spool; ST_FULL.
status spool_new(const char *folder, const struct env *env, struct spool **out);
// A file that a fact names, open for reading. capture.spool, capture.lost: it is not there.
status spool_open(const char *folder, str name, struct spool **out);
void spool_close(struct spool **s); // a file that was not kept goes
status spool_add(struct spool *s, str bytes);
status spool_keep(struct spool *s); // synced: a fact may name it
str spool_name(const struct spool *s);
// Bytes from `at`, at most n; *got 0: the end.
status spool_read(const struct spool *s, uint64_t at, char *out, size_t n, size_t *got);
void spool_remove(struct spool **s); // closes it, and the file goes

status spool_folder(const char *folder); // makes it
// Removes all files but those that `is_needed` says.
void spool_sweep(const char *folder, bool (*is_needed)(void *self, str name), void *self);
