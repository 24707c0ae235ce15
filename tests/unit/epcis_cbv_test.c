#include "service/epcis/cbv.h"
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    unsigned count;
    const char *urn;
    const char *since_2_0; // every word that CBV 2.0 brought
} vocabularies[] = {
    [EPCIS_VOC_STEP] = {EPCIS_STEP_COUNT,
                        "urn:epcglobal:cbv:bizstep:",                 " sampling sensor_reporting " },
    [EPCIS_VOC_DISP] = {EPCIS_DISP_COUNT,  "urn:epcglobal:cbv:disp:",
                        " available completeness_inferred completeness_verified conformant "
                        "container_open mismatch_class mismatch_instance mismatch_quantity "
                        "needs_replacement non_conformant unavailable "                             },
    [EPCIS_VOC_TRADE] = {EPCIS_TRADE_COUNT,
                        "urn:epcglobal:cbv:btt:",                     " cert testprd testres upevt "},
    [EPCIS_VOC_END] = {EPCIS_END_COUNT,   "urn:epcglobal:cbv:sdt:",  " "                           },
};

static void a_word_is_found_again_and_ends_its_urn(void **state)
{
    (void)state;
    for (int i = 0; i < (int)LEN(vocabularies); i++) {
        enum epcis_vocabulary v = (enum epcis_vocabulary)i;
        for (unsigned word = 1; word < vocabularies[v].count; word++) {
            str bare = epcis_word(v, word), urn = epcis_word_urn(v, word);
            assert_int_equal(epcis_word_find(v, bare), word);
            assert_true(str_starts(urn, str_of(vocabularies[v].urn)));
            assert_true(str_eq(str_from(urn, strlen(vocabularies[v].urn)), bare));
        }
        assert_int_equal(epcis_word_find(v, S("no_such_word")), 0);
        assert_int_equal(epcis_word_find(v, S("")), 0);
    }
}

static void the_words_new_in_2_0_are_known(void **state)
{
    (void)state;
    for (int i = 0; i < (int)LEN(vocabularies); i++) {
        enum epcis_vocabulary v = (enum epcis_vocabulary)i;
        size_t letters = 1;
        for (unsigned word = 1; word < vocabularies[v].count; word++) {
            if (epcis_word_in_1_2(v, word)) continue;
            str bare = epcis_word(v, word);
            const char *hit = memmem(vocabularies[v].since_2_0, strlen(vocabularies[v].since_2_0),
                                     bare.p, bare.n);
            assert_non_null(hit);
            assert_true(hit[-1] == ' ' && hit[bare.n] == ' ');
            letters += bare.n + 1;
        }
        assert_int_equal(letters, strlen(vocabularies[v].since_2_0)); // none is missing
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
        cmocka_unit_test(a_word_is_found_again_and_ends_its_urn),
        cmocka_unit_test(the_words_new_in_2_0_are_known),
        cmocka_unit_test(enums_name_their_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
