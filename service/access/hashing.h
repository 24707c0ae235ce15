// hashing.h - passwords are hashed away from the loops: by threads of a lower priority, fewer than
// there are cores, so that however many want to log in, lines are answered as ever.
//
// A handler asks as if the answer were there. Where it is not, it returns without an answer of its
// own, and the route is run again once it is:
//
//     status st = hashing_fits(r, hash, password, &fits);
//     if (api_is_later(&st)) return;
//
// So what comes before in a handler is done twice and must only look. Who waits, waits in one of
// two lines, each with its end (503): callers that are known go before those who want to log in,
// and one caller has few places among those, one address among these. Who has one hash and needs
// another has a place for it as long as the line has any.
#pragma once
#include "common/http.h"
#include "service/journal/site.h"

#define HASHING_KNOWN_MAX   64u // who wait: callers that are known
#define HASHING_CALLER_MAX  8u  // of these of one person, whatever they call with, or one machine
#define HASHING_LOGINS_MAX  32u // and who want to log in, at once 16 MB of requests at most
#define HASHING_ADDRESS_MAX 8u  // of these from one address

// Threads: `passwords.hashes_at_once`, but fewer than there are cores, and always one.
status hashing_start(struct site *site); // site->hashing; without it all is done on the spot
void hashing_stop(struct site *site);    // who waits, and who comes, is answered 503
void hashing_free(struct site *site);    // after the loops

// As password_fits and password_hash (service/access/password.h) for the request's site. An empty
// `hash` is fitted by nothing, after as much work. api_later (service/api/api.h), see above;
// password.busy.
status hashing_fits(struct http_req *r, str hash, str password, bool *fits);
status hashing_new(struct http_req *r, str password, str *hash);
bool hashing_has_begun(const struct http_req *r); // the route has been run before
