// `packtrail restore SRC DIR --key FILE`: a site from a backup, or from any stopped folder. What
// makes DIR a site, the file `format`, is written last.
#include "common/log.h"
#include "service/cli/cli.h"
#include "service/cli/named_files.h"
#include "service/cli/proving.h"
#include "service/journal/replay.h"
#include "service/journal/restored.h"
#include "service/kinds.h"
#include "service/ops/copying.h"
#include "service/ops/head_file.h"
#include "service/pool/epoch.h"
#include "service/serve_job.h"
#include "service/settings.h"
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct restoring {
    const char *dir, *key;
    struct folder from, to;
    struct site_keys keys;
    struct arena arena;
    struct site site;
    struct verify_result proven;
    struct journal_head head; // of the backup
    uint32_t epoch;           // likewise
    struct copied messages;
};

static bool holds(const char *dir, const char *name)
{
    char path[FOLDER_PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/%s", dir, name);

    return n > 0 && (size_t)n < sizeof path && access(path, F_OK) == 0;
}

// With a store, but without what makes it a site; nor with what a site that lost only that would
// still have, for nobody should remove one. A restore writes these last.
static bool is_half(const char *dir)
{
    static const char *const sites[] = {"site.key", "packtrail.yaml", "export.key"};
    struct folder f;
    bool half = folder_find(dir, &f).cls == ST_NOT_FOUND && holds(dir, "data/data.mdb");

    for (size_t i = 0; i < LEN(sites); i++) half = half && !holds(dir, sites[i]);
    return half;
}

// An empty folder, such as a place to mount something, is as good as none.
static status dir_check(const char *dir)
{
    DIR *d = opendir(dir);
    const struct dirent *e;
    bool empty = true;

    if (d == NULL && errno == ENOENT) return OK;
    while (d != NULL && (e = readdir(d)) != NULL)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) empty = false;
    if (d != NULL) closedir(d);
    if (d != NULL && empty) return OK;
    if (d != NULL && is_half(dir))
        return fail(ST_CONFLICT, "folder.half", 0,
                    "half a site is there: a restore broke off? Remove it, and restore again: %s",
                    dir);
    return fail(ST_CONFLICT, "folder.taken", 0, "%s is there: nothing is restored over anything",
                dir);
}

// Whose journal it is, how far it has come, and does the key fit?
static status source_look(struct restoring *r, struct db *db)
{
    struct txn *t = txn_read(db);
    status st = journal_meta_get(t, &r->arena, &r->site.meta);

    if (st.cls == ST_OK) st = epoch_check(t, &r->site.meta, &r->keys);
    r->head = journal_head_get(t);
    r->epoch = epoch_now(t);
    status end = txn_end(&t, false);
    return st.cls == ST_OK ? end : st;
}

static status source_open(struct restoring *r, const char *src)
{
    struct folder_format format;
    struct db *db;

    TRY(folder_find(src, &r->from));
    TRY(folder_format_read(&r->from, &format));
    TRY(folder_lock(&r->from));
    TRY(site_keys_load(r->key, &r->keys));
    TRY(folder_db(&r->from, FOLDER_READ_MAP, true, &db));
    status st = source_look(r, db);
    db_close(&db);
    return st;
}

static status rows_copy(struct restoring *r)
{
    struct db *from;

    TRY(folder_db(&r->from, FOLDER_READ_MAP, true, &from));
    status st = folder_make(r->dir, &r->to);
    if (st.cls == ST_OK) st = db_copy(from, r->to.data);
    if (st.cls == ST_OK) st = folder_db(&r->to, FOLDER_READ_MAP, false, &r->site.db);
    if (st.cls == ST_OK) st = ledger_compare(from, r->site.db);
    db_close(&from);
    return st;
}

// The record of the restore is marked as the service's are, and what is stopped stays stopped. Of
// jumps the next start tells: the record must be the first one after the backup. Without settings
// no clock that nobody keeps is believed.
static struct clock_conf clock_watched(struct restoring *r)
{
    static struct site_settings settings;
    char path[FOLDER_PATH_MAX];

    bool read = r->from.site[0] != 0 &&
                folder_path(&r->from, "packtrail.yaml", path).cls == ST_OK &&
                site_settings_load(path, &r->arena, &settings).cls == ST_OK;
    return read ? site_settings_clock(&settings) : (struct clock_conf){.away_max_ms = 1};
}

static status fact_put(struct restoring *r)
{
    const struct clock_conf clock = clock_watched(r);
    struct restored_ask what = {.seq = r->head.seq, .link = r->head.link};
    struct ask ask = {.kind = &kind_site_restored, .what = &what};
    struct committer_conf conf = {.db = r->site.db,
                                  .kinds = site_kinds,
                                  .sequencer = sequencer_local(),
                                  .env = &env_real,
                                  .app = &r->site,
                                  .queue_max = 1,
                                  .batch_facts = 1,
                                  .clock = &clock};

    log_level_set(LOG_error); // the record tells of a clock that nobody keeps
    env_random(&env_real, &what.term, sizeof what.term);
    TRY(committer_open(&conf, &r->site.committer));
    status st = serve_job_run(&r->site, &r->arena, &ask, 1);
    committer_close(&r->site.committer);
    return st;
}

static status files_put(struct restoring *r)
{
    char path[FOLDER_PATH_MAX];

    if (r->from.site[0] != 0) TRY(messages_copy(&r->from, &r->to, &r->messages));
    TRY(folder_path(&r->to, "head.json", path));
    TRY(head_file_write(r->site.db, path));
    if (r->from.site[0] != 0) TRY(file_copy(&r->from, &r->to, "packtrail.yaml"));
    TRY(folder_path(&r->to, "site.key", path));
    return site_keys_save(path, &r->keys);
}

static status make(struct restoring *r, const char *src)
{
    TRY(dir_check(r->dir));
    TRY(source_open(r, src));
    TRY(prove(&r->from, true, &r->proven)); // pools wait for evidence, such as that file
    TRY(rows_copy(r));
    TRY(fact_put(r));
    TRY(files_put(r));
    return folder_format_write(&r->to, &r->site.meta);
}

static void say_missing(void *self, const char *what, str path)
{
    (void)self;
    if (access(path.p, R_OK) != 0)
        printf("%s is not in a backup, and not there: put back %s before the site serves\n", what,
               path.p);
}

// Keys of certificates are as secret as site.key, so that they are copied with it.
static void say_files(struct restoring *r)
{
    static struct site_settings settings;
    char path[FOLDER_PATH_MAX];

    if (folder_path(&r->to, "packtrail.yaml", path).cls != ST_OK || access(path, R_OK) != 0) return;
    status st = site_settings_load(path, &r->arena, &settings);
    if (st.cls == ST_OK)
        named_files(&settings, say_missing, NULL);
    else
        printf("packtrail.yaml cannot be read: %s\n", st.text);
}

static status say(struct restoring *r)
{
    char link[64];

    hex_put(link, r->head.link.b, sizeof r->head.link.b);
    if (r->messages.torn > 0)
        printf("%" PRIu64 " files in messages/ are not what messages.sums says: a backup broke "
               "off\n",
               r->messages.torn);
    if (r->proven.published > r->proven.records)
        printf("head.json there knows %" PRIu64 " records: give it to verify --advance\n",
               r->proven.published);
    printf("tokens, certificates and people are those of the backup: revoke again what was revoked "
           "since, before others can call (packtrail token list %s)\n",
           r->dir);
    printf("export.key is not in a backup: put back a copy of it, or auditors need the public half "
           "of the one that the next start makes\n");
    say_files(r);
    if (r->keys.count > r->epoch)
        printf("%s has %u keys, the backup knows %u: the next start takes the newer into use, or "
               "where "
               "add_key is marked packtrail key add\n",
               r->key, r->keys.count, r->epoch);
    printf("all pools are frozen: packtrail verify %s --advance FILE…\n", r->dir);
    printf("restored %" PRIu64 " records, %" PRIu64 " units, head %" PRIu64 "/%.*s\n",
           r->proven.records, r->proven.units, r->head.seq, (int)sizeof link, link);
    return cli_output_done();
}

int cli_restore(int argc, char **argv)
{
    static struct restoring r;

    if (argc != 5 || argv[1][0] == '-' || argv[2][0] == '-' || strcmp(argv[3], "--key") != 0)
        return cli_usage("restore");
    r.dir = argv[2];
    r.key = argv[4];
    r.from.lock = r.to.lock = -1;
    arena_init(&r.arena, 16 * MB);
    site_keys_init(&r.keys);
    r.site.magic = SITE_MAGIC;
    r.site.env = &env_real;
    r.site.kinds = site_kinds;
    r.site.keys = &r.keys;
    status st = make(&r, argv[1]);
    if (st.cls == ST_OK) st = say(&r);
    db_close(&r.site.db);
    folder_close(&r.to);
    folder_close(&r.from);
    site_keys_fini(&r.keys);
    arena_fini(&r.arena);
    return cli_end("restore", st);
}
