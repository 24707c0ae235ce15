// The derived bytes were computed by pool_vectors.py; see permutation_test.c.
#include "service/pool/site_key.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define HEX1 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define HEX2 "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0efeeedecebeae9e8e7e6e5e4e3e2e1e0"

struct folder {
    char path[64], file[80], beside[96];
};

static int folder_make(void **state)
{
    struct folder *f = test_malloc(sizeof *f);

    snprintf(f->path, sizeof f->path, "/tmp/site_key_test.XXXXXX");
    assert_non_null(mkdtemp(f->path));
    snprintf(f->file, sizeof f->file, "%s/site.key", f->path);
    snprintf(f->beside, sizeof f->beside, "%s.new", f->file);
    *state = f;
    return 0;
}

static int folder_remove(void **state)
{
    struct folder *f = *state;

    unlink(f->file);
    unlink(f->beside);
    assert_int_equal(rmdir(f->path), 0); // nothing else was left there
    test_free(f);
    return 0;
}

static void put_file(const struct folder *f, const char *text, mode_t mode)
{
    int fd = open(f->file, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static struct site_keys keys_of(const char *text)
{
    struct site_keys k;

    assert_int_equal(site_keys_parse(str_of(text), &k).cls, ST_OK);
    return k;
}

static void text_comes_back_as_it_was(void **state)
{
    static const char text[] = "1 " HEX1 "\n2 " HEX2 "\n";
    struct site_keys k = keys_of(text);
    struct buf out;

    (void)state;
    assert_int_equal(k.count, 2);
    assert_int_equal(k.key[0][31], 0x1f);
    assert_int_equal(k.key[1][0], 0xff);
    buf_init(&out, KB);
    site_keys_format(&k, &out);
    assert_true(str_eq(buf_str(&out), str_of(text)));
    buf_fini(&out);
    site_keys_fini(&k);
    assert_true(k.count == 0 && k.key[1][0] == 0);
    k = keys_of("1 " HEX1); // the last line may lack its end
    assert_int_equal(k.count, 1);
}

static const struct {
    const char *text, *reason;
    uint32_t at;
} bad[] = {
    {"",                         "site_key.none",  0 },
    {"\n",                       "site_key.line",  0 },
    {"1 " HEX1 "\n\n",           "site_key.line",  67},
    {"1 " HEX1 "\r\n",           "site_key.line",  0 },
    {"1  " HEX1 "\n",            "site_key.line",  0 },
    {"1 " HEX1 "0\n",            "site_key.line",  0 },
    {"1 0" HEX1 "\n",            "site_key.line",  0 },
    {"one " HEX1 "\n",           "site_key.line",  0 },
    {HEX1 "\n",                  "site_key.line",  0 },
    {"2 " HEX1 "\n",             "site_key.epoch", 0 },
    {"0 " HEX1 "\n",             "site_key.epoch", 0 },
    {"1 " HEX1 "\n1 " HEX2 "\n", "site_key.epoch", 67},
    {"1 " HEX1 "\n3 " HEX2 "\n", "site_key.epoch", 67},
};

static void wrong_texts_are_refused_without_showing_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(bad); i++) {
        struct site_keys k = {.count = 7};
        status st = site_keys_parse(str_of(bad[i].text), &k);

        assert_string_equal(st.reason, bad[i].reason);
        assert_int_equal(st.at, bad[i].at);
        assert_null(strstr(st.text, "0001020304"));
        assert_int_equal(k.count, 7);
    }
}

static void epochs_have_a_ceiling(void **state)
{
    uint8_t key[SITE_KEY_SIZE] = {3};
    struct site_keys k;

    (void)state;
    site_keys_init(&k);
    for (uint32_t i = 0; i < SITE_KEY_EPOCHS_MAX; i++)
        assert_int_equal(site_keys_add(&k, key).cls, ST_OK);
    assert_string_equal(site_keys_add(&k, key).reason, "site_key.full");
    assert_int_equal(k.count, SITE_KEY_EPOCHS_MAX);
}

static void derived_keys_are_these(void **state)
{
    static const struct {
        uint32_t space;
        const char *hex;
    } pools[] = {
        {1,        "79ec7f996dca4211a5fb7a424dde5391"},
        {0x010203, "f0b89d97576e0a34e592d9d30aef9908"}
    };
    struct site_keys k = keys_of("1 " HEX1 "\n2 " HEX2 "\n");
    uint8_t journal[16], check[SITE_KEY_CHECK_SIZE], key[PERMUTATION_KEY_SIZE];
    char hex[2 * PERMUTATION_KEY_SIZE + 1] = "";

    (void)state;
    for (uint8_t i = 0; i < 16; i++) journal[i] = (uint8_t)(100 + i);
    site_keys_check(&k, 1, check);
    hex_put(hex, check, sizeof check);
    assert_string_equal(hex, "99cb76e014c2a568");
    for (size_t i = 0; i < LEN(pools); i++) {
        struct pool_key_of of = {1, pools[i].space, journal};
        pool_key(&k, &of, key);
        hex_put(hex, key, sizeof key);
        assert_string_equal(hex, pools[i].hex);
    }
    struct pool_key_of second = {2, 1, journal};
    pool_key(&k, &second, key);
    hex_put(hex, key, sizeof key);
    assert_string_not_equal(hex, pools[0].hex);
}

static void saved_file_is_its_owners_alone_and_comes_back(void **state)
{
    struct folder *f = *state;
    struct site_keys k = keys_of("1 " HEX1 "\n2 " HEX2 "\n"), back;
    struct stat s;

    assert_string_equal(site_keys_load(f->file, &back).reason, "site_key.missing");
    mode_t before = umask(0);
    assert_int_equal(site_keys_save(f->file, &k).cls, ST_OK);
    umask(before);
    assert_int_equal(stat(f->file, &s), 0);
    assert_int_equal(s.st_mode & 07777, 0600);
    assert_int_not_equal(access(f->beside, F_OK), 0);
    assert_int_equal(site_keys_load(f->file, &back).cls, ST_OK);
    assert_memory_equal(&back, &k, sizeof k);
}

static void file_that_others_may_touch_is_refused(void **state)
{
    static const mode_t modes[] = {0640, 0604, 0620, 0601, 0644, 0666, 0700};
    struct folder *f = *state;
    struct site_keys k;

    for (size_t i = 0; i < LEN(modes); i++) {
        put_file(f, "1 " HEX1 "\n", modes[i]);
        assert_string_equal(site_keys_load(f->file, &k).reason, "site_key.mode");
    }
    put_file(f, "1 " HEX1 "\n", 0600);
    assert_int_equal(site_keys_load(f->file, &k).cls, ST_OK);
    put_file(f, "1 " HEX1 "\n", 0400); // as a mounted secret
    assert_int_equal(site_keys_load(f->file, &k).cls, ST_OK);
    assert_string_equal(site_keys_load(f->path, &k).reason, "site_key.mode"); // not a file
}

static void file_that_is_too_long_is_refused(void **state)
{
    struct folder *f = *state;
    char text[10000];
    struct site_keys k;

    memset(text, '1', sizeof text);
    text[sizeof text - 1] = '\0';
    put_file(f, text, 0600);
    assert_string_equal(site_keys_load(f->file, &k).reason, "site_key.full");
}

static void save_never_loses_an_epoch(void **state)
{
    struct folder *f = *state;
    struct site_keys two = keys_of("1 " HEX1 "\n2 " HEX2 "\n"), one = keys_of("1 " HEX1 "\n");
    struct site_keys other = keys_of("1 " HEX2 "\n2 " HEX2 "\n"), back;

    assert_int_equal(site_keys_save(f->file, &one).cls, ST_OK);
    assert_string_equal(site_keys_save(f->file, &other).reason, "site_key.lost");
    assert_int_equal(site_keys_save(f->file, &two).cls, ST_OK);
    assert_string_equal(site_keys_save(f->file, &one).reason, "site_key.lost");
    put_file(f, "not keys", 0600);
    assert_string_equal(site_keys_save(f->file, &two).reason, "site_key.line");
    put_file(f, "1 " HEX1 "\n", 0600);
    assert_int_equal(site_keys_load(f->file, &back).cls, ST_OK);
    assert_int_equal(back.count, 1);
}

static void folder_that_is_not_there_is_a_status(void **state)
{
    struct site_keys k = keys_of("1 " HEX1 "\n");
    char file[128];
    struct folder *f = *state;

    snprintf(file, sizeof file, "%s/none/site.key", f->path);
    status st = site_keys_save(file, &k);
    assert_int_equal(st.cls, ST_STORE);
    assert_string_equal(st.reason, "site_key.write");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_comes_back_as_it_was),
        cmocka_unit_test(wrong_texts_are_refused_without_showing_them),
        cmocka_unit_test(epochs_have_a_ceiling),
        cmocka_unit_test(derived_keys_are_these),
        cmocka_unit_test_setup_teardown(saved_file_is_its_owners_alone_and_comes_back, folder_make,
                                        folder_remove),
        cmocka_unit_test_setup_teardown(file_that_others_may_touch_is_refused, folder_make,
                                        folder_remove),
        cmocka_unit_test_setup_teardown(file_that_is_too_long_is_refused, folder_make,
                                        folder_remove),
        cmocka_unit_test_setup_teardown(save_never_loses_an_epoch, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(folder_that_is_not_there_is_a_status, folder_make,
                                        folder_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
