// http_reach.h - which addresses lie in the public internet, and which on this machine, in its
// networks, or nowhere.
#pragma once
#include "common/str.h"

struct sockaddr;

// False for loopback, private, link-local, shared, multicast, reserved and documentation addresses
// (RFC 6890), also where an IPv6 address only wraps an IPv4 one, and for what is no IP address.
bool http_reach_is_public(const struct sockaddr *a);
// Does the host of an http(s) URL already say by itself that it is not public: an address that is
// not, or `localhost`? What its name leads to is known only when a socket is opened.
bool http_reach_is_private_url(str url);
