// http_peer.h - a client for tests that sends what it is told, byte for byte, and reads replies.
#pragma once
#include "common/buf.h"

struct peer {
    int fd;
    struct buf in; // what has been read
    size_t from;   // where the next reply begins in it
    int code;      // of the last reply
    str head;      // its head, and its body with chunks undone
    struct buf body;
};

struct peer peer_open(str address); // "127.0.0.1:43210"; reads give up after 5 s
void peer_send(struct peer *p, str bytes);
void peer_say(struct peer *p, const char *text);
int peer_read(struct peer *p);      // the next reply's code; -1 when none came whole
int peer_read_head(struct peer *p); // for replies to HEAD: no body is read
int peer_ask(struct peer *p, const char *text);
str peer_header(const struct peer *p, const char *name); // of the last reply; n == 0 when absent
bool peer_closed(struct peer *p); // waits: has the other side ended in order, nothing left over?
void peer_close(struct peer *p);
