// token_wish.h - what a token is to be for, as somebody says it, and how a token is shown.
#pragma once
#include "common/form.h"
#include "service/access/token.h"

struct token_wish { // the body of POST /v1/tokens
    str role, user, client, line, party, expires;
    struct form_list clients;
};
extern const struct form token_wish_form;

// Holds a wish to the rules and draws the token. Texts are the wish's or the arena's. Codes:
// role.unknown, field.required, field.range, time.* (400); user.inactive (409); client.unknown,
// line.unknown, user.unknown, user.scope (422).
status token_wish_take(const struct token_wish *w, struct txn *t, const struct env *env,
                       struct arena *a, struct token_new *n);

// As an object, without what it is called by; a person's with the role and clients of now.
void token_write(struct txn *t, struct arena *a, struct json_w *w, const struct actor *of);
