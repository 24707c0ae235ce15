// sequencer.h - the one place that orders facts: the seam for more than one machine.
//
// append is called inside the committer's transaction, before its commit. The local sequencer has
// nothing to do there (the transaction itself is the append) and is never LOST.
#pragma once
#include "service/journal/fact.h"

enum append_result {
    APPEND_OK,     // these facts stand at the expected place: commit
    APPEND_LOST,   // others' facts stand there: abort, read and write them, decide again
    APPEND_UNKNOWN // no answer: abort, answer nobody, ask head and read until it is known
};

struct append {
    uint64_t expected;  // seq of the first fact
    struct link before; // link of the fact before it
    const str *records; // as record_write made them
    size_t n;
};

struct sequencer {
    void *self;
    // The newest seq that stands; ST_BUSY while it cannot be known.
    status (*head)(void *self, uint64_t *seq);
    enum append_result (*append)(void *self, const struct append *what);
    // The record at seq, into the arena. Only asked for records above the local head.
    status (*read)(void *self, uint64_t seq, struct arena *a, str *record);
};

struct sequencer sequencer_local(void);
