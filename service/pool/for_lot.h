// for_lot.h - numbers and the lot that they are asked for. Lots are above this room: who assembles
// the site says who knows them (site.h, `lot_takes`).
#pragma once
#include "common/status.h"
#include "service/client/client.h"

enum for_lot_what {
    FOR_LOT_ISSUE,   // numbers are asked for it
    FOR_LOT_TO_POOL, // some that were go back to their pool
    FOR_LOT_TO_OWNER
};
struct for_lot {
    client_id client;
    const char *gtin; // 14 digits, of any level of the lot's product
    str lot;          // empty: none
    str line;         // that does it; empty: no line
    bool is_sscc;
    enum for_lot_what what;
};
