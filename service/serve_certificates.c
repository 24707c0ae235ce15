// No state of its own. A start goes on with a certificate that has expired: lines that do not look
// at it are better served than none.
#include "service/serve_certificates.h"
#include "common/log.h"
#include "common/plain_file.h"
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

static void subject_of(const X509 *x, char *out, size_t room)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *p = NULL;

    out[0] = 0;
    if (bio == NULL) return;
    X509_NAME_print_ex(bio, X509_get_subject_name(x), 0, XN_FLAG_RFC2253);
    long n = BIO_get_mem_data(bio, &p);
    if (n > 0) snprintf(out, room, "%.*s", (int)n, p);
    BIO_free(bio);
}

static status dates_look(const X509 *x, struct serve_certificate *c)
{
    int since = 0, begun = 0, left = 0;

    if (ASN1_TIME_diff(&since, &begun, X509_get0_notBefore(x), NULL) != 1 ||
        ASN1_TIME_diff(&c->days, &left, NULL, X509_get0_notAfter(x)) != 1)
        return fail(ST_BAD_INPUT, "tls.files", 0, "%.60s: its dates cannot be read", c->whose);
    if (since < 0 || begun < 0)
        return fail(ST_BAD_INPUT, "tls.early", 0, "%.60s: its certificate is not valid yet",
                    c->whose);
    if (c->days < 0 || left < 0)
        return fail(ST_BAD_INPUT, "tls.expired", 0, "%.60s: its certificate has expired", c->whose);
    c->soon = c->days < CERTIFICATE_SOON_DAYS;
    return OK;
}

static status look(struct serve_certificate *c)
{
    FILE *f = plain_file(c->file.p) ? fopen(c->file.p, "re") : NULL;
    X509 *x = f == NULL ? NULL : PEM_read_X509(f, NULL, NULL, NULL);

    if (f != NULL) fclose(f);
    ERR_clear_error();
    if (x == NULL)
        return fail(ST_BAD_INPUT, "tls.files", 0, "%.30s: %.*s holds no certificate", c->whose,
                    STR(str_shown(c->file, 40)));
    subject_of(x, c->subject, sizeof c->subject);
    status st = dates_look(x, c);
    X509_free(x);
    return st;
}

struct seeing {
    serve_certificate_see *see;
    void *self;
};

static void see_one(const struct seeing *to, const char *kind, str name, str file, str key)
{
    struct serve_certificate c = {.file = file, .key = key};

    if (file.n == 0) return;
    snprintf(c.whose, sizeof c.whose, "%s%.*s", kind, STR(str_shown(name, 60)));
    c.is = look(&c);
    to->see(to->self, &c);
}

void serve_certificates_each(const struct site_settings *s, serve_certificate_see *see, void *self)
{
    const struct site_listener *l = s->listeners.items;
    const struct site_shown *p = s->shown.items;
    const struct seeing to = {see, self};

    see_one(&to, "tls", S(""), s->certificate, s->key);
    for (uint32_t i = 0; i < s->listeners.n; i++)
        see_one(&to, "listener ", l[i].name, l[i].certificate, l[i].key);
    for (uint32_t i = 0; i < s->shown.n; i++)
        see_one(&to, "partner ", p[i].partner, p[i].certificate, p[i].key);
}

static void log_one(void *self, const struct serve_certificate *c)
{
    (void)self;
    if (c->is.cls != ST_OK)
        LOG(warn, "certificate.wrong", fs("whose", str_of(c->whose)), fst(c->is));
    else if (c->soon)
        LOG(warn, "certificate.ending", fs("whose", str_of(c->whose)), fi("days", c->days));
}

void serve_certificates_log(const struct site_settings *s)
{
    serve_certificates_each(s, log_one, NULL);
}
