// secret.c - AES-256-GCM under a key derived from the site key of an epoch.
//
//     sealed = epoch 4, nonce 12, ciphertext as long as the plain text, tag 16
//     key    = HKDF-SHA256(key of the epoch, no salt, info = "secret"), 32 bytes
//
// Facts and rows hold sealed bytes; replay copies them without a key. No state: any thread.
#include "service/pool/secret.h"
#include "common/bytes.h"
#include "common/env.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

enum { EPOCH_SIZE = 4, HEAD_SIZE = EPOCH_SIZE + SECRET_NONCE_SIZE, TAG_SIZE = 16, KEY_SIZE = 32 };

// One message in one direction: `in` becomes `out`, of the same size.
struct gcm {
    bool seal;
    const uint8_t *nonce;
    str in;
    uint8_t *out;
    uint8_t *tag; // written when sealing, compared when opening
};

// False only when opening and the tag does not fit.
static bool gcm_run(const struct site_keys *k, uint32_t epoch, const struct gcm *g)
{
    uint8_t key[KEY_SIZE];
    struct site_derive what = {.epoch = epoch, .info = S("secret")};
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n = 0, tail = 0;

    site_keys_derive(k, &what, key, sizeof key);
    assert(ctx != NULL);
    assert(EVP_CipherInit_ex2(ctx, EVP_aes_256_gcm(), key, g->nonce, g->seal, NULL) == 1);
    OPENSSL_cleanse(key, sizeof key);
    assert(EVP_CipherUpdate(ctx, g->out, &n, (const uint8_t *)g->in.p, (int)g->in.n) == 1);
    assert((size_t)n == g->in.n);
    if (!g->seal) assert(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, g->tag) == 1);
    bool fits = EVP_CipherFinal_ex(ctx, g->out + n, &tail) == 1;
    if (g->seal) assert(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, g->tag) == 1);
    EVP_CIPHER_CTX_free(ctx);
    return fits && tail == 0;
}

status secret_seal(const struct site_keys *k, const uint8_t nonce[SECRET_NONCE_SIZE], str plain,
                   struct buf *out)
{
    assert(k->count > 0);
    if (plain.n > SECRET_MAX)
        return fail(ST_BAD_INPUT, "secret.too_long", 0, "a secret has at most %zu bytes, not %zu",
                    SECRET_MAX, plain.n);
    uint8_t *p = (uint8_t *)buf_room(out, HEAD_SIZE + plain.n + TAG_SIZE);
    if (p == NULL) return OK; // the buf says so when it is asked
    put_be(p, k->count, EPOCH_SIZE);
    memcpy(p + EPOCH_SIZE, nonce, SECRET_NONCE_SIZE);
    struct gcm g = {true, nonce, plain, p + HEAD_SIZE, p + HEAD_SIZE + plain.n};
    assert(gcm_run(k, k->count, &g));
    return OK;
}

status secret_open(const struct site_keys *k, str sealed, struct buf *out)
{
    uint8_t plain[SECRET_MAX], tag[TAG_SIZE];

    if (sealed.n < HEAD_SIZE + TAG_SIZE || sealed.n > HEAD_SIZE + SECRET_MAX + TAG_SIZE)
        return fail(ST_STORE, "secret.form", 0, "a sealed secret cannot have %zu bytes", sealed.n);
    uint64_t epoch = get_be(sealed.p, EPOCH_SIZE);
    if (epoch < 1 || epoch > k->count)
        return fail(ST_CONFLICT, "secret.epoch", 0, "sealed under epoch %llu; site.key has %u",
                    (unsigned long long)epoch, k->count);
    str body = {sealed.p + HEAD_SIZE, sealed.n - HEAD_SIZE - TAG_SIZE};
    memcpy(tag, body.p + body.n, TAG_SIZE);
    struct gcm g = {false, (const uint8_t *)sealed.p + EPOCH_SIZE, body, plain, tag};
    bool fits = gcm_run(k, (uint32_t)epoch, &g);
    if (fits) buf_add(out, (str){(const char *)plain, body.n});
    OPENSSL_cleanse(plain, sizeof plain);
    if (!fits)
        return fail(ST_CONFLICT, "secret.wrong", 0,
                    "a sealed secret does not open with the key of its epoch in site.key");
    return OK;
}

status secret_site_seal(const struct site *s, str plain, struct buf *sealed)
{
    uint8_t nonce[SECRET_NONCE_SIZE];

    env_random(s->env, nonce, sizeof nonce);
    return secret_seal(s->keys, nonce, plain, sealed);
}

status secret_site_open(const struct site *s, str sealed, struct buf *plain)
{
    return secret_open(s->keys, sealed, plain);
}
