// http_client.h - requests to others, by libcurl's multi interface on a loop's event_base.
//
// One client lives on one loop; everything is called, and calls back, on that loop's thread.
#pragma once
#include "common/loop.h"
#include "common/str.h"

struct http_client_header {
    str name, value;
};

struct http_call {
    str url;            // http or https only
    const char *method; // "POST"
    const struct http_client_header *headers;
    size_t header_count;
    str user, password;            // basic authentication when user.n > 0
    str bearer;                    // when n > 0
    str body;                      // must live until `done`
    uint32_t connect_ms, total_ms; // 10 000 and 60 000 when 0
    size_t answer_max;   // bytes of the answer kept; the rest is read and counted; 64 KB when 0
    const char *ca_file; // NULL: the system's
    void *arg;
};

struct http_answer {
    int code;              // 0: no answer came
    str body;              // lives for the call of done; cut at answer_max
    str trouble;           // a sentence when code is 0: "connection refused"
    uint64_t us;           // from start to end
    int64_t retry_after_s; // from the header, -1 when absent
};

typedef void http_call_done(void *arg, const struct http_answer *a);

struct http_client;
struct http_client *http_client_new(struct loop *l, uint32_t connections_max);
void http_client_free(struct http_client **c); // calls under way are dropped, done is not called
void http_client_start(struct http_client *c, const struct http_call *call, http_call_done *done);
