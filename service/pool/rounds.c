// A lane is a value: its halves stay in registers through all rounds, eight lanes a register, and
// the blocks of eight lanes lie in two registers: those of the even lanes and those of the odd
// ones. A round takes 64 instructions of the cipher for 32 lanes, which do not wait for one
// another.
#include "service/pool/rounds.h"
#include <string.h>

#if defined __x86_64__
#include <cpuid.h>
#include <immintrin.h>

#define WIDE  __attribute__((target("aes,avx512f,vaes")))
#define EIGHT 8u // lanes of a register
#define WIDTH (ROUNDS_LANES / EIGHT)
#define LAST  10u // round of the cipher

// Arrays that are to stay in registers.
#if defined __clang__
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

enum { ROUNDS = 10 };

bool rounds_can(void)
{
    unsigned a, b, c = 0, d;

    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("aes") &&
           __get_cpuid_count(7, 0, &a, &b, &c, &d) && (c & bit_VAES) != 0;
}

// FIPS 197, 5.2: each word is the one before it xor the one four before.
WIDE static __m128i key_next(__m128i key, __m128i assist)
{
    key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
    key = _mm_xor_si128(key, _mm_slli_si128(key, 8));
    return _mm_xor_si128(key, _mm_shuffle_epi32(assist, 0xff));
}

WIDE void rounds_key(struct rounds *r, const uint8_t key[16])
{
    __m128i k[LAST + 1];

    k[0] = _mm_loadu_si128((const __m128i *)key);
    k[1] = key_next(k[0], _mm_aeskeygenassist_si128(k[0], 0x01)); // the constant is in the code
    k[2] = key_next(k[1], _mm_aeskeygenassist_si128(k[1], 0x02));
    k[3] = key_next(k[2], _mm_aeskeygenassist_si128(k[2], 0x04));
    k[4] = key_next(k[3], _mm_aeskeygenassist_si128(k[3], 0x08));
    k[5] = key_next(k[4], _mm_aeskeygenassist_si128(k[4], 0x10));
    k[6] = key_next(k[5], _mm_aeskeygenassist_si128(k[5], 0x20));
    k[7] = key_next(k[6], _mm_aeskeygenassist_si128(k[6], 0x40));
    k[8] = key_next(k[7], _mm_aeskeygenassist_si128(k[7], 0x80));
    k[9] = key_next(k[8], _mm_aeskeygenassist_si128(k[8], 0x1b));
    k[10] = key_next(k[9], _mm_aeskeygenassist_si128(k[9], 0x36));
    for (unsigned i = 0; i <= LAST; i++) _mm_storeu_si128((__m128i *)r->key[i], k[i]);
}

// `into` xor F of `from`.
WIDE static inline void mix(const __m512i key[LAST + 1], __m512i head, __m512i mask,
                            const __m512i from[WIDTH], __m512i into[WIDTH])
{
    __m512i b[2 * WIDTH];

    UNROLL for (unsigned i = 0; i < WIDTH; i++)
    {
        b[2 * i] = _mm512_xor_si512(_mm512_unpacklo_epi64(head, from[i]), key[0]);
        b[2 * i + 1] = _mm512_xor_si512(_mm512_unpackhi_epi64(head, from[i]), key[0]);
    }
    UNROLL for (unsigned k = 1; k < LAST; k++)
    {
        UNROLL for (unsigned i = 0; i < 2 * WIDTH; i++) b[i] = _mm512_aesenc_epi128(b[i], key[k]);
    }
    UNROLL for (unsigned i = 0; i < WIDTH; i++)
    {
        __m512i even = _mm512_aesenclast_epi128(b[2 * i], key[LAST]);
        __m512i odd = _mm512_aesenclast_epi128(b[2 * i + 1], key[LAST]);
        __m512i f = _mm512_and_si512(_mm512_unpacklo_epi64(even, odd), mask);
        into[i] = _mm512_xor_si512(into[i], f);
    }
}

// The first bytes of the blocks of a round: the algorithm and the number of the round.
WIDE static inline __m512i head_of(unsigned round) { return _mm512_set1_epi64(1 | round << 8); }

WIDE static inline void run(const struct rounds *r, const struct rounds_lanes *lanes, bool forward)
{
    const __m512i mask = _mm512_set1_epi64((long long)lanes->mask);
    __m512i key[LAST + 1], left[WIDTH], right[WIDTH];

    for (unsigned k = 0; k <= LAST; k++)
        key[k] = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)r->key[k]));
    for (unsigned at = 0; at < lanes->n; at += ROUNDS_LANES) {
        UNROLL for (unsigned i = 0; i < WIDTH; i++)
        {
            left[i] = _mm512_loadu_si512(lanes->left + at + EIGHT * i);
            right[i] = _mm512_loadu_si512(lanes->right + at + EIGHT * i);
        }
        for (unsigned round = 0; round < ROUNDS; round += 2) {
            if (forward) {
                mix(key, head_of(round), mask, right, left);
                mix(key, head_of(round + 1), mask, left, right);
            } else {
                mix(key, head_of(ROUNDS - 1 - round), mask, left, right);
                mix(key, head_of(ROUNDS - 2 - round), mask, right, left);
            }
        }
        UNROLL for (unsigned i = 0; i < WIDTH; i++)
        {
            _mm512_storeu_si512(lanes->left + at + EIGHT * i, left[i]);
            _mm512_storeu_si512(lanes->right + at + EIGHT * i, right[i]);
        }
    }
}

WIDE void rounds_forward(const struct rounds *r, const struct rounds_lanes *lanes)
{
    run(r, lanes, true);
}

WIDE void rounds_inverse(const struct rounds *r, const struct rounds_lanes *lanes)
{
    run(r, lanes, false);
}

#else

bool rounds_can(void) { return false; }
void rounds_key(struct rounds *r, const uint8_t key[16]) { memcpy(r->key[0], key, 16); }
void rounds_forward(const struct rounds *r, const struct rounds_lanes *l)
{
    assert(r == NULL && l);
}
void rounds_inverse(const struct rounds *r, const struct rounds_lanes *l)
{
    assert(r == NULL && l);
}

#endif
