// rest_int.h - what the files of this folder share.
#pragma once
#include "service/rest/rest.h"

// discovery.c: the manner's parts.
status rest_check(struct http_req *r);
void rest_headers(struct http_req *r, struct buf *lines);
// What one captured document may have: what the headers say and what is enforced.
struct rest_capture_limits {
    uint64_t events, bytes;
};
struct rest_capture_limits rest_capture_limits(const struct site_limits *l, bool strict);
// problem.c
const char *rest_problem(struct http_req *r, status st, str extra, struct buf *body);
