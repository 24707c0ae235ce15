// Markets: the words of the table, and its rules for pools, numbers and lots.
#include "catalog_site.h"
#include "common/bytes.h"
#include "service/catalog/market.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define KEY  "EE06"
#define CODE "dGhlIGNvZGUgb2YgYSBwYWNrLCBtYWRlIHVwIGhlcmU="
#define S13  "5\"K<j2_LM=v9A"

static const struct market *of(const char *word)
{
    const struct market *m = market_find(str_of(word));

    if (m == NULL) fail_msg("no market %s", word);
    return m;
}

static void gives(status st, const char *reason)
{
    const char *got = st.cls == ST_OK ? "" : st.reason;

    if (strcmp(got, reason) != 0) fail_msg("%s %s, not %s", got, st.text, reason);
}

static void every_word_is_found_in_any_case_and_no_other(void **state)
{
    (void)state;
    assert_int_equal(market_count, 18);
    for (size_t i = 0; i < market_count; i++) {
        assert_ptr_equal(market_find(str_of(markets[i].word)), &markets[i]);
        assert_true(markets[i].serial.min <= markets[i].serial.max);
    }
    assert_ptr_equal(of("eu"), of("DE"));
    assert_ptr_equal(of("eu"), of("At"));
    assert_ptr_equal(of("sk"), of("EU")); // the last of the words
    assert_ptr_not_equal(of("in"), of("in-export"));
    assert_null(market_find(S("")));
    assert_null(market_find(S("AT BE")));
    assert_null(market_find(S("XX")));
}

static void a_product_has_a_market_of_the_table_or_none(void **state)
{
    struct fixture *f = *state;

    catalog_two_clients(f);
    catalog_expect(f, "/v1/products/" PACK, "{\"client\":\"acme\",\"name\":\"x\"}", 201, PACK);
    catalog_expect(f, "/v1/products/" PACK,
                   "{\"client\":\"acme\",\"name\":\"x\",\"market\":\"Mars\"}", 400,
                   "market: AE BH BR CH CN EG EU IN-EXPORT IN JO KR KZ NONE RU SA TR US UZ");
    catalog_expect(f, "/v1/products/" PACK,
                   "{\"client\":\"acme\",\"name\":\"x\",\"market\":\"de\"}", 200,
                   "\"market\":\"DE\"");
}

static void rules_are_for_packs_unless_the_market_says_all(void **state)
{
    struct product p = {.market = S("CN")};

    (void)state;
    assert_ptr_equal(market_of_level(&p, 0), of("CN"));
    assert_ptr_equal(market_of_level(&p, 2), of("CN"));
    p.market = S("DE");
    assert_ptr_equal(market_of_level(&p, 0), of("EU"));
    assert_null(market_of_level(&p, 1));
    p.market = S("");
    assert_null(market_of_level(&p, 0));
}

// REQ EU-FMD-4
static void a_pool_gives_what_the_market_takes(void **state)
{
    const struct {
        const char *market;
        struct market_pool pool;
        const char *reason;
    } rows[] = {
        {"US",   {MARKET_SEQUENTIAL, 20, S("0123456789"), {0}, 1000, false}, ""               },
        {"NONE", {MARKET_SEQUENTIAL, 1, S("!?"), {0}, 2, false},             ""               },
        {"EU",   {MARKET_SEQUENTIAL, 20, S("01"), {0}, 1 << 20, true},       "market.random"  },
        {"EU",   {MARKET_RANDOM, 20, S("01"), {0}, 1 << 20, true},           ""               },
        {"EU",   {MARKET_RANDOM, 20, S("01"), {0}, 1 << 20, false},          "market.guess"   },
        {"EU",   {MARKET_RANDOM, 13, S("01"), {0}, 9999, true},              "market.guess"   },
        {"EU",   {MARKET_RANDOM, 14, S("01"), {0}, 10000, true},             ""               },
        {"EU",   {MARKET_RANDOM, 20, S("01_"), {0}, 1 << 20, true},          "market.alphabet"},
        {"EU",   {MARKET_RANDOM, 20, S("01"), S("A-"), 1 << 20, true},       "market.alphabet"},
        {"EU",   {MARKET_LIST, 0, {0}, {0}, 0, false},                       ""               },
        {"SA",   {MARKET_RANDOM, 20, S("01_-"), {0}, 100, false},            ""               },
        {"SA",   {MARKET_SEQUENTIAL, 20, S("01"), {0}, 100, false},          "market.random"  },
        {"BR",   {MARKET_RANDOM, 12, S("01"), {0}, 100, false},              "market.length"  },
        {"BR",   {MARKET_RANDOM, 14, S("01"), {0}, 100, false},              "market.length"  },
        {"BR",   {MARKET_RANDOM, 13, S("01"), {0}, 100, false},              ""               },
        {"RU",   {MARKET_RANDOM, 13, S("01"), {0}, 100, false},              "market.issuer"  },
        {"UZ",   {MARKET_SEQUENTIAL, 13, S("01"), {0}, 100, false},          "market.issuer"  },
        {"RU",   {MARKET_LIST, 0, {0}, {0}, 0, false},                       ""               },
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++)
        gives(market_pool_check(of(rows[i].market), &rows[i].pool), rows[i].reason);
}

static void a_number_carries_what_the_market_asks_for(void **state)
{
    static const struct {
        const char *market, *serial, *key, *code, *reason; // NULL: the attribute is not there
    } rows[] = {
        {"RU", S13,              KEY,     CODE,       ""                 },
        {"KZ", S13,              KEY,     CODE,       ""                 },
        {"UZ", S13,              KEY,     CODE,       ""                 },
        {"RU", "123456789012",   KEY,     CODE,       "market.length"    },
        {"RU", "12345678901234", KEY,     CODE,       "market.length"    },
        {"RU", "12345678901 3",  KEY,     CODE,       "market.alphabet"  },
        {"RU", S13,              NULL,    CODE,       "market.attributes"},
        {"RU", S13,              KEY,     NULL,       "market.attributes"},
        {"RU", S13,              "",      CODE,       "market.attributes"},
        {"RU", S13,              "EE0",   CODE,       "market.attributes"},
        {"RU", S13,              "EE066", CODE,       "market.attributes"},
        {"RU", S13,              "EE 6",  CODE,       "market.attributes"},
        {"RU", S13,              KEY,     CODE "=",   "market.attributes"},
        {"RU", S13,              KEY,     &CODE[1],   "market.attributes"},
        {"RU", S13,              KEY,     "!" CODE,   "market.attributes"},
        {"EU", "aZ9",            NULL,    NULL,       ""                 },
        {"EU", "aZ-9",           NULL,    NULL,       "market.alphabet"  },
        {"US", "aZ-9",           NULL,    "whatever", ""                 },
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        bool key = rows[i].key != NULL, code = rows[i].code != NULL;
        struct buf b;
        buf_init(&b, KB);
        bytes_var(&b, (uint64_t)key + code + 1);
        bytes_str(&b, S("batch"));
        bytes_str(&b, S("4711"));
        if (code) bytes_str(&b, S("code")), bytes_str(&b, str_of(rows[i].code));
        if (key) bytes_str(&b, S("key")), bytes_str(&b, str_of(rows[i].key));
        gives(market_number_check(of(rows[i].market), str_of(rows[i].serial), buf_str(&b)),
              rows[i].reason);
        buf_fini(&b);
    }
    gives(market_number_check(of("RU"), S(S13), S("")), "market.attributes");
}

static void a_code_of_another_character_is_refused_though_it_has_the_length(void **state)
{
    char code[] = CODE;
    struct buf b;

    (void)state;
    code[7] = '-';
    buf_init(&b, KB);
    bytes_var(&b, 2);
    bytes_str(&b, S("key"));
    bytes_str(&b, S(KEY));
    bytes_str(&b, S("code"));
    bytes_str(&b, str_of(code));
    status st = market_number_check(of("RU"), S(S13), buf_str(&b));
    gives(st, "market.attributes");
    assert_string_equal(st.text, "code: RU takes characters of base64 alone");
    buf_fini(&b);
}

static void lots_say_what_goes_onto_the_pack(void **state)
{
    static const struct product each = {.level_count = 1},
                                label = {.level_count = 2, .levels[1].label_only = true},
                                cases = {.level_count = 2},
                                sscc = {.level_count = 2, .levels[1].is_sscc = true},
                                pallet = {.level_count = 3, .levels[2].is_sscc = true};
    static const struct date day = {2030, 12, 31}, month = {2030, 12, 0};
    const struct {
        const char *market;
        struct market_lot lot;
        const char *reason;
    } rows[] = {
        {"EU",   {&each, month, false},   ""                  },
        {"NONE", {&each, month, false},   ""                  },
        {"US",   {&each, month, false},   ""                  },
        {"TR",   {&each, month, false},   "market.expiry"     },
        {"TR",   {&each, day, false},     ""                  },
        {"IN",   {&each, month, false},   "market.produced"   },
        {"IN",   {&each, month, true},    ""                  },
        {"KZ",   {&each, day, false},     "market.produced"   },
        {"KZ",   {&each, day, true},      ""                  },
        {"EG",   {&cases, month, true},   "market.expiry"     },
        {"EG",   {&cases, day, false},    "market.produced"   },
        {"EG",   {&each, day, true},      "market.aggregation"},
        {"EG",   {&cases, day, true},     ""                  },
        {"RU",   {&each, day, false},     "market.aggregation"},
        {"RU",   {&label, day, false},    "market.aggregation"},
        {"RU",   {&cases, day, false},    ""                  },
        {"SA",   {&cases, month, false},  "market.aggregation"},
        {"SA",   {&sscc, month, false},   ""                  },
        {"AE",   {&sscc, month, false},   "market.aggregation"},
        {"AE",   {&pallet, month, false}, ""                  },
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++)
        gives(market_lot_check(of(rows[i].market), &rows[i].lot), rows[i].reason);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_word_is_found_in_any_case_and_no_other),
        CATALOG_TEST(a_product_has_a_market_of_the_table_or_none),
        cmocka_unit_test(rules_are_for_packs_unless_the_market_says_all),
        cmocka_unit_test(a_pool_gives_what_the_market_takes),
        cmocka_unit_test(a_number_carries_what_the_market_asks_for),
        cmocka_unit_test(a_code_of_another_character_is_refused_though_it_has_the_length),
        cmocka_unit_test(lots_say_what_goes_onto_the_pack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
