// arena.h - memory that belongs to one request and vanishes with it.
//
// It grows by chunks up to its ceiling. One thread at a time; handing the request over hands the
// arena over with it.
#pragma once
#include "common/base.h"
#include "common/status.h"
#include "common/str.h"

struct arena_chunk;
struct arena {
    struct arena_chunk *chunk; // the newest; each knows the one before
    size_t used;               // bytes given out in all, against max
    size_t max;
};

void arena_init(struct arena *a, size_t max);
void *arena_alloc(struct arena *a, size_t n); // zeroed, aligned to 16; NULL only at the ceiling
status no_memory(void);                       // what that NULL becomes in a request: request.memory
void arena_reset(struct arena *a);            // forgets everything, keeps one small chunk
void arena_fini(struct arena *a);

// Copies into the arena. A NULL p in the result says that the ceiling was met.
str arena_str(struct arena *a, str s);
char *str_z(struct arena *a, str s); // NUL-terminated copy, for a library's door

#define NEW(a, type)          ((type *)arena_alloc(a, sizeof(type)))
#define NEW_ARRAY(a, type, n) ((type *)arena_alloc(a, (size_t)(n) * sizeof(type)))
