// `packtrail backup DIR DEST`
#include "service/ops/backup.h"
#include "common/env.h"
#include "service/cli/cli.h"
#include "service/kinds.h"
#include "service/pool/site_key.h"
#include <inttypes.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define FOLLOW_MS 200

struct backing { // the command
    const char *from, *key_to;
    bool follow, told, ended;
    sigset_t signals;
    mono last;
};

static bool is_ended(struct backing *b, int64_t wait_ms)
{
    struct timespec t = {.tv_sec = wait_ms / 1000, .tv_nsec = wait_ms % 1000 * 1000000};

    if (!b->ended) b->ended = sigtimedwait(&b->signals, NULL, &t) > 0;
    return b->ended;
}

static bool tell(void *self, uint64_t seq, uint64_t of)
{
    struct backing *b = self;
    mono now = env_mono(&env_real);

    if (now.ms - b->last.ms >= 1000 && seq < of) {
        b->last = now;
        fprintf(stderr, "backup: %" PRIu64 " of %" PRIu64 " records\n", seq, of);
    }
    return !is_ended(b, 0);
}

// A line that waits seals nothing and may be taken back: the copy does without it, or keeps it.
static status key_merge(const char *to, struct site_keys *keys, uint32_t epoch)
{
    struct site_keys had;

    for (; keys->count > epoch; keys->count--)
        OPENSSL_cleanse(keys->key[keys->count - 1], SITE_KEY_SIZE);
    site_keys_init(&had);
    status st = site_keys_load(to, &had);
    if (st.cls != ST_OK || had.count < keys->count ||
        memcmp(had.key, keys->key, (size_t)keys->count * SITE_KEY_SIZE) != 0)
        st = site_keys_save(to, keys);
    site_keys_fini(&had);
    return st;
}

// A site gets another key while it is stopped, and a backup goes on beside it: what was copied
// before is then worth nothing. A key that cannot be copied ends the following.
static status key_copy(void *self, uint32_t epoch)
{
    const struct backing *b = self;
    char path[FOLDER_PATH_MAX];
    struct site_keys keys;
    struct folder f;

    if (b->key_to == NULL) return OK;
    TRY(folder_find(b->from, &f));
    TRY(folder_path(&f, "site.key", path));
    TRY(site_keys_load(path, &keys));
    status st = key_merge(b->key_to, &keys, epoch);
    site_keys_fini(&keys);
    return st;
}

static bool again(void *self, const struct shadow_result *round)
{
    struct backing *b = self;

    if (!b->follow) return false;
    if (!b->told) {
        printf("following from record %" PRIu64 "\n", round->head.seq);
        fflush(stdout);
    }
    b->told = true;
    return !is_ended(b, FOLLOW_MS);
}

static status run(struct backing *b, const char *to)
{
    struct backup_conf conf = {.from = b->from,
                               .to = to,
                               .kinds = site_kinds,
                               .env = &env_real,
                               .progress = tell,
                               .key = key_copy,
                               .again = again,
                               .self = b};
    struct backup_result r;
    char link[64];

    if (b->key_to != NULL && folder_holds(to, b->key_to))
        return fail(ST_BAD_INPUT, "backup.key", 0,
                    "%s lies in the backup: who gets that must not get the key", b->key_to);
    TRY(backup_run(&conf, &r));
    if (b->ended && !b->follow)
        return fail(ST_CONFLICT, "backup.ended", 0,
                    "told to end at record %" PRIu64 ": give it again to go on", r.head.seq);
    hex_put(link, r.head.link.b, sizeof r.head.link.b);
    printf("read in %" PRIu64 " snapshots, the longest %" PRId64 " ms; messages: %" PRIu64
           " bytes of %" PRIu64 " files\n",
           r.snapshots, r.longest_ms, r.messages.bytes, r.messages.files);
    if (b->key_to == NULL) printf("site.key is not in the backup: keep a copy of it elsewhere\n");
    printf("backed up %" PRIu64 " records, head %" PRIu64 "/%.*s\n", r.fed, r.head.seq,
           (int)sizeof link, link);
    return cli_output_done();
}

int cli_backup(int argc, char **argv)
{
    struct backing b = {0};

    sigemptyset(&b.signals);
    sigaddset(&b.signals, SIGTERM);
    sigaddset(&b.signals, SIGINT);
    if (argc < 3 || argv[1][0] == '-' || argv[2][0] == '-') return cli_usage("backup");
    for (int i = 3; i < argc; i++) {
        if (strcmp(argv[i], "--follow") == 0)
            b.follow = true;
        else if (strcmp(argv[i], "--with-key") == 0 && i + 1 < argc)
            b.key_to = argv[++i];
        else
            return cli_usage("backup");
    }
    pthread_sigmask(SIG_BLOCK, &b.signals, NULL);
    b.from = argv[1];
    return cli_end("backup", run(&b, argv[2]));
}
