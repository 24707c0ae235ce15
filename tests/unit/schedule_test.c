// schedule_test.c - claims about schedules of subscriptions.
#include "service/exchange/schedule.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#undef fail // the house's own

// "second minute hour day month weekday"; '-' is a field that is not given.
static status read_six(const char *text, struct schedule *out)
{
    str fields[SCHEDULE_FIELDS] = {{0}}, rest = str_of(text), word;

    for (unsigned i = 0; i < SCHEDULE_FIELDS; i++) {
        if (!str_cut(&rest, ' ', &word)) word = rest;
        if (!str_eq(word, S("-"))) fields[i] = word;
    }
    return schedule_read(fields, out);
}

static wall at(const char *text)
{
    struct moment m = {0};

    assert_int_equal(when_read(str_of(text), &m).cls, ST_OK);
    return m.at;
}

static void the_next_instant_is_the_first_that_fits(void **state)
{
    static const struct {
        const char *fields, *after, *next; // NULL: never
    } rows[] = {
        {"- 5 1 - - -",            "2026-11-26T01:04:59.999Z", "2026-11-26T01:05:00Z"},
        {"- 5 1 - - -",            "2026-11-26T01:05:00Z",     "2026-11-27T01:05:00Z"},
        {"- - - - - -",            "2026-11-26T01:05:00Z",     "2026-11-26T01:06:00Z"},
        {"30 - - - - -",           "2026-11-26T01:05:00Z",     "2026-11-26T01:05:30Z"},
        {"[0-59] - - - - -",       "2026-11-26T01:05:00.001Z", "2026-11-26T01:05:01Z"},
        {"0,20,[40-41] 0 0 - - -", "2026-11-26T00:00:40Z",     "2026-11-26T00:00:41Z"},
        {"0 [0-59] 23 - - -",      "2026-12-31T23:59:00Z",     "2027-01-01T23:00:00Z"},
        {"- 0 0 29 2 -",           "2026-01-01T00:00:00Z",     "2028-02-29T00:00:00Z"},
        {"- 0 0 29 2 -",           "2096-02-29T00:00:00Z",     "2104-02-29T00:00:00Z"},
        {"- 0 0 29 2 4",           "2096-02-29T00:00:00Z",     "2120-02-29T00:00:00Z"},
        {"- 0 0 31 - -",           "2026-03-31T00:00:00Z",     "2026-05-31T00:00:00Z"},
        {"- 0 0 30 - -",           "2027-01-30T00:00:00Z",     "2027-03-30T00:00:00Z"},
        {"- 0 0 30 - -",           "2028-01-31T00:00:00Z",     "2028-03-30T00:00:00Z"},
        {"- 0 12 - - 1",           "2026-11-26T00:00:00Z",     "2026-11-30T12:00:00Z"},
        {"- 0 12 - - 7",           "2026-11-26T00:00:00Z",     "2026-11-29T12:00:00Z"},
        {"- 0 12 - - 4",           "2026-11-26T00:00:00Z",     "2026-11-26T12:00:00Z"},
        {"- 0 0 13 - 5",           "2026-11-26T00:00:00Z",     "2027-08-13T00:00:00Z"},
        {"- 0 0 1 1 -",            "9999-01-01T00:00:00Z",     NULL                  },
        {"59 59 23 31 12 -",       "9999-12-30T00:00:00Z",     "9999-12-31T23:59:59Z"},
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct schedule s;
        print_message("%s after %s\n", rows[i].fields, rows[i].after);
        assert_int_equal(read_six(rows[i].fields, &s).cls, ST_OK);
        wall next = schedule_next(&s, at(rows[i].after));
        assert_true(next.ms == (rows[i].next == NULL ? INT64_MAX : at(rows[i].next).ms));
    }
}

static void what_is_no_schedule_is_refused_where_it_goes_wrong(void **state)
{
    static const struct {
        const char *fields, *reason;
        uint32_t at;
    } rows[] = {
        {"60 - - - - -",     "schedule.range", 0},
        {"- 60 - - - -",     "schedule.range", 0},
        {"- - 24 - - -",     "schedule.range", 0},
        {"- - - 0 - -",      "schedule.range", 0},
        {"- - - 32 - -",     "schedule.range", 0},
        {"- - - - 13 -",     "schedule.range", 0},
        {"- - - - - 8",      "schedule.range", 0},
        {"- - - - - 0",      "schedule.range", 0},
        {"1,60 - - - - -",   "schedule.range", 2},
        {"[1-60] - - - - -", "schedule.range", 3},
        {"99999 - - - - -",  "schedule.range", 0},
        {"[5-4] - - - - -",  "schedule.form",  1},
        {"1-5 - - - - -",    "schedule.form",  1},
        {"[1-5 - - - - -",   "schedule.form",  4},
        {"[1 - - - - -",     "schedule.form",  2},
        {"[1,5] - - - - -",  "schedule.form",  2},
        {"* - - - - -",      "schedule.form",  0},
        {"1, - - - - -",     "schedule.form",  2},
        {",1 - - - - -",     "schedule.form",  0},
        {"1,,2 - - - - -",   "schedule.form",  2},
        {"+1 - - - - -",     "schedule.form",  0},
        {"1] - - - - -",     "schedule.form",  1},
        {"0001 - - - - -",   "schedule.form",  3},
        {"- 0 0 30 2 -",     "schedule.never", 0},
        {"- 0 0 31 2,4,6 -", "schedule.never", 0},
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct schedule s;
        print_message("%s\n", rows[i].fields);
        status st = read_six(rows[i].fields, &s);
        assert_int_equal(st.cls, ST_BAD_INPUT);
        assert_string_equal(st.reason, rows[i].reason);
        assert_int_equal(st.at, rows[i].at);
    }
}

static bool fits_slowly(const struct schedule *s, int64_t second)
{
    struct date d = date_of_days((int32_t)(second / 86400));
    unsigned parts[SCHEDULE_FIELDS] = {(unsigned)(second % 60),
                                       (unsigned)(second / 60 % 60),
                                       (unsigned)(second / 3600 % 24),
                                       d.day,
                                       d.month,
                                       (unsigned)((second / 86400 + 3) % 7) + 1};

    for (unsigned i = 0; i < SCHEDULE_FIELDS; i++)
        if ((s->fits[i] >> parts[i] & 1) == 0) return false;
    return true;
}

// Every minute of a leap year's February and March, held against asking each second.
static void no_instant_is_left_out_and_none_is_made_up(void **state)
{
    struct schedule s;
    int64_t from = at("2028-02-27T00:00:00Z").ms / 1000, end = at("2028-03-03T00:00:00Z").ms / 1000;

    (void)state;
    assert_int_equal(read_six("7,[30-32] 3,[57-59] 0,23 1,[28-29] - -", &s).cls, ST_OK);
    wall next = schedule_next(&s, (wall){from * 1000 - 1});
    for (int64_t t = from; t < end; t++) {
        assert_true((next.ms == t * 1000) == fits_slowly(&s, t));
        if (next.ms == t * 1000) next = schedule_next(&s, next);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_instant_is_the_first_that_fits),
        cmocka_unit_test(what_is_no_schedule_is_refused_where_it_goes_wrong),
        cmocka_unit_test(no_instant_is_left_out_and_none_is_made_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
