// gs1_element_test.c - claims about element strings: how they are cut up, what belongs together,
// how they are written.
#include "service/gs1/gs1_int.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define GS "\x1d"

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

static void gs1_separators_stand_where_no_length_is_predefined(void **state) // GS1-GENSPEC-7.8
{
    static const char *const rows[][2] = {
  // bracketed, raw
        {"(01)09521141073469(17)271200(10)LOT(21)SN1",   "01095211410734691727120010LOT" GS "21SN1"},
        {"(21)SN1(01)09521141073469",                    "21SN1" GS "0109521141073469"             },
        {"(8006)095211410734690102(21)1",                "8006095211410734690102" GS "211"         }, // fixed is not enough
        {"(402)06141415854626258(00)106141412345678908",
         "40206141415854626258" GS "00106141412345678908"                                          },
        {"(3103)000195(3922)0299(17)201225",             "310300019539220299" GS "17201225"        },
        {"(10)A\\(B(99)x",                               "10A(B" GS "99x"                          },
        {"(414)0614141123452(254)A",                     "4140614141123452254A"                    },
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct gs1_elements e;
        assert_int_equal(gs1_bracketed_read(str_of(rows[i][0]), &arena, &e).cls, ST_OK);
        buf_reset(&out);
        gs1_elements_raw(&e, &out);
        assert_string_equal(out.p, rows[i][1]);
        assert_int_equal(gs1_raw_read(str_of(rows[i][1]), &e).cls, ST_OK);
        buf_reset(&out);
        gs1_elements_bracketed(&e, &out);
        assert_string_equal(out.p, rows[i][0]);
    }
}

static void gs1_one_separator_too_many_is_borne_and_two_are_not(void **state)
{
    static const struct {
        const char *in;
        bool ok;
    } rows[] = {
        {"0109521141073469" GS "211",    true },
        {"0109521141073469" GS GS "211", false},
        {"0109521141073469211" GS,       true },
        {"0109521141073469211" GS GS,    false},
        {GS "0109521141073469",          false},
        {"10A" GS GS "0109521141073469", false},
        {"10" GS "0109521141073469",     false},
        {"10A0109521141073469",          true }, // all of it is lot
        {"8006095211410734690102211",    false},
        {"0109521141073",                false},
        {"01095211410734" GS "69",       false},
        {"",                             false},
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct gs1_elements e;
        assert_int_equal(gs1_raw_read(str_of(rows[i].in), &e).cls == ST_OK, rows[i].ok);
    }
}

static void gs1_every_symbol_gives_what_it_holds(void **state)
{
    static const struct {
        const char *in, *elements, *text; // elements NULL: refused
    } rows[] = {
        {"]d20109521141073469",              "(01)09521141073469",           ""     },
        {"]E09521141073469",                 "(01)09521141073469",           ""     },
        {"]E495010939",                      "(01)00000095010939",           ""     },
        {"]E09521141073469|]e010A" GS "99B", "(01)09521141073469(10)A(99)B", ""     },
        {"]d1plain",                         "",                             "plain"},
        {"]Q1",                              "",                             ""     },
        {"]Q3",                              NULL,                           ""     },
        {"]E0952114107346",                  NULL,                           ""     },
        {"]E09521141073469x",                NULL,                           ""     },
        {"]E09521141073468",                 NULL,                           ""     },
        {"]Z00109521141073469",              NULL,                           ""     },
        {"0109521141073469",                 NULL,                           ""     },
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct gs1_elements e;
        str text;
        status st = gs1_scan_read(str_of(rows[i].in), &arena, &e, &text);
        assert_int_equal(st.cls == ST_OK, rows[i].elements != NULL);
        if (st.cls != ST_OK) continue;
        buf_reset(&out);
        buf_add(&out, S("="));
        gs1_elements_bracketed(&e, &out);
        assert_string_equal(out.p + 1, rows[i].elements);
        assert_true(str_eq(text, str_of(rows[i].text)));
    }
}

static void gs1_places_point_into_what_was_scanned(void **state)
{
    struct gs1_elements e;
    str in = S("]Q1https://a.example/01/09521141073469/21/A%2FB?17=271200");

    (void)state;
    assert_int_equal(gs1_elements_read(in, &arena, &e).cls, ST_OK);
    assert_int_equal(e.n, 3);
    assert_memory_equal(in.p + e.e[0].at, "09521141073469/", 15);
    assert_memory_equal(in.p + e.e[1].at, "A%2FB", 5);
    assert_true(str_eq(e.e[1].value, S("A/B")));
    assert_memory_equal(in.p + e.e[2].at, "271200", 6);
    assert_null(gs1_elements_find(&e, S("10")));
    assert_ptr_equal(gs1_elements_find(&e, S("17")), &e.e[2]);
}

static void gs1_elements_that_do_not_belong_together_are_refused(void **state)
{
    static const struct {
        const char *in;
        unsigned relation; // the one that is broken; 0: none
    } rows[] = {
        {"(01)09521141073469(10)A(21)B(17)271200",        0           },
        {"(10)A(01)09521141073469(10)A",                  0           },
        {"(10)A(01)09521141073469(10)B",                  GS1_REPEATED},
        {"(01)09521141073469(21)A(235)B",                 GS1_EXCLUDED},
        {"(3100)000001(3101)000001(01)09521141073469",    GS1_EXCLUDED}, // 310n
        {"(3100)000001(01)09521141073469",                0           }, // not itself
        {"(02)09521141073469(37)5",                       GS1_REQUIRED},
        {"(02)09521141073469(37)5(00)106141412345678908", 0           },
        {"(250)A(01)09521141073469",                      GS1_REQUIRED}, // both groups
        {"(250)A(01)09521141073469(21)B",                 0           },
        {"(7004)5(01)09521141073469",                     GS1_REQUIRED}, // 01+10
        {"(7004)5(01)09521141073469(10)A",                0           },
        {"(8003)00614141685653(8030)AB",                  GS1_SIGNED  },
        {"(8003)006141416856534(8030)AB",                 0           },
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct gs1_elements e;
        assert_int_equal(gs1_bracketed_read(str_of(rows[i].in), &arena, &e).cls, ST_OK);
        for (unsigned r = GS1_REPEATED; r <= GS1_SIGNED; r <<= 1)
            assert_int_equal(gs1_elements_check(&e, r).cls == ST_OK, rows[i].relation != r);
        status st = gs1_elements_check(&e, GS1_RELATIONS);
        assert_int_equal(st.cls == ST_OK, rows[i].relation == 0);
        assert_true(st.at <= strlen(rows[i].in));
    }
}

static void gs1_links_say_all_that_the_elements_say(void **state) // GS1-DL-path
{
    static const char *const rows[][2] = {
        {"(01)09521141073469(17)271200(10)LOT(21)SN1",
         "https://a/s/01/09521141073469/10/LOT/21/SN1?17=271200"                                            },
        {"(10)A+B(99)x/y(11)270101(01)09521141073469",
         "https://a/s/01/09521141073469/10/A%2BB?11=270101&99=x%2Fy"                                        },
        {"(01)09521141073469(235)T(99)x",                         "https://a/s/01/09521141073469/235/T?99=x"},
        {"(00)106141412345678908(02)09521141073469(37)24(10)LOT",
         "https://a/s/00/106141412345678908?02=09521141073469&37=24&10=LOT"                                 },
        {"(01)09521141073469(10)A(10)A",                          "https://a/s/01/09521141073469/10/A"      },
        {"(01)09521141073469(235)T(10)A",                         NULL                                      }, // qualifiers that do not mix
        {"(01)09521141073469(8200)http://x.y",                    NULL                                      }, // no place in a link
        {"(10)A(99)x",                                            NULL                                      },
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct gs1_elements e, again;
        assert_int_equal(gs1_bracketed_read(str_of(rows[i][0]), &arena, &e).cls, ST_OK);
        buf_reset(&out);
        status st = gs1_elements_dl(&e, S("https://a/s"), &out);
        assert_int_equal(st.cls == ST_OK, rows[i][1] != NULL);
        assert_int_equal(out.n == 0, rows[i][1] == NULL);
        if (st.cls != ST_OK) continue;
        assert_string_equal(out.p, rows[i][1]);
        assert_int_equal(gs1_dl_read(buf_str(&out), &arena, &again).cls, ST_OK);
    }
}

static void gs1_the_number_of_elements_has_a_ceiling(void **state)
{
    struct gs1_elements e;

    (void)state;
    buf_reset(&out);
    for (int i = 0; i < GS1_ELEMENTS_MAX; i++) buf_add(&out, S("(99)x"));
    assert_int_equal(gs1_bracketed_read(buf_str(&out), &arena, &e).cls, ST_OK);
    buf_add(&out, S("(99)x"));
    assert_string_equal(gs1_bracketed_read(buf_str(&out), &arena, &e).reason, "gs1.too_many");
}

static void gs1_every_row_of_the_grammar_is_found_and_takes_its_own_lengths(void **state)
{
    unsigned rows = 0;

    (void)state;
    for (unsigned number = 0; number < 10000; number++)
        for (int digits = 2; digits <= 4; digits++) {
            char ai[8];
            if (snprintf(ai, sizeof ai, "%0*u", digits, number) != digits) continue;
            const struct gs1_ai *rule = gs1_ai_find(str_of(ai));
            if (rule == NULL) continue;
            rows++;
            assert_true(number >= rule->first && number <= rule->last);
            assert_int_equal(gs1_ai_digits(str_of(ai)), digits);
            assert_true(rule->min <= rule->max && rule->max <= 90);
            assert_true(!rule->predefined || rule->min == rule->max);
            assert_string_equal(gs1_ai_fault(rule, S("")).reason, "gs1.length");
        }
    assert_int_equal(rows, 541); // identifiers in the dictionary, ranges counted out
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gs1_separators_stand_where_no_length_is_predefined),
        cmocka_unit_test(gs1_one_separator_too_many_is_borne_and_two_are_not),
        cmocka_unit_test(gs1_every_symbol_gives_what_it_holds),
        cmocka_unit_test(gs1_places_point_into_what_was_scanned),
        cmocka_unit_test(gs1_elements_that_do_not_belong_together_are_refused),
        cmocka_unit_test(gs1_links_say_all_that_the_elements_say),
        cmocka_unit_test(gs1_the_number_of_elements_has_a_ceiling),
        cmocka_unit_test(gs1_every_row_of_the_grammar_is_found_and_takes_its_own_lengths),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
