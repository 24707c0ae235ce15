// pool_api.h - the routes of this room.
#pragma once
#include "common/http.h"

extern const struct http_route pool_routes[];

void serials_post(struct http_req *r);    // POST /v1/serials
void sscc_post(struct http_req *r);       // POST /v1/sscc
void requests_list(struct http_req *r);   // GET  /v1/serials/requests
void request_show(struct http_req *r);    // GET  /v1/serials/requests/{request}
void request_confirm(struct http_req *r); // POST /v1/serials/requests/{request}/confirm
void serials_return(struct http_req *r);  // POST /v1/serials/returns
void pool_import(struct http_req *r);     // POST /v1/pools/{pool}/import
void pool_return(struct http_req *r);     // POST /v1/pools/{pool}/return
