// http.h - requests and replies as values, and routes as tables. What a room's x_api.c needs to
// know of HTTP; the sockets are http_server.h's.
//
// Everything here belongs to the loop that accepted the connection and is called on its thread.
#pragma once
#include "common/arena.h"
#include "common/buf.h"
#include "common/status.h"
#include "common/str.h"
#include "common/when.h"

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_DELETE, HTTP_OPTIONS };
#define HTTP_METHODS 6
const char *http_method_name(enum http_method m);

struct http_req;
struct loop;

// Called when the body is whole (or there is none). Answers at once or, after handing r to
// somebody, later: exactly one reply for every run, on this thread. If the peer breaks off
// meanwhile, r stays valid until that reply, which is then dropped. Given outside of run, a reply
// is the last that is done with r: it may be gone when the call returns.
typedef void http_run(struct http_req *r);

// A body taken as it comes, for bodies larger than memory should hold. All on the loop's thread:
// open, piece*, then end or gone. A handler may answer early; it gets no further piece then.
struct http_stream {
    void (*open)(struct http_req *r);             // headers are checked; no byte has come
    void (*piece)(struct http_req *r, str bytes); // decoded (chunked, gzip); lives for the call
    void (*end)(struct http_req *r);              // the body is whole: answer now or later
    void (*gone)(struct http_req *r); // the peer broke off; nothing may be answered; free r->work
};

#define HTTP_PARAMS_MAX 4

struct http_route {
    enum http_method method;
    const char *path;  // "/v1/books/{shelf}/{book}": a {name} takes one segment, percent-decoded
    const char *roles; // words, "line operator": any one will do; "" anyone; "*" any known caller
    size_t body_max;   // decoded octets; 0: a body is refused
    http_run *run;
    const struct http_stream *stream; // instead of run
    const void *app;                  // the room's own, handed back in r->route->app
    const char *query; // names that may stand in the query, "limit page"; NULL: run looks itself
};

struct http_header {
    str name, value;
};

// A certificate that the caller showed when TLS began, and that was verified.
struct http_certificate {
    uint8_t fingerprint[32]; // SHA-256 of its DER
    str subject;             // RFC 2253, "CN=press 1,O=Acme"; empty where it is too long
    str authority;           // the same of whom the address trusts and its chain ends at
    bool several;            // the address trusts others, too
    wall until;              // it has expired after this
};

struct http_req {
    unsigned magic;
    enum http_method method; // HEAD arrives as GET with `head` set; the reply's body is dropped
    bool head;
    str verb;                   // the method's word as sent; empty where no head could be read
    bool turning;               // the server's own, for http_in_turn
    str path;                   // as sent, still percent-encoded, without the query
    str query;                  // as sent, without '?'
    str param[HTTP_PARAMS_MAX]; // the route's {…} in order, decoded
    const struct http_header *headers;
    size_t header_count;
    str body;           // whole, decoded; empty for streams. Lives as long as the request
    struct arena arena; // the request's own: parsed body, plan and reply live here
    const struct http_route *route;
    const void *caller; // what access_check put there; NULL for anyone
    str peer;           // "127.0.0.1:51234", for the log
    const void *door;   // what the address that was called is for, see struct http_door
    bool tls;           // the connection is encrypted
    const struct http_certificate *certificate; // NULL: none
    struct loop *loop;
    void *app;          // of the server, see http_server.h
    void *work;         // the handler's own
    void *again;        // of who runs the route's `run` again
    status problem;     // that was replied; its class is OK where none was
    bool recorded;      // the handler's: what was refused is on record
    uint64_t waited_us; // the handler's: for others, as whoever is told of the reply wants to know
    uint64_t id;        // counts up in the process; in the log and in an assert's last words
};

str http_header(const struct http_req *r, str name);       // name in any case; n == 0 when absent
bool http_has_header(const struct http_req *r, str name);  // also an empty one
bool http_query(struct http_req *r, str name, str *value); // decoded ('+' is a space), first one
// Does the query hold what the route takes, each once? query.unknown, query.twice, http.escape
status http_query_check(struct http_req *r, const char *names);
// Percent-decoding; a view of `in` where nothing is escaped. http.escape, http.memory
status http_decode(str in, bool plus_is_blank, struct arena *a, str *out);
bool http_accepts_gzip(const struct http_req *r);
bool http_accepts(const struct http_req *r, str type); // is it what Accept prefers or allows?
// The one of `types` (in the order we like them) that Accept likes best; -1 when none will do.
int http_negotiate(const struct http_req *r, const char *const *types, size_t n);

// The whole reply. The body is copied. gzip is applied when the caller takes it and it pays.
void http_reply(struct http_req *r, int code, const char *type, str body);
void http_reply_buf(struct http_req *r, int code, const char *type, struct buf *body); // takes it
// A header for the reply that follows. Copied; left out when all of them go over 64 KB.
void http_reply_header(struct http_req *r, const char *name, str value);
// application/problem+json (RFC 9457) from a status; `extra` is "" or further members as JSON
// text: `"units":[…]`. Every failure a client sees is written by this function.
void http_problem(struct http_req *r, status st, str extra);
// The members of a problem object without braces, for problems inside answers.
void http_problem_members(struct buf *b, status st);

// A reply whose length is not known: start, write and drain in turn, end. `drained` runs when the
// peer has taken most of what was written, never from inside a write; `gone` when the peer broke
// off or ended its side (nothing follows).
typedef void http_drained(struct http_req *r);
void http_reply_start(struct http_req *r, int code, const char *type, http_drained *drained,
                      http_drained *gone);
void http_reply_write(struct http_req *r, str bytes);
void http_reply_write_buf(struct http_req *r, struct buf *bytes); // takes it: no copy
void http_reply_end(struct http_req *r);
// Instead of the end, where what is missing cannot be had: closes, so that the peer does not take
// what it has for the whole. `gone` is called, perhaps from inside.
void http_reply_break(struct http_req *r);

// A connection that goes over to another protocol (RFC 9110, 7.8): from there on it is bytes in
// both directions, and r lives until `gone`, with its arena, headers and caller.
struct http_upgrade {
    void (*bytes)(struct http_req *r, str bytes); // that came; they live for the call
    void (*drained)(struct http_req *r);          // the peer has taken most of what was written
    // The peer broke off, was too slow, or the server ends: frees r->work, does nothing else.
    void (*gone)(struct http_req *r);
};
// Does the peer ask for this protocol, and may it? (HTTP/1.1, no body.)
bool http_wants_upgrade(const struct http_req *r, str protocol);
// Answers 101, with the headers given before, instead of a reply and from inside of run.
void http_upgrade_start(struct http_req *r, const char *protocol, const struct http_upgrade *u);
void http_upgrade_write(struct http_req *r, str bytes);
size_t http_upgrade_waiting(struct http_req *r); // written, but not yet taken by the system
// Closes after what was written has gone. `gone` is called, not from inside this call.
void http_upgrade_end(struct http_req *r);

// How the paths below `prefix` answer where they follow a standard of their own. Requests that
// could not be read far enough to have a path have no manner.
struct http_manner {
    const char *prefix; // "/books": that path and those below it
    // Refuses what the standard refuses, after the caller was found. NULL: nothing.
    status (*check)(struct http_req *r);
    // Appends the header lines ("Name: value\r\n") that every reply to r carries; r->route is NULL
    // where there is none, and for OPTIONS any one of the path's. NULL: none.
    void (*headers)(struct http_req *r, struct buf *lines);
    // Appends a problem's body, `extra` as for http_problem, and says what type it has.
    const char *(*problem)(struct http_req *r, status st, str extra, struct buf *body);
    int (*code)(status st); // the status of a refusal; NULL: as its class says
    bool silent_head;       // HEAD is taken, but Allow does not name it
};

// Back-pressure of a stream: no piece comes between pause and resume (the socket is not read).
void http_pause(struct http_req *r);
void http_resume(struct http_req *r);

// Is it called from where a connection's bytes are looked at, which ends with conf.turned?
bool http_in_turn(const struct http_req *r);
