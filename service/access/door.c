#include "service/access/door.h"
#include <string.h>

struct door_purpose {
    const char *word, *roles;
    bool anybody; // what needs no token is here
};

static const struct door_purpose purposes[] = {
    {"lines",    "line",                       false},
    {"partners", "distributor gateway client", false},
    {"people",   "operator qa auditor admin",  true },
};

const char *const door_words[] = {"all", "lines", "partners", "people", NULL};

const struct door_purpose *door_purpose(unsigned word)
{
    for (size_t i = 0; i < LEN(purposes); i++)
        if (strcmp(purposes[i].word, door_words[word]) == 0) return &purposes[i];
    return NULL;
}

static bool is_probe(str path) { return str_eq(path, S("/healthz")) || str_eq(path, S("/readyz")); }

bool door_offers(const void *purpose, const struct http_route *route)
{
    const struct door_purpose *p = purpose;
    str roles = str_of(p->roles), role;

    if (route->roles[0] == 0) return p->anybody || is_probe(str_of(route->path));
    if (strcmp(route->roles, "*") == 0) return true;
    while (str_cut(&roles, ' ', &role))
        if (str_has_word(str_of(route->roles), role)) return true;
    return str_has_word(str_of(route->roles), roles);
}

bool door_is_for_people(const struct door_purpose *p) { return p == NULL || p->anybody; }

status door_check(const struct door_purpose *p, enum role role)
{
    if (p == NULL || str_has_word(str_of(p->roles), str_of(role_word(role)))) return OK;
    return fail(ST_NOT_ALLOWED, "access.door", 0, "this address is for %s, not for the role %s",
                p->word, role_word(role));
}
