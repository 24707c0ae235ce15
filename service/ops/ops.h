// ops.h - what operators of the machine ask: is it alive, is it ready, how much, how fast.
#pragma once
#include "common/http.h"
#include "service/api/version.h"

extern const struct http_route ops_routes[];

void ops_register(void); // what is counted of requests, once

// After every reply, for struct http_server_conf: counts, and a line in the log; refused requests
// at `info`, others at `debug`.
void ops_request_done(const struct http_req *r, int code, uint64_t body_bytes, uint64_t us);
