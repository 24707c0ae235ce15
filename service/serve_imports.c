#include "service/serve_imports.h"
#include "common/log.h"
#include "service/pool/import.h"
#include "service/serve_job.h"

#define DROP_MEMORY (16 * MB) // of one part

static status find(struct site *site, struct import_end *what, bool *found)
{
    struct txn *t = txn_read(site->db);

    *found = import_under_way(t, &what->pool);
    return txn_end(&t, false);
}

static status drop_part(struct site *site, const struct import_end *what)
{
    struct ask ask = {.kind = &kind_import_dropped, .what = what};
    struct arena a;

    arena_init(&a, DROP_MEMORY);
    status st = serve_job_run(site, &a, &ask, 1);
    arena_fini(&a);
    return st;
}

status serve_imports_drop(struct site *site)
{
    struct import_end what = {0};
    uint32_t parts = 0;
    bool found;

    for (;; parts++) {
        TRY(find(site, &what, &found));
        if (!found) break;
        status st = drop_part(site, &what);
        if (st.cls == ST_FULL) { // it is read all the same, and dropped before the next import
            LOG(warn, "import.kept", fs("reason", str_of(st.reason)));
            return OK;
        }
        TRY(st);
    }
    if (parts > 0) LOG(warn, "import.dropped", fi("parts", parts));
    return OK;
}
