// item_api.h - PUT, GET and list of any noun, which the route's `app` names.
#pragma once
#include "service/api/api.h"
#include "service/item/item.h"

void item_api_put(struct http_req *r); // 201 new, 200 changed or the same; the item as stored
void item_api_get(struct http_req *r);
void item_api_list(struct http_req *r);
// Answers with the item that the put's fact made; for nouns that submit in a way of their own.
void item_api_put_done(struct http_req *r, const struct ask *a);

// A put that comes from elsewhere than a request: the ask of n->kind, read from the same text under
// the same rules.
struct item_text {
    str name, json;
    const struct site *site; // whose keys seal what is secret
};
status item_put_read(struct txn *t, const struct item_noun *n, const struct item_text *text,
                     struct arena *a, struct item_put *out);

#define ITEM_BODY_MAX (256 * KB)
#define ITEM_READERS  "admin operator qa auditor line client gateway"
// The three routes of a noun: ITEM_ROUTES("/v1/lines", "{line}", noun_line).
// clang-format off
#define ITEM_ROUTES(base, param, noun)                                                             \
    {.method = HTTP_GET, .path = base, .roles = ITEM_READERS, .run = item_api_list, .app = &noun,  \
     .query = "limit page"},                                                                       \
    {.method = HTTP_GET, .path = base "/" param, .roles = ITEM_READERS, .run = item_api_get,       \
     .app = &noun, .query = ""},                                                                   \
    {.method = HTTP_PUT, .path = base "/" param, .roles = "admin", .body_max = ITEM_BODY_MAX,      \
     .run = item_api_put, .app = &noun, .query = ""}
// clang-format on
