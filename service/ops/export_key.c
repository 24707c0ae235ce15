// Owner: whoever opened it; once open it is only read, by any thread.
#include "service/ops/export_key.h"
#include "common/digest.h"
#include "service/ops/folder.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PEM_MAX (4 * KB)

struct export_key {
    EVP_PKEY *key;
    char pem[PEM_MAX]; // of the public half
    size_t pem_n;
};

static status bad(const char *path)
{
    return fail(ST_STORE, "export_key.read", 0, "%s is no Ed25519 key in PEM", path);
}

// ---- the file

static status make(const char *path)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    BIO *out = BIO_new(BIO_s_secmem());
    char *text;

    assert(key != NULL && out != NULL);
    assert(PEM_write_bio_PKCS8PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) == 1);
    long n = BIO_get_mem_data(out, &text);
    status st = folder_put(path, (str){text, (size_t)n}); // 0600, at one stroke
    BIO_free(out);
    EVP_PKEY_free(key);
    return st;
}

static status mode_check(const char *path)
{
    struct stat is;

    if (stat(path, &is) != 0)
        return fail(ST_STORE, "export_key.read", 0, "%s: %s", path, strerror(errno));
    if ((is.st_mode & (S_IRWXG | S_IRWXO)) == 0) return OK;
    return fail(ST_STORE, "export_key.mode", 0, "%s: only its owner may read it (chmod 600)", path);
}

static char no_phrase[] = ""; // of a key that asks for one: nobody is there to be asked

static status load(const char *path, struct export_key *k)
{
    BIO *in = BIO_new_file(path, "r");

    if (in == NULL) return bad(path);
    k->key = PEM_read_bio_PrivateKey(in, NULL, NULL, no_phrase);
    BIO_free(in);
    if (k->key == NULL || !EVP_PKEY_is_a(k->key, "ED25519")) return bad(path);
    BIO *out = BIO_new(BIO_s_mem());
    assert(out != NULL && PEM_write_bio_PUBKEY(out, k->key) == 1);
    int n = BIO_read(out, k->pem, sizeof k->pem);
    assert(n > 0 && n < (int)sizeof k->pem);
    k->pem_n = (size_t)n;
    BIO_free(out);
    return OK;
}

status export_key_open(const char *path, bool *made, struct export_key **out)
{
    bool there = access(path, F_OK) == 0;
    struct export_key *k;

    *out = NULL;
    if (!there && made == NULL)
        return fail(ST_NOT_FOUND, "export_key.missing", 0, "there is no %s", path);
    if (!there) TRY(make(path));
    if (made != NULL) *made = !there;
    TRY(mode_check(path));
    k = calloc(1, sizeof *k);
    assert(k != NULL);
    status st = load(path, k);
    if (st.cls != ST_OK) export_key_close(&k);
    *out = k;
    return st;
}

void export_key_close(struct export_key **kp)
{
    struct export_key *k = *kp;

    *kp = NULL;
    if (k == NULL) return;
    EVP_PKEY_free(k->key);
    free(k);
}

// ---- what it does

void export_key_sign(const struct export_key *k, str what, uint8_t out[EXPORT_SIGNATURE_SIZE])
{
    EVP_MD_CTX *run = EVP_MD_CTX_new();
    size_t n = EXPORT_SIGNATURE_SIZE;

    assert(run != NULL && EVP_DigestSignInit(run, NULL, NULL, NULL, k->key) == 1);
    assert(EVP_DigestSign(run, out, &n, (const unsigned char *)what.p, what.n) == 1);
    assert(n == EXPORT_SIGNATURE_SIZE);
    EVP_MD_CTX_free(run);
}

str export_key_public(const struct export_key *k) { return (str){k->pem, k->pem_n}; }

void export_key_sum(const struct export_key *k, char out[EXPORT_KEY_SUM_MAX])
{
    struct sha256 sum = sha256_of(export_key_public(k));

    hex_put(out, sum.b, sizeof sum.b);
    out[EXPORT_KEY_SUM_MAX - 1] = 0;
}
