// limit.h - how often somebody may ask: each caller, each address that no caller is known of, and,
// far less often, each address whose callers are refused as unknown, or want to log in (each of
// these in a bucket of its own).
//
// An address is all of an IPv4 one and the first 64 bits of an IPv6 one. 401 and 429 are no facts;
// they are counted in metrics.
#pragma once
#include "common/rate.h"
#include "service/api/api.h"

struct limit_conf {
    struct rate_rule callers; // of a caller, and of an address on routes for anybody
    struct rate_rule refused; // of an address, answers 401
    struct rate_rule logins;  // of an address
};
void limit_start(struct site *site, const struct limit_conf *conf); // site->access
void limit_stop(struct site *site);

// rate.requests (429)
status limit_caller(struct http_req *r, uint32_t actor);
status limit_address(struct http_req *r);
// Of an address, to log in, whether that succeeds or not: hashes are dear. rate.logins (429)
status limit_login(struct http_req *r);
void limit_count_unknown(void); // an answer 401 that the above has let through
// `st`, which refuses somebody as unknown; or rate.refused (429) where that was too often.
status limit_refused(struct http_req *r, status st);
uint64_t limit_address_key(str peer); // what stands for the address
