// The vectors were computed by pool_vectors.py, which shares nothing with the service but the
// specification. They are permanent: a change of any of them would print other numbers.
#include "service/pool/permutation.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

static const uint8_t key[PERMUTATION_KEY_SIZE] = {0, 1, 2,  3,  4,  5,  6,  7,
                                                  8, 9, 10, 11, 12, 13, 14, 15};

static u128 number(const char *decimal)
{
    u128 v = 0;

    for (; *decimal != '\0'; decimal++) v = v * 10 + (unsigned)(*decimal - '0');
    return v;
}

// clang-format off
static const struct {
    const char *n, *pairs[3][2]; // from, to
} vectors[] = {
    {"1",
     {{"0", "0"}}},
    {"2",
     {{"0", "1"},
      {"1", "0"}}},
    {"3",
     {{"0", "1"},
      {"1", "0"},
      {"2", "2"}}},
    {"97",
     {{"0", "52"},
      {"32", "42"},
      {"96", "2"}}},
    {"1000",
     {{"0", "70"},
      {"333", "487"},
      {"999", "986"}}},
    {"65537",
     {{"0", "33176"},
      {"21845", "20579"},
      {"65536", "61629"}}},
    {"1000000000000",
     {{"0", "118601978997"},
      {"333333333333", "688433577361"},
      {"999999999999", "151171395013"}}},
    {"1099511627776",
     {{"0", "118601978997"},
      {"366503875925", "186421009603"},
      {"1099511627775", "714624238899"}}},
    {"671790528819082282036142601601",
     {{"0", "157185877485300667475349419056"},
      {"223930176273027427345380867200", "421683444386164966994781686711"},
      {"671790528819082282036142601600", "205498989762995283761405944071"}}},
    {"348678440100000000000000000000",
     {{"0", "157185877485300667475349419056"},
      {"116226146700000000000000000000", "283726906274380339086400439718"},
      {"348678440099999999999999999999", "13455501528739711284989048853"}}},
    {"170141183460469231731687303715884105728",
     {{"0", "122226588908530416208322700448225956705"},
      {"56713727820156410577229101238628035242", "108275644761064266000939564539674871"},
      {"170141183460469231731687303715884105727", "119879782076856885104154842974648434500"}}},
    {"188919613181312032574569023867244773376",
     {{"0", "122226588908530416208322700448225956705"},
      {"62973204393770677524856341289081591125", "8073543190804305675047391645868244144"},
      {"188919613181312032574569023867244773375", "114059050455120610968122827133255896320"}}},
};
// clang-format on

static void assert_maps(const struct permutation *p, u128 from, u128 to)
{
    u128 value = from;

    permutation_forward(p, &value, 1);
    assert_true(value == to);
    permutation_inverse(p, &value, 1);
    assert_true(value == from);
}

static void every_vector_holds_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(vectors); i++) {
        struct permutation p;

        permutation_init(&p, key, number(vectors[i].n));
        for (size_t j = 0; j < 3 && vectors[i].pairs[j][0] != NULL; j++)
            assert_maps(&p, number(vectors[i].pairs[j][0]), number(vectors[i].pairs[j][1]));
        permutation_fini(&p);
        assert_int_equal(p.key[15], 0);
    }
}

static void small_sets_are_permuted_whole(void **state)
{
    static const uint32_t sizes[] = {1, 2, 3, 4, 5, 10, 16, 17, 97, 1000, 4096, 65537};

    (void)state;
    for (size_t s = 0; s < LEN(sizes); s++) {
        uint32_t n = sizes[s];
        static u128 values[65537];
        bool *seen = test_calloc(n, sizeof *seen);
        struct permutation p;

        permutation_init(&p, key, n);
        for (uint32_t i = 0; i < n; i++) values[i] = i;
        permutation_forward(&p, values, n);
        for (uint32_t i = 0; i < n; i++) {
            assert_true(values[i] < n && !seen[values[i]]);
            seen[values[i]] = true;
        }
        permutation_inverse(&p, values, n);
        for (uint32_t i = 0; i < n; i++) assert_true(values[i] == i);
        test_free(seen);
    }
}

static uint64_t next_random(uint64_t *seed) // splitmix64
{
    uint64_t z = *seed += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static void large_sets_come_back(void **state)
{
    static const char *const sizes[] = {
        "18446744073709551616",                    // 2^64
        "348678440100000000000000000000",          // 30^20
        "170141183460469231731687303715884105728", // 2^127
        "340282366920938463463374607431768211455"  // 2^128 - 1
    };
    enum { COUNT = 3000 };
    uint64_t seed = 1;

    (void)state;
    for (size_t s = 0; s < LEN(sizes); s++) {
        u128 n = number(sizes[s]), values[COUNT], before[COUNT];
        struct permutation p;
        size_t moved = 0;

        permutation_init(&p, key, n);
        for (size_t i = 0; i < COUNT; i++) {
            u128 wide = (u128)next_random(&seed) << 64 | next_random(&seed);
            before[i] = values[i] = wide % n;
        }
        permutation_forward(&p, values, COUNT);
        for (size_t i = 0; i < COUNT; i++) moved += values[i] != before[i];
        assert_true(moved == COUNT);
        permutation_inverse(&p, values, COUNT);
        for (size_t i = 0; i < COUNT; i++) assert_true(values[i] == before[i]);
    }
}

static void many_at_once_are_the_same_as_one_by_one(void **state)
{
    enum { COUNT = 700 };
    u128 together[COUNT];
    struct permutation p;

    (void)state;
    permutation_init(&p, key, number("348678440100000000000000000000"));
    for (size_t i = 0; i < COUNT; i++) together[i] = i * 7919;
    permutation_forward(&p, together, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        u128 alone = i * 7919;
        permutation_forward(&p, &alone, 1);
        assert_true(alone == together[i]);
    }
    permutation_forward(&p, NULL, 0);
}

static void another_key_is_another_order(void **state)
{
    uint8_t other[PERMUTATION_KEY_SIZE] = {1};
    u128 a = 5, b = 5;
    struct permutation p, q;

    (void)state;
    permutation_init(&p, key, (u128)1 << 100);
    permutation_init(&q, other, (u128)1 << 100);
    permutation_forward(&p, &a, 1);
    permutation_forward(&q, &b, 1);
    assert_true(a != b);
}

struct share {
    const struct permutation *p;
    pthread_t thread;
    bool right;
};

static void *there_and_back(void *arg)
{
    struct share *s = arg;

    s->right = true;
    for (unsigned turn = 0; turn < 200; turn++) {
        u128 values[150];
        for (size_t i = 0; i < LEN(values); i++) values[i] = turn * 1000 + i;
        permutation_forward(s->p, values, LEN(values));
        permutation_inverse(s->p, values, LEN(values));
        for (size_t i = 0; i < LEN(values); i++)
            if (values[i] != turn * 1000 + i) s->right = false;
    }
    return NULL;
}

static void threads_may_share_one(void **state)
{
    struct share shares[4];
    struct permutation p;

    (void)state;
    permutation_init(&p, key, (u128)1 << 90);
    for (size_t i = 0; i < LEN(shares); i++) {
        shares[i].p = &p;
        assert_int_equal(pthread_create(&shares[i].thread, NULL, there_and_back, &shares[i]), 0);
    }
    for (size_t i = 0; i < LEN(shares); i++) {
        assert_int_equal(pthread_join(shares[i].thread, NULL), 0);
        assert_true(shares[i].right);
    }
}

static int be_narrow(void **state)
{
    (void)state;
    permutation_narrow(true);
    return 0;
}

static int be_wide(void **state)
{
    (void)state;
    permutation_narrow(false);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector_holds_both_ways),
        cmocka_unit_test(small_sets_are_permuted_whole),
        cmocka_unit_test(large_sets_come_back),
        cmocka_unit_test(many_at_once_are_the_same_as_one_by_one),
        cmocka_unit_test(another_key_is_another_order),
        cmocka_unit_test(threads_may_share_one),
    };
    int failed = cmocka_run_group_tests_name("by OpenSSL", tests, be_narrow, NULL);
    return failed + cmocka_run_group_tests_name("as the processor can", tests, be_wide, NULL);
}
