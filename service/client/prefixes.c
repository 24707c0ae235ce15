// Each thread's own copy of all company prefixes. It is stale when a client was put after the
// newest that it has seen; the highest seq among the clients' rows tells.
#include "common/bytes.h"
#include "service/client/client.h"
#include <string.h>

struct copy {
    bool made;
    uint64_t sum; // of numbers and versions of all clients: any put changes it
    struct arena arena;
    struct gs1_prefixes prefixes;
};

static _Thread_local struct copy here;

static uint64_t sum_of(struct txn *t)
{
    struct buf key;
    struct item i;
    uint64_t sum = 0;

    buf_init(&key, KB);
    struct walk w = item_walk(t, &noun_client, (str){"", 0}, &key);
    while (item_next(&w, &i)) sum = sum * 31 + i.seq;
    walk_close(&w);
    buf_fini(&key);
    return sum;
}

// All prefixes into `out`, or only their number where out is NULL.
static size_t read_all(struct txn *t, struct arena *a, str *out)
{
    static const char tag = ROW_PREFIX;
    size_t n = 0;
    str k, v;

    struct walk w = walk_open(t, DB_ROWS, (str){&tag, 1}, (str){0});
    for (; n < GS1_PREFIXES_MAX && walk_next(&w, &k, &v); n++)
        if (out != NULL) out[n] = arena_str(a, str_from(k, 1));
    walk_close(&w);
    return n;
}

const struct gs1_prefixes *client_prefixes_here(struct txn *t)
{
    uint64_t sum = sum_of(t);

    if (here.made && here.sum == sum) return &here.prefixes;
    if (here.made) arena_fini(&here.arena);
    arena_init(&here.arena, 64 * MB);
    str *list = NEW_ARRAY(&here.arena, str, read_all(t, NULL, NULL) + 1);
    assert(list != NULL);
    size_t n = read_all(t, &here.arena, list);
    here.prefixes = (struct gs1_prefixes){0};
    status st = gs1_prefixes_build(list, n, &here.arena, &here.prefixes);
    assert(st.cls == ST_OK); // every prefix was checked when its client was put
    here.made = true;
    here.sum = sum;
    return &here.prefixes;
}
