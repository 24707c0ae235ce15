// master_api.h - GET /epcis/v1/master-data: what is known of places, classes and parties, as a
// document.
#pragma once
#include "common/http.h"

extern const struct http_route master_routes[];
