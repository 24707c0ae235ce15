// Lists, whose newest items lie apart: what is noted is read back from anywhere on.
#include "common/bytes.h"
#include "service/journal/lists.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static char folder[64];
static struct db *db;

static int open_db(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/journal-db-XXXXXX");
    assert_non_null(mkdtemp(folder));
    struct db_conf conf = {.folder = folder, .map_max = 1 * GB, .readers = 4};
    return db_open(&conf, &db).cls == ST_OK ? 0 : 1;
}

static int close_db(void **state)
{
    char path[96];

    (void)state;
    db_close(&db);
    snprintf(path, sizeof path, "%s/data.mdb", folder);
    remove(path);
    snprintf(path, sizeof path, "%s/lock.mdb", folder);
    remove(path);
    return remove(folder);
}

static uint64_t seq_of(uint32_t i) { return 3 + 7 * (uint64_t)i + (i % 5 == 0); }

static void a_list_is_read_from_anywhere_in_any_portion(void **state)
{
    struct txn *t = txn_write(db);
    client_id client = {4}, other = {5};
    uint64_t got[200];

    (void)state;
    for (uint32_t n = 1; n <= 130; n++) {
        list_note(t, client, LIST_LOT, S("lot!"), seq_of(n - 1));
        if (n % 7 == 0) list_note(t, other, LIST_LOT, S("lot!"), seq_of(n - 1));
        if (n % 13 != 0 && n < 126) continue;
        for (uint32_t from = 0; from < n; from++) {
            for (uint32_t most = 1; most <= n - from; most += 1 + most / 2) {
                size_t m = list_of(t, client, LIST_LOT, S("lot!"), seq_of(from), got, most);
                assert_int_equal(m, most);
                for (uint32_t i = 0; i < m; i++) assert_int_equal(got[i], seq_of(from + i));
            }
        }
        assert_int_equal(list_of(t, client, LIST_LOT, S("lot!"), 0, got, 200), n);
        assert_int_equal(list_of(t, client, LIST_LOT, S("lot!"), seq_of(n - 1) + 1, got, 200), 0);
        assert_int_equal(list_of(t, other, LIST_LOT, S("lot!"), 0, got, 200), n / 7);
        assert_int_equal(list_of(t, client, LIST_LOT, S("lot"), 0, got, 200), 0);
        assert_int_equal(list_of(t, client, LIST_EVENTS, S("lot!"), 0, got, 200), 0);
    }
    assert_int_equal(txn_end(&t, true).cls, ST_OK);
}

// Of what the rows of a client say beside its number: their order, keys and values.
static uint64_t rows_sum(client_id client)
{
    struct txn *t = txn_read(db);
    char prefix[5] = {'v'};
    uint64_t sum = 0;
    str k, v;

    put_be(prefix + 1, client.v, 4);
    struct walk w = walk_open(t, DB_ROWS, (str){prefix, 5}, (str){0});
    while (walk_next(&w, &k, &v)) {
        for (size_t i = 5; i < k.n; i++) sum = sum * 31 + (uint8_t)k.p[i];
        for (size_t i = 0; i < v.n; i++) sum = sum * 31 + (uint8_t)v.p[i];
    }
    walk_close(&w);
    assert_int_equal(txn_end(&t, false).cls, ST_OK);
    return sum;
}

static uint64_t lists_sum(client_id client)
{
    struct txn *t = txn_read(db);
    char key[15] = {LIST_TAG, [6] = LIST_HOUR};
    uint64_t sum = 0, items[200];

    put_be(key + 1, client.v, 4);
    for (uint64_t v = 1; v < 5; v++) {
        put_be(key + 7, v, 8);
        size_t n = list_read(t, (str){key, sizeof key}, 0, items, LEN(items));
        for (size_t i = 0; i < n; i++) sum = sum * 31 + items[i];
    }
    assert_int_equal(txn_end(&t, false).cls, ST_OK);
    assert_true(sum != 0);
    return sum;
}

// Rows and lists are the same bytes whether a writer gathers its notes or not.
static void gathered_notes_leave_the_rows_that_single_ones_leave(void **state)
{
    struct list_notes *notes = list_notes_new();
    struct digest {
        uint64_t sums[2];
    } sums[2];
    char value[8];

    (void)state;
    for (int gathered = 0; gathered < 2; gathered++) {
        client_id client = {10 + (uint32_t)gathered};
        for (uint64_t seq = 1; seq <= 400;) {
            struct txn *t = txn_write(db);
            if (gathered) list_notes_begin(notes, t);
            for (uint64_t last = seq + seq % 90; seq <= last; seq++) {
                for (uint64_t v = 1; v < 5; v++) {
                    put_be(value, v, sizeof value);
                    if (seq % v == 0) list_note(t, client, LIST_HOUR, (str){value, 8}, seq);
                }
            }
            put_be(value, 1, sizeof value);
            uint64_t got[4];
            assert_int_equal(list_of(t, client, LIST_HOUR, (str){value, 8}, seq - 2, got, 4), 2);
            assert_int_equal(got[1], seq - 1);
            list_notes_put(t);
            assert_int_equal(txn_end(&t, true).cls, ST_OK);
        }
        sums[gathered] = (struct digest){
            {rows_sum(client), lists_sum(client)}
        };
    }
    assert_memory_equal(&sums[0], &sums[1], sizeof sums[0]);
    list_notes_free(&notes);
}

static void notes_of_a_part_that_is_undone_are_dropped(void **state)
{
    struct list_notes *notes = list_notes_new();
    struct txn *t = txn_write(db);
    client_id client = {20};
    uint64_t got[4];

    (void)state;
    list_notes_begin(notes, t);
    list_note(t, client, LIST_TYPE, S("x"), 1);
    list_notes_put(t);
    txn_part(t);
    list_note(t, client, LIST_TYPE, S("x"), 2);
    list_note(t, client, LIST_TYPE, S("y"), 2);
    assert_int_equal(list_of(t, client, LIST_TYPE, S("x"), 0, got, 4), 2);
    txn_part_end(t, false);
    list_notes_drop(t);
    list_note(t, client, LIST_TYPE, S("x"), 2);
    list_notes_put(t);
    assert_int_equal(list_of(t, client, LIST_TYPE, S("x"), 0, got, 4), 2);
    assert_int_equal(list_of(t, client, LIST_TYPE, S("y"), 0, got, 4), 0);
    assert_int_equal(txn_end(&t, false).cls, ST_OK);
    list_notes_free(&notes);
}

// More lists than are gathered, each found again.
static void any_number_of_lists_is_noted(void **state)
{
    struct list_notes *notes = list_notes_new();
    struct txn *t = txn_write(db);
    client_id client = {30};
    uint64_t got[4];
    char value[8];

    (void)state;
    list_notes_begin(notes, t);
    for (uint64_t seq = 1; seq <= 3000; seq++) {
        put_be(value, seq % 1500, sizeof value);
        list_note(t, client, LIST_UNIT, (str){value, sizeof value}, seq);
    }
    for (uint64_t v = 0; v < 1500; v++) {
        put_be(value, v, sizeof value);
        assert_int_equal(list_of(t, client, LIST_UNIT, (str){value, 8}, 0, got, 4), 2);
        assert_int_equal(got[1] - got[0], 1500);
    }
    assert_int_equal(txn_end(&t, false).cls, ST_OK);
    list_notes_free(&notes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_is_read_from_anywhere_in_any_portion),
        cmocka_unit_test(gathered_notes_leave_the_rows_that_single_ones_leave),
        cmocka_unit_test(notes_of_a_part_that_is_undone_are_dropped),
        cmocka_unit_test(any_number_of_lists_is_noted),
    };

    return cmocka_run_group_tests(tests, open_db, close_db);
}
