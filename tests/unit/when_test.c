// when_test.c - claims about times and dates.
#include "common/buf.h"
#include "common/when.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MINUTE 60000
#define HOUR   ((int64_t)60 * MINUTE)

static void when_reads_what_rfc_3339_writes(void **state)
{
    static const struct {
        const char *in;
        int64_t ms;
        int offset;
    } rows[] = {
        {"1970-01-01T00:00:00Z",                    0,               0   },
        {"1970-01-01t00:00:00z",                    0,               0   },
        {"1970-01-01T14:00:00+14:00",               0,               840 },
        {"1985-04-12T23:20:50.52Z",                 482196050520,    0   }, // RFC 3339, 5.8
        {"1996-12-19T16:39:57-08:00",               851042397000,    -480}, // RFC 3339, 5.8
        {"1937-01-01T12:00:27.87+00:20",            -1,              20  }, // before 1970
        {"2000-02-29T23:59:59.999Z",                951868799999,    0   },
        {"2026-11-23T20:17:05.1+01:00",             1795461425100,   60  },
        {"2026-11-23T20:17:05.12+01:00",            1795461425120,   60  },
        {"2026-11-23T20:17:05.1239999999999+01:00", 1795461425123,   60  },
        {"2026-11-23T20:17:05-00:00",               1795465025000,   0   },
        {"2038-01-19T03:14:08+05:45",               2147462948000,   345 },
        {"9999-12-31T23:59:59.999Z",                253402300799999, 0   },
        {"9999-12-31T23:59:59.999+14:00",           253402250399999, 840 },
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct moment m = {{7}, 7};
        status st = when_read(str_of(rows[i].in), &m);
        assert_int_equal(st.cls, rows[i].ms < 0 ? ST_BAD_INPUT : ST_OK);
        assert_int_equal(m.at.ms, rows[i].ms < 0 ? 7 : rows[i].ms);
        assert_int_equal(m.offset_min, rows[i].ms < 0 ? 7 : rows[i].offset);
    }
}

// Where the star stands is where the trouble must be.
static void refused(const char *marked, const char *reason, bool date)
{
    char text[80];
    const char *star = strchr(marked, '*');
    size_t at = (size_t)(star - marked), n = strlen(marked) - 1;
    struct moment m;
    struct date d;

    assert_non_null(star);
    memcpy(text, marked, at);
    memcpy(text + at, star + 1, n - at);
    status st = date ? date_read((str){text, n}, &d) : when_read((str){text, n}, &m);
    if (st.cls != ST_BAD_INPUT || st.at != at || strcmp(st.reason, reason) != 0)
        fail_msg("%s: %s at %u", marked, st.reason, st.at);
}

static void when_refuses_the_rest_where_it_goes_wrong(void **state)
{
    static const struct {
        const char *in, *reason;
    } rows[] = {
        {"*",                              "time.form" },
        {"202*",                           "time.form" },
        {"2026*",                          "time.form" },
        {"2026*1123T201705Z",              "time.form" },
        {"20*a6-11-23T20:17:05Z",          "time.form" },
        {"2026-1*-23T20:17:05Z",           "time.form" },
        {"2026-11-23* 20:17:05Z",          "time.form" },
        {"2026-11-23T20:17*",              "time.form" },
        {"2026-11-23T20:17*Z",             "time.form" },
        {"2026-11-23T20:17:05.*Z",         "time.form" },
        {"2026-11-23T*+1:17:05Z",          "time.form" },
        {"2026-11-23T20:17:05*",           "time.zone" },
        {"2026-11-23T20:17:05*,5Z",        "time.zone" },
        {"2026-11-23T20:17:05.5*",         "time.zone" },
        {"2026-11-23T20:17:05*ZZ",         "time.zone" },
        {"2026-11-23T20:17:05*+01",        "time.zone" },
        {"2026-11-23T20:17:05*+0100",      "time.zone" },
        {"2026-11-23T20:17:05*+01-00",     "time.zone" },
        {"2026-11-23T20:17:05*+0x:00",     "time.zone" },
        {"2026-11-23T20:17:05*+14:01",     "time.zone" },
        {"2026-11-23T20:17:05*-14:01",     "time.zone" },
        {"2026-11-23T20:17:05*+01:60",     "time.zone" },
        {"*1969-12-31T23:59:59Z",          "time.range"},
        {"*1970-01-01T13:59:59.999+14:00", "time.range"},
        {"*9999-12-31T10:00:00-14:00",     "time.range"},
        {"2026-*00-23T20:17:05Z",          "time.range"},
        {"2026-*13-23T20:17:05Z",          "time.range"},
        {"2026-11-*00T20:17:05Z",          "time.range"},
        {"2026-11-*31T20:17:05Z",          "time.range"},
        {"2026-02-*29T20:17:05Z",          "time.range"},
        {"2100-02-*29T20:17:05Z",          "time.range"},
        {"2026-11-23T*24:00:00Z",          "time.range"},
        {"2026-11-23T20:*60:05Z",          "time.range"},
        {"2016-12-31T23:59:*60Z",          "time.range"},
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) refused(rows[i].in, rows[i].reason, false);
}

static void date_refuses_the_rest_where_it_goes_wrong(void **state)
{
    static const struct {
        const char *in, *reason;
    } rows[] = {
        {"*",            "date.form" },
        {"2026*",        "date.form" },
        {"2026-1*",      "date.form" },
        {"2026-11-*",    "date.form" },
        {"2026-11-2*",   "date.form" },
        {"2026-11-23*T", "date.form" },
        {"2026*/11/23",  "date.form" },
        {"*1969-12-31",  "date.range"},
        {"2026-*13",     "date.range"},
        {"2026-*00-01",  "date.range"},
        {"2026-11-*00",  "date.range"},
        {"2026-04-*31",  "date.range"},
        {"2026-2*-299",  "date.form" },
        {"2023-02-*29",  "date.range"},
        {"2026-11-23*0", "date.form" },
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) refused(rows[i].in, rows[i].reason, true);
}

// Every day of every year, counted by hand beside the arithmetic.
static void date_every_day_is_counted(void **state)
{
    int32_t days = 0;

    (void)state;
    for (int y = 1970; y <= 9999; y++) {
        for (int m = 1; m <= 12; m++) {
            for (int d = 1; d <= date_month_days(y, m); d++, days++) {
                struct date got = date_of_days(days);
                struct date day = {(int16_t)y, (uint8_t)m, (uint8_t)d};
                if (date_days(day) != days || got.year != y || got.month != m || got.day != d)
                    fail_msg("%d-%d-%d", y, m, d);
            }
            struct date month = {(int16_t)y, (uint8_t)m, 0};
            assert_int_equal(date_days(month), days - 1);
        }
    }
    assert_int_equal(days, 2932897);
    for (days = -719528; days < 0; days++) assert_int_equal(date_days(date_of_days(days)), days);
    struct date first = date_of_days(-719528);
    assert_true(first.year == 0 && first.month == 1 && first.day == 1);
}

static void date_every_text_of_a_year_is_decided(void **state)
{
    char text[16];

    (void)state;
    for (int leap = 2023; leap <= 2024; leap++) {
        for (int m = 0; m < 100; m++) {
            for (int d = 0; d < 100; d++) {
                struct date got;
                int n = snprintf(text, sizeof text, "%d-%02d-%02d", leap, m, d);
                bool good = m >= 1 && m <= 12 && d >= 1 && d <= date_month_days(leap, m);
                status st = date_read((str){text, (size_t)n}, &got);
                assert_int_equal(st.cls, good ? ST_OK : ST_BAD_INPUT);
                if (good) assert_true(got.year == leap && got.month == m && got.day == d);
                if (!good) assert_string_equal(st.reason, "date.range");
            }
        }
    }
}

static void date_of_a_month_has_no_day(void **state)
{
    struct date d;

    (void)state;
    assert_int_equal(date_read(S("2028-02"), &d).cls, ST_OK);
    assert_true(d.year == 2028 && d.month == 2 && d.day == 0);
    struct date last = date_of_days(date_days(d));
    assert_int_equal(last.day, 29);
}

static str written(struct buf *b, struct moment m)
{
    buf_reset(b);
    when_write(b, m);
    return buf_str(b);
}

static void when_writes_the_shortest_form(void **state)
{
    static const struct {
        struct moment m;
        const char *out;
    } rows[] = {
        {{{0}, 0},                "1970-01-01T00:00:00Z"         },
        {{{1}, 0},                "1970-01-01T00:00:00.001Z"     },
        {{{1795461425123}, 60},   "2026-11-23T20:17:05.123+01:00"},
        {{{1795461425000}, -345}, "2026-11-23T13:32:05-05:45"    },
        {{{253402300799999}, 0},  "9999-12-31T23:59:59.999Z"     },
    };
    struct buf b;
    buf_init(&b, 64);

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++)
        assert_true(str_eq(written(&b, rows[i].m), str_of(rows[i].out)));
    buf_fini(&b);
}

// Every minute of the clock and every zone survive write and read.
static void when_what_is_written_is_read_back(void **state)
{
    struct moment got;
    struct buf b;
    buf_init(&b, 64);

    (void)state;
    for (int offset = -840; offset <= 840; offset++) {
        int64_t ms = 951782400000 + (int64_t)(offset + 840) * 7 * MINUTE + offset; // February 2000
        struct moment m = {{ms}, (int16_t)offset};
        assert_int_equal(when_read(written(&b, m), &got).cls, ST_OK);
        assert_true(got.at.ms == ms && got.offset_min == offset);
    }
    for (int64_t ms = 0; ms < 24 * HOUR; ms += 997) {
        struct moment m = {{ms}, 0};
        assert_int_equal(when_read(written(&b, m), &got).cls, ST_OK);
        assert_true(got.at.ms == ms);
    }
    buf_fini(&b);
}

// CBV-ILMD-EXPIRY
static void date_without_a_day_is_written_as_the_last_of_its_month(void **state)
{
    static const struct {
        struct date in;
        const char *out;
    } rows[] = {
        {{2028, 2, 0},  "2028-02-29"},
        {{2027, 2, 0},  "2027-02-28"},
        {{2027, 4, 0},  "2027-04-30"},
        {{2027, 12, 0}, "2027-12-31"},
        {{2027, 12, 1}, "2027-12-01"},
    };
    struct buf b;

    (void)state;
    buf_init(&b, KB);
    for (size_t i = 0; i < LEN(rows); i++) {
        buf_reset(&b);
        date_write(&b, rows[i].in);
        assert_string_equal(b.p, rows[i].out);
    }
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(when_reads_what_rfc_3339_writes),
        cmocka_unit_test(when_refuses_the_rest_where_it_goes_wrong),
        cmocka_unit_test(date_refuses_the_rest_where_it_goes_wrong),
        cmocka_unit_test(date_every_day_is_counted),
        cmocka_unit_test(date_every_text_of_a_year_is_decided),
        cmocka_unit_test(date_of_a_month_has_no_day),
        cmocka_unit_test(date_without_a_day_is_written_as_the_last_of_its_month),
        cmocka_unit_test(when_writes_the_shortest_form),
        cmocka_unit_test(when_what_is_written_is_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
