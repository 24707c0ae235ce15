// Each thread's own copy of all company prefixes. The digest of all clients' puts tells whether it
// is still right, also when another site's ledger is asked on the same thread.
#include "service/client/client.h"
#include <pthread.h>
#include <string.h>

#define COPY_MAX (64 * MB) // GS1_PREFIXES_MAX of them, as texts and as numbers

struct copy { // all zero: of a ledger without clients
    struct digest16 of;
    struct arena arena;
    struct gs1_prefixes prefixes;
};

static _Thread_local struct copy here;
static pthread_key_t here_key; // only to learn when a thread ends
static pthread_once_t here_once = PTHREAD_ONCE_INIT;

static void copy_drop(void *p)
{
    struct copy *c = p;

    arena_fini(&c->arena);
    *c = (struct copy){0};
}

static void here_init(void)
{
    int rc = pthread_key_create(&here_key, copy_drop);
    assert(rc == 0);
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

static status copy_make(struct txn *t, struct copy *c)
{
    size_t n = read_all(t, NULL, NULL);
    str *list = NEW_ARRAY(&c->arena, str, n + 1);

    assert(list != NULL);
    n = read_all(t, &c->arena, list);
    TRY(txn_status(t));
    return gs1_prefixes_build(list, n, &c->arena, &c->prefixes);
}

const struct gs1_prefixes *client_prefixes_here(struct txn *t)
{
    struct digest16 now = clients_digest(t);

    if (memcmp(&here.of, &now, sizeof now) == 0) return &here.prefixes;
    pthread_once(&here_once, here_init);
    int rc = pthread_setspecific(here_key, &here);
    assert(rc == 0);
    copy_drop(&here);
    arena_init(&here.arena, COPY_MAX);
    if (copy_make(t, &here).cls == ST_OK) {
        here.of = now;
    } else {
        copy_drop(&here);
        txn_spoil(t, "store.corrupt", "the prefixes of clients"); // unless it is spoilt already
    }
    return &here.prefixes;
}
