// certificate.h - client certificates that stand for somebody who calls.
//
// TLS verifies a certificate against the authorities of its address (http_server.h); here it is
// told whom it stands for: by its SHA-256; by its subject and the authority that its chain ends at;
// or, where that is the only one trusted there, by its subject alone.
// A name is one actor for ever, so that a machine with a new certificate stays who it was.
#pragma once
#include "common/http.h"
#include "service/access/certificate_db.h"
#include "service/access/signed_by.h"
#include "service/journal/kind.h"

#define CERTIFICATE_SUBJECT_MAX 512u

struct certificate_wish { // the ask of `certificate.put`
    str name;
    enum certificate_sort sort;
    str what;           // as in struct certificate
    struct actor actor; // what it may; number, id and created are the committer's
    str reason;
    bool is_new; // for the answer: there was none of this name
    struct signed_by by;
};
// What is signed of it. `act.subject` is a digest of that, in the arena: where tokens are made by
// two, so is whoever calls by a certificate.
second_look certificate_look;
status certificate_act(const struct certificate_wish *w, struct arena *a, struct second_of *act);

struct certificate_end { // the ask of `certificate.ended`
    str name;
    str reason; // or empty
};

extern const struct kind kind_certificate_put, kind_certificate_put_2, kind_certificate_put_1;
extern const struct kind kind_certificate_ended;
extern const struct http_route certificate_routes[];

struct certificate_made { // by a `certificate.put`; views into the fact, clients in the arena
    struct certificate certificate;
    struct actor actor;
    str reason;
    struct signed_by by;
};
status certificate_of_fact(const struct fact *f, struct arena *a, struct certificate_made *out);
// Its members: the name, and the fingerprint or subject.
void certificate_write(const struct certificate *c, struct json_w *w);

str certificate_issued(str subject, str authority, struct arena *a); // `what` of CERTIFICATE_ISSUED
// Whom a verified certificate stands for: by its SHA-256 or else its subject. *found false: nobody.
// certificate.revoked, certificate.expired, certificate.authority (401).
status certificate_caller(struct txn *t, const struct http_certificate *c, wall now,
                          struct arena *a, struct actor *out, bool *found);
