// Request bodies: announced length or chunks (RFC 9112, 6 and 7.1), then gzip (RFC 1952). The chunk
// framing is read here and not by libhttp-parser, whose usual build does not look at the octets
// between chunks. Nothing is kept but the state of the framing and, for gzip, zlib's window.
#include "common/http_body.h"
#include <stdlib.h>
#include <zlib.h>

#define SIZE_DIGITS 15u   // of a chunk: more than any body's ceiling, less than 64 bits
#define FLUFF_MAX   4096u // octets of all chunk extensions and trailers of a body

status http_body_begin(struct http_body *b, const struct http_head *h, uint64_t max)
{
    *b = (struct http_body){.chunked = h->chunked, .left = h->chunked ? 0 : h->length, .max = max};
    b->framed = !b->chunked && b->left == 0;
    if (h->other_encoding)
        return fail(ST_MEDIA_TYPE, "body.encoding", 0, "Content-Encoding may only be gzip");
    // What gzip can't shrink it makes longer, by less than this.
    uint64_t slack = h->gzip ? max / 64 + KB : 0;
    if (b->left > max && b->left - max > slack)
        return fail(ST_TOO_LARGE, "body.too_large", 0, "this body may have %llu octets",
                    (unsigned long long)max);
    if (!h->gzip || b->framed) return OK;
    b->gzip = calloc(1, sizeof *b->gzip);
    assert(b->gzip != NULL && inflateInit2(b->gzip, 16 + MAX_WBITS) == Z_OK);
    return OK;
}

void http_body_fini(struct http_body *b)
{
    if (b->gzip != NULL) inflateEnd(b->gzip);
    free(b->gzip);
    *b = (struct http_body){.framed = true};
}

// ---- chunks

static int hex_value(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 87 : -1;
}

static bool is_text(char c) { return c == '\t' || ((unsigned char)c >= ' ' && c != 0x7f); }

static bool size_byte(struct http_body *b, char c)
{
    int digit = hex_value(c);

    if (b->at == CHUNK_SIZE_FIRST) b->digits = 0;
    if (digit >= 0) {
        b->left = b->left << 4 | (unsigned)digit;
        b->at = CHUNK_SIZE;
        return ++b->digits <= SIZE_DIGITS;
    }
    if (b->at == CHUNK_SIZE_FIRST || (c != '\r' && c != ';')) return false;
    b->at = c == '\r' ? CHUNK_SIZE_LF : CHUNK_EXT;
    return true;
}

static bool ext_byte(struct http_body *b, char c)
{
    if (c == '\r') b->at = b->at == CHUNK_EXT ? CHUNK_SIZE_LF : CHUNK_TRAILER_LF;
    return c == '\r' || is_text(c);
}

static bool expect_byte(struct http_body *b, char c, char want, enum http_chunk_at next)
{
    b->at = next;
    return c == want;
}

static bool chunk_byte(struct http_body *b, char c)
{
    switch (b->at) {
    case CHUNK_SIZE_FIRST:
    case CHUNK_SIZE: return size_byte(b, c);
    case CHUNK_EXT:
    case CHUNK_TRAILER_LINE: return ext_byte(b, c);
    case CHUNK_SIZE_LF: return expect_byte(b, c, '\n', b->left == 0 ? CHUNK_TRAILER : CHUNK_DATA);
    case CHUNK_DATA_CR: return expect_byte(b, c, '\r', CHUNK_DATA_LF);
    case CHUNK_DATA_LF: return expect_byte(b, c, '\n', CHUNK_SIZE_FIRST);
    case CHUNK_TRAILER:
        b->at = c == '\r' ? CHUNK_END_LF : CHUNK_TRAILER_LINE;
        return c == '\r' || (is_text(c) && c != ' ' && c != '\t' && c != ':');
    case CHUNK_TRAILER_LF: return expect_byte(b, c, '\n', CHUNK_TRAILER);
    case CHUNK_END_LF: return b->framed = c == '\n';
    case CHUNK_DATA: break;
    }
    assert(b->at != CHUNK_DATA); // that is not framing
    return false;
}

// Passes over framing until data or the end is met; says how many octets that took.
static status framing_skip(struct http_body *b, str in, size_t *used)
{
    size_t i = 0;

    for (; i < in.n && !b->framed && b->at != CHUNK_DATA; i++) {
        bool fluff = b->at == CHUNK_EXT || b->at >= CHUNK_TRAILER;
        if (!chunk_byte(b, in.p[i]))
            return fail(ST_BAD_INPUT, "body.chunk", 0, "the chunks of the body are malformed");
        if (fluff && ++b->fluff > FLUFF_MAX)
            return fail(ST_HEADERS_TOO_LARGE, "body.trailers", 0,
                        "chunk extensions and trailers have at most %u octets", FLUFF_MAX);
    }
    *used = i;
    return OK;
}

// `n` octets of the body's content have been taken.
static void content_taken(struct http_body *b, size_t n)
{
    b->left -= n;
    b->encoded += n;
    if (b->left > 0 || n == 0) return;
    if (b->chunked)
        b->at = CHUNK_DATA_CR;
    else
        b->framed = true;
}

// ---- gzip

static status gzip_status(int code)
{
    if (code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR) return OK;
    assert(code != Z_MEM_ERROR); // the whole machine is out of memory: restart
    return fail(ST_BAD_INPUT, "body.gzip", 0, "the body is not gzip");
}

// Undoes gzip for a part of `in`; a file may have several members, one after another.
static status gunzip(struct http_body *b, str in, char *scratch, size_t *used, str *piece)
{
    struct z_stream_s *z = b->gzip;

    if (!b->member && in.n > 0) {
        assert(inflateReset(z) == Z_OK);
        b->member = true;
    }
    z->next_in = (z_const Bytef *)(uintptr_t)in.p;
    z->avail_in = (uInt)in.n;
    z->next_out = (Bytef *)scratch;
    z->avail_out = HTTP_SCRATCH;
    int code = inflate(z, Z_NO_FLUSH);
    TRY(gzip_status(code));
    *used = in.n - z->avail_in;
    *piece = (str){scratch, HTTP_SCRATCH - z->avail_out};
    if (code == Z_STREAM_END) b->member = false;
    b->more = b->member && z->avail_out == 0;
    return OK;
}

// ---- together

static status ceiling_check(struct http_body *b, size_t more)
{
    b->octets += more;
    if (b->octets <= b->max && b->encoded <= b->max + b->max / 64 + KB) return OK;
    return fail(ST_TOO_LARGE, "body.too_large", 0, "this body may have %llu octets",
                (unsigned long long)b->max);
}

status http_body_step(struct http_body *b, str in, char *scratch, size_t *used, str *piece)
{
    size_t framing = 0, content;

    *piece = (str){"", 0};
    *used = 0;
    if (b->chunked && !b->framed) TRY(framing_skip(b, in, &framing));
    str data = b->framed || (b->chunked && b->at != CHUNK_DATA) ? S("") : str_from(in, framing);
    if (data.n > b->left) data.n = (size_t)b->left;
    if (data.n > UINT32_MAX / 2) data.n = UINT32_MAX / 2; // zlib counts in 32 bits
    content = data.n;
    if (b->gzip == NULL)
        *piece = data;
    else if (data.n > 0 || b->more)
        TRY(gunzip(b, data, scratch, &content, piece));
    content_taken(b, content);
    *used = framing + content;
    return ceiling_check(b, piece->n);
}

bool http_body_whole(const struct http_body *b) { return b->framed && !b->more; }

status http_body_end(const struct http_body *b)
{
    if (b->member) return fail(ST_BAD_INPUT, "body.gzip", 0, "the gzip body ends early");
    return OK;
}
