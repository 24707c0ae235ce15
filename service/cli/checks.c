// checks.c - what is right and what is wrong with a configuration, its folder and the machine: a
// row of the table each.
#include "common/http_server.h"
#include "service/catalog/market.h"
#include "service/cli/checking.h"
#include "service/cli/proving.h"
#include "service/exchange/trust.h"
#include "service/journal/restored.h"
#include "service/kinds.h"
#include "service/ops/head_file.h"
#include "service/ops/seeded.h"
#include "service/pool/epoch.h"
#include "service/pool/pool.h"
#include "service/serve_certificates.h"
#include "service/serve_seed.h"
#include "service/vocabulary/master.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define SPACE_MIN        (256 * MB)             // under it a site fills up before anybody looks
#define CLOCK_FIRST      INT64_C(1767225600000) // 2026-01-01: no clock that is set is before it
#define PAGE_SIZE_WANTED 4096l                  // the store's rows are cut for it

static status check_settings(struct checking *c)
{
    TRY(site_settings_load(c->file, &c->arena, &c->settings));
    c->readable = true;
    checking_say(c, "%s is understood", c->file);
    size_t at = 0;
    str stray = site_settings_stray(&at);
    if (stray.n == 0) return OK;
    c->warned = true;
    checking_say(c, "%s is understood, but the variable %.*s is no setting", c->file, STR(stray));
    return OK;
}

static status check_public(struct checking *c)
{
    TRY(site_settings_listen(&c->settings, NULL, &c->arena));
    checking_say(c, "%s%s", c->settings.listen.p,
                 c->settings.certificate.n > 0 ? " with TLS"
                 : c->settings.insecure        ? " without TLS, as insecure: true wants it"
                                               : " without TLS");
    return OK;
}

static status check_folder(struct checking *c)
{
    struct folder_format format;

    c->readable = false;
    TRY(folder_find(c->settings.folder.p, &c->folder));
    TRY(folder_format_read(&c->folder, &format));
    TRY(folder_db(&c->folder, FOLDER_READ_MAP, true, &c->db));
    struct txn *t = txn_read(c->db);
    c->head = journal_head_get(t);
    c->warned = restored_get(t).frozen;
    TRY(txn_end(&t, false));
    c->readable = true;
    c->in_use = folder_lock(&c->folder).cls == ST_CONFLICT;
    checking_say(c, "%s holds %" PRIu64 " facts, made by %s%s", c->folder.data, c->head.seq,
                 format.created_by, c->in_use ? "; a service runs on it" : "");
    if (c->warned)
        checking_say(c, "%s was restored and gives no numbers: verify --advance", c->folder.data);
    return OK;
}

// As whoever asks: the service may be another user.
static status check_writing(struct checking *c)
{
    static const char *const places[] = {".",        "data",  "data/data.mdb", "data/lock.mdb",
                                         "messages", "spool", "head.json"};
    char path[FOLDER_PATH_MAX];
    status owner = folder_owned(&c->folder);

    c->warned = owner.cls != ST_OK;
    checking_say(c, "%s", c->warned ? owner.text : "the folder can be written to");
    for (size_t i = 0; i < LEN(places); i++) {
        TRY(folder_path(&c->folder, places[i], path));
        if (access(path, W_OK) != 0 && errno != ENOENT)
            return fail(ST_STORE, "folder.closed", 0, "%.60s: %s", path, strerror(errno));
    }
    return OK;
}

// Also: does another one wait, so that two must sign?
static status keys_fit(struct checking *c, const struct site_keys *keys)
{
    struct txn *t = txn_read(c->db);
    struct journal_meta meta;

    status st = journal_meta_get(t, &c->arena, &meta);
    if (st.cls == ST_OK) st = epoch_check(t, &meta, keys);
    c->warned = st.cls == ST_OK && epoch_waits(t, keys) &&
                str_has_word(c->settings.people.second, str_of(second_word(SECOND_ADD_KEY)));
    status end = txn_end(&t, false);
    return st.cls == ST_OK ? end : st;
}

static status check_keys(struct checking *c)
{
    char path[FOLDER_PATH_MAX];
    struct site_keys keys;

    TRY(folder_path(&c->folder, "site.key", path));
    TRY(site_keys_load(path, &keys));
    status st = keys_fit(c, &keys);
    checking_say(c, "%s is the one of this site, %u epoch%s", path, keys.count,
                 keys.count == 1 ? "" : "s");
    if (c->warned)
        checking_say(c, "epoch %u of %s waits for two: packtrail key add … --sign --second",
                     keys.count, path);
    site_keys_fini(&keys);
    return st;
}

// Was data/ put back beside a head.json that knows more?
static status check_head(struct checking *c)
{
    char path[FOLDER_PATH_MAX];
    struct journal_head file;
    bool there = false;

    TRY(folder_path(&c->folder, "head.json", path));
    TRY(head_file_read(path, &there, &file));
    if (there)
        checking_say(c, "head.json knows %" PRIu64 " records, and they are these", file.seq);
    else
        checking_say(c, "there is no head.json: nothing tells whether data/ was put back");
    return head_file_hold(c->db, path);
}

static status seeds_try(struct checking *c, const struct site_keys *keys)
{
    struct site site = {.magic = SITE_MAGIC,
                        .db = c->db,
                        .env = &env_real,
                        .kinds = site_kinds,
                        .keys = keys,
                        .limits = site_settings_limits(&c->settings),
                        .people = site_settings_people(&c->settings),
                        .master = &vocabulary_master,
                        .pools_fit = pools_fit_market};
    struct txn *t = txn_read(c->db);

    status st = journal_meta_get(t, &c->arena, &site.meta), end = txn_end(&t, false);
    if (st.cls == ST_OK) st = end;
    if (st.cls == ST_OK)
        st = serve_seed_try(&site, proving_scratch(&c->folder), c->settings.seeds,
                            c->settings.seed_count);
    return st;
}

// Would the first start take them?
static status check_seeds(struct checking *c)
{
    char path[FOLDER_PATH_MAX];
    struct txn *t = txn_read(c->db);
    struct site_keys keys;
    bool taken = site_is_seeded(t);

    TRY(txn_end(&t, false));
    if (taken || c->settings.seed_count == 0) {
        checking_say(c, "%s", taken ? "the first start has been: none is taken" : "there are none");
        return OK;
    }
    TRY(folder_path(&c->folder, "site.key", path));
    TRY(site_keys_load(path, &keys));
    status st = seeds_try(c, &keys);
    site_keys_fini(&keys);
    checking_say(c, "the first start will put %u", c->settings.seed_count);
    return st;
}

static status check_address(struct checking *c)
{
    const struct site_settings *s = &c->settings;
    static const struct http_route none[] = {{0}};
    static const struct http_route *const routes[] = {none, NULL};
    struct loop *loop;
    struct http_server *server = NULL;

    if (c->in_use) {
        checking_say(c, "%s was not tried: a service runs on this folder", s->listen.p);
        return OK;
    }
    loop = loop_new("check");
    struct http_server_conf conf = {.routes = routes, .loops = &loop, .loop_count = 1};
    status st = site_settings_doors(s, &c->arena, &conf);
    if (st.cls == ST_OK) st = http_server_open(&conf, &server);
    http_server_close(&server);
    loop_free(&loop);
    if (s->listeners.n == 0)
        checking_say(c, "%s is free", s->listen.p);
    else
        checking_say(c, "%s and %u more are free", s->listen.p, s->listeners.n);
    return st;
}

// Without them no https partner is told anything, while all else goes on.
static status check_trust(struct checking *c)
{
    struct exchange_conf conf = {0};

    TRY(site_settings_trust(&c->settings, &c->arena, &conf));
    checking_say(c, "%s are trusted, %u certificates are shown to partners",
                 conf.ca_file == NULL ? "the system's authorities" : "the site's own authorities",
                 conf.certificate_count);
    return exchange_trust_check(&conf);
}

struct certificates_seen {
    struct checking *c;
    uint32_t n, soon;
    status st; // of the first that is not good
};

static void certificate_see(void *self, const struct serve_certificate *x)
{
    struct certificates_seen *all = self;

    all->n++;
    if (x->is.cls != ST_OK && all->st.cls == ST_OK) all->st = x->is;
    if (x->soon) all->soon++;
    if (x->subject[0] != 0)
        checking_found(all->c, str_of(x->whose), "%s, %d days left", x->subject, x->days);
}

static status check_certificates(struct checking *c)
{
    struct certificates_seen all = {.c = c, .st = OK};

    serve_certificates_each(&c->settings, certificate_see, &all);
    c->warned = all.soon > 0;
    checking_say(c, "%u, all valid", all.n);
    if (all.soon > 0)
        checking_say(c, "%u, of which %u last less than %d days", all.n, all.soon,
                     CERTIFICATE_SOON_DAYS);
    return all.st;
}

static status check_page(struct checking *c)
{
    long size = sysconf(_SC_PAGESIZE);

    checking_say(c, "%ld bytes", size);
    if (size == PAGE_SIZE_WANTED) return OK;
    return fail(ST_CONFLICT, "machine.page", 0,
                "this machine has pages of %ld bytes; the store needs one of %ld", size,
                PAGE_SIZE_WANTED);
}

static status check_clock(struct checking *c)
{
    wall now = env_wall(&env_real);

    checking_say(c, "after the newest fact");
    if (now.ms < CLOCK_FIRST)
        return fail(ST_CONFLICT, "machine.clock", 0, "the clock was never set");
    if (now.ms < c->head.at.ms)
        return fail(ST_CONFLICT, "machine.clock", 0,
                    "the clock is %" PRId64 " s before the newest fact",
                    (c->head.at.ms - now.ms) / 1000);
    return OK;
}

static status check_space(struct checking *c)
{
    struct statvfs v;

    if (statvfs(c->folder.data, &v) != 0)
        return fail(ST_STORE, "machine.disk", 0, "%s: %s", c->folder.data, strerror(errno));
    uint64_t left = (uint64_t)v.f_bavail * v.f_frsize;
    checking_say(c, "%" PRIu64 " MB left", left / MB);
    if (left >= SPACE_MIN) return OK;
    return fail(ST_FULL, "machine.disk", 0, "only %" PRIu64 " MB are left for %s", left / MB,
                c->folder.data);
}

// Not every site is asked; one that is must say who answers.
static status check_verify(struct checking *c)
{
    str gln = c->settings.verify.responder_gln;

    c->warned = gln.n == 0;
    if (c->warned)
        checking_say(
            c, "verify.responder_gln is not set: verifications get 503 where no holder is a GLN");
    else
        checking_say(c, "%.*s answers, each caller at most %" PRIu64 " a second", STR(gln),
                     c->settings.verify.rate);
    return OK;
}

#define BACKUP_OLD_MS (24 * 3600000LL)

static bool is_the_site(const struct checking *c, const struct folder *f)
{
    struct stat a, b;
    return stat(c->folder.data, &a) == 0 && stat(f->data, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

static status not_ours(const struct folder *f, const char *how)
{
    return fail(ST_CONFLICT, "backup.other", 0, "backup.folder: %s %.60s", how, f->site);
}

struct backup_head {
    status st;
    struct journal_head head;
};

static status head_get(const struct folder *f, struct journal_head *out)
{
    struct db *db;

    TRY(folder_db(f, FOLDER_READ_MAP, true, &db));
    struct txn *t = txn_read(db);
    *out = journal_head_get(t);
    status st = txn_end(&t, false);
    db_close(&db);
    return st;
}

// By a process of its own: a store that was cut short kills whoever maps it.
static status backup_head_get(const struct folder *f, struct journal_head *out)
{
    struct backup_head told = {.st = OK};
    int ends[2];

    fflush(stdout);
    if (pipe2(ends, O_CLOEXEC) != 0) return fail(ST_STORE, "backup.read", 0, "%s", strerror(errno));
    pid_t child = fork();
    if (child == 0) {
        told.st = head_get(f, &told.head);
        _exit(write(ends[1], &told, sizeof told) == (ssize_t)sizeof told ? 0 : 1);
    }
    close(ends[1]);
    ssize_t n = child < 0 ? 0 : read(ends[0], &told, sizeof told);
    close(ends[0]);
    if (child > 0) waitpid(child, NULL, 0);
    if (n != (ssize_t)sizeof told)
        return fail(ST_STORE, "backup.read", 0, "the backup in %.60s is broken", f->site);
    *out = told.head;
    return told.st;
}

// Its records must be this journal's first ones.
static status backup_hold(struct checking *c, const struct folder *f)
{
    struct folder_format format, own;
    struct journal_head head;

    TRY(folder_format_read(&c->folder, &own));
    TRY(folder_format_read(f, &format));
    if (memcmp(format.journal_id, own.journal_id, sizeof own.journal_id) != 0)
        return not_ours(f, "another site's backup lies in");
    TRY(backup_head_get(f, &head));
    struct txn *t = txn_read(c->db);
    status st = head_hold(t, &head);
    status end = txn_end(&t, false);
    if (st.cls != ST_OK) return not_ours(f, "records that this site has not are in");
    return end;
}

static status backup_find(struct checking *c, struct folder *f)
{
    TRY(folder_find(c->settings.backup_folder.p, f));
    if (is_the_site(c, f)) return not_ours(f, "the site itself lies in");
    if (!folder_is_backup(f)) return not_ours(f, "a site and no backup lies in");
    return backup_hold(c, f);
}

// A backup writes its head file every time it is given, be there anything new or not.
static status check_backup(struct checking *c)
{
    static struct folder f; // two paths of 4 KB each
    char path[FOLDER_PATH_MAX];
    str where = c->settings.backup_folder;
    struct stat s;

    c->warned = true;
    if (where.n == 0)
        return checking_say(c, "backup.folder is not set: nobody looks after backups"), OK;
    status st = backup_find(c, &f);
    if (st.cls == ST_NOT_FOUND) return checking_say(c, "%.*s holds no backup", STR(where)), OK;
    TRY(st);
    TRY(folder_path(&f, "head.json", path));
    if (stat(path, &s) != 0)
        return checking_say(c, "the backup in %.*s never came to its end", STR(where)), OK;
    int64_t age = env_wall(&env_real).ms - (int64_t)s.st_mtim.tv_sec * 1000;
    c->warned = age > BACKUP_OLD_MS;
    checking_say(c, "the backup in %.*s is %" PRId64 " min old", STR(where),
                 age < 0 ? 0 : age / 60000);
    return OK;
}

// clang-format off
const struct check checks_site[] = {
    {"settings", check_settings},
    {"listen", check_public},
    {"verify", check_verify},
    {"folder", check_folder},
    {"writing", check_writing},
    {"key file", check_keys},
    {"head file", check_head},
    {"seed", check_seeds},
    {"address", check_address},
    {"partners", check_trust},
    {"certificates", check_certificates},
    {"page size", check_page},
    {"clock", check_clock},
    {"disk", check_space},
    {"backup", check_backup},
    {0},
};
// clang-format on
