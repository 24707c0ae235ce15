// caller.h - who asks: what access found out and every handler may rely on.
#pragma once
#include "common/http.h"
#include "service/journal/fact.h"

//      name          word in routes and tokens
#define ROLES(X)                                                                                   \
    X(LINE, "line")               /* a packaging line */                                           \
    X(DISTRIBUTOR, "distributor") /* acts for a party */                                           \
    X(GATEWAY, "gateway")         /* a client's system: pushes numbers and events */               \
    X(CLIENT, "client")           /* reads its client only */                                      \
    X(OPERATOR, "operator")       /* lots, holds, deliveries */                                    \
    X(QA, "qa")                   /* releases, reviews, signs */                                   \
    X(AUDITOR, "auditor")         /* reads all */                                                  \
    X(ADMIN, "admin")             /* configuration, users */

enum role {
#define X(name, word) ROLE_##name,
    ROLES(X)
#undef X
        ROLE_COUNT
};

#define CALLER_CLIENTS_MAX 64u

struct caller {
    unsigned magic;
    uint32_t actor; // dense number of the principal
    enum role role;
    str id;                   // of the token
    str line;                 // name of the line it stands for, or empty
    str party;                // GLN it acts for, or empty
    bool person;              // a user, not a machine: must give reasons
    bool session;             // by the cookie of a session, not by a token
    str user;                 // the person's name in paths, or empty
    const client_id *clients; // the clients it is bound to; none: the whole site
    uint32_t client_count;
};
#define CALLER_MAGIC 0xca11ca11u

// What somebody may: as what, and for whom. The one answer to "may they still do this?": of who
// calls and who goes on listening (access.h), who repeats a call (api.h), who has signed
// (second.h).
struct reach {
    enum role role;
    const client_id *clients; // none: the whole site
    uint32_t client_count;
};
// As one of `roles` ("qa admin"; "*": any), for a client ({0}: the site itself).
bool reach_has(const struct reach *x, const char *roles, client_id client);

const char *role_word(enum role r);
bool role_find(str word, enum role *out);
const struct caller *caller_of(const struct http_req *r); // asserts that there is one
bool caller_sees(const struct caller *c, client_id client);
// Sees the site's own numbers (seq) rather than its client's count.
bool caller_is_site(const struct caller *c);
// The number of a fact that this caller is shown: seq, or client_no to those bound to clients.
uint64_t caller_seq(const struct caller *c, const struct fact *f);
