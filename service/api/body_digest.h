// body_digest.h - what of a request's body is compared under an Idempotency-Key: all of it but
// people's secrets. A digest of a password would be kept with the fact, and guessing at it is
// cheap; and the password that goes with a signature is no part of what is asked.
#pragma once
#include "common/arena.h"
#include "service/journal/fact.h"

// Left out are the texts of `password` within a member `signature`, and of the members that
// `secrets` names ("old new"; NULL: none), both of the outermost object. What is no JSON object
// counts as it stands.
struct digest16 body_digest(const struct digest16 *head, str body, const char *secrets,
                            struct arena *a);
