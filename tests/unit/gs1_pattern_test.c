// gs1_pattern_test.c - claims about patterns: what they find, and where an index finds it.
#include "service/gs1/pattern.h"
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

static struct arena arena;
static struct buf out;

static int begin(void **state)
{
    (void)state;
    arena_init(&arena, 1 * MB);
    buf_init(&out, 64 * KB);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_fini(&arena);
    buf_fini(&out);
    return 0;
}

static struct gs1_pattern pattern_of(const char *text)
{
    struct gs1_pattern p = {.is_exact = false};
    status st = gs1_pattern_read(str_of(text), &arena, &p);

    if (st.cls != ST_OK) print_error("%s: %s %s\n", text, st.reason, st.text);
    assert_int_equal(st.cls, ST_OK);
    return p;
}

static struct gs1_id id_of(const char *text)
{
    struct gs1_id id;
    status st = gs1_read(str_of(text), &arena, &id);

    if (st.cls != ST_OK) print_error("%s: %s %s\n", text, st.reason, st.text);
    assert_int_equal(st.cls, ST_OK);
    return id;
}

// What stands in events; the letters of a row below say which of them its pattern finds.
static const char *const objects[] = {
    "urn:epc:id:sgtin:0614141.812345.400",         // a
    "https://id.gs1.org/01/80614141123458/21/400", // b
    "https://id.gs1.org/01/80614141123458/21/401", // c
    "urn:epc:idpat:sgtin:0614141.812345.*",        // d
    "urn:epc:class:lgtin:0614141.812345.L",        // e
    "urn:epc:id:sgtin:061414.1812345.400",         // f: another split of other digits
    "urn:epc:id:sgtin:0614142.812345.400",         // g
    "urn:epc:id:sgtin:0614141.812345.*",           // h: the serial is a star
    "urn:epc:id:upui:0614141.812345.400",          // i
    "urn:epc:id:sscc:0614141.1234567890",          // j
    "https://id.gs1.org/00/206141410000000016",    // k
    "urn:epc:id:sgln:0614141.12345.0",             // l
    "urn:epc:id:sgln:0614141.12345.A",             // m
    "urn:epc:id:giai:0614141.12345",               // n
    "https://id.gs1.org/8004/061414112345678",     // o
    "urn:epc:id:itip:0614141.212345.01.02.9",      // p
    "urn:epc:id:itip:0614141.212345.02.02.9",      // q
    "urn:epc:idpat:itip:0614141.212345.01.02.*",   // r
    "urn:epc:id:grai:0614141.12345.400",           // s
    "urn:epc:idpat:grai:0614141.12345.*",          // t
    "urn:epc:id:cpi:0614141.ABC.1",                // u
    "urn:epc:id:cpi:0614141.ABCD.1",               // v
    "urn:epc:idpat:cpi:0614141.ABC.*",             // w
    "urn:epc:id:gid:1.2.3",                        // x
    "urn:epc:idpat:gid:1.2.*",                     // y
    "https://example.com/a/1",                     // z
    "urn:epc:id:gid:1.23.3",                       // A
    "urn:epc:id:bic:CSQU3054383",                  // B
    "urn:epc:id:adi:35962.PQ7VZ4.M37GXB92",        // C
    "urn:epc:id:gdti:0614141.12345.400",           // D
};
static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCD";

static const struct {
    const char *text, *finds;
} rows[] = {
    {"urn:epc:idpat:sgtin:*.*.*",                 "abcdfgh"},
    {"urn:epc:idpat:sgtin:0614141.*.*",           "abcdh"  },
    {"URN:EPC:idpat:sgtin:0614141.812345.*",      "abcdh"  },
    {"urn:epc:idpat:sgtin:0614141.812345.400",    "ab"     },
    {"urn:epc:idpat:sgtin:0614141.812345.%2A",    "h"      },
    {"urn:epc:idpat:sgtin:0614141.812346.*",      ""       },
    {"urn:epc:idpat:sgtin:061414.*.*",            "abcdfgh"}, // as digits all begin so
    {"urn:epc:id:sgtin:0614141.812345.*",         "h"      },
    {"urn:epc:id:sgtin:0614141.812345.400",       "ab"     },
    {"(01)80614141123458(21)401",                 "c"      },
    {"https://id.gs1.org/01/80614141123458",      "d"      }, // no pattern: one class
    {"urn:epc:class:lgtin:0614141.812345.L",      "e"      },
    {"urn:epc:idpat:upui:0614141.*.*",            "di"     },
    {"urn:epc:idpat:sscc:*.*",                    "jk"     },
    {"urn:epc:idpat:sscc:0614141.*",              "jk"     },
    {"urn:epc:idpat:sscc:0614141.1234567890",     "j"      },
    {"urn:epc:idpat:sgln:0614141.12345.*",        "lm"     },
    {"urn:epc:idpat:sgln:0614141.12345.0",        "l"      },
    {"urn:epc:idpat:sgln:0614141.*.*",            "lm"     },
    {"urn:epc:idpat:giai:0614141.*",              "no"     },
    {"urn:epc:idpat:giai:0614141.12345",          "n"      },
    {"urn:epc:idpat:giai:061414112345.*",         "o"      }, // a reference has a sign at least
    {"urn:epc:idpat:itip:0614141.*.*.*.*",        "pqr"    },
    {"urn:epc:idpat:itip:0614141.212345.*.*.*",   "pqr"    },
    {"urn:epc:idpat:itip:0614141.212345.01.*.*",  "pr"     },
    {"urn:epc:idpat:itip:0614141.212345.02.02.*", "q"      },
    {"urn:epc:idpat:itip:0614141.212345.01.02.9", "p"      },
    {"urn:epc:idpat:grai:0614141.*.*",            "st"     },
    {"urn:epc:idpat:grai:0614141.12345.*",        "st"     },
    {"urn:epc:idpat:gdti:0614141.*.*",            "D"      },
    {"urn:epc:idpat:cpi:0614141.ABC.*",           "uw"     },
    {"urn:epc:idpat:cpi:0614141.*.*",             "uvw"    },
    {"urn:epc:idpat:gid:*.*.*",                   "xyA"    },
    {"urn:epc:idpat:gid:1.*.*",                   "xyA"    },
    {"urn:epc:idpat:gid:1.2.*",                   "xy"     },
    {"urn:epc:idpat:gid:1.2.3",                   "x"      },
    {"urn:epc:idpat:bic:*",                       "B"      },
    {"urn:epc:idpat:adi:35962.*.*",               "C"      },
    {"urn:epc:idpat:adi:35962.PQ7VZ4.*",          "C"      },
    {"https://example.com/a/1",                   "z"      },
};

static bool starts_like(const struct gs1_pattern *p, const struct gs1_id *id)
{
    struct buf text, start;
    bool like = false;

    buf_init(&text, 1 * KB);
    buf_init(&start, 1 * KB);
    assert_int_equal(gs1_write(id, GS1_DL, NULL, &text).cls, ST_OK);
    for (unsigned i = 0; i < gs1_pattern_starts(p); i++) {
        buf_reset(&start);
        gs1_pattern_start(p, i, &start);
        like = like || str_starts(buf_str(&text), buf_str(&start));
    }
    buf_fini(&text);
    buf_fini(&start);
    return like;
}

static void gs1_a_pattern_finds_what_its_stars_cover_and_nothing_else(void **state)
{
    unsigned wrong = 0;

    (void)state;
    assert_int_equal(strlen(letters), LEN(objects));
    for (size_t i = 0; i < LEN(rows); i++) {
        struct gs1_pattern p = pattern_of(rows[i].text);
        for (size_t k = 0; k < LEN(objects); k++) {
            struct gs1_id id = id_of(objects[k]);
            bool found = gs1_pattern_matches(&p, &id);
            if (found == (strchr(rows[i].finds, letters[k]) != NULL)) continue;
            wrong++;
            print_error("%s %s %s\n", rows[i].text, found ? "finds" : "misses", objects[k]);
        }
    }
    assert_int_equal(wrong, 0);
}

static void gs1_an_index_finds_what_matches_among_what_begins_alike(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct gs1_pattern p = pattern_of(rows[i].text);
        assert_in_range(gs1_pattern_starts(&p), 1, GS1_PATTERN_STARTS_MAX);
        for (size_t k = 0; k < LEN(objects); k++) {
            struct gs1_id id = id_of(objects[k]);
            if (gs1_pattern_matches(&p, &id)) assert_true(starts_like(&p, &id));
        }
    }
}

static void gs1_what_a_pattern_fixes_is_told(void **state)
{
    static const struct {
        const char *text;
        unsigned n;
        const char *last; // of the starts
    } starts[] = {
        {"urn:epc:idpat:sgtin:0614141.812345.*",     1,  "https://id.gs1.org/01/80614141123458"     },
        {"urn:epc:idpat:sgtin:0614141.*.*",          10, "https://id.gs1.org/01/90614141"           },
        {"urn:epc:idpat:sgtin:*.*.*",                1,  "https://id.gs1.org/01/"                   },
        {"urn:epc:idpat:sgtin:0614141.812345.4",     1,  "https://id.gs1.org/01/80614141123458/21/4"},
        {"urn:epc:idpat:grai:0614141.*.*",           1,  "https://id.gs1.org/8003/00614141"         },
        {"urn:epc:idpat:itip:0614141.212345.01.*.*", 1,  "https://id.gs1.org/8006/2061414112345601" },
        {"urn:epc:idpat:cpi:0614141.A%2F.*",         1,  "https://id.gs1.org/8010/0614141A%2F"      },
        {"urn:epc:idpat:gid:1.*.*",                  2,  "urn:epc:idpat:gid:1."                     },
        {"urn:epc:idpat:usdod:2S194.*",              1,  "urn:epc:id:usdod:2S194."                  },
        {"http://example.com/1",                     1,  "http://example.com/1"                     },
    };

    (void)state;
    for (size_t i = 0; i < LEN(starts); i++) {
        struct gs1_pattern p = pattern_of(starts[i].text);
        assert_int_equal(gs1_pattern_starts(&p), starts[i].n);
        buf_reset(&out);
        gs1_pattern_start(&p, starts[i].n - 1, &out);
        assert_string_equal(out.p, starts[i].last);
    }
}

static void gs1_what_is_no_pattern_is_refused(void **state)
{
    static const struct {
        const char *text, *reason;
        uint32_t at;
    } bad[] = {
        {"urn:epc:idpat:sgtin:0614141.*.400",       "gs1.urn_pattern",        28},
        {"urn:epc:idpat:sgtin:*.812345.*",          "gs1.urn_pattern",        20},
        {"urn:epc:idpat:sgtin:0614141.8123*.*",     "gs1.urn_form",           32},
        {"urn:epc:idpat:sgtin:0614141.*",           "gs1.urn_form",           29},
        {"urn:epc:idpat:sgtin:06141.*.*",           "gs1.urn_prefix",         20},
        {"urn:epc:idpat:lgtin:0614141.812345.*",    "gs1.scheme_unsupported", 8 },
        {"urn:epc:idpat:itip:0614141.212345.1.*.*", "gs1.urn_form",           34},
        {"urn:epc:idpat:gid:x.*.*",                 "gs1.urn_form",           18},
        {"urn:epc:pat:sgtin-96:3.0614141.*.*",      "gs1.scheme_unsupported", 8 },
        {"",                                        "gs1.empty",              0 },
    };

    (void)state;
    for (size_t i = 0; i < LEN(bad); i++) {
        struct gs1_pattern p = {.to = 77};
        status st = gs1_pattern_read(str_of(bad[i].text), &arena, &p);
        assert_int_equal(st.cls, ST_BAD_INPUT);
        assert_string_equal(st.reason, bad[i].reason);
        assert_int_equal(st.at, bad[i].at);
        assert_int_equal(p.to, 77);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gs1_a_pattern_finds_what_its_stars_cover_and_nothing_else),
        cmocka_unit_test(gs1_an_index_finds_what_matches_among_what_begins_alike),
        cmocka_unit_test(gs1_what_a_pattern_fixes_is_told),
        cmocka_unit_test(gs1_what_is_no_pattern_is_refused),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
