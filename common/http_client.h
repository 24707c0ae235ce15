// http_client.h - requests to others, by libcurl's multi interface on a loop's event_base.
//
// One client lives on one loop; everything is called, and calls back, on that loop's thread.
// HTTP/1.1 over http and https only; redirects, proxies and cookies are not followed, certificates
// are always checked. A request that was sent on a kept connection which the server had just
// closed is sent again once: what is asked must bear being asked twice.
#pragma once
#include "common/loop.h"
#include "common/str.h"

// Can this be called: http or https, a host, a port that is one, no user and no password?
bool http_client_takes(str url);
size_t http_client_scheme(str url); // the length of its http:// or https://, 0 where it has neither

struct http_client_header {
    str name, value;
};

struct http_call {
    str url;            // http or https only, without user and password; see http_client_takes
    const char *method; // "POST"
    const struct http_client_header *headers;
    size_t header_count;
    str user, password;            // basic authentication when user.n > 0
    str bearer;                    // when n > 0
    str body;                      // must live until `done`; everything else is copied
    uint32_t connect_ms, total_ms; // 10 000 and 60 000 when 0; total counts the waiting for a turn
    size_t answer_max; // bytes of the answer kept; the rest is read and counted; 64 KB when 0
    // PEM, trusted instead of the system's, read for each new connection; NULL: the system's, read
    // once a minute at most.
    const char *ca_file;
    // PEM files, shown to servers that ask for one; NULL: none. Read for each new connection.
    const char *certificate, *key;
    bool is_foreign; // to where a stranger says: only to public addresses (http_reach.h)
    void *arg;
};

struct http_answer {
    int code;              // 0: no whole answer came
    str body;              // without gzip; lives for the call of done; cut at answer_max
    uint64_t body_bytes;   // that came, kept or not; reading stops for good at 16 MB
    str trouble;           // a sentence when code is 0: "connection refused"
    uint64_t us;           // from start to end
    int64_t retry_after_s; // from the header, 0 .. 7 days, -1 when absent
};

// Never called from inside http_client_start. It may start calls; it may not free the client.
typedef void http_call_done(void *arg, const struct http_answer *a);

struct http_client;
// connections_max is per host and port; further calls wait for their turn. Connections are kept:
// foreign calls need a client of their own, so that none goes where only another may.
struct http_client *http_client_new(struct loop *l, uint32_t connections_max);
void http_client_free(struct http_client **c); // calls under way are dropped, done is not called
void http_client_start(struct http_client *c, const struct http_call *call, http_call_done *done);
