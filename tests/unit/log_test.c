// log_test.c - claims about the log's lines.
#include "common/json.h"
#include "common/log.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define READ_MAX ((size_t)64 * 1024)

static wall fixed(void *self) { return (void)self, (wall){1795461425123}; }
static const struct env env = {.wall_now = fixed};

static int ends[2];
static char text[READ_MAX];

static int setup_pipe(void **state)
{
    (void)state;
    return pipe(ends);
}

static int teardown_pipe(void **state)
{
    (void)state;
    close(ends[0]);
    close(ends[1]);
    return 0;
}

static void start(enum log_form form)
{
    struct log_setup s = {ends[1], LOG_info, form, &env};
    log_setup(&s);
}

// What was logged: it is in the pipe, which holds 64 KB.
static str logged(void)
{
    ssize_t n = read(ends[0], text, sizeof text);
    assert_true(n > 0);
    return (str){text, (size_t)n};
}

static void log_line_is_logfmt(void **state)
{
    status st = (fail)(ST_CONFLICT, "pool.exhausted", 12, "no \"numbers\" are left");
    str client = S("acme\n=\x1d\xff");

    (void)state;
    start(LOG_LOGFMT);
    LOG(warn, "serial.refused", fs("client", client), fi("count", -500), fb("last", true), fst(st));
    assert_true(str_eq(logged(), S("time=2026-11-23T19:17:05.123Z level=warn event=serial.refused "
                                   "client=\"acme\\n=\\u001d\xef\xbf\xbd\" count=-500 last=true "
                                   "code=pool.exhausted at=12 "
                                   "says=\"no \\\"numbers\\\" are left\"\n")));
}

static void log_line_is_json(void **state)
{
    status st = OK;

    (void)state;
    start(LOG_JSON);
    LOG(info, "serial.issued", fs("client", S("a\"b")), fi("count", 7), fst(st));
    assert_true(
        str_eq(logged(), S("{\"time\":\"2026-11-23T19:17:05.123Z\",\"level\":\"info\",\"event\":"
                           "\"serial.issued\",\"client\":\"a\\\"b\",\"count\":7,\"code\":\"ok\","
                           "\"at\":0,\"says\":\"\"}\n")));
}

static void log_keeps_what_is_graver_than_its_level(void **state)
{
    (void)state;
    start(LOG_LOGFMT);
    for (int level = LOG_error; level <= LOG_debug; level++) {
        log_level_set((enum log_level)level);
        LOG_PLAIN(error, "a.seen");
        LOG_PLAIN(warn, "b.seen");
        LOG(info, "c.seen", fi("n", 1));
        LOG(debug, "d.seen", fi("n", 1));
        str s = logged();
        size_t lines = 0;
        for (size_t i = 0; i < s.n; i++) lines += s.p[i] == '\n';
        assert_int_equal(lines, level + 1);
    }
}

static void log_long_texts_are_cut_and_the_line_stays_whole(void **state)
{
    static char big[9000];
    str s = {big, sizeof big}, body;
    struct arena a;
    arena_init(&a, 64 * KB);

    (void)state;
    memset(big, '\x01', sizeof big); // six characters each
    for (int form = LOG_LOGFMT; form <= LOG_JSON; form++) {
        start((enum log_form)form);
        LOG(info, "text.cut", fs("a", s), fs("b", s), fi("c", 1), fs("d", s), fs("e", S("x")));
        str line = logged();
        assert_true(line.n <= 4096);
        assert_true(str_ends(line, form == LOG_JSON ? S(",\"cut\":true}\n") : S(" cut=true\n")));
        assert_null(memmem(line.p, line.n, "\"x\"", 3)); // nothing follows what was left out
        if (form != LOG_JSON) continue;
        struct json_r r = json_reader(line, &a);
        body = json_raw(&r);
        assert_int_equal(json_r_end(&r).cls, ST_OK);
        assert_int_equal(body.n, line.n - 1);
    }
    arena_fini(&a);
}

#define THREADS 4
#define LINES   100

static void *many_lines(void *arg)
{
    for (int i = 0; i < LINES; i++)
        LOG(info, "line.written", fs("who", *(str *)arg), fs("again", *(str *)arg));
    return NULL;
}

static void log_lines_of_threads_do_not_mix(void **state)
{
    static str who[THREADS] = {
        {"aaaaaaaa", 8},
        {"bbbbbbbb", 8},
        {"cccccccc", 8},
        {"dddddddd", 8}
    };
    pthread_t threads[THREADS];
    char want[128];
    int seen = 0;
    str rest, line;

    (void)state;
    start(LOG_LOGFMT);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, many_lines, &who[i]), 0);
    for (size_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    for (rest = logged(); str_cut(&rest, '\n', &line); seen++) {
        str name = {line.p + line.n - 9, 8};
        int n = snprintf(want, sizeof want,
                         "time=2026-11-23T19:17:05.123Z level=info event=line.written "
                         "who=\"%.*s\" again=\"%.*s\"",
                         STR(name), STR(name));
        assert_true(str_eq(line, (str){want, (size_t)n}));
    }
    assert_int_equal(seen, THREADS * LINES);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup_pipe, teardown_pipe)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(log_line_is_logfmt),
        T(log_line_is_json),
        T(log_keeps_what_is_graver_than_its_level),
        T(log_long_texts_are_cut_and_the_line_stays_whole),
        T(log_lines_of_threads_do_not_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
