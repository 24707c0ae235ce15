// The texts of random spaces were computed by pool_vectors.py; see permutation_test.c.
#include "service/pool/space.h"
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t key[PERMUTATION_KEY_SIZE] = {0, 1, 2,  3,  4,  5,  6,  7,
                                                  8, 9, 10, 11, 12, 13, 14, 15};

static struct number_space space_of(struct space_conf conf)
{
    struct number_space s;

    conf.algorithm = SPACE_ALGORITHM;
    status st = space_init(&conf, &s);
    if (st.cls != ST_OK) fail_msg("%s: %s", st.reason, st.text);
    if (s.kind == SPACE_RANDOM) space_set_key(&s, key);
    return s;
}

// The text and the ordinal of it belong together.
static void assert_number(const struct number_space *s, uint64_t ordinal, const char *expected)
{
    char text[TEXT_LENGTH_MAX + 1] = "";
    uint64_t back = 0;

    assert_int_equal(space_text(s, ordinal, 1, (struct space_sink){text, sizeof text}).cls, ST_OK);
    assert_string_equal(text, expected);
    assert_true(space_ordinal(s, str_of(expected), &back));
    assert_true(back == ordinal);
}

static void default_random_numbers_are_these(void **state)
{
    struct number_space s = space_of((struct space_conf){.kind = SPACE_RANDOM});

    (void)state;
    assert_true(s.capacity == SPACE_CAPACITY_MAX);
    assert_int_equal(space_length(&s), 20);
    assert_number(&s, 0, "99VHWTN8YR74HJPJSHTV");
    assert_number(&s, 1, "6ZTMVXRPUYFPKDLXBH5R");
    assert_number(&s, 2, "5P9RF462P88B8YPG9AHG");
    assert_number(&s, 99999, "65WUU6X836CTZDBABAWH");
    assert_number(&s, SPACE_CAPACITY_MAX - 1, "LJJEDP354S2R7N8A85PK");
}

static void prefix_exclude_and_share_are_these(void **state)
{
    struct number_space s = space_of((struct space_conf){
        .length = 8, .exclude = S("2"), .serial_prefix = S("A-"), .share = {.of = 3, .index = 2}
    });

    (void)state;
    assert_true(s.capacity == 243000000);
    assert_number(&s, 0, "A-AUTC9K");
    assert_number(&s, 1, "A-H6FGND");
    assert_number(&s, 242999999, "A-FZYV7A");
}

static void sequential_numbers_count_from_start(void **state)
{
    struct number_space plain = space_of((struct space_conf){.kind = SPACE_SEQUENTIAL});
    struct number_space s = space_of((struct space_conf){
        .kind = SPACE_SEQUENTIAL, .length = 8, .serial_prefix = S("L1"), .start = 998});
    struct number_space shared = space_of((struct space_conf){
        .kind = SPACE_SEQUENTIAL, .length = 4, .start = 10, .share = {.of = 4, .index = 3}
    });
    uint64_t ordinal;

    (void)state;
    assert_number(&plain, 0, "00000000000000000000");
    assert_number(&plain, SPACE_CAPACITY_MAX - 1, "00000001099511627775");
    assert_false(space_ordinal(&plain, S("00000001099511627776"), &ordinal));
    assert_number(&s, 0, "L1000998");
    assert_number(&s, 2, "L1001000");
    assert_number(&s, 999001, "L1999999");
    assert_true(s.capacity == 999002);
    assert_false(space_ordinal(&s, S("L1000997"), &ordinal)); // before start
    assert_number(&shared, 0, "0042");                        // 4 * 10 + 2
    assert_number(&shared, 1, "0046");
    assert_true(shared.capacity == 2490);
    assert_number(&shared, 2489, "9998");
    assert_false(space_ordinal(&shared, S("0043"), &ordinal)); // another site's
    assert_false(space_ordinal(&shared, S("0038"), &ordinal));
}

static void sscc_have_prefix_and_check_digit(void **state)
{
    struct number_space s = space_of((struct space_conf){
        .kind = SPACE_SSCC, .company_prefix = S("0614141"), .extension = S("1")});
    struct number_space narrow = space_of((struct space_conf){.kind = SPACE_SSCC,
                                                              .company_prefix = S("061414112345"),
                                                              .extension = S("9"),
                                                              .serial_prefix = S("77"),
                                                              .start = 5});
    uint64_t ordinal;

    (void)state;
    assert_true(s.capacity == 1000000000);
    assert_int_equal(space_length(&s), 18);
    assert_number(&s, 234567890, "106141412345678908"); // the standard's own example
    assert_number(&s, 0, "106141410000000002");
    assert_false(space_ordinal(&s, S("106141412345678907"), &ordinal));  // check digit
    assert_false(space_ordinal(&s, S("206141412345678905"), &ordinal));  // extension
    assert_false(space_ordinal(&s, S("10614141234567890"), &ordinal));   // 17 digits
    assert_false(space_ordinal(&s, S("1061414123456789080"), &ordinal)); // 19
    assert_false(space_ordinal(&s, S("10614141234567890X"), &ordinal));
    assert_true(narrow.capacity == 95);
    assert_number(&narrow, 94, "906141411234577991");
}

static void capacity_is_what_the_form_can_write(void **state)
{
    struct number_space one = space_of((struct space_conf){.length = 1, .alphabet = S("01")});
    struct number_space last = space_of((struct space_conf){
        .length = 1, .alphabet = S("01"), .share = {.of = 2, .index = 2}
    });
    struct number_space short_of_40_bits =
        space_of((struct space_conf){.length = 12, .alphabet = S("0123456789")});

    (void)state;
    assert_true(one.capacity == 2);
    assert_true(last.capacity == 1);
    assert_number(&last, 0, "1");
    assert_true(short_of_40_bits.capacity == 1000000000000);
}

static void runs_and_lists_give_the_same_texts(void **state)
{
    enum { COUNT = 1000, STRIDE = 13 };
    struct number_space s = space_of((struct space_conf){.length = 12});
    static char run[COUNT * STRIDE], list[COUNT * STRIDE];
    static uint64_t ordinals[COUNT], back[COUNT];
    static str texts[COUNT];

    (void)state;
    memset(run, '\n', sizeof run);
    memset(list, '\n', sizeof list);
    for (uint32_t i = 0; i < COUNT; i++) {
        ordinals[i] = 123456 + i;
        texts[i] = (str){run + (size_t)i * STRIDE, 12};
    }
    assert_int_equal(space_text(&s, 123456, COUNT, (struct space_sink){run, STRIDE}).cls, ST_OK);
    assert_int_equal(space_text_list(&s, ordinals, COUNT, (struct space_sink){list, STRIDE}).cls,
                     ST_OK);
    assert_memory_equal(run, list, sizeof run);
    for (uint32_t i = 0; i < COUNT; i++) assert_int_equal(run[i * STRIDE + 12], '\n');
    texts[300] = S("not of it");
    space_ordinal_list(&s, texts, COUNT, back);
    for (uint32_t i = 0; i < COUNT; i++)
        assert_true(back[i] == (i == 300 ? SPACE_NO_ORDINAL : ordinals[i]));
}

static void ordinals_beyond_the_capacity_are_refused(void **state)
{
    struct number_space s = space_of((struct space_conf){.length = 2, .alphabet = S("0123456789")});
    char text[400];

    (void)state;
    assert_int_equal(space_text(&s, 98, 2, (struct space_sink){text, 2}).cls, ST_OK);
    assert_string_equal(space_text(&s, 98, 3, (struct space_sink){text, 2}).reason, "pool.ordinal");
    assert_string_equal(
        space_text_list(&s, &(uint64_t){UINT64_MAX}, 1, (struct space_sink){text, 2}).reason,
        "pool.ordinal");
}

#define SSCC(prefix, digit)                                                                        \
    .kind = SPACE_SSCC, .company_prefix = {prefix, sizeof prefix - 1}, .extension = {digit, 1}

// clang-format off
static const struct {
    struct space_conf conf;
    const char *reason;
} bad[] = {
    {{.length = 21}, "pool.length"},
    {{.alphabet = {"AA", 2}}, "pool.alphabet"},
    {{.exclude = {" ", 1}}, "pool.exclude"},
    {{.length = 2, .serial_prefix = {"AB", 2}}, "pool.serial_prefix"},
    {{.start = 1}, "pool.start"},
    {{.kind = SPACE_SEQUENTIAL, .length = 3, .start = 1000}, "pool.start"},
    {{.share = {.of = 2, .index = 0}}, "pool.share"},
    {{.share = {.of = 0, .index = 1}}, "pool.share"},
    {{.share = {.of = 2, .index = 3}}, "pool.share"},
    {{.share = {.of = 1001, .index = 1}}, "pool.share"},
    {{.length = 1, .alphabet = {"01", 2}, .share = {.of = 3, .index = 3}}, "pool.capacity"},
    {{.company_prefix = {"0614141", 7}}, "pool.prefix"},
    {{.extension = {"1", 1}}, "pool.prefix"},
    {{.algorithm = 2}, "pool.algorithm"},
    {{.kind = SPACE_SSCC, .company_prefix = {"0614141", 7}}, "pool.extension"},
    {{SSCC("0614141", "x")}, "pool.extension"},
    {{SSCC("061", "1")}, "pool.prefix"},
    {{SSCC("0614141123456", "1")}, "pool.prefix"},
    {{SSCC("06141x1", "1")}, "pool.prefix"},
    {{SSCC("0614141", "1"), .length = 20}, "pool.length"},
    {{SSCC("0614141", "1"), .alphabet = {"01", 2}}, "pool.alphabet"},
    {{SSCC("0614141", "1"), .exclude = {"1", 1}}, "pool.alphabet"},
    {{SSCC("0614141", "1"), .serial_prefix = {"123456789", 9}}, "pool.serial_prefix"},
    {{SSCC("0614141", "1"), .serial_prefix = {"A", 1}}, "pool.serial_prefix"},
    {{SSCC("0614141", "1"), .start = 1000000000}, "pool.start"},
};
// clang-format on

static void wrong_definitions_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(bad); i++) {
        struct number_space s = {.capacity = 99};
        struct space_conf conf = bad[i].conf;

        if (conf.algorithm == 0) conf.algorithm = SPACE_ALGORITHM;
        status st = space_init(&conf, &s);
        assert_int_equal(st.cls, ST_BAD_INPUT);
        assert_string_equal(st.reason, bad[i].reason);
        assert_true(strlen(st.text) > 20 && strlen(st.text) < sizeof st.text - 1);
        assert_true(s.capacity == 99);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_random_numbers_are_these),
        cmocka_unit_test(prefix_exclude_and_share_are_these),
        cmocka_unit_test(sequential_numbers_count_from_start),
        cmocka_unit_test(sscc_have_prefix_and_check_digit),
        cmocka_unit_test(capacity_is_what_the_form_can_write),
        cmocka_unit_test(runs_and_lists_give_the_same_texts),
        cmocka_unit_test(ordinals_beyond_the_capacity_are_refused),
        cmocka_unit_test(wrong_definitions_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
