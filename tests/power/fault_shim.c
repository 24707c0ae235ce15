// Preloaded before the service: fails the n-th call of a kind, once or from then on.
//
// FAULT_CONTROL names a file that the test maps, too (faults.py): what is to fail is set there
// while the service runs, and the calls of each kind are counted there. Standard output and error
// never fail: there the service says what is wrong.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { NONE, ALLOC, OPEN, READ, WRITE, SYNC, RENAME, TRUNCATE, MAP, SOCKET, ACCEPT, CONNECT };
enum { RECV = CONNECT + 1, SEND, STORE, THREAD, POLL, META, KINDS };
#define META_END 8192 // LMDB's own two pages: where a file's data never lie

struct control {
    uint32_t kind, error, ever;
    _Atomic uint32_t hits;
    uint64_t nth;
    _Atomic uint64_t count[KINDS];
};

static struct control idle, *g = &idle;

#define LIBC(name) static __typeof__(&name) real_##name
LIBC(posix_memalign);
LIBC(fopen);
LIBC(pthread_create);

#define MDB(name, ...)                                                                             \
    int name(__VA_ARGS__);                                                                         \
    static __typeof__(&name) real_##name
MDB(mdb_txn_begin, void *, void *, unsigned, void **);
MDB(mdb_txn_renew, void *);
MDB(mdb_txn_commit, void *);
MDB(mdb_get, void *, unsigned, void *, void *);
MDB(mdb_put, void *, unsigned, void *, void *, unsigned);
MDB(mdb_del, void *, unsigned, void *, void *);
MDB(mdb_cursor_open, void *, unsigned, void **);
MDB(mdb_cursor_get, void *, void *, void *, int);
MDB(mdb_cursor_count, void *, size_t *);
static void (*real_mdb_txn_abort)(void *);

#define FIND(name) *(void **)&real_##name = dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("FAULT_CONTROL");
    int fd;

    FIND(posix_memalign), FIND(fopen), FIND(pthread_create);
    FIND(mdb_txn_begin), FIND(mdb_txn_renew), FIND(mdb_txn_commit), FIND(mdb_txn_abort);
    FIND(mdb_get), FIND(mdb_put), FIND(mdb_del);
    FIND(mdb_cursor_open), FIND(mdb_cursor_get), FIND(mdb_cursor_count);
    if (path == NULL) return;
    fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
    void *p = (void *)syscall(SYS_mmap, NULL, sizeof *g, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd < 0 || p == MAP_FAILED) _exit(99);
    syscall(SYS_close, fd);
    g = p;
}

// Counts a call; is it one that fails? errno says how.
static bool fails(int kind)
{
    uint64_t n = atomic_fetch_add(&g->count[kind], 1) + 1;

    if (g->kind != (uint32_t)kind || g->nth == 0 || n < g->nth) return false;
    if (n > g->nth && !g->ever) return false;
    atomic_fetch_add(&g->hits, 1);
    errno = (int)g->error;
    return true;
}

// ---- memory; glibc's own doors stay open

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

void *malloc(size_t n) { return fails(ALLOC) ? NULL : __libc_malloc(n); }
void *calloc(size_t n, size_t size) { return fails(ALLOC) ? NULL : __libc_calloc(n, size); }
void *realloc(void *p, size_t n) { return fails(ALLOC) ? NULL : __libc_realloc(p, n); }
int posix_memalign(void **out, size_t align, size_t n)
{
    return fails(ALLOC) ? errno : real_posix_memalign(out, align, n);
}

void *mmap(void *at, size_t n, int prot, int flags, int fd, off_t from)
{
    if (fd >= 0 && fails(MAP)) return MAP_FAILED;
    return (void *)syscall(SYS_mmap, at, n, prot, flags, fd, from);
}

// ---- files and sockets

int open(const char *path, int flags, ...)
{
    va_list more;

    va_start(more, flags);
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
    va_end(more);
    return fails(OPEN) ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

FILE *fopen(const char *path, const char *how)
{
    return fails(OPEN) ? NULL : real_fopen(path, how);
}

// Other descriptors than files and sockets (NONE) only wake threads.
static bool passes(int fd, int file, int sock)
{
    struct stat s;
    int before = errno;

    if (fd <= 2 || fstat(fd, &s) != 0) return errno = before, true;
    errno = before;
    int kind = S_ISREG(s.st_mode) ? file : S_ISSOCK(s.st_mode) ? sock : NONE;
    return kind == NONE || !fails(kind);
}
#define IN(fd)                                                                                     \
    if (!passes(fd, READ, RECV)) return -1
#define OUT(fd)                                                                                    \
    if (!passes(fd, WRITE, SEND)) return -1

ssize_t read(int fd, void *p, size_t n)
{
    IN(fd);
    return syscall(SYS_read, fd, p, n);
}
ssize_t __read_chk(int fd, void *p, size_t n, size_t room)
{
    if (n > room) abort();
    return read(fd, p, n);
}
ssize_t readv(int fd, const struct iovec *v, int n)
{
    IN(fd);
    return syscall(SYS_readv, fd, v, n);
}
ssize_t pread(int fd, void *p, size_t n, off_t at)
{
    IN(fd);
    return syscall(SYS_pread64, fd, p, n, at);
}
ssize_t recv(int fd, void *p, size_t n, int flags)
{
    IN(fd);
    return syscall(SYS_recvfrom, fd, p, n, flags, NULL, NULL);
}
ssize_t write(int fd, const void *p, size_t n)
{
    OUT(fd);
    return syscall(SYS_write, fd, p, n);
}
ssize_t writev(int fd, const struct iovec *v, int n)
{
    OUT(fd);
    return syscall(SYS_writev, fd, v, n);
}
ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    if (at < META_END && !passes(fd, META, NONE)) return -1;
    OUT(fd);
    return syscall(SYS_pwrite64, fd, p, n, at);
}
ssize_t send(int fd, const void *p, size_t n, int flags)
{
    OUT(fd);
    return syscall(SYS_sendto, fd, p, n, flags, NULL, 0);
}
ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
    OUT(fd);
    return syscall(SYS_sendmsg, fd, m, flags);
}

#define PLAIN(kind, name, params, call)                                                            \
    int name params { return fails(kind) ? -1 : (int)syscall call; }
PLAIN(SYNC, fsync, (int fd), (SYS_fsync, fd))
PLAIN(SYNC, fdatasync, (int fd), (SYS_fdatasync, fd))
PLAIN(SYNC, msync, (void *p, size_t n, int how), (SYS_msync, p, n, how))
PLAIN(TRUNCATE, ftruncate, (int fd, off_t size), (SYS_ftruncate, fd, size))
PLAIN(RENAME, rename, (const char *a, const char *b), (SYS_rename, a, b))
PLAIN(RENAME, mkdir, (const char *path, mode_t mode), (SYS_mkdir, path, mode))
PLAIN(SOCKET, socket, (int family, int type, int way), (SYS_socket, family, type, way))
PLAIN(POLL, eventfd, (unsigned n, int flags), (SYS_eventfd2, n, flags))
PLAIN(POLL, epoll_create1, (int flags), (SYS_epoll_create1, flags))
PLAIN(POLL, epoll_ctl, (int ep, int op, int fd, void *e), (SYS_epoll_ctl, ep, op, fd, e))
PLAIN(CONNECT, connect, (int fd, __CONST_SOCKADDR_ARG a, socklen_t n),
      (SYS_connect, fd, a.__sockaddr__, n))
PLAIN(ACCEPT, accept4, (int fd, __SOCKADDR_ARG a, socklen_t *n, int flags),
      (SYS_accept4, fd, a.__sockaddr__, n, flags))

int pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*run)(void *), void *arg)
{
    return fails(THREAD) ? errno : real_pthread_create(t, a, run, arg);
}

// ---- the store, at LMDB's door

#define STORES(name, params, args)                                                                 \
    int name params { return fails(STORE) ? (int)g->error : real_##name args; }
STORES(mdb_txn_begin, (void *e, void *up, unsigned f, void **out), (e, up, f, out))
STORES(mdb_txn_renew, (void *t), (t))
STORES(mdb_get, (void *t, unsigned in, void *k, void *v), (t, in, k, v))
STORES(mdb_put, (void *t, unsigned in, void *k, void *v, unsigned f), (t, in, k, v, f))
STORES(mdb_del, (void *t, unsigned in, void *k, void *v), (t, in, k, v))
STORES(mdb_cursor_open, (void *t, unsigned in, void **out), (t, in, out))
STORES(mdb_cursor_get, (void *c, void *k, void *v, int op), (c, k, v, op))
STORES(mdb_cursor_count, (void *c, size_t *n), (c, n))

int mdb_txn_commit(void *t) // a commit that failed has ended the transaction
{
    if (!fails(STORE)) return real_mdb_txn_commit(t);
    real_mdb_txn_abort(t);
    return (int)g->error;
}
