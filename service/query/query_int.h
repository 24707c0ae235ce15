// query_int.h - what the files of this folder that talk to callers share.
#pragma once
#include "service/query/page.h"
#include "service/query/run.h"
#include "service/query/stored.h"
#include "service/rest/rest.h"

#define QUERY_ROLES "gateway client operator qa auditor admin"

// The one client whose events a call is about; callers of the whole site name it.
status query_client(struct http_req *r, struct txn *t, client_id *out);
status query_prefixes(struct http_req *r, struct query_reader *in); // of GS1-Extensions

// What events are asked for, from whatever path. Lives in r->arena.
struct events_asked {
    struct query q;
    struct query first;  // must have an event before q is looked at; n == 0: nothing is
    bool must_be;        // q must have one
    bool probes;         // `first` is all that is asked: is there such a thing?
    str name;            // of the query, for the answer
    str per_page, token; // as they came
    client_id client;
};
// Answers by itself, in turns.
void answer_begin(struct http_req *r, const struct events_asked *a);

// A resource of the top level.
struct resource {
    const char *name, *param;
    enum list_attribute list;
    int vocabulary; // of its words; -1: they are no words
};

// Handlers.
http_run events_list, events_one, events_of, resource_list, resource_one, queries_list, queries_put,
    queries_one, queries_delete, queries_events, token_drop;
