#include "service/pool/pool_api.h"
#include "service/item/item_api.h"
#include "service/pool/pool.h"

#define NUMBERS_BODY_MAX (64 * KB) // a request for numbers
#define RETURN_BODY_MAX  (32 * MB) // a million serials
#define IMPORT_BODY_MAX  (64 * MB) // the setting import.body_max may be lower
#define ASKERS           "line operator"
#define READERS          "line operator qa auditor admin"

// clang-format off
const struct http_route pool_routes[] = {
    ITEM_ROUTES("/v1/pools", "{pool}", noun_pool),
    {.method = HTTP_POST, .path = "/v1/pools/{pool}/import", .roles = "admin gateway",
     .body_max = IMPORT_BODY_MAX, .run = pool_import, .query = ""},
    {.method = HTTP_POST, .path = "/v1/pools/{pool}/return", .roles = "admin gateway",
     .body_max = NUMBERS_BODY_MAX, .run = pool_return, .query = ""},
    {.method = HTTP_POST, .path = "/v1/serials", .roles = ASKERS,
     .body_max = NUMBERS_BODY_MAX, .run = serials_post, .query = ""},
    {.method = HTTP_POST, .path = "/v1/sscc", .roles = ASKERS,
     .body_max = NUMBERS_BODY_MAX, .run = sscc_post, .query = ""},
    {.method = HTTP_GET, .path = "/v1/serials/requests", .roles = READERS,
     .run = requests_list, .query = "line lot state since limit page"},
    {.method = HTTP_GET, .path = "/v1/serials/requests/{request}", .roles = READERS,
     .run = request_show, .query = "unused"},
    {.method = HTTP_POST, .path = "/v1/serials/requests/{request}/confirm", .roles = ASKERS,
     .body_max = NUMBERS_BODY_MAX, .run = request_confirm, .query = ""},
    {.method = HTTP_POST, .path = "/v1/serials/returns", .roles = ASKERS,
     .body_max = RETURN_BODY_MAX, .run = serials_return, .query = ""},
    {0},
};
// clang-format on
