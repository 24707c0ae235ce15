// The rule against the truth: small spaces are written out whole and compared.
#include "service/pool/space.h"
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct text_conf forms[] = {
    {3, {"", 0},   {"01", 2},   {"", 0} },
    {3, {"", 0},   {"10", 2},   {"", 0} },
    {3, {"", 0},   {"012", 3},  {"", 0} },
    {3, {"", 0},   {"ABC", 3},  {"", 0} },
    {3, {"", 0},   {"2AB", 3},  {"", 0} },
    {3, {"0", 1},  {"012", 3},  {"", 0} },
    {3, {"1", 1},  {"012", 3},  {"", 0} },
    {3, {"A", 1},  {"012", 3},  {"", 0} },
    {3, {"A", 1},  {"ABC", 3},  {"", 0} },
    {4, {"0A", 2}, {"012", 3},  {"", 0} },
    {4, {"02", 2}, {"12", 2},   {"", 0} },
    {2, {"", 0},   {"012", 3},  {"", 0} },
    {4, {"", 0},   {"01", 2},   {"", 0} },
    {4, {"01", 2}, {"01", 2},   {"", 0} },
    {4, {"0", 1},  {"012", 3},  {"1", 1}},
    {3, {"", 0},   {"0123", 4}, {"1", 1}},
};
static const struct {
    uint64_t of, index;
} shares[] = {
    {1, 1},
    {2, 1},
    {2, 2},
    {3, 1},
    {3, 3},
    {4, 2},
    {4, 4}
};

static struct number_space space_of(size_t form, size_t share)
{
    struct space_conf conf = {.kind = SPACE_SEQUENTIAL, .algorithm = SPACE_ALGORITHM};
    struct number_space s;

    conf.length = forms[form].length;
    conf.serial_prefix = forms[form].prefix;
    conf.alphabet = forms[form].alphabet;
    conf.exclude = forms[form].exclude;
    conf.share.of = shares[share].of;
    conf.share.index = shares[share].index;
    assert_int_equal(space_init(&conf, &s).cls, ST_OK);
    return s;
}

static bool meet(const struct number_space *a, const struct number_space *b)
{
    for (uint64_t i = 0; i < a->capacity; i++) {
        char text[TEXT_LENGTH_MAX];
        uint64_t ordinal;

        assert_int_equal(space_text(a, i, 1, (struct space_sink){text, sizeof text}).cls, ST_OK);
        if (space_ordinal(b, (str){text, space_length(a)}, &ordinal)) return true;
    }
    return false;
}

static void whole_spaces_are_judged_exactly(void **state)
{
    unsigned apart = 0, together = 0;

    (void)state;
    for (size_t i = 0; i < LEN(forms); i++)
        for (size_t j = 0; j < LEN(forms); j++) {
            struct number_space a = space_of(i, 0), b = space_of(j, 0);

            assert_true(space_disjoint(&a, &b) == !meet(&a, &b));
            if (space_disjoint(&a, &b))
                apart++;
            else
                together++;
        }
    assert_true(apart > 50 && together > 50);
}

static void shares_never_meet_when_judged_disjoint(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(forms) * LEN(shares); i++)
        for (size_t j = 0; j < LEN(forms) * LEN(shares); j++) {
            struct number_space a = space_of(i / LEN(shares), i % LEN(shares));
            struct number_space b = space_of(j / LEN(shares), j % LEN(shares));

            if (space_disjoint(&a, &b)) assert_false(meet(&a, &b));
            assert_true(space_disjoint(&a, &b) == space_disjoint(&b, &a));
        }
}

static void shares_of_one_form_are_judged_exactly(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(shares); i++)
        for (size_t j = 0; j < LEN(shares); j++) {
            struct number_space a = space_of(2, i), b = space_of(2, j); // 27 values

            assert_true(space_disjoint(&a, &b) == !meet(&a, &b));
        }
}

static void keys_and_starts_play_no_part(void **state)
{
    static const uint8_t key[PERMUTATION_KEY_SIZE] = {1};
    struct space_conf conf = {.algorithm = SPACE_ALGORITHM, .length = 9};
    struct number_space random, keyed, counted;

    (void)state;
    assert_int_equal(space_init(&conf, &random).cls, ST_OK);
    keyed = random;
    space_set_key(&keyed, key);
    conf.kind = SPACE_SEQUENTIAL;
    conf.start = 900000000;
    assert_int_equal(space_init(&conf, &counted).cls, ST_OK);
    assert_false(space_disjoint(&random, &keyed));
    assert_false(space_disjoint(&counted, &keyed)); // both may write 222222222
    assert_false(space_disjoint(&counted, &counted));
}

static void sscc_part_by_their_leading_digits(void **state)
{
    struct space_conf conf = {.kind = SPACE_SSCC,
                              .algorithm = SPACE_ALGORITHM,
                              .company_prefix = S("0614141"),
                              .extension = S("1")};
    struct number_space whole, low, high, odd, even;

    (void)state;
    assert_int_equal(space_init(&conf, &whole).cls, ST_OK);
    conf.serial_prefix = S("0");
    assert_int_equal(space_init(&conf, &low).cls, ST_OK);
    conf.serial_prefix = S("1");
    assert_int_equal(space_init(&conf, &high).cls, ST_OK);
    conf.share.of = 2;
    conf.share.index = 1;
    assert_int_equal(space_init(&conf, &even).cls, ST_OK);
    conf.share.index = 2;
    assert_int_equal(space_init(&conf, &odd).cls, ST_OK);
    assert_false(space_disjoint(&whole, &low));
    assert_true(space_disjoint(&low, &high));
    assert_true(space_disjoint(&odd, &even));
    assert_false(space_disjoint(&odd, &high));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_spaces_are_judged_exactly),
        cmocka_unit_test(shares_never_meet_when_judged_disjoint),
        cmocka_unit_test(shares_of_one_form_are_judged_exactly),
        cmocka_unit_test(keys_and_starts_play_no_part),
        cmocka_unit_test(sscc_part_by_their_leading_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
