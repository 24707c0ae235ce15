// `packtrail init DIR`: a new site. An init that is cut short can be given again: only the file
// `format`, which is written last, makes the folder a site.
#include "common/log.h"
#include "service/access/token.h"
#include "service/cli/cli.h"
#include "service/kinds.h"
#include "service/ops/export_key.h"
#include "service/ops/folder.h"
#include "service/ops/head_file.h"
#include "service/ops/ops.h"
#include "service/pool/site_key.h"
#include "service/serve_job.h"
#include "service/settings.h"
#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct init {
    struct folder folder;
    struct arena arena;
    struct site_keys keys;
    struct site site;
    struct journal_meta meta;
    struct token_new token;
};

// A key that is there is kept: nothing may ever be lost of it.
static status take_keys(struct init *n)
{
    char path[FOLDER_PATH_MAX];
    uint8_t key[SITE_KEY_SIZE];

    TRY(folder_path(&n->folder, "site.key", path));
    status st = site_keys_load(path, &n->keys);
    if (st.cls == ST_OK && n->keys.count > 1)
        return fail(ST_CONFLICT, "site_key.foreign", 0, "%s has several epochs: another site's",
                    path);
    if (st.cls != ST_NOT_FOUND) return st;
    env_random(&env_real, key, sizeof key);
    st = site_keys_add(&n->keys, key);
    OPENSSL_cleanse(key, sizeof key);
    return st.cls == ST_OK ? site_keys_save(path, &n->keys) : st;
}

// Likewise: whoever has the public half goes on verifying with it.
static status take_export_key(const struct init *n)
{
    char path[FOLDER_PATH_MAX];
    struct export_key *key;
    bool made;

    TRY(folder_path(&n->folder, "export.key", path));
    status st = export_key_open(path, &made, &key);
    export_key_close(&key);
    return st;
}

static status put_settings(const struct init *n)
{
    char path[FOLDER_PATH_MAX];
    struct buf b;

    TRY(folder_path(&n->folder, "packtrail.yaml", path));
    if (access(path, F_OK) == 0) return OK; // what somebody has prepared
    buf_init(&b, SETTINGS_FILE_MAX);
    site_settings_template(&b);
    status st = folder_put(path, buf_str(&b));
    buf_fini(&b);
    return st;
}

static status put_facts(struct init *n)
{
    struct ask asks[2] = {
        {.kind = &kind_journal_opened, .what = &n->meta },
        {.kind = &kind_token_created,  .what = &n->token}
    };
    static const struct clock_conf marks; // for what is recorded here alone
    struct committer_conf conf = {.db = n->site.db,
                                  .kinds = site_kinds,
                                  .sequencer = sequencer_local(),
                                  .env = &env_real,
                                  .app = &n->site,
                                  .queue_max = 1,
                                  .batch_facts = LEN(asks),
                                  .clock = &marks};

    n->meta = (struct journal_meta){.format = FORMAT_NOW,
                                    .smallest_reader = FORMAT_NOW,
                                    .created_by = S("packtrail " PACKTRAIL_VERSION),
                                    .epoch = 1};
    env_random(&env_real, n->meta.journal_id, sizeof n->meta.journal_id);
    site_keys_check(&n->keys, 1, n->meta.key_check);
    n->token.actor.role = ROLE_ADMIN;
    TRY(token_draw(&n->token, &env_real, &n->arena));
    log_level_set(LOG_error); // of a clock that nobody keeps the records tell
    TRY(committer_open(&conf, &n->site.committer));
    status st = serve_job_run(&n->site, &n->arena, asks, LEN(asks));
    committer_close(&n->site.committer);
    return st;
}

static status put_store(struct init *n)
{
    char head[FOLDER_PATH_MAX];

    TRY(folder_path(&n->folder, "head.json", head));
    TRY(folder_db(&n->folder, 1 * GB, false, &n->site.db));
    status st = put_facts(n);
    if (st.cls == ST_OK) st = head_file_write(n->site.db, head);
    db_close(&n->site.db);
    return st;
}

// Said before the folder becomes a site: a site whose token nobody was told would be of no use.
static status say_token(const struct init *n)
{
    printf("made %s: packtrail serve -c %s/packtrail.yaml\n", n->folder.site, n->folder.site);
    printf("admin token: %.*s\n", (int)TOKEN_LEN, n->token.text);
    if (fflush(stdout) == 0) return OK;
    return fail(ST_STORE, "output.write", 0, "the token could not be said: %s", strerror(errno));
}

static status make(struct init *n)
{
    TRY(take_keys(n));
    TRY(take_export_key(n));
    TRY(put_settings(n));
    TRY(put_store(n));
    TRY(say_token(n));
    return folder_format_write(&n->folder, &n->meta);
}

int cli_init(int argc, char **argv)
{
    static struct init n;

    if (argc != 2) return cli_usage("init");
    arena_init(&n.arena, 1 * MB);
    site_keys_init(&n.keys);
    n.site.magic = SITE_MAGIC;
    status st = folder_make(argv[1], &n.folder);
    if (st.cls == ST_OK) {
        st = make(&n);
        folder_close(&n.folder);
    }
    site_keys_fini(&n.keys);
    OPENSSL_cleanse(n.token.text, sizeof n.token.text);
    arena_fini(&n.arena);
    return cli_end("init", st);
}
