// refusal.h - refusals are facts too: kept, counted, shown to auditors.
//
// The first is a fact at once; equal ones (same actor, command, code, sentence and units) within
// REFUSAL_SAME_MS are counted in memory and become one `refusal.repeated` fact after it. A crash
// may lose that count.
#pragma once
#include "service/journal/kind.h"

#define REFUSAL_SAME_MS 60000
#define REFUSALS_KEPT   256 // told apart at once; beyond it the oldest is given up

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
    uint32_t used;
};

// Is an equal one young enough? Then it is counted and its seq returned; else 0.
uint64_t refusal_seen(struct refusal_memory *m, const struct digest16 *what, wall now);
void refusal_remember(struct refusal_memory *m, const struct digest16 *what, uint64_t seq,
                      wall now);
// Takes one that is old enough; *more says how often it was repeated (may be 0). False: none.
bool refusal_expired(struct refusal_memory *m, wall now, uint64_t *seq, uint32_t *more);
