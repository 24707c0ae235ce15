// http_server_tls.h - a door's TLS, for the server's own files.
#pragma once
#include "common/digest.h"
#include "common/http_server.h"
#include <pthread.h>

struct ssl_ctx_st;
struct ssl_st;

struct http_tls_side {
    struct http_tls files; // certificate NULL: plain HTTP
    pthread_mutex_t lock;  // of ctx; nothing else is locked while it is held
    struct ssl_ctx_st *ctx;
    struct sha256 seen; // what the files held at the last look. Owner: who refreshes
};

status http_tls_init(struct http_tls_side *t, const struct http_tls *files); // fini also on failure
void http_tls_fini(struct http_tls_side *t);
struct ssl_st *http_tls_new(struct http_tls_side *t); // any thread; NULL: plain HTTP
bool http_tls_refresh(struct http_tls_side *t, bool always, status *st); // was it tried?
// The verified certificate of the other side; false: it showed none. Its names lie in `room`.
#define HTTP_SUBJECT_MAX 512u
struct http_tls_names {
    char subject[HTTP_SUBJECT_MAX], authority[HTTP_SUBJECT_MAX];
};
bool http_tls_certificate(struct ssl_st *ssl, struct http_tls_names *room,
                          struct http_certificate *out);
