// calling.h - one message as a request: made by the courier, dressed by the sort of its follower.
#pragma once
#include "common/http_client.h"
#include "service/exchange/partner.h"
#include "service/pool/secret.h"

#define CALLING_HEADERS_MAX (PARTNER_HEADERS_MAX + 4)
#define CALLING_SECRETS     ((PARTNER_HEADERS_MAX + 2) * SECRET_MAX)

// What a call is made of; secrets are open in `room` and wiped after libcurl has copied them.
struct calling {
    const struct site_keys *keys;
    struct buf room; // has CALLING_SECRETS from the start: views into it stay
    struct http_client_header headers[CALLING_HEADERS_MAX];
    struct http_call call;
};

void calling_begin(struct calling *x, const struct site_keys *keys);
void calling_end(struct calling *x); // wipes
void calling_header(struct calling *x, str name, str value);
status calling_secret(struct calling *x, str sealed, str *plain); // lives until calling_end
