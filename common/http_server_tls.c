// The TLS context of a server: 1.2 with forward secrecy and AEAD only, or 1.3.
#include "common/http_server_int.h"
#include <openssl/err.h>
#include <openssl/ssl.h>

#define CIPHERS_12 "ECDHE+AESGCM:ECDHE+CHACHA20"

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

static status load(SSL_CTX *x, const struct http_tls *files)
{
    if (SSL_CTX_use_certificate_chain_file(x, files->certificate) != 1)
        return trouble("the certificate", files->certificate);
    if (SSL_CTX_use_PrivateKey_file(x, files->key, SSL_FILETYPE_PEM) != 1)
        return trouble("the key", files->key);
    if (SSL_CTX_check_private_key(x) != 1)
        return trouble("the certificate and the key", files->key);
    return OK;
}

status http_tls_open(const struct http_tls *files, struct ssl_ctx_st **out)
{
    SSL_CTX *x = SSL_CTX_new(TLS_server_method());

    assert(x != NULL);
    assert(SSL_CTX_set_min_proto_version(x, TLS1_2_VERSION) == 1);
    assert(SSL_CTX_set_cipher_list(x, CIPHERS_12) == 1);
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
