// Ids of what lines reported, made again: an hour's facts are made once for all documents, and what
// comes to an hour is found by the next snapshot. The facts are notes of the list of hours alone.
#include "common/bytes.h"
#include "pool_site.h"
#include "service/event/event_id.h"
#include "service/event/index.h"
#include "service/event/line_id.h"
#include "service/event/render.h"
#include "service/journal/lists.h"
#include <setjmp.h>

#include <cmocka.h>

#define HOUR_MS INT64_C(3600000)

static const client_id acme = {1}, bolt = {2};

static int open_site(void **state)
{
    *state = pool_site_open();
    return 0;
}

static int close_site(void **state)
{
    fixture_close((struct fixture **)state);
    return 0;
}

static void note(struct fixture *f, client_id c, uint32_t hour, struct run seqs)
{
    struct txn *t = txn_write(f->site.db);
    char value[4];

    put_be(value, index_hour(hour * HOUR_MS), sizeof value);
    for (uint32_t i = 0; i < seqs.count; i++)
        list_note(t, c, LIST_HOUR, (str){value, sizeof value}, seqs.first.v + i);
    must(txn_end(&t, true));
}

// The fact that is found by the id of one, in a snapshot of its own.
static uint64_t found(struct fixture *f, client_id c, uint32_t hour, uint64_t seq)
{
    struct txn *t = fixture_read(f);
    struct line_ids in = {&f->site, t, c};
    struct event_name name = {.seq = seq, .part = (uint32_t)(seq % EVENT_PARTS_MAX)};
    uint64_t out = 0;
    struct buf id;

    buf_init(&id, KB);
    event_id_put(f->site.meta.journal_id, &name, &id);
    must(line_id_find(&in, &(struct line_id){buf_str(&id), hour * HOUR_MS, {0}}, &out));
    buf_fini(&id);
    fixture_read_end(t);
    return out;
}

#define FACTS(from, n) ((struct run){{from}, n})

static void an_hour_is_made_once_and_then_what_comes_to_it(void **state)
{
    struct fixture *f = *state;
    uint64_t made = line_ids_made();

    note(f, acme, 7, FACTS(1000, 2500));
    for (uint64_t seq = 1000; seq < 3500; seq += 99) assert_int_equal(found(f, acme, 7, seq), seq);
    assert_int_equal(found(f, acme, 7, 3500), 0);
    assert_int_equal(found(f, acme, 8, 1000), 0);
    assert_int_equal(found(f, bolt, 7, 1000), 0);
    assert_int_equal(line_ids_made() - made, 2500 * EVENT_PARTS_MAX);
    for (uint64_t more = 0; more < 5; more++) {
        note(f, acme, 7, FACTS(3500 + 10 * more, 10));
        for (uint64_t seq = 1000; seq < 3510 + 10 * more; seq += 1 + seq % 57)
            assert_int_equal(found(f, acme, 7, seq), seq);
        assert_int_equal(line_ids_made() - made, (2510 + 10 * more) * EVENT_PARTS_MAX);
    }
}

static void of_an_hour_no_more_than_its_share_is_looked_at(void **state)
{
    struct fixture *f = *state;
    uint64_t made = line_ids_made();

    note(f, acme, 7, FACTS(1000, 19990));
    assert_int_equal(found(f, acme, 7, 20989), 20989);
    note(f, acme, 7, FACTS(30000, 20));
    assert_int_equal(found(f, acme, 7, 30009), 30009);
    assert_int_equal(found(f, acme, 7, 30010), 0);
    assert_int_equal(line_ids_made() - made, 20000 * EVENT_PARTS_MAX);
}

static void hours_that_were_forgotten_are_made_again(void **state)
{
    struct fixture *f = *state;
    uint64_t made = line_ids_made();
    enum { HOURS = 300 };

    for (uint32_t h = 0; h < HOURS; h++) note(f, acme, h, FACTS(1000 + 10 * h, 3));
    for (uint32_t h = 0; h < HOURS; h++) {
        assert_int_equal(found(f, acme, h, 1002 + 10 * h), 1002 + 10 * h);
        assert_int_equal(found(f, acme, 0, 1001), 1001); // asked for all the time: it stays
    }
    assert_int_equal(line_ids_made() - made, HOURS * 3 * EVENT_PARTS_MAX);
    assert_int_equal(found(f, acme, 1, 1012), 1012);
    assert_int_equal(line_ids_made() - made, (HOURS + 1) * 3 * EVENT_PARTS_MAX);
    line_ids_leave();
    assert_int_equal(found(f, acme, 1, 1012), 1012);
    assert_int_equal(line_ids_made(), 3 * EVENT_PARTS_MAX);
}

#define T(f) cmocka_unit_test_setup_teardown(f, open_site, close_site)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(an_hour_is_made_once_and_then_what_comes_to_it),
        T(of_an_hour_no_more_than_its_share_is_looked_at),
        T(hours_that_were_forgotten_are_made_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
