// serve_certificates.h - the certificates that settings name, and whether each is good now.
#pragma once
#include "service/settings.h"

#define CERTIFICATE_SOON_DAYS 30 // somebody should see to another one

struct serve_certificate {
    char whose[96]; // tls, listener NAME, partner NAME
    char subject[256];
    str file, key; // NUL-terminated
    int days;      // left
    bool soon;     // less than CERTIFICATE_SOON_DAYS
    status is;     // tls.files: it cannot be read; tls.early: not valid yet; tls.expired
};

typedef void serve_certificate_see(void *self, const struct serve_certificate *c);
// In the order of the settings. A file holds a chain; its first certificate is looked at.
void serve_certificates_each(const struct site_settings *s, serve_certificate_see *see, void *self);

// Those that are not good, or not for long, go to the log: certificate.wrong, certificate.ending.
void serve_certificates_log(const struct site_settings *s);
