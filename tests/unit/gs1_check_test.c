// gs1_check_test.c - claims about check digits, keys standing alone, serials, sets and dates.
#include "service/gs1/gs1_int.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void gs1_check_digits_are_those_of_the_standard(void **state) // GS1-GENSPEC-7.9
{
    static const struct {
        const char *digits;
        char check;
    } rows[] = {
        {"0952114107346",     '9'},
        {"10614141234567890", '8'},
        {"061414112345",      '2'},
        {"9501093",           '9'},
        {"629104150021",      '3'},
        {"0000000",           '0'},
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++)
        assert_int_equal(gs1_check_digit(str_of(rows[i].digits)), rows[i].check);
}

// GS1-GENSPEC-7.9
static void gs1_every_single_wrong_digit_is_noticed(void **state)
{
    char key[] = "106141412345678908";

    (void)state;
    for (size_t i = 0; i < 18; i++)
        for (char was = key[i], c = '0'; c <= '9'; c++) {
            key[i] = c;
            assert_int_equal(gs1_check_digit_ok((str){key, 18}), c == was);
            key[i] = was;
        }
}

static void gs1_gtins_of_every_length_have_14_digits(void **state)
{
    static const char *const rows[][2] = {
        {"95010939",       "00000095010939"},
        {"614141007349",   "00614141007349"},
        {"9521141073469",  "09521141073469"},
        {"09521141073469", "09521141073469"},
        {"19521141073466", "19521141073466"},
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        char gtin[14];
        assert_int_equal(gs1_gtin_read(str_of(rows[i][0]), gtin).cls, ST_OK);
        assert_memory_equal(gtin, rows[i][1], 14);
    }
}

// The star stands in front of what is wrong.
static str unstar(const char *in, char *out, size_t *star)
{
    const char *s = strchr(in, '*');

    assert_non_null(s);
    *star = (size_t)(s - in);
    size_t n = strlen(in) - 1;
    memcpy(out, in, *star);
    memcpy(out + *star, s + 1, n - *star);
    return (str){out, n};
}

// GS1-GENSPEC-7.9
static void gs1_gtins_are_refused_where_they_are_wrong(void **state)
{
    static const char *const rows[][2] = {
        {"*",                "gs1.length"     },
        {"95211410734*6",    "gs1.check_digit"},
        {"095211410734*6",   "gs1.check_digit"},
        {"*095211410734699", "gs1.length"     },
        {"0952114107346*8",  "gs1.check_digit"},
        {"09521141*O73469",  "gs1.digits"     },
        {"* 9521141073469",  "gs1.digits"     },
        {"9501093*8",        "gs1.check_digit"},
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        char plain[64], gtin[14] = "untouched";
        size_t star;
        str in = unstar(rows[i][0], plain, &star);
        status st = gs1_gtin_read(in, gtin);
        assert_int_equal(st.cls, ST_BAD_INPUT);
        assert_string_equal(st.reason, rows[i][1]);
        assert_int_equal(st.at, star);
        assert_string_equal(gtin, "untouched");
    }
}

static void gs1_glns_and_ssccs_are_read_alone(void **state)
{
    char gln[13], sscc[18];

    (void)state;
    assert_int_equal(gs1_gln_read(S("0614141123452"), gln).cls, ST_OK);
    assert_memory_equal(gln, "0614141123452", 13);
    assert_int_equal(gs1_sscc_read(S("106141412345678908"), sscc).cls, ST_OK);
    assert_memory_equal(sscc, "106141412345678908", 18);
    assert_string_equal(gs1_gln_read(S("061414112345"), gln).reason, "gs1.length");
    assert_string_equal(gs1_gln_read(S("0614141123453"), gln).reason, "gs1.check_digit");
    assert_string_equal(gs1_gln_read(S("0000000000000"), gln).reason, "gs1.digits");
    assert_string_equal(gs1_sscc_read(S("10614141234567890x"), sscc).reason, "gs1.digits");
}

static void gs1_serials_hold_set_82_up_to_their_length(void **state)
{
    static const struct {
        const char *in, *reason;
        size_t at;
    } rows[] = {
        {"1",                     NULL,            0 },
        {"ABCDEFGHIJKLMNOPQRST",  NULL,            0 },
        {"!\"%&'()*+,-./:;<=>?_", NULL,            0 },
        {"",                      "gs1.length",    0 },
        {"ABCDEFGHIJKLMNOPQRSTU", "gs1.length",    20},
        {"AB CD",                 "gs1.character", 2 },
        {"AB#",                   "gs1.character", 2 },
        {"\xc3\xa4",              "gs1.character", 0 },
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        status st = gs1_serial_check(str_of(rows[i].in), GS1_SERIAL_MAX);
        assert_int_equal(st.cls == ST_OK, rows[i].reason == NULL);
        if (st.cls == ST_OK) continue;
        assert_string_equal(st.reason, rows[i].reason);
        assert_int_equal(st.at, rows[i].at);
    }
}

static void gs1_sets_hold_what_the_standards_list(void **state)
{
#define DIGITS "0123456789"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LOWER  "abcdefghijklmnopqrstuvwxyz"
    static const struct {
        enum gs1_set set;
        const char *holds;
    } rows[] = {
        {SET_DIGIT, DIGITS                                      },
        {SET_39,    DIGITS UPPER "#-/"                          },
        {SET_64,    DIGITS UPPER LOWER "-_"                     },
        {SET_82,    DIGITS UPPER LOWER "!\"%&'()*+,-./:;<=>?_"  },
        {SET_URN,   DIGITS UPPER LOWER "!'()*+,-.:;=_"          },
        {SET_DL,    DIGITS UPPER LOWER "-._~"                   },
        {SET_URI,   DIGITS UPPER LOWER "-._~:/?#[]@!$&'()*+,;=%"},
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++)
        for (int c = 1; c < 256; c++)
            assert_int_equal(gs1_in_set((char)c, rows[i].set), strchr(rows[i].holds, c) != NULL);
    assert_int_equal(gs1_sets[0], 0);
}

static void gs1_dates_fall_into_the_century_around_now(void **state) // GS1-GENSPEC-7.12
{
    static const struct {
        const char *in;
        int now, year, month, day; // year 0: refused
        uint32_t at;
    } rows[] = {
        {"271200",  2026, 2027, 12, 0,  0},
        {"271231",  2026, 2027, 12, 31, 0},
        {"760101",  2026, 2076, 1,  1,  0},
        {"770101",  2026, 1977, 1,  1,  0},
        {"990101",  2026, 1999, 1,  1,  0},
        {"000229",  2026, 2000, 2,  29, 0},
        {"000101",  2051, 2100, 1,  1,  0}, // 49 years ahead
        {"010101",  2051, 2101, 1,  1,  0}, // 50 years ahead
        {"020101",  2051, 2002, 1,  1,  0}, // 49 years back
        {"490101",  1999, 2049, 1,  1,  0},
        {"500101",  1999, 1950, 1,  1,  0},
        {"000229",  2090, 0,    0,  0,  4}, // 2100 has no such day
        {"280229",  2026, 2028, 2,  29, 0},
        {"270229",  2026, 0,    0,  0,  4},
        {"271301",  2026, 0,    0,  0,  2},
        {"270001",  2026, 0,    0,  0,  2},
        {"270431",  2026, 0,    0,  0,  4},
        {"27120",   2026, 0,    0,  0,  5},
        {"2712001", 2026, 0,    0,  0,  6},
        {"27a200",  2026, 0,    0,  0,  2},
        {"",        2026, 0,    0,  0,  0},
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct date d = {0};
        status st = gs1_date_read(str_of(rows[i].in), rows[i].now, &d);
        assert_int_equal(st.cls == ST_OK, rows[i].year != 0);
        assert_int_equal(d.year, rows[i].year);
        assert_int_equal(d.month, rows[i].month);
        assert_int_equal(d.day, rows[i].day);
        if (st.cls == ST_OK) continue;
        assert_string_equal(st.reason, "gs1.date");
        assert_int_equal(st.at, rows[i].at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gs1_check_digits_are_those_of_the_standard),
        cmocka_unit_test(gs1_every_single_wrong_digit_is_noticed),
        cmocka_unit_test(gs1_gtins_of_every_length_have_14_digits),
        cmocka_unit_test(gs1_gtins_are_refused_where_they_are_wrong),
        cmocka_unit_test(gs1_glns_and_ssccs_are_read_alone),
        cmocka_unit_test(gs1_serials_hold_set_82_up_to_their_length),
        cmocka_unit_test(gs1_sets_hold_what_the_standards_list),
        cmocka_unit_test(gs1_dates_fall_into_the_century_around_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
