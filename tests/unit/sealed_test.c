#include "service/api/sealed.h"
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t ours[16] = {1}, theirs[16] = {2};
static const str lots = {"/v1/lots", 8}, holds = {"/v1/holds", 9};

static void a_place_comes_back_for_its_own_list_of_its_own_site(void **state)
{
    static char longest[SEALED_KEY_MAX];
    const str keys[] = {
        S("\0"), S("\0\0\0\0\0\0\0\1"), S("a name"), {longest, sizeof longest}
    };
    struct arena a;
    struct buf b;
    str back;

    (void)state;
    arena_init(&a, 64 * KB);
    buf_init(&b, 64 * KB);
    for (size_t i = 0; i < LEN(keys); i++) {
        buf_reset(&b);
        sealed_put(ours, lots, keys[i], &b);
        assert_true(sealed_get(ours, lots, buf_str(&b), &a, &back) && str_eq(back, keys[i]));
        assert_false(sealed_get(theirs, lots, buf_str(&b), &a, &back));
        assert_false(sealed_get(ours, holds, buf_str(&b), &a, &back));
    }
    buf_fini(&b);
    arena_fini(&a);
}

static void no_character_may_be_another_nor_be_missing(void **state)
{
    struct arena a;
    struct buf b;
    str back;

    (void)state;
    arena_init(&a, 64 * KB);
    buf_init(&b, 64 * KB);
    sealed_put(ours, lots, S("\0\0\0\0\0\0\0\1"), &b);
    for (size_t i = 0; i < b.n; i++) {
        char was = b.p[i];
        b.p[i] = was == '0' ? '1' : '0';
        assert_false(sealed_get(ours, lots, buf_str(&b), &a, &back));
        b.p[i] = was;
        assert_false(sealed_get(ours, lots, (str){b.p, i}, &a, &back));
    }
    assert_true(sealed_get(ours, lots, buf_str(&b), &a, &back));
    buf_fini(&b);
    arena_fini(&a);
}

// Neighbours in a list are nothing alike, so that nobody sees how far apart they are.
static void the_text_tells_nothing_of_the_number(void **state)
{
    struct buf one, two;
    size_t same = 0;

    (void)state;
    buf_init(&one, KB);
    buf_init(&two, KB);
    sealed_put(ours, lots, S("\0\0\0\0\0\0\0\1"), &one);
    sealed_put(ours, lots, S("\0\0\0\0\0\0\0\2"), &two);
    assert_true(one.n == two.n);
    for (size_t i = 0; i < one.n; i++) same += one.p[i] == two.p[i];
    assert_true(same < one.n / 3);
    buf_fini(&one);
    buf_fini(&two);
}

// What is hidden is hidden by another stream at each place: a name that repeats itself shows
// nothing.
static void a_name_of_one_letter_is_hidden_letter_by_letter(void **state)
{
    static char name[SEALED_KEY_MAX];
    struct buf b;

    (void)state;
    memset(name, 'a', sizeof name);
    buf_init(&b, 4 * KB);
    sealed_put(ours, lots, (str){name, sizeof name}, &b);
    const char *hidden = b.p + b.n - 2 * sizeof name; // in hexadecimal, behind the seal
    for (size_t far = 4; far < sizeof name; far++)
        for (size_t i = 0; i + far + 4 <= sizeof name; i++)
            assert_memory_not_equal(hidden + 2 * i, hidden + 2 * (i + far), 8);
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_place_comes_back_for_its_own_list_of_its_own_site),
        cmocka_unit_test(no_character_may_be_another_nor_be_missing),
        cmocka_unit_test(the_text_tells_nothing_of_the_number),
        cmocka_unit_test(a_name_of_one_letter_is_hidden_letter_by_letter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
