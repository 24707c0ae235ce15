// libhttp-parser takes each head in one piece, so every callback comes once and its bytes are a
// view of the head. What the library lets pass is checked in http_head.c.
#include "common/http_syntax.h"
#include <http_parser.h>

static struct http_syntax *syntax_of(http_parser *p) { return p->data; }

static int target(http_parser *p, const char *at, size_t n)
{
    syntax_of(p)->target = (str){at, n};
    return 0;
}

static int name(http_parser *p, const char *at, size_t n)
{
    struct http_syntax *s = syntax_of(p);

    if (s->count == HTTP_FIELDS_MAX) return 1;
    s->field[s->count].name = (str){at, n};
    s->field[s->count++].value = (str){"", 0};
    return 0;
}

static int value(http_parser *p, const char *at, size_t n)
{
    struct http_syntax *s = syntax_of(p);

    s->field[s->count - 1].value = str_trim((str){at, n});
    return 0;
}

static int complete(http_parser *p)
{
    (void)p;
    return 2; // no body for the library: it stops here
}

static const http_parser_settings settings = {
    .on_url = target,
    .on_header_field = name,
    .on_header_value = value,
    .on_headers_complete = complete,
};

status http_syntax_read(str head, struct http_syntax *out)
{
    http_parser p;

    out->count = 0;
    out->target = (str){"", 0};
    http_parser_init(&p, HTTP_REQUEST);
    p.data = out;
    size_t n = http_parser_execute(&p, &settings, head.p, head.n);
    enum http_errno trouble = HTTP_PARSER_ERRNO(&p);
    if (trouble == HPE_INVALID_METHOD)
        return fail(ST_UNSUPPORTED, "http.method", 0, "this method is not known");
    if (trouble == HPE_CB_header_field)
        return fail(ST_HEADERS_TOO_LARGE, "http.fields", (uint32_t)n,
                    "a request has at most %u header lines", HTTP_FIELDS_MAX);
    if (trouble != HPE_OK || n != head.n)
        return fail(ST_BAD_INPUT, "http.syntax", (uint32_t)n, "not an HTTP/1.1 request: %s",
                    trouble == HPE_OK ? "it ends early" : http_errno_description(trouble));
    out->method = str_of(http_method_str((enum http_method)p.method));
    out->major = p.http_major;
    out->minor = p.http_minor;
    return OK;
}
