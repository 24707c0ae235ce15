// How deep containers lie in one another, whoever puts them there: never deeper than the limit, and
// never in a ring. Every test ends with a replay.
#include "captured_site.h"
#include "common/env.h"
#include "line_site.h"
#include "service/client/client.h"
#include "service/pool/foreign.h"
#include "service/tree/depth.h"
#include "service/unit/unit_db.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// ---- containers of others, as events tell of them

enum { BOXES = 48, NOWHERE = -1 };

struct world {
    struct fixture *f;
    client_id acme;
    int in[BOXES]; // what each lies in, as it must be
    unsigned told; // events
};

static void begin(struct world *x, struct fixture *f)
{
    struct txn *t = fixture_read(f);

    *x = (struct world){.f = f};
    assert_true(client_by_name(t, S("acme"), &x->acme));
    fixture_read_end(t);
    for (int i = 0; i < BOXES; i++) x->in[i] = NOWHERE;
}

static const char *box_uri(struct world *x, int i)
{
    char digits[18];
    unsigned sum = 0;

    snprintf(digits, sizeof digits, "04012345%09d", i);
    for (unsigned k = 0; k < 17; k++) sum += (unsigned)(digits[k] - '0') * (k % 2 == 0 ? 3 : 1);
    return fmt(x->f, "https://id.gs1.org/00/%s%u", digits, (10 - sum % 10) % 10);
}

// 0: nothing told of it yet
static unit_id box(struct world *x, struct txn *t, int i)
{
    struct gs1_id id;
    struct buf text;

    buf_init(&text, FOREIGN_TEXT_MAX + KB);
    assert_int_equal(gs1_read(str_of(box_uri(x, i)), &x->f->arena, &id).cls, ST_OK);
    assert_int_equal(foreign_text(&id, &text).cls, ST_OK);
    unit_id u = foreign_find(t, x->acme, buf_str(&text));
    buf_fini(&text);
    return u;
}

static void tell(struct world *x, const char *action, int parent, int child)
{
    struct captured_says e = {
        .type = "AggregationEvent",
        .members = fmt(x->f,
                       ",\"action\":\"%s\",\"bizStep\":\"packing\",\"parentID\":\"%s\","
                       "\"childEPCs\":[\"%s\"]",
                       action, box_uri(x, parent), box_uri(x, child)),
        .time = {{env_wall(x->f->site.env).ms + x->told++}, 0}
    };

    (void)captured_site_say(x->f, x->acme, &e);
}

static unsigned around(const struct world *x, int i) // itself with them
{
    unsigned n = 0;

    for (; i != NOWHERE; i = x->in[i]) n++;
    return n;
}

static bool lies_in(const struct world *x, int i, int in)
{
    while (i != NOWHERE && i != in) i = x->in[i];
    return i == in;
}

static unsigned height(const struct world *x, int of)
{
    unsigned most = 0;

    for (int i = 0; i < BOXES; i++)
        if (lies_in(x, i, of) && around(x, i) - around(x, of) > most)
            most = around(x, i) - around(x, of);
    return most;
}

static void put(struct world *x, int parent, int child)
{
    bool fits = x->in[child] == NOWHERE && !lies_in(x, parent, child) &&
                around(x, parent) + 1 + height(x, child) <= CONTAINERS_DEEP;

    tell(x, "ADD", parent, child);
    if (fits) x->in[child] = parent;
}

static void take_out(struct world *x, int child)
{
    if (x->in[child] == NOWHERE) return;
    tell(x, "DELETE", x->in[child], child);
    x->in[child] = NOWHERE;
}

static void compare(struct world *x)
{
    struct txn *t = fixture_read(x->f);

    for (int i = 0; i < BOXES; i++) {
        unit_id u = box(x, t, i);
        if (u.v == 0) continue;
        unit_id in = x->in[i] == NOWHERE ? (unit_id){0} : box(x, t, x->in[i]);
        assert_int_equal(unit_one(t, u).parent.v, in.v);
        assert_int_equal(cargo_height(t, u), height(x, i));
    }
    fixture_read_end(t);
}

static void a_ring_of_any_length_is_never_closed(void **state)
{
    struct world x;

    begin(&x, *state);
    for (int i = 0; i + 1 < BOXES; i++) put(&x, i + 1, i); // each in the next
    compare(&x);
    assert_int_equal(around(&x, 0), CONTAINERS_DEEP);
    for (int i = 0; i + 1 < BOXES; i++) put(&x, 0, i + 1);
    compare(&x);
    line_site_check(*state);
}

static void towers_are_joined_only_so_high(void **state)
{
    struct world x;

    begin(&x, *state);
    for (int i = 0; i < 8; i++) put(&x, i, i + 1);
    for (int i = 40; i > 32; i--) put(&x, i - 1, i); // 32 holds eight
    put(&x, 8, 32);                                  // nine in nine
    assert_int_equal(x.in[32], NOWHERE);
    compare(&x);
    take_out(&x, 40);
    take_out(&x, 39);
    put(&x, 8, 32);
    assert_int_equal(x.in[32], 8);
    compare(&x);
    line_site_check(*state);
}

static void whatever_is_told_the_heights_are_those_of_a_walk(void **state)
{
    struct world x;
    uint32_t r[3];

    begin(&x, *state);
    for (unsigned round = 0; round < 500; round++) {
        env_random(&x.f->env, r, sizeof r);
        int parent = (int)(r[1] % BOXES), child = (int)(r[2] % BOXES);
        for (int i = 0; i < BOXES && r[0] % 4 < 2; i++)
            if (around(&x, i) > around(&x, parent)) parent = i;
        if (r[0] % 4 == 3)
            take_out(&x, child);
        else if (parent != child)
            put(&x, parent, child);
        if (round % 10 == 0) compare(&x);
    }
    compare(&x);
    line_site_check(*state);
}

#define DEPTH_TEST(f) cmocka_unit_test_setup_teardown(f, line_site_setup, line_site_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DEPTH_TEST(a_ring_of_any_length_is_never_closed),
        DEPTH_TEST(towers_are_joined_only_so_high),
        DEPTH_TEST(whatever_is_told_the_heights_are_those_of_a_walk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
