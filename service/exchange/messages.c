// Files of records, one after the other (integers big-endian):
//
//   "PTMS" | version 1 | sort 1 | packing 1 (0 as they are, 1 deflated) | 0 | length of the bytes 4
//   | length as stored 4 | SHA-256 of the bytes 32 | the bytes as stored
//
// A record that is cut short by a crash is the last of its file, and no fact points at it.
#include "service/exchange/messages.h"
#include "common/buf.h"
#include "common/bytes.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define MESSAGES_MAGIC 0x3e55a6e5u
#define RECORD_VERSION 1
#define HEAD_SIZE      48u
#define PACK_MIN       512u // shorter ones gain nothing

enum packing { PACKED_NOT, PACKED_ZLIB };

struct messages {
    unsigned magic;
    char *folder;
    uint64_t file_max;
    pthread_mutex_t lock; // of the file being written
    uint32_t file;        // its number
    int fd;
    uint64_t size;
};

static void path_of(const struct messages *m, uint32_t file, char *out, size_t n)
{
    snprintf(out, n, "%s/%08u.log", m->folder, file);
}

static status trouble(const char *what)
{
    bool full = errno == ENOSPC || errno == EDQUOT;
    return fail(full ? ST_FULL : ST_STORE, "message.write", 0, "messages: %s: %s", what,
                strerror(errno));
}

// The highest number of a file in the folder.
static status newest(const char *folder, uint32_t *out)
{
    DIR *d = opendir(folder);
    struct dirent *e;
    uint32_t most = 0;

    if (d == NULL) return trouble("the folder");
    while ((e = readdir(d)) != NULL) {
        str name = str_of(e->d_name);
        uint64_t n;
        if (name.n != 12 || !str_ends(name, S(".log"))) continue;
        if (str_u64((str){name.p, 8}, UINT32_MAX, &n) && n > most) most = (uint32_t)n;
    }
    closedir(d);
    *out = most;
    return OK;
}

// The lock is held, or nobody else knows m yet.
static status next_file(struct messages *m)
{
    char path[4096];

    path_of(m, m->file + 1, path, sizeof path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) return trouble("a new file");
    if (m->fd >= 0) close(m->fd);
    m->fd = fd;
    m->file++;
    m->size = 0;
    return OK;
}

status messages_open(const char *folder, uint64_t file_max, struct messages **out)
{
    struct messages *m = calloc(1, sizeof *m);

    assert(m != NULL);
    *m = (struct messages){
        MESSAGES_MAGIC, strdup(folder), file_max, PTHREAD_MUTEX_INITIALIZER, 0, -1, 0};
    assert(m->folder != NULL);
    status st = newest(folder, &m->file);
    if (st.cls != ST_OK) messages_close(&m);
    *out = m;
    return st;
}

void messages_close(struct messages **mp)
{
    struct messages *m = *mp;

    *mp = NULL;
    if (m == NULL) return;
    OBJ_CHECK(m, MESSAGES_MAGIC);
    if (m->fd >= 0) close(m->fd);
    pthread_mutex_destroy(&m->lock);
    free(m->folder);
    m->magic = 0;
    free(m);
}

static void head_put(char *head, enum message_sort sort, bool packed, size_t n)
{
    memcpy(head, "PTMS", 4);
    head[4] = RECORD_VERSION;
    head[5] = (char)sort;
    head[6] = packed ? PACKED_ZLIB : PACKED_NOT;
    head[7] = 0;
    put_be(head + 8, n, 4);
}

// The whole record in `b`; what does not shrink is kept as it is.
static void record_put(struct buf *b, enum message_sort sort, str bytes, struct sha256 *sum)
{
    uLongf packed = compressBound(bytes.n);
    char *head = buf_room(b, HEAD_SIZE + (packed > bytes.n ? packed : bytes.n));

    assert(head != NULL);
    *sum = sha256_of(bytes);
    bool pays =
        bytes.n >= PACK_MIN &&
        compress2((Bytef *)head + HEAD_SIZE, &packed, (const Bytef *)bytes.p, bytes.n, 1) == Z_OK &&
        packed < bytes.n;
    if (!pays) packed = bytes.n;
    if (!pays && bytes.n > 0) memcpy(head + HEAD_SIZE, bytes.p, bytes.n);
    head_put(head, sort, pays, bytes.n);
    put_be(head + 12, packed, 4);
    memcpy(head + 16, sum->b, sizeof sum->b);
    b->n = HEAD_SIZE + packed;
}

static status write_all(int fd, str s)
{
    while (s.n > 0) {
        ssize_t n = write(fd, s.p, s.n);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return trouble("writing");
        s = str_from(s, (size_t)n);
    }
    return OK;
}

// What a failed write left behind is nobody's: the next record begins a new file.
static status append(struct messages *m, str record, struct message_place *out)
{
    if (m->fd < 0 || m->size >= m->file_max) TRY(next_file(m));
    out->file = m->file;
    out->offset = m->size;
    status st = write_all(m->fd, record);
    m->size = st.cls == ST_OK ? m->size + record.n : m->file_max;
    return st;
}

status messages_add(struct messages *m, enum message_sort sort, str bytes,
                    struct message_place *out)
{
    struct message_place place;
    struct buf b;

    OBJ_CHECK(m, MESSAGES_MAGIC);
    assert(bytes.n <= MESSAGE_MAX);
    buf_init(&b, MESSAGE_MAX + 1 * MB);
    record_put(&b, sort, bytes, &place.sum);
    pthread_mutex_lock(&m->lock);
    status st = append(m, buf_str(&b), &place);
    pthread_mutex_unlock(&m->lock);
    buf_fini(&b);
    if (st.cls == ST_OK) *out = place;
    return st;
}

static status lost(const struct message_place *p)
{
    return fail(ST_NOT_FOUND, "message.lost", 0, "messages/%08u.log does not hold these bytes",
                p->file);
}

static bool read_all(int fd, uint64_t offset, char *out, size_t n)
{
    while (n > 0) {
        ssize_t got = pread(fd, out, n, (off_t)offset);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        out += got;
        offset += (uint64_t)got;
        n -= (size_t)got;
    }
    return true;
}

static status record_read(int fd, const struct message_place *p, struct arena *a, str *out)
{
    char head[HEAD_SIZE];

    if (!read_all(fd, p->offset, head, sizeof head) || memcmp(head, "PTMS", 4) != 0 ||
        head[4] != RECORD_VERSION || memcmp(head + 16, p->sum.b, sizeof p->sum.b) != 0)
        return lost(p);
    size_t n = (size_t)get_be(head + 8, 4), stored_n = (size_t)get_be(head + 12, 4);
    bool packed = head[6] == PACKED_ZLIB;
    bool known = packed || head[6] == PACKED_NOT;
    if (!known || n > MESSAGE_MAX || stored_n > n || (!packed && stored_n != n)) return lost(p);
    char *stored = arena_alloc(a, stored_n + 1);
    char *bytes = packed ? arena_alloc(a, n + 1) : stored;
    if (stored == NULL || bytes == NULL) return no_memory();
    uLongf got = n;
    if (!read_all(fd, p->offset + HEAD_SIZE, stored, stored_n)) return lost(p);
    if (packed && uncompress((Bytef *)bytes, &got, (const Bytef *)stored, stored_n) != Z_OK)
        return lost(p);
    *out = (str){bytes, n};
    struct sha256 sum = sha256_of(*out);
    return got == n && memcmp(sum.b, p->sum.b, sizeof sum.b) == 0 ? OK : lost(p);
}

status messages_read(const struct messages *m, const struct message_place *p, struct arena *a,
                     str *out)
{
    char path[4096];

    OBJ_CHECK(m, MESSAGES_MAGIC);
    path_of(m, p->file, path, sizeof path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return lost(p);
    status st = record_read(fd, p, a, out);
    close(fd);
    return st;
}
