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
void buf_addu(struct buf *b, uint64_t v); // decimal
char *buf_room(struct buf *b, size_t n);  // n bytes to fill, already counted; NULL at the ceiling
void buf_reset(struct buf *b);            // empty again, memory kept
status buf_done(const struct buf *b, str *out); // out lives as long as b
str buf_str(const struct buf *b);               // what is there; asserts that nothing failed
void buf_fini(struct buf *b);                   // may be used again after buf_init
