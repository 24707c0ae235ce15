// user_db.h - what the ledger keeps of a person beside the item: the password's hash and whether
// the person is locked.
#pragma once
#include "service/journal/journal_db.h"

#define PASSWORDS_KEPT 24u // former ones of a person, whatever the settings compare with

struct user_state {
    str hash;          // of the password that counts now, or empty: none
    str given;         // the hash that an administrator set last, or empty
    bool first;        // the password is still an administrator's
    wall wrong_since;  // the first wrong password that is still counted
    uint32_t wrong;    // how many since
    wall locked_until; // 0: not locked
    uint64_t lock_seq; // of the fact that locked the person; 0: none, or an administrator ended it
};

// All zero where there is none. Texts live as long as the snapshot.
void user_state_get(struct txn *t, uint32_t user, struct user_state *out);
void user_state_put(struct txn *t, uint32_t user, const struct user_state *s);

// The hashes of the latest `n` passwords, newest first; how many there are. Texts are the
// snapshot's.
uint32_t user_passwords(struct txn *t, uint32_t user, uint32_t n, str *out);
// When the password that counts was said: by the fact that made it. 0: there is none.
wall user_password_since(struct txn *t, uint32_t user);
void user_password_add(struct txn *t, uint32_t user, uint64_t seq, str hash);
