// password.h - people's passwords: the rules of a new one, its argon2id hash, and comparing.
//
// A hash takes some 20 ms of one core and `passwords.hash_memory` while it is made: never by the
// committer, and on a loop only where no threads hash (hashing.h), who bound how many are made
// together. Without memory for it password.busy (503). No state.
//
// What is kept, in facts and rows, is the hash sealed under the site's key: whoever reads a
// journal, an export or a backup without that key cannot try passwords on it.
#pragma once
#include "common/env.h"
#include "service/journal/site.h"

#define PASSWORD_HASH_MAX 128u     // of the text "$argon2id$v=19$m=…,t=…,p=…$salt$hash"
#define PASSWORD_TEXT_MAX (2 * KB) // of what a caller may send, before the rules are asked

// The rules of a new one that need no hash: password.length (in characters), password.simple (it is
// the person's own name, or one character again and again).
status password_check(const struct site_people *p, str password, str user, str printed);
bool password_is_sealed(str hash); // sites of before hashes were sealed have some that are not
// A fresh salt, the settings' cost; sealed, in the arena. password.busy.
status password_hash(const struct site *s, str password, struct arena *a, str *out);
// As much work, of which nothing is kept. password.busy.
status password_cost(const struct site *s, str password);
// Under the cost that the hash names; compared in constant time. password.busy; those of
// secret_open (service/pool/secret.h).
status password_fits(const struct site *s, str hash, str password, bool *fits);
