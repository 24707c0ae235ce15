// disk.c - what a stopped site's data folder holds, by use: pages of each database, and rows by
// their tag (the first byte of the key).
//
//     disk DATA [TAGS]
//
// prints lines of tabs:  pages NAME BYTES      a database's B-tree
//                        tag   CHAR ROWS BYTES keys and values as they stand
//                        used  BYTES           all databases; free pages are not counted
//                        apart BYTES           what would be saved without the rows of TAGS
//
// The last is found by deleting those rows from a copy beside the folder, which is then removed.
#include <ctype.h>
#include <lmdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAP_SIZE (64ull << 30)
#define PAGE     4096u // the copy and the original have the system's page; FORMS counts in 4 KiB

static const struct {
    const char *name;
    unsigned flags;
} tables[] = {
    {"journal", 0                         },
    {"rows",    0                         },
    {"lists",   MDB_DUPSORT | MDB_DUPFIXED}
};
#define TABLES (sizeof tables / sizeof tables[0])
#define ROWS   1u

static void must(int rc, const char *what)
{
    if (rc == MDB_SUCCESS) return;
    fprintf(stderr, "disk: %s: %s\n", what, mdb_strerror(rc));
    exit(1);
}

static MDB_env *env_open(const char *path, unsigned flags)
{
    MDB_env *env = NULL;

    must(mdb_env_create(&env), "create");
    must(mdb_env_set_maxdbs(env, TABLES), "databases");
    must(mdb_env_set_mapsize(env, MAP_SIZE), "map");
    must(mdb_env_open(env, path, flags, 0600), path);
    return env;
}

static size_t pages(const MDB_stat *s)
{
    return s->ms_branch_pages + s->ms_leaf_pages + s->ms_overflow_pages;
}

// Bytes of all B-trees and the two meta pages.
static size_t used(MDB_txn *t, bool print)
{
    MDB_stat s;
    MDB_dbi dbi;
    size_t sum = 2;

    must(mdb_dbi_open(t, NULL, 0, &dbi), "main");
    must(mdb_stat(t, dbi, &s), "main");
    sum += pages(&s);
    for (size_t i = 0; i < TABLES; i++) {
        must(mdb_dbi_open(t, tables[i].name, tables[i].flags, &dbi), tables[i].name);
        must(mdb_stat(t, dbi, &s), tables[i].name);
        sum += pages(&s);
        if (print) printf("pages\t%s\t%zu\n", tables[i].name, pages(&s) * PAGE);
    }
    return sum * PAGE;
}

static void tags_print(MDB_txn *t)
{
    size_t rows[256] = {0}, bytes[256] = {0};
    MDB_cursor *c;
    MDB_dbi dbi;
    MDB_val k, v;

    must(mdb_dbi_open(t, tables[ROWS].name, 0, &dbi), "rows");
    must(mdb_cursor_open(t, dbi, &c), "rows");
    while (mdb_cursor_get(c, &k, &v, MDB_NEXT) == MDB_SUCCESS) {
        unsigned char tag = *(const unsigned char *)k.mv_data;
        rows[tag]++;
        bytes[tag] += k.mv_size + v.mv_size;
    }
    mdb_cursor_close(c);
    for (int i = 0; i < 256; i++) {
        if (rows[i] == 0) continue;
        if (isgraph(i))
            printf("tag\t%c\t%zu\t%zu\n", i, rows[i], bytes[i]);
        else
            printf("tag\t0x%02x\t%zu\t%zu\n", (unsigned)i, rows[i], bytes[i]);
    }
}

static void tag_delete(MDB_txn *t, char tag)
{
    MDB_cursor *c;
    MDB_dbi dbi;
    MDB_val v;

    must(mdb_dbi_open(t, tables[ROWS].name, 0, &dbi), "rows");
    must(mdb_cursor_open(t, dbi, &c), "rows");
    for (;;) {
        MDB_val k = {1, &tag};
        if (mdb_cursor_get(c, &k, &v, MDB_SET_RANGE) != MDB_SUCCESS) break;
        if (*(const char *)k.mv_data != tag) break;
        must(mdb_cursor_del(c, 0), "delete");
    }
    mdb_cursor_close(c);
}

// What the copy at `path` takes without the rows of `tags`.
static size_t used_without(const char *path, const char *tags)
{
    MDB_env *env = env_open(path, MDB_NOSYNC);
    MDB_txn *t;

    must(mdb_txn_begin(env, NULL, 0, &t), "copy");
    for (; *tags != 0; tags++) tag_delete(t, *tags);
    size_t n = used(t, false);
    mdb_txn_abort(t);
    mdb_env_close(env);
    return n;
}

static void copy_remove(const char *path)
{
    static const char *const files[] = {"data.mdb", "lock.mdb"};
    char name[4096];

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(name, sizeof name, "%s/%s", path, files[i]);
        unlink(name);
    }
    rmdir(path);
}

int main(int argc, char **argv)
{
    char copy[4000];
    MDB_txn *t;

    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: disk DATA [TAGS]\n");
        return 2;
    }
    MDB_env *env = env_open(argv[1], MDB_RDONLY);
    must(mdb_txn_begin(env, NULL, MDB_RDONLY, &t), "begin");
    size_t all = used(t, true);
    tags_print(t);
    mdb_txn_abort(t);
    printf("used\t%zu\n", all);
    if (argc == 3) {
        snprintf(copy, sizeof copy, "%s.copy", argv[1]);
        if (mkdir(copy, 0700) != 0) return perror(copy), 1;
        must(mdb_env_copy2(env, copy, MDB_CP_COMPACT), "copy");
        size_t rest = used_without(copy, argv[2]);
        printf("apart\t%zu\n", all - rest);
        copy_remove(copy);
    }
    mdb_env_close(env);
    return 0;
}
