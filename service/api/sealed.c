#include "service/api/sealed.h"
#include "common/bytes.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

enum { SEAL = 16, BLOCK = 32, KEY = 32 };

static void mac(const uint8_t *k, size_t n, str in, uint8_t out[BLOCK])
{
    unsigned wrote = 0;

    const uint8_t *made = HMAC(EVP_sha256(), k, (int)n, (const uint8_t *)in.p, in.n, out, &wrote);
    assert(made != NULL && wrote == BLOCK);
}

static void key_make(const uint8_t opaque_key[16], uint8_t out[KEY])
{
    mac(opaque_key, 16, S("packtrail page 2"), out);
}

static void seal_make(const uint8_t k[KEY], str route, str key, uint8_t seal[SEAL])
{
    uint8_t whole[BLOCK];
    struct buf b;

    buf_init(&b, 4 * KB);
    buf_addc(&b, 0);
    buf_add(&b, route);
    buf_addc(&b, 0);
    buf_add(&b, key);
    assert(!b.failed);
    mac(k, KEY, buf_str(&b), whole);
    memcpy(seal, whole, SEAL);
    buf_fini(&b);
}

// Hides and shows alike.
static void stream_over(const uint8_t k[KEY], const uint8_t seal[SEAL], uint8_t *p, size_t n)
{
    uint8_t block[BLOCK], in[1 + SEAL + 4] = {1};

    memcpy(in + 1, seal, SEAL);
    for (size_t i = 0; i < n; i++) {
        if (i % BLOCK == 0) {
            put_be(in + 1 + SEAL, i / BLOCK, 4);
            mac(k, KEY, (str){(const char *)in, sizeof in}, block);
        }
        p[i] ^= block[i % BLOCK];
    }
}

void sealed_put(const uint8_t opaque_key[16], str route, str key, struct buf *out)
{
    uint8_t k[KEY], sealed[SEAL + SEALED_KEY_MAX];

    assert(key.n > 0 && key.n <= SEALED_KEY_MAX);
    key_make(opaque_key, k);
    seal_make(k, route, key, sealed);
    memcpy(sealed + SEAL, key.p, key.n);
    stream_over(k, sealed, sealed + SEAL, key.n);
    char *text = buf_room(out, 2 * (SEAL + key.n));
    if (text != NULL) hex_put(text, sealed, SEAL + key.n);
}

bool sealed_get(const uint8_t opaque_key[16], str route, str text, struct arena *a, str *key)
{
    uint8_t k[KEY], sealed[SEAL + SEALED_KEY_MAX], seal[SEAL];
    size_t n = text.n / 2;

    if (text.n % 2 || n <= SEAL || n > sizeof sealed || !hex_get(text, sealed, n)) return false;
    key_make(opaque_key, k);
    stream_over(k, sealed, sealed + SEAL, n - SEAL);
    str plain = {(const char *)sealed + SEAL, n - SEAL};
    seal_make(k, route, plain, seal);
    if (CRYPTO_memcmp(seal, sealed, SEAL) != 0) return false;
    *key = arena_str(a, plain);
    return key->p != NULL;
}
