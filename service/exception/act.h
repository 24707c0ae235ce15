// act.h - what people do with an exception, each a fact: `exception.assigned`, `.noted`,
// `.resolved`, `.reopened`, `.sent`.
//
// The facts of one exception form a chain, newest first: its row names the newest, each names the
// one before.
//
// Codes: exception.unknown, exception.resolved (it is), exception.not_resolved (only what is
// resolved is reopened).
#pragma once
#include "service/exception/exception_db.h"

#define EXCEPTION_TEXT_MAX 2000u // bytes of a note or reason

struct exception_act { // the ask of all five, and their decided part
    struct exception_id id;
    uint64_t before;            // fact before in the history, the decision's to fill; 0: the first
    enum exception_state after; // its state from then on; likewise
    str first;                  // owner; text; resolution; nothing; type of the message
    str second;                 // reason; nothing; reason; reason; to whom
    str third;                  // of what was sent: the case that the partner will answer under
};

extern const struct kind kind_exception_assigned, kind_exception_noted, kind_exception_resolved,
    kind_exception_reopened, kind_exception_sent;

// Of a fact of these kinds, and of `exception.received`; views into it. record.corrupt.
status exception_act_get(const struct fact *f, struct exception_act *out);
void exception_act_put(uint64_t seq, const struct exception_act *x, struct buf *out);
// In a write: `f` is the newest in the history of this exception from now on. False: there is none.
bool exception_follow(struct txn *t, const struct fact *f, const struct exception_id *id);
