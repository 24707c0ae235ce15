// pool_int.h - what the files of this room share.
#pragma once
#include "service/pool/epoch.h"
#include "service/pool/issue.h"
#include "service/pool/names.h"
#include "service/pool/pool.h"
#include "service/pool/site_key.h"
#include "service/pool/space.h"

#define POOL_NUMBERS_MAX     1000000u // a request of more is refused whatever the settings say
#define SPACE_DEFINITION_MAX 400u     // bytes, packed
// Delegated Regulation (EU) 2016/161, article 4: at most one guess in 10,000 may succeed.
#define FMD_GUESS 10000u

status pool_check_gtin(str in, struct arena *a, str *out); // of a form's field: to 14 digits

// pool_market.c
// What the GTIN's market makes of what was left out: the policy, a length.
status pool_market_complete(struct txn *t, struct arena *a, struct pool *p);
// May it give numbers for its GTIN's market? `space` is not looked at for a list.
status pool_market_decide(struct decide *d, const struct pool *p, const struct number_space *space);
// pool_prefix.c: partners that read URNs need the prefix of SSCCs that are theirs. prefix.unknown
status pool_prefix_decide(struct decide *d, const struct pool *p, client_id client);

struct pool_id pool_id_gtin(const char gtin[14]);
struct pool_id pool_id_sscc(str extension, str prefix);
bool pool_id_is_sscc(const struct pool_id *id);

struct pool_row {
    uint32_t pool; // number of the item
    enum pool_kind kind;
    enum pool_policy policy;
    client_id client;
    struct pool_id id;
    uint32_t rank, max_request; // 0: the setting
    uint64_t threshold;
    int32_t use_before; // days since 1970; 0: none
    uint32_t space_count;
    uint32_t spaces[POOL_SPACES_MAX]; // oldest epoch first
};
static inline uint32_t pool_newest(const struct pool_row *p)
{
    return p->spaces[p->space_count - 1];
}

// What can still be asked for at once, as far as counters tell: the issue itself looks exactly.
uint64_t pool_left(struct txn *t, const struct pool_row *p, const struct space_row *newest);

// alert.c: what an issue that leaves `left` numbers makes somebody look at; on disk.
#define POOL_EXPIRING_DAYS 30
enum pool_alert { POOL_ALERT_LOW = 16, POOL_ALERT_EXPIRING = 32 };
unsigned pool_alerts(struct txn *t, const struct pool_row *p, uint64_t left, wall now);
void pool_alerts_raise(struct txn *t, const struct fact *f, const struct space_row *s,
                       unsigned alerts);
void pool_alerts_settle(struct txn *t, const struct fact *f, const struct pool_row *p);

bool pool_row_get(struct txn *t, uint32_t pool, struct pool_row *out);
void pool_row_put(struct txn *t, const struct pool_row *p, const struct pool_row *old);
// All pools of an id, by rank and then by age. More than these are not made (pool.many).
#define POOLS_OF_ID_MAX 64u
uint32_t pools_of(struct txn *t, const struct pool_id *id, uint32_t pools[POOLS_OF_ID_MAX]);
// Are numbers of this id known that no pool gave: have imports brought them, be they visible yet or
// not? Or what is not told apart by ids: events captured for the client, a restore.
bool numbers_are_known(struct txn *t, client_id c, const struct pool_id *id);
// Every SSCC pool of the site, for it is by all of them that an SSCC must be unique.
typedef bool pool_each(void *self, uint32_t pool); // false: enough
void pools_of_all_sscc(struct txn *t, pool_each *each, void *self);

void space_row_put(struct txn *t, const struct space_row *s);
void space_row_del(struct txn *t, uint32_t space);
void space_definition_put(const struct space_conf *c, struct buf *out);
bool space_definition_get(str bytes, struct space_conf *out); // views of the bytes
// The space with its key, ready to write and read; space_fini ends it. space.corrupt,
// site_key.epoch
status space_build(const struct site *site, const struct space_row *row, struct number_space *out);
void space_count_hour(struct space_row *s, wall at, uint32_t numbers);
uint64_t space_last_day(const struct space_row *s, wall now); // numbers issued in 24 hours

// issue.c: rows and words of a fact with the decided part of numbers.issued.
void issued_write(struct txn *t, const struct fact *f, enum request_state state);
#define ISSUED_REASON    64u  // a flag of the fact, on disk: it has a reason
#define ISSUED_RECOVERED 128u // nobody remembers the request
void issued_print(const struct fact *f, struct json_w *w, const void *arg);

// back.c: numbers that go back to their pool, or to their owner. Of one decision:
struct back_judge {
    struct decide *d;
    bool to_pool;
    str line;         // of who returns them; empty: no line
    uint64_t request; // looked at last, with this space
    uint32_t space;
    status st;
};
// May numbers of the request go back at all? request.not_own; lot.released, lot.closed, lot.line;
// to their pool also request.confirmed, request.restored, pool.shared, pool.epoch
status back_check(struct back_judge *j, uint64_t request, uint32_t space);
// Why a number that may be returned stays out of its pool: these, or unit.named; NULL: it may go.
const char *back_refuses(struct back_judge *j, unit_id u, const struct unit *x, uint64_t request);
void back_lay(struct txn *t, const struct fact *f, const struct runs *runs);

// reissue.c: numbers that came back, the lowest first.
struct reissue {
    uint32_t wanted;
    struct runs runs;   // the answer: at most so many
    struct runs struck; // looked at, and found to be somebody's
};
status reissue_take(struct reissue *r, struct txn *t, struct arena *a, const struct space_row *s);
void reissue_put(const struct reissue *r, struct txn *t, struct buf *out); // before the issue's
void reissue_write(struct txn *t, uint64_t seq, const struct issued *i, struct space_row *s);
// Ordinals and why they are passed over (ordinal << 2 | enum skip_why), ascending; `at` is where
// the numbers begin.
void skips_put(struct buf *out, uint64_t at, const uint64_t *skips, uint32_t count);

// issue_db.c: how far a space is, apart from what it is; `newest`, if any, is written with it.
bool space_mark_get(struct txn *t, struct space_row *s); // false: trouble
void space_mark_put(struct txn *t, const struct space_row *s, const struct issue_row *newest);
void space_mark_del(struct txn *t, uint32_t space);

// Ordinals that a space never gives: why, or 0.
enum barred { BARRED_BY_IMPORT = 1, BARRED_BY_EPOCH = 2 };
unsigned barred_get(struct txn *t, unit_id u);
void barred_put(struct txn *t, unit_id u, enum barred why);
void barred_del(struct txn *t, unit_id u);

// back_db.c: numbers that came back to their pool, as spans of neighbours.
enum back { BACK_LIES = 0, BACK_GIVEN = 1 }; // on disk: they lie there, they were given again
struct back_span {
    uint64_t first, count; // ordinals
    uint64_t seq;          // of the return, or of the request that has them now
};
bool back_at(struct txn *t, unit_id u, enum back sort, struct back_span *out); // that holds it
// Spans that begin at `from` or above, ascending; ended by walk_close of its walk.
struct back_walk {
    struct walk walk;
    char from[10];
};
void back_walk_open(struct back_walk *w, struct txn *t, uint32_t space, enum back sort,
                    uint64_t from);
bool back_walk_next(struct back_walk *w, struct back_span *out);
void back_put(struct txn *t, const struct run *r, enum back sort, uint64_t seq);
void back_cut(struct txn *t, const struct run *r, enum back sort); // no longer of that sort
void back_cut_lying(struct txn *t, uint32_t space);                // all of them
// An issue as its fact says it, to as far around the number as none came back.
void back_narrow(struct txn *t, unit_id u, struct issue_row *i);

void request_put(struct txn *t, const struct request_row *q);
// A row whose texts outlive the next write.
#define REQUEST_TEXTS_MAX 400u
struct request_texts {
    char room[REQUEST_TEXTS_MAX];
};
bool request_load(struct txn *t, uint64_t seq, struct request_row *out, struct request_texts *kept);
// It is no longer open: changes the row, which the caller puts, and the count of its lot.
void request_settle(struct txn *t, struct request_row *q, enum request_state to, uint64_t by);
// Adds to each count; what is taken away wraps around.
void asked_add(struct txn *t, const struct asked_of *of, const struct asked *more);

// list_db.c: numbers with texts of their own.
void list_number_put(struct txn *t, unit_id u, const struct text_of *of, str attributes);
void list_number_del(struct txn *t, unit_id u, const struct text_of *of);
// Those of a run, in order; false when one is missing.
typedef void list_number_each(void *self, const struct list_number *x);
bool list_numbers(struct txn *t, struct run r, list_number_each *each, void *self);

// A number of an import that is not done yet is not known yet.
bool number_is_visible(struct txn *t, unit_id u);

// The names of all attributes that a pool's numbers have; views of the row.
#define LIST_NAMES_MAX 32u
struct list_names {
    uint32_t n;
    str name[LIST_NAMES_MAX];
};
void list_names_get(struct txn *t, uint32_t pool, struct list_names *out);
void list_names_put(struct txn *t, uint32_t pool, const struct list_names *names);

struct import_row { // what is under way in a list pool
    uint64_t seq;   // of its first part; 0: nothing
    uint64_t base;  // first ordinal
    uint64_t count; // so far
};
struct import_row import_row_get(struct txn *t, uint32_t pool);
void import_row_put(struct txn *t, uint32_t pool, const struct import_row *m); // seq 0: deletes

// The generated space of this number, keyed, remembered by this thread; NULL: there is none.
const struct number_space *names_generated(struct names *n, struct txn *t, uint32_t space);
