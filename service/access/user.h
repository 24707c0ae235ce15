// user.h - people: who they are, what they may, and their passwords.
//
// glossary: a *user* is a person with a printed name, one role and the clients that go with it. A
// person calls with tokens (token.h), which do what the user may now, and signs with a password
// (signature.h).
#pragma once
#include "common/http.h"
#include "service/access/user_db.h"
#include "service/api/caller.h"
#include "service/item/item.h"

struct user {
    uint32_t number;
    str name;    // in paths
    str printed; // name as it is printed beside a signature
    enum role role;
    bool active;
    const client_id *clients; // none: the whole site
    uint32_t client_count;
};

// Texts and clients lie in the arena. False: none, or trouble that the transaction keeps.
bool user_get(struct txn *t, str name, struct arena *a, struct user *out);

extern const struct item_noun noun_user;
extern const struct kind kind_user_put, kind_user_put_signed, kind_user_put_signed_2,
    kind_user_password, kind_password_refused, kind_user_locked;
extern const struct http_route user_routes[];

// Does the fact hold a hash that is not sealed, and so could be tried passwords on?
bool user_fact_is_plain(const struct fact *f, struct arena *a);
str user_password_said(const struct fact *f); // the hash in a `user.password`; a view

struct user_password { // the ask of `user.password`
    const struct user *user;
    str hash, was; // was: the hash that the loop saw; user.changed when it is another by now
    bool at_login; // said by nobody yet: the actor is the one that `session.opened` has made
};

// The ask of `password.refused` and, after it in the same job, of `user.locked`, which says nothing
// where there were not too many yet.
struct password_wrong {
    const struct user *user;
};
// On a loop: records that the caller's password was wrong, counts it, and refuses with `st`; the
// answer says so when that locked the person. For handlers, instead of a reply.
struct http_req;
void user_refuse_wrong(struct http_req *r, const struct user *u, status st);
// The put that gives a person another password and changes nothing else: for commands that have no
// body. user.unknown; those of user_password_given.
struct item_put;
status user_password_put(const struct site *s, struct txn *t, struct arena *a, str password,
                         struct item_put *put);
// user.locked (403) while the person is locked.
status user_lock_check(const struct user_state *s, wall now);
// Until when the password that counts is good; 0: for ever.
struct site;
wall user_password_until(const struct site *s, struct txn *t, uint32_t user);
// password.expired (403) where that has passed: who has one says another before anything else.
status user_age_check(wall until, wall now);
// A password that the person is to have from now on: the rules, none of the latest, and its hash,
// made away from the loop. password.used; those of password.h and hashing.h.
status user_password_change(struct http_req *r, struct txn *t, const struct user *u, str password,
                            str *hash);
// The same of one that a put says, on the spot where it is of no request. *hash is what the stored
// item has, or empty, and stays where the password fits it: the same put again changes nothing.
status user_password_given(const struct item_from *from, const struct user *u, str password,
                           str *hash);
