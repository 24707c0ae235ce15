// site_key_file.c - reading and replacing the file `site.key`.
//
// A new text is written beside it, synced and renamed over it, so that at every moment one whole
// file is there. Its bytes are wiped from memory when they have been used. Called while starting
// and by the commands that add an epoch; one at a time.
#include "common/name_sync.h"
#include "service/pool/site_key.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LINE_MAX_SIZE = 2 + 1 + 2 * SITE_KEY_SIZE + 1,
    TEXT_MAX = SITE_KEY_EPOCHS_MAX * LINE_MAX_SIZE
};

static status file_check(int fd, const char *path)
{
    struct stat s;

    if (fstat(fd, &s) != 0)
        return fail(ST_STORE, "site_key.read", 0, "%s: %s", path, strerror(errno));
    if (!S_ISREG(s.st_mode) || (s.st_mode & (S_IRWXG | S_IRWXO | S_IXUSR)) != 0)
        return fail(ST_CONFLICT, "site_key.mode", 0,
                    "%s must be a file of mode 0600, not %04o: its owner's alone", path,
                    (unsigned)(s.st_mode & 07777));
    return OK;
}

// Reads at most `max` bytes; *n is how many there were.
static status read_all(int fd, char *out, size_t max, size_t *n)
{
    size_t have = 0;

    while (have < max) {
        ssize_t got = read(fd, out + have, max - have);
        if (got == 0) break;
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(ST_STORE, "site_key.read", 0, "site.key: %s", strerror(errno));
        have += (size_t)got;
    }
    *n = have;
    return OK;
}

status site_keys_load(const char *path, struct site_keys *out)
{
    char text[TEXT_MAX + 1]; // a file that fills it is too long
    size_t n = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 && errno == ENOENT)
        return fail(ST_NOT_FOUND, "site_key.missing", 0, "there is no %s", path);
    if (fd < 0) return fail(ST_STORE, "site_key.read", 0, "%s: %s", path, strerror(errno));
    status st = file_check(fd, path);
    if (st.cls == ST_OK) st = read_all(fd, text, sizeof text, &n);
    if (st.cls == ST_OK && n == sizeof text)
        st = fail(ST_BAD_INPUT, "site_key.full", 0, "site.key has more than %u epochs",
                  SITE_KEY_EPOCHS_MAX);
    if (st.cls == ST_OK) st = site_keys_parse((str){text, n}, out);
    OPENSSL_cleanse(text, sizeof text);
    close(fd);
    return st;
}

// What is there may only be added to: a key that is gone makes its numbers strangers.
static status nothing_lost(const char *path, const struct site_keys *k)
{
    struct site_keys old;

    status st = site_keys_load(path, &old);
    if (st.cls == ST_NOT_FOUND) return OK;
    TRY(st);
    if (old.count > k->count || memcmp(old.key, k->key, old.count * sizeof old.key[0]) != 0)
        st = fail(ST_CONFLICT, "site_key.lost", 0,
                  "%s holds an epoch that would be lost: none is ever removed", path);
    site_keys_fini(&old);
    return st;
}

static status write_failed(const char *path)
{
    return fail(ST_STORE, "site_key.write", 0, "%s: %s", path, strerror(errno));
}

static status write_all(const char *path, str text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    status st = OK;

    if (fd < 0) return write_failed(path);
    if (fchmod(fd, S_IRUSR | S_IWUSR) != 0) st = write_failed(path);
    while (st.cls == ST_OK && text.n > 0) {
        ssize_t put = write(fd, text.p, text.n);
        if (put >= 0)
            text = str_from(text, (size_t)put);
        else if (errno != EINTR)
            st = write_failed(path);
    }
    if (st.cls == ST_OK && fsync(fd) != 0) st = write_failed(path);
    if (close(fd) != 0 && st.cls == ST_OK) st = write_failed(path);
    return st;
}

static status replace(const char *path, str text)
{
    char beside[4096];
    int n = snprintf(beside, sizeof beside, "%s.new", path);

    if (n < 0 || (size_t)n >= sizeof beside)
        return fail(ST_BAD_INPUT, "site_key.write", 0, "the path of site.key is too long");
    status st = write_all(beside, text);
    if (st.cls == ST_OK && rename(beside, path) != 0) st = write_failed(path);
    if (st.cls == ST_OK) return name_sync(path) ? OK : write_failed(path);
    unlink(beside);
    return st;
}

status site_keys_save(const char *path, const struct site_keys *k)
{
    struct buf text;

    assert(k->count > 0);
    TRY(nothing_lost(path, k));
    buf_init(&text, TEXT_MAX);
    assert(buf_room(&text, TEXT_MAX) != NULL); // all at once: growing would leave copies behind
    buf_reset(&text);
    site_keys_format(k, &text);
    status st = replace(path, buf_str(&text));
    OPENSSL_cleanse(text.p, text.cap);
    buf_fini(&text);
    return st;
}
