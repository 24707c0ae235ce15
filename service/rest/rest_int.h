// rest_int.h - what the files of this folder share.
#pragma once
#include "service/rest/rest.h"

// discovery.c: the manner's parts.
status rest_check(struct http_req *r);
void rest_headers(struct http_req *r, struct buf *lines);
// problem.c
const char *rest_problem(struct http_req *r, status st, str extra, struct buf *body);
