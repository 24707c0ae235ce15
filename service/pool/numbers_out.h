// numbers_out.h - the answer that lists a request's numbers: as JSON, text, CSV or NDJSON, in one
// piece or, where there are many, bit by bit as the peer takes them.
#pragma once
#include "service/api/api.h"
#include "service/pool/pool_db.h"

// The form that Accept asks for; -1: answered already (406).
int numbers_form(struct http_req *r);

struct numbers_answer {
    int code;
    int form;         // of numbers_form
    struct fact fact; // numbers.issued
    bool tells_state; // with the state, the line and the lot of the request
    bool unused_only; // without those that were reported
};
void numbers_reply(struct http_req *r, const struct numbers_answer *a);

// Members of an open object: what a request is, and how it stands.
void request_members(struct txn *t, const struct site *site, const struct request_row *q,
                     struct json_w *w);
void request_state_members(const struct request_row *q, struct json_w *w);
// A request by the name that callers know it by, if this caller may. request.unknown.
status request_find(struct txn *t, const struct http_req *r, str text, struct request_row *out);
// The list pool that the path names, if this caller may. pool.unknown, pool.kind.
struct pool_row;
status list_pool_find(struct http_req *r, struct txn *t, struct pool_row *out);
