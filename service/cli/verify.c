// `packtrail verify DIR`
#include "service/ops/verify.h"
#include "common/env.h"
#include "service/cli/cli.h"
#include "service/kinds.h"
#include "service/pool/epoch.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define QUIET_MS 2000 // what takes longer says how far it has come
#define EVERY_MS 1000

struct telling {
    mono from, last;
};

static void tell(void *self, const char *step, uint64_t done, uint64_t of)
{
    struct telling *t = self;
    mono now = env_mono(&env_real);

    if (now.ms - t->from.ms < QUIET_MS || now.ms - t->last.ms < EVERY_MS) return;
    t->last = now;
    fprintf(stderr, "%s: %" PRIu64 " of %" PRIu64 " records\n", step, done, of);
}

// A key file beside the data must be the site's; where there is none, none is needed.
static status keys_check(const struct folder *f)
{
    char path[FOLDER_PATH_MAX];
    struct site_keys keys;
    struct journal_meta meta;
    struct arena a;
    struct db *db;

    if (f->site[0] == 0) return OK;
    TRY(folder_path(f, "site.key", path));
    if (access(path, F_OK) != 0) return OK;
    TRY(site_keys_load(path, &keys));
    status st = folder_db(f, FOLDER_READ_MAP, true, &db);
    if (st.cls == ST_OK) {
        struct txn *t = txn_read(db);
        arena_init(&a, 64 * KB);
        st = journal_meta_get(t, &a, &meta);
        if (st.cls == ST_OK) st = epoch_check(t, &meta, &keys);
        (void)txn_end(&t, false).cls;
        arena_fini(&a);
        db_close(&db);
    }
    site_keys_fini(&keys);
    return st;
}

// Is the journal the one that the file `format` speaks of?
static status format_check(const struct folder *f)
{
    struct folder_format format;
    return folder_format_read(f, &format);
}

// Where the copy of the ledger may lie: where told, on the folder's own disk, or in /tmp.
static const char *scratch_of(const struct folder *f)
{
    const char *told = getenv("TMPDIR");
    const char *beside = f->site[0] != 0 ? f->site : f->data;

    if (told != NULL && *told != 0) return told;
    return access(beside, W_OK) == 0 ? beside : "/tmp";
}

static status verify(struct folder *f, struct verify_result *r)
{
    struct telling telling = {.from = env_mono(&env_real)};
    struct verify_conf conf = {.folder = f,
                               .kinds = site_kinds,
                               .scratch = scratch_of(f),
                               .progress = tell,
                               .self = &telling};

    TRY(format_check(f));
    TRY(folder_lock(f));
    TRY(keys_check(f));
    return verify_run(&conf, r);
}

int cli_verify(int argc, char **argv)
{
    struct verify_result r;
    struct folder f;

    if (argc != 2 || argv[1][0] == '-') return cli_usage("verify");
    status st = folder_find(argv[1], &f);
    if (st.cls == ST_OK) {
        st = verify(&f, &r);
        folder_close(&f);
    }
    if (st.cls == ST_OK)
        printf("verified %" PRIu64 " records, %" PRIu64 " units\n", r.records, r.units);
    return cli_end("verify", st);
}
