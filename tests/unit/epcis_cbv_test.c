#include "service/epcis/cbv.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    unsigned count;
    const char *urn, *web, *curie, *since_2_0; // every word that CBV 2.0 brought; NULL: all
} vocabularies[] = {
    [EPCIS_VOC_STEP] = {41, "urn:epcglobal:cbv:bizstep:",    "https://ref.gs1.org/cbv/BizStep-",
                        "cbv:BizStep-",                                                                       " sampling sensor_reporting "},
    [EPCIS_VOC_DISP] = {33, "urn:epcglobal:cbv:disp:",       "https://ref.gs1.org/cbv/Disp-",    "cbv:Disp-",
                        " available completeness_inferred completeness_verified conformant "
                        "container_open mismatch_class mismatch_instance mismatch_quantity "
                        "needs_replacement non_conformant unavailable "                                                                    },
    [EPCIS_VOC_TRADE] = {13, "urn:epcglobal:cbv:btt:",        "https://ref.gs1.org/cbv/BTT-",     "cbv:BTT-",
                        " cert testprd testres upevt "                                                                                     },
    [EPCIS_VOC_END] = {3,  "urn:epcglobal:cbv:sdt:",        "https://ref.gs1.org/cbv/SDT-",     "cbv:SDT-",
                        " "                                                                                                                },
    [EPCIS_VOC_ERROR] = {2,  "urn:epcglobal:cbv:er:",         "https://ref.gs1.org/cbv/ER-",      "cbv:ER-",   " "                          },
    [EPCIS_VOC_MEASUREMENT] = {72, "https://gs1.org/voc/",          "https://gs1.org/voc/",             "gs1:",      NULL                         },
    [EPCIS_VOC_ALERT] = {2,  "https://gs1.org/voc/",          "https://gs1.org/voc/",             "gs1:",      NULL                         },
    [EPCIS_VOC_COMPONENT] = {14, "https://ref.gs1.org/cbv/Comp-", "https://ref.gs1.org/cbv/Comp-",
                        "cbv:Comp-",                                                                          NULL                         },
};

static void a_word_is_found_again_and_ends_its_urn_and_web_uri(void **state)
{
    (void)state;
    for (int i = 0; i < EPCIS_VOC_COUNT; i++) {
        enum epcis_vocabulary v = (enum epcis_vocabulary)i;
        assert_int_equal(epcis_word_count(v), vocabularies[v].count);
        for (unsigned word = 1; word <= vocabularies[v].count; word++) {
            str bare = epcis_word(v, word), urn = epcis_word_urn(v, word);
            str web = epcis_word_web(v, word);
            assert_int_equal(epcis_word_find(v, bare), word);
            assert_true(str_starts(urn, str_of(vocabularies[v].urn)));
            assert_true(str_eq(str_from(urn, strlen(vocabularies[v].urn)), bare));
            assert_true(str_starts(web, str_of(vocabularies[v].web)));
            assert_true(str_eq(str_from(web, strlen(vocabularies[v].web)), bare));
        }
        assert_int_equal(epcis_word_find(v, S("no_such_word")), 0);
        assert_int_equal(epcis_word_find(v, S("")), 0);
    }
}

static void check_read(enum epcis_vocabulary v, const char *head, str bare, unsigned spelling)
{
    char text[128];
    str out = {NULL, 0};
    int n = snprintf(text, sizeof text, "%s%.*s", head, STR(bare));
    str in = {text, (size_t)n};

    assert_int_equal(epcis_word_read(v, in, spelling, &out).cls, ST_OK);
    assert_true(str_eq(out, bare));
    assert_string_equal(epcis_word_read(v, in, EPCIS_SPELT_ANYHOW & ~spelling, &out).reason,
                        "epcis.word_spelling");
}

static void every_spelling_of_a_word_is_read_where_it_may_stand(void **state)
{
    (void)state;
    for (int i = 0; i < EPCIS_VOC_COUNT; i++) {
        enum epcis_vocabulary v = (enum epcis_vocabulary)i;
        for (unsigned word = 1; word <= vocabularies[v].count; word++) {
            str bare = epcis_word(v, word);
            check_read(v, "", bare, EPCIS_SPELT_BARE);
            check_read(v, vocabularies[v].web, bare, EPCIS_SPELT_WEB);
            check_read(v, vocabularies[v].curie, bare, EPCIS_SPELT_CURIE);
            if (strcmp(vocabularies[v].urn, vocabularies[v].web) != 0)
                check_read(v, vocabularies[v].urn, bare, EPCIS_SPELT_URN);
        }
    }
}

static void a_uri_that_is_no_word_stays_and_what_pretends_to_be_one_is_refused(void **state)
{
    static const struct {
        enum epcis_vocabulary v;
        const char *in, *in_json, *in_xml; // NULL: stays as it is
    } rows[] = {
        {EPCIS_VOC_STEP,        "http://example.com/step/polishing",         NULL,                  NULL                 },
        {EPCIS_VOC_STEP,        "urn:example:step",                          NULL,                  NULL                 },
        {EPCIS_VOC_STEP,        "https://ref.gs1.org/cbv/BizStep-polishing", NULL,                  NULL                 },
        {EPCIS_VOC_END,         "cbv:my_own_party",                          NULL,                  NULL                 },
        {EPCIS_VOC_STEP,        "polishing",                                 "epcis.word",          "epcis.word"         },
        {EPCIS_VOC_STEP,        "Shipping",                                  "epcis.word",          "epcis.word"         },
        {EPCIS_VOC_STEP,        "",                                          "epcis.word",          "epcis.word"         },
        {EPCIS_VOC_STEP,        "urn:epcglobal:cbv:bizstep:polishing",       "epcis.word",          "epcis.word"         },
        {EPCIS_VOC_STEP,        "urn:epcglobal:cbv:disp:active",             "epcis.word",          "epcis.word"         },
        {EPCIS_VOC_STEP,        "shipping",                                  NULL,                  "epcis.word_spelling"},
        {EPCIS_VOC_STEP,        "urn:epcglobal:cbv:bizstep:shipping",        "epcis.word_spelling", NULL                 },
        {EPCIS_VOC_DISP,        "https://ns.gs1.org/cbv/Disp-active",        "epcis.word",          NULL                 },
        {EPCIS_VOC_MEASUREMENT, "https://gs1.org/voc/Warmth",                "epcis.word",          NULL                 },
        {EPCIS_VOC_MEASUREMENT, "https://www.gs1.org/voc/Temperature",       "epcis.word",          NULL                 },
        {EPCIS_VOC_MEASUREMENT, "https://example.com/Warmth",                NULL,                  NULL                 },
        {EPCIS_VOC_ALERT,       "Temperature",                               "epcis.word",          "epcis.word"         },
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++)
        for (int xml = 0; xml < 2; xml++) {
            const char *code = xml ? rows[i].in_xml : rows[i].in_json;
            str in = str_of(rows[i].in), out = {NULL, 0};
            status st = epcis_word_read(rows[i].v, in,
                                        xml ? EPCIS_SPELT_IN_XML : EPCIS_SPELT_IN_JSON, &out);
            if (code != NULL)
                assert_string_equal(st.reason, code);
            else
                assert_true(st.cls == ST_OK && (str_eq(out, in) || str_eq(out, S("shipping"))));
        }
}

static void the_words_new_in_2_0_are_known(void **state)
{
    (void)state;
    for (int i = 0; i < EPCIS_VOC_COUNT; i++) {
        enum epcis_vocabulary v = (enum epcis_vocabulary)i;
        size_t letters = 1;
        for (unsigned word = 1; word <= vocabularies[v].count; word++) {
            if (vocabularies[v].since_2_0 == NULL) assert_false(epcis_word_in_1_2(v, word));
            if (vocabularies[v].since_2_0 == NULL) continue;
            if (epcis_word_in_1_2(v, word)) continue;
            str bare = epcis_word(v, word);
            const char *hit = memmem(vocabularies[v].since_2_0, strlen(vocabularies[v].since_2_0),
                                     bare.p, bare.n);
            assert_non_null(hit);
            assert_true(hit[-1] == ' ' && hit[bare.n] == ' ');
            letters += bare.n + 1;
        }
        if (vocabularies[v].since_2_0 != NULL) // none is missing
            assert_int_equal(letters, strlen(vocabularies[v].since_2_0));
    }
}

static void enums_name_their_words(void **state)
{
    (void)state;
    assert_true(str_eq(epcis_word(EPCIS_VOC_STEP, EPCIS_STEP_VOID_SHIPPING), S("void_shipping")));
    assert_true(str_eq(epcis_word(EPCIS_VOC_DISP, EPCIS_DISP_IN_TRANSIT), S("in_transit")));
    assert_true(str_eq(epcis_word(EPCIS_VOC_TRADE, EPCIS_TRADE_DESADV), S("desadv")));
    assert_true(str_eq(epcis_word(EPCIS_VOC_END, EPCIS_END_LOCATION), S("location")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_is_found_again_and_ends_its_urn_and_web_uri),
        cmocka_unit_test(every_spelling_of_a_word_is_read_where_it_may_stand),
        cmocka_unit_test(a_uri_that_is_no_word_stays_and_what_pretends_to_be_one_is_refused),
        cmocka_unit_test(the_words_new_in_2_0_are_known),
        cmocka_unit_test(enums_name_their_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
