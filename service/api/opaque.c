// One block at a time: the low-level calls are marked deprecated in OpenSSL 3, but the EVP ones
// cost ten times as much on a single block, and most answers hold one.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "service/api/opaque.h"
#include "common/bytes.h"
#include <openssl/aes.h>
#include <string.h>

#define BLOCK 16

static const char letters[33] = "abcdefghijklmnopqrstuvwxyz234567";

void opaque_put(const uint8_t key[16], enum opaque_purpose p, uint64_t n, struct buf *out)
{
    uint8_t block[BLOCK] = {(uint8_t)p}, sealed[BLOCK];
    char *text = buf_room(out, OPAQUE_LEN);
    uint32_t bits = 0;
    unsigned have = 0, at = 0;
    AES_KEY schedule;

    put_be(block + 8, n, 8);
    AES_set_encrypt_key(key, 8 * BLOCK, &schedule);
    AES_encrypt(block, sealed, &schedule);
    for (unsigned i = 0; text != NULL && i < OPAQUE_LEN; i++) {
        if (have < 5) bits = bits << 8 | (at < BLOCK ? sealed[at++] : 0), have += 8;
        text[i] = letters[bits >> (have -= 5) & 31];
    }
}

bool opaque_get(const uint8_t key[16], enum opaque_purpose p, str text, uint64_t *n)
{
    uint8_t sealed[BLOCK + 1] = {0}, block[BLOCK];
    static const uint8_t zeros[7];
    uint32_t bits = 0;
    unsigned have = 0, at = 0;
    AES_KEY schedule;

    if (text.n != OPAQUE_LEN) return false;
    for (unsigned i = 0; i < OPAQUE_LEN; i++) {
        const char *hit = memchr(letters, text.p[i], 32);
        if (hit == NULL) return false;
        bits = bits << 5 | (uint32_t)(hit - letters);
        if ((have += 5) >= 8) sealed[at++] = (uint8_t)(bits >> (have -= 8));
    }
    AES_set_decrypt_key(key, 8 * BLOCK, &schedule);
    AES_decrypt(sealed, block, &schedule);
    if (block[0] != p || memcmp(block + 1, zeros, sizeof zeros) != 0) return false;
    *n = get_be(block + 8, 8);
    return true;
}
