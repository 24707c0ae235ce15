// http_gzip.h - gzip of whole replies.
#pragma once
#include "common/buf.h"

struct http_gzip;
void http_gzip_free(struct http_gzip **g);
bool http_gzip_pays(const char *type, size_t n);
void http_gzip(struct http_gzip **g, str in, struct buf *out); // *g is made when first needed
