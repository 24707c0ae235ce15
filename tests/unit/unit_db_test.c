// The rows of units: whatever units hold comes back, however few runs they make; damage is told.
#include "common/bytes.h"
#include "service/journal/numbers.h"
#include "service/unit/unit_db.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct store {
    char folder[32];
    struct db *db;
    struct txn *t;
};

static int begin(void **state)
{
    static struct store s;
    struct db_conf conf = {.folder = s.folder, .map_max = 64 * MB, .readers = 2};

    snprintf(s.folder, sizeof s.folder, "/tmp/unit_db_test_XXXXXX");
    assert_non_null(mkdtemp(s.folder));
    assert_int_equal(db_open(&conf, &s.db).cls, ST_OK);
    s.t = txn_write(s.db);
    *state = &s;
    return 0;
}

static int end(void **state)
{
    struct store *s = *state;
    char path[64];

    (void)txn_end(&s->t, false);
    db_close(&s->db);
    snprintf(path, sizeof path, "%s/data.mdb", s->folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/lock.mdb", s->folder);
    unlink(path);
    rmdir(s->folder);
    return 0;
}

static uint64_t dice;

static uint64_t roll(uint64_t below)
{
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return dice % below;
}

// Every value that a field may have, small ones oftener.
static uint64_t any(unsigned bits)
{
    uint64_t v = roll(UINT64_MAX) >> (64 - bits);
    return v >> roll(bits);
}

static struct unit any_unit(void)
{
    return (struct unit){.state = (enum unit_state)roll(UNIT_UNALLOCATED),
                         .flags = (uint8_t)any(8),
                         .often = (uint8_t)any(4),
                         .first = any(40),
                         .last = any(40),
                         .parent = {any(64)}};
}

static void same(struct unit is, const struct unit *want)
{
    assert_int_equal(is.state, want->state);
    assert_int_equal(is.flags, want->flags);
    assert_int_equal(is.often, want->often);
    assert_int_equal(is.first, want->first);
    assert_int_equal(is.last, want->last);
    assert_int_equal(is.parent.v, want->parent.v);
}

static str row_of(struct txn *t, uint32_t space)
{
    char key[9] = {ROW_UNIT};
    str v = {0};

    put_be(key + 1, space, 3);
    assert_true(txn_get(t, DB_ROWS, (str){key, sizeof key}, &v));
    return v;
}

static void fill(struct txn *t, uint32_t space, const struct unit *units, bool backwards)
{
    struct unit_rows rows;

    unit_rows_write(&rows, t);
    for (uint64_t i = 0; i < UNITS_A_ROW; i++) {
        uint64_t at = backwards ? UNITS_A_ROW - 1 - i : i;
        unit_put(&rows, unit_id_of(space, at), &units[at]);
        if (backwards && at % 7 == 0) unit_rows_end(&rows);
    }
    unit_rows_end(&rows);
}

static void whatever_units_hold_comes_back(void **state)
{
    struct store *s = *state;
    struct unit units[UNITS_A_ROW];
    struct unit_rows rows;
    unsigned as_they_are = 0;

    dice = 1;
    for (uint32_t space = 1; space < 2000; space += 2) {
        uint64_t alike = 1 + any(8);
        for (uint64_t i = 0; i < UNITS_A_ROW; i++)
            units[i] = i == 0 || roll(alike) == 0 ? any_unit() : units[i - 1];
        fill(s->t, space, units, false);
        unit_rows_read(&rows, s->t);
        for (uint64_t i = 0; i < UNITS_A_ROW; i++)
            same(unit_get(&rows, unit_id_of(space, i)), &units[i]);
        // What the units hold decides on the bytes, not the way there.
        fill(s->t, space + 1, units, true);
        str there = row_of(s->t, space), other = row_of(s->t, space + 1);
        assert_true(str_eq(there, other));
        as_they_are += there.n == UNITS_A_ROW * UNIT_BYTES;
        assert_true(there.n <= UNITS_A_ROW * UNIT_BYTES);
    }
    assert_in_range(as_they_are, 1, 999); // both forms were met
    assert_int_equal(txn_status(s->t).cls, ST_OK);
}

static void a_row_of_one_report_takes_a_few_bytes(void **state)
{
    struct store *s = *state;
    struct unit units[UNITS_A_ROW];

    for (uint64_t i = 0; i < UNITS_A_ROW; i++)
        units[i] = (struct unit){.state = UNIT_COMMISSIONED,
                                 .first = 1000000,
                                 .last = 1000000 + i / 50,
                                 .parent = unit_id_of(3, 70 + i / 50)};
    fill(s->t, 1, units, false);
    assert_in_range(row_of(s->t, 1).n, 1, 50);
    // Containers one after the other: some bytes each.
    for (uint64_t i = 0; i < UNITS_A_ROW; i++)
        units[i] = (struct unit){
            .state = UNIT_CLOSED, .first = 1000000 + 90 * i, .last = 1000000 + 90 * i};
    fill(s->t, 2, units, false);
    assert_in_range(row_of(s->t, 2).n, 1, 4 * UNITS_A_ROW);
}

static void what_was_never_written_is_nothing(void **state)
{
    struct store *s = *state;
    struct unit_rows rows;
    struct unit u = {.state = UNIT_PRINTED, .last = 5};

    unit_rows_write(&rows, s->t);
    unit_put(&rows, unit_id_of(7, 203), &u);
    unit_rows_end(&rows);
    same(unit_one(s->t, unit_id_of(7, 203)), &u);
    same(unit_one(s->t, unit_id_of(7, 204)), &(struct unit){0});
    same(unit_one(s->t, unit_id_of(8, 0)), &(struct unit){0});
    assert_int_equal(units_count(s->t), 1);
    assert_int_equal(unit_next(s->t, unit_id_of(7, 0)).v, unit_id_of(7, 200).v);
}

// Rows that are read in any order, and units alike across the ends of rows.
static void rows_are_read_by_turns(void **state)
{
    struct store *s = *state;
    struct unit units[3][UNITS_A_ROW];
    struct unit_rows rows;

    dice = 3;
    for (uint32_t k = 0; k < 3; k++) {
        for (uint64_t i = 0; i < UNITS_A_ROW; i++) units[k][i] = any_unit();
        fill(s->t, 1 + k, units[k], false);
    }
    unit_rows_read(&rows, s->t);
    for (unsigned n = 0; n < 20000; n++) {
        uint32_t k = (uint32_t)roll(n % 100 < 50 ? 2 : 3);
        uint64_t i = roll(UNITS_A_ROW);
        same(unit_get(&rows, unit_id_of(1 + k, i)), &units[k][i]);
    }
    assert_int_equal(txn_status(s->t).cls, ST_OK);
}

static void units_alike_have_one_state_and_beginning(void **state)
{
    struct store *s = *state;
    struct unit x = {.state = UNIT_COMMISSIONED, .first = 7, .last = 9};
    struct unit_rows rows;

    unit_rows_write(&rows, s->t);
    for (uint64_t i = 150; i < 450; i++) {
        x.flags = (uint8_t)(i % 3);
        x.often = (uint8_t)(i % 2);
        x.parent = unit_id_of(2, i / 10);
        x.first = i < 420 ? 7 : 8;
        x.state = i < 430 ? UNIT_COMMISSIONED : UNIT_SAMPLED;
        unit_put(&rows, unit_id_of(1, i), &x);
    }
    unit_rows_end(&rows);
    unit_rows_read(&rows, s->t);
    assert_int_equal(units_alike(&rows, unit_id_of(1, 150), 1000), 270);
    assert_int_equal(units_alike(&rows, unit_id_of(1, 150), 20), 20);
    assert_int_equal(units_alike(&rows, unit_id_of(1, 419), 1000), 1);
    assert_int_equal(units_alike(&rows, unit_id_of(1, 420), 1000), 10);
    assert_int_equal(units_alike(&rows, unit_id_of(1, 430), 1000), 20);
    assert_int_equal(units_alike(&rows, unit_id_of(1, 450), 30), 30); // nothing is alike, too
}

// A row cut short is always told; of one with another byte what is read is a unit, or it is told.
static void damage_is_told(void **state)
{
    struct store *s = *state;
    char key[9] = {ROW_UNIT, 0, 0, 1}, bytes[UNITS_A_ROW * UNIT_BYTES];
    struct unit units[UNITS_A_ROW];
    struct unit_rows rows;
    unsigned told = 0;

    dice = 2;
    for (uint64_t i = 0; i < UNITS_A_ROW; i++)
        units[i] = i == 0 || roll(40) == 0 ? any_unit() : units[i - 1];
    fill(s->t, 1, units, false);
    str row = row_of(s->t, 1);
    memcpy(bytes, row.p, row.n);
    row.p = bytes;
    for (unsigned i = 0; i < 5000; i++) {
        size_t at = roll(row.n);
        bool cut = i % 3 == 0;
        char was = bytes[at];
        if (!cut) bytes[at] = (char)roll(256);
        (void)txn_end(&s->t, false);
        s->t = txn_write(s->db);
        txn_put(s->t, DB_ROWS, (str){key, sizeof key}, (str){bytes, cut ? at : row.n});
        unit_rows_read(&rows, s->t);
        for (uint64_t k = 0; k < UNITS_A_ROW; k++)
            assert_true(unit_get(&rows, unit_id_of(1, k)).state < UNIT_UNALLOCATED);
        status st = txn_status(s->t);
        assert_true(st.cls == ST_OK || strcmp(st.reason, "store.corrupt") == 0);
        if (cut) assert_int_not_equal(st.cls, ST_OK);
        told += st.cls != ST_OK;
        bytes[at] = was;
    }
    assert_in_range(told, 2000, 4999);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whatever_units_hold_comes_back, begin, end),
        cmocka_unit_test_setup_teardown(a_row_of_one_report_takes_a_few_bytes, begin, end),
        cmocka_unit_test_setup_teardown(what_was_never_written_is_nothing, begin, end),
        cmocka_unit_test_setup_teardown(rows_are_read_by_turns, begin, end),
        cmocka_unit_test_setup_teardown(units_alike_have_one_state_and_beginning, begin, end),
        cmocka_unit_test_setup_teardown(damage_is_told, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
