#include "service/exchange/trust.h"
#include "common/plain_file.h"
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>

static char no_phrase[] = ""; // instead of asking somebody at a terminal

static status unusable(const char *what, const char *file)
{
    ERR_clear_error();
    return fail(ST_BAD_INPUT, "tls.partner", 0, "%s cannot be used: %s", what, file);
}

static status authorities_check(const char *file)
{
    X509_STORE *all = X509_STORE_new();
    bool good = all != NULL && plain_file(file) && X509_STORE_load_file(all, file) == 1;

    X509_STORE_free(all);
    return good ? OK : unusable("exchange.ca_file", file);
}

static X509 *certificate_read(const char *file)
{
    FILE *f = plain_file(file) ? fopen(file, "re") : NULL;
    X509 *x = f == NULL ? NULL : PEM_read_X509(f, NULL, NULL, NULL);

    if (f != NULL) fclose(f);
    return x;
}

static EVP_PKEY *key_read(const char *file)
{
    FILE *f = plain_file(file) ? fopen(file, "re") : NULL;
    EVP_PKEY *k = f == NULL ? NULL : PEM_read_PrivateKey(f, NULL, NULL, no_phrase);

    if (f != NULL) fclose(f);
    return k;
}

static status shown_check(const struct exchange_certificate *c)
{
    X509 *x = certificate_read(c->certificate);
    EVP_PKEY *k = x == NULL ? NULL : key_read(c->key);
    status st = OK;

    if (x == NULL)
        st = unusable("a partner's certificate", c->certificate);
    else if (k == NULL)
        st = unusable("the key of a partner's certificate", c->key);
    else if (X509_check_private_key(x, k) != 1)
        st = unusable("a key of another certificate", c->key);
    EVP_PKEY_free(k);
    X509_free(x);
    return st;
}

status exchange_trust_check(const struct exchange_conf *conf)
{
    if (conf->ca_file != NULL) TRY(authorities_check(conf->ca_file));
    for (uint32_t i = 0; i < conf->certificate_count; i++) TRY(shown_check(&conf->certificates[i]));
    return OK;
}
