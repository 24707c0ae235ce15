// inbox.h - the routes of exceptions, and the messages of trading partners about them.
#pragma once
#include "service/api/api.h"

extern const struct http_route inbox_routes[];
extern const struct kind kind_exception_received; // ask: struct received_ask, received.h
