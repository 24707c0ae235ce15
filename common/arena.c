#include "common/arena.h"
#include <stdlib.h>
#include <string.h>

#define CHUNK_MIN (4 * KB) // what a small request needs; larger chunks double up to CHUNK_MAX
#define CHUNK_MAX (256 * KB)

struct arena_chunk {
    struct arena_chunk *before;
    size_t used, size; // of `bytes`
    _Alignas(16) char bytes[];
};

void arena_init(struct arena *a, size_t max) { *a = (struct arena){.max = max}; }

static struct arena_chunk *chunk_new(struct arena *a, size_t n)
{
    size_t size = a->chunk == NULL ? CHUNK_MIN : a->chunk->size * 2;

    if (size > CHUNK_MAX) size = CHUNK_MAX;
    if (size < n) size = n;
    struct arena_chunk *c = malloc(sizeof *c + size);
    assert(c != NULL); // the whole machine is out of memory: restart
    *c = (struct arena_chunk){.before = a->chunk, .size = size};
    return a->chunk = c;
}

void *arena_alloc(struct arena *a, size_t n)
{
    if (n > a->max) return NULL;
    n = (n + 15) & ~(size_t)15;
    if (n > a->max - a->used) return NULL;
    struct arena_chunk *c = a->chunk;
    if (c == NULL || n > c->size - c->used) c = chunk_new(a, n);
    void *p = c->bytes + c->used;
    c->used += n;
    a->used += n;
    return memset(p, 0, n);
}

status no_memory(void)
{
    return fail(ST_TOO_LARGE, "request.memory", 0, "the request needs too much memory");
}

void arena_reset(struct arena *a)
{
    struct arena_chunk *c = a->chunk;

    while (c != NULL && (c->before != NULL || c->size > CHUNK_MIN)) {
        struct arena_chunk *before = c->before;
        free(c);
        c = before;
    }
    if (c != NULL) c->used = 0;
    a->chunk = c;
    a->used = 0;
}

void arena_fini(struct arena *a)
{
    arena_reset(a);
    free(a->chunk);
    *a = (struct arena){0};
}

str arena_str(struct arena *a, str s)
{
    char *p = arena_alloc(a, s.n + 1);

    if (p == NULL) return (str){0};
    if (s.n > 0) memcpy(p, s.p, s.n);
    return (str){p, s.n};
}

char *str_z(struct arena *a, str s) { return (char *)(uintptr_t)arena_str(a, s).p; }
