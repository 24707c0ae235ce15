// iq_site.c - the site, for a report of the installation: who may touch its files, whether its disk
// keeps what it is given, what is set, how time is kept, who may read keys, who has rights.
#include "service/access/certificate_db.h"
#include "service/access/user.h"
#include "service/cli/checking.h"
#include "service/journal/opened.h"
#include "service/ops/export_key.h"
#include "service/ops/head_file.h"
#include "service/serve_certificates.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <sys/vfs.h>
#include <unistd.h>

#define SYNCS        50u
#define SYNC_SLOW_US 50000 // a group of commands waits for one: over it lines feel it

// ---- files

static const struct kept { // what lies in a site's folder, and how secret it is
    const char *name;
    bool secret, needed;
} kept[] = {
    {".",              false, true },
    {"packtrail.yaml", false, true },
    {"site.key",       true,  true },
    {"export.key",     true,  false},
    {"head.json",      false, false},
    {"data",           true,  true },
    {"data/data.mdb",  true,  true },
    {"data/format",    false, true },
    {"messages",       true,  true },
};

static status path_in(const struct checking *c, const char *name, char out[FOLDER_PATH_MAX])
{
    return folder_path(&c->folder, name, out);
}

// What others may do with a file in a folder that is closed to them is nothing; but a mode that
// lets them write, or read a secret, is told all the same, for the folder may be opened one day.
static status check_files(struct checking *c)
{
    char path[FOLDER_PATH_MAX];
    struct stat s, top;
    uint32_t open = 0, strange = 0, writable = 0, secrets = 0;

    TRY(path_in(c, ".", path));
    if (stat(path, &top) != 0) return fail(ST_STORE, "file.open", 0, "%s", path);
    bool closed = (top.st_mode & 077) == 0;
    for (size_t i = 0; i < LEN(kept); i++) {
        TRY(path_in(c, kept[i].name, path));
        if (stat(path, &s) != 0) {
            if (kept[i].needed) return fail(ST_NOT_FOUND, "file.open", 0, "there is no %s", path);
            continue;
        }
        bool shown = kept[i].secret && (s.st_mode & 077) != 0;
        if (((s.st_mode & 07) != 0 || shown) && !closed) open++;
        if (shown) secrets++;
        if ((s.st_mode & 022) != 0) writable++;
        if (s.st_uid != top.st_uid) strange++;
        checking_found(c, str_of(kept[i].name), "%04o, uid %u, gid %u", (unsigned)s.st_mode & 07777,
                       s.st_uid, s.st_gid);
    }
    c->warned = open > 0 || strange > 0 || writable > 0 || secrets > 0;
    checking_say(c, "%s",
                 open > 0       ? "others on this machine may read what is not theirs"
                 : writable > 0 ? "the modes let others write (chmod go-w)"
                 : secrets > 0  ? "the modes let others read secrets (chmod go-rwx)"
                 : strange > 0  ? "not all belongs to the folder's owner"
                                : "closed to all but their owner");
    return OK;
}

static status check_format(struct checking *c)
{
    struct folder_format format;
    char id[33] = "";

    TRY(folder_format_read(&c->folder, &format));
    hex_put(id, format.journal_id, sizeof format.journal_id);
    checking_say(c, "%u, as this program writes it", format.format);
    if (format.format != FORMAT_NOW)
        checking_say(c, "%u; this program writes %d", format.format, FORMAT_NOW);
    checking_found(c, S("created by"), "%s", format.created_by);
    checking_found(c, S("journal"), "%s", id);
    return OK;
}

// ---- the disk

static const char *system_name(long type)
{
    static const struct {
        long type;
        const char *name;
    } known[] = {
        {EXT4_SUPER_MAGIC,      "ext4"     },
        {XFS_SUPER_MAGIC,       "xfs"      },
        {BTRFS_SUPER_MAGIC,     "btrfs"    },
        {TMPFS_MAGIC,           "tmpfs"    },
        {NFS_SUPER_MAGIC,       "nfs"      },
        {SMB2_SUPER_MAGIC,      "smb"      },
        {OVERLAYFS_SUPER_MAGIC, "overlayfs"},
        {F2FS_SUPER_MAGIC,      "f2fs"     },
    };
    for (size_t i = 0; i < LEN(known); i++)
        if (known[i].type == type) return known[i].name;
    return "another";
}

// Writes and syncs as the store does, reads it again. How long one took, in microseconds.
static status sync_try(int folder, const char *name, int64_t *us)
{
    static char page[4 * KB], again[4 * KB];
    status st = OK;

    int fd = openat(folder, name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail(ST_STORE, "disk.write", 0, "a file cannot be made: %s", strerror(errno));
    mono began = env_mono(&env_real);
    for (unsigned i = 0; i < SYNCS && st.cls == ST_OK; i++) {
        memset(page, (int)i + 1, sizeof page);
        if (pwrite(fd, page, sizeof page, (off_t)(i * sizeof page)) != (ssize_t)sizeof page ||
            fdatasync(fd) != 0)
            st = fail(ST_STORE, "disk.write", 0, "it cannot be synced: %s", strerror(errno));
    }
    *us = (env_mono(&env_real).ms - began.ms) * 1000 / SYNCS;
    if (st.cls == ST_OK && fsync(folder) != 0)
        st = fail(ST_STORE, "disk.write", 0, "the folder cannot be synced: %s", strerror(errno));
    for (unsigned i = 0; i < SYNCS && st.cls == ST_OK; i++) {
        memset(page, (int)i + 1, sizeof page);
        if (pread(fd, again, sizeof again, (off_t)(i * sizeof again)) != (ssize_t)sizeof again ||
            memcmp(page, again, sizeof page) != 0)
            st = fail(ST_STORE, "disk.read", 0, "what was written does not come back");
    }
    close(fd);
    unlinkat(folder, name, 0);
    return st;
}

static status check_disk(struct checking *c)
{
    char name[64];
    struct statfs f;
    int64_t us = 0;

    int folder = open(c->folder.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0 || fstatfs(folder, &f) != 0) {
        if (folder >= 0) close(folder);
        return fail(ST_STORE, "machine.disk", 0, "%s: %s", c->folder.data, strerror(errno));
    }
    snprintf(name, sizeof name, "sync-test-%d", (int)getpid());
    status st = sync_try(folder, name, &us);
    close(folder);
    TRY(st);
    long type = (long)f.f_type;
    bool unsafe = type == TMPFS_MAGIC || type == NFS_SUPER_MAGIC || type == SMB2_SUPER_MAGIC;
    c->warned = unsafe || us > SYNC_SLOW_US;
    checking_found(c, S("file system"), "%s (0x%lx)", system_name(type), (unsigned long)type);
    checking_found(c, S("sync of 4 KB"), "%" PRId64 " us, one of %u", us, SYNCS);
    checking_say(c, "%s",
                 unsafe              ? "a file system that a store must not lie on"
                 : us > SYNC_SLOW_US ? "keeps what it is given, but slowly"
                                     : "keeps what it is given");
    return OK;
}

// ---- settings

static status check_in_force(struct checking *c)
{
    uint32_t changed = 0, n = 0;
    struct buf b;

    buf_init(&b, 64 * KB);
    for (const struct setting *s = site_setting_table; s->name != NULL; s++, n++) {
        buf_reset(&b);
        setting_write(s, &c->settings, &b);
        bool own = !str_eq(buf_str(&b), str_of(s->value)) &&
                   (s->kind != SETTING_ROWS || !str_eq(buf_str(&b), S("0 rows")));
        changed += own ? 1 : 0;
        checking_found(c, str_of(s->name), "%.*s%s", STR(buf_str(&b)), own ? " (changed)" : "");
    }
    buf_fini(&b);
    checking_say(c, "%u of %u are other than by default, %u things to put at the first start",
                 changed, n, c->settings.seed_count);
    return OK;
}

// ---- time

static status check_time(struct checking *c)
{
    struct timex t = {.modes = 0};
    struct moment now = env_moment(&env_real);
    int state = adjtimex(&t);
    struct buf b;

    if (state < 0) {
        c->warned = true;
        checking_say(c, "the kernel may not be asked who keeps the clock");
        return OK;
    }
    bool kept_right = state != TIME_ERROR && (t.status & STA_UNSYNC) == 0;
    c->warned = !kept_right;
    checking_say(c, "%s",
                 kept_right ? "the clock is kept by a source of time"
                            : "nobody keeps the clock: records are marked as unsure");
    buf_init(&b, 64);
    when_write(&b, now);
    checking_found(c, S("now"), "%.*s", STR(buf_str(&b)));
    buf_fini(&b);
    checking_found(c, S("greatest error"), "%ld us", t.maxerror);
    checking_found(c, S("estimated error"), "%ld us", t.esterror);
    return OK;
}

// ---- keys of certificates

struct keys_seen {
    uint32_t n;
    status st; // of the first that is not as it should be
};

static void key_look(void *self, const struct serve_certificate *x)
{
    struct keys_seen *all = self;
    struct stat s;

    if (all->st.cls != ST_OK || x->key.n == 0) return;
    all->n++;
    if (stat(x->key.p, &s) != 0)
        all->st = fail(ST_BAD_INPUT, "tls.files", 0, "%.30s: there is no key %.*s", x->whose,
                       STR(str_shown(x->key, 40)));
    else if ((s.st_mode & 077) != 0)
        all->st = fail(ST_BAD_INPUT, "tls.key_open", 0, "%.60s: others may read its key, mode %04o",
                       x->whose, (unsigned)s.st_mode & 07777);
}

static status check_tls_keys(struct checking *c)
{
    struct keys_seen all = {.st = OK};

    serve_certificates_each(&c->settings, key_look, &all);
    checking_say(c, "%u, all closed to others", all.n);
    return all.st;
}

// What exports are proven with: another one than auditors have is told by its digest.
static status check_export_key(struct checking *c)
{
    char path[FOLDER_PATH_MAX], sum[EXPORT_KEY_SUM_MAX];
    struct export_key *k;

    TRY(path_in(c, "export.key", path));
    status st = export_key_open(path, NULL, &k);
    c->warned = st.cls == ST_NOT_FOUND;
    checking_say(c, "there is none: the next start makes another one");
    if (c->warned) return OK;
    TRY(st);
    export_key_sum(k, sum);
    export_key_close(&k);
    checking_say(c, "it can be used: compare its digest with that of the last report");
    checking_found(c, S("sha256 of the public half"), "%s", sum);
    return OK;
}

// ---- people

struct rights {
    uint32_t admins, signers, machines;
};

static void users_look(struct checking *c, struct txn *t, struct rights *r)
{
    struct buf key;
    struct user u;
    struct item i;

    buf_init(&key, 4 * KB);
    struct walk w = item_walk(t, &noun_user, S(""), &key);
    while (item_next(&w, &i)) {
        if (!user_get(t, i.name, &c->arena, &u) || !u.active) continue;
        if (u.role != ROLE_ADMIN && u.role != ROLE_QA) continue;
        if (u.role == ROLE_ADMIN) r->admins++;
        if (u.role == ROLE_QA) r->signers++;
        checking_found(c, u.name, "%s, %.*s", role_word(u.role), STR(u.printed));
    }
    walk_close(&w);
    buf_fini(&key);
}

// Tokens and certificates that administer and are no person's: what they do is nobody's.
static void machines_look(struct checking *c, struct txn *t, struct rights *r)
{
    uint64_t last = counter_get(t, COUNTER_ACTOR);
    wall now = env_wall(&env_real);
    struct actor x;

    for (uint32_t n = 1; n <= last; n++) {
        if (!actor_get(t, n, &c->arena, &x) || x.role != ROLE_ADMIN || x.user.n > 0) continue;
        if (x.revoked.ms != 0 || (x.expires.ms != 0 && x.expires.ms <= now.ms)) continue;
        r->machines++;
        checking_found(c, x.id, "admin, of no person");
    }
}

static status check_rights(struct checking *c)
{
    struct txn *t = txn_read(c->db);
    struct rights r = {0};

    users_look(c, t, &r);
    machines_look(c, t, &r);
    TRY(txn_end(&t, false));
    c->warned = r.machines > 0 || r.admins == 0;
    checking_say(c, "%u people administer, %u sign; %u tokens of no person administer", r.admins,
                 r.signers, r.machines);
    return OK;
}

// ---- the journal

static status check_head(struct checking *c)
{
    char path[FOLDER_PATH_MAX], hex[65];
    struct journal_head file;
    bool there = false;
    struct buf b;

    for (size_t i = 0; i < sizeof c->head.link.b; i++)
        snprintf(hex + 2 * i, 3, "%02x", c->head.link.b[i]);
    checking_found(c, S("seq"), "%" PRIu64, c->head.seq);
    checking_found(c, S("link"), "%s", hex);
    buf_init(&b, 64);
    when_write(&b, (struct moment){c->head.at, 0});
    checking_found(c, S("time"), "%.*s", STR(buf_str(&b)));
    buf_fini(&b);
    TRY(path_in(c, "head.json", path));
    TRY(head_file_read(path, &there, &file));
    checking_say(c, "%" PRIu64 " records", c->head.seq);
    c->warned = !there;
    if (!there) checking_say(c, "%" PRIu64 " records; there is no head.json yet", c->head.seq);
    return head_file_hold(c->db, path);
}

// clang-format off
const struct check checks_install[] = {
    {"files", check_files},
    {"format", check_format},
    {"file system", check_disk},
    {"in force", check_in_force},
    {"time source", check_time},
    {"TLS keys", check_tls_keys},
    {"export key", check_export_key},
    {"rights", check_rights},
    {"journal head", check_head},
    {0},
};
// clang-format on
