// certificate.h - client certificates that stand for somebody who calls.
//
// TLS verifies a certificate against the authorities of its address (http_server.h); here it is
// told whom it stands for: by its SHA-256, or by its subject, whoever of those authorities made it.
// A name is one actor for ever, so that a machine with a new certificate stays who it was.
#pragma once
#include "common/http.h"
#include "service/access/certificate_db.h"
#include "service/journal/kind.h"

#define CERTIFICATE_SUBJECT_MAX 512u

struct certificate_wish { // the ask of `certificate.put`
    str name;
    enum certificate_sort sort;
    str what;           // as in struct certificate
    struct actor actor; // what it may; number, id and created are the committer's
    str reason;
    bool is_new; // for the answer: there was none of this name
};
struct certificate_end { // the ask of `certificate.ended`
    str name;
    str reason; // or empty
};

extern const struct kind kind_certificate_put, kind_certificate_ended;
extern const struct http_route certificate_routes[];

// What a `certificate.put` made; views into the fact, clients in the arena.
status certificate_of_fact(const struct fact *f, struct arena *a, struct certificate *c,
                           struct actor *x, str *reason);

// Its members: the name, and the fingerprint or subject.
void certificate_write(const struct certificate *c, struct json_w *w);

// Whom a verified certificate stands for: by its SHA-256 or else its subject. *found false: nobody.
// certificate.revoked, certificate.expired (401).
status certificate_caller(struct txn *t, const struct http_certificate *c, wall now,
                          struct arena *a, struct actor *out, bool *found);
