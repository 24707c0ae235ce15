// `sim FROM SEEDS`: lives of that many sites, from that seed on. Each is one thread's and hangs on
// nothing but its seed: a life that went wrong goes wrong again by `make sim FROM=seed SEEDS=1`,
// and prints all its steps.
#include "common/log.h"
#include "sim.h"
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define TAIL       (6 * KB) // of a trace, where there are several seeds
#define AGAIN_EACH 40u      // of so many seeds one lives twice
#define MANY       200u     // seeds that meet every trouble

static uint64_t from = 1, seeds = 200;
static uint64_t living; // the seed
static struct trace trace;
static struct sim_sum sum;

static void trace_print(void)
{
    str all = {trace.lines.p, trace.lines.n};

    if (seeds > 1 && all.n > TAIL) all = str_from(all, all.n - TAIL);
    if (write(STDERR_FILENO, all.p, all.n) < 0) return;
    fprintf(stderr, "seed %llu: make sim FROM=%llu SEEDS=1\n", (unsigned long long)living,
            (unsigned long long)living);
}

static void died(int signal_number)
{
    signal(signal_number, SIG_DFL);
    trace_print();
    raise(signal_number);
}

static uint64_t live(uint64_t seed)
{
    living = seed;
    trace_init(&trace);
    sim_run(seed, &trace, &sum);
    if (trace.broken) {
        trace_print();
        fail_msg("seed %llu: %s", (unsigned long long)seed, trace.why);
    }
    uint64_t hash = trace_hash(&trace);
    trace_fini(&trace);
    return hash;
}

static void say_sum(void)
{
    const struct {
        const char *name;
        uint64_t n;
    } figures[] = {
        {"steps",            sum.steps           },
        {"commands",         sum.commands        },
        {"facts",            sum.facts           },
        {"answers lost",     sum.answers_lost    },
        {"repeats",          sum.repeats         },
        {"keys used twice",  sum.others          },
        {"messages",         sum.messages        },
        {"events again",     sum.messages_again  },
        {"numbers again",    sum.again           },
        {"partner troubles", sum.partner_troubles},
        {"store faults",     sum.store_faults    },
        {"full stores",      sum.full            },
        {"crashes",          sum.crashes         },
        {"clock jumps",      sum.jumps           },
    };

    for (size_t i = 0; i < LEN(figures); i++)
        printf("%s%llu %s", i > 0 ? ", " : "", (unsigned long long)figures[i].n, figures[i].name);
    printf("\n");
    for (unsigned i = 0; i < WISH_SORTS; i++)
        printf("%s%s %llu done %llu refused", i > 0 ? ", " : "", wish_words[i],
               (unsigned long long)sum.done[i], (unsigned long long)sum.refused[i]);
    printf("\n");
}

static void every_seed_keeps_every_promise(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < seeds; i++) live(from + i);
    say_sum();
}

static void the_same_seed_makes_the_same_trace(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < seeds && i < 10 * AGAIN_EACH; i += AGAIN_EACH) {
        uint64_t first = live(from + i), second = live(from + i);
        assert_true(first == second);
    }
}

static void lives_meet_every_trouble(void **state)
{
    (void)state;
    if (seeds < MANY) skip();
    assert_true(sum.answers_lost > seeds && sum.repeats > seeds && sum.others > seeds / 10);
    assert_true(sum.crashes > seeds && sum.store_faults > seeds && sum.full > seeds / 10);
    assert_true(sum.partner_troubles > seeds && sum.messages_again > 0 && sum.jumps > seeds / 10);
    assert_true(sum.again > seeds);
    for (unsigned i = 0; i < WISH_SORTS; i++) assert_true(sum.done[i] > 0);
    assert_true(sum.refused[WISH_COMMISSION] > 0 && sum.refused[WISH_SHIP] > 0);
    assert_true(sum.refused[WISH_VOID] > 0 && sum.refused[WISH_RELEASE] > 0);
    assert_true(sum.refused[WISH_RECEIVE] > 0 && sum.refused[WISH_RETURN] > 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_seed_keeps_every_promise),
        cmocka_unit_test(the_same_seed_makes_the_same_trace),
        cmocka_unit_test(lives_meet_every_trouble),
    };
    struct log_setup quiet = {.fd = open("/dev/null", O_WRONLY | O_CLOEXEC),
                              .level = LOG_error,
                              .form = LOG_LOGFMT,
                              .env = &env_real};

    if (argc == 3 && (!str_u64(str_of(argv[1]), UINT64_MAX, &from) ||
                      !str_u64(str_of(argv[2]), UINT64_MAX, &seeds)))
        return 2;
    log_setup(&quiet);
    signal(SIGABRT, died);
    signal(SIGSEGV, died);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
