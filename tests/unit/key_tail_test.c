// Keys that wait in memory: found at once and for ever, the same rows whatever came in between.
#include "common/bytes.h"
#include "common/digest.h"
#include "service/journal/key_tail.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ROUND 131072u // facts until every key is in a row

struct world {
    char folder[64];
    struct db *db;
    struct key_tail *keys;
    struct txn *t;
    uint64_t day, late; // facts of a day; by how many the next day begins later
};

static struct digest16 key_of(uint64_t seq)
{
    char bytes[8];

    put_be(bytes, seq, 8);
    return digest16_of(S("key"), (str){bytes, sizeof bytes});
}

// Every fact but each fifth has a key.
static struct fact fact_of(const struct world *w, uint64_t seq)
{
    struct fact f = {.kind = 1, .kind_version = 1, .seq = seq};

    f.at.ms = (int64_t)((seq - w->late) / w->day) * 86400000;
    if (seq % 5 != 0) {
        f.flags = FACT_HAS_KEY;
        f.key = key_of(seq);
        f.key_body = key_of(seq + 1);
    }
    return f;
}

static void write_to(struct world *w, uint64_t from, uint64_t to)
{
    struct buf record;

    buf_init(&record, 4 * KB);
    for (uint64_t seq = from; seq <= to; seq++) {
        struct fact f = fact_of(w, seq);
        buf_reset(&record);
        record_write(&f, &record);
        journal_append(w->t, &f, buf_str(&record), (str){0});
        key_tail_add(w->keys, w->t, &f);
    }
    buf_fini(&record);
}

static void begin(struct world *w, uint64_t head)
{
    w->t = txn_write(w->db);
    assert_int_equal(key_tail_at(w->keys, w->t, head).cls, ST_OK);
}

static void end(struct world *w, bool commit)
{
    assert_int_equal(txn_end(&w->t, commit).cls, ST_OK);
}

static int open_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    snprintf(w->folder, sizeof w->folder, "/tmp/key-tail-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    struct db_conf conf = {.folder = w->folder, .map_max = 1 * GB, .readers = 4};
    assert_int_equal(db_open(&conf, &w->db).cls, ST_OK);
    w->keys = key_tail_new();
    w->day = 50000;
    *state = w;
    return 0;
}

static int close_world(void **state)
{
    struct world *w = *state;
    char path[96];

    db_close(&w->db);
    key_tail_free(&w->keys);
    snprintf(path, sizeof path, "%s/data.mdb", w->folder);
    remove(path);
    snprintf(path, sizeof path, "%s/lock.mdb", w->folder);
    remove(path);
    remove(w->folder);
    free(w);
    return 0;
}

// In memory, or in a row of the day it went there: in exactly one of the two.
static void expect_known(struct world *w, struct key_tail *keys, uint64_t seq)
{
    struct digest16 key = key_of(seq), body = key_of(seq + 1);
    struct bound b;
    unsigned places = 0;

    if (key_tail_find(keys, &key, &b)) places++;
    for (unsigned day = 0; day < 10; day++)
        if (idempotency_get(w->t, day, &key, &b)) {
            places++;
            assert_true(key_tail_may_have_row(keys, &key, day));
        }
    if (places != 1) fail_msg("the key of fact %u lies in %u places", (unsigned)seq, places);
    assert_int_equal(b.seq, seq);
    assert_memory_equal(&b.body, &body, sizeof body);
}

static void every_key_is_found_wherever_it_lies(void **state)
{
    struct world *w = *state;
    uint64_t last = 3 * ROUND / 2;
    struct bound b;

    begin(w, 0);
    write_to(w, 1, last);
    for (uint64_t seq = 1; seq <= last; seq++)
        if (seq % 5 != 0) expect_known(w, w->keys, seq);
    struct digest16 none = key_of(5), later = key_of(last + 1);
    assert_false(key_tail_find(w->keys, &none, &b));
    assert_false(key_tail_find(w->keys, &later, &b));
    struct digest16 first = key_of(1); // it went to the day of the fact that it was put with
    bool found = idempotency_get(w->t, 0, &first, &b) || idempotency_get(w->t, 1, &first, &b);
    assert_true(found);
    end(w, true);
}

static void a_start_finds_what_waits_in_the_journal(void **state)
{
    struct world *w = *state;
    uint64_t last = ROUND + 12345;
    struct key_tail *again = key_tail_new();

    begin(w, 0);
    write_to(w, 1, last);
    end(w, true);
    begin(w, last);
    assert_int_equal(key_tail_at(again, w->t, last).cls, ST_OK);
    for (uint64_t seq = 1; seq <= last; seq++)
        if (seq % 5 != 0) expect_known(w, again, seq);
    end(w, false);
    key_tail_free(&again);
}

// The same rows, whether transactions failed on the way or not.
static void what_was_given_up_is_taken_back(void **state)
{
    struct world *w = *state;
    uint64_t at = 0;
    struct bound b;

    while (at < ROUND + 4000) {
        begin(w, at);
        write_to(w, at + 1, at + 900);
        end(w, false);
        begin(w, at);
        struct digest16 gone = key_of(at + 1);
        assert_false(key_tail_find(w->keys, &gone, &b));
        write_to(w, at + 1, at + 1000);
        end(w, true);
        at += 1000;
    }
    begin(w, at);
    for (uint64_t seq = 1; seq <= at; seq++)
        if (seq % 5 != 0) expect_known(w, w->keys, seq);
    end(w, false);
}

// How many of a thousand keys that nobody used would be looked for in rows of that day.
static unsigned looked_up(const struct key_tail *keys, unsigned day)
{
    unsigned n = 0;

    for (uint64_t i = 0; i < 1000; i++) {
        struct digest16 key = key_of(UINT64_MAX - i);
        n += key_tail_may_have_row(keys, &key, day);
    }
    return n;
}

static void new_keys_are_not_looked_for_in_the_newest_day(void **state)
{
    struct world *w = *state;

    begin(w, 0);
    assert_int_equal(looked_up(w->keys, 0), 0);
    write_to(w, 1, 49999);
    assert_in_range(looked_up(w->keys, 0), 0, 20);
    write_to(w, 50000, 2 * ROUND);
    assert_in_range(looked_up(w->keys, 2 * ROUND / 50000), 0, 100);
    assert_int_equal(looked_up(w->keys, 2 * ROUND / 50000 - 1), 1000); // its rows are forgotten
    end(w, true);
}

// A transaction that begins a day is given up, and the day before goes on.
static void a_day_that_was_given_up_hides_no_row(void **state)
{
    struct world *w = *state;

    begin(w, 0);
    write_to(w, 1, 199900);
    end(w, true);
    begin(w, 199900);
    write_to(w, 199901, 204000);
    end(w, false);
    w->late = 5000;
    begin(w, 199900);
    write_to(w, 199901, 203999);
    for (uint64_t seq = 1; seq <= 203999; seq++)
        if (seq % 5 != 0) expect_known(w, w->keys, seq);
    end(w, false);
}

static void a_start_knows_the_keys_of_the_day_that_goes_on(void **state)
{
    struct world *w = *state;
    struct key_tail *again = key_tail_new();
    uint64_t last = 2 * ROUND;

    w->day = 10 * ROUND;
    begin(w, 0);
    write_to(w, 1, last);
    end(w, true);
    begin(w, last);
    assert_int_equal(key_tail_at(again, w->t, last).cls, ST_OK);
    for (uint64_t seq = 1; seq <= last; seq++)
        if (seq % 5 != 0) expect_known(w, again, seq);
    assert_in_range(looked_up(again, 0), 0, 100);
    end(w, false);
    key_tail_free(&again);
}

static void a_start_on_a_day_with_too_many_rows_looks_all_up_until_the_next(void **state)
{
    struct world *w = *state;
    struct key_tail *again = key_tail_new();
    uint64_t last = 4 * ROUND;

    w->day = last + 1;
    begin(w, 0);
    write_to(w, 1, last);
    end(w, true);
    begin(w, last);
    assert_int_equal(key_tail_at(again, w->t, last).cls, ST_OK);
    assert_int_equal(looked_up(again, 0), 1000);
    key_tail_free(&w->keys);
    w->keys = again;
    write_to(w, last + 1, last + 2000);
    assert_int_equal(looked_up(again, 0), 1000);
    assert_in_range(looked_up(again, 1), 0, 250);
    for (uint64_t seq = 1; seq <= last + 2000; seq += 7)
        if (seq % 5 != 0) expect_known(w, again, seq);
    end(w, false);
}

#define T(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(every_key_is_found_wherever_it_lies),
        T(a_start_finds_what_waits_in_the_journal),
        T(what_was_given_up_is_taken_back),
        T(new_keys_are_not_looked_for_in_the_newest_day),
        T(a_day_that_was_given_up_hides_no_row),
        T(a_start_knows_the_keys_of_the_day_that_goes_on),
        T(a_start_on_a_day_with_too_many_rows_looks_all_up_until_the_next),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
