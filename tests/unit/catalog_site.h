// catalog_site.h - a site whose clients, products and places can be put over HTTP, for the tests
// of the rooms item, client and catalog.
#pragma once
#include "service/catalog/place.h"
#include "service/catalog/product.h"
#include "service/client/client.h"
#include "site_fixture.h"

#define PACK  "09521141107348"
#define CASE  "19521141107345"
#define PALE  "29521141107342" // a third GTIN: of what lies between case and pallet
#define OTHER "09521321000018" // of the other client
#define GLN   "9521987000018"
#define GLN2  "9521141000014"

#define LEVEL(name, id, rest) "{\"level\":\"" name "\",\"id\":\"" id "\"" rest "}"
#define EACH                  LEVEL("pack", "sgtin", ",\"quantity\":1")
#define CASE_OF(n)            LEVEL("case", "sgtin", ",\"gtin\":\"" CASE "\",\"quantity\":" #n)
#define PALLET_OF(n)          LEVEL("pallet", "sscc", ",\"quantity\":" #n)
#define PILLS(levels)         "{\"client\":\"acme\",\"name\":\"Pills\",\"levels\":[" levels "]}"

extern const struct kind *const catalog_kinds[];

int catalog_open(void **state);
int catalog_close(void **state); // every test ends with a replay that gives the same rows
#define CATALOG_TEST(f) cmocka_unit_test_setup_teardown(f, catalog_open, catalog_close)

struct fixture_answer catalog_put(struct fixture *f, const char *path, const char *body);
struct fixture_answer catalog_get(struct fixture *f, const char *path);
// Fails the test unless the answer has the code and `holds` in its body.
void catalog_expect(struct fixture *f, const char *path, const char *body, int code,
                    const char *holds);
bool catalog_holds(struct fixture_answer a, const char *text);
void catalog_two_clients(struct fixture *f); // acme with 9521141, other with 9521321
void catalog_bind(struct fixture *f, enum role role, const client_id *client); // to one client
uint64_t catalog_head(struct fixture *f); // seq of the newest fact
