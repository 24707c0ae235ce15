// messages.h - the bytes that went to partners and came back, for whoever must prove it later.
//
// Files `messages/00000001.log`, … are appended to, never changed; a new one begins at every start
// and where the last has grown to its size. Facts hold place and SHA-256. The bytes of the last
// seconds may be lost with the power (nothing is synced): the fact then stands and its bytes are
// `message.lost`; they can be rendered again from the journal.
#pragma once
#include "common/arena.h"
#include "common/digest.h"
#include "common/status.h"

#define MESSAGE_MAX (64 * MB)

enum message_sort { MESSAGE_SENT = 1, MESSAGE_ANSWER = 2 }; // on disk

struct message_place {
    uint32_t file; // from 1; 0: there is none
    uint64_t offset;
    struct sha256 sum; // of the bytes
};

struct messages;
// The folder exists. message.write.
status messages_open(const char *folder, uint64_t file_max, struct messages **out);
void messages_close(struct messages **m);
// Any thread. Appends one record. message.write; ST_FULL when the disk is.
status messages_add(struct messages *m, enum message_sort sort, str bytes,
                    struct message_place *out);
// Any thread. message.lost: not there, or not what the sum says.
status messages_read(const struct messages *m, const struct message_place *p, struct arena *a,
                     str *out);
