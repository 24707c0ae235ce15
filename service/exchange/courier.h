// courier.h - takes messages to partners: one loop thread for all of them, at most one message
// under way for each, so that a partner that is dead or slow holds back nobody.
//
//            has work        message            answer          kept            written
//     IDLE ───────────▶ SHAPING ──────▶ SENDING ──────▶ FILING ──────▶ WRITING ──────▶ SHAPING …
//       ▲ nothing to tell  │               │ none, 408, 429, 5xx                  │
//       └──────────────────┘               └──────▶ RESTING ◀────────── failing ──┘
//
// Between the partner's answer and the commit of the outcome a crash has the same events sent again
// under the same ids; nothing else sends an event twice.
#pragma once
#include "service/exchange/shaper.h"

struct courier;
struct courier_conf {
    struct site *site;
    struct loop *loop;
    const struct exchange_limits *limits;
    struct messages *messages;
    struct shapers *shapers; // NULL: the courier's own thread shapes and files
    // http_client_start, or a test's partner.
    void (*send)(void *self, const struct http_call *call, http_call_done *done);
    void *send_self;
};
struct courier *courier_new(const struct courier_conf *conf);
void courier_free(struct courier **c); // nothing is under way any more, or it never ends

void courier_ring(struct courier *c); // any thread: something was committed
// On its thread: looks for what was committed, begins what is due. The loop's timer calls it; tests
// do so too, after moving the clock.
void courier_step(struct courier *c);

// Is this event in a message under way? Any thread.
bool courier_is_sending(struct courier *c, uint32_t partner, uint64_t seq);

// Any thread but its own: begins nothing new, lets what is under way come to its end for `wait_ms`,
// then drops it. When this returns the courier holds nothing of anybody's.
void courier_drain(struct courier *c, uint32_t wait_ms);
