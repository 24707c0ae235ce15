// Preloaded before the service: writes down what it does to its disk, so that power.py can build
// the disk as it may be after a power cut at any moment. Syncs are written down and not made: what
// the machine's own disk does is no matter here.
//
// POWER_LOG is the file that gets the record, POWER_UNDER the folder whose files are meant, and
// POWER_DEAF=n has every n-th sync of data.mdb forgotten: the planted fault that must be found.
//
// An entry: type 1, flags 1, two zeros, length of what follows 4, handle 8, offset 8 (in the
// machine's order), then bytes: what was written, or a path, or two paths with a NUL between them.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define FDS      4096
#define PATH_MAX 1024
#define PIECES   256 // of one writev; LMDB has 64

enum { OPENED = 1, WRITTEN, CUT, SYNC_BEGUN, SYNCED, RENAMED, UNLINKED, MADE };
enum { EMPTIED = 1, AT_ONCE = 2 }; // flags: of an open with O_TRUNC; of a write with O_DSYNC

struct entry {
    uint8_t type, flags, zero[2];
    uint32_t n;
    uint64_t handle;
    int64_t at;
};

static struct {
    pthread_mutex_t lock; // of all below, and of the order of the record
    int log;
    char under[PATH_MAX];
    uint64_t handle[FDS]; // 0: none of ours
    bool at_once[FDS], store[FDS];
    uint64_t handles, syncs, deaf;
} g = {.lock = PTHREAD_MUTEX_INITIALIZER, .log = -1};

__attribute__((constructor)) static void begin(void)
{
    const char *log = getenv("POWER_LOG"), *under = getenv("POWER_UNDER");
    const char *deaf = getenv("POWER_DEAF");

    if (log == NULL || under == NULL || strlen(under) >= sizeof g.under) return;
    memcpy(g.under, under, strlen(under));
    g.log =
        (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    g.handles = (uint64_t)getpid() << 32;
    if (deaf != NULL) g.deaf = strtoul(deaf, NULL, 10);
}

// An entry is whole or not there: other processes append to the same record.
static void note(struct entry e, const struct iovec *body, int n)
{
    struct iovec all[PIECES + 1] = {
        {&e, sizeof e}
    };
    size_t size = sizeof e;

    if (g.log < 0) return;
    if (n > PIECES) _exit(97);
    for (int i = 0; i < n; i++) {
        all[i + 1] = body[i];
        e.n += (uint32_t)body[i].iov_len;
        size += body[i].iov_len;
    }
    if (syscall(SYS_writev, g.log, all, n + 1) != (long)size) _exit(98);
}

// The path from the folder on, or NULL where it is another's. LMDB's locks are nobody's data.
static const char *ours(int dir, const char *path, char whole[PATH_MAX])
{
    size_t n = strlen(g.under);

    if (g.log < 0) return NULL;
    if (path[0] == '/') {
        snprintf(whole, PATH_MAX, "%s", path);
    } else if (dir == AT_FDCWD) {
        if (getcwd(whole, PATH_MAX) == NULL) return NULL;
        size_t at = strlen(whole);
        snprintf(whole + at, PATH_MAX - at, "/%s", path);
    } else {
        char link[64];
        snprintf(link, sizeof link, "/proc/self/fd/%d", dir);
        ssize_t got = readlink(link, whole, PATH_MAX / 2);
        if (got < 0) return NULL;
        snprintf(whole + got, PATH_MAX - (size_t)got, "/%s", path);
    }
    if (strncmp(whole, g.under, n) != 0 || (whole[n] != '/' && whole[n] != 0)) return NULL;
    if (strstr(whole, "/lock.mdb") != NULL) return NULL;
    return whole[n] == 0 ? whole + n : whole + n + 1;
}

static void note_path(struct entry e, const char *path)
{
    note(e, &(struct iovec){(void *)(uintptr_t)path, strlen(path)}, 1);
}

static int opened(int fd, int dir, const char *path, int flags)
{
    char whole[PATH_MAX];
    struct entry e = {.type = OPENED, .flags = (flags & O_TRUNC) != 0 ? EMPTIED : 0};
    int trouble = errno;

    if (fd < 0 || fd >= FDS) return fd;
    const char *mine = ours(dir, path, whole);
    pthread_mutex_lock(&g.lock);
    g.handle[fd] = 0;
    if (mine != NULL) {
        g.handle[fd] = e.handle = ++g.handles;
        g.at_once[fd] = (flags & O_DSYNC) != 0;
        g.store[fd] = strstr(mine, "data.mdb") != NULL;
        note_path(e, mine);
    }
    pthread_mutex_unlock(&g.lock);
    errno = trouble;
    return fd;
}

int open(const char *path, int flags, ...)
{
    va_list more;

    va_start(more, flags);
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
    va_end(more);
    return opened((int)syscall(SYS_openat, AT_FDCWD, path, flags, mode), AT_FDCWD, path, flags);
}

int openat(int dir, const char *path, int flags, ...)
{
    va_list more;

    va_start(more, flags);
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
    va_end(more);
    return opened((int)syscall(SYS_openat, dir, path, flags, mode), dir, path, flags);
}

int close(int fd)
{
    pthread_mutex_lock(&g.lock);
    if (fd >= 0 && fd < FDS) g.handle[fd] = 0;
    pthread_mutex_unlock(&g.lock);
    return (int)syscall(SYS_close, fd);
}

static bool is_ours(int fd) { return fd >= 0 && fd < FDS && g.handle[fd] != 0; }

// What was written in pieces, as much of it as the disk took.
static void written(int fd, int64_t at, const struct iovec *v, int n, size_t took)
{
    struct entry e = {.type = WRITTEN, .handle = g.handle[fd], .at = at};
    struct iovec part[PIECES];
    int parts = 0;

    if (n > PIECES) _exit(97);

    if (g.at_once[fd]) e.flags = AT_ONCE;
    for (int i = 0; i < n && took > 0; i++) {
        part[parts] = v[i];
        if (part[parts].iov_len > took) part[parts].iov_len = took;
        took -= part[parts++].iov_len;
    }
    note(e, part, parts);
}

static ssize_t put(int fd, const struct iovec *v, int n, int64_t at)
{
    bool here = at < 0;

    if (!is_ours(fd))
        return here ? syscall(SYS_writev, fd, v, n) : syscall(SYS_pwritev, fd, v, n, at, 0);
    pthread_mutex_lock(&g.lock);
    ssize_t took = here ? syscall(SYS_writev, fd, v, n) : syscall(SYS_pwritev, fd, v, n, at, 0);
    int trouble = errno;
    if (here && took > 0) at = lseek(fd, 0, SEEK_CUR) - took;
    if (took > 0) written(fd, at, v, n, (size_t)took);
    pthread_mutex_unlock(&g.lock);
    errno = trouble;
    return took;
}

ssize_t write(int fd, const void *p, size_t n)
{
    if (!is_ours(fd)) return syscall(SYS_write, fd, p, n);
    return put(fd, &(struct iovec){(void *)(uintptr_t)p, n}, 1, -1);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    if (!is_ours(fd)) return syscall(SYS_pwrite64, fd, p, n, at);
    return put(fd, &(struct iovec){(void *)(uintptr_t)p, n}, 1, at);
}

ssize_t writev(int fd, const struct iovec *v, int n) { return put(fd, v, n, -1); }
ssize_t pwritev(int fd, const struct iovec *v, int n, off_t at) { return put(fd, v, n, at); }

int ftruncate(int fd, off_t size)
{
    pthread_mutex_lock(&g.lock);
    int rc = (int)syscall(SYS_ftruncate, fd, size), trouble = errno;
    if (rc == 0 && is_ours(fd))
        note((struct entry){.type = CUT, .handle = g.handle[fd], .at = size}, NULL, 0);
    pthread_mutex_unlock(&g.lock);
    errno = trouble;
    return rc;
}

// What is written between the two entries may be on the disk or not.
static int synced(int fd)
{
    pthread_mutex_lock(&g.lock);
    struct entry e = {.type = SYNC_BEGUN, .handle = is_ours(fd) ? g.handle[fd] : 0};
    bool deaf = e.handle != 0 && g.store[fd] && g.deaf > 0 && ++g.syncs % g.deaf == 0;
    if (e.handle != 0 && !deaf) note(e, NULL, 0);
    pthread_mutex_unlock(&g.lock);
    if (e.handle == 0) return (int)syscall(SYS_fsync, fd);
    e.type = SYNCED;
    pthread_mutex_lock(&g.lock);
    if (!deaf) note(e, NULL, 0);
    pthread_mutex_unlock(&g.lock);
    return 0;
}

int fdatasync(int fd) { return synced(fd); }
int fsync(int fd) { return synced(fd); }

static int renamed(int from_dir, const char *from, int to_dir, const char *to)
{
    char a[PATH_MAX], b[PATH_MAX];

    pthread_mutex_lock(&g.lock);
    int rc = (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, 0), trouble = errno;
    const char *mine = rc == 0 ? ours(from_dir, from, a) : NULL;
    const char *new = rc == 0 ? ours(to_dir, to, b) : NULL;
    if (mine != NULL && new != NULL) {
        struct iovec both[2] = {
            {(void *)(uintptr_t)mine, strlen(mine) + 1},
            {(void *)(uintptr_t) new, strlen(new)     }
        };
        note((struct entry){.type = RENAMED}, both, 2);
    }
    pthread_mutex_unlock(&g.lock);
    errno = trouble;
    return rc;
}

int rename(const char *from, const char *to) { return renamed(AT_FDCWD, from, AT_FDCWD, to); }
int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    return renamed(from_dir, from, to_dir, to);
}

static int changed(long rc, int dir, const char *path, uint8_t type)
{
    char whole[PATH_MAX];
    int trouble = errno;
    const char *mine = rc == 0 ? ours(dir, path, whole) : NULL;

    if (mine != NULL) note_path((struct entry){.type = type}, mine);
    pthread_mutex_unlock(&g.lock);
    errno = trouble;
    return (int)rc;
}

int unlinkat(int dir, const char *path, int flags)
{
    pthread_mutex_lock(&g.lock);
    return changed(syscall(SYS_unlinkat, dir, path, flags), dir, path, UNLINKED);
}

int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int mkdir(const char *path, mode_t mode)
{
    pthread_mutex_lock(&g.lock);
    return changed(syscall(SYS_mkdirat, AT_FDCWD, path, mode), AT_FDCWD, path, MADE);
}
