// routes.h - every route that this version answers.
#pragma once
#include "common/http.h"

extern const struct http_route *const site_routes[]; // every room's table, ended by NULL
