// pool.h - number pools as people configure them.
//
// A pool gives numbers for one GTIN, or SSCCs of one extension and company prefix: generated in a
// secret order (random), counted (sequential, sscc), or brought by an import (list). Once a number
// was issued its definition never changes; rank, threshold, max_request and use_before may.
//
// Codes: prefix.unknown, prefix.in_use, pool.kind, pool.gtin, pool.client, pool.policy,
// pool.in_use, pool.overlaps, pool.many, product.unknown, client.unknown, those of space.h,
// date_read and market.h.
#pragma once
#include "service/catalog/market.h"
#include "service/client/client.h"
#include "service/item/item.h"

struct pool_share {
    uint64_t of, index;
};

enum pool_kind { POOL_RANDOM, POOL_SEQUENTIAL, POOL_LIST, POOL_SSCC }; // on disk
enum pool_policy { POLICY_NONE, POLICY_EU_FMD };                       // on disk

struct pool {
    str client, gtin, prefix, extension;
    uint8_t kind; // enum pool_kind
    uint64_t length;
    str alphabet, exclude, serial_prefix;
    uint64_t start;
    struct pool_share *share;
    uint8_t policy; // enum pool_policy
    uint64_t threshold, max_request;
    str use_before;
    uint64_t rank;
    str reason;
};

extern const struct item_noun noun_pool;
extern const struct kind kind_pool_put;

// Whose pool it is: of the GTIN's product, as `client` says, or whose prefix it is; 0: SSCCs of
// the site's own.
status pool_client(struct txn *t, const struct pool *p, client_id *out);

// pool_market.c, for struct site: may this GTIN's numbers be for the market, as far as the pools
// that still give some go? market.pools
status pools_fit_market(struct decide *d, const char gtin[14], const struct market *m);

// pool_prefix.c, for struct site: would all SSCC pools stay whose they are? prefix.in_use
status pools_fit_prefixes(struct decide *d, const struct prefix_change *c);
