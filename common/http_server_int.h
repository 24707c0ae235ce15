// http_server_int.h - what the files of the HTTP server share.
//
//     http_server.c        put together, draining
//     http_server_port.c   the doors: binding, accepting
//     http_server_lane.c   the server on one loop: its connections, their timeouts
//     http_server_conn.c   one connection's life, from state to state
//     http_server_take.c   its input: heads, the checks, bodies
//     http_server_reply.c  answers; the handlers' side of http.h
//     http_server_upgrade.c  connections that go over to another protocol
//     http_server_tls.c    a door's TLS
#pragma once
#include "common/http_body.h"
#include "common/http_gzip.h"
#include "common/http_head.h"
#include "common/http_server.h"
#include "common/http_server_tls.h"
#include "common/http_tree.h"
#include "common/metric.h"
#include <stdatomic.h>

#define HTTP_MAGIC      0x48747470u
#define HTTP_INPUT_MAX  (64 * KB)  // unread octets a connection may hold
#define HTTP_OUTPUT_MAX (256 * KB) // answers waiting for the peer; over it no request is taken
#define HTTP_OUTPUT_LOW (16 * KB)  // a streamed reply is asked for more below this
#define HTTP_KEEP_MAX   (16 * KB)  // a body's buffer of this size is kept for the next request
#define HTTP_EXTRA_MAX  (64 * KB)  // header lines that a handler adds to a reply
#define HTTP_LINGER_MAX (8 * MB)   // octets thrown away after an answer that ends the connection
#define HTTP_LINGER_MS  5000u
#define HTTP_SURPLUS    64u // connections over the ceiling that are still told 503

struct bufferevent;
struct http_lane;
struct http_server;
struct event;
struct evconnlistener;

// ---- port

// owner: the first lane's loop, but for tls.
struct http_port {
    struct http_server *server;
    struct http_door door;
    struct http_tls_side tls;
    struct evconnlistener *listener;
    bool deaf; // the listener is off until the next tick: no descriptors
    int fd;    // until the listener has it
    char address[64];
};

status http_port_init(struct http_port *p, struct http_server *s, const struct http_door *door);
void http_port_fini(struct http_port *p); // also after a failed init
// On the first lane these make, mend and end the listeners; on the others they do nothing.
void http_ports_listen(struct http_lane *l);
void http_ports_tick(struct http_lane *l);
void http_ports_deafen(struct http_lane *l);

struct http_guest { // an accepted socket
    struct http_port *port;
    int fd;
    bool surplus;
    str peer;
};

// ---- conn

enum http_state {
    CONN_HEAD,     // waits for a head or reads one
    CONN_BODY,     // reads a body
    CONN_HELD,     // the handler has the request and owes the answer
    CONN_REPLY,    // a streamed reply is under way
    CONN_ANSWERED, // answered; the next request may follow
    CONN_UPGRADED, // another protocol's bytes come and go
    CONN_LINGER    // answered for the last time: flush, half-close, discard until the peer closes
};

// owner: the loop of its lane. It outlives its socket while a handler holds the request.
struct http_conn {
    struct http_req req; // all that handlers see
    struct http_lane *lane;
    struct http_port *port;
    struct http_conn *next, **link; // in the lane's list
    struct bufferevent *bev;        // NULL once the socket is closed
    int fd;
    enum http_state state;
    unsigned depth; // calls into this connection on the stack; it is torn down at 0
    bool tls, shaken;
    bool surplus; // over connections_max: answers 503
    bool broken;  // to be torn down
    bool eof;     // the peer sends no more
    bool begun;   // octets of the next head have come
    bool blank;   // an empty line before it has been skipped
    bool opened;  // the stream handler has been opened and not ended
    bool paused;
    bool keep;    // decided with the answer: may another request follow?
    bool shut;    // half-closed
    bool mailed;  // `mail` is under way
    unsigned row; // requests answered without giving others a turn
    struct http_scan scan;
    struct http_head head;
    struct http_body body;
    struct buf gathered; // the body, for handlers that take it whole
    struct buf extra;    // header lines of the reply to come
    http_drained *drained, *gone;
    const struct http_upgrade *upgrade; // of CONN_UPGRADED
    bool ending;                        // its end: flush, then close
    int code;
    bool chunks;           // the streamed reply is chunked
    uint64_t sent;         // octets of the reply's body
    uint64_t began_us;     // of the request, for `done`
    uint64_t since_us;     // what the state's timeout counts from
    uint64_t queued, seen; // octets given to the output; what it had sent at the last look
    uint64_t stall_us;     // when it last moved
    size_t lingered;
    char peer[64];
    struct http_certificate certificate; // where one was shown; req points at it
    struct http_tls_names *names;        // its texts
    struct mail mail;
};

static inline uint64_t http_now_us(void) { return metric_us(CLOCK_MONOTONIC); }
void http_conn_open(struct http_lane *l, const struct http_guest *guest);
void http_conn_run(struct http_conn *c); // goes as far as it can; c may be gone afterwards
void http_conn_expire(struct http_conn *c, uint64_t now_us);
void http_conn_stream_gone(struct http_conn *c); // tells the body's handler that no more comes
void http_conn_kill(struct http_conn *c);        // the server is closing: nobody is told
size_t http_conn_output(const struct http_conn *c);
struct http_conn *http_conn_of(struct http_req *r);

// ---- take: steps of a connection; false when they can do no more

bool http_take_head(struct http_conn *c);
bool http_take_body(struct http_conn *c);
void http_take_late(struct http_conn *c); // answers 408

// ---- reply

void http_reply_refuse(struct http_conn *c, status st);
void http_reply_allow(struct http_conn *c, const struct http_route *const *by_method);
void http_reply_drained(struct http_conn *c); // the output is low
// A whole head without a body, ended by the lines `last`. In the lane's buffer.
str http_reply_head(struct http_conn *c, int code, str last);
const struct http_manner *http_reply_manner(const struct http_conn *c); // NULL: none

// ---- upgrade

bool http_upgrade_step(struct http_conn *c);
void http_upgrade_drained(struct http_conn *c);
void http_upgrade_gone(struct http_conn *c); // tells the handler, once

// ---- lane

// owner: its loop, but for count.
struct http_lane {
    struct http_server *server;
    struct loop *loop;
    struct http_conn *first, *cursor; // cursor: where a walk goes on
    struct event *tick;
    atomic_uint count; // connections handed over and not yet closed
    bool draining;
    int64_t date_s;
    char date[32];
    size_t date_n;
    struct buf head; // reply heads are put together here
    struct http_gzip *gzip;
    struct mail open_mail, drain_mail;
};

void http_lane_init(struct http_lane *l, struct http_server *s, struct loop *loop);
void http_lane_start(struct http_lane *l); // any thread
void http_lane_fini(struct http_lane *l);  // its loop has stopped
str http_lane_date(struct http_lane *l);   // the value of Date, made once a second
void http_lane_hand(struct http_lane *l, const struct http_guest *guest); // any thread
void http_lane_drain(struct http_lane *l);                                // any thread

// ---- server

struct http_server {
    struct http_server_conf conf; // limits have their defaults
    struct http_tree *tree;
    struct http_port *ports;
    unsigned port_count;
    atomic_bool draining;
    struct http_lane *lanes;
};
