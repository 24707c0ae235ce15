// live_wish.h - what the URL and headers of a WebSocket's request ask for.
#pragma once
#include "service/exchange/subscription.h"

struct live_wish {
    struct subscription_wish wish; // without dest and token
    struct schedule schedule;
    struct rest_form form;
    bool has_initial;
    wall initial;
    char accept[29]; // Sec-WebSocket-Accept
};
// Codes: subscription.controls, schedule.*, time.*, socket.version, socket.key, header.word.
status live_wish_read(struct http_req *r, struct live_wish *out);
