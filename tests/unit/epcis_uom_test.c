#include "service/epcis/uom.h"
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

static void every_unit_is_found_by_its_code(void **state)
{
    (void)state;
    assert_true(epcis_uom_count > 200);
    for (size_t i = 0; i < epcis_uom_count; i++) {
        const struct epcis_uom *u = &epcis_uom_rows[i];
        assert_ptr_equal(epcis_uom_find(str_of(u->code)), u);
        assert_true(u->factor > 0 && u->factor_under > 0 && u->offset_under > 0);
    }
    assert_null(epcis_uom_find(S("ZZZ")));
    assert_null(epcis_uom_find(S("kgm")));
    assert_null(epcis_uom_find(S("")));
}

static void values_are_compared_exactly_across_units(void **state)
{
    static const struct {
        const char *a, *code_a, *b, *code_b;
        char order; // '?': cannot be compared
    } rows[] = {
        {"26.85",                                     "CEL", "300",       "KEL", '='},
        {"26.85",                                     "CEL", "300.0001",  "KEL", '<'},
        {"-273.15",                                   "CEL", "0",         "KEL", '='},
        {"-273.15",                                   "CEL", "-459.67",   "FAH", '='},
        {"-40",                                       "CEL", "-40",       "FAH", '='},
        {"100",                                       "CEL", "212",       "FAH", '='},
        {"100",                                       "CEL", "211.9999",  "FAH", '>'},
        {"-300",                                      "CEL", "-1",        "KEL", '<'},
        {"-300",                                      "CEL", "-301",      "CEL", '>'},
        {"-300",                                      "CEL", "-508",      "FAH", '='},
        {"1",                                         "KGM", "1000",      "GRM", '='},
        {"1000.1",                                    "GRM", "1",         "KGM", '>'},
        {"1",                                         "LBR", "453.59237", "GRM", '='},
        {"-1",                                        "KGM", "-999",      "GRM", '<'},
        {"36",                                        "KMH", "10",        "MTS", '='},
        {"1",                                         "HUR", "60",        "MIN", '='},
        {"760",                                       "UA",  "1",         "ATM", '='},
        {"1e-12",                                     "MTR", "1",         "C52", '='},
        {"0",                                         "KGM", "-0.0",      "GRM", '='},
        {"0",                                         "KGM", "-1",        "GRM", '>'},
        {"1.50",                                      "",    "1.5",       "",    '='},
        {"2",                                         "",    "10",        "",    '<'},
        {"7",                                         "ZZZ", "7.0",       "ZZZ", '='},
        {"99999999999999999999999999999999999999e38", "YRD",
         "0.00000000000000000000000000000000000001",                      "C52", '>'},
        {"7",                                         "ZZZ", "7",         "KGM", '?'},
        {"7",                                         "",    "7",         "KGM", '?'},
        {"1",                                         "KGM", "1",         "MTR", '?'},
        {"one",                                       "KGM", "1",         "KGM", '?'},
        {"1",                                         "KGM", "",          "KGM", '?'},
        {"1e39",                                      "KGM", "1",         "KGM", '?'},
        {"1e-39",                                     "KGM", "1",         "KGM", '?'},
        {"123456789012345678901234567890123456789",   "KGM", "1",         "KGM", '?'},
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        int order = 9, back = 9;
        bool can = epcis_uom_compare(str_of(rows[i].a), str_of(rows[i].code_a), str_of(rows[i].b),
                                     str_of(rows[i].code_b), &order);
        assert_int_equal(can, rows[i].order != '?');
        assert_int_equal(epcis_uom_compare(str_of(rows[i].b), str_of(rows[i].code_b),
                                           str_of(rows[i].a), str_of(rows[i].code_a), &back),
                         can);
        if (!can) continue;
        assert_int_equal(order < 0 ? '<' : order > 0 ? '>' : '=', rows[i].order);
        assert_int_equal(back, -order);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_unit_is_found_by_its_code),
        cmocka_unit_test(values_are_compared_exactly_across_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
