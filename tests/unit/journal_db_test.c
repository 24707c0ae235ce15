// Lists, whose newest items lie apart: what is noted is read back from anywhere on.
#include "common/bytes.h"
#include "service/journal/journal_db.h"
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_is_read_from_anywhere_in_any_portion),
    };

    return cmocka_run_group_tests(tests, open_db, close_db);
}
