// permutation.c - algorithm 1: a balanced Feistel network on AES-128 with cycle walking.
//
// h = max(1, ceil(ceil(log2 n) / 2)) bits a half, value = L * 2^h + R. Ten rounds
// (L, R) <- (R, L xor F) with F = the first 8 bytes, big-endian, of
// AES-128(key, 01 | round from 0 | 6 zero bytes | R as 8 bytes), masked to h bits. The whole is
// repeated while the value is n or more, so it stays a bijection on 0..n-1. The domain 4^h is less
// than 4n, hence fewer than four repetitions on average.
//
// This decides which numbers are printed on packs: it may never change.
#include "service/pool/permutation.h"
#include "service/pool/rounds.h"
#include <endian.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>

enum { ROUNDS = 10, LANES = 256 };

// Values under way, one a lane, so that a round of all of them is one call of the cipher. A lane
// whose value has arrived makes room for the next value. The
// halves and the mask are big-endian all the way, as the cipher's blocks are.
struct walk {
    EVP_CIPHER_CTX *aes; // NULL: the processor does the rounds
    struct rounds rounds;
    uint64_t mask;
    size_t count;  // values in all
    unsigned live; // lanes in use, 0..live-1
    uint64_t left[LANES], right[LANES];
    size_t to[LANES]; // index of the value
    uint64_t block[LANES][2];
};

static bool is_wide;       // the processor can do the rounds by itself
static EVP_CIPHER *cipher; // fetched once, shared by all threads, never freed
static pthread_once_t cipher_once = PTHREAD_ONCE_INIT;

static pthread_key_t cipher_key; // of each thread's EVP_CIPHER_CTX

static void cipher_end(void *aes) { EVP_CIPHER_CTX_free(aes); } // wipes the key schedule

static void cipher_fetch(void)
{
    int rc = pthread_key_create(&cipher_key, cipher_end);

    assert(rc == 0);
    is_wide = rounds_can();
    cipher = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL);
}

void permutation_narrow(bool yes)
{
    int rc = pthread_once(&cipher_once, cipher_fetch);

    assert(rc == 0);
    is_wide = !yes && rounds_can();
}

static unsigned bits_needed(u128 n) // ceil(log2 n)
{
    unsigned bits = 0;

    for (u128 v = n - 1; v != 0; v >>= 1) bits++;
    return bits;
}

void permutation_init(struct permutation *p, const uint8_t key[PERMUTATION_KEY_SIZE], u128 n)
{
    assert(p != NULL && n >= 1);
    unsigned half = (bits_needed(n) + 1) / 2;

    p->n = n;
    p->half_bits = half == 0 ? 1 : half;
    p->mask = UINT64_MAX >> (64 - p->half_bits);
    memcpy(p->key, key, PERMUTATION_KEY_SIZE);
}

void permutation_fini(struct permutation *p) { OPENSSL_cleanse(p, sizeof *p); }

// This thread's own, with the key of the call. A new one a call would cost as much as ten numbers.
static EVP_CIPHER_CTX *cipher_open(const struct permutation *p)
{
    EVP_CIPHER_CTX *aes = pthread_getspecific(cipher_key);
    int rc;

    assert(cipher != NULL);
    if (aes == NULL) {
        aes = EVP_CIPHER_CTX_new();
        assert(aes != NULL);
        rc = pthread_setspecific(cipher_key, aes);
        assert(rc == 0);
        assert(EVP_EncryptInit_ex2(aes, cipher, NULL, NULL, NULL) == 1);
    }
    assert(EVP_EncryptInit_ex2(aes, NULL, p->key, NULL, NULL) == 1);
    assert(EVP_CIPHER_CTX_set_padding(aes, 0) == 1);
    return aes;
}

// One round without its swap: `into` xor F of `from`, for every lane. Where one round reads the
// right half, the next reads the left: so nothing need change places.
static void mix(struct walk *w, unsigned round, const uint64_t from[LANES], uint64_t into[LANES])
{
    uint64_t head = htobe64(UINT64_C(1) << 56 | (uint64_t)round << 48);
    int n = (int)(w->live * sizeof w->block[0]), done = 0;

    for (unsigned i = 0; i < w->live; i++) {
        w->block[i][0] = head;
        w->block[i][1] = from[i];
    }
    assert(EVP_EncryptUpdate(w->aes, (unsigned char *)w->block, &done,
                             (const unsigned char *)w->block, n) == 1 &&
           done == n);
    for (unsigned i = 0; i < w->live; i++) into[i] ^= w->block[i][0] & w->mask;
}

_Static_assert(ROUNDS % 2 == 0, "rounds go in pairs");

static struct rounds_lanes lanes_of(struct walk *w)
{
    return (struct rounds_lanes){w->left, w->right, w->live, w->mask};
}

static void wide_forward(struct walk *w)
{
    struct rounds_lanes l = lanes_of(w);
    rounds_forward(&w->rounds, &l);
}

static void wide_inverse(struct walk *w)
{
    struct rounds_lanes l = lanes_of(w);
    rounds_inverse(&w->rounds, &l);
}

static void walk_forward(struct walk *w)
{
    for (unsigned round = 0; round < ROUNDS; round += 2) {
        mix(w, round, w->right, w->left);
        mix(w, round + 1, w->left, w->right);
    }
}

static void walk_inverse(struct walk *w)
{
    for (unsigned round = ROUNDS; round > 0; round -= 2) {
        mix(w, round - 1, w->left, w->right);
        mix(w, round - 2, w->right, w->left);
    }
}

// Gives free lanes the next values; returns the index of the first value not taken yet.
static size_t walk_fill(struct walk *w, const struct permutation *p, const u128 *values, size_t at)
{
    for (; w->live < LANES && at < w->count; w->live++, at++) {
        assert(values[at] < p->n);
        w->left[w->live] = htobe64((uint64_t)(values[at] >> p->half_bits));
        w->right[w->live] = htobe64((uint64_t)values[at] & p->mask);
        w->to[w->live] = at;
    }
    return at;
}

// Puts the values in their places and keeps the lanes of those that must take another turn, whose
// places are then written again. No branch: which half it is cannot be foreseen.
static void walk_drain(struct walk *w, const struct permutation *p, u128 *values)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < w->live; i++) {
        u128 value = (u128)be64toh(w->left[i]) << p->half_bits | be64toh(w->right[i]);

        values[w->to[i]] = value;
        w->left[kept] = w->left[i];
        w->right[kept] = w->right[i];
        w->to[kept] = w->to[i];
        kept += value >= p->n;
    }
    w->live = kept;
}

typedef void walk_step(struct walk *w);

static void permute(const struct permutation *p, u128 *values, size_t count, walk_step *wide,
                    walk_step *narrow)
{
    struct walk w;
    size_t at;

    if (count == 0) return;
    int rc = pthread_once(&cipher_once, cipher_fetch);
    assert(rc == 0);
    w.aes = is_wide ? NULL : cipher_open(p);
    if (is_wide) rounds_key(&w.rounds, p->key);
    w.mask = htobe64(p->mask);
    w.live = 0;
    w.count = count;
    for (at = walk_fill(&w, p, values, 0); w.live > 0; at = walk_fill(&w, p, values, at)) {
        (is_wide ? wide : narrow)(&w);
        walk_drain(&w, p, values);
    }
    if (is_wide) OPENSSL_cleanse(&w.rounds, sizeof w.rounds);
}

void permutation_forward(const struct permutation *p, u128 *values, size_t count)
{
    permute(p, values, count, wide_forward, walk_forward);
}

void permutation_inverse(const struct permutation *p, u128 *values, size_t count)
{
    permute(p, values, count, wide_inverse, walk_inverse);
}
