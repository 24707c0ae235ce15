// asker.h - one keep-alive connection of the load generator: a request at a time, non-blocking.
//
// Trouble of any kind but an HTTP status ends the program: a measurement with half its connections
// says nothing.
#pragma once
#include "common/buf.h"
#include "common/str.h"

enum asker_awaiting { ASKER_HEAD, ASKER_BODY, ASKER_CHUNK_SIZE, ASKER_TRAILER, ASKER_WHOLE };

struct asker {
    int fd, epoll;
    struct buf out; // the request; written by the caller
    size_t sent;
    int code;              // of the answer
    struct buf head, body; // of the answer
    enum asker_awaiting awaiting;
    struct buf line; // of the chunked form
    size_t left;     // of the body or chunk
    bool chunked;
};

_Noreturn void die(const char *fmt, ...) LIKE_PRINTF(1, 2);
_Noreturn void die_os(const char *what); // with the reason in errno

// Connects to 127.0.0.1 and waits for answers in `epoll`, under `arg`.
void asker_open(struct asker *a, int port, int epoll, void *arg);
void asker_send(struct asker *a, void *arg); // what is in `out`; again when epoll says EPOLLOUT
void asker_more(struct asker *a, void *arg); // the rest of it
bool asker_read(struct asker *a);            // true once the answer is whole
