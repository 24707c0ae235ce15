// outcome.h - what became of a message, as a fact: `delivery.outcome`, and `delivery.retried` where
// a person has a parked one sent again.
//
// decided part of delivery.outcome:
//   partner var | verdict 1 | flags 1 (1: of parked ones) | position before var, after var |
//   HTTP status var | attempts var | code str | says str |
//   events: count var, then seqs, each as difference from the one before var |
//   parked: count var, each: seq difference var, rejected 1, lots count var, lots var |
//   places of what was sent and of the answer, each: file var, [offset var, SHA-256 32]
// of delivery.retried: partner var | seq var | reason str
#pragma once
#include "service/exchange/delivery_db.h"
#include "service/exchange/messages.h"
#include "service/journal/kind.h"

enum verdict {         // on disk
    VERDICT_TAKEN = 1, // the partner has the events
    VERDICT_REFUSED,   // the one event of the message is parked
    VERDICT_FAILING,   // the first attempt of a message that failed; nothing moves
    VERDICT_PASSED     // nothing was sent: all up to here is parked behind others, or filtered out
};
const char *verdict_word(enum verdict v);

struct parking {
    uint64_t seq;
    bool rejected;
    struct lots lots;
};

struct outcome {
    uint32_t partner;
    enum verdict verdict;
    bool again; // the events were parked; the position is not theirs
    uint64_t before, position;
    uint32_t http; // status of the answer; 0: none came
    uint32_t attempts;
    str code, says; // of a failure or refusal
    const uint64_t *events;
    uint32_t count;
    const struct parking *parked; // those that no longer wait in the client's list
    uint32_t parked_count;
    struct message_place sent, answer;
};

struct retry {
    uint32_t partner;
    client_id client;
    uint64_t seq;
    str reason;
};

// The asks are a struct outcome and a struct retry. Codes: delivery.stale (the ledger has moved on
// without the asker), delivery.not_parked, delivery.behind (an earlier one that shares a lot).
extern const struct kind kind_delivery_outcome, kind_delivery_retried;

status outcome_get(str decided, struct arena *a, struct outcome *out); // record.corrupt
status retry_get(str decided, struct retry *out);
