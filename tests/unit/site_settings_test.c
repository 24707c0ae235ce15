// site_settings_test.c - claims about a site's packtrail.yaml.
#include "service/settings.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64], file[96];
static struct arena arena;

static int setup(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/site_settings_XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/packtrail.yaml", folder);
    arena_init(&arena, 64 * MB);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(file);
    rmdir(folder);
    arena_fini(&arena);
    return 0;
}

static status load(const char *text, struct site_settings *s)
{
    FILE *f = fopen(file, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    return site_settings_load(file, &arena, s);
}

static void good(const char *text, struct site_settings *s)
{
    status st = load(text, s);
    if (st.cls != ST_OK) fail_msg("%s: %s", st.reason, st.text);
}

// What the design promises where nothing is said.
static void assert_defaults(const struct site_settings *s)
{
    struct site_limits l = site_settings_limits(s);
    struct http_limits h = site_settings_http(s);

    assert_string_equal(s->listen.p, "127.0.0.1:8080");
    assert_false(s->insecure);
    assert_int_equal(s->map_max, 256 * GB);
    assert_int_equal(s->queue_max, 4096);
    assert_int_equal(s->batch_facts, 512);
    assert_int_equal(l.issue_max, 1000000);
    assert_int_equal(l.report_units_max, 20000);
    assert_int_equal(l.reports_max, 1000);
    assert_int_equal(l.slice_lines, 64);
    assert_int_equal(l.slice_bytes, 256 * KB);
    assert_int_equal(l.page_default, 100);
    assert_int_equal(l.page_max, 1000);
    assert_int_equal(l.import_max, 1000000);
    assert_int_equal(l.clock_ahead_max_ms, 30000);
    assert_int_equal(l.results_bytes_max, 1 * MB);
    assert_int_equal(l.report_body_max, 8 * MB);
    assert_int_equal(l.stream_body_max, 1 * GB);
    assert_int_equal(l.import_body_max, 64 * MB);
    assert_int_equal(l.capture_events_max, 100000);
    assert_int_equal(l.capture_body_max, 256 * MB);
    assert_int_equal(h.connections_max, 4096);
    assert_int_equal(h.header_max, 16 * KB);
    assert_int_equal(h.header_ms, 10000);
    assert_int_equal(h.body_ms, 30000);
    assert_int_equal(h.idle_ms, 75000);
    assert_int_equal(h.write_ms, 30000);
    assert_int_equal(h.pipeline_max, 16);
    assert_int_equal(h.arena_max, 64 * MB);
    assert_int_equal(s->log_level, LOG_info);
    assert_int_equal(s->log_form, LOG_LOGFMT);
    assert_in_range(site_settings_loops(s), 1, SITE_LOOPS_MAX);
}

static void defaults_are_as_designed(void **state)
{
    struct site_settings s;

    (void)state;
    good("", &s);
    assert_defaults(&s);
    assert_string_equal(s.folder.p, folder);
    assert_int_equal(s.seed_count, 0);
}

// As it is written, and with every setting's `#` taken away.
static void the_file_that_init_writes_says_the_defaults(void **state)
{
    struct site_settings s;
    struct buf b;

    (void)state;
    buf_init(&b, SETTINGS_FILE_MAX);
    site_settings_template(&b);
    good(b.p, &s);
    assert_defaults(&s);
    for (char *at = b.p; (at = strchr(at, '#')) != NULL; at++)
        if (at[1] != ' ' && at[1] != '\n') memmove(at, at + 1, strlen(at));
    good(b.p, &s);
    assert_defaults(&s);
    assert_non_null(strstr(b.p, "\n  idle_time: 75 s\n"));
    buf_fini(&b);
}

// So that a report can tell which are other than by default.
static void what_is_in_force_is_written_as_the_defaults_are(void **state)
{
    struct site_settings s;
    struct buf b;

    (void)state;
    good("", &s);
    buf_init(&b, 64 * KB);
    for (const struct setting *x = site_setting_table; x->name != NULL; x++) {
        buf_reset(&b);
        setting_write(x, &s, &b);
        const char *want = x->kind == SETTING_ROWS ? "0 rows" : x->value;
        if (!str_eq(buf_str(&b), str_of(want))) fail_msg("%s: %.*s", x->name, STR(buf_str(&b)));
    }
    good("drain: 90 s\nloops: 3\nsandbox: strict\nlisteners:\n  - {name: a, address: "
         "\"127.0.0.1:1\"}\n",
         &s);
    static const char *const names[] = {"drain",   "90 s",   "loops",     "3",
                                        "sandbox", "strict", "listeners", "1 rows"};
    for (size_t i = 0; i < LEN(names); i += 2) {
        const struct setting *x = site_setting_table;
        while (strcmp(x->name, names[i]) != 0) x++;
        buf_reset(&b);
        setting_write(x, &s, &b);
        assert_true(str_eq(buf_str(&b), str_of(names[i + 1])));
    }
    buf_fini(&b);
}

static void a_public_address_needs_tls_or_the_word(void **state)
{
    static const struct {
        const char *listen, *rest, *code;
    } rows[] = {
        {"127.0.0.1:1",        "",                                        ""              },
        {"127.9.9.9:1",        "",                                        ""              },
        {"[::1]:1",            "",                                        ""              },
        {"0.0.0.0:1",          "",                                        "listen.public" },
        {"128.0.0.1:1",        "",                                        "listen.public" },
        {"[::]:1",             "",                                        "listen.public" },
        {"[::ffff:1.2.3.4]:1", "",                                        "listen.public" },
        {"localhost:1",        "",                                        ""              },
        {"localhost.x:1",      "",                                        "listen.public" },
        {"127.0.0.1.x:1",      "",                                        "listen.public" },
        {"abc",                "",                                        "listen.address"},
        {":1",                 "",                                        "listen.address"},
        {"127.0.0.1:",         "",                                        "listen.address"},
        {"127.0.0.1:65536",    "",                                        "listen.address"},
        {"abc",                "insecure: true\n",                        "listen.address"},
        {"0.0.0.0:1",          "insecure: true\n",                        ""              },
        {"0.0.0.0:1",          "tls: {certificate: a.pem, key: b.pem}\n", ""              },
        {"127.0.0.1:1",        "tls: {certificate: a.pem}\n",             "tls.files"     },
        {"127.0.0.1:1",        "tls: {key: a.pem}\n",                     "tls.files"     },
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct site_settings s;
        good(rows[i].rest, &s);
        status st = site_settings_listen(&s, rows[i].listen, &arena);
        assert_string_equal(st.cls == ST_OK ? "" : st.reason, rows[i].code);
        assert_string_equal(s.listen.p, rows[i].listen);
    }
}

static void paths_begin_at_the_folder_of_the_file(void **state)
{
    struct site_settings s;
    char want[200];

    (void)state;
    good("tls: {certificate: tls/a.pem, key: /etc/b.pem}\n", &s);
    snprintf(want, sizeof want, "%s/tls/a.pem", folder);
    assert_string_equal(s.certificate.p, want);
    assert_string_equal(s.key.p, "/etc/b.pem");
}

static void seeds_are_kept_in_order_with_their_lines(void **state)
{
    struct site_settings s;

    (void)state;
    good("loops: 1\nseed:\n  /v1/clients/b: {name: B}\n  /v1/clients/a:\n    name: A\n", &s);
    assert_int_equal(s.seed_count, 2);
    assert_true(str_eq(s.seeds[0].path, S("/v1/clients/b")));
    assert_true(str_eq(s.seeds[1].json, S("{\"name\":\"A\"}")));
    assert_int_equal(s.seeds[0].line, 3);
    assert_int_equal(s.seeds[1].line, 4);
}

static void the_environment_goes_before_the_file(void **state)
{
    struct site_settings s;

    (void)state;
    setenv("PACKTRAIL_HTTP_IDLE_TIME", "3 s", 1);
    good("http: {idle_time: 9 s}\n", &s);
    assert_int_equal(site_settings_http(&s).idle_ms, 3000);
    unsetenv("PACKTRAIL_HTTP_IDLE_TIME");
}

static void what_cannot_be_read_is_refused(void **state)
{
    struct site_settings s;

    (void)state;
    assert_string_equal(site_settings_load("/nowhere/x.yaml", &arena, &s).reason, "settings.file");
    assert_string_equal(site_settings_load(folder, &arena, &s).reason, "settings.file");
    assert_string_equal(load("loops: 65\n", &s).reason, "settings.range");
    assert_string_equal(load("lops: 1\n", &s).reason, "settings.unknown");
    status st = load("\n\nlog: {level: loud}\n", &s);
    assert_string_equal(st.reason, "settings.word");
    assert_non_null(strstr(st.text, "packtrail.yaml:3: "));
}

#define SETTINGS_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SETTINGS_TEST(defaults_are_as_designed),
        SETTINGS_TEST(the_file_that_init_writes_says_the_defaults),
        SETTINGS_TEST(what_is_in_force_is_written_as_the_defaults_are),
        SETTINGS_TEST(a_public_address_needs_tls_or_the_word),
        SETTINGS_TEST(paths_begin_at_the_folder_of_the_file),
        SETTINGS_TEST(seeds_are_kept_in_order_with_their_lines),
        SETTINGS_TEST(the_environment_goes_before_the_file),
        SETTINGS_TEST(what_cannot_be_read_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
