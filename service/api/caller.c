#include "service/api/caller.h"
#include <string.h>

static const char *const words[ROLE_COUNT] = {
#define X(name, word) [ROLE_##name] = word,
    ROLES(X)
#undef X
};

const char *role_word(enum role r)
{
    assert(r < ROLE_COUNT);
    return words[r];
}

bool role_find(str word, enum role *out)
{
    for (unsigned i = 0; i < ROLE_COUNT; i++)
        if (str_eq(word, str_of(words[i]))) return *out = (enum role)i, true;
    return false;
}

const struct caller *caller_of(const struct http_req *r)
{
    const struct caller *c = r->caller;

    OBJ_CHECK(c, CALLER_MAGIC);
    return c;
}

bool caller_is_site(const struct caller *c) { return c->client_count == 0; }

static bool sees(const client_id *clients, uint32_t n, client_id client)
{
    for (uint32_t i = 0; i < n; i++)
        if (clients[i].v == client.v) return true;
    return n == 0;
}

bool reach_has(const struct reach *x, const char *roles, client_id client)
{
    bool as = strcmp(roles, "*") == 0 || str_has_word(str_of(roles), str_of(role_word(x->role)));

    return as && sees(x->clients, x->client_count, client);
}

bool caller_sees(const struct caller *c, client_id client)
{
    return sees(c->clients, c->client_count, client);
}

uint64_t caller_seq(const struct caller *c, const struct fact *f)
{
    return caller_is_site(c) ? f->seq : f->client_no;
}
