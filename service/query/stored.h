// stored.h - named queries, for all who run them: paths, subscriptions, SOAP.
#pragma once
#include "service/query/query.h"

// A query that every client has: without parameters it fits every event.
#define SIMPLE_EVENT_QUERY "SimpleEventQuery"

struct stored {
    str name;
    str json;      // the object of its parameters
    uint64_t made; // seq of the fact that put it, so that a name given again is another query; 0:
                   // SimpleEventQuery
};
// Of this client. query.no_such (NOT_FOUND). Texts lie in the arena.
status stored_get(struct txn *t, client_id c, str name, struct arena *a, struct stored *out);
// What it asks. Views of `s` and of the arena. Whoever holds events against it expands it first
// (query_expand), with the master data of the time: { site->master, t, client }.
status stored_query(const struct stored *s, struct arena *a, struct query *out);
