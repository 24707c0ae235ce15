// str_test.c - views, buffers, bytes and arenas: the words that every file uses.
#include "common/arena.h"
#include "common/bytes.h"
#include "common/digest.h"
#include "common/str.h"
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

static void numbers_are_digits_within_their_ceiling(void **state)
{
    static const struct {
        const char *in;
        uint64_t max;
        bool ok;
        uint64_t out;
    } rows[] = {
        {"0",                     9,          true,  0         },
        {"0042",                  100,        true,  42        },
        {"18446744073709551615",  UINT64_MAX, true,  UINT64_MAX},
        {"18446744073709551616",  UINT64_MAX, false, 0         },
        {"99999999999999999999",  UINT64_MAX, false, 0         },
        {"100",                   99,         false, 0         },
        {"",                      9,          false, 0         },
        {"+1",                    9,          false, 0         },
        {"1 ",                    9,          false, 0         },
        {"000000000000000000001", 9,          false, 0         }
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        uint64_t out = 7;
        assert_int_equal(str_u64(str_of(rows[i].in), rows[i].max, &out), rows[i].ok);
        assert_int_equal(out, rows[i].ok ? rows[i].out : 7);
    }
}

static void utf8_is_what_rfc_3629_says(void **state)
{
    // The star marks where the first wrong byte stands.
    static const char *const rows[] = {
        "plain",  "\xc3\xa9",      "\xe2\x82\xac",  "\xf0\x9f\x98\x80", "a*\xc0\x80",
        "a*\xc3", "*\xed\xa0\x80", "*\xe0\x80\x80", "ok*\xff",          "*\xf4\x90\x80\x80",
        "*\x80"};

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        const char *star = strchr(rows[i], '*');
        char text[16];
        size_t n = 0, bad = 99;
        for (const char *p = rows[i]; *p; p++)
            if (*p != '*') text[n++] = *p;
        assert_int_equal(str_is_utf8((str){text, n}, &bad), star == NULL);
        if (star != NULL) assert_int_equal(bad, star - rows[i]);
    }
}

static void a_blank_text_shows_nothing(void **state)
{
    static const char *const blank[] = {"",
                                        " ",
                                        " \t ",
                                        "\xc2\xa0",                  // no-break space
                                        "\xe2\x80\x8b\xc2\xad",      // zero width, soft hyphen
                                        "\xe3\x80\x80\xef\xbb\xbf ", // ideographic space, BOM
                                        "\xe3\x85\xa4",              // a filler
                                        "\xf3\xa0\x80\xa1"};         // a tag
    static const char *const shown[] = {
        ".", " a ", "\xc3\xa9", "\xe2\x82\xac", "0", "\xf0\x9f\x98\x80", "\xff"};

    (void)state;
    for (size_t i = 0; i < LEN(blank); i++) assert_true(str_is_blank(str_of(blank[i])));
    for (size_t i = 0; i < LEN(shown); i++) assert_false(str_is_blank(str_of(shown[i])));
}

static void names_are_the_api_s(void **state)
{
    char long_name[66];

    (void)state;
    memset(long_name, 'a', sizeof long_name);
    assert_true(str_is_name(S("line-1.b_2")));
    assert_true(str_is_name((str){long_name, 64}));
    assert_false(str_is_name((str){long_name, 65}));
    assert_false(str_is_name(S("")));
    assert_false(str_is_name(S("-a")));
    assert_false(str_is_name(S("A")));
    assert_false(str_is_name(S("a/b")));
    char folded[STR_NAME_MAX];
    str name = S("untouched");
    assert_true(str_name_fold(S("Line-1.B_2"), folded, &name) && str_eq(name, S("line-1.b_2")));
    assert_true(str_name_fold((str){long_name, 64}, folded, &name) && name.n == 64);
    assert_false(str_name_fold((str){long_name, 65}, folded, &name));
    assert_false(str_name_fold(S("A/B"), folded, &name));
}

static void cutting_moves_the_input(void **state)
{
    str rest = S("a=b=c"), head;

    (void)state;
    assert_true(str_cut(&rest, '=', &head));
    assert_true(str_eq(head, S("a")) && str_eq(rest, S("b=c")));
    assert_false(str_cut(&rest, ';', &head));
    assert_true(str_eq(str_trim(S(" \t x y\r\n")), S("x y")));
    assert_true(str_cmp(S("a"), S("ab")) < 0 && str_cmp(S("b"), S("ab")) > 0);
    assert_true(str_eq_fold(S("Content-TYPE"), S("content-type")));
}

static void hex_goes_both_ways(void **state)
{
    char text[6], bytes[3];

    (void)state;
    hex_put(text, "\x00\xfe\x7f", 3);
    assert_true(str_eq((str){text, 6}, S("00fe7f")));
    assert_true(hex_get(S("00FE7f"), bytes, 3));
    assert_memory_equal(bytes, "\x00\xfe\x7f", 3);
    assert_false(hex_get(S("00fe7"), bytes, 3));
    assert_false(hex_get(S("00fe7g"), bytes, 3));
}

static void a_buffer_fails_once_at_its_ceiling_and_stays_so(void **state)
{
    struct buf b;
    str out;

    (void)state;
    buf_init(&b, 8);
    buf_add(&b, S("12345678"));
    assert_int_equal(buf_done(&b, &out).cls, ST_OK);
    buf_add(&b, S("9"));
    buf_add(&b, S(""));
    assert_int_equal(buf_done(&b, &out).cls, ST_TOO_LARGE);
    buf_reset(&b);
    buf_addf(&b, "%d-%s", 12, "ab");
    buf_addu(&b, 0);
    assert_true(str_eq(buf_str(&b), S("12-ab0")));
    buf_fini(&b);
    buf_init(&b, 5000);
    for (int i = 0; i < 4; i++) buf_addf(&b, "%01000d", i); // longer than any small store
    assert_int_equal(b.n, 4000);
    buf_fini(&b);
}

static void integers_come_back_from_bytes(void **state)
{
    static const uint64_t v[] = {0,         1, 127, 128, 16383, 16384, UINT32_MAX, UINT64_MAX - 1,
                                 UINT64_MAX};
    struct buf b;

    (void)state;
    buf_init(&b, KB);
    for (size_t i = 0; i < LEN(v); i++) {
        bytes_var(&b, v[i]);
        bytes_zig(&b, (int64_t)v[i]);
        bytes_u(&b, v[i] & 0xffffff, 3);
    }
    bytes_str(&b, S("text"));
    struct bytes_r r = bytes_reader(buf_str(&b));
    for (size_t i = 0; i < LEN(v); i++) {
        assert_int_equal(bytes_get_var(&r), v[i]);
        assert_int_equal(bytes_get_zig(&r), (int64_t)v[i]);
        assert_int_equal(bytes_get_u(&r, 3), v[i] & 0xffffff);
    }
    assert_true(str_eq(bytes_get_str(&r), S("text")));
    assert_true(bytes_end(&r));
    bytes_get_u(&r, 1);
    assert_true(r.bad);
    r = bytes_reader(S("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02")); // 65 bits
    bytes_get_var(&r);
    assert_true(r.bad);
    r = bytes_reader(S("\x05"
                       "abc")); // a text longer than what is left
    bytes_get_str(&r);
    assert_true(r.bad);
    buf_fini(&b);
}

static void an_arena_stops_at_its_ceiling_and_starts_again(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a, 100 * KB);
    for (int round = 0; round < 3; round++) {
        size_t given = 0;
        for (void *p; (p = arena_alloc(&a, 1000)) != NULL; given++) {
            assert_int_equal((uintptr_t)p % 16, 0);
            assert_int_equal(*(char *)p, 0);
            memset(p, 0xee, 1000);
        }
        assert_in_range(given, 98, 102);
        assert_null(arena_alloc(&a, SIZE_MAX));
        arena_reset(&a);
    }
    assert_true(str_eq(arena_str(&a, S("kept")), S("kept")));
    assert_string_equal(str_z(&a, S("z")), "z");
    arena_fini(&a);
}

static void sha_256_is_the_standard_s(void **state)
{
    // FIPS 180-4, the digest of "abc"
    static const char want[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    struct sha256_run run;
    char hex[64];

    (void)state;
    struct sha256 d = sha256_of(S("abc"));
    hex_put(hex, d.b, sizeof d.b);
    assert_memory_equal(hex, want, 64);
    sha256_start(&run);
    sha256_add(&run, S("a"));
    (void)sha256_end(&run); // looking does not end it
    sha256_add(&run, S("bc"));
    d = sha256_end(&run);
    hex_put(hex, d.b, sizeof d.b);
    assert_memory_equal(hex, want, 64);
}

static void what_is_shown_ends_with_a_character(void **state)
{
    (void)state;
    assert_true(str_eq(str_shown(S("abc"), 5), S("abc")));
    assert_true(str_eq(str_shown(S("abc"), 2), S("ab")));
    assert_true(str_eq(str_shown(S("a\xe2\x82\xac"), 4), S("a\xe2\x82\xac")));
    for (size_t max = 1; max < 4; max++)
        assert_true(str_eq(str_shown(S("a\xe2\x82\xac"), max), S("a")));
    assert_int_equal(str_shown(S("\xe2\x82\xac"), 2).n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_shown_ends_with_a_character),
        cmocka_unit_test(numbers_are_digits_within_their_ceiling),
        cmocka_unit_test(utf8_is_what_rfc_3629_says),
        cmocka_unit_test(a_blank_text_shows_nothing),
        cmocka_unit_test(names_are_the_api_s),
        cmocka_unit_test(cutting_moves_the_input),
        cmocka_unit_test(hex_goes_both_ways),
        cmocka_unit_test(a_buffer_fails_once_at_its_ceiling_and_stays_so),
        cmocka_unit_test(integers_come_back_from_bytes),
        cmocka_unit_test(an_arena_stops_at_its_ceiling_and_starts_again),
        cmocka_unit_test(sha_256_is_the_standard_s),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
