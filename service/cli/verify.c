// `packtrail verify DIR`, and after a restore `--advance`
#include "service/ops/verify.h"
#include "service/cli/advance.h"
#include "service/cli/cli.h"
#include "service/cli/proving.h"
#include "service/pool/epoch.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

static status verify(const char *dir, struct verify_result *r)
{
    struct folder f;

    TRY(folder_find(dir, &f));
    status st = format_check(&f);
    if (st.cls == ST_OK) st = folder_lock(&f);
    if (st.cls == ST_OK) st = keys_check(&f);
    if (st.cls == ST_OK) st = prove(&f, false, r);
    folder_close(&f);
    return st;
}

// What follows --advance: files, each with the GTIN that was told before it.
static bool advance_read(int argc, char **argv, struct advance_wish *w)
{
    str gtin = {0};

    for (int i = 0; i < argc; i++) {
        bool more = i + 1 < argc;
        if (strcmp(argv[i], "--gtin") == 0 && more)
            gtin = str_of(argv[++i]);
        else if (strcmp(argv[i], "--accept") == 0 && more)
            w->accept = argv[++i];
        else if (strcmp(argv[i], "--by") == 0 && more)
            w->by = argv[++i];
        else if (strcmp(argv[i], "--sign") == 0 && more)
            w->sign = argv[++i];
        else if (strcmp(argv[i], "--second") == 0 && more)
            w->second = argv[++i];
        else if (strcmp(argv[i], "--meaning") == 0 && more)
            w->meaning = argv[++i];
        else if (argv[i][0] == '-' || w->n == ADVANCE_FILES_MAX)
            return false;
        else
            w->files[w->n++] = (struct evidence_file){.path = argv[i], .gtin = gtin};
    }
    return (w->accept == NULL) == (w->by == NULL) && (w->n > 0 || w->accept != NULL);
}

int cli_verify(int argc, char **argv)
{
    static struct evidence_file files[ADVANCE_FILES_MAX];
    struct advance_wish wish = {.files = files};
    struct verify_result r;
    bool advance = argc > 2 && strcmp(argv[2], "--advance") == 0;

    if (argc < 2 || argv[1][0] == '-' || (argc > 2 && !advance)) return cli_usage("verify");
    if (advance && !advance_read(argc - 3, argv + 3, &wish)) return cli_usage("verify");
    status st = verify(argv[1], &r);
    if (st.cls == ST_OK && advance) {
        st = advance_run(argv[1], &wish);
        if (st.cls == ST_OK) st = verify(argv[1], &r); // with the facts that this has made
    }
    if (st.cls == ST_OK)
        printf("verified %" PRIu64 " records, %" PRIu64 " units\n", r.records, r.units);
    return cli_end("verify", st);
}
