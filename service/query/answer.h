// answer.h - what the rooms above need to ask for events as this one's paths do: the query language
// is query.h's, the answer goes out by itself.
#pragma once
#include "service/query/run.h"
#include "service/query/stored.h"

#define SIMPLE_MASTER_DATA_QUERY "SimpleMasterDataQuery"

// The one client whose events a call is about; callers of the whole site name it.
struct http_req;
status query_client(struct http_req *r, struct txn *t, client_id *out);

// What events are asked for, from whatever path. Lives in r->arena.
struct events_asked {
    struct query q;
    struct query first;  // must have an event before q is looked at; n == 0: nothing is
    bool must_be;        // q must have one
    bool probes;         // `first` is all that is asked: is there such a thing?
    str name;            // of the query, for the answer
    str per_page, token; // as they came
    client_id client;
    bool soap; // as EPCIS 1.2 in an envelope, all at once: without pages
    str about; // for http_problem, with a refusal
};
// Answers by itself, in turns.
void answer_begin(struct http_req *r, const struct events_asked *a);

// The first name of a query behind `after`, into the arena; false: there is none.
bool stored_name_next(struct txn *t, client_id c, str after, struct arena *a, str *out);
