// token.h - tokens: made, shown once, ended.
//
// A token's text is "pt_" and 256 random bits in hexadecimal. The fact and the ledger hold its
// SHA-256 alone; nobody can be shown it again.
#pragma once
#include "common/bytes.h"
#include "common/env.h"
#include "common/mask.h"
#include "service/access/actor_db.h"
#include "service/access/signed_by.h"
#include "service/journal/kind.h"

#define TOKEN_PREFIX MASK_TOKEN
#define TOKEN_LEN    (sizeof TOKEN_PREFIX - 1 + 64)

struct token_new { // the ask of `token.created`
    char text[TOKEN_LEN];
    struct actor actor; // number and created are the committer's
    str reason;         // or empty
    struct signed_by by;
};
// What is signed of it: all but what is drawn. `act.subject` is a digest of that, in the arena.
second_look token_look;
status token_act(const struct token_new *n, struct arena *a, struct second_of *act);

// Draws the text and the id; what the token is for is already said.
status token_draw(struct token_new *n, const struct env *env, struct arena *a);
struct sha256 token_digest(str text);

// An actor's part of a fact, and what is signed of it: all but what it calls with.
void token_put_actor(struct buf *b, const struct actor *x);
void token_put_signed(struct buf *b, const struct actor *x);
status token_get_actor(struct bytes_r *r, struct arena *a, struct actor *out);

struct token_end { // the ask of `token.revoked`
    uint32_t actor;
    str reason; // or empty
};

// Whoever ends the last token of an administrator could never make another (a certificate does not
// count: no address need ask for one): is there one besides this actor (0: none in particular) and
// all of this user (empty: of nobody)?
bool token_admin_remains(struct decide *d, uint32_t but, str but_user);

extern const struct kind kind_token_created, kind_token_created_2, kind_token_created_1,
    kind_token_revoked;
struct token_made { // views into the fact, clients in the arena
    struct actor actor;
    str reason;
    struct signed_by by;
};
status token_of_fact(const struct fact *f, struct arena *a, struct token_made *out);
