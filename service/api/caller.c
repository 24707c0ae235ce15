#include "service/api/caller.h"

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

bool caller_sees(const struct caller *c, client_id client)
{
    for (uint32_t i = 0; i < c->client_count; i++)
        if (c->clients[i].v == client.v) return true;
    return caller_is_site(c);
}

uint64_t caller_seq(const struct caller *c, const struct fact *f)
{
    return caller_is_site(c) ? f->seq : f->client_no;
}
