// The one file that knows LMDB. Read transactions are tied to their object, not to a thread
// (MDB_NOTLS), so that a loop may rest and renew its own.
#include "common/db.h"
#include "common/bytes.h"
#include "common/log.h"
#include "common/metric.h"
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define DB_MAGIC     0x6d1b00d1u
#define TXN_MAGIC    0x6d1b0077u
#define LIST_AT_ONCE 128u // items of one call of LMDB
#define ITEM         8    // bytes of a list's item
#define DISK_FULL    (256 * KB)
#define PAGE         4096u
#define AHEAD        ((uint64_t)(1 * MB)) // zeros behind the pages in use, half of it at least

struct db {
    unsigned magic;
    MDB_env *env;
    MDB_dbi table[DB_TABLES];
    bool read_only;
    // Owner: who has the write transaction.
    uint64_t file_end; // of what was written once
    uint64_t waited_us;
    uint64_t undone; // transactions, and parts of them, whose rows did not come to be
};

struct txn {
    unsigned magic;
    struct db *db;
    MDB_txn *t;
    MDB_txn *outer[TXN_PARTS_MAX]; // of each part that is open, what it is a part of; NULL: it
                                   // could not begin
    unsigned parts;
    bool write;
    bool put;           // a row, so far
    bool rests;         // a reader without a snapshot
    int rc;             // the first trouble, 0 while there is none
    const char *reason; // set by txn_spoil beside rc
    char what[64];
    void *own; // see txn_attach
};

struct db_fault db_fault;

static int seam_of(int rc, bool commit)
{
    if (db_fault.nth <= 0 || (db_fault.commits && !commit) || --db_fault.nth > 0) return rc;
    db_fault.hit++;
    return db_fault.rc != 0 ? db_fault.rc : EIO;
}

static int seam(int rc) { return seam_of(rc, false); }

// After a meta page that could not be written LMDB does nothing more, and nobody knows what is on
// the disk. A new start does: a process that can neither read nor write is no use to anybody.
static int living(int rc)
{
    if (rc != MDB_PANIC) return rc;
    LOG(error, "store.died", fs("says", str_of(mdb_strerror(rc))));
    abort();
}

static status trouble(const char *reason, int rc, const char *what)
{
    if (rc == MDB_MAP_FULL || rc == ENOSPC || rc == EDQUOT)
        return fail(ST_FULL, "store.full", 0, "no room left: %s", mdb_strerror(rc));
    return fail(ST_STORE, reason, 0, "%s%s%s", what, *what ? ": " : "", mdb_strerror(rc));
}

static const struct {
    const char *name;
    unsigned flags;
} tables[DB_TABLES] = {
    [DB_JOURNAL] = {"journal", 0                         },
    [DB_ROWS] = {"rows",    0                         },
    [DB_LISTS] = {"lists",   MDB_DUPSORT | MDB_DUPFIXED},
};

static int open_tables(struct db *db, bool create)
{
    MDB_txn *t = NULL;
    int rc = mdb_txn_begin(db->env, NULL, create ? 0 : MDB_RDONLY, &t);

    for (int i = 0; rc == 0 && i < DB_TABLES; i++)
        rc = mdb_dbi_open(t, tables[i].name, tables[i].flags | (create ? MDB_CREATE : 0u),
                          &db->table[i]);
    if (rc == 0) return mdb_txn_commit(t);
    if (t != NULL) mdb_txn_abort(t);
    return rc;
}

status db_open(const struct db_conf *conf, struct db **out)
{
    struct db *db = calloc(1, sizeof *db);
    unsigned flags = MDB_NOTLS | MDB_NORDAHEAD | (conf->read_only ? MDB_RDONLY : 0u);
    int rc;

    assert(db != NULL);
    *db = (struct db){.magic = DB_MAGIC, .read_only = conf->read_only};
    if ((rc = mdb_env_create(&db->env)) != 0) goto out;
    if ((rc = mdb_env_set_mapsize(db->env, conf->map_max)) != 0) goto out;
    if ((rc = mdb_env_set_maxdbs(db->env, DB_TABLES)) != 0) goto out;
    if ((rc = mdb_env_set_maxreaders(db->env, conf->readers)) != 0) goto out;
    if ((rc = mdb_env_open(db->env, conf->folder, flags, 0600)) != 0) goto out;
    rc = open_tables(db, !conf->read_only);
out:
    if (rc != 0) db_close(&db);
    *out = db;
    return rc == 0 ? OK : trouble("store.open", rc, conf->folder);
}

void db_close(struct db **dbp)
{
    struct db *db = *dbp;

    *dbp = NULL;
    if (db == NULL) return;
    OBJ_CHECK(db, DB_MAGIC);
    if (db->env != NULL) mdb_env_close(db->env);
    db->magic = 0;
    free(db);
}

static void write_zeros(int fd, uint64_t from, uint64_t to)
{
    static const char zeros[64 * KB];

    while (from < to) {
        size_t n = to - from < sizeof zeros ? (size_t)(to - from) : sizeof zeros;
        ssize_t put = pwrite(fd, zeros, n, (off_t)from);
        if (put <= 0) break;
        from += (uint64_t)put;
    }
}

// A page behind the file's end costs every sync the file's own record, too, and that is half of
// what a small commit writes. So the file is longer than what is in it. LMDB does not read what
// lies behind its last page, and only the holder of the write transaction writes there. Where there
// is no room for it nothing is amiss: the pages themselves will meet that.
static void stay_ahead(struct db *db)
{
    MDB_envinfo info;
    struct stat file;
    int fd;

    if (mdb_env_info(db->env, &info) != 0) return;
    uint64_t used = (info.me_last_pgno + 1) * PAGE, to = used + AHEAD;
    if (db->file_end >= used + AHEAD / 2) return;
    if (to > info.me_mapsize) to = info.me_mapsize;
    db->file_end = used + AHEAD; // whatever comes: not again with the next commit
    if (mdb_env_get_fd(db->env, &fd) != 0 || fstat(fd, &file) != 0) return;
    uint64_t from = (uint64_t)file.st_size > used ? (uint64_t)file.st_size : used;
    write_zeros(fd, from, to);
}

static struct txn *txn_begin(struct db *db, bool write)
{
    struct txn *t = calloc(1, sizeof *t);

    OBJ_CHECK(db, DB_MAGIC);
    assert(t != NULL && !(write && db->read_only));
    *t = (struct txn){.magic = TXN_MAGIC, .db = db, .write = write};
    t->rc = seam(0);
    if (t->rc == 0) t->rc = living(mdb_txn_begin(db->env, NULL, write ? 0 : MDB_RDONLY, &t->t));
    if (t->rc == 0 && write) stay_ahead(db);
    return t;
}

struct txn *txn_write(struct db *db) { return txn_begin(db, true); }
struct txn *txn_read(struct db *db) { return txn_begin(db, false); }

void txn_rest(struct txn *t)
{
    OBJ_CHECK(t, TXN_MAGIC);
    assert(!t->write);
    t->rests = true;
    if (t->t != NULL) mdb_txn_reset(t->t);
}

bool txn_rests(const struct txn *t)
{
    OBJ_CHECK(t, TXN_MAGIC);
    return t->rests;
}

void txn_renew(struct txn *t)
{
    OBJ_CHECK(t, TXN_MAGIC);
    assert(!t->write);
    t->reason = NULL;
    t->rests = false;
    t->rc = living(t->t == NULL ? mdb_txn_begin(t->db->env, NULL, MDB_RDONLY, &t->t)
                                : mdb_txn_renew(t->t));
}

status txn_status(const struct txn *t)
{
    OBJ_CHECK(t, TXN_MAGIC);
    if (t->rc == 0) return OK;
    if (t->reason != NULL) return fail(ST_STORE, t->reason, 0, "%s", t->what);
    return trouble(t->write ? "store.write" : "store.read", t->rc, "");
}

// LMDB says EIO when the disk took only a part of what it wrote, as a full one does.
// Its file is asked, which may have no name any more.
static int write_trouble(struct db *db, int rc)
{
    mdb_filehandle_t fd;
    struct statvfs disk;

    if (rc != EIO || mdb_env_get_fd(db->env, &fd) != 0 || fstatvfs(fd, &disk) != 0) return rc;
    return disk.f_bavail * disk.f_frsize < DISK_FULL ? ENOSPC : rc;
}

// LMDB syncs twice inside of its commit, where nobody else can take the time.
static int commit_timed(struct txn *t)
{
    struct db *db = t->db;
    uint64_t took = metric_us(CLOCK_MONOTONIC), worked = metric_us(CLOCK_THREAD_CPUTIME_ID);
    int rc = mdb_txn_commit(t->t);

    worked = metric_us(CLOCK_THREAD_CPUTIME_ID) - worked;
    took = metric_us(CLOCK_MONOTONIC) - took;
    if (t->write) db->waited_us = took > worked ? took - worked : 0;
    return rc;
}

uint64_t db_waited_us(const struct db *db)
{
    OBJ_CHECK(db, DB_MAGIC);
    return db->waited_us;
}

status txn_end(struct txn **tp, bool commit)
{
    struct txn *t = *tp;

    OBJ_CHECK(t, TXN_MAGIC);
    assert(t->parts == 0);
    *tp = NULL;
    if (t->rc == 0 && commit) t->rc = seam_of(0, true);
    if (t->rc == 0 && commit)
        t->rc = write_trouble(t->db, commit_timed(t));
    else if (t->t != NULL)
        mdb_txn_abort(t->t);
    if (t->put && (t->rc != 0 || !commit)) t->db->undone++;
    status st = txn_status(t);
    t->magic = 0;
    free(t);
    return st;
}

void txn_part(struct txn *t)
{
    MDB_txn *part = NULL;

    OBJ_CHECK(t, TXN_MAGIC);
    assert(t->write && t->parts < TXN_PARTS_MAX);
    t->outer[t->parts++] = NULL;
    if (t->rc == 0) t->rc = seam(mdb_txn_begin(t->db->env, t->t, 0, &part));
    if (t->rc != 0) {
        if (part != NULL) mdb_txn_abort(part);
        return;
    }
    t->outer[t->parts - 1] = t->t;
    t->t = part;
}

void txn_part_end(struct txn *t, bool keep)
{
    OBJ_CHECK(t, TXN_MAGIC);
    assert(t->parts > 0);
    MDB_txn *outer = t->outer[--t->parts];
    if (outer == NULL) return;
    if (keep && t->rc == 0) t->rc = seam(0);
    if (keep && t->rc == 0) {
        t->rc = mdb_txn_commit(t->t);
    } else {
        mdb_txn_abort(t->t);
        t->db->undone += t->put;
    }
    t->t = outer;
}

uint64_t txn_undone(const struct txn *t)
{
    OBJ_CHECK(t, TXN_MAGIC);
    return t->write ? t->db->undone + 1 : 0;
}

void txn_attach(struct txn *t, void *own)
{
    OBJ_CHECK(t, TXN_MAGIC);
    t->own = own;
}

void *txn_attached(const struct txn *t)
{
    OBJ_CHECK(t, TXN_MAGIC);
    return t->own;
}

void txn_spoil(struct txn *t, const char *reason, const char *what)
{
    OBJ_CHECK(t, TXN_MAGIC);
    if (t->rc != 0) return;
    t->rc = MDB_CORRUPTED;
    t->reason = reason;
    strncpy(t->what, what, sizeof t->what - 1);
}

static MDB_val mdb_of(str s) { return (MDB_val){s.n, (void *)(uintptr_t)s.p}; }
static str str_of_mdb(MDB_val v) { return (str){v.mv_data, v.mv_size}; }

bool txn_get(struct txn *t, enum db_table in, str key, str *val)
{
    MDB_val k = mdb_of(key), v;

    OBJ_CHECK(t, TXN_MAGIC);
    if (t->rc != 0) return false;
    int rc = seam(mdb_get(t->t, t->db->table[in], &k, &v));
    if (rc == MDB_NOTFOUND) return false;
    if ((t->rc = rc) != 0) return false;
    *val = str_of_mdb(v);
    return true;
}

static void put(struct txn *t, enum db_table in, str key, str val, unsigned flags)
{
    MDB_val k = mdb_of(key), v = mdb_of(val);

    OBJ_CHECK(t, TXN_MAGIC);
    assert(t->write && key.n > 0);
    t->put = true;
    if (t->rc == 0) t->rc = seam(0);
    if (t->rc == 0) t->rc = mdb_put(t->t, t->db->table[in], &k, &v, flags);
}

void txn_put(struct txn *t, enum db_table in, str key, str val)
{
    assert(in != DB_LISTS);
    put(t, in, key, val, 0);
}

void txn_append(struct txn *t, enum db_table in, str key, str val)
{
    assert(in != DB_LISTS);
    put(t, in, key, val, MDB_APPEND);
}

void txn_list_add(struct txn *t, str key, const uint64_t *items, size_t n)
{
    char bytes[LIST_AT_ONCE * ITEM];
    MDB_cursor *c = NULL;
    MDB_val k = mdb_of(key);

    OBJ_CHECK(t, TXN_MAGIC);
    assert(t->write);
    if (t->rc == 0) t->rc = seam(mdb_cursor_open(t->t, t->db->table[DB_LISTS], &c));
    while (t->rc == 0 && n > 0) {
        size_t some = n < LIST_AT_ONCE ? n : LIST_AT_ONCE;
        MDB_val v[2] = {
            {ITEM, bytes},
            {some, NULL }
        };
        for (size_t i = 0; i < some; i++) put_be(bytes + i * ITEM, items[i], ITEM);
        t->rc = seam(mdb_cursor_put(c, &k, v, MDB_APPENDDUP | MDB_MULTIPLE));
        items += some;
        n -= some;
    }
    if (c != NULL) mdb_cursor_close(c);
}

bool txn_del(struct txn *t, enum db_table in, str key)
{
    MDB_val k = mdb_of(key);

    OBJ_CHECK(t, TXN_MAGIC);
    assert(t->write);
    if (t->rc != 0) return false;
    int rc = seam(mdb_del(t->t, t->db->table[in], &k, NULL));
    if (rc == MDB_NOTFOUND) return false;
    t->rc = rc;
    return rc == 0;
}

struct walk walk_open(struct txn *t, enum db_table in, str prefix, str from)
{
    struct walk w = {.t = t, .prefix = prefix, .from = from.n > 0 ? from : prefix};
    MDB_cursor *c = NULL;

    OBJ_CHECK(t, TXN_MAGIC);
    if (t->rc == 0) t->rc = seam(mdb_cursor_open(t->t, t->db->table[in], &c));
    w.cursor = c;
    return w;
}

// One move of the cursor, its trouble kept; false when nothing of the prefix is there.
static bool walk_move(struct walk *w, MDB_val *k, MDB_val *v, MDB_cursor_op op)
{
    if (w->t->rc != 0) return false;
    int rc = seam(mdb_cursor_get(w->cursor, k, v, op));
    if (rc == MDB_NOTFOUND) return false;
    if ((w->t->rc = rc) != 0) return false;
    return str_starts(str_of_mdb(*k), w->prefix);
}

bool walk_next(struct walk *w, str *key, str *val)
{
    MDB_val k = mdb_of(w->from), v;
    MDB_cursor_op first = w->from.n == 0 ? MDB_FIRST : MDB_SET_RANGE;

    if (!walk_move(w, &k, &v, w->begun ? MDB_NEXT : first)) return false;
    w->begun = true;
    *key = str_of_mdb(k);
    *val = str_of_mdb(v);
    return true;
}

// Puts the cursor before the first row whose key is `at` or above; false when none is before.
static bool walk_below(struct walk *w, MDB_val at, MDB_val *k, MDB_val *v)
{
    if (w->t->rc != 0) return false;
    *k = at;
    int rc = at.mv_size == 0 ? MDB_NOTFOUND : seam(mdb_cursor_get(w->cursor, k, v, MDB_SET_RANGE));
    if (rc != 0 && rc != MDB_NOTFOUND) return w->t->rc = rc, false;
    return walk_move(w, k, v, rc == 0 ? MDB_PREV : MDB_LAST);
}

bool walk_before(struct walk *w, str *key, str *val)
{
    MDB_val k, v;
    bool got = w->begun ? walk_move(w, &k, &v, MDB_PREV) : walk_below(w, mdb_of(w->from), &k, &v);

    w->begun = true;
    if (!got) return false;
    *key = str_of_mdb(k);
    *val = str_of_mdb(v);
    return true;
}

bool walk_last(struct walk *w, str *key, str *val)
{
    char above[512];
    size_t n = w->prefix.n;
    MDB_val k, v;

    assert(n > 0 && n < sizeof above);
    memcpy(above, w->prefix.p, n);
    while (n > 0 && (unsigned char)above[n - 1] == 0xff) n--;
    if (n > 0) above[n - 1]++;
    w->begun = true;
    if (!walk_below(w, (MDB_val){n, above}, &k, &v)) return false;
    *key = str_of_mdb(k);
    *val = str_of_mdb(v);
    return true;
}

void walk_close(struct walk *w)
{
    if (w->cursor != NULL) mdb_cursor_close(w->cursor);
    w->cursor = NULL;
}

size_t list_read(struct txn *t, str key, uint64_t from, uint64_t *items, size_t n)
{
    struct walk w = walk_open(t, DB_LISTS, key, key);
    char at[ITEM];
    MDB_val k = mdb_of(key), v = {ITEM, at};
    size_t got = 0;

    put_be(at, from, ITEM);
    for (bool more = walk_move(&w, &k, &v, MDB_GET_BOTH_RANGE); more && got < n;
         more = got < n && walk_move(&w, &k, &v, MDB_NEXT_DUP))
        items[got++] = get_be(v.mv_data, ITEM);
    walk_close(&w);
    return got;
}

size_t list_read_back(struct txn *t, str key, uint64_t from, uint64_t *items, size_t n)
{
    struct walk w = walk_open(t, DB_LISTS, key, key);
    char at[ITEM];
    MDB_val k = mdb_of(key), v = {ITEM, at};
    size_t got = 0;

    put_be(at, from, ITEM);
    bool more = walk_move(&w, &k, &v, MDB_GET_BOTH_RANGE);
    if (!more) { // all are below, or there is no such list
        k = mdb_of(key);
        more = walk_move(&w, &k, &v, MDB_SET_KEY) && walk_move(&w, &k, &v, MDB_LAST_DUP);
    } else if (get_be(v.mv_data, ITEM) > from) {
        more = walk_move(&w, &k, &v, MDB_PREV_DUP);
    }
    for (; more && got < n; more = got < n && walk_move(&w, &k, &v, MDB_PREV_DUP))
        items[got++] = get_be(v.mv_data, ITEM);
    walk_close(&w);
    return got;
}

uint64_t list_count(struct txn *t, str key)
{
    struct walk w = walk_open(t, DB_LISTS, key, key);
    MDB_val k = mdb_of(key), v;
    size_t n = 0;

    if (walk_move(&w, &k, &v, MDB_SET)) t->rc = seam(mdb_cursor_count(w.cursor, &n));
    walk_close(&w);
    return n;
}

// LMDB keeps its free pages in table 0: per transaction a list whose first word is its length.
status db_pages(struct db *db, uint64_t *used, uint64_t *file)
{
    struct txn *t = txn_read(db);
    MDB_cursor *c = NULL;
    MDB_val k, v;
    MDB_envinfo info;
    uint64_t idle = 0;

    if (t->rc == 0) t->rc = mdb_cursor_open(t->t, 0, &c);
    for (int rc = t->rc; rc == 0;) {
        rc = mdb_cursor_get(c, &k, &v, MDB_NEXT);
        if (rc == 0)
            idle += *(const size_t *)v.mv_data;
        else if (rc != MDB_NOTFOUND)
            t->rc = rc;
    }
    if (c != NULL) mdb_cursor_close(c);
    if (t->rc == 0) t->rc = mdb_env_info(db->env, &info);
    if (t->rc == 0) {
        *file = info.me_last_pgno + 1;
        *used = *file - idle;
    }
    return txn_end(&t, false);
}

status db_copy(struct db *db, const char *folder)
{
    OBJ_CHECK(db, DB_MAGIC);
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/data.mdb", folder), rc = ENAMETOOLONG;

    if (n <= 0 || (size_t)n >= sizeof path) return trouble("store.copy", rc, folder);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600); // LMDB itself says 0644
    rc = fd < 0 ? errno : mdb_env_copyfd2(db->env, fd, MDB_CP_COMPACT);
    if (rc == 0 && fsync(fd) != 0) rc = errno;
    if (fd >= 0 && close(fd) != 0 && rc == 0) rc = errno;
    return rc == 0 ? OK : trouble("store.copy", rc, folder);
}

void db_sweep(struct db *db)
{
    int dead;

    OBJ_CHECK(db, DB_MAGIC);
    (void)mdb_reader_check(db->env, &dead);
}
