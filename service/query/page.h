// page.h - tokens that lists go on by: where a page ended, for this question of this caller, sealed
// so that nobody reads or makes one.
//
// text = hex of nonce 12, AES-128-GCM of (what is asked 16, client 4, actor 4, expiry 8, place),
// tag 16; the key follows from the site's opaque key. A token that was given back (DELETE
// /nextPageToken) is remembered until it would have expired, in memory: the last 4,096 of them.
#pragma once
#include "common/arena.h"
#include "service/journal/site.h"

#define PAGE_TOKEN_MS  (INT64_C(60) * 60 * 1000) // a token is good for an hour
#define PAGE_PLACE_MAX 128u

struct page_of {
    struct digest16 asked; // of all that the next page must ask again
    client_id client;
    uint32_t actor;
};

// Appends the token. `place` is at most PAGE_PLACE_MAX bytes.
void page_token_put(const struct site *s, const struct page_of *of, wall expires, str place,
                    struct buf *out);
// page.token: none of ours, or of another question or caller, or given back; page.expired.
status page_token_get(const struct site *s, const struct page_of *of, str text, struct arena *a,
                      str *place);
// For a list that goes on at a number.
void page_number_put(const struct site *s, const struct page_of *of, wall expires, uint64_t n,
                     struct buf *out);
status page_number_get(const struct site *s, const struct page_of *of, str text, struct arena *a,
                       uint64_t *n);
// Given back by who has it. page.token
status page_token_drop(const struct site *s, uint32_t actor, str text);
