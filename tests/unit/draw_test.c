#include "service/pool/space.h"
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t old_key[PERMUTATION_KEY_SIZE] = {1}, new_key[PERMUTATION_KEY_SIZE] = {2};

static struct number_space digits_of(uint64_t length, const uint8_t key[PERMUTATION_KEY_SIZE])
{
    struct space_conf conf = {
        .algorithm = SPACE_ALGORITHM, .length = length, .alphabet = S("0123456789")};
    struct number_space s;

    assert_int_equal(space_init(&conf, &s).cls, ST_OK);
    space_set_key(&s, key);
    return s;
}

// Appends the numbers of a draw, as numbers, without those it skipped.
static size_t take(const struct space_draw *d, const struct space_drawn *got, uint64_t *out)
{
    unsigned length = space_length(d->space);
    size_t n = 0, skip = 0;

    for (uint64_t i = d->first; i < d->first + got->consumed; i++) {
        char text[TEXT_LENGTH_MAX];
        if (skip < got->skipped && d->skipped[skip] == i) {
            skip++;
            continue;
        }
        assert_int_equal(space_text(d->space, i, 1, (struct space_sink){text, length}).cls, ST_OK);
        assert_true(str_u64((str){text, length}, UINT64_MAX, &out[n++]));
    }
    assert_true(skip == got->skipped && n == got->count);
    return n;
}

// How many of n numbers below 10^12 came before: one bit a number would be 125 GB, so they are
// sorted, 20 bits a pass.
static size_t duplicates(uint64_t *numbers, uint64_t *room, size_t n)
{
    static size_t start[(1 << 20) + 1];
    size_t twice = 0;

    for (unsigned shift = 0; shift < 40; shift += 20) {
        memset(start, 0, sizeof start);
        for (size_t i = 0; i < n; i++) start[(numbers[i] >> shift & 0xfffff) + 1]++;
        for (size_t i = 0; i < 1 << 20; i++) start[i + 1] += start[i];
        for (size_t i = 0; i < n; i++) room[start[numbers[i] >> shift & 0xfffff]++] = numbers[i];
        memcpy(numbers, room, n * sizeof *numbers);
    }
    for (size_t i = 1; i < n; i++) twice += numbers[i] == numbers[i - 1];
    return twice;
}

// The same numbers as `take` would append, in bulk: here there are millions.
static void write_numbers(const struct number_space *s, uint64_t first, uint32_t n, uint64_t *out)
{
    enum { LENGTH = 12 };
    char *texts = test_malloc((size_t)n * LENGTH);

    assert_int_equal(space_text(s, first, n, (struct space_sink){texts, LENGTH}).cls, ST_OK);
    for (uint32_t i = 0; i < n; i++)
        assert_true(str_u64((str){texts + (size_t)i * LENGTH, LENGTH}, UINT64_MAX, &out[i]));
    test_free(texts);
}

static void two_keys_never_give_a_number_twice(void **state)
{
    enum { EACH = 2000000 };
    struct number_space old = digits_of(12, old_key), now = digits_of(12, new_key);
    struct space_past past = {&old, EACH};
    uint64_t skipped[100];
    struct space_draw d = {.space = &now,
                           .past = &past,
                           .past_count = 1,
                           .wanted = EACH,
                           .skipped = skipped,
                           .skipped_max = LEN(skipped)};
    uint64_t *numbers = test_malloc((2 * EACH + LEN(skipped)) * sizeof *numbers);
    uint64_t *room = test_malloc((2 * EACH + LEN(skipped)) * sizeof *room);

    (void)state;
    struct space_drawn got = space_candidates(&d);
    assert_int_equal(got.count, EACH);
    assert_true(got.skipped > 0 && got.consumed == EACH + got.skipped);

    // Without the rule each skipped candidate would have been one more duplicate, and no other.
    write_numbers(&old, 0, EACH, numbers);
    write_numbers(&now, 0, (uint32_t)got.consumed, numbers + EACH);
    assert_int_equal(duplicates(numbers, room, EACH + got.consumed), got.skipped);

    write_numbers(&old, 0, EACH, numbers);
    write_numbers(&now, 0, (uint32_t)got.consumed, numbers + EACH);
    for (uint32_t i = got.skipped; i-- > 0;) // from the last, so that the others stay in place
        memmove(numbers + EACH + skipped[i], numbers + EACH + skipped[i] + 1,
                (got.consumed - skipped[i] - 1) * sizeof *numbers);
    assert_int_equal(duplicates(numbers, room, 2 * EACH), 0);
    test_free(room);
    test_free(numbers);
}

static void a_small_pool_is_drawn_to_its_last_number(void **state)
{
    enum { ALL = 1000, OLD = 400 };
    struct number_space old = digits_of(3, old_key), now = digits_of(3, new_key);
    struct space_past past = {&old, OLD};
    uint64_t skipped[ALL], numbers[ALL], room[ALL], first = 0;
    size_t n = 0;

    (void)state;
    struct space_draw begin = {.space = &old, .wanted = OLD};
    struct space_drawn got = space_candidates(&begin);
    assert_true(got.count == OLD && got.consumed == OLD && got.skipped == 0);
    n = take(&begin, &got, numbers);
    do { // in requests of 7, to the end
        struct space_draw d = {.space = &now,
                               .past = &past,
                               .past_count = 1,
                               .first = first,
                               .wanted = 7,
                               .skipped = skipped,
                               .skipped_max = ALL};
        got = space_candidates(&d);
        n += take(&d, &got, numbers + n);
        first += got.consumed;
    } while (got.count == 7);
    assert_true(first == ALL);
    assert_true(n == ALL); // each of 000..999 exactly once, under one key or the other
    assert_int_equal(duplicates(numbers, room, n), 0);
}

static void reservations_are_passed_over(void **state)
{
    static const uint64_t reserved[] = {2, 100, 101, 102, 106, 500};
    struct number_space s = digits_of(9, new_key);
    uint64_t skipped[8];
    struct space_draw d = {.space = &s,
                           .reserved = reserved,
                           .reserved_count = LEN(reserved),
                           .first = 99,
                           .wanted = 4,
                           .skipped = skipped,
                           .skipped_max = LEN(skipped)};

    (void)state;
    struct space_drawn got = space_candidates(&d);
    assert_int_equal(got.count, 4); // 99, 103, 104, 105
    assert_int_equal(got.skipped, 3);
    assert_true(got.consumed == 7);
    assert_true(skipped[0] == 100 && skipped[1] == 101 && skipped[2] == 102);
    d.first = 0;
    d.wanted = 600;
    got = space_candidates(&d);
    assert_true(got.count == 600 && got.skipped == 6 && got.consumed == 606);
}

static void a_full_list_of_skipped_ones_ends_the_draw(void **state)
{
    static const uint64_t reserved[] = {1, 3, 4};
    struct number_space s = digits_of(9, new_key);
    uint64_t skipped[2] = {0, 77};
    struct space_draw d = {.space = &s,
                           .reserved = reserved,
                           .reserved_count = LEN(reserved),
                           .wanted = 9,
                           .skipped = skipped,
                           .skipped_max = 1};

    (void)state;
    struct space_drawn got = space_candidates(&d);
    assert_true(got.count == 2 && got.skipped == 1 && got.consumed == 3);
    assert_true(skipped[0] == 1 && skipped[1] == 77);
}

static void the_last_numbers_are_a_short_answer(void **state)
{
    static const uint64_t reserved[] = {998};
    struct number_space s = digits_of(3, new_key);
    uint64_t skipped[4];
    struct space_draw d = {.space = &s, .first = 995, .wanted = 50};

    (void)state;
    struct space_drawn got = space_candidates(&d);
    assert_true(got.count == 5 && got.consumed == 5);
    d.reserved = reserved;
    d.reserved_count = 1;
    d.skipped = skipped;
    d.skipped_max = LEN(skipped);
    got = space_candidates(&d);
    assert_true(got.count == 4 && got.consumed == 5 && got.skipped == 1);
    d.first = 1000;
    got = space_candidates(&d);
    assert_true(got.count == 0 && got.consumed == 0 && got.skipped == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_keys_never_give_a_number_twice),
        cmocka_unit_test(a_small_pool_is_drawn_to_its_last_number),
        cmocka_unit_test(reservations_are_passed_over),
        cmocka_unit_test(a_full_list_of_skipped_ones_ends_the_draw),
        cmocka_unit_test(the_last_numbers_are_a_short_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
