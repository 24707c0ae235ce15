// query_int.h - what the files of this folder that talk to callers share.
#pragma once
#include "service/query/answer.h"
#include "service/query/page.h"
#include "service/rest/rest.h"

#define QUERY_ROLES "gateway client operator qa auditor admin"

status query_prefixes(struct http_req *r, struct query_reader *in); // of GS1-Extensions

// A resource of the top level.
struct resource {
    const char *name, *param;
    enum list_attribute list;
    int vocabulary; // of its words; -1: they are no words
};

// Handlers.
http_run events_list, events_one, events_of, resource_list, resource_one, queries_list, queries_put,
    queries_one, queries_delete, queries_events, token_drop;
