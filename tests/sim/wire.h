// wire.h - requests as values: what the HTTP server is to the handlers, without sockets. It takes
// the server's place when the program is linked: it defines what http.h promises to handlers, and
// asks for route, caller, query and length in the order in which the server does.
//
// A body comes in pieces, when the scheduler says; the answer lies in the call until it is read.
#pragma once
#include "common/http_tree.h"

struct wire_conf {
    const struct http_tree *tree;
    status (*access_check)(struct http_req *r, const char *roles);
    void *app;
};

enum wire_state {
    WIRE_BODY, // octets of the body are still to come
    WIRE_HELD, // the handler owes the answer
    WIRE_ANSWERED
};

// owner: who made it. It may be dropped at any time, and then goes when it was answered.
struct wire_call {
    struct http_req req;
    enum wire_state state;
    struct wire_call *next; // of a list of the owner's
    struct http_header headers[5];
    str body;    // all of it
    size_t sent; // of it
    bool opened, paused;
    bool in_parts;
    http_drained *drained, *gone;
    int code;
    struct buf answer;
};

struct wire_ask {
    const char *line;                   // "POST /v1/serials?each=true"
    str token, key, type, accept, body; // empty: none
    struct loop *loop;
};
struct wire_call *wire_begin(const struct wire_conf *conf, const struct wire_ask *ask);
// The next octets of the body, at most n; the handler runs when it is whole.
void wire_feed(struct wire_call *c, size_t n);
bool wire_may_feed(const struct wire_call *c); // more is to come, and the handler takes it
void wire_take(struct wire_call *c); // the peer takes what has been written of an answer in parts
// The peer is gone before its body was whole.
void wire_break(struct wire_call *c);
void wire_free(struct wire_call **c); // answered, or broken off
