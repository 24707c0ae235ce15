// Children of containers against a plain list: order, counts, what stays when some go.
#include "common/arena.h"
#include "common/bytes.h"
#include "service/pool/pool_int.h"
#include "service/tree/cargo_db.h"
#include "service/tree/tree_db.h"
#include "site_fixture.h"
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CHILDREN 6000u

struct model {
    struct fixture *f;
    struct txn *t;
    unit_id parent;
    unit_id list[CHILDREN];
    uint32_t n;
    uint32_t next[4]; // ordinals not yet used, of four spaces
};

static int open_model(void **state)
{
    struct model *m = calloc(1, sizeof *m);

    assert_non_null(m);
    m->f = fixture_open(NULL);
    m->t = txn_write(m->f->site.db);
    m->parent = unit_id_of(9, 7);
    for (uint32_t i = 1; i <= 9; i++) {
        enum space_sort sort = i == 9 ? SPACE_OF_SSCC : SPACE_OF_LIST;
        space_row_put(m->t, &(struct space_row){.space = i, .sort = sort});
    }
    *state = m;
    return 0;
}

static int close_model(void **state)
{
    struct model *m = *state;

    assert_int_equal(txn_end(&m->t, true).cls, ST_OK);
    fixture_close(&m->f);
    free(m);
    return 0;
}

static uint32_t dice(struct model *m, uint32_t below)
{
    uint32_t r;

    env_random(&m->f->env, &r, sizeof r);
    return r % below;
}

static void compare(struct model *m)
{
    struct runs all = children_get(m->t, m->parent, &m->f->arena);
    struct run_walk w = runs_walk(&all);
    unit_id u;

    assert_int_equal(all.units, m->n);
    for (uint32_t i = 0; i < m->n; i++) {
        assert_true(run_next(&w, &u));
        assert_int_equal(u.v, m->list[i].v);
    }
    assert_int_equal(children_count(m->t, m->parent), m->n);
    assert_int_equal(children_first(m->t, m->parent).v, m->n == 0 ? 0 : m->list[0].v);
    arena_reset(&m->f->arena);
}

// Up to 50 new ones, mostly neighbours.
static void add_some(struct model *m)
{
    uint32_t n = 1 + dice(m, 50), space = dice(m, 4);
    unit_id some[50];

    for (uint32_t i = 0; i < n; i++) {
        if (dice(m, 10) == 0) m->next[space] += 3;
        some[i] = m->list[m->n + i] = unit_id_of(space + 1, m->next[space]++);
    }
    struct runs r = runs_of(&m->f->arena, some, n);
    children_add(m->t, m->parent, &r);
    m->n += n;
}

// Each with a chance of one in `of`, named in any order.
static void remove_some(struct model *m, uint32_t of)
{
    unit_id *gone = NEW_ARRAY(&m->f->arena, unit_id, m->n + 1);
    uint32_t n = 0, left = 0;

    for (uint32_t i = 0; i < m->n; i++) {
        if (dice(m, of) == 0)
            gone[n++] = m->list[i];
        else
            m->list[left++] = m->list[i];
    }
    for (uint32_t i = n; i > 1; i--) {
        uint32_t k = dice(m, i);
        unit_id swap = gone[i - 1];
        gone[i - 1] = gone[k];
        gone[k] = swap;
    }
    m->n = left;
    if (n == 0) return;
    struct runs r = runs_of(&m->f->arena, gone, n);
    unit_id first = children_first_without(m->t, m->parent, &r);
    assert_int_equal(first.v, left == 0 ? 0 : m->list[0].v);
    children_remove(m->t, m->parent, &r);
}

static void children_are_what_was_put_in_and_not_taken_out(void **state)
{
    struct model *m = *state;

    compare(m);
    for (unsigned round = 0; round < 400; round++) {
        if (m->n + 50 > CHILDREN || dice(m, 20) == 0)
            remove_some(m, 1 + dice(m, 6));
        else
            add_some(m);
        if (round % 7 == 0) compare(m);
    }
    compare(m);
}

static void thousands_are_added_to_the_last_part_alone(void **state)
{
    struct model *m = *state;
    str key, before = {0}, v;

    while (m->n < CHILDREN - 50) {
        add_some(m);
        char prefix[9] = {'c'};
        put_be(prefix + 1, m->parent.v, 8);
        struct walk w = walk_open(m->t, DB_ROWS, (str){prefix, sizeof prefix}, (str){0});
        assert_true(walk_next(&w, &key, &v)); // the first part stays as it was
        if (m->n > 1500 && before.n == 0) before = arena_str(&m->f->arena, v);
        if (before.n > 0) assert_true(str_eq(before, v));
        for (bool more = true; more; more = walk_next(&w, &key, &v)) assert_true(v.n <= 900);
        walk_close(&w);
    }
    compare(m);
    children_clear(m->t, m->parent);
    m->n = 0;
    compare(m);
}

static void parents_do_not_meet(void **state)
{
    struct model *m = *state;
    unit_id other = unit_id_of(9, 8), one = unit_id_of(1, 1);
    struct runs r = runs_of(&m->f->arena, &one, 1);

    children_add(m->t, other, &r);
    compare(m);
    children_clear(m->t, m->parent);
    assert_int_equal(children_count(m->t, other), 1);
    children_remove(m->t, other, &r);
    assert_int_equal(children_count(m->t, other), 0);
}

static void a_row_that_makes_no_sense_spoils_the_transaction(void **state)
{
    struct model *m = *state;
    char key[11] = {'c'};

    put_be(key + 1, m->parent.v, 8);
    txn_put(m->t, DB_ROWS, (str){key, sizeof key}, S("\x01\x05\x02"));
    assert_int_equal(children_get(m->t, m->parent, &m->f->arena).n, 0);
    assert_string_equal(txn_status(m->t).reason, "store.corrupt");
    status st = txn_end(&m->t, false);
    assert_int_equal(st.cls, ST_STORE);
    m->t = txn_write(m->f->site.db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, open_model, close_model)
        T(children_are_what_was_put_in_and_not_taken_out),
        T(thousands_are_added_to_the_last_part_alone),
        T(parents_do_not_meet),
        T(a_row_that_makes_no_sense_spoils_the_transaction),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
