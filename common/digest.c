// The low-level calls are marked deprecated in OpenSSL 3, but the EVP ones (and SHA256(), which is
// one of them) cost three times as much on the few hundred bytes of a record, and the committer
// hashes every record twice. Of one block, as the ids of events are, it is six times.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "common/digest.h"
#include <openssl/sha.h>
#include <string.h>

_Static_assert(sizeof(SHA256_CTX) <= sizeof(struct sha256_run), "the state must fit");

static SHA256_CTX *ctx(struct sha256_run *r) { return (SHA256_CTX *)(void *)r->state; }

struct sha1 sha1_of(str s)
{
    struct sha1 d;
    SHA_CTX c;

    SHA1_Init(&c);
    SHA1_Update(&c, s.p, s.n);
    SHA1_Final(d.b, &c);
    return d;
}

struct sha256 sha256_of(str s)
{
    struct sha256 d;
    SHA256_CTX c;

    SHA256_Init(&c);
    SHA256_Update(&c, s.p, s.n);
    SHA256_Final(d.b, &c);
    return d;
}

void sha256_start(struct sha256_run *r) { SHA256_Init(ctx(r)); }

void sha256_add(struct sha256_run *r, str s)
{
    if (s.n > 0) SHA256_Update(ctx(r), s.p, s.n);
}

struct sha256 sha256_end(const struct sha256_run *r)
{
    struct sha256_run copy = *r;
    struct sha256 d;

    SHA256_Final(d.b, ctx(&copy));
    return d;
}
