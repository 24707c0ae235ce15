// zone_test.c - claims about zones: libc, which reads the same files, is asked for comparison.
#include "common/zone.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)

static void need_zones(void)
{
    int16_t m;

    if (zone_minutes(S("Europe/Zurich"), (wall){0}, &m)) return;
    print_message("skipped: no time zone database (tzdata) here\n");
    skip();
}

static void names_and_offsets_are_zones_and_nothing_else(void **state)
{
    static const struct {
        const char *zone;
        int minutes; // on 27 November 2026; 999: none
    } rows[] = {
        {"Europe/Zurich",                  60  },
        {"UTC",                            0   },
        {"Etc/GMT+5",                      -300},
        {"Asia/Kathmandu",                 345 },
        {"America/Argentina/Buenos_Aires", -180},
        {"+05:30",                         330 },
        {"-14:00",                         -840},
        {"Mars/Olympus",                   999 },
        {"Europe/zurich",                  999 },
        {"Europe",                         999 },
        {"",                               999 },
        {"../etc/passwd",                  999 },
        {"/etc/passwd",                    999 },
        {"leapseconds",                    999 },
        {"zone.tab",                       999 },
        {"+14:01",                         999 },
    };

    (void)state;
    need_zones();
    for (size_t i = 0; i < LEN(rows); i++) {
        int16_t m = 999;
        bool known = zone_minutes(str_of(rows[i].zone), (wall){1795737600000}, &m);
        if (known != (rows[i].minutes != 999) || m != rows[i].minutes)
            fail_msg("%s: %d", rows[i].zone, m);
    }
}

// To beyond the instants that files list (2037), where their rule goes on; either hemisphere.
static void offsets_are_those_of_libc(void **state)
{
    static const char *const zones[] = {
        "Europe/Zurich",     "Europe/Dublin", "America/New_York",  "America/Sao_Paulo",
        "Australia/Sydney",  "Asia/Kolkata",  "Africa/Casablanca", "Pacific/Apia",
        "America/Nuuk",      "Asia/Tehran",   "Asia/Gaza",         "Australia/Lord_Howe",
        "Pacific/Kiritimati"};

    (void)state;
    need_zones();
    for (size_t z = 0; z < LEN(zones); z++) {
        assert_int_equal(setenv("TZ", zones[z], 1), 0);
        tzset();
        for (int64_t ms = 0; ms < 100 * 365 * DAY_MS; ms += DAY_MS + 3600000) {
            time_t seconds = (time_t)(ms / 1000);
            struct tm tm;
            int16_t m = 0;
            assert_non_null(localtime_r(&seconds, &tm));
            assert_true(zone_minutes(str_of(zones[z]), (wall){ms}, &m));
            if (m != tm.tm_gmtoff / 60)
                fail_msg("%s at %lld: %d, libc %ld", zones[z], (long long)ms, m, tm.tm_gmtoff / 60);
        }
    }
}

static void a_change_is_at_its_second(void **state)
{
    static const struct {
        int64_t second;
        int minutes;
    } rows[] = {
        {1774745999, 60 }, // 2026-03-29T01:00:00Z
        {1774746000, 120},
        {2234998799, 120}, // by the rule: 2040-10-28T01:00:00Z
        {2234998800, 60 },
    };

    (void)state;
    need_zones();
    for (size_t i = 0; i < LEN(rows); i++) {
        char bytes[16384];
        int16_t m = 0;
        FILE *f = fopen("/usr/share/zoneinfo/Europe/Zurich", "rb");
        assert_non_null(f);
        str file = {bytes, fread(bytes, 1, sizeof bytes, f)};
        fclose(f);
        assert_true(zone_minutes_of(file, (wall){rows[i].second * 1000}, &m));
        assert_int_equal(m, rows[i].minutes);
    }
}

static void a_broken_file_is_no_zone(void **state)
{
    char bytes[16384];
    int16_t m;

    (void)state;
    need_zones();
    FILE *f = fopen("/usr/share/zoneinfo/Europe/Zurich", "rb");
    assert_non_null(f);
    size_t n = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    for (size_t cut = 0; cut < n; cut++) { // on the heap, so that a sanitizer sees the end
        char *copy = malloc(cut + 1);
        memcpy(copy, bytes, cut);
        bool known = zone_minutes_of((str){copy, cut}, (wall){INT64_C(1795737600000)}, &m);
        free(copy);
        if (cut < n / 2) assert_false(known); // without all of the instants
    }
    for (size_t at = 0; at < n; at++)
        for (unsigned bit = 0; bit < 8; bit++) {
            bytes[at] ^= (char)(1u << bit);
            (void)zone_minutes_of((str){bytes, n}, (wall){INT64_C(2500000000000)}, &m);
            bytes[at] ^= (char)(1u << bit);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_offsets_are_zones_and_nothing_else),
        cmocka_unit_test(offsets_are_those_of_libc),
        cmocka_unit_test(a_change_is_at_its_second),
        cmocka_unit_test(a_broken_file_is_no_zone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
