// The sealed bytes were computed with another implementation of AES-GCM, from the key that
// pool_vectors.py prints.
#include "service/pool/secret.h"
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t nonce[SECRET_NONCE_SIZE] = {50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61};

static struct site_keys keys_of(uint32_t epochs)
{
    struct site_keys k;

    site_keys_init(&k);
    for (uint32_t e = 0; e < epochs; e++) {
        uint8_t key[SITE_KEY_SIZE];
        for (uint8_t i = 0; i < SITE_KEY_SIZE; i++) key[i] = (uint8_t)(i + e);
        assert_int_equal(site_keys_add(&k, key).cls, ST_OK);
    }
    return k;
}

static void sealed_bytes_are_these(void **state)
{
    struct site_keys k = keys_of(1);
    struct buf sealed;
    char hex[200] = "";

    (void)state;
    buf_init(&sealed, KB);
    assert_int_equal(secret_seal(&k, nonce, S("correct horse"), &sealed).cls, ST_OK);
    assert_int_equal(sealed.n, 45);
    hex_put(hex, sealed.p, sealed.n);
    assert_string_equal(hex, "0000000132333435363738393a3b3c3d69d4de572807dbb2b9812609b0bb85f6"
                             "0bc2d83c1c0113214f132d44f2");
    buf_fini(&sealed);
}

static void every_size_comes_back_under_later_epochs_too(void **state)
{
    static char plain[SECRET_MAX];
    struct site_keys two = keys_of(2), three = keys_of(3);

    (void)state;
    for (size_t i = 0; i < sizeof plain; i++) plain[i] = (char)(i * 31);
    for (size_t n = 0; n <= SECRET_MAX; n = n < 40 ? n + 1 : n * 2) {
        struct buf sealed, back;

        buf_init(&sealed, 2 * SECRET_MAX);
        buf_init(&back, SECRET_MAX);
        assert_int_equal(secret_seal(&two, nonce, (str){plain, n}, &sealed).cls, ST_OK);
        assert_int_equal(secret_open(&three, buf_str(&sealed), &back).cls, ST_OK);
        assert_true(str_eq(buf_str(&back), (str){plain, n}));
        buf_fini(&sealed);
        buf_fini(&back);
    }
}

static const char *open_reason(const struct site_keys *k, str sealed)
{
    struct buf out;

    buf_init(&out, KB);
    status st = secret_open(k, sealed, &out);
    assert_true(st.cls != ST_OK && out.n == 0);
    buf_fini(&out);
    return st.reason;
}

static void any_changed_bit_is_noticed(void **state)
{
    struct site_keys one = keys_of(1), two = keys_of(2);
    struct buf sealed;

    (void)state;
    buf_init(&sealed, KB);
    assert_int_equal(secret_seal(&one, nonce, S("secret"), &sealed).cls, ST_OK);
    for (size_t bit = 32; bit < sealed.n * 8; bit++) {
        sealed.p[bit / 8] = (char)(sealed.p[bit / 8] ^ 1 << bit % 8);
        assert_string_equal(open_reason(&one, buf_str(&sealed)), "secret.wrong");
        sealed.p[bit / 8] = (char)(sealed.p[bit / 8] ^ 1 << bit % 8);
    }
    sealed.p[3] = 2;
    assert_string_equal(open_reason(&two, buf_str(&sealed)), "secret.wrong");
    assert_string_equal(open_reason(&one, buf_str(&sealed)), "secret.epoch");
    sealed.p[3] = 0;
    assert_string_equal(open_reason(&one, buf_str(&sealed)), "secret.epoch");
    assert_string_equal(open_reason(&one, (str){sealed.p, 31}), "secret.form");
    buf_fini(&sealed);
}

static void sizes_have_a_ceiling(void **state)
{
    static char plain[SECRET_MAX + 1], sealed[SECRET_MAX + 33];
    struct site_keys k = keys_of(1);
    struct buf out;
    str text;

    (void)state;
    buf_init(&out, 20);
    assert_string_equal(secret_seal(&k, nonce, (str){plain, sizeof plain}, &out).reason,
                        "secret.too_long");
    assert_int_equal(out.n, 0);
    assert_int_equal(secret_seal(&k, nonce, S("sticks"), &out).cls, ST_OK);
    assert_int_equal(buf_done(&out, &text).cls, ST_TOO_LARGE);
    buf_fini(&out);
    assert_string_equal(open_reason(&k, (str){sealed, sizeof sealed}), "secret.form");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sealed_bytes_are_these),
        cmocka_unit_test(every_size_comes_back_under_later_epochs_too),
        cmocka_unit_test(any_changed_bit_is_noticed),
        cmocka_unit_test(sizes_have_a_ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
