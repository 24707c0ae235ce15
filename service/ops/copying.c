#include "service/ops/copying.h"
#include "common/digest.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUMS      "messages.sums"
#define SUMS_MAX  (64 * MB) // 800,000 files
#define NAME_LEN  12u       // 00000001.log
#define LINE_LEN  88u       // 64 digits, two blanks, messages/, the name, line feed
#define PIECE     (64 * KB)
#define SMALL_MAX (1 * MB)

static status trouble(const char *reason, const char *path)
{
    enum status_class cls = errno == ENOSPC || errno == EDQUOT ? ST_FULL : ST_STORE;
    return fail(cls, reason, 0, "%s: %s", path, strerror(errno));
}

status file_copy(const struct folder *from, const struct folder *to, const char *name)
{
    char source[FOLDER_PATH_MAX], target[FOLDER_PATH_MAX];
    struct buf text;

    TRY(folder_path(from, name, source));
    TRY(folder_path(to, name, target));
    buf_init(&text, SMALL_MAX);
    status st = folder_get(source, &text);
    if (st.cls == ST_OK) st = folder_put(target, buf_str(&text));
    buf_fini(&text);
    return st.cls == ST_NOT_FOUND ? OK : st;
}

// ---- sums

static status sums_read(const struct folder *f, struct buf *out)
{
    char path[FOLDER_PATH_MAX];

    buf_init(out, SUMS_MAX);
    TRY(folder_path(f, SUMS, path));
    status st = folder_get(path, out);
    return st.cls == ST_NOT_FOUND ? OK : st;
}

static bool sums_find(str sums, str name, struct sha256 *out)
{
    str line;

    while (str_cut(&sums, '\n', &line)) {
        if (line.n != LINE_LEN - 1 || !str_ends(line, name)) continue;
        return hex_get((str){line.p, 64}, out->b, sizeof out->b);
    }
    return false;
}

static void sums_add(struct buf *b, str name, const struct sha256 *sum)
{
    char hex[64];

    hex_put(hex, sum->b, sizeof sum->b);
    buf_addf(b, "%.*s  messages/%.*s\n", (int)sizeof hex, hex, STR(name));
}

// ---- one file

struct copying {
    int from, to;
    const char *path; // of the original, for sentences
    uint64_t size;    // of it
    struct sha256_run run;
    struct copied *out;
};

static status read_piece(int fd, const char *path, char *piece, uint64_t most, size_t *n)
{
    ssize_t got;

    do got = read(fd, piece, most < PIECE ? (size_t)most : PIECE);
    while (got < 0 && errno == EINTR);
    if (got < 0) return trouble("message.read", path);
    *n = (size_t)got;
    return OK;
}

static status write_piece(struct copying *c, str s)
{
    while (s.n > 0) {
        ssize_t put = write(c->to, s.p, s.n);
        if (put < 0 && errno != EINTR) return trouble("message.write", c->path);
        if (put > 0) s = str_from(s, (size_t)put);
    }
    return OK;
}

// What is there already, if it is what its sum says: how many bytes of it are good.
static status have_good(struct copying *c, const struct sha256 *want, uint64_t *good)
{
    static char piece[PIECE];
    size_t n = 1;

    *good = 0;
    sha256_start(&c->run);
    if (want == NULL) return OK;
    while (n > 0) {
        TRY(read_piece(c->to, c->path, piece, PIECE, &n));
        sha256_add(&c->run, (str){piece, n});
        *good += n;
    }
    struct sha256 sum = sha256_end(&c->run);
    if (memcmp(&sum, want, sizeof sum) == 0 && *good <= c->size) return OK;
    sha256_start(&c->run);
    *good = 0;
    return OK;
}

static status copy_rest(struct copying *c, uint64_t at)
{
    static char piece[PIECE];
    size_t n;

    if (ftruncate(c->to, (off_t)at) != 0 || lseek(c->to, (off_t)at, SEEK_SET) < 0 ||
        lseek(c->from, (off_t)at, SEEK_SET) < 0)
        return trouble("message.write", c->path);
    for (; at < c->size; at += n) {
        TRY(read_piece(c->from, c->path, piece, c->size - at, &n));
        if (n == 0) break; // cut short: the sum says so
        sha256_add(&c->run, (str){piece, n});
        TRY(write_piece(c, (str){piece, n}));
        c->out->bytes += n;
    }
    return fsync(c->to) == 0 ? OK : trouble("message.write", c->path);
}

static status copy_open(struct copying *c, const char *from, const char *to)
{
    struct stat s;

    c->path = from;
    c->from = open(from, O_RDONLY | O_CLOEXEC);
    if (c->from < 0 || fstat(c->from, &s) != 0) return trouble("message.read", from);
    c->size = (uint64_t)s.st_size;
    c->to = open(to, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    return c->to < 0 ? trouble("message.write", to) : OK;
}

static uint64_t size_of(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 ? (uint64_t)s.st_size : UINT64_MAX;
}

static status copy_one(const char *from, const char *to, const struct sha256 *want,
                       struct copied *out, struct sha256 *sum)
{
    struct copying c = {.from = -1, .to = -1, .out = out};
    uint64_t good = 0;

    if (want != NULL && size_of(from) == size_of(to)) {
        *sum = *want;
        return OK;
    }
    status st = copy_open(&c, from, to);
    if (st.cls == ST_OK) st = have_good(&c, want, &good);
    if (st.cls == ST_OK) st = copy_rest(&c, good);
    if (st.cls == ST_OK) *sum = sha256_end(&c.run);
    if (c.from >= 0) close(c.from);
    if (c.to >= 0) close(c.to);
    out->files++;
    return st;
}

// ---- all of them

struct folders {
    const struct folder *from, *to;
    str known, theirs; // sums of the copies so far, and of the originals if there are any
    struct buf *fresh;
    struct copied *out;
};

static status copy_named(struct folders *f, str name)
{
    char from[FOLDER_PATH_MAX], to[FOLDER_PATH_MAX], path[32];
    struct sha256 known, theirs, sum;

    snprintf(path, sizeof path, "messages/%.*s", STR(name));
    TRY(folder_path(f->from, path, from));
    TRY(folder_path(f->to, path, to));
    bool had = sums_find(f->known, name, &known);
    TRY(copy_one(from, to, had ? &known : NULL, f->out, &sum));
    if (sums_find(f->theirs, name, &theirs) && memcmp(&theirs, &sum, sizeof sum) != 0)
        f->out->torn++;
    sums_add(f->fresh, name, &sum);
    return OK;
}

static status copy_all(struct folders *f)
{
    char path[FOLDER_PATH_MAX];
    struct dirent *e;
    status st = OK;

    TRY(folder_path(f->from, "messages", path));
    DIR *d = opendir(path);
    if (d == NULL) return errno == ENOENT ? OK : trouble("message.read", path);
    while (st.cls == ST_OK && (e = readdir(d)) != NULL) {
        str name = str_of(e->d_name);
        if (name.n == NAME_LEN && str_ends(name, S(".log"))) st = copy_named(f, name);
    }
    closedir(d);
    return st;
}

status messages_copy(const struct folder *from, const struct folder *to, struct copied *out)
{
    struct buf known, theirs, fresh;
    struct folders f = {.from = from, .to = to, .fresh = &fresh, .out = out};
    char path[FOLDER_PATH_MAX];

    *out = (struct copied){0};
    TRY(folder_path(to, SUMS, path));
    buf_init(&fresh, SUMS_MAX);
    buf_init(&theirs, SUMS_MAX);
    status st = sums_read(to, &known);
    if (st.cls == ST_OK) st = sums_read(from, &theirs);
    f.known = known.failed ? (str){0} : buf_str(&known);
    f.theirs = theirs.failed ? (str){0} : buf_str(&theirs);
    if (st.cls == ST_OK) st = copy_all(&f);
    if (st.cls == ST_OK && fresh.n > 0) st = folder_put(path, buf_str(&fresh));
    buf_fini(&fresh);
    buf_fini(&theirs);
    buf_fini(&known);
    return st;
}
