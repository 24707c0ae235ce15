// http_head.h - request heads read strictly: found in the input, then taken apart.
#pragma once
#include "common/http.h"

struct http_scan {
    size_t at, line; // octets looked at; where the present line begins
    uint32_t lines;
};
// Looks for the empty line that ends a head; *end is 0 while it has not come. Call again with more.
status http_head_scan(struct http_scan *k, str in, size_t *end);

struct http_head {
    enum http_method method;
    bool ours; // method is one of http.h's; other known ones are refused by the route (405)
    bool head; // HEAD, taken as GET
    bool star; // OPTIONS *
    str verb;  // the method's word
    str path, query;
    struct http_header *headers; // of the arena
    size_t header_count;
    unsigned minor; // of HTTP/1.x
    unsigned hosts;
    bool keep, close; // words of Connection
    bool expects;     // 100-continue
    bool chunked, has_length;
    uint64_t length;
    bool gzip, other_encoding; // Content-Encoding
};
// Reads a whole head, which lives as long as the arena does. One that is refused tells as much as
// could be read of it: the headers are all there, or none where its lines are no head.
status http_head_read(str in, struct arena *a, struct http_head *out);
