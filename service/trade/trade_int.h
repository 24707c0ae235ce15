// trade_int.h - what the files of this room share.
#pragma once
#include "common/http.h"
#include "service/trade/shipment.h"

void shipment_row_put(struct txn *t, uint32_t number, const struct shipment_row *row);

// take.c: the body of POST /v1/shipments, what it names resolved in one snapshot. False: answered.
bool shipment_take(struct http_req *r, struct shipment_ask *out);
