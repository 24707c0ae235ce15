// actor_db.h - the rows of actors: everybody who may call, and the tokens they call with.
//
// glossary: an *actor* is whom facts name as their author, a dense number that is never given
// again; each is made by the token or the certificate (certificate.h) that it calls with, and ends
// with it. Actor 0 is the service.
#pragma once
#include "common/digest.h"
#include "service/api/caller.h"
#include "service/journal/journal_db.h"

#define ACTOR_ID_MAX 80u

struct actor {
    uint32_t number;
    enum role role;
    str id;    // of the token: readable, tells nothing of others; names it in paths
    str user;  // the person, or empty: a machine
    str line;  // name of the line it stands for, or empty
    str party; // GLN it acts for, or empty
    const client_id *clients;
    uint32_t client_count;
    struct sha256 token; // of its text, which is kept nowhere; zero: it has a certificate
    wall created;
    wall expires; // 0: never
    wall revoked; // 0: it is not
    uint64_t revoked_seq;
};

// Texts and clients lie in the arena. False: none, or trouble that the transaction keeps.
bool actor_get(struct txn *t, uint32_t number, struct arena *a, struct actor *out);
bool actor_by_token(struct txn *t, const struct sha256 *token, struct arena *a, struct actor *out);
bool actor_by_id(struct txn *t, str id, struct arena *a, struct actor *out);
// The id alone: "" where there is none. Lives as long as the snapshot.
str actor_id(struct txn *t, uint32_t number);

// The fact ends what the actor calls with.
void actor_end(struct txn *t, uint32_t number, const struct fact *f);
bool actor_has_token(const struct actor *x);
void actor_put(struct txn *t, const struct actor *x);
