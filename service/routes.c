#include "service/routes.h"
#include "service/access/access.h"
#include "service/access/certificate.h"
#include "service/access/user.h"
#include "service/capture/capture.h"
#include "service/catalog/market.h"
#include "service/catalog/place.h"
#include "service/catalog/product.h"
#include "service/client/client.h"
#include "service/event/lot_acts.h"
#include "service/event/report.h"
#include "service/event/units_api.h"
#include "service/exchange/exchange.h"
#include "service/inbox/inbox.h"
#include "service/lot/lot.h"
#include "service/ops/clock.h"
#include "service/ops/ops.h"
#include "service/pool/pool_api.h"
#include "service/query/query_routes.h"
#include "service/rest/rest.h"
#include "service/soap/soap.h"
#include "service/trade/correct.h"
#include "service/trade/receive.h"
#include "service/trade/shipment.h"
#include "service/verification/verification.h"
#include "service/vocabulary/master_api.h"
#include <stddef.h>

// clang-format off
const struct http_route *const site_routes[] = {
    ops_routes,
    clock_routes,
    access_routes,
    session_routes,
    certificate_routes,
    user_routes,
    client_routes,
    product_routes,
    market_routes,
    place_routes,
    pool_routes,
    lot_routes,
    lot_paper_routes,
    lot_act_routes,
    lot_balance_routes,
    hold_routes,
    report_routes,
    units_routes,
    shipment_routes,
    receive_routes,
    correct_routes,
    inbox_routes,
    verification_routes,
    exchange_routes,
    rest_routes,
    subscriptions_routes,
    capture_routes,
    query_routes,
    master_routes,
    soap_routes,
    NULL,
};
// clang-format on
