// http_server.h - HTTP/1.1 over bufferevents, syntax by libhttp-parser, strict framing of our own.
//
// Order of things: headers are read under a ceiling, the route is found (404, 405), the caller is
// checked (401, 403), the announced length is checked (413), and only then is the body read.
// Connections of all addresses are handed to the loop that has the fewest.
#pragma once
#include "common/http.h"
#include "common/loop.h"

struct http_limits {          // every one is a setting; 0 means the default beside it
    uint32_t connections_max; // 4096, over it: 503 with Retry-After and close
    uint32_t header_max;      // 16 KB, request line and headers: 431, 414
    uint32_t header_ms;       // 10 000 from the first byte to the end of the headers: 408
    uint32_t body_ms;         // 30 000 without a byte of the body: 408
    uint32_t idle_ms;         // 75 000 between requests: closed
    uint32_t write_ms;        // 30 000 without the peer taking a byte: closed
    uint32_t pipeline_max;    // 16 read-ahead requests answered before others have their turn
    size_t arena_max;         // 64 MB a request
};

struct http_tls {
    const char *certificate, *key; // PEM files; both NULL: plain HTTP
    const char *client_ca; // PEM file: whose certificates callers may show; NULL: none is asked for
    bool client_required;  // and must
    bool strict;           // answers tell browsers to come with TLS alone (HSTS)
};

struct http_door {      // an address to listen on
    const char *listen; // "127.0.0.1:8080", "[::1]:0"
    struct http_tls tls;
    const void *app; // the owner's, in r->door
};

struct http_server_conf {
    struct http_door door;         // the first
    const struct http_door *doors; // others
    unsigned door_count;
    struct http_limits limits;
    const struct http_route *const *routes; // tables ended by {0}, the list ended by NULL
    const struct http_manner *manners;      // ended by {0}; the first that fits; may be NULL
    // Is the route there for who comes through this door? Another one is as good as none (404).
    // NULL: every one.
    bool (*offers)(const void *door, const struct http_route *route);
    // Sets r->caller or refuses (401, 403). `roles` is the route's; called before the body.
    status (*access_check)(struct http_req *r, const char *roles);
    // What a connection brought was looked at, as far as it went; may be NULL. See http_in_turn.
    void (*turned)(void *app, struct loop *loop);
    // After every reply, for log and metrics; may be NULL.
    void (*done)(const struct http_req *r, int code, uint64_t body_bytes, uint64_t us);
    void *app;
    struct loop **loops;
    unsigned loop_count;
};

struct http_server;
status http_server_open(const struct http_server_conf *conf, struct http_server **out);
// "127.0.0.1:43210", the real port; of the first door, or of another one from 1 up.
str http_server_address(const struct http_server *s);
str http_server_door_address(const struct http_server *s, unsigned door);
// Reads certificates and keys again, where the files hold something else than at the last look, or
// `always`. New connections get the new ones, others go on with theirs. What can't be used is
// refused and the old stays. Each door that was tried is told of. Always on the same thread.
typedef void http_tls_tried(void *arg, str address, status st);
void http_server_refresh(struct http_server *s, bool always, http_tls_tried *tried, void *arg);
void http_server_drain(struct http_server *s); // no new connections; answers what is begun
bool http_server_is_idle(const struct http_server *s);
void http_server_close(struct http_server **s); // after the loops have stopped
