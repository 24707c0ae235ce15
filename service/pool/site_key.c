// site_key.c - the text of `site.key` and what is derived from its keys.
//
//     file        a line per epoch: epoch in decimal, one space, 64 hexadecimal digits, LF
//     pool key    HKDF-SHA256(key of the epoch, salt = journal id,
//                             info = "packtrail pool 1" | space as 4 bytes), 16 bytes
//     check bytes HKDF-SHA256(key, no salt, info = "packtrail check 1"), 8 bytes
//
// These bytes decide which numbers are printed: they may never change. No state of its own.
#include "service/pool/site_key.h"
#include "common/bytes.h"
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <string.h>

void site_keys_init(struct site_keys *k) { memset(k, 0, sizeof *k); }

void site_keys_fini(struct site_keys *k) { OPENSSL_cleanse(k, sizeof *k); }

status site_keys_add(struct site_keys *k, const uint8_t key[SITE_KEY_SIZE])
{
    if (k->count == SITE_KEY_EPOCHS_MAX)
        return fail(ST_FULL, "site_key.full", 0, "site.key has its %u epochs already",
                    SITE_KEY_EPOCHS_MAX);
    memcpy(k->key[k->count++], key, SITE_KEY_SIZE);
    return OK;
}

static status line_parse(str line, uint32_t at, struct site_keys *k)
{
    uint8_t key[SITE_KEY_SIZE];
    uint64_t epoch;
    str number;

    if (!str_cut(&line, ' ', &number) || !str_u64(number, UINT32_MAX, &epoch) ||
        !hex_get(line, key, sizeof key))
        return fail(ST_BAD_INPUT, "site_key.line", at,
                    "line %u of site.key is not an epoch, a space and 64 hexadecimal digits",
                    k->count + 1);
    status st = OK;
    if (epoch != k->count + 1u)
        st = fail(ST_BAD_INPUT, "site_key.epoch", at,
                  "site.key has epoch %llu where %u belongs: none may be missing",
                  (unsigned long long)epoch, k->count + 1);
    else
        st = site_keys_add(k, key);
    OPENSSL_cleanse(key, sizeof key);
    return st;
}

status site_keys_parse(str text, struct site_keys *out)
{
    struct site_keys k;
    status st = OK;
    str rest = text, line;

    site_keys_init(&k);
    while (st.cls == ST_OK && rest.n > 0) {
        uint32_t at = (uint32_t)(text.n - rest.n);
        if (!str_cut(&rest, '\n', &line)) line = rest, rest.n = 0;
        st = line_parse(line, at, &k);
    }
    if (st.cls == ST_OK && k.count == 0)
        st = fail(ST_BAD_INPUT, "site_key.none", 0, "site.key holds no key");
    if (st.cls == ST_OK) *out = k;
    site_keys_fini(&k);
    return st;
}

void site_keys_format(const struct site_keys *k, struct buf *out)
{
    for (uint32_t i = 0; i < k->count; i++) {
        buf_addu(out, i + 1u);
        buf_addc(out, ' ');
        char *hex = buf_room(out, 2 * SITE_KEY_SIZE);
        if (hex != NULL) hex_put(hex, k->key[i], SITE_KEY_SIZE);
        buf_addc(out, '\n');
    }
}

void site_keys_derive(const struct site_keys *k, const struct site_derive *what, void *out,
                      size_t n)
{
    OSSL_PARAM params[5], *p = params;

    assert(what->epoch >= 1 && what->epoch <= k->count);
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
    assert(kdf != NULL && ctx != NULL);
    *p++ = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char[]){"SHA256"}, 0);
    *p++ = OSSL_PARAM_construct_octet_string(
        OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)k->key[what->epoch - 1], SITE_KEY_SIZE);
    *p++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)what->info.p,
                                             what->info.n);
    if (what->salt.n > 0)
        *p++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT,
                                                 (void *)(uintptr_t)what->salt.p, what->salt.n);
    *p = OSSL_PARAM_construct_end();
    assert(EVP_KDF_derive(ctx, out, n, params) == 1);
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
}

void site_keys_check(const struct site_keys *k, uint32_t epoch, uint8_t out[SITE_KEY_CHECK_SIZE])
{
    struct site_derive what = {.epoch = epoch, .info = S("packtrail check 1")};
    site_keys_derive(k, &what, out, SITE_KEY_CHECK_SIZE);
}

void pool_key(const struct site_keys *k, const struct pool_key_of *of,
              uint8_t out[PERMUTATION_KEY_SIZE])
{
    const str label = S("packtrail pool 1");
    char info[20];
    struct site_derive what = {
        .epoch = of->epoch,
        .salt = {(const char *)of->journal_id, 16         },
        .info = {info,                         sizeof info}
    };

    assert(of->space >= 1 && of->space < 1u << 24 && of->journal_id != NULL);
    assert(label.n + 4 == sizeof info);
    memcpy(info, label.p, label.n);
    put_be(info + label.n, of->space, 4);
    site_keys_derive(k, &what, out, PERMUTATION_KEY_SIZE);
}
