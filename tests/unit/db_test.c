// db_test.c - claims about the store: walks, lists, sticky trouble, a full map.
#include "common/bytes.h"
#include "common/db.h"
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct place {
    char folder[40];
    struct db *db;
};

static struct place *place_open(size_t map)
{
    struct place *p = calloc(1, sizeof *p);
    struct db_conf conf = {.map_max = map, .readers = 4};

    strcpy(p->folder, "/tmp/db_test_XXXXXX");
    assert_non_null(mkdtemp(p->folder));
    conf.folder = p->folder;
    assert_int_equal(db_open(&conf, &p->db).cls, ST_OK);
    return p;
}

static int open_large(void **state) { return *state = place_open(64 * MB), 0; }
static int open_small(void **state) { return *state = place_open(1 * MB), 0; }

static int place_close(void **state)
{
    struct place *p = *state;
    char path[64];

    db_close(&p->db);
    db_close(&p->db); // twice is nothing
    snprintf(path, sizeof path, "%s/data.mdb", p->folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/lock.mdb", p->folder);
    unlink(path);
    rmdir(p->folder);
    free(p);
    return 0;
}

static void put_all(struct place *p, const char *const *keys, size_t n)
{
    struct txn *t = txn_write(p->db);

    for (size_t i = 0; i < n; i++) txn_put(t, DB_ROWS, str_of(keys[i]), str_of(keys[i]));
    assert_int_equal(txn_end(&t, true).cls, ST_OK);
}

static void walks_keep_to_their_prefix(void **state)
{
    static const char *const keys[] = {"a", "ba", "bb", "bc", "b\xff", "c"};
    struct place *p = *state;
    str k, v;

    put_all(p, keys, LEN(keys));
    struct txn *t = txn_read(p->db);
    struct walk w = walk_open(t, DB_ROWS, S("b"), S("bb"));
    size_t n = 0;
    for (; walk_next(&w, &k, &v); n++) assert_true(str_eq(k, str_of(keys[2 + n])));
    assert_int_equal(n, 3);
    walk_close(&w);
    w = walk_open(t, DB_ROWS, S("b"), (str){0});
    assert_true(walk_last(&w, &k, &v) && str_eq(k, S("b\xff")));
    assert_true(walk_before(&w, &k, &v) && str_eq(k, S("bc")));
    walk_close(&w);
    w = walk_open(t, DB_ROWS, S("b"), S("bb"));
    assert_true(walk_before(&w, &k, &v) && str_eq(k, S("ba")));
    assert_false(walk_before(&w, &k, &v)); // "a" is of another prefix
    walk_close(&w);
    w = walk_open(t, DB_ROWS, S("d"), (str){0});
    assert_false(walk_last(&w, &k, &v));
    walk_close(&w);
    assert_int_equal(txn_end(&t, false).cls, ST_OK);
}

static void lists_are_read_from_any_place(void **state)
{
    struct place *p = *state;
    struct txn *t = txn_write(p->db);
    uint64_t items[4];

    for (uint64_t i = 1; i <= 1000; i++) {
        txn_list_add(t, S("one"), &(uint64_t){i * 3}, 1);
        if (i % 100 == 0) txn_list_add(t, S("two"), &(uint64_t){i}, 1);
    }
    assert_int_equal(list_read(t, S("one"), 100, items, 4), 4);
    assert_int_equal(items[0], 102);
    assert_int_equal(items[3], 111);
    assert_int_equal(list_read(t, S("one"), 2999, items, 4), 1);
    assert_int_equal(list_read(t, S("none"), 0, items, 4), 0);
    assert_int_equal(list_count(t, S("two")), 10);
    assert_int_equal(txn_end(&t, true).cls, ST_OK);
}

static void trouble_sticks_until_the_end(void **state)
{
    struct place *p = *state;
    struct txn *t = txn_write(p->db);
    str v;

    txn_put(t, DB_ROWS, S("k"), S("1"));
    txn_spoil(t, "store.corrupt", "a row of the test");
    txn_put(t, DB_ROWS, S("k2"), S("1"));
    assert_false(txn_get(t, DB_ROWS, S("k"), &v));
    status st = txn_end(&t, true);
    assert_int_equal(st.cls, ST_STORE);
    assert_string_equal(st.reason, "store.corrupt");
    t = txn_read(p->db);
    assert_false(txn_get(t, DB_ROWS, S("k"), &v)); // nothing of it was kept
    assert_int_equal(txn_end(&t, false).cls, ST_OK);
}

static uint64_t undone(struct place *p)
{
    struct txn *t = txn_write(p->db);
    uint64_t n = txn_undone(t);

    assert_int_equal(txn_end(&t, false).cls, ST_OK); // nothing was put
    return n;
}

static void writers_are_told_that_rows_were_undone(void **state)
{
    struct place *p = *state;
    uint64_t before = undone(p);
    struct txn *t = txn_write(p->db);

    txn_put(t, DB_ROWS, S("a"), S("1"));
    txn_part(t);
    txn_put(t, DB_ROWS, S("b"), S("1"));
    txn_part_end(t, true);
    assert_int_equal(txn_end(&t, true).cls, ST_OK);
    assert_int_equal(undone(p), before);
    t = txn_write(p->db);
    txn_part(t);
    txn_put(t, DB_ROWS, S("c"), S("1"));
    txn_part_end(t, false);
    assert_true(txn_undone(t) > before);
    assert_int_equal(txn_end(&t, true).cls, ST_OK);
    before = undone(p);
    t = txn_write(p->db);
    txn_put(t, DB_ROWS, S("d"), S("1"));
    db_fault = (struct db_fault){.nth = 1, .commits = true};
    assert_int_equal(txn_end(&t, true).cls, ST_STORE);
    db_fault = (struct db_fault){0};
    assert_true(undone(p) > before && before > 0);
    t = txn_read(p->db);
    assert_int_equal(txn_undone(t), 0);
    assert_int_equal(txn_end(&t, false).cls, ST_OK);
}

static void a_full_map_refuses_and_loses_nothing(void **state)
{
    struct place *p = *state;
    char row[900] = {0}, key[8];
    status st = OK;
    uint64_t kept = 0, used, file;
    str v;

    for (uint64_t i = 0; st.cls == ST_OK; i++) {
        struct txn *t = txn_write(p->db);
        for (uint64_t k = 0; k < 10; k++) {
            put_be(key, i * 10 + k, 8);
            txn_put(t, DB_ROWS, (str){key, 8}, (str){row, sizeof row});
        }
        st = txn_end(&t, true);
        if (st.cls == ST_OK) kept = i * 10 + 10;
    }
    assert_int_equal(st.cls, ST_FULL);
    assert_int_equal(status_http(st.cls), 507);
    assert_in_range(kept, 100, 1200);
    struct txn *t = txn_read(p->db);
    put_be(key, kept - 1, 8);
    assert_true(txn_get(t, DB_ROWS, (str){key, 8}, &v));
    put_be(key, kept, 8);
    assert_false(txn_get(t, DB_ROWS, (str){key, 8}, &v));
    assert_int_equal(txn_end(&t, false).cls, ST_OK);
    assert_int_equal(db_pages(p->db, &used, &file).cls, ST_OK);
    assert_in_range(used, kept / 5, file);
}

static void a_resting_reader_sees_what_is_new_only_when_renewed(void **state)
{
    static const char *const key[] = {"new"};
    struct place *p = *state;
    struct txn *r = txn_read(p->db);
    str v;

    assert_false(txn_get(r, DB_ROWS, S("new"), &v));
    put_all(p, key, 1);
    assert_false(txn_get(r, DB_ROWS, S("new"), &v));
    txn_rest(r);
    txn_renew(r);
    assert_true(txn_get(r, DB_ROWS, S("new"), &v));
    assert_int_equal(txn_end(&r, false).cls, ST_OK);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_large, place_close)

static uint64_t file_size(const struct place *p)
{
    struct stat file;
    char path[64];

    snprintf(path, sizeof path, "%s/data.mdb", p->folder);
    assert_int_equal(stat(path, &file), 0);
    return (uint64_t)file.st_size;
}

static void put_numbered(struct place *p, unsigned from, unsigned to)
{
    char key[4], value[900];
    struct txn *t = txn_write(p->db);

    memset(value, 'v', sizeof value);
    for (unsigned i = from; i < to; i++) {
        put_be(key, i, sizeof key);
        txn_put(t, DB_ROWS, (str){key, sizeof key}, (str){value, sizeof value});
    }
    assert_int_equal(txn_end(&t, true).cls, ST_OK);
}

static void the_file_is_longer_than_what_is_in_it(void **state)
{
    struct place *p = *state;
    struct db_conf conf = {.folder = p->folder, .map_max = 64 * MB, .readers = 4};
    uint64_t used, pages, before = file_size(p);
    unsigned grown = 0;
    str v;

    for (unsigned i = 0; i < 4000; i += 10) {
        put_numbered(p, i, i + 10);
        uint64_t now = file_size(p);
        grown += now != before;
        before = now;
        assert_int_equal(db_pages(p->db, &used, &pages).cls, ST_OK);
        assert_in_range(now, pages * 4096 + 400 * KB, pages * 4096 + 1 * MB);
    }
    assert_in_range(grown, 3, 20); // not with every commit
    db_close(&p->db);
    assert_int_equal(db_open(&conf, &p->db).cls, ST_OK);
    put_numbered(p, 4000, 4001);
    struct txn *t = txn_read(p->db);
    for (unsigned i = 0; i <= 4000; i++) {
        char key[4];
        put_be(key, i, sizeof key);
        assert_true(txn_get(t, DB_ROWS, (str){key, sizeof key}, &v) && v.n == 900);
    }
    assert_int_equal(txn_end(&t, false).cls, ST_OK);
}

static void the_file_is_never_longer_than_the_map(void **state)
{
    put_numbered(*state, 0, 400);
    put_numbered(*state, 400, 410);
    assert_in_range(file_size(*state), 400 * KB, 1 * MB);
}

// ---- readers of other processes

static uint64_t pages_after(struct place *p, unsigned commits)
{
    static const char row[2000];
    uint64_t used, file;

    for (unsigned i = 0; i < commits; i++) {
        struct txn *t = txn_write(p->db);
        txn_put(t, DB_ROWS, S("a row"), (str){row, sizeof row});
        assert_int_equal(txn_end(&t, true).cls, ST_OK);
    }
    assert_int_equal(db_pages(p->db, &used, &file).cls, ST_OK);
    return file;
}

static _Noreturn void look_for_ever(const struct place *p, int told)
{
    struct db_conf conf = {
        .folder = p->folder, .map_max = 64 * MB, .readers = 4, .read_only = true};
    struct db *db;

    if (db_open(&conf, &db).cls != ST_OK) _exit(1);
    struct txn *t = txn_read(db);
    if (txn_status(t).cls != ST_OK || write(told, "x", 1) != 1) _exit(1);
    for (;;) pause();
}

static void a_reader_that_died_keeps_pages_until_it_is_swept(void **state)
{
    struct place *p = *state;
    int told[2], code;
    char c;

    uint64_t before = pages_after(p, 20);
    assert_true(pages_after(p, 200) < before + 20);
    assert_int_equal(pipe(told), 0);
    pid_t child = fork();
    if (child == 0) look_for_ever(p, told[1]);
    assert_int_equal(read(told[0], &c, 1), 1);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &code, 0), child);
    before = pages_after(p, 20);
    uint64_t kept = pages_after(p, 200);
    assert_true(kept > before + 200);
    db_sweep(p->db);
    assert_true(pages_after(p, 400) < kept + 20);
    close(told[0]);
    close(told[1]);
}

static void a_copy_has_every_row_and_no_free_pages(void **state)
{
    struct place *p = *state, *copy = place_open(64 * MB);
    char path[64];
    uint64_t used, file;
    str v;

    put_numbered(p, 0, 2000);
    (void)pages_after(p, 100);
    db_close(&copy->db);
    snprintf(path, sizeof path, "%s/data.mdb", copy->folder);
    unlink(path);
    assert_int_equal(db_copy(p->db, copy->folder).cls, ST_OK);
    assert_int_equal(db_copy(p->db, copy->folder).cls, ST_STORE); // never over another
    struct db_conf conf = {.folder = copy->folder, .map_max = 64 * MB, .readers = 4};
    assert_int_equal(db_open(&conf, &copy->db).cls, ST_OK);
    struct txn *t = txn_read(copy->db);
    assert_true(txn_get(t, DB_ROWS, S("a row"), &v) && v.n == 2000);
    assert_int_equal(txn_end(&t, false).cls, ST_OK);
    assert_int_equal(db_pages(copy->db, &used, &file).cls, ST_OK);
    assert_int_equal(used, file);
    void *out = copy;
    place_close(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(walks_keep_to_their_prefix),
        TEST(lists_are_read_from_any_place),
        TEST(trouble_sticks_until_the_end),
        TEST(writers_are_told_that_rows_were_undone),
        cmocka_unit_test_setup_teardown(a_full_map_refuses_and_loses_nothing, open_small,
                                        place_close),
        TEST(the_file_is_longer_than_what_is_in_it),
        cmocka_unit_test_setup_teardown(the_file_is_never_longer_than_the_map, open_small,
                                        place_close),
        TEST(a_resting_reader_sees_what_is_new_only_when_renewed),
        TEST(a_reader_that_died_keeps_pages_until_it_is_swept),
        TEST(a_copy_has_every_row_and_no_free_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
