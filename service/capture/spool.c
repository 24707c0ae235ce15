// Writing begins with every megabyte, so that the sync at the end has little left to do: the loop
// that does it serves others.
#include "service/capture/spool.h"
#include "common/env.h"
#include "common/name_sync.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SPOOL_MAGIC 0x5b001f11u
#define FLUSH_EVERY ((uint64_t)MB)

struct spool {
    unsigned magic;
    int fd;
    bool kept;
    uint64_t written, flushed;
    char folder[SPOOL_PATH_MAX];
    char name[SPOOL_NAME_MAX];
};

static status trouble(const char *what)
{
    if (errno == ENOSPC || errno == EDQUOT)
        return fail(ST_FULL, "store.full", 0, "no room left: %s", strerror(errno));
    return fail(ST_STORE, "capture.spool", 0, "%s: %s", what, strerror(errno));
}

static void path_of(const struct spool *s, const char *name, char out[SPOOL_PATH_MAX + 64])
{
    snprintf(out, SPOOL_PATH_MAX + 64, "%s/%s", s->folder, name);
}

static struct spool *make(const char *folder)
{
    struct spool *s = calloc(1, sizeof *s);

    assert(s != NULL && strlen(folder) < sizeof s->folder);
    *s = (struct spool){.magic = SPOOL_MAGIC, .fd = -1};
    strncpy(s->folder, folder, sizeof s->folder - 1);
    return s;
}

status spool_new(const char *folder, const struct env *env, struct spool **out)
{
    struct spool *s = make(folder);
    char path[SPOOL_PATH_MAX + 64], hex[26];
    uint8_t random[13];

    env_random(env, random, sizeof random);
    hex_put(hex, random, sizeof random);
    snprintf(s->name, sizeof s->name, "%.*s.part", (int)sizeof hex, hex);
    path_of(s, s->name, path);
    s->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (s->fd >= 0) return *out = s, OK;
    status st = trouble("a document could not be kept");
    spool_close(&s);
    return st;
}

static bool is_name(str name)
{
    return name.n > 4 && name.n < SPOOL_NAME_MAX && memchr(name.p, '/', name.n) == NULL &&
           name.p[0] != '.';
}

status spool_open(const char *folder, str name, struct spool **out)
{
    char path[SPOOL_PATH_MAX + 64];

    if (!is_name(name)) return fail(ST_STORE, "capture.lost", 0, "no name of a spooled document");
    struct spool *s = make(folder);
    memcpy(s->name, name.p, name.n);
    s->kept = true;
    path_of(s, s->name, path);
    s->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (s->fd >= 0) return *out = s, OK;
    bool gone = errno == ENOENT;
    status st = trouble("a document that was kept");
    if (gone) st = fail(ST_STORE, "capture.lost", 0, "a document that was kept is gone");
    spool_close(&s);
    return st;
}

void spool_close(struct spool **sp)
{
    struct spool *s = *sp;
    char path[SPOOL_PATH_MAX + 64];

    *sp = NULL;
    if (s == NULL) return;
    OBJ_CHECK(s, SPOOL_MAGIC);
    path_of(s, s->name, path);
    if (s->fd >= 0) {
        if (!s->kept) unlink(path);
        close(s->fd);
    }
    s->magic = 0;
    free(s);
}

void spool_remove(struct spool **s)
{
    (*s)->kept = false;
    spool_close(s);
}

status spool_add(struct spool *s, str bytes)
{
    OBJ_CHECK(s, SPOOL_MAGIC);
    while (bytes.n > 0) {
        ssize_t n = write(s->fd, bytes.p, bytes.n);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return trouble("a document could not be kept");
        bytes = str_from(bytes, (size_t)n);
        s->written += (uint64_t)n;
    }
    if (s->written - s->flushed < FLUSH_EVERY) return OK;
    (void)sync_file_range(s->fd, (off_t)s->flushed, (off_t)(s->written - s->flushed),
                          SYNC_FILE_RANGE_WRITE); // a hint: spool_keep is what counts
    s->flushed = s->written;
    return OK;
}

status spool_keep(struct spool *s)
{
    char from[SPOOL_PATH_MAX + 64], to[SPOOL_PATH_MAX + 64], name[SPOOL_NAME_MAX];

    OBJ_CHECK(s, SPOOL_MAGIC);
    if (fdatasync(s->fd) != 0) return trouble("a document could not be kept");
    memcpy(name, s->name, sizeof name);
    char *dot = strrchr(name, '.');
    assert(dot != NULL);
    memcpy(dot, ".doc", 5);
    path_of(s, s->name, from);
    path_of(s, name, to);
    if (rename(from, to) != 0) return trouble("a document could not be kept");
    memcpy(s->name, name, sizeof name);
    if (!name_sync(to)) return trouble("the spool folder");
    s->kept = true;
    return OK;
}

str spool_name(const struct spool *s) { return str_of(s->name); }

status spool_read(const struct spool *s, uint64_t at, char *out, size_t n, size_t *got)
{
    OBJ_CHECK(s, SPOOL_MAGIC);
    for (;;) {
        ssize_t r = pread(s->fd, out, n, (off_t)at);
        if (r < 0 && errno == EINTR) continue;
        if (r < 0) return trouble("a document that was kept");
        *got = (size_t)r;
        return OK;
    }
}

status spool_folder(const char *folder)
{
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) return trouble(folder);
    return name_sync(folder) ? OK : trouble(folder); // or a document that is kept could go with it
}

void spool_sweep(const char *folder, bool (*is_needed)(void *self, str name), void *self)
{
    DIR *d = opendir(folder);

    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        str name = str_of(e->d_name);
        bool ours = str_ends(name, S(".part")) || str_ends(name, S(".doc"));
        if (ours && !is_needed(self, name)) (void)unlinkat(dirfd(d), e->d_name, 0);
    }
    if (d != NULL) closedir(d);
}
