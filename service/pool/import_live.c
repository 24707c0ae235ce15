// Which pools have an import under way in this process. One that is under way in the ledger and not
// here was cut off, by a crash or a full store.
#include "service/pool/import_run.h"
#include <pthread.h>

enum { LIVE_MAX = 8 };

static struct { // under its lock: shared by all loops
    pthread_mutex_t lock;
    const struct site *site[LIVE_MAX];
    uint32_t pool[LIVE_MAX];
} live = {.lock = PTHREAD_MUTEX_INITIALIZER};

status import_enter(const struct site *site, uint32_t pool)
{
    int at = -1;
    bool same = false;

    pthread_mutex_lock(&live.lock);
    for (int i = 0; i < LIVE_MAX; i++) {
        if (live.site[i] == NULL) at = i;
        same = same || (live.site[i] == site && live.pool[i] == pool);
    }
    if (!same && at >= 0) {
        live.site[at] = site;
        live.pool[at] = pool;
    }
    pthread_mutex_unlock(&live.lock);
    if (same)
        return fail(ST_CONFLICT, "import.running", 0, "another import into this pool is under way");
    if (at < 0)
        return fail(ST_BUSY, "import.busy", 0, "%d imports are under way, ask again", LIVE_MAX);
    return OK;
}

void import_leave(const struct site *site, uint32_t pool)
{
    pthread_mutex_lock(&live.lock);
    for (int i = 0; i < LIVE_MAX; i++)
        if (live.site[i] == site && live.pool[i] == pool) live.site[i] = NULL;
    pthread_mutex_unlock(&live.lock);
}
