// access.h - finds out who calls, and whether they may.
//
// `Authorization: Bearer <token>`, or Basic with the token's id as user and the token as password,
// or a client certificate (certificate.h), or, at addresses for people and without that header, the
// cookie of a session (session.h). Rows are read for every request, so that a token ends the moment
// it is revoked.
#pragma once
#include "service/api/api.h"

// For struct http_server_conf: sets r->caller, or refuses with 401 (access.missing, access.form,
// session.ended, token.unknown, token.revoked, token.expired, certificate.*, access.two), 403
// (access.role, access.door, session.csrf) or 429 (limit.h). Routes for anyone ("") leave it NULL.
status access_check(struct http_req *r, const char *roles);

// The caller alone, whatever the role: for routes that anyone may ask but not everyone is answered.
status access_caller(struct http_req *r, const struct caller **out);

// The one client that a call is about: the caller's only one or, of several, the one that the
// header `Packtrail-Client` names, which a caller of the whole site may name too. {0}: the whole
// site. client.ambiguous: several and none is named; client.unknown: not one of the caller's.
status access_client(struct http_req *r, struct txn *t, client_id *out);

// Whose person's actor calls, 0: nobody's that is known. Takes from no bucket, refuses nothing.
uint32_t access_person(struct http_req *r);

// For answers that go on and on: would the same call still be let in, as the same caller, and may
// they still ask it of the client? In the snapshot `t`; uses `a`, takes from no bucket, and keeps
// no session awake.
bool access_still(struct http_req *r, struct txn *t, client_id client, struct arena *a);

extern const struct http_route access_routes[], session_routes[];
