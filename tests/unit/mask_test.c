// What opens a door is masked wherever it turns up, and nothing else is.
#include "common/mask.h"
#include "common/status.h"
#include "common/str.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#undef fail // the house's own

#define HEX23 "0123456789abcdef0123456"
#define HEX63 HEX23 "789abcdef0123456789abcdef0123456789ABCDE"
#define HEX64 HEX63 "F"

static void what_opens_a_door_is_masked_and_nothing_else(void **state)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"",                                      ""                                     },
        {"pt_" HEX64,                             "pt_***"                               },
        {"ps_" HEX64,                             "ps_***"                               },
        {"PT_" HEX64,                             "pt_***"                               },
        {"/v1/tokens/pt_" HEX64 "/revoke",        "/v1/tokens/pt_***/revoke"             },
        {"pt%5f" HEX64,                           "pt_***"                               },
        {"%70t_%30%31" HEX64 "%2Fx",              "pt_***%2Fx"                           },
        {"pt_" HEX64 "pt_" HEX64 ",ps_" HEX64,    "pt_***pt_***,ps_***"                  },
        {"ppt_" HEX64,                            "ppt_***"                              },
        {"receipt_" HEX64,                        "receipt_***"                          },
        {"(21)ps_20261127000000001",              "(21)ps_20261127000000001"             },
        {"pt_" HEX63,                             "pt_" HEX63                            },
        {"pt_",                                   "pt_"                                  },
        {"p",                                     "p"                                    },
        {"pt",                                    "pt"                                   },
        {"%7",                                    "%7"                                   },
        {"%70t_",                                 "%70t_"                                },
        {"pt_g123456789abcdef0",                  "pt_g123456789abcdef0"                 },
        {"ni:///sha-256;" HEX64 "?ver=CBV2.0",    "ni:///sha-256;" HEX64 "?ver=CBV2.0"   },
        {"lot_20261127 opt_out line-1 \xc3\xbc%", "lot_20261127 opt_out line-1 \xc3\xbc%"},
    };
    char text[400];

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        size_t n = strlen(rows[i].in);
        memcpy(text, rows[i].in, n + 1);
        n = mask_text(text, n);
        text[n] = 0;
        assert_string_equal(text, rows[i].out);
        assert_int_equal(mask_text(text, n), n); // there is nothing left to mask
    }
}

static void the_beginning_of_one_is_masked_where_texts_are_cut_but_no_serial_is(void **state)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"there is no pt_" HEX23 "7 here",   "there is no pt_*** here"         },
        {"there is no pt_" HEX63,            "there is no pt_***"              },
        {"pt_" HEX64 "pt_" HEX23 "7",        "pt_***pt_***"                    },
        {"GET /v1/x/ps%5F" HEX23 "%3",       "GET /v1/x/ps%5F" HEX23 "%3"      }, // opens nothing
        {"(21)ps_20261127000000001 is void", "(21)ps_20261127000000001 is void"},
        {"receipt_" HEX63,                   "receipt_" HEX63                  }, // a word of its own
        {"receipt_" HEX64,                   "receipt_***"                     }, // perhaps not
    };
    char text[400];

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        size_t n = strlen(rows[i].in);
        memcpy(text, rows[i].in, n + 1);
        n = mask_cut(text, n);
        text[n] = 0;
        assert_string_equal(text, rows[i].out);
    }
}

static void a_sentence_that_repeats_one_is_masked_also_where_it_is_cut(void **state)
{
    status st = fail(ST_NOT_FOUND, "x.none", 0, "there is no %s here", "pt_" HEX64);
    status cut = fail(ST_NOT_FOUND, "x.none", 0, "%50s there is no %s", "", "pt_" HEX64);

    (void)state;
    assert_string_equal(st.text, "there is no pt_*** here");
    assert_null(strstr(cut.text, "pt_0"));
    assert_non_null(strstr(cut.text, "pt_***"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_opens_a_door_is_masked_and_nothing_else),
        cmocka_unit_test(the_beginning_of_one_is_masked_where_texts_are_cut_but_no_serial_is),
        cmocka_unit_test(a_sentence_that_repeats_one_is_masked_also_where_it_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
