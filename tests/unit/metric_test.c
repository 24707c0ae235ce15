// metric_test.c - claims about counting and its text.
#include "common/metric.h"
#include <pthread.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

static const char *const colours[] = {"red", "a \"\\\nb"};
static const uint64_t bounds[] = {500, 1000, 2500000};

static const struct metric sales = METRIC(METRIC_COUNTER, "shop_sales_total", "Things sold.");
static const struct metric stock =
    METRIC_OF(METRIC_GAUGE, "shop_stock", "What is\nthere \\ \"now\".", "colour", colours);
static const struct metric wait =
    METRIC_TIMES("shop_wait_seconds", "Time in the queue.", 1000000, bounds);
static const struct metric walk =
    METRIC_TIMES_OF("shop_walk_steps", "Steps.", 1, bounds, "colour", colours);

static int setup(void **state)
{
    (void)state;
    metric_register(&sales);
    metric_register(&stock);
    metric_register(&wait);
    metric_register(&walk);
    metric_register(&sales); // again is nothing
    return 0;
}

static void metric_text_is_what_prometheus_reads(void **state)
{
    static const char want[] = "# HELP shop_sales_total Things sold.\n"
                               "# TYPE shop_sales_total counter\n"
                               "shop_sales_total 3\n"
                               "# HELP shop_stock What is\\nthere \\\\ \"now\".\n"
                               "# TYPE shop_stock gauge\n"
                               "shop_stock{colour=\"red\"} -5\n"
                               "shop_stock{colour=\"a \\\"\\\\\\nb\"} 7\n"
                               "# HELP shop_wait_seconds Time in the queue.\n"
                               "# TYPE shop_wait_seconds histogram\n"
                               "shop_wait_seconds_bucket{le=\"0.0005\"} 2\n"
                               "shop_wait_seconds_bucket{le=\"0.001\"} 3\n"
                               "shop_wait_seconds_bucket{le=\"2.5\"} 3\n"
                               "shop_wait_seconds_bucket{le=\"+Inf\"} 4\n"
                               "shop_wait_seconds_sum 3.001501\n"
                               "shop_wait_seconds_count 4\n"
                               "# HELP shop_walk_steps Steps.\n"
                               "# TYPE shop_walk_steps histogram\n"
                               "shop_walk_steps_bucket{colour=\"red\",le=\"500\"} 1\n"
                               "shop_walk_steps_bucket{colour=\"red\",le=\"1000\"} 1\n"
                               "shop_walk_steps_bucket{colour=\"red\",le=\"2500000\"} 1\n"
                               "shop_walk_steps_bucket{colour=\"red\",le=\"+Inf\"} 1\n"
                               "shop_walk_steps_sum{colour=\"red\"} 0\n"
                               "shop_walk_steps_count{colour=\"red\"} 1\n";
    struct buf b;
    buf_init(&b, 16 * KB);

    (void)state;
    metric_add(&sales, 3);
    metric_add_at(&stock, 0, 5);
    metric_add_at(&stock, 0, -10);
    metric_set_at(&stock, 1, 7);
    metric_observe(&wait, 0);
    metric_observe(&wait, 500);
    metric_observe(&wait, 1000);
    metric_observe(&wait, 3000001);
    metric_observe_at(&walk, 0, 0);
    metric_write(&b);
    assert_true(str_starts(buf_str(&b), str_of(want)));
    assert_int_equal(metric_get(&wait), 4);
    buf_fini(&b);
}

static void metric_samples_of_the_moment_look_the_same(void **state)
{
    struct buf b;
    buf_init(&b, 4 * KB);

    (void)state;
    metric_family(&b, METRIC_GAUGE, "shop_left", "What is left.");
    metric_sample(&b, "shop_left", "pool", S("p\"1"), INT64_MIN);
    metric_sample(&b, "shop_left", NULL, S(""), 0);
    assert_true(str_eq(buf_str(&b), S("# HELP shop_left What is left.\n# TYPE shop_left gauge\n"
                                      "shop_left{pool=\"p\\\"1\"} -9223372036854775808\n"
                                      "shop_left 0\n")));
    buf_fini(&b);
}

#define THREADS 4
#define TIMES   20000

static void *count(void *arg)
{
    (void)arg;
    for (uint64_t i = 0; i < TIMES; i++) {
        metric_add(&sales, 1);
        metric_observe_at(&walk, 1, i);
    }
    return NULL;
}

static void metric_adds_of_threads_all_count(void **state)
{
    pthread_t threads[THREADS];
    int64_t before = metric_get(&sales);

    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count, NULL), 0);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    assert_int_equal(metric_get(&sales) - before, THREADS * TIMES);
    assert_int_equal(metric_get_at(&walk, 1), THREADS * TIMES);
}

static void metric_raised_keeps_the_largest(void **state)
{
    int64_t before = metric_get_at(&stock, 1);

    (void)state;
    metric_raise_at(&stock, 1, before - 1);
    assert_int_equal(metric_get_at(&stock, 1), before);
    metric_raise_at(&stock, 1, before + 5);
    metric_raise_at(&stock, 1, before + 2);
    assert_int_equal(metric_get_at(&stock, 1), before + 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metric_text_is_what_prometheus_reads),
        cmocka_unit_test(metric_samples_of_the_moment_look_the_same),
        cmocka_unit_test(metric_raised_keeps_the_largest),
        cmocka_unit_test(metric_adds_of_threads_all_count),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
