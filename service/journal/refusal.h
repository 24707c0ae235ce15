// refusal.h - refusals are facts too: kept, counted, shown to auditors.
//
// The first is a fact at once; equal ones (same actor, command, code, sentence and units) within
// REFUSAL_SAME_MS are counted in memory and become one `refusal.repeated` fact after it. A crash
// may lose that count; an orderly end does not.
//
// So that nobody fills the journal by being refused, one caller has so many different ones in that
// time as facts of their own, of each share: nonsense does not use up what an attempt at something
// that is there is told with. What is over, of both shares, becomes one `refusal` of no kind,
// REFUSAL_SURPLUS, with their number as its offender: `[{"calls":4711}]`. Those that somebody must
// work off all stay.
#pragma once
#include "service/journal/kind.h"

#define REFUSAL_SAME_MS 60000
#define REFUSALS_KEPT   256 // told apart at once; beyond it the oldest is told of before its time
#define REFUSERS_KEPT   256 // callers whose refusals are counted at once; the same
#define REFUSAL_SURPLUS "refusal.more"

enum refusal_share {
    REFUSAL_OF_NOTHING, // it could not be read, or named nothing that is there
    REFUSAL_FORBIDDEN,  // 401, 403, 409 and 422
    REFUSAL_SHARES
};
enum refusal_share refusal_share(enum status_class cls);

// The decided part of a `refusal`, and the request of the kind (a decision that the loop made).
struct refused {
    uint16_t kind; // what was tried; 0: a call that came to no command (service/api/noted.h)
    status st;
    str units; // offenders without brackets, as struct decide's
    client_id client;
    uint32_t lot; // that was named, dense number; 0: none, or none that is there
};

// Their writes change no row. A table of kinds may hold others under the same numbers whose writes
// do (service/exception/refused.h), made of these.
extern const struct kind kind_refusal, kind_refusal_repeated;
status refusal_decide(struct decide *d);
void refusal_print(const struct fact *f, struct json_w *w, const void *arg);
struct refusal_repeated {
    uint64_t seq; // of the refusal
    uint32_t more;
};
status refusal_repeated_get(str decided, struct refusal_repeated *out); // record.corrupt
status refusal_repeated_decide(struct decide *d);
void refusal_repeated_print(const struct fact *f, struct json_w *w, const void *arg);

void refusal_put(const struct refused *r, struct buf *out);
status refusal_get(str decided, struct arena *a, struct refused *out);

struct refusal_memory {
    struct {
        struct digest16 what;
        uint64_t seq;
        uint32_t more; // equal ones since
        wall first;
    } slots[REFUSALS_KEPT];
    struct refusal_caller {
        uint32_t actor, more;          // over `kept`
        uint32_t kept[REFUSAL_SHARES]; // as facts of their own
        wall first;
    } callers[REFUSERS_KEPT];
    uint32_t used, callers_used; // both in order of time
};

// Is an equal one young enough? Then it is counted and its seq returned; else 0.
uint64_t refusal_seen(struct refusal_memory *m, const struct digest16 *what, wall now);
void refusal_remember(struct refusal_memory *m, const struct digest16 *what, uint64_t seq,
                      wall now);
// Takes one that is old enough, or gives room for the next; *more says how often it was repeated
// (may be 0). False: none.
bool refusal_expired(struct refusal_memory *m, wall now, uint64_t *seq, uint32_t *more);
// Has the caller `most` of the share by now? Then this one is counted, and is no fact.
struct refusal_of {
    uint32_t actor;
    enum refusal_share share;
};
bool refusal_is_surplus(struct refusal_memory *m, struct refusal_of of, uint32_t most, wall now);
// As refusal_expired; out->more may be 0.
bool refusal_caller_expired(struct refusal_memory *m, wall now, struct refusal_caller *out);
// What is told of so many that were over; its offender lies in `text`.
#define REFUSAL_SURPLUS_MAX 40u
struct refused refusal_surplus(uint32_t more, char text[REFUSAL_SURPLUS_MAX]);
// The time at which something is to be told; INT64_MAX: nothing is.
wall refusal_next(const struct refusal_memory *m);
