// slice.h - the reports that go to the committer in one job: read, found, told what became of them.
#pragma once
#include "service/event/results.h"
#include "service/event/said.h"

struct object { // one report
    uint64_t index;
    status st; // not OK: refused for what it says, nobody was asked
    struct said said;
};

struct slice {          // owner: the loop of the call, but while a job is away
    struct arena arena; // of the objects, the job and all that it asks
    struct object *objects;
    uint32_t n, room;
    uint32_t units_max; // in one report
    const struct caller *caller;
    str reason;           // of the call, for those that say none
    bool each;            // unit stands for itself
    uint64_t first, next; // index of its first object, and of the next; counted over all slices
};

void slice_init(struct slice *s, uint32_t units_max);
void slice_fini(struct slice *s);
void slice_begin(struct slice *s); // the next one: forgets the objects before

// Reads one report, which stands `at` bytes into the body. What is wrong with it is the object's
// trouble: fails only with request.memory.
status slice_add(struct slice *s, str json, size_t at);
uint32_t slice_sound(const struct slice *s); // how many have something to ask
// Fills in the job's asks, one for each sound object, and what is known of its key.
status slice_find(struct slice *s, struct http_req *r, struct job *j);
// Adds what became of each object; `j` may be NULL where none was sound.
void slice_tell(const struct slice *s, const struct caller *c, const struct job *j,
                struct results *out);
