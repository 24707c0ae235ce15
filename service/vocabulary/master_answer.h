// master_answer.h - the answer to a question for master data, whoever asks.
#pragma once
#include "service/epcis/write.h"
#include "service/vocabulary/master_query.h"

struct http_req;

// Lives in r->arena.
struct master_asked {
    struct master_query q;
    enum epcis_format format;
    bool soap;        // as the results of SimpleMasterDataQuery in an envelope, else a document
    const char *type; // of the answer
    str about;        // for http_problem, with a refusal
};
// Of the one client that the call is about. Answers by itself, in turns; all at once, so that there
// is no half an answer.
void master_answer_begin(struct http_req *r, const struct master_asked *a);
