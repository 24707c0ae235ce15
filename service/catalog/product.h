// product.h - what is packed: a product and its packaging levels, each with its own GTIN or SSCC.
#pragma once
#include "common/http.h"
#include "service/item/item.h"

#define PRODUCT_LEVELS_MAX 8u

struct product_level {
    str level; // "pack", "case", "pallet"
    bool is_sscc;
    char gtin[14];     // of SGTIN levels; level 0 is the product's own
    uint32_t quantity; // how many of the level below one holds; 1 for level 0
    bool label_only;   // printed, never serialized
};

struct product {
    uint32_t number;
    uint32_t version;
    client_id client;
    char gtin[14];
    str name, market, holder;
    uint32_t level_count; // at least 1
    struct product_level levels[PRODUCT_LEVELS_MAX];
};

// row 'G' gtin 14 digits -> product number 4, level 1, client 4: every GTIN of every level, also
// of versions that are no longer the newest.
struct gtin_row {
    uint32_t product;
    uint8_t level;
    client_id client;
};

extern const struct item_noun noun_product;
extern const struct kind kind_product_put;
extern const struct http_route product_routes[];

bool gtin_get(struct txn *t, const char gtin[14], struct gtin_row *out);
// Texts lie in the arena. product.unknown.
status product_get(struct txn *t, uint32_t number, struct arena *a, struct product *out);
status product_get_version(struct txn *t, uint32_t number, uint32_t version, struct arena *a,
                           struct product *out);
