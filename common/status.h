// status.h - how a function says that it could not do what was asked.
#pragma once
#include "common/base.h"

//        class             http  sentence used when nothing better is known
#define STATUS_CLASSES(X)                                                                          \
    X(OK, 200, "done")                                                                             \
    X(BAD_INPUT, 400, "the request cannot be understood")                                          \
    X(UNAUTHENTICATED, 401, "who calls is not known")                                              \
    X(NOT_ALLOWED, 403, "this caller may not do this")                                             \
    X(NOT_FOUND, 404, "there is no such thing")                                                    \
    X(METHOD, 405, "this path does not take this method")                                          \
    X(NOT_ACCEPTABLE, 406, "this form of answer is not to be had")                                 \
    X(TIMEOUT, 408, "the request did not come in time")                                            \
    X(CONFLICT, 409, "the present state forbids this")                                             \
    X(TOO_LARGE, 413, "the request is larger than allowed")                                        \
    X(URI_TOO_LONG, 414, "the address is longer than allowed")                                     \
    X(MEDIA_TYPE, 415, "a body of this type is not understood")                                    \
    X(UNPROCESSABLE, 422, "the request contradicts itself or an earlier one")                      \
    X(TOO_MANY, 429, "too many requests")                                                          \
    X(HEADERS_TOO_LARGE, 431, "the headers are larger than allowed")                               \
    X(INTERNAL, 500, "the service made a mistake")                                                 \
    X(UNSUPPORTED, 501, "this is not supported")                                                   \
    X(NOT_SET_UP, 503, "this site is not set up to answer that")                                   \
    X(BUSY, 503, "the service has too much to do, ask again")                                      \
    X(STORE, 503, "the store could not be read or written")                                        \
    X(FULL, 507, "there is no room left to store this")

enum status_class {
#define X(name, http, says) ST_##name,
    STATUS_CLASSES(X)
#undef X
        STATUS_CLASS_COUNT
};

typedef struct MUST_USE status {
    enum status_class cls; // what a program does next: HTTP code, retry, metric
    uint32_t at;           // byte in the input where the trouble begins
    const char *reason;    // machine code, "pool.exhausted"; static, documented, never re-used
    char text[104];        // one sentence for a person; never parsed
} status;

#define OK ((status){.cls = ST_OK})
status fail(enum status_class cls, const char *reason, uint32_t at, const char *fmt, ...)
    LIKE_PRINTF(4, 5);
int status_http(enum status_class cls);
const char *status_says(enum status_class cls);

// The only macro allowed to hide a return.
#define TRY(expr)                                                                                  \
    do {                                                                                           \
        status try_ = (expr);                                                                      \
        if (try_.cls != ST_OK) return try_;                                                        \
    } while (0)
