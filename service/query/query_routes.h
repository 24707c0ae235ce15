// query_routes.h - what the rooms above need of this one's paths: the routes, and the kinds of fact
// that named queries make.
#pragma once
#include "common/http.h"
#include "service/journal/kind.h"

extern const struct http_route query_routes[];
extern const struct kind kind_query_put, kind_query_deleted;
