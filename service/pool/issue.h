// issue.h - giving numbers out: the command, and the fact that says which they are.
#pragma once
#include "service/journal/kind.h"
#include "service/unit/run.h"

#define POOL_ID_MAX     14u     // a GTIN, or extension and company prefix of SSCCs
#define ISSUE_TEXT_MAX  64u     // bytes of an order
#define ISSUE_SKIPS_MAX 100000u // numbers passed over by one request; more is pool.crowded
#define ISSUE_PASS_MIN  8192u   // taken ones before the first that is free: the mark moves first

// What all pools of one kind of number have in common: between them no number comes twice.
struct pool_id {
    uint8_t n;
    char p[POOL_ID_MAX];
};

// For who asks again: where the committer met nothing but taken numbers from a pool's mark on, it
// says here how far the mark may move (service/pool/recover.h), and gives none (ask.nothing).
struct recover_ask;
struct issue_pass {
    struct recover_ask *to; // filled
    uint64_t *skips;        // room that the next try uses again; NULL at first
};

struct issue_ask {
    struct pool_id id;
    client_id owner;  // of the pools; 0: SSCCs that the site may use for any client
    client_id client; // who gets them: the owner, or for whom the site's SSCCs are asked
    uint32_t pool;    // this one only; 0: by rank
    uint32_t quantity;
    char gtin[14]; // of the serials, or of the lot of SSCCs; zeros: neither
    str line, lot, order, reason;
    struct issue_pass *pass; // NULL: who asks does not ask again
};

// ask: struct issue_ask. Of the refusals of ranked pools that of the one which could give most.
extern const struct kind kind_numbers_issued;
// The fact of a request that got numbers which had come back to their pool. As a command of its
// own it takes all that lie in one (service/pool/recover.h).
extern const struct kind kind_numbers_reissued; // ask: struct recover_ask

// The decided part, read.
struct issued {
    bool is_list, is_sscc;
    bool opens;       // this fact made the space, for a new epoch
    bool tests_lists; // of the space made
    unsigned alerts;  // enum pool_alert
    uint32_t pool, space, epoch;
    bool recovered;           // nobody remembers the request
    uint64_t first, consumed; // ordinals drawn; less the skipped ones they are `fresh`
    uint32_t fresh;
    uint32_t count;        // of all numbers given
    struct bytes_r again;  // those that had come back: runs, previous positions alike
    struct bytes_r struck; // those that were found to be somebody's, never given again: runs
    char gtin[14];
    str line, lot, order, reason;
    struct bytes_r skips; // for skip_next
};
enum skip_why {        // on disk
    SKIP_RESERVED = 1, // an import had reserved it
    SKIP_PAST = 2,     // an older epoch has issued its text
    SKIP_FOUND = 3     // an import older than the space has its text
};
struct skip {
    uint64_t first;
    uint32_t count;
    enum skip_why why;
};
status issued_get(str decided, struct issued *out); // of numbers.issued; views; record.corrupt
status issued_of(const struct fact *f, struct issued *out); // of any fact that gives numbers
// The next neighbours that were passed over; `at` begins as `first` of the fact. False: no more, or
// in->bad.
bool skip_next(struct bytes_r *in, uint64_t *at, struct skip *out);
// The units issued, in the order to print: those that had come back first.
status issued_runs(const struct issued *i, struct arena *a, struct runs *out);
// Those of a request from the `first`-th on, at most `count`. request.unknown.
struct request_part {
    uint64_t request; // seq
    uint32_t first, count;
};
status request_runs(struct txn *t, const struct request_part *p, struct arena *a, struct runs *out);
