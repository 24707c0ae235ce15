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
     .body_max = IMPORT_BODY_MAX, .run = pool_import},
    {.method = HTTP_POST, .path = "/v1/pools/{pool}/return", .roles = "admin gateway",
     .body_max = NUMBERS_BODY_MAX, .run = pool_return},
    {.method = HTTP_POST, .path = "/v1/serials", .roles = ASKERS,
     .body_max = NUMBERS_BODY_MAX, .run = serials_post},
    {.method = HTTP_POST, .path = "/v1/sscc", .roles = ASKERS,
     .body_max = NUMBERS_BODY_MAX, .run = sscc_post},
    {.method = HTTP_GET, .path = "/v1/serials/requests", .roles = READERS, .run = requests_list},
    {.method = HTTP_GET, .path = "/v1/serials/requests/{request}", .roles = READERS,
     .run = request_show},
    {.method = HTTP_POST, .path = "/v1/serials/requests/{request}/confirm", .roles = ASKERS,
     .body_max = NUMBERS_BODY_MAX, .run = request_confirm},
    {.method = HTTP_POST, .path = "/v1/serials/returns", .roles = ASKERS,
     .body_max = RETURN_BODY_MAX, .run = serials_return},
    {0},
};
// clang-format on
