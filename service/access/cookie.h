// cookie.h - the cookie of a session in requests and answers, and that nobody else's page makes use
// of it.
//
// Over TLS it is `__Host-packtrail` with Secure, which no other host can set; else `packtrail`.
// Always HttpOnly, SameSite=Strict and Path=/. What a page must say beside it, to change something,
// is its CSRF token in the header `Packtrail-CSRF`: a digest of the cookie, which pages of other
// origins cannot read.
#pragma once
#include "service/access/session.h"
#include "service/api/api.h"

#define COOKIE_CSRF_LEN 32u

str cookie_text(const struct http_req *r); // of a session; empty: there is none
void cookie_csrf(str text, char out[COOKIE_CSRF_LEN]);
// For the reply that follows. An empty text takes it back.
void cookie_set(struct http_req *r, str text, uint32_t max_ms);

// session.csrf (403): a browser says that another origin asks. Nothing said is nothing refused.
status cookie_origin_check(const struct http_req *r);
// Of a call by cookie: the above, and the token where something may change.
status cookie_csrf_check(const struct http_req *r);
