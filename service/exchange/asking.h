// asking.h - the stored query that a subscription is of: which one it was, and what fits it.
#pragma once
#include "service/epcis/event.h"
#include "service/journal/journal_db.h"

#define ASKING_NAME_MAX 200u

// A query of the client. It is the same one for as long as `made` is the same: a name that is
// given again later is another query.
struct asked_query {
    str name;
    uint64_t made; // seq of the fact that made it; 0: SimpleEventQuery, which every client has
    str params;    // of SimpleEventQuery, packed (query_given_put), or empty: every event fits
};
// False: the client has no such query. `out->name` is `name`, without parameters.
bool asking_find(struct txn *t, client_id client, str name, struct asked_query *out);

// The query, read once for all events. Lives in the arena.
struct asking;
status asking_open(struct txn *t, client_id client, const struct asked_query *q, struct arena *a,
                   struct asking **out);
// `m` are the master data of this snapshot; `scratch` holds what the look at one event needs.
struct query_master;
status asking_fits(const struct asking *x, const struct epcis_event *e,
                   const struct query_master *m, struct arena *scratch, bool *out);
