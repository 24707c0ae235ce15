// live.h - results of a query over a WebSocket, for as long as it is open. Its position lives in
// the connection: nothing of it is on disk, and who comes again says from when on.
//
// owner: the loop of the connection. Each loop has a ring of its own, which is rung after commits.
#pragma once
#include "common/http.h"
#include "common/mailbox.h"
#include <stdatomic.h>

struct live;
struct live_ring {
    struct mail mail;
    atomic_bool rung;
    atomic_uint count;
    struct live *first;
};

// Answers `GET …/queries/{query}/events` that asks for an upgrade: 101, or a problem. For struct
// site's `live`.
void live_begin(struct http_req *r);
// Something was committed. Any thread.
void live_wake(struct live_ring *ring, struct loop *loop);
