// token_wish.h - what a token is to be for, as somebody says it, and how a token is shown.
#pragma once
#include "common/form.h"
#include "service/access/token.h"

struct token_wish { // the body of POST /v1/tokens
    str role, user, client, line, party, expires;
    struct form_list clients;
    str reason; // why it is made: not of every form that holds a wish
};
extern const struct form token_wish_form;
// Its fields, for forms whose struct holds one.
// clang-format off
#define TOKEN_WISH_AT(T, member, field)                                                            \
    .at = offsetof(T, member) + offsetof(struct token_wish, field)
#define TOKEN_WISH_FIELDS(T, member)                                                               \
    {.name = "role", .kind = FORM_STR, TOKEN_WISH_AT(T, member, role), .max = 32},                 \
    {.name = "user", .kind = FORM_NAME, TOKEN_WISH_AT(T, member, user)},                           \
    {.name = "client", .kind = FORM_NAME, TOKEN_WISH_AT(T, member, client)},                       \
    {.name = "clients", .kind = FORM_STRS, TOKEN_WISH_AT(T, member, clients), .max = 64,           \
     .count_max = CALLER_CLIENTS_MAX},                                                             \
    {.name = "line", .kind = FORM_NAME, TOKEN_WISH_AT(T, member, line)},                           \
    {.name = "party", .kind = FORM_STR, TOKEN_WISH_AT(T, member, party), .max = 13,                \
     .check = token_party_check},                                                                  \
    {.name = "expires", .kind = FORM_STR, TOKEN_WISH_AT(T, member, expires), .max = 40}
// clang-format on
status token_party_check(str value, struct arena *a, str *out);

// Holds a wish to the rules: what its actor is and may.
status token_wish_scope(const struct token_wish *w, struct txn *t, const struct env *env,
                        struct arena *a, struct actor *x);
// And draws the token. Texts are the wish's or the arena's. Codes:
// role.unknown, field.required, field.range, time.* (400); user.inactive (409); client.unknown,
// line.unknown, user.unknown, user.scope (422).
status token_wish_take(const struct token_wish *w, struct txn *t, const struct env *env,
                       struct arena *a, struct token_new *n);

// Members of an open object: what it may; a person's role and clients are those of now.
void token_write_scope(struct txn *t, struct arena *a, struct json_w *w, const struct actor *of);
// As an object, without what it is called by.
void token_write(struct txn *t, struct arena *a, struct json_w *w, const struct actor *of);
