// buf.h - bytes that grow up to a ceiling. Errors stick: write on, ask once.
#pragma once
#include "common/status.h"
#include "common/str.h"

struct buf {
    char *p; // NUL-terminated after every text append
    size_t n, cap, max;
    bool failed;
};

void buf_init(struct buf *b, size_t max);
void buf_add(struct buf *b, str s);
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) LIKE_PRINTF(2, 3);
void buf_addu(struct buf *b, uint64_t v);       // decimal
char *buf_grow(struct buf *b, size_t n);        // buf_room where the memory at hand is too small
void buf_reset(struct buf *b);                  // empty again, memory kept
status buf_done(const struct buf *b, str *out); // out lives as long as b
str buf_str(const struct buf *b);               // what is there; asserts that nothing failed
void buf_fini(struct buf *b);                   // may be used again after buf_init

// n bytes to fill, already counted; NULL at the ceiling.
static inline char *buf_room(struct buf *b, size_t n)
{
    if (b->failed || b->cap <= b->n || n >= b->cap - b->n) return buf_grow(b, n);
    char *p = b->p + b->n;
    b->n += n;
    b->p[b->n] = 0;
    return p;
}
