// Paths, the lock and the file `format`. The lock is flock on the data folder itself, so that it
// needs no file of its own and ends with the process, however that ends.
#include "service/ops/folder.h"
#include "common/name_sync.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FORMAT_MAX    256u
#define FACTS_OF_INIT 2u // journal.opened and the first token

static status too_long(const char *name)
{
    return fail(ST_BAD_INPUT, "folder.path", 0, "the path of %s is too long", name);
}

static status join(const char *folder, const char *name, char out[FOLDER_PATH_MAX])
{
    int n = snprintf(out, FOLDER_PATH_MAX, "%s/%s", folder, name);
    return n > 0 && (unsigned)n < FOLDER_PATH_MAX ? OK : too_long(name);
}

static bool holds_format(const char *folder)
{
    char path[FOLDER_PATH_MAX];
    return join(folder, "format", path).cls == ST_OK && access(path, F_OK) == 0;
}

status folder_find(const char *dir, struct folder *out)
{
    struct folder f = {.lock = -1};
    size_t n = strlen(dir);

    if (n == 0) return fail(ST_BAD_INPUT, "folder.path", 0, "no folder was named");
    if (n >= sizeof f.site) return too_long("the folder");
    if (holds_format(dir)) {
        memcpy(f.data, dir, n + 1);
        *out = f;
        return OK;
    }
    memcpy(f.site, dir, n + 1);
    TRY(join(dir, "data", f.data));
    if (!holds_format(f.data))
        return fail(ST_NOT_FOUND, "folder.none", 0, "%s holds no site: packtrail init makes one",
                    dir);
    *out = f;
    return OK;
}

static status write_failed(const char *path)
{
    enum status_class cls = errno == ENOSPC || errno == EDQUOT ? ST_FULL : ST_STORE;
    return fail(cls, "file.write", 0, "%s: %s", path, strerror(errno));
}

// Its name is on the disk before anything in it is.
static status make_one(const char *path)
{
    if (mkdir(path, 0700) == 0) return name_sync(path) ? OK : write_failed(path);
    if (errno == EEXIST) return OK;
    return fail(ST_STORE, "folder.make", 0, "%s: %s", path, strerror(errno));
}

// An init writes FACTS_OF_INIT facts and then the file `format`: without it the store is half made.
static status clear_half(const struct folder *f)
{
    static const char *const files[] = {"data.mdb", "lock.mdb"};
    char path[FOLDER_PATH_MAX];
    struct db *db;
    uint64_t seq;

    TRY(join(f->data, files[0], path));
    if (access(path, F_OK) != 0) return OK;
    TRY(folder_db(f, 1 * GB, false, &db));
    struct txn *t = txn_read(db);
    seq = journal_head_get(t).seq;
    status st = txn_end(&t, false);
    db_close(&db);
    TRY(st);
    if (seq > FACTS_OF_INIT)
        return fail(ST_CONFLICT, "folder.foreign", 0,
                    "%s holds %llu facts but no file `format`: put that back", f->data,
                    (unsigned long long)seq);
    for (size_t i = 0; i < LEN(files); i++) {
        TRY(join(f->data, files[i], path));
        unlink(path);
    }
    return OK;
}

status folder_make(const char *dir, struct folder *out)
{
    char messages[FOLDER_PATH_MAX];
    struct folder f;

    status st = folder_find(dir, &f);
    if (st.cls == ST_OK)
        return fail(ST_CONFLICT, "folder.taken", 0, "%s holds a site already", dir);
    if (st.cls != ST_NOT_FOUND) return st;
    f = (struct folder){.lock = -1};
    memcpy(f.site, dir, strlen(dir) + 1);
    TRY(join(dir, "data", f.data));
    TRY(join(dir, "messages", messages));
    TRY(make_one(dir));
    TRY(make_one(f.data));
    TRY(make_one(messages));
    TRY(folder_lock(&f));
    st = clear_half(&f);
    if (st.cls == ST_OK)
        *out = f;
    else
        folder_close(&f);
    return st;
}

status folder_lock(struct folder *f)
{
    int fd = open(f->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0) return fail(ST_STORE, "folder.open", 0, "%s: %s", f->data, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        status st = errno == EWOULDBLOCK
                        ? fail(ST_CONFLICT, "folder.in_use", 0,
                               "%s is in use by another packtrail: stop it first", f->data)
                        : fail(ST_STORE, "folder.lock", 0, "%s: %s", f->data, strerror(errno));
        close(fd);
        return st;
    }
    f->lock = fd;
    return OK;
}

status folder_owned(const struct folder *f)
{
    struct stat s;

    if (stat(f->data, &s) != 0)
        return fail(ST_STORE, "folder.open", 0, "%s: %s", f->data, strerror(errno));
    if (s.st_uid == geteuid()) return OK;
    const struct passwd *owner = getpwuid(s.st_uid);
    return fail(ST_CONFLICT, "folder.owner", 0, "run it as user %.32s (uid %u), whose %s is",
                owner == NULL ? "without a name" : owner->pw_name, s.st_uid, f->data);
}

void folder_close(struct folder *f)
{
    if (f->lock >= 0) close(f->lock);
    f->lock = -1;
}

// Without links; of what is not there (yet), the nearest folder above that is, and the rest.
static bool resolve(const char *path, char out[PATH_MAX])
{
    char there[FOLDER_PATH_MAX];
    size_t n = strlen(path), cut;

    while (n > 1 && path[n - 1] == '/') n--;
    if (n == 0 || n >= sizeof there) return false;
    snprintf(there, sizeof there, "%.*s", (int)n, path);
    for (cut = n; realpath(there, out) == NULL;) {
        if (cut == 0) return false;
        while (cut > 0 && path[cut - 1] == '/') cut--;
        while (cut > 0 && path[cut - 1] != '/') cut--;
        snprintf(there, sizeof there, "%.*s", cut > 0 ? (int)cut : 1, cut > 0 ? path : ".");
    }
    if (cut == n) return true;
    size_t at = strcmp(out, "/") == 0 ? 0 : strlen(out);
    return (size_t)snprintf(out + at, PATH_MAX - at, "/%.*s", (int)(n - cut), path + cut) <
           PATH_MAX - at;
}

bool folder_holds(const char *folder, const char *path)
{
    char outer[PATH_MAX], inner[PATH_MAX];

    if (!resolve(folder, outer) || !resolve(path, inner)) return false;
    size_t n = strcmp(outer, "/") == 0 ? 0 : strlen(outer);
    return strncmp(inner, outer, n) == 0 && (inner[n] == '/' || inner[n] == 0);
}

bool folder_fills(const struct folder *f, const char *path)
{
    static const char *const own[] = {"messages", "spool"};
    char inside[FOLDER_PATH_MAX];
    bool fills = folder_holds(f->data, path);

    for (size_t i = 0; i < LEN(own) && !fills && f->site[0] != 0; i++)
        fills = join(f->site, own[i], inside).cls == ST_OK && folder_holds(inside, path);
    return fills;
}

status folder_path(const struct folder *f, const char *name, char out[FOLDER_PATH_MAX])
{
    return join(f->site, name, out);
}

bool folder_is_backup(const struct folder *f)
{
    char path[FOLDER_PATH_MAX];
    return f->site[0] != 0 && folder_path(f, FOLDER_BACKUP_MARK, path).cls == ST_OK &&
           access(path, F_OK) == 0;
}

status folder_serves(const struct folder *f)
{
    if (!folder_is_backup(f)) return OK;
    return fail(ST_CONFLICT, "folder.backup", 0,
                "%s is a backup: packtrail restore makes a site of it", f->site);
}

// ---- the format

static status format_wrong(const struct folder *f)
{
    return fail(ST_STORE, "folder.format", 0, "%s/format is not a data folder's", f->data);
}

static status format_parse(const struct folder *f, str text, struct folder_format *x)
{
    str number, id;
    uint64_t format;

    if (!str_cut(&text, '\n', &number) || !str_cut(&text, '\n', &id)) return format_wrong(f);
    if (!str_u64(number, UINT16_MAX, &format) || !hex_get(id, x->journal_id, 16))
        return format_wrong(f);
    text = str_trim(text);
    if (text.n >= sizeof x->created_by) return format_wrong(f);
    x->format = (unsigned)format;
    memcpy(x->created_by, text.p, text.n);
    if (format > FORMAT_NOW)
        return fail(ST_CONFLICT, "folder.newer", 0,
                    "%s is of format %u, made by %s: a newer packtrail must serve it", f->data,
                    x->format, x->created_by);
    return OK;
}

status folder_format_read(const struct folder *f, struct folder_format *out)
{
    char path[FOLDER_PATH_MAX], text[FORMAT_MAX];
    struct folder_format x = {0};

    TRY(join(f->data, "format", path));
    FILE *in = fopen(path, "rbe");
    if (in == NULL) return fail(ST_STORE, "folder.format", 0, "%s: %s", path, strerror(errno));
    size_t n = fread(text, 1, sizeof text, in);
    fclose(in);
    if (n == sizeof text) return format_wrong(f);
    TRY(format_parse(f, (str){text, n}, &x));
    *out = x;
    return OK;
}

status folder_format_write(const struct folder *f, const struct journal_meta *meta)
{
    char path[FOLDER_PATH_MAX], id[32];
    struct buf b;

    TRY(join(f->data, "format", path));
    hex_put(id, meta->journal_id, sizeof meta->journal_id);
    buf_init(&b, FORMAT_MAX);
    buf_addf(&b, "%u\n%.*s\n%.*s\n", meta->format, (int)sizeof id, id, STR(meta->created_by));
    status st = folder_put(path, buf_str(&b));
    buf_fini(&b);
    return st;
}

// ---- files

static status write_synced(const char *path, str text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    status st = OK;

    if (fd < 0) return write_failed(path);
    while (st.cls == ST_OK && text.n > 0) {
        ssize_t n = write(fd, text.p, text.n);
        if (n >= 0)
            text = str_from(text, (size_t)n);
        else if (errno != EINTR)
            st = write_failed(path);
    }
    if (st.cls == ST_OK && fsync(fd) != 0) st = write_failed(path);
    if (close(fd) != 0 && st.cls == ST_OK) st = write_failed(path);
    return st;
}

status folder_put(const char *path, str text)
{
    char beside[FOLDER_PATH_MAX];
    int n = snprintf(beside, sizeof beside, "%s.new", path);

    if (n < 0 || (size_t)n >= sizeof beside) return too_long(path);
    status st = write_synced(beside, text);
    if (st.cls == ST_OK && rename(beside, path) != 0) st = write_failed(path);
    if (st.cls == ST_OK) return name_sync(path) ? OK : write_failed(path);
    unlink(beside);
    return st;
}

status folder_get(const char *path, struct buf *out)
{
    FILE *f = fopen(path, "rbe");
    char piece[4096];
    size_t n;
    str whole;

    if (f == NULL)
        return fail(errno == ENOENT ? ST_NOT_FOUND : ST_STORE, "file.open", 0, "%s: %s", path,
                    strerror(errno));
    while ((n = fread(piece, 1, sizeof piece, f)) > 0 && !out->failed)
        buf_add(out, (str){piece, n});
    status st = ferror(f) ? fail(ST_STORE, "file.read", 0, "%s: %s", path, strerror(errno))
                          : buf_done(out, &whole);
    fclose(f);
    return st;
}

// The lock file that LMDB makes also for who only reads is another's where that is not the owner,
// and the owner's service could not open it: root gives it away before, others make none.
static status lock_file_give(const struct folder *f)
{
    char path[FOLDER_PATH_MAX];
    struct stat s;

    TRY(join(f->data, "lock.mdb", path));
    if (access(path, F_OK) == 0 || stat(f->data, &s) != 0 || s.st_uid == geteuid()) return OK;
    if (eaccess(f->data, W_OK) != 0) return OK; // then LMDB makes none either
    if (geteuid() != 0) return folder_owned(f);
    int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) return errno == EEXIST ? OK : write_failed(path);
    bool given = fchown(fd, s.st_uid, s.st_gid) == 0;
    if (!given) unlink(path);
    close(fd);
    return given ? OK : folder_owned(f);
}

status folder_db(const struct folder *f, size_t map_max, bool read_only, struct db **out)
{
    if (read_only) TRY(lock_file_give(f));
    struct db_conf conf = {
        .folder = f->data, .map_max = map_max, .readers = FOLDER_READERS, .read_only = read_only};
    return db_open(&conf, out);
}
