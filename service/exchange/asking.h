// asking.h - the stored query that a subscription is of: which one it was, and what fits it.
#pragma once
#include "service/query/query.h"

struct site;

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
// Codes of query_from_json: what the definition needs of a request's headers it cannot have here.
status asking_open(struct txn *t, client_id client, const struct asked_query *q, struct arena *a,
                   struct asking **out);
// Is it one that a new subscription may be of? query.too_complex
status asking_check(const struct asking *x);
// For the events of one snapshot: places with all that lies within them. `a` is reset.
status asking_begin(struct asking *x, const struct site *s, struct txn *t, struct arena *a);
// `scratch` is reset.
status asking_fits(const struct asking *x, const struct epcis_event *e, struct arena *scratch,
                   bool *out);
