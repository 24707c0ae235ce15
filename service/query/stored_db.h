// stored_db.h - the rows of named queries: which fact says what a name means.
#pragma once
#include "service/journal/journal_db.h"

#define QUERY_NAME_MAX 128u

// The fact that put it; 0: there is no query of this name.
uint64_t stored_seq(struct txn *t, client_id c, str name);
void stored_put(struct txn *t, client_id c, str name, uint64_t seq);
void stored_del(struct txn *t, client_id c, str name);
// The first name behind `after` in byte order; false: none. A view of the row.
bool stored_next(struct txn *t, client_id c, str after, str *name, uint64_t *seq);
