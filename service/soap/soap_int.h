// soap_int.h - what the files of this folder share.
#pragma once
#include "service/api/api.h"
#include "service/query/answer.h"
#include "service/soap/call.h"
#include "service/soap/fault.h"
#include "service/soap/soap.h"

// Refuses as a fault that says, where the exception has a place for it, of which query.
void soap_refuse(struct http_req *r, const struct soap_call *c, status st);

// An envelope around one result: written between begin and reply.
struct xml_w soap_begin(struct buf *b, str result); // "GetQueryNamesResult": it is open then
void soap_reply(struct http_req *r, struct xml_w *w);

// The operations that have files of their own. The call lies in r->arena.
void soap_poll_master(struct http_req *r, const struct soap_call *c);
void soap_subscribe(struct http_req *r, const struct soap_call *c);
void soap_unsubscribe(struct http_req *r, const struct soap_call *c);
void soap_subscription_ids(struct http_req *r, const struct soap_call *c);

// The parameters of a call as a query for events. A named query takes none. Codes of query.h.
status soap_query_read(struct http_req *r, const struct soap_call *c, const struct stored *s,
                       struct query *out);
