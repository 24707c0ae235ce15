#include "service/cli/stopped.h"
#include "common/log.h"
#include "service/cli/cli.h"
#include "service/kinds.h"
#include "service/ops/clock.h"
#include "service/ops/head_file.h"
#include "service/ops/settings_changed.h"
#include "service/pool/epoch.h"
#include "service/pool/secret.h"
#include "service/serve_job.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MEMORY_MAX (64 * MB)

static status settings_open(struct stopped *s)
{
    char path[FOLDER_PATH_MAX];

    TRY(folder_path(&s->folder, "packtrail.yaml", path));
    TRY(site_settings_load(path, &s->arena, &s->settings));
    s->site.limits = site_settings_limits(&s->settings);
    s->site.people = site_settings_people(&s->settings);
    s->site.setting = site_setting_at;
    s->site.settings = &s->settings;
    return OK;
}

static status keys_open(struct stopped *s)
{
    char path[FOLDER_PATH_MAX];

    TRY(folder_path(&s->folder, "site.key", path));
    TRY(site_keys_load(path, &s->keys));
    struct txn *t = txn_read(s->site.db);
    uint32_t known = epoch_now(t);
    TRY(txn_end(&t, false));
    if (s->keys.count > known) s->keys.count = known;
    s->site.keys = &s->keys;
    return OK;
}

// By the clock as the service sees it: where that has stopped writing, this does not go on.
static status committer_begin(struct stopped *s)
{
    struct committer_conf conf = {.db = s->site.db,
                                  .kinds = site_kinds,
                                  .sequencer = sequencer_local(),
                                  .env = &env_real,
                                  .app = &s->site,
                                  .queue_max = 1,
                                  .batch_facts = 1,
                                  .clock = &s->clock};

    s->clock = site_settings_clock(&s->settings);
    s->clock.jumped = &kind_clock_jumped;
    s->clock.allowed = clock_allowed;
    log_level_set(LOG_error); // of a clock that nobody keeps the records tell
    return committer_open(&conf, &s->site.committer);
}

// As at a start: the environment of a command may say other than the file.
static status settings_record(struct stopped *s)
{
    struct ask ask;

    return stopped_run(s, &kind_settings_changed, NULL, &ask);
}

status stopped_open(const char *dir, bool change, struct stopped *s)
{
    struct folder_format format;
    char head[FOLDER_PATH_MAX];

    *s = (struct stopped){.folder = {.lock = -1}};
    arena_init(&s->arena, MEMORY_MAX);
    site_keys_init(&s->keys);
    s->site.magic = SITE_MAGIC;
    s->site.env = &env_real;
    s->site.kinds = site_kinds;
    s->site.seal = secret_site_seal;
    s->site.open_sealed = secret_site_open;
    TRY(folder_find(dir, &s->folder));
    TRY(folder_format_read(&s->folder, &format));
    if (!change) return folder_db(&s->folder, FOLDER_READ_MAP, true, &s->site.db);
    if (s->folder.site[0] == 0)
        return fail(ST_CONFLICT, "folder.none", 0, "%s is a data folder: name the one above it",
                    s->folder.data);
    TRY(folder_serves(&s->folder));
    TRY(folder_owned(&s->folder));
    TRY(folder_lock(&s->folder));
    TRY(settings_open(s));
    TRY(folder_db(&s->folder, s->settings.map_max, false, &s->site.db));
    TRY(folder_path(&s->folder, "head.json", head));
    TRY(head_file_hold(s->site.db, head));
    TRY(keys_open(s));
    TRY(committer_begin(s));
    return settings_record(s);
}

status stopped_clock(struct stopped *s)
{
    struct clock_stop stop;
    struct txn *t = txn_read(s->site.db);
    bool stopped = clock_stop_get(t, &stop);

    TRY(txn_end(&t, false));
    return stopped ? clock_refusal() : OK;
}

// What is refused may have been recorded, and a jump of the clock beside it.
status stopped_run(struct stopped *s, const struct kind *k, const void *what, struct ask *out)
{
    char path[FOLDER_PATH_MAX];

    *out = (struct ask){.kind = k, .what = what};
    status st = serve_job_run(&s->site, &s->arena, out, 1);
    TRY(folder_path(&s->folder, "head.json", path));
    status head = head_file_write(s->site.db, path);
    return st.cls == ST_OK ? head : st;
}

void stopped_close(struct stopped *s)
{
    committer_close(&s->site.committer);
    db_close(&s->site.db);
    site_keys_fini(&s->keys);
    folder_close(&s->folder);
    arena_fini(&s->arena);
}

status stopped_say(struct buf *b)
{
    str line;

    buf_addc(b, '\n');
    TRY(buf_done(b, &line));
    if (fwrite(line.p, 1, line.n, stdout) == line.n && fflush(stdout) == 0) return OK;
    return fail(ST_STORE, "output.write", 0, "standard output: %s", strerror(errno));
}

// ---- words

static bool is_client(const char *word) { return strcmp(word, "--client") == 0; }

static bool words_write(int argc, char **argv, const char *words, struct buf *json)
{
    struct json_w w = json_writer(json);
    bool clients = false;

    if (argc % 2 != 0) return false;
    json_w_object(&w);
    for (int i = 0; i < argc; i += 2) {
        str word = str_of(argv[i]);
        if (!str_starts(word, S("--")) || !str_has_word(str_of(words), str_from(word, 2)))
            return false;
        clients |= is_client(argv[i]);
        if (!is_client(argv[i])) json_w_kstr(&w, argv[i] + 2, str_of(argv[i + 1]));
    }
    if (clients) {
        json_w_key(&w, S("clients"));
        json_w_array(&w);
        for (int i = 0; i < argc; i += 2)
            if (is_client(argv[i])) json_w_str(&w, str_of(argv[i + 1]));
        json_w_end(&w);
    }
    json_w_end(&w);
    return true;
}

static bool is_said(int argc, char **argv, const char *word)
{
    for (int i = 0; word != NULL && i < argc; i += 2)
        if (strcmp(argv[i] + 2, word) == 0) return true;
    return word == NULL;
}

static int run(const char *command, const struct stopped_verb *v, char **named, str json)
{
    struct stopped s;
    status st = stopped_open(named[0], v->change, &s);

    if (st.cls == ST_OK) st = v->run(&s, named, json);
    stopped_close(&s);
    return cli_end(command, st);
}

int stopped_command(const struct stopped_verb *verbs, int argc, char **argv)
{
    const struct stopped_verb *v = verbs;
    int rc = CLI_WRONG_USAGE;
    struct buf json;

    while (v->name != NULL && (argc < 2 || strcmp(v->name, argv[1]) != 0)) v++;
    if (v->name == NULL || argc < 2 + v->named || argv[2][0] == '-') return cli_usage(argv[0]);
    int n = argc - 2 - v->named;
    char **named = argv + 2, **pairs = named + v->named;
    buf_init(&json, 64 * KB);
    if (words_write(n, pairs, v->words, &json) && is_said(n, pairs, v->needed) && !json.failed)
        rc = run(argv[0], v, named, buf_str(&json));
    else
        cli_usage(argv[0]);
    buf_fini(&json);
    return rc;
}
