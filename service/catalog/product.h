// product.h - what is packed: a product and its packaging levels, each with its own GTIN or SSCC.
//
// row 'G' gtin 14 digits -> product number 4, level 1, client 4: every GTIN of every level.
#pragma once
#include "service/item/item.h"

#define PRODUCT_LEVELS_MAX 8u

struct product_level {
    str level; // "each", "case", "pallet"
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

struct gtin_row {
    uint32_t product;
    uint8_t level;
    client_id client;
};

extern const struct item_noun noun_client, noun_product, noun_location, noun_party, noun_line;
extern const struct kind kind_client_put, kind_product_put, kind_location_put, kind_party_put,
    kind_line_put;

bool gtin_get(struct txn *t, const char gtin[14], struct gtin_row *out);
// Texts lie in the arena. product.unknown.
status product_get(struct txn *t, uint32_t number, struct arena *a, struct product *out);
