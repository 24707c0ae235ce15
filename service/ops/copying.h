// copying.h - the files of messages/ in another folder, which are only ever appended to.
//
// `messages.sums` beside the copies says what each must be, in the form of sha256sum(1): a file
// that is as long as its original and stands there is left alone, one that a crash tore is copied
// again.
#pragma once
#include "service/ops/folder.h"

struct copied {
    uint64_t files, bytes; // copied now
    uint64_t torn;         // of the originals: not what their own messages.sums says
};
// From the site `from` to the site `to`, as far as each file is now. message.write, message.read
status messages_copy(const struct folder *from, const struct folder *to, struct copied *out);

// A small file of the site, if it is there. file.read, file.write
status file_copy(const struct folder *from, const struct folder *to, const char *name);
