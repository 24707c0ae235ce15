// epcis_says_test.c - which events say the same, in whatever bytes, and which do not though the
// hash sees no difference.
#include "service/epcis/hash.h"
#include "service/epcis/read.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CONTEXT                                                                                    \
    "[\"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld\","                         \
    "{\"ex\":\"https://example.com/ns/\"}]"
#define TIME(fraction) "\"eventTime\":\"2026-01-02T03:04:05" fraction "Z\""
#define EPC(text)      TIME("") ",\"epcList\":[\"https://id.gs1.org/01/09506000134352/" text "\"]"
#define EX(members)    TIME("") "," members
#define SUBJECT        "\"ex:a\":\"1\",\"ex:b\":\"2\""

static struct arena arena;

static int begin(void **state)
{
    (void)state;
    arena_init(&arena, 16 * MB);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static struct epcis_event read_json(const char *members)
{
    struct epcis_scope scope = {
        .syntax = EPCIS_SYNTAX_JSON, .version = EPCIS_2_0, .context = str_of(CONTEXT)};
    struct epcis_event e;
    char *text = NEW_ARRAY(&arena, char, 4096);

    assert_non_null(text);
    snprintf(
        text, 4096,
        "{\"type\":\"ObjectEvent\",\"eventTimeZoneOffset\":\"+01:00\",\"action\":\"OBSERVE\",%s}",
        members);
    status st = epcis_event_read(str_of(text), &scope, &arena, &e);
    if (st.cls != ST_OK) fail_msg("%s: %s", members, st.text);
    return e;
}

static bool hashes_alike(const struct epcis_event *x, const struct epcis_event *y)
{
    char one[EPCIS_HASH_LEN + 1], other[EPCIS_HASH_LEN + 1];

    assert_int_equal(epcis_hash(x, &arena, one).cls, ST_OK);
    assert_int_equal(epcis_hash(y, &arena, other).cls, ST_OK);
    return strcmp(one, other) == 0;
}

// By both at once and by one after the other, which must agree.
static bool says_same(const struct epcis_event *x, const struct epcis_event *y)
{
    struct epcis_says one, other;
    bool same = false;

    assert_int_equal(epcis_says_same(x, y, &arena, &same).cls, ST_OK);
    assert_int_equal(epcis_says(x, &arena, &one).cls, ST_OK);
    assert_int_equal(epcis_says(y, &arena, &other).cls, ST_OK);
    assert_int_equal(epcis_says_equal(&one, &other), same);
    return same;
}

static void other_content_is_told_from_the_same_where_the_hash_does_not_see_it(void **state)
{
    static const char *const rows[][2] = {
        {TIME(".0001"),                                  TIME(".0004")                                   },
        {TIME(".0011"),                                  TIME(".00114")                                  },
        {TIME(".0009"),                                  TIME(".001")                                    },
        {EPC("10/LOTA/21/S1"),                           EPC("10/LOTB/21/S1")                            },
        {EPC("10/LOTA/21/S1"),                           EPC("21/S1")                                    },
        {EPC("21/S1?17=261231"),                         EPC("21/S1?17=271231")                          },
        {EPC("22/V/21/S1"),                              EPC("21/S1")                                    },
        {EX(SUBJECT),                                    EX("\"ex:a\":\"1{https://example.com/ns/}b=2\"")},
        {EX("\"ex:a\":{\"ex:b\":\"1\"},\"ex:c\":\"2\""),
         EX("\"ex:a\":{\"ex:b\":\"1\",\"ex:c\":\"2\"}")                                                  },
        {EX("\"ex:a\":\"00123\""),                       EX("\"ex:a\":\"123\"")                          },
        {EX("\"rdfs:comment\":\"Ann\""),                 EX("\"rdfs:comment\":\"Ben\"")                  },
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        arena_reset(&arena);
        struct epcis_event x = read_json(rows[i][0]), y = read_json(rows[i][1]);
        if (says_same(&x, &y)) fail_msg("%s is held for %s", rows[i][0], rows[i][1]);
        if (!hashes_alike(&x, &y)) fail_msg("the hash tells %s", rows[i][0]);
    }
}

static void the_same_content_is_known_in_other_spellings(void **state)
{
    static const char *const rows[][2] = {
        {TIME(""),                       TIME(".0000000")                                                },
        {TIME(".0001"),                  TIME(".000100")                                                 },
        {EPC("21/S1"),                   TIME("") ",\"epcList\":[\"urn:epc:id:sgtin:9506000.013435.S1\"]"},
        {EPC("10/L/21/S1?17=261231"),
         TIME(
             "") ",\"epcList\":[\"https://a.example/gtin/09506000134352/lot/L/ser/S1?17=261231\"]"       },
        {EX(SUBJECT),                    EX("\"ex:b\":\"2\",\"ex:a\":\"1\"")                             },
        {EX("\"ex:a\":[\"1\"]"),         EX("\"ex:a\":\"1\"")                                            },
        {EX("\"ex:a\":1.0"),             EX("\"ex:a\":1")                                                },
        {EX("\"ex:a\":1"),               EX("\"ex:a\":\"1\"")                                            },
        {EX("\"bizStep\":\"shipping\""),
         EX("\"bizStep\":\"https://ref.gs1.org/cbv/BizStep-shipping\"")                                  },
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        arena_reset(&arena);
        struct epcis_event x = read_json(rows[i][0]), y = read_json(rows[i][1]);
        if (!says_same(&x, &y)) fail_msg("%s is not held for %s", rows[i][0], rows[i][1]);
        assert_true(hashes_alike(&x, &y));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_content_is_told_from_the_same_where_the_hash_does_not_see_it),
        cmocka_unit_test(the_same_content_is_known_in_other_spellings),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
