// A bucket of tokens: how many may come at once, how many a second, and that nobody pays for
// others.
#include "common/rate.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static mono at(int64_t ms) { return (mono){ms}; }

static void a_full_bucket_gives_its_burst_and_then_says_how_long(void **state)
{
    struct rate_rule rule = {.per_second = 10, .burst = 3};
    struct rate_bucket b = {0};

    (void)state;
    for (int i = 0; i < 3; i++) assert_int_equal(rate_take(&rule, &b, at(5000)), 0);
    assert_int_equal(rate_take(&rule, &b, at(5000)), 100);
    assert_int_equal(rate_take(&rule, &b, at(5099)), 1);
    assert_int_equal(rate_take(&rule, &b, at(5100)), 0);
    assert_int_equal(rate_take(&rule, &b, at(5100)), 100);
}

// What it said is exact: a millisecond earlier is too early, at any rate.
static void the_wait_that_it_says_is_enough_and_never_too_long(void **state)
{
    static const struct rate_rule rules[] = {
        {1,    1  },
        {3,    1  },
        {7,    5  },
        {1000, 1  },
        {999,  200},
        {5000, 2  },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        struct rate_bucket b = {0};
        int64_t now = 1;
        for (int n = 0; n < 5000; n++) {
            uint32_t wait = rate_take(&rules[i], &b, at(now));
            if (wait == 0) continue;
            if (wait > 1) assert_int_not_equal(rate_take(&rules[i], &b, at(now + wait - 1)), 0);
            now += wait;
            assert_int_equal(rate_take(&rules[i], &b, at(now)), 0);
        }
    }
}

static void over_a_long_time_it_gives_its_rate_and_no_more(void **state)
{
    struct rate_rule rule = {.per_second = 3, .burst = 4};
    struct rate_bucket b = {0};
    int given = 0;

    (void)state;
    for (int64_t ms = 1; ms <= 100000; ms++) given += rate_take(&rule, &b, at(ms)) == 0;
    assert_int_equal(given, 4 + 299);
}

static void a_clock_that_goes_back_fills_nothing(void **state)
{
    struct rate_rule rule = {.per_second = 1, .burst = 1};
    struct rate_bucket b = {0};

    (void)state;
    assert_int_equal(rate_take(&rule, &b, at(10000)), 0);
    assert_int_not_equal(rate_take(&rule, &b, at(2000)), 0);
    assert_int_equal(rate_take(&rule, &b, at(10999)), 1);
    assert_int_equal(rate_take(&rule, &b, at(11000)), 0);
    assert_int_equal(rate_take(&rule, &b, at(INT64_MAX)), 0);
    assert_true(rate_is_full(&rule, &(struct rate_bucket){0}, at(0)));
}

static void each_key_has_its_own(void **state)
{
    struct rate_table *t = rate_table_new((struct rate_rule){.per_second = 1, .burst = 1});

    (void)state;
    for (uint64_t key = 0; key < 1000; key++) assert_int_equal(rate_table_take(t, key, at(1)), 0);
    for (uint64_t key = 0; key < 1000; key++)
        assert_int_equal(rate_table_take(t, key, at(1)), 1000);
    assert_int_equal(rate_table_take(t, 7, at(1001)), 0);
    rate_table_free(&t);
    assert_null(t);
}

static void a_table_of_buckets_in_use_takes_no_more_until_one_is_full_again(void **state)
{
    struct rate_table *t = rate_table_new((struct rate_rule){.per_second = 1, .burst = 2});

    (void)state;
    for (uint64_t key = 0; key < RATE_KEYS_MAX; key++)
        assert_int_equal(rate_table_take(t, key, at(1)), 0);
    assert_int_equal(rate_table_take(t, RATE_KEYS_MAX, at(2)), 1000);
    assert_int_equal(rate_table_take(t, 0, at(2)), 0); // those that are known go on
    assert_int_equal(rate_table_take(t, RATE_KEYS_MAX, at(1002)), 0);
    rate_table_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_bucket_gives_its_burst_and_then_says_how_long),
        cmocka_unit_test(the_wait_that_it_says_is_enough_and_never_too_long),
        cmocka_unit_test(over_a_long_time_it_gives_its_rate_and_no_more),
        cmocka_unit_test(a_clock_that_goes_back_fills_nothing),
        cmocka_unit_test(each_key_has_its_own),
        cmocka_unit_test(a_table_of_buckets_in_use_takes_no_more_until_one_is_full_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
