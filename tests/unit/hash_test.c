// A keyed hash: as published, and texts that were chosen to meet in a table under a known one.
#include "common/hash.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// The authors' vectors, key 00 01 … 0f, text 00 01 … n-1.
static void it_is_the_published_one(void **state)
{
    static const struct {
        size_t n;
        uint64_t hash;
    } rows[] = {
        {0,  0x726fdb47dd0e0e31},
        {1,  0x74f839c593dc67fd},
        {7,  0xab0200f58b01d137},
        {8,  0x93f5f5799a932462},
        {15, 0xa129ca6149be45e5},
        {63, 0x958a324ceb064572}
    };
    static const struct hash_key key = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
    char text[64];

    (void)state;
    for (size_t i = 0; i < sizeof text; i++) text[i] = (char)i;
    for (size_t i = 0; i < LEN(rows); i++)
        assert_true(hash_keyed(key, (str){text, rows[i].n}) == rows[i].hash);
}

enum { TEXTS = 1000, SLOTS = 4096, TEXT_ROOM = 64 };

struct texts {
    char at[TEXTS][TEXT_ROOM];
    uint32_t n;
};

static uint32_t known(str s)
{
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < s.n; i++) h = (h ^ (uint8_t)s.p[i]) * 16777619u;
    return h;
}

// Identifiers that somebody tried out until they stood in one slot.
static struct texts *chosen(void)
{
    struct texts *t = calloc(1, sizeof *t);

    assert_non_null(t);
    for (uint32_t i = 0; t->n < TEXTS; i++) {
        snprintf(t->at[t->n], TEXT_ROOM, "https://id.gs1.org/01/09521999000006/21/%u", i);
        t->n += known(str_of(t->at[t->n])) % SLOTS == 7;
    }
    return t;
}

// Slots looked at until all stand in a table as the service has them.
static uint64_t looks(const struct texts *t, bool keyed)
{
    bool *taken = calloc(SLOTS, sizeof *taken);
    uint64_t n = 0;

    assert_non_null(taken);
    for (uint32_t i = 0; i < t->n; i++) {
        str s = str_of(t->at[i]);
        uint64_t at = keyed ? table_hash(s) : known(s);
        for (n++; taken[at % SLOTS]; n++) at++;
        taken[at % SLOTS] = true;
    }
    free(taken);
    return n;
}

static void who_chooses_the_texts_does_not_choose_where_they_stand(void **state)
{
    struct texts *t = chosen();

    (void)state;
    assert_int_equal(looks(t, false), TEXTS * (TEXTS + 1) / 2);
    assert_in_range(looks(t, true), TEXTS, 2 * TEXTS); // 1.17 each are to be expected
    free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_the_published_one),
        cmocka_unit_test(who_chooses_the_texts_does_not_choose_where_they_stand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
