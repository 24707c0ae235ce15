#include "common/bytes.h"
#include <string.h>

void bytes_u(struct buf *b, uint64_t v, unsigned bytes)
{
    char *p = buf_room(b, bytes);

    if (p != NULL) put_be(p, v, bytes);
}

void bytes_var(struct buf *b, uint64_t v)
{
    char tmp[10];
    buf_add(b, (str){tmp, (size_t)(put_var(tmp, v) - tmp)});
}

void bytes_zig(struct buf *b, int64_t v) { bytes_var(b, zigzag(v)); }

void bytes_str(struct buf *b, str s)
{
    bytes_var(b, s.n);
    buf_add(b, s);
}

struct bytes_r bytes_reader(str s)
{
    const uint8_t *p = (const uint8_t *)s.p;
    return (struct bytes_r){.p = p, .end = s.n == 0 ? p : p + s.n};
}

static bool has(struct bytes_r *r, size_t n)
{
    if (!r->bad && n <= (size_t)(r->end - r->p)) return true;
    r->bad = true;
    return false;
}

uint64_t bytes_get_u(struct bytes_r *r, unsigned bytes)
{
    if (!has(r, bytes)) return 0;
    uint64_t v = get_be(r->p, bytes);
    r->p += bytes;
    return v;
}

uint64_t bytes_get_long_var(struct bytes_r *r)
{
    uint64_t v = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (!has(r, 1)) return 0;
        uint8_t c = *r->p++;
        if (shift == 63 && c > 1) break;
        v |= (uint64_t)(c & 0x7f) << shift;
        if (c < 0x80) return v;
    }
    r->bad = true;
    return 0;
}

str bytes_get_raw(struct bytes_r *r, size_t n)
{
    if (!has(r, n)) return (str){"", 0};
    str s = {(const char *)r->p, n};
    r->p += n;
    return s;
}

str bytes_get_str(struct bytes_r *r)
{
    uint64_t n = bytes_get_var(r);
    return bytes_get_raw(r, n > SIZE_MAX ? SIZE_MAX : (size_t)n);
}

bool bytes_end(const struct bytes_r *r) { return !r->bad && r->p == r->end; }

struct bytes_pairs bytes_pairs(str packed)
{
    struct bytes_pairs p = {.in = bytes_reader(packed)};

    if (packed.n > 0) p.left = bytes_get_var(&p.in);
    return p;
}

bool bytes_pair(struct bytes_pairs *p, str *name, str *value)
{
    if (p->left == 0 || p->in.bad) return false;
    p->left--;
    *name = bytes_get_str(&p->in);
    *value = bytes_get_str(&p->in);
    return !p->in.bad;
}
