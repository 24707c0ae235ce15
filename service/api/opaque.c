#include "service/api/opaque.h"
#include "common/bytes.h"
#include <openssl/evp.h>
#include <string.h>

#define BLOCK 16

static const char letters[33] = "abcdefghijklmnopqrstuvwxyz234567";

static void cipher(const uint8_t key[16], const uint8_t *in, uint8_t *out, bool encrypt)
{
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    int n = 0;

    assert(c != NULL);
    assert(EVP_CipherInit_ex(c, EVP_aes_128_ecb(), NULL, key, NULL, encrypt) == 1);
    EVP_CIPHER_CTX_set_padding(c, 0);
    assert(EVP_CipherUpdate(c, out, &n, in, BLOCK) == 1 && n == BLOCK);
    EVP_CIPHER_CTX_free(c);
}

void opaque_put(const uint8_t key[16], enum opaque_purpose p, uint64_t n, struct buf *out)
{
    uint8_t block[BLOCK] = {(uint8_t)p}, sealed[BLOCK];
    char *text = buf_room(out, OPAQUE_LEN);
    uint32_t bits = 0;
    unsigned have = 0, at = 0;

    put_be(block + 8, n, 8);
    cipher(key, block, sealed, true);
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

    if (text.n != OPAQUE_LEN) return false;
    for (unsigned i = 0; i < OPAQUE_LEN; i++) {
        const char *hit = memchr(letters, text.p[i], 32);
        if (hit == NULL) return false;
        bits = bits << 5 | (uint32_t)(hit - letters);
        if ((have += 5) >= 8) sealed[at++] = (uint8_t)(bits >> (have -= 8));
    }
    cipher(key, sealed, block, false);
    if (block[0] != p || memcmp(block + 1, zeros, sizeof zeros) != 0) return false;
    *n = get_be(block + 8, 8);
    return true;
}
