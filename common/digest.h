// digest.h - SHA-256, whole or in pieces; SHA-1 where a standard wants it.
#pragma once
#include "common/str.h"

struct sha256 {
    uint8_t b[32];
};

struct sha256_run { // the library's running state, kept opaque
    _Alignas(8) uint8_t state[128];
};

struct sha1 {
    uint8_t b[20];
};
struct sha1 sha1_of(str s);

struct sha256 sha256_of(str s);
void sha256_start(struct sha256_run *r);
void sha256_add(struct sha256_run *r, str s);
struct sha256 sha256_end(const struct sha256_run *r); // of all so far; more may be added after
