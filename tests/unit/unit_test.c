// The state machine walked whole, runs, and the rows of units.
#include "common/arena.h"
#include "service/unit/run.h"
#include "service/unit/unit.h"
#include "service/unit/unit_db.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

// What is allowed, said again: sort, state before, lies in a container?, act, state after.
static const char *const allowed[] = {
    "pack none - commission commissioned",
    "pack allocated - commission commissioned",
    "pack printed - commission commissioned",
    "pack none - scrap scrapped",
    "pack allocated - scrap scrapped",
    "pack printed - scrap scrapped",
    "pack none - return returned_to_owner",
    "pack allocated - return returned_to_owner",
    "pack commissioned - pack commissioned",
    "pack commissioned in unpack commissioned",
    "pack commissioned - ship shipped",
    "container none - commission open",
    "container allocated - commission open",
    "container printed - commission open",
    "container none - scrap scrapped",
    "container allocated - scrap scrapped",
    "container printed - scrap scrapped",
    "container none - return returned_to_owner",
    "container allocated - return returned_to_owner",
    "container open - pack into open",
    "container open - unpack from open",
    "container closed - unpack from open",
    "container open - close closed",
    "container closed - pack closed",
    "container closed in unpack closed",
    "container closed - ship shipped",
};

static const char *state_word(enum unit_state s)
{
    return s == UNIT_NONE ? "none" : unit_state_name(s);
}

static bool is_allowed(const char *line)
{
    for (size_t i = 0; i < LEN(allowed); i++)
        if (strcmp(allowed[i], line) == 0) return true;
    return false;
}

// One cell of the table: refused with a code, or allowed as the list says.
static bool walk_cell(int sort, const struct unit *u, int act)
{
    enum unit_state next = UNIT_STATES;
    char line[128];
    status st = unit_step((enum unit_sort)sort, u, (enum unit_act)act, &next);

    if (st.cls != ST_OK) {
        assert_int_equal(st.cls, ST_CONFLICT);
        assert_int_equal(strncmp(st.reason, "unit.", 5), 0);
        assert_int_equal(next, UNIT_STATES);
        return false;
    }
    snprintf(line, sizeof line, "%s %s %s %s %s", sort == SORT_PACK ? "pack" : "container",
             state_word(u->state), u->parent.v ? "in" : "-", unit_act_name((enum unit_act)act),
             state_word(next));
    if (!is_allowed(line)) fail_msg("not in the list: %s", line);
    return true;
}

static void every_pair_of_state_and_act_is_decided(void **state)
{
    size_t count = 0;

    (void)state;
    for (int sort = 0; sort < 2; sort++)
        for (int s = 0; s < UNIT_STATES; s++)
            for (int act = 0; act < ACT_COUNT; act++)
                for (uint64_t parent = 0; parent < 2; parent++) {
                    struct unit u = {.state = (enum unit_state)s, .parent = {parent}};
                    count += walk_cell(sort, &u, act);
                }
    assert_int_equal(count, LEN(allowed));
}

static void a_hold_refuses_whatever_the_state_allows(void **state)
{
    enum unit_state next;
    struct unit u = {.state = UNIT_COMMISSIONED, .flags = UNIT_HOLD};

    (void)state;
    status st = unit_step(SORT_PACK, &u, ACT_BE_PACKED, &next);
    assert_string_equal(st.reason, "unit.on_hold");
}

static void a_unit_with_a_parent_is_shown_packed(void **state)
{
    (void)state;
    assert_string_equal(unit_shown(&(struct unit){.state = UNIT_COMMISSIONED}), "commissioned");
    assert_string_equal(unit_shown(&(struct unit){.state = UNIT_COMMISSIONED, .parent = {1}}),
                        "packed");
    assert_string_equal(unit_shown(&(struct unit){.state = UNIT_CLOSED, .parent = {1}}), "closed");
}

// --- runs ---

static struct runs make(struct arena *a, const uint64_t *v, uint32_t n)
{
    unit_id *u = NEW_ARRAY(a, unit_id, n);

    for (uint32_t i = 0; i < n; i++) u[i] = (unit_id){v[i]};
    return runs_of(a, u, n);
}

static void runs_come_back_in_the_order_given(void **state)
{
    uint64_t edge = UINT64_C(1) << ORDINAL_BITS; // the last of one space and the first of the next
    uint64_t v[] = {5, 6, 7, 9, 8, edge * 3 - 1, edge * 3, UINT64_MAX, 1};
    struct arena a;
    struct buf b;
    unit_id u;

    (void)state;
    arena_init(&a, MB);
    buf_init(&b, KB);
    struct runs r = make(&a, v, LEN(v));
    assert_int_equal(r.n, 7); // 5-7 is one; spaces are never joined
    runs_put(&b, &r);
    struct bytes_r in = bytes_reader(buf_str(&b));
    struct runs back = runs_get(&in, &a);
    assert_true(bytes_end(&in));
    size_t i = 0;
    for (struct run_walk w = runs_walk(&back); run_next(&w, &u); i++) assert_int_equal(u.v, v[i]);
    assert_int_equal(i, LEN(v));
    assert_int_equal(back.units, LEN(v));
    for (size_t n = 0; n < b.n; n++) { // whatever breaks off is refused
        in = bytes_reader((str){b.p, n});
        runs_get(&in, &a);
        assert_true(in.bad);
    }
    buf_fini(&b);
    arena_fini(&a);
}

static void a_unit_that_stands_twice_is_found(void **state)
{
    static const struct {
        uint64_t v[6];
        uint64_t twice;
    } rows[] = {
        {{1, 2, 3, 4, 5, 6}, 0},
        {{1, 2, 3, 9, 8, 2}, 2},
        {{9, 9, 1, 2, 3, 4}, 9},
        {{3, 4, 5, 1, 2, 3}, 3}
    };
    struct arena a;

    (void)state;
    arena_init(&a, MB);
    for (size_t i = 0; i < LEN(rows); i++) {
        struct runs r = make(&a, rows[i].v, 6);
        assert_int_equal(runs_find_twice(&r, &a).v, rows[i].twice);
    }
    arena_fini(&a);
}

static void alike_values_cost_a_pair_a_stretch(void **state)
{
    static const uint64_t v[] = {7, 7, 7, 0, 0, 1099511627775, 1099511627775, 3};
    struct buf b;

    (void)state;
    buf_init(&b, KB);
    struct alike_w w = {.b = &b};
    for (size_t i = 0; i < LEN(v); i++) alike_put(&w, v[i]);
    alike_end(&w);
    assert_in_range(b.n, 8, 20);
    struct bytes_r in = bytes_reader(buf_str(&b));
    struct alike_r r = {.in = &in};
    for (size_t i = 0; i < LEN(v); i++) assert_int_equal(alike_get(&r), v[i]);
    assert_true(bytes_end(&in));
    alike_get(&r);
    assert_true(in.bad);
    buf_fini(&b);
}

// --- rows ---

static void units_are_kept_by_the_row(void **state)
{
    char folder[] = "/tmp/unit_test_XXXXXX", path[64];
    struct db_conf conf = {.folder = folder, .map_max = 64 * MB, .readers = 2};
    struct unit_rows rows;
    struct db *db;

    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(db_open(&conf, &db).cls, ST_OK);
    struct txn *t = txn_write(db);
    unit_rows_write(&rows, t);
    for (uint64_t i = 0; i < 1000; i++) {
        struct unit u = {.state = (enum unit_state)(i % UNIT_STATES),
                         .flags = (uint8_t)i,
                         .first = i,
                         .last = (UINT64_C(1) << 40) - 1 - i,
                         .parent = {i * UINT64_C(0x0123456789abcd)}};
        unit_put(&rows, unit_id_of(7, i * 3), &u);
    }
    unit_rows_end(&rows);
    unit_rows_read(&rows, t);
    for (uint64_t i = 1000; i-- > 0;) {
        struct unit u = unit_get(&rows, unit_id_of(7, i * 3));
        assert_int_equal(u.state, i % UNIT_STATES);
        assert_int_equal(u.flags, (uint8_t)i);
        assert_int_equal(u.first, i);
        assert_int_equal(u.last, (UINT64_C(1) << 40) - 1 - i);
        assert_int_equal(u.parent.v, i * UINT64_C(0x0123456789abcd));
        assert_int_equal(unit_get(&rows, unit_id_of(7, i * 3 + 1)).state, UNIT_NONE);
    }
    assert_int_equal(unit_one(t, unit_id_of(8, 0)).last, 0);
    assert_int_equal(txn_end(&t, true).cls, ST_OK);
    db_close(&db);
    snprintf(path, sizeof path, "%s/data.mdb", folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/lock.mdb", folder);
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_of_state_and_act_is_decided),
        cmocka_unit_test(a_hold_refuses_whatever_the_state_allows),
        cmocka_unit_test(a_unit_with_a_parent_is_shown_packed),
        cmocka_unit_test(runs_come_back_in_the_order_given),
        cmocka_unit_test(a_unit_that_stands_twice_is_found),
        cmocka_unit_test(alike_values_cost_a_pair_a_stretch),
        cmocka_unit_test(units_are_kept_by_the_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
