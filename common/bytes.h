// bytes.h - integers as bytes, big-endian (so that byte order is number order), and varints.
//
// Writing goes to a buf, reading through a cursor whose trouble sticks: read on, ask once.
#pragma once
#include "common/buf.h"
#include <endian.h>
#include <string.h>

// The low `bytes` bytes of v, 1..8. Here, for where the width is constant each is an instruction
// or two, and rows are made of little else.
static inline void put_be(void *out, uint64_t v, unsigned bytes)
{
    assert(bytes >= 1 && bytes <= 8 && (bytes == 8 || v >> 8 * bytes == 0));
    v = htobe64(v);
    memcpy(out, (const char *)&v + 8 - bytes, bytes);
}

static inline uint64_t get_be(const void *in, unsigned bytes)
{
    uint64_t v = 0;

    assert(bytes >= 1 && bytes <= 8);
    memcpy((char *)&v + 8 - bytes, in, bytes);
    return be64toh(v);
}

// LEB128: 7 bits a byte, lowest first, 1..10 bytes. Where the next one goes.
static inline char *put_var(char *out, uint64_t v)
{
    for (; v >= 0x80; v >>= 7) *out++ = (char)(v | 0x80);
    *out++ = (char)v;
    return out;
}

// Signed, as a small number where it is near 0: zigzag.
static inline uint64_t zigzag(int64_t v) { return (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0); }

void bytes_u(struct buf *b, uint64_t v, unsigned bytes);
void bytes_var(struct buf *b, uint64_t v); // as put_var
void bytes_zig(struct buf *b, int64_t v);  // zigzag, then varint
void bytes_str(struct buf *b, str s);      // varint length, bytes

struct bytes_r {
    const uint8_t *p, *end;
    bool bad; // read past the end, or a varint of more than 64 bits
};

struct bytes_r bytes_reader(str s);
uint64_t bytes_get_u(struct bytes_r *r, unsigned bytes); // 0 once bad
uint64_t bytes_get_long_var(struct bytes_r *r);          // bytes_get_var of any length
str bytes_get_str(struct bytes_r *r);                    // a view into the input
str bytes_get_raw(struct bytes_r *r, size_t n);
bool bytes_end(const struct bytes_r *r); // all was read and nothing was bad

static inline uint64_t bytes_get_var(struct bytes_r *r)
{
    if (r->bad || r->end - r->p < 2) return bytes_get_long_var(r);
    if (r->p[0] < 0x80) return *r->p++;
    if (r->p[1] >= 0x80) return bytes_get_long_var(r);
    r->p += 2;
    return (r->p[-2] & 0x7fu) | (uint64_t)r->p[-1] << 7;
}

static inline int64_t bytes_get_zig(struct bytes_r *r)
{
    uint64_t v = bytes_get_var(r);
    return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

// Named texts, packed: varint count, then name str and value str each; empty bytes: none.
struct bytes_pairs {
    struct bytes_r in;
    uint64_t left;
};
struct bytes_pairs bytes_pairs(str packed);
bool bytes_pair(struct bytes_pairs *p, str *name, str *value); // false: no more
