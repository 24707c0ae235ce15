// gzip of whole replies. One compressor a loop, reset between replies: making one costs 256 KB.
#include "common/http_gzip.h"
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define GZIP_MIN  KB       // below it the gain is lost in the packet
#define GZIP_MAX  (8 * MB) // above it the loop would stand still for others: about 10 ms a MB
#define GZIP_FAST 1        // level: CPU is dearer than the wire

struct http_gzip {
    z_stream z;
};

static struct http_gzip *gzip_new(void)
{
    struct http_gzip *g = calloc(1, sizeof *g);

    assert(g != NULL);
    assert(deflateInit2(&g->z, GZIP_FAST, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) ==
           Z_OK);
    return g;
}

void http_gzip_free(struct http_gzip **g)
{
    if (*g == NULL) return;
    deflateEnd(&(*g)->z);
    free(*g);
    *g = NULL;
}

bool http_gzip_pays(const char *type, size_t n)
{
    if (n < GZIP_MIN || n > GZIP_MAX) return false;
    return strncmp(type, "text/", 5) == 0 || strstr(type, "json") != NULL ||
           strstr(type, "xml") != NULL;
}

void http_gzip(struct http_gzip **g, str in, struct buf *out)
{
    if (*g == NULL) *g = gzip_new();
    z_stream *z = &(*g)->z;
    assert(in.n <= GZIP_MAX && deflateReset(z) == Z_OK);
    size_t room = deflateBound(z, in.n);
    buf_init(out, room);
    z->next_out = (Bytef *)buf_room(out, room);
    assert(z->next_out != NULL);
    z->avail_out = (uInt)room;
    z->next_in = (z_const Bytef *)(uintptr_t)in.p;
    z->avail_in = (uInt)in.n;
    assert(deflate(z, Z_FINISH) == Z_STREAM_END);
    out->n = room - z->avail_out;
}
