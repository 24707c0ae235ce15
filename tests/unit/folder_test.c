// folder_test.c - claims about a site's folder: found, locked, made, its format, its files.
#include "service/ops/folder.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct place {
    char dir[64]; // made for the test
    char site[96];
};

static void remove_all(const char *dir)
{
    static const char *const inside[] = {"data/format",
                                         "data/format.new",
                                         "data/data.mdb",
                                         "data/lock.mdb",
                                         "data",
                                         "messages",
                                         "format",
                                         "file",
                                         ""};
    char path[200];

    for (size_t i = 0; i < LEN(inside); i++) {
        snprintf(path, sizeof path, "%s/%s", dir, inside[i]);
        if (unlink(path) != 0) rmdir(path);
    }
}

static int open_place(void **state)
{
    struct place *p = calloc(1, sizeof *p);

    strcpy(p->dir, "/tmp/folder_test_XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->site, sizeof p->site, "%s/site", p->dir);
    *state = p;
    return 0;
}

static int close_place(void **state)
{
    struct place *p = *state;

    remove_all(p->site);
    remove_all(p->dir);
    assert_int_not_equal(access(p->dir, F_OK), 0);
    free(p);
    return 0;
}

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[200];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static const struct journal_meta meta = {
    .format = FORMAT_NOW, .journal_id = {1, 2,               255},
         .created_by = {"packtrail test", 14}
};

static void make(const struct place *p, struct folder *f)
{
    assert_int_equal(folder_make(p->site, f).cls, ST_OK);
    assert_int_equal(folder_format_write(f, &meta).cls, ST_OK);
}

static void a_folder_is_made_and_found_again(void **state)
{
    const struct place *p = *state;
    struct folder made, found;
    struct folder_format format;
    struct stat s;

    assert_string_equal(folder_find(p->site, &found).reason, "folder.none");
    make(p, &made);
    assert_string_equal(folder_make(p->site, &found).reason, "folder.taken");
    assert_int_equal(folder_find(p->site, &found).cls, ST_OK);
    assert_string_equal(found.site, p->site);
    assert_string_equal(found.data, made.data);
    assert_int_equal(folder_format_read(&found, &format).cls, ST_OK);
    assert_int_equal(format.format, FORMAT_NOW);
    assert_memory_equal(format.journal_id, meta.journal_id, 16);
    assert_string_equal(format.created_by, "packtrail test");
    assert_int_equal(stat(p->site, &s), 0);
    assert_int_equal(s.st_mode & 0777, 0700);
    folder_close(&made);
}

static void a_data_folder_may_stand_alone(void **state)
{
    const struct place *p = *state;
    struct folder f;

    write_file(p->dir, "format", "1\n");
    assert_int_equal(folder_find(p->dir, &f).cls, ST_OK);
    assert_string_equal(f.data, p->dir);
    assert_string_equal(f.site, "");
}

static void one_at_a_time_has_the_lock(void **state)
{
    const struct place *p = *state;
    struct folder first, second;

    make(p, &first);
    assert_int_equal(folder_find(p->site, &second).cls, ST_OK);
    assert_string_equal(folder_lock(&second).reason, "folder.in_use");
    assert_int_equal(second.lock, -1);
    folder_close(&first);
    assert_int_equal(folder_lock(&second).cls, ST_OK);
    folder_close(&second);
    folder_close(&second);
}

static void a_format_that_is_none_is_refused(void **state)
{
    const struct place *p = *state;
    static const struct {
        const char *text, *code;
    } rows[] = {
        {"1\n0102ff00000000000000000000000000\npacktrail\n", ""             },
        {"1\n0102ff00000000000000000000000000\n",            ""             },
        {"2\n0102ff00000000000000000000000000\nx\n",         "folder.newer" },
        {"",                                                 "folder.format"},
        {"1\n",                                              "folder.format"},
        {"one\n0102ff00000000000000000000000000\nx\n",       "folder.format"},
        {"1\n0102\nx\n",                                     "folder.format"},
        {"1\n0102ff0000000000000000000000000g\nx\n",         "folder.format"},
    };
    struct folder_format format;
    char longer[300];
    struct folder f;

    make(p, &f);
    for (size_t i = 0; i < LEN(rows); i++) {
        write_file(f.data, "format", rows[i].text);
        status st = folder_format_read(&f, &format);
        assert_string_equal(st.cls == ST_OK ? "" : st.reason, rows[i].code);
    }
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    write_file(f.data, "format", longer);
    assert_string_equal(folder_format_read(&f, &format).reason, "folder.format");
    folder_close(&f);
}

static void put_head(const struct folder *f, uint64_t seq)
{
    struct db *db;

    assert_int_equal(folder_db(f, 64 * MB, false, &db).cls, ST_OK);
    struct txn *t = txn_write(db);
    journal_head_put(t, &(struct journal_head){.seq = seq});
    assert_int_equal(txn_end(&t, true).cls, ST_OK);
    db_close(&db);
}

static void what_a_cut_init_left_is_cleared_but_no_more(void **state)
{
    const struct place *p = *state;
    struct folder f;
    char store[FOLDER_PATH_MAX + 16];

    assert_int_equal(folder_make(p->site, &f).cls, ST_OK);
    snprintf(store, sizeof store, "%s/data.mdb", f.data);
    put_head(&f, 2);
    folder_close(&f);
    assert_int_equal(folder_make(p->site, &f).cls, ST_OK);
    assert_int_not_equal(access(store, F_OK), 0);
    put_head(&f, 3);
    folder_close(&f);
    assert_string_equal(folder_make(p->site, &f).reason, "folder.foreign");
    assert_int_equal(access(store, F_OK), 0);
    assert_int_equal(f.lock, -1);
}

static void a_file_is_replaced_whole_or_left(void **state)
{
    const struct place *p = *state;
    char path[200], beside[208], text[16] = {0};

    snprintf(path, sizeof path, "%s/file", p->dir);
    snprintf(beside, sizeof beside, "%s.new", path);
    assert_int_equal(folder_put(path, S("first")).cls, ST_OK);
    assert_int_equal(folder_put(path, S("second")).cls, ST_OK);
    assert_int_equal(mkdir(beside, 0700), 0); // it can't be written beside
    assert_int_equal(folder_put(path, S("third")).cls, ST_STORE);
    FILE *in = fopen(path, "r");
    assert_int_equal(fread(text, 1, sizeof text - 1, in), 6);
    assert_string_equal(text, "second");
    fclose(in);
    rmdir(beside);
    assert_int_equal(folder_put("/nowhere/at/all", S("x")).cls, ST_STORE);
}

static void make_unlocked(const struct place *p, struct folder *f, char lock[128]) // with a store
{
    struct db *db;

    make(p, f);
    snprintf(lock, 128, "%s/data/lock.mdb", p->site);
    assert_int_equal(folder_db(f, 1 * MB, false, &db).cls, ST_OK);
    db_close(&db);
    assert_int_equal(unlink(lock), 0);
}

static void the_lock_file_of_who_only_reads_is_the_owners(void **state)
{
    const struct place *p = *state;
    struct folder f;
    struct db *db;
    struct stat is;
    char lock[128];

    if (geteuid() != 0) skip(); // only root gives a folder to another
    make_unlocked(p, &f, lock);
    assert_int_equal(chown(f.data, 65534, 65533), 0);
    assert_int_equal(folder_db(&f, 1 * MB, true, &db).cls, ST_OK);
    db_close(&db);
    assert_int_equal(stat(lock, &is), 0);
    assert_int_equal(is.st_uid, 65534);
    assert_int_equal(is.st_gid, 65533);
    assert_int_equal(is.st_mode & 0777, 0600);
    assert_int_equal(folder_db(&f, 1 * MB, true, &db).cls, ST_OK); // as it is
    db_close(&db);
    folder_close(&f);
}

static void who_could_not_give_the_lock_file_away_makes_none(void **state)
{
    const struct place *p = *state;
    struct folder f;
    struct db *db;
    char lock[128];

    if (geteuid() != 0) skip(); // only root is others
    make_unlocked(p, &f, lock);
    assert_int_equal(chmod(p->dir, 0755), 0);
    assert_int_equal(chmod(p->site, 0755), 0);
    assert_int_equal(chmod(f.data, 0777), 0);
    assert_int_equal(seteuid(65533), 0);
    status st = folder_db(&f, 1 * MB, true, &db);
    assert_int_equal(seteuid(0), 0);
    assert_string_equal(st.reason, "folder.owner");
    assert_int_not_equal(access(lock, F_OK), 0);
    folder_close(&f);
}

static void a_path_too_long_is_refused(void **state)
{
    static char name[2 * FOLDER_PATH_MAX];
    struct folder f;

    (void)state;
    memset(name, 'x', sizeof name - 1);
    assert_string_equal(folder_find(name, &f).reason, "folder.path");
    assert_string_equal(folder_find("", &f).reason, "folder.path");
    assert_string_equal(folder_put(name, S("")).reason, "folder.path");
    name[FOLDER_PATH_MAX - 3] = 0;
    assert_string_equal(folder_find(name, &f).reason, "folder.path");
}

#define FOLDER_TEST(name) cmocka_unit_test_setup_teardown(name, open_place, close_place)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FOLDER_TEST(a_folder_is_made_and_found_again),
        FOLDER_TEST(a_data_folder_may_stand_alone),
        FOLDER_TEST(one_at_a_time_has_the_lock),
        FOLDER_TEST(a_format_that_is_none_is_refused),
        FOLDER_TEST(what_a_cut_init_left_is_cleared_but_no_more),
        FOLDER_TEST(a_file_is_replaced_whole_or_left),
        FOLDER_TEST(the_lock_file_of_who_only_reads_is_the_owners),
        FOLDER_TEST(who_could_not_give_the_lock_file_away_makes_none),
        FOLDER_TEST(a_path_too_long_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
