// What the row of a container says of its content, against counting all that lies in it.
#include "service/event/inside.h"
#include "service/pool/names.h"
#include "service/tree/cargo_db.h"
#include "service/tree/tree_db.h"
#include "service/unit/unit_db.h"
#include "trade_site.h"
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#define CASES   8u
#define PACKS   4u // in a case
#define PALLETS 3u // sscc[CASES + i]

static uint32_t dice(struct trade *t, uint32_t below)
{
    uint32_t r;

    env_random(&t->f->env, &r, sizeof r);
    return r % below;
}

static unit_id unit_of(struct trade *t, struct txn *txn, str spelling)
{
    struct gs1_id id;
    client_id owner;
    unit_id u;

    assert_int_equal(gs1_read(spelling, &t->f->arena, &id).cls, ST_OK);
    assert_true(names_find(names_here(&t->f->site), txn, &id, &u, &owner));
    return u;
}

// How many of the lot, by walking.
static uint64_t counted(struct trade *t, const struct inside *all, struct txn *txn, uint32_t lot)
{
    uint64_t n = 0;

    for (uint32_t i = 0; i < all->n; i++) {
        const struct space_row *s = names_space(names_here(&t->f->site), txn, all->parts[i].space);
        if (s->sort != SPACE_OF_SSCC && all->parts[i].lot == lot) n += all->parts[i].count;
    }
    return n;
}

static uint64_t marked(struct txn *txn, unit_id container, unsigned flag, struct arena *a)
{
    struct runs all = children_get(txn, container, a);
    uint64_t n = 0;
    unit_id u;

    for (struct run_walk w = runs_walk(&all); run_next(&w, &u);)
        n += ((unit_one(txn, u).flags & flag) != 0) + marked(txn, u, flag, a);
    return n;
}

static void compare(struct trade *t, str container)
{
    struct txn *txn = fixture_read(t->f);
    unit_id u = unit_of(t, txn, container);
    struct inside_reader r = {txn, names_here(&t->f->site), &t->f->arena};
    struct inside all;
    struct cargo c;
    uint64_t sum = 0;

    cargo_get(txn, u, &c);
    assert_int_equal(inside_of(&r, u, &all).cls, ST_OK);
    for (uint32_t i = 0; i < c.lot_count; i++) {
        assert_int_equal(c.lots[i].count, counted(t, &all, txn, c.lots[i].lot));
        sum += c.lots[i].count;
    }
    uint64_t items = 0;
    for (uint32_t lot = 1; lot <= 3; lot++) items += counted(t, &all, txn, lot);
    assert_int_equal(sum, items);
    assert_int_equal(c.marked[CARGO_HOLD], marked(txn, u, UNIT_HOLD, &t->f->arena));
    assert_int_equal(c.marked[CARGO_RECALLED], marked(txn, u, UNIT_RECALLED, &t->f->arena));
    assert_int_equal(c.open, 0);
    bool cases = c.deep[0] > 0; // a pallet holds nothing but cases
    assert_int_equal(c.deep[0], cases ? children_count(txn, u) : 0);
    assert_int_equal(cargo_height(txn, u), cases);
    fixture_read_end(txn);
}

struct world {
    int on[CASES]; // its pallet, -1: none
    bool open[PALLETS], begun[PALLETS];
    unsigned flags[CASES][PACKS];
};

static void make_cases(struct trade *t, struct world *x)
{
    for (unsigned i = 0; i < CASES; i++) {
        trade_commission(t, t->acme + i * PACKS, PACKS, i % 2 ? "L2" : "L1");
        trade_pack(t, t->sscc[i], t->acme + i * PACKS, PACKS);
        x->on[i] = -1;
    }
}

static void load(struct trade *t, struct world *x, unsigned i, unsigned pallet)
{
    if (x->on[i] >= 0 || (x->begun[pallet] && !x->open[pallet])) return;
    trade_put(t, t->sscc[CASES + pallet], &t->sscc[i], 1);
    x->on[i] = (int)pallet;
    x->begun[pallet] = x->open[pallet] = true;
}

// Packs on hold may not be moved by lines, but out of a container they may.
static void unload(struct trade *t, struct world *x, unsigned i)
{
    if (x->on[i] < 0) return;
    trade_unpack(t, t->sscc[CASES + (unsigned)x->on[i]], &t->sscc[i], 1);
    x->open[x->on[i]] = true;
    x->on[i] = -1;
}

static void flag(struct trade *t, struct world *x, unsigned i, unsigned pack)
{
    static const unsigned some[] = {0, UNIT_HOLD, UNIT_RECALLED, UNIT_HOLD | UNIT_RECALLED};

    x->flags[i][pack] = some[dice(t, LEN(some))];
    trade_flag(t, t->acme[i * PACKS + pack], x->flags[i][pack]);
}

static void its_row_says_what_a_walk_would_find(void **state)
{
    struct trade *t = *state;
    struct world x = {0};

    make_cases(t, &x);
    for (unsigned round = 0; round < 300; round++) {
        unsigned i = dice(t, CASES);
        switch (dice(t, 3)) {
        case 0: load(t, &x, i, dice(t, PALLETS)); break;
        case 1: unload(t, &x, i); break;
        default: flag(t, &x, i, dice(t, PACKS)); break;
        }
        for (unsigned k = 0; k < CASES + PALLETS && round % 5 == 0; k++) compare(t, t->sscc[k]);
    }
    fixture_verify(t->f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(its_row_says_what_a_walk_would_find, trade_open,
                                        trade_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
