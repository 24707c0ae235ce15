// door.h - what an address is for: who may come through it, and which routes are there for them.
//
//     lines     role line
//     partners  roles distributor, gateway and client: clients' systems and wholesalers
//     people    roles operator, qa, auditor and admin, and what anybody may ask
//     all       everybody and everything
// A route that is for none of a door's roles does not exist there (404). /healthz and /readyz are
// everywhere.
#pragma once
#include "service/api/caller.h"

struct door_purpose;                   // NULL: all
extern const char *const door_words[]; // as a setting says them, ended by NULL
const struct door_purpose *door_purpose(unsigned word);

// For struct http_server_conf.
bool door_offers(const void *purpose, const struct http_route *route);
bool door_is_for_people(const struct door_purpose *purpose);
// access.door (403): this role has a door of its own.
status door_check(const struct door_purpose *purpose, enum role role);
