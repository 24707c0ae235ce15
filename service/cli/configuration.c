// `packtrail configuration -c FILE`: what GET /v1/configuration tells, with the settings that a
// service on FILE would have, beside one that runs or alone.
#include "service/ops/configuration.h"
#include "service/cli/cli.h"
#include "service/ops/folder.h"
#include "service/settings.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

struct printing {
    struct arena arena;
    struct site_settings settings;
    struct db *db;
    struct export_key *key;
    struct buf text;
};

static status gather(struct printing *x)
{
    struct journal_meta meta;
    struct configuration c = {&meta, site_setting_at, &x->settings, x->key};
    struct txn *t = txn_read(x->db);

    status st = journal_meta_get(t, &x->arena, &meta);
    if (st.cls == ST_OK) st = configuration_write(&c, t, &x->text);
    status end = txn_end(&t, false);
    return st.cls == ST_OK ? end : st;
}

// A folder that no service has run on since it came back may have none; one that may not sign tells
// no digest.
static status key_open(struct printing *x, const struct folder *f)
{
    char path[FOLDER_PATH_MAX];

    if (f->site[0] == 0) return OK;
    TRY(folder_path(f, "export.key", path));
    status st = export_key_open(path, NULL, &x->key);
    if (st.cls != ST_OK && st.cls != ST_NOT_FOUND)
        fprintf(stderr, "packtrail configuration: its digest is left out: %s: %s\n", st.reason,
                st.text);
    return OK;
}

static status print(struct printing *x, const char *file)
{
    struct folder_format format;
    struct folder f;

    TRY(site_settings_load(file, &x->arena, &x->settings));
    TRY(folder_find(x->settings.folder.p, &f));
    TRY(folder_format_read(&f, &format));
    TRY(folder_db(&f, FOLDER_READ_MAP, true, &x->db));
    TRY(key_open(x, &f));
    TRY(gather(x));
    if (fwrite(x->text.p, 1, x->text.n, stdout) == x->text.n) return OK;
    return fail(ST_STORE, "output.write", 0, "standard output: %s", strerror(errno));
}

int cli_configuration(int argc, char **argv)
{
    struct printing x = {0};

    if (argc != 3 || strcmp(argv[1], "-c") != 0) return cli_usage("configuration");
    arena_init(&x.arena, 64 * MB);
    buf_init(&x.text, CONFIGURATION_MAX);
    status st = print(&x, argv[2]);
    db_close(&x.db);
    export_key_close(&x.key);
    buf_fini(&x.text);
    arena_fini(&x.arena);
    return cli_end("configuration", st);
}
