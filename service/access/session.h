// session.h - people who have logged in: what a cookie stands for, kept in memory alone.
//
// glossary: a *session* begins when a person says name and password, and acts for that person as a
// token of theirs does. It ends by logging out; when nothing was asked for `sessions.idle`, at the
// latest after `sessions.max`; with the person's password, whatever set another one; when the
// person is put as inactive; when the service ends; and where there is no room, the one that was
// unused longest ends for a new one: of the same person where that has SESSIONS_OF_ONE, else of
// all.
//
// Any thread; behind one lock. The time is that which only grows: no jump of a clock prolongs it.
#pragma once
#include "common/digest.h"
#include "common/mask.h"
#include "service/access/user.h"
#include "service/journal/site.h"

// Of the cookie: 256 random bits, hexadecimal.
#define SESSION_TEXT_LEN (sizeof MASK_SESSION - 1 + 64)
#define SESSION_LABEL    16u // of what journal and people call it, which opens nothing
#define SESSIONS_OF_ONE  10u

struct session {
    struct sha256 key; // of the cookie's text, which is kept nowhere
    uint64_t opened;   // seq of its session.opened
    uint32_t actor;
    struct sha256 password; // of the hash that counted when it began
    mono begun, used;
};

void session_start(struct site *site, uint32_t count); // site->sessions
void session_stop(struct site *site);
void session_keep(const struct site *site, const struct session *s); // begun now
// The session of a cookie that has not ended. `used`: it is from now on unused anew.
bool session_find(const struct site *site, str text, bool used, struct session *out);
void session_end(const struct site *site, str text);
// All of the person's actor that were opened before the record `seq`, which took their right.
void session_end_all(const struct site *site, uint32_t actor, uint64_t seq);
void session_label(str text, char out[SESSION_LABEL]);

struct session_ask { // of `session.opened`
    const struct user *user;
    str hash; // the password that the loop saw; user.changed when it is another by now
    str label, from;
    wall until;
};
struct session_end_ask { // of `session.ended`
    str user, label;
};
// The fact of a session is that of the person's actor, `login:NAME`, which the first one makes.
extern const struct kind kind_session_opened, kind_session_ended;
uint32_t session_actor(const struct fact *f);                        // of session.opened
uint32_t session_actor_of(struct txn *t, str user, struct arena *a); // 0: none yet
