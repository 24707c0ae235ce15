// http_syntax.h - the one door to libhttp-parser, whose names would collide with http.h's.
#pragma once
#include "common/status.h"
#include "common/str.h"

#define HTTP_FIELDS_MAX 100u // header lines of a request

struct http_syntax {
    str method, target;
    unsigned major, minor;
    size_t count;
    struct {
        str name, value; // blanks around the value are off
    } field[HTTP_FIELDS_MAX];
};

// Reads one request head, its empty line included. Every view is of `head`. Codes: http.syntax,
// http.method (501: no such method), http.fields (431).
status http_syntax_read(str head, struct http_syntax *out);
