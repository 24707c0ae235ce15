// A door's TLS: 1.2 with forward secrecy and AEAD only, or 1.3. Its context is made anew when the
// files are others; a connection keeps the one that it began with.
#include "common/http_server_tls.h"
#include "common/plain_file.h"
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define CIPHERS_12 "ECDHE+AESGCM:ECDHE+CHACHA20"

static char no_phrase[] = ""; // of a key that asks for one: nobody is there to be asked

static status trouble(const char *what, const char *file)
{
    char text[64];

    ERR_error_string_n(ERR_get_error(), text, sizeof text);
    ERR_clear_error();
    return fail(ST_BAD_INPUT, "tls.files", 0, "%s %s: %s", what, file, text);
}

// We speak one protocol; who offers a list of others without it is let in all the same.
static int alpn(SSL *ssl, const unsigned char **out, unsigned char *n, const unsigned char *in,
                unsigned in_n, void *arg)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *chosen;

    (void)ssl, (void)arg;
    if (SSL_select_next_proto(&chosen, n, ours, sizeof ours - 1, in, in_n) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

// ---- the context

// Is it the end of a chain, as far as the file goes?
static bool is_root(STACK_OF(X509_OBJECT) * all, X509 *x)
{
    X509_NAME *issuer = X509_get_issuer_name(x);

    if (X509_NAME_cmp(issuer, X509_get_subject_name(x)) == 0) return true;
    for (int i = 0; i < sk_X509_OBJECT_num(all); i++) {
        X509 *other = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(all, i));
        if (other != NULL && X509_NAME_cmp(issuer, X509_get_subject_name(other)) == 0) return false;
    }
    return true;
}

// Does the file hold more than one authority? An old and a new certificate of one name are one.
static bool has_several(SSL_CTX *x)
{
    STACK_OF(X509_OBJECT) *all = X509_STORE_get0_objects(SSL_CTX_get_cert_store(x));
    X509_NAME *first = NULL;

    for (int i = 0; i < sk_X509_OBJECT_num(all); i++) {
        X509 *one = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(all, i));
        if (one == NULL || !is_root(all, one)) continue;
        if (first != NULL && X509_NAME_cmp(first, X509_get_subject_name(one)) != 0) return true;
        first = X509_get_subject_name(one);
    }
    return false;
}

static char several[] = ""; // what such a context carries

// Every connection shows its certificate anew: a session that is taken up again would bring one
// that may have expired since.
static status load_client_ca(SSL_CTX *x, const struct http_tls *files)
{
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(files->client_ca);

    if (names == NULL || SSL_CTX_load_verify_file(x, files->client_ca) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return trouble("the clients' authority", files->client_ca);
    }
    SSL_CTX_set_client_CA_list(x, names);
    SSL_CTX_set_verify(
        x, SSL_VERIFY_PEER | (files->client_required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), NULL);
    SSL_CTX_set_options(x, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(x, 0);
    SSL_CTX_set_session_cache_mode(x, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_app_data(x, has_several(x) ? several : NULL);
    return OK;
}

// Nobody waits for what a pipe may bring.
static status files_plain(const struct http_tls *files)
{
    const char *const all[] = {files->certificate, files->key, files->client_ca};

    for (size_t i = 0; i < LEN(all); i++)
        if (all[i] != NULL && !plain_file(all[i]))
            return fail(ST_BAD_INPUT, "tls.files", 0, "%s is no file", all[i]);
    return OK;
}

static status load(SSL_CTX *x, const struct http_tls *files)
{
    TRY(files_plain(files));
    if (SSL_CTX_use_certificate_chain_file(x, files->certificate) != 1)
        return trouble("the certificate", files->certificate);
    SSL_CTX_set_default_passwd_cb_userdata(x, no_phrase);
    if (SSL_CTX_use_PrivateKey_file(x, files->key, SSL_FILETYPE_PEM) != 1)
        return trouble("the key", files->key);
    if (SSL_CTX_check_private_key(x) != 1)
        return trouble("the certificate and the key", files->key);
    return files->client_ca == NULL ? OK : load_client_ca(x, files);
}

static status context_new(const struct http_tls *files, SSL_CTX **out)
{
    SSL_CTX *x = SSL_CTX_new(TLS_server_method());

    assert(x != NULL);
    bool set = SSL_CTX_set_min_proto_version(x, TLS1_2_VERSION) == 1 &&
               SSL_CTX_set_cipher_list(x, CIPHERS_12) == 1;
    assert(set);
    SSL_CTX_set_options(x, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                               SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(x, SSL_MODE_RELEASE_BUFFERS); // an idle connection keeps none
    SSL_CTX_set_alpn_select_cb(x, alpn, NULL);
    status st = load(x, files);
    if (st.cls == ST_OK)
        *out = x;
    else
        SSL_CTX_free(x);
    return st;
}

// ---- the files

// What they hold; one that can't be read is as good as empty, and opening it will say why.
static struct sha256 files_digest(const struct http_tls *files)
{
    const char *const all[] = {files->certificate, files->key, files->client_ca};
    struct sha256_run run;
    char piece[4096];
    size_t n;

    sha256_start(&run);
    for (size_t i = 0; i < LEN(all); i++) {
        FILE *f = all[i] == NULL || !plain_file(all[i]) ? NULL : fopen(all[i], "rbe");
        uint64_t length = 0;
        while (f != NULL && (n = fread(piece, 1, sizeof piece, f)) > 0) {
            sha256_add(&run, (str){piece, n});
            length += n;
        }
        if (f != NULL) fclose(f);
        sha256_add(&run, (str){(const char *)&length, sizeof length});
    }
    return sha256_end(&run);
}

status http_tls_init(struct http_tls_side *t, const struct http_tls *files)
{
    *t = (struct http_tls_side){.files = *files};
    int rc = pthread_mutex_init(&t->lock, NULL);
    assert(rc == 0);
    if ((files->certificate == NULL) != (files->key == NULL))
        return fail(ST_BAD_INPUT, "tls.files", 0, "TLS needs a certificate and a key");
    if (files->certificate == NULL && files->client_ca == NULL) return OK;
    if (files->certificate == NULL)
        return fail(ST_BAD_INPUT, "tls.files", 0, "clients' certificates need TLS");
    t->seen = files_digest(files);
    return context_new(files, &t->ctx);
}

void http_tls_fini(struct http_tls_side *t)
{
    SSL_CTX_free(t->ctx);
    pthread_mutex_destroy(&t->lock);
}

static bool has_expired(const SSL_CTX *x)
{
    return X509_cmp_current_time(X509_get0_notAfter(SSL_CTX_get0_certificate(x))) < 0;
}

bool http_tls_refresh(struct http_tls_side *t, bool always, status *st)
{
    SSL_CTX *fresh = NULL;

    if (t->files.certificate == NULL) return false;
    struct sha256 now =
        files_digest(&t->files); // what changes from here on is seen at the next look
    if (!always && memcmp(&now, &t->seen, sizeof now) == 0) return false;
    t->seen = now;
    *st = context_new(&t->files, &fresh);
    if (st->cls == ST_OK && has_expired(fresh)) {
        *st = fail(ST_BAD_INPUT, "tls.expired", 0, "%s has expired", t->files.certificate);
        SSL_CTX_free(fresh);
    }
    if (st->cls != ST_OK) return true;
    pthread_mutex_lock(&t->lock);
    SSL_CTX *old = t->ctx;
    t->ctx = fresh;
    pthread_mutex_unlock(&t->lock);
    SSL_CTX_free(old);
    return true;
}

// ---- connections

SSL *http_tls_new(struct http_tls_side *t)
{
    if (t->files.certificate == NULL) return NULL;
    pthread_mutex_lock(&t->lock);
    SSL *ssl = SSL_new(t->ctx); // holds the context as long as it lives
    pthread_mutex_unlock(&t->lock);
    assert(ssl != NULL);
    return ssl;
}

// As `openssl x509 -nameopt RFC2253` prints it; nothing where it does not fit, rather than a part.
static str name_write(const X509_NAME *name, char room[HTTP_SUBJECT_MAX])
{
    BIO *out = BIO_new(BIO_s_mem());
    char *text;

    assert(out != NULL);
    X509_NAME_print_ex(out, name, 0, XN_FLAG_RFC2253);
    long n = BIO_get_mem_data(out, &text);
    if (n < 0 || n > (long)HTTP_SUBJECT_MAX) n = 0;
    memcpy(room, text, (size_t)n);
    BIO_free(out);
    return (str){room, (size_t)n};
}

bool http_tls_certificate(SSL *ssl, struct http_tls_names *room, struct http_certificate *out)
{
    X509 *x = SSL_get0_peer_certificate(ssl);
    STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);
    unsigned n = sizeof out->fingerprint;
    struct tm until;

    if (x == NULL || SSL_get_verify_result(ssl) != X509_V_OK || sk_X509_num(chain) < 1)
        return false;
    if (X509_digest(x, EVP_sha256(), out->fingerprint, &n) != 1 ||
        ASN1_TIME_to_tm(X509_get0_notAfter(x), &until) != 1)
        return false;
    X509 *root = sk_X509_value(chain, sk_X509_num(chain) - 1);
    out->until = (wall){(int64_t)timegm(&until) * 1000};
    out->subject = name_write(X509_get_subject_name(x), room->subject);
    out->authority = name_write(X509_get_subject_name(root), room->authority);
    out->several = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)) == several;
    return true;
}
