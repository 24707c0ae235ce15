// stream.h - an answer written in pieces, each on its own turn of the loop: a long one holds up no
// other caller, and the next piece is made when the caller has taken the one before.
#pragma once
#include "common/buf.h"
#include "common/http.h"
#include "common/mailbox.h"

enum stream_step {
    STREAM_GOES_ON, // with what lies in `out`, or after another turn where that is nothing
    STREAM_ENDS,
    STREAM_BREAKS // closes, so that nobody takes what there is for the whole
};

// The head of its owner's struct. owner: the loop of the request, which it may outlive by a turn.
struct stream {
    struct mail mail;
    bool mailed;
    struct http_req *r; // NULL: the caller is gone
    struct buf out;
    enum stream_step (*piece)(struct stream *s);
    void (*free)(struct stream *s); // of the whole struct, `out` too
};

void stream_start(struct stream *s, const char *type); // 200; s is no longer the caller's
