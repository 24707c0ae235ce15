// kind.h - what every kind of fact can do: decide a command into it, write it, print it.
//
// decide may refuse and writes nothing; write reads only the fact and the ledger, never settings,
// files, clock, random or keys, and cannot refuse: what it could stumble over decide has looked at,
// for an assert in either ends the site, at every repeat. Once released, the write of a kind and
// version never changes: a new rule is a new version.
#pragma once
#include "common/env.h"
#include "common/json.h"
#include "service/journal/journal_db.h"
#include "service/journal/lists.h"

struct ask;     // service/journal/committer.h
struct refused; // service/journal/refusal.h

// What decide works with. Owner: the committer, for the time of one command.
struct decide {
    struct txn *t;   // reads only
    void *app;       // settings and keys of the site; above this room
    const void *ask; // the kind's own request, from the loop, in the job's arena
    const void *arg; // the kind's own, see struct kind
    wall now;        // will be the fact's recordTime
    uint64_t seq;    // will be the fact's seq
    uint32_t actor;
    struct arena *arena; // the job's: results that the answer needs may lie here

    // to be filled:
    struct fact *fact; // client, lot, event and its flags; body
    str packed_body;   // fact->body as zlib deflated it on the loop, or empty
    struct buf *out;   // the decided part
    struct buf *units; // on refusal: offenders, `{"unit":"…","code":"…"},…` without brackets
    bool wakes;        // something else may be due now, see struct committer_conf
    // What must be done before, as facts of their own: where there is any, all of it is decided
    // and written, then this is asked again; it must not want more then. If one is refused, so is
    // this, and none of it is done. `out` and `fact` are not looked at. In the arena.
    struct ask *first;
    uint32_t first_n;
    bool again; // given: what had to be done before was done
    // What follows from it, as facts of their own right behind it. If one is refused, so is this,
    // and none of it is done. In the arena.
    struct ask *then;
    uint32_t then_n;
    // On refusal: an ask with what is left where each unit stands for itself. The refusal becomes a
    // fact, then this is decided instead. In the arena; NULL: it is refused whole.
    const struct ask *retry;
    uint64_t refused_seq; // given: of the refusal that this is the retry of; 0: of none
    // With repeat_seq: what of it was refused when it was accepted. In the arena; NULL: nothing.
    const struct refused *besides;
    bool nothing;        // accepted, and nothing is to be said: no fact is made
    uint64_t repeat_seq; // not 0: this was accepted before, as that fact; no new one is made
};

struct kind {
    uint16_t number;
    uint8_t version;
    const char *name; // "lot.opened"
    status (*decide)(struct decide *d);
    void (*write)(struct txn *t, const struct fact *f, const void *arg);
    // The decided part as members of an open JSON object, for people. Reads the fact alone.
    void (*print)(const struct fact *f, struct json_w *w, const void *arg);
    const void *arg;
};

// The table of kinds, assembled above (service/kinds.c); sorted by nothing, ended by NULL.
const struct kind *kind_find(const struct kind *const *kinds, unsigned number, unsigned version);
