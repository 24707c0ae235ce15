// second.h - acts that two people must sign: which can be marked, what waits for the second
// signature, and the facts of it. Each room's own acts ask here; `acts[]` has them all.
//
// glossary: an act is *marked* where the setting signatures.second names it; signed once it is
// *proposed* and changes nothing; signed by another person, before it *expires*, it is done. It
// *falls* where who signed first is not active any more, has another role, or is not for the act's
// client any more.
#pragma once
#include "service/access/signature.h"
#include "service/api/api.h"

struct site;

enum second_act { // on disk
    SECOND_RELEASE,
    SECOND_REOPEN,
    SECOND_RECALL,
    SECOND_AMEND,
    SECOND_END_HOLD,
    SECOND_PUT_USER,
    SECOND_ADD_KEY, // and the next by commands, where two people sign at once and nothing waits
    SECOND_ADVANCE,
    SECOND_CORRECT, // these by calls again
    SECOND_ACCEPT_CLOCK,
    SECOND_MAKE_TOKEN,
    SECOND_END
};
const char *second_word(enum second_act act);  // "release"
const char *second_roles(enum second_act act); // of people who sign it
bool second_find(str word, enum second_act *out);
status second_setting_check(str text); // of signatures.second: settings.word
bool second_is_marked(const struct site *s, enum second_act act);

struct second_of { // an act upon one thing
    enum second_act act;
    uint32_t lot; // 0: of no lot's
    str subject;  // beside a lot: what else tells it from others of its kind; else empty
};
// Upon what has no name before it is made: the subject is a digest of what is said of it, in the
// arena. Ends the buffer.
status second_of_said(enum second_act act, struct buf *said, struct arena *a,
                      struct second_of *out);
struct second_row {
    struct second_of of; // the subject is a view of the key, or of what was asked with
    uint64_t seq;        // of `act.proposed`
    wall expires;
};
bool second_get(struct txn *t, const struct second_of *of, struct second_row *out);
void second_end(struct txn *t, const struct second_of *of); // in the write of the act: none waits
bool second_waits(const struct second_row *row, wall now);
// The same on a loop, which does not know the time where the clock is stopped.
struct env;
bool second_may_wait(struct txn *t, const struct second_row *row, const struct env *env);
// Is it the answer to a first signature, told again, whose act waits no more? It was done, taken
// back, fell, came too late or gave way to another. On a loop.
bool second_is_over(struct http_req *r, struct txn *t, const struct ask *a);
// All that was proposed and neither done nor taken back, also what has expired; after the key
// `after`, which second_next has told, or from the first.
#define SECOND_KEY_MAX 96u
struct second_walk {
    struct walk walk;
    char from[SECOND_KEY_MAX + 2];
};
void second_walk_open(struct second_walk *w, struct txn *t, str after);
bool second_next(struct second_walk *w, struct second_row *out, str *key);

struct proposal { // of `act.proposed`; views into the fact
    struct second_of of;
    uint8_t version;
    uint8_t before; // state of the lot, of version 1
    wall expires;
    str digest, says; // of what is signed; the same for people, as JSON or empty
    struct signature signature;
    client_id client;
};
status second_proposal(struct txn *t, uint64_t seq, struct arena *a, struct proposal *out);

// ---- to sign

// In decide, and for nothing else than to look: may the act that `what` asks for be done as things
// are? `state` is what a signature is for, of which a byte that is another makes it void; `says`
// becomes members for people, of an open object.
typedef status second_look(struct decide *d, const void *what, struct buf *state,
                           struct json_w *says);
struct second_ask { // of kind_act_proposed
    struct second_of of;
    client_id client;
    second_look *look;
    const void *what;
    struct signature signature;
};
// On the loop, after the signature was checked: the command, or where this is the first of two
// signatures, its proposal. `ask` and what it names lie in r->arena; ask->what is the command's.
// `render` is given the fact of either; second_code: 202 for a proposal, else 200.
void second_command(struct http_req *r, const struct second_ask *ask, const struct kind *kind,
                    api_render *render);
int second_code(const struct ask *a);
// The answer to a first signature, for acts upon what is not shown else: 202. A repeat says
// `"waits": false` once it waits no more.
void second_proposed(struct http_req *r, const struct ask *a);

struct second_first {  // what the fact of an act keeps of the first signature
    uint64_t proposal; // seq; 0: one was enough
    struct signature signature;
};
// In decide of the act: looks, and finds the proposal that `ask->signature` completes.
// act.second, act.changed (409), and what `look` refuses.
status second_check(struct decide *d, const struct second_ask *ask, struct second_first *out);
// The same where the caller has looked.
status second_complete(struct decide *d, const struct second_of *of, str user, str state,
                       struct second_first *out);
// At the end of a decided part: nothing, or seq 8 and the signature. Views; false: broken.
void second_put(struct buf *b, const struct second_first *x);
bool second_read(const struct fact *f, struct bytes_r *r, struct second_first *out);
// Member `name` with the first signature, where there is one.
void second_write(struct json_w *w, const char *name, const struct second_first *x);

// Two who sign at once, by a command.
struct second_pair {
    uint32_t n; // 0: nobody signed; else two
    struct signature by[2];
};
// In decide: act.second where the act is marked and nobody signed.
status second_pair_check(struct decide *d, enum second_act act, const struct second_pair *p);
void second_pair_put(struct buf *b, const struct second_pair *p); // two signatures or nothing
bool second_pair_read(const struct fact *f, struct bytes_r *r, struct second_pair *out);
void second_pair_write(struct json_w *w, const struct second_pair *p);

// In decide of `but`, which takes a right from a person: the other acts that they signed first and
// may not sign any more, which fall, for d->first. False: none, or no memory (*st).
struct second_leaver {
    str user;
    const struct reach *left; // what the person may from now on; NULL: nothing
    struct second_of but;
};
bool second_falls(struct decide *d, const struct second_leaver *who, status *st);

struct second_withdraw_ask { // of kind_act_withdrawn
    struct second_of of;
    uint64_t seq; // of the proposal that is meant, 0: whichever waits. act.none
    client_id client;
    str reason;
};

extern const struct kind kind_act_proposed, kind_act_proposed_1, kind_act_proposed_2;
extern const struct kind kind_act_withdrawn, kind_act_withdrawn_1, kind_act_fallen;

// ---- shown

// Members act, signature, expires, and `what` where something is said, of an open object.
void second_row_write(struct txn *t, const struct second_row *row, struct arena *a,
                      struct json_w *w);
