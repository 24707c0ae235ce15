#include "service/pool/text.h"
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CSET82 "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"

static void every_small_value_comes_back(void **state)
{
    struct text_conf conf = {5, S("x"), S("abcdef"), S("bd")};
    struct text_form f;
    char text[5], last[5] = "";

    (void)state;
    assert_int_equal(text_form_init(&conf, &f).cls, ST_OK);
    assert_true(f.size == 256); // 4 characters of a, c, e, f
    for (u128 v = 0; v < f.size; v++) {
        u128 back;
        text_write(&f, v, text);
        assert_true(memcmp(last, text, 5) < 0); // the alphabet is in order, so the texts are too
        assert_true(text_read(&f, (str){text, 5}, &back) && back == v);
        memcpy(last, text, 5);
    }
    assert_memory_equal(last, "xffff", 5);
}

static void every_length_reaches_its_ends(void **state)
{
    (void)state;
    for (uint64_t length = 1; length <= TEXT_LENGTH_MAX; length++) {
        struct text_conf conf = {.length = length, .alphabet = S(CSET82)};
        struct text_form f;
        char text[TEXT_LENGTH_MAX + 1] = "";
        u128 back;

        assert_int_equal(text_form_init(&conf, &f).cls, ST_OK);
        text_write(&f, 0, text);
        for (uint64_t i = 0; i < length; i++) assert_int_equal(text[i], '!');
        assert_true(text_read(&f, (str){text, length}, &back) && back == 0);
        text_write(&f, f.size - 1, text);
        for (uint64_t i = 0; i < length; i++) assert_int_equal(text[i], 'z');
        assert_true(text_read(&f, (str){text, length}, &back) && back == f.size - 1);
        assert_int_equal(text[length], 0); // nothing behind it
    }
}

// Around every multiple of a power of the base, where a digit turns over, and over all the space.
static void values_of_every_base_come_back(void **state)
{
    (void)state;
    for (uint64_t base = 2; base <= sizeof CSET82 - 1; base++) {
        struct text_conf conf = {
            .length = TEXT_LENGTH_MAX, .alphabet = {CSET82, base}
        };
        struct text_form f;
        char text[TEXT_LENGTH_MAX];
        u128 back, power = 1;

        assert_int_equal(text_form_init(&conf, &f).cls, ST_OK);
        for (unsigned digit = 0; digit < TEXT_LENGTH_MAX; digit++, power *= base) {
            for (uint64_t i = 0; i < 3 * base * 7; i++) {
                u128 v = (i / 3 * power * 0x9e3779b97f4a7c15 + power + i % 3 - 1) % f.size;
                text_write(&f, v, text);
                assert_true(text_read(&f, (str){text, sizeof text}, &back) && back == v);
            }
        }
    }
}

static void the_literal_alphabet_decides_the_digits(void **state)
{
    struct text_conf conf = {.length = 6, .alphabet = S("7315")};
    struct text_form f;
    char text[6];
    u128 back;

    (void)state;
    assert_int_equal(text_form_init(&conf, &f).cls, ST_OK);
    text_write(&f, 27, text); // 123 in base 4
    assert_memory_equal(text, "777315", 6);
    assert_true(text_read(&f, S("777315"), &back) && back == 27);
}

static void other_texts_are_not_read(void **state)
{
    static const char *const others[] = {"",       "AB",     "AB123",  "AB12345",
                                         "aB1234", "BA1234", "AB12 4", "AB123O"};
    struct text_conf conf = {6, S("AB"), S("0123456789"), S("")};
    struct text_form f;
    u128 value = 7;

    (void)state;
    assert_int_equal(text_form_init(&conf, &f).cls, ST_OK);
    for (size_t i = 0; i < LEN(others); i++) assert_false(text_read(&f, str_of(others[i]), &value));
    assert_false(text_read(&f, (str){"AB12\0004", 6}, &value));
    assert_false(text_read(&f, (str){"AB12\xff\x34", 6}, &value));
    assert_true(value == 7);
    assert_true(text_read(&f, S("AB1234"), &value) && value == 1234);
}

static const struct {
    struct text_conf conf;
    const char *reason;
    uint32_t at;
} bad[] = {
    {{.length = 0, .alphabet = {"01", 2}},                        "pool.length",        0 },
    {{.length = 21, .alphabet = {"01", 2}},                       "pool.length",        0 },
    {{.length = UINT64_MAX, .alphabet = {"01", 2}},               "pool.length",        0 },
    {{.length = 9, .alphabet = {"", 0}},                          "pool.alphabet",      0 },
    {{.length = 9, .alphabet = {"0", 1}},                         "pool.alphabet",      0 },
    {{.length = 9, .alphabet = {"0120", 4}},                      "pool.alphabet",      3 },
    {{.length = 9, .alphabet = {"01 2", 4}},                      "pool.alphabet",      2 },
    {{.length = 9, .alphabet = {"01#2", 4}},                      "pool.alphabet",      2 },
    {{.length = 9, .alphabet = {"01\xc3\xa4", 4}},                "pool.alphabet",      2 },
    {{.length = 9, .alphabet = {"01\0002", 4}},                   "pool.alphabet",      2 },
    {{.length = 9, .alphabet = {CSET82 "0", 83}},                 "pool.alphabet",      82},
    {{.length = 9, .alphabet = {"012", 3}, .exclude = {"12", 2}}, "pool.alphabet",      0 },
    {{.length = 9, .alphabet = {"012", 3}, .exclude = {"1 ", 2}}, "pool.exclude",       1 },
    {{.length = 3, .alphabet = {"012", 3}, .prefix = {"ABC", 3}}, "pool.serial_prefix", 0 },
    {{.length = 9, .alphabet = {"012", 3}, .prefix = {"A^", 2}},  "pool.serial_prefix", 1 },
};

static void wrong_forms_are_refused_and_pointed_at(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(bad); i++) {
        struct text_form f = {.length = 99};
        status st = text_form_init(&bad[i].conf, &f);

        assert_int_equal(st.cls, ST_BAD_INPUT);
        assert_string_equal(st.reason, bad[i].reason);
        assert_int_equal(st.at, bad[i].at);
        assert_true(strlen(st.text) > 20 && strlen(st.text) < sizeof st.text - 1);
        assert_int_equal(f.length, 99);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_small_value_comes_back),
        cmocka_unit_test(every_length_reaches_its_ends),
        cmocka_unit_test(values_of_every_base_come_back),
        cmocka_unit_test(the_literal_alphabet_decides_the_digits),
        cmocka_unit_test(other_texts_are_not_read),
        cmocka_unit_test(wrong_forms_are_refused_and_pointed_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
