// verification_int.h - what the files of this room share.
#pragma once
#include "service/event/unit_view.h"
#include "service/verification/verification.h"

#define VERIFICATION_REPEAT_MS (INT64_C(24) * 3600 * 1000) // a repeat is answered as before

struct verification_room { // site->verification
    unsigned magic;
    struct rate_table *rates;
    uint64_t responder; // GLN; 0: not set
};
#define VERIFICATION_MAGIC 0x7e41f1edu
const struct verification_room *verification_room(const struct site *site);

struct verification_ask {
    struct verification v; // question, responder, unit
    client_id owner;       // of the GTIN, where the caller sees it; {0}: nothing will match
    struct date expiry;    // of v.exp
    // What another system's event told of a unit that is not of the site's pools.
    bool foreign;
    struct verification_label told;
};

// ---- find.c: on the loop, in its snapshot

// Whose GTIN it is and which of its units; the responder's GLN where the product names one.
status verification_find(const struct site *site, struct unit_reader *r, const struct caller *c,
                         struct verification_ask *x);
// Is the GTIN a product of a client that the caller sees? Then *responder is its holder's GLN, or
// 0.
bool verification_knows(struct txn *t, const struct caller *c, const char gtin[14], struct arena *a,
                        uint64_t *responder);

// ---- verification_db.c: row '9'

// What makes two questions of one caller the same.
struct digest16 verification_digest(const struct verification *v);
uint64_t verification_row_get(struct txn *t, uint32_t actor, const struct digest16 *d); // 0: none
void verification_row_put(struct txn *t, uint32_t actor, const struct digest16 *d, uint64_t seq);

// The list of answers: all of a client's, or those that are suspect. Client 0 has everybody's.
str verification_list(bool suspect);

void verification_gln_write(struct json_w *w, const char *key, uint64_t gln); // 0: left out

// list_api.c: GET /v1/verifications
void verification_list_show(struct http_req *r);
