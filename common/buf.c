#include "common/buf.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAP_MIN ((size_t)64)

void buf_init(struct buf *b, size_t max) { *b = (struct buf){.max = max}; }

static bool grow(struct buf *b, size_t more)
{
    size_t cap = b->cap != 0 ? b->cap : CAP_MIN;

    if (b->failed) return false;
    if (more > b->max - b->n) return b->failed = true, false;
    size_t need = b->n + more + 1; // the NUL is not counted against the ceiling
    if (need <= b->cap) return true;
    while (cap < need) cap *= 2;
    if (cap > b->max + 1) cap = b->max + 1;
    char *p = realloc(b->p, cap);
    assert(p != NULL); // the whole machine is out of memory: restart
    b->p = p;
    b->cap = cap;
    return true;
}

char *buf_grow(struct buf *b, size_t n)
{
    if (!grow(b, n)) return NULL;
    char *p = b->p + b->n;
    b->n += n;
    b->p[b->n] = 0;
    return p;
}

void buf_add(struct buf *b, str s)
{
    char *p = s.n == 0 ? NULL : buf_room(b, s.n);

    if (p != NULL) memcpy(p, s.p, s.n);
}

void buf_addc(struct buf *b, char c) { buf_add(b, (str){&c, 1}); }

void buf_addu(struct buf *b, uint64_t v)
{
    char tmp[20], *p = tmp + sizeof tmp;

    do *--p = (char)('0' + v % 10);
    while ((v /= 10) != 0);
    buf_add(b, (str){p, (size_t)(tmp + sizeof tmp - p)});
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
    char tmp[256];
    va_list ap;

    va_start(ap, fmt);
    int n = vsnprintf(tmp, sizeof tmp, fmt, ap);
    va_end(ap);
    assert(n >= 0);
    if ((size_t)n < sizeof tmp) {
        buf_add(b, (str){tmp, (size_t)n});
        return;
    }
    char *p = buf_room(b, (size_t)n);
    if (p == NULL) return;
    va_start(ap, fmt);
    vsnprintf(p, (size_t)n + 1, fmt, ap); // room for the NUL is always there
    va_end(ap);
}

void buf_reset(struct buf *b)
{
    b->n = 0;
    b->failed = false;
}

status buf_done(const struct buf *b, str *out)
{
    if (b->failed) return fail(ST_TOO_LARGE, "buf.ceiling", 0, "more than %zu bytes", b->max);
    *out = (str){b->p, b->n};
    return OK;
}

str buf_str(const struct buf *b)
{
    assert(!b->failed);
    return (str){b->p, b->n};
}

void buf_fini(struct buf *b)
{
    free(b->p);
    *b = (struct buf){.max = b->max};
}
