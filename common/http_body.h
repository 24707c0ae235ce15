// http_body.h - request bodies: framing (announced length or chunks) and gzip undone, in pieces.
#pragma once
#include "common/http_head.h"

struct z_stream_s;

#define HTTP_SCRATCH (16 * KB)

enum http_chunk_at {
    CHUNK_SIZE_FIRST,
    CHUNK_SIZE,
    CHUNK_EXT,
    CHUNK_SIZE_LF,
    CHUNK_DATA,
    CHUNK_DATA_CR,
    CHUNK_DATA_LF,
    CHUNK_TRAILER, // at the start of a trailer line
    CHUNK_TRAILER_LINE,
    CHUNK_TRAILER_LF,
    CHUNK_END_LF
};

struct http_body {
    bool chunked;
    bool framed; // the framing has come to its end
    enum http_chunk_at at;
    uint32_t digits;  // of the present chunk's size
    uint32_t fluff;   // octets of chunk extensions or trailers, under a ceiling
    uint64_t left;    // of the announced length, or of the present chunk
    uint64_t max;     // ceiling of decoded octets
    uint64_t octets;  // decoded so far
    uint64_t encoded; // the same before gzip was undone
    struct z_stream_s *gzip;
    bool more;   // gzip holds octets that did not fit
    bool member; // inside a gzip member
};

status http_body_begin(struct http_body *b, const struct http_head *h, uint64_t max);
// Takes from `in`, says how much, and gives what can be handed on: a view of `in` or of scratch
// (HTTP_SCRATCH octets). Nothing taken and nothing given: more input is needed.
status http_body_step(struct http_body *b, str in, char *scratch, size_t *used, str *piece);
bool http_body_whole(const struct http_body *b);
status http_body_end(const struct http_body *b); // framed, but is gzip at its end too?
void http_body_fini(struct http_body *b);
