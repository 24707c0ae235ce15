#include "common/hash.h"
#include "common/env.h"
#include <pthread.h>

static struct hash_key own;
static pthread_once_t own_once = PTHREAD_ONCE_INIT;

static void own_draw(void) { env_random(&env_real, &own, sizeof own); }

static uint64_t left(uint64_t v, unsigned n) { return v << n | v >> (64 - n); }

static void mix(uint64_t v[4], unsigned rounds)
{
    for (; rounds > 0; rounds--) {
        v[0] += v[1], v[1] = left(v[1], 13) ^ v[0], v[0] = left(v[0], 32);
        v[2] += v[3], v[3] = left(v[3], 16) ^ v[2];
        v[0] += v[3], v[3] = left(v[3], 21) ^ v[0];
        v[2] += v[1], v[1] = left(v[1], 17) ^ v[2], v[2] = left(v[2], 32);
    }
}

// The first n bytes, at most 8, the lowest first.
static uint64_t word_of(const char *p, size_t n)
{
    uint64_t w = 0;

    for (size_t i = 0; i < n; i++) w |= (uint64_t)(uint8_t)p[i] << 8 * i;
    return w;
}

uint64_t hash_keyed(struct hash_key key, str s)
{
    uint64_t v[4] = {key.k0 ^ 0x736f6d6570736575u, key.k1 ^ 0x646f72616e646f6du,
                     key.k0 ^ 0x6c7967656e657261u, key.k1 ^ 0x7465646279746573u};
    uint64_t last = (uint64_t)s.n << 56;

    for (; s.n >= 8; s = str_from(s, 8)) {
        uint64_t w = word_of(s.p, 8);
        v[3] ^= w;
        mix(v, 2);
        v[0] ^= w;
    }
    last |= word_of(s.p, s.n);
    v[3] ^= last;
    mix(v, 2);
    v[0] ^= last;
    v[2] ^= 0xff;
    mix(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t table_hash(str s)
{
    pthread_once(&own_once, own_draw);
    return hash_keyed(own, s);
}
