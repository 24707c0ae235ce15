// gs1_id_test.c - claims about identities: every spelling is one, and is written back.
#include "service/gs1/gs1_int.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define GS "\x1d"

static struct arena arena;
static struct buf out;
static struct gs1_prefixes prefixes;

static int begin(void **state)
{
    static const str configured[] = {
        {"9521141", 7},
        {"0614141", 7},
        {"06141",   5},
        {"1234",    4}
    };

    (void)state;
    arena_init(&arena, 1 * MB);
    buf_init(&out, 64 * KB);
    return gs1_prefixes_build(configured, LEN(configured), &arena, &prefixes).cls == ST_OK ? 0 : 1;
}

static int end(void **state)
{
    (void)state;
    arena_fini(&arena);
    buf_fini(&out);
    return 0;
}

static struct gs1_id read_id(const char *in)
{
    struct gs1_id id;
    status st = gs1_read(str_of(in), &arena, &id);

    if (st.cls != ST_OK) print_error("%s: %s %s\n", in, st.reason, st.text);
    assert_int_equal(st.cls, ST_OK);
    return id;
}

static void assert_writes(const struct gs1_id *id, enum gs1_form form, const char *want)
{
    buf_reset(&out);
    assert_int_equal(gs1_write(id, form, &prefixes, &out).cls, ST_OK);
    assert_string_equal(out.p, want);
}

// All spellings of an object, canonical ones first, in the order of enum gs1_form.
static const struct object {
    enum gs1_scheme scheme;
    const char *form[4];
    const char *also[12];
} objects[] = {
    {GS1_SGTIN,
     {"(01)09521141073469(21)SN1", "https://id.gs1.org/01/09521141073469/21/SN1",
      "urn:epc:id:sgtin:9521141.007346.SN1", "010952114107346921SN1"},
     {"]d2010952114107346921SN1", "]C1010952114107346921SN1", "]Q3010952114107346921SN1",
      "]e0010952114107346921SN1", "]J1010952114107346921SN1", GS "010952114107346921SN1",
      "21SN1" GS "0109521141073469", "URN:EPC:id:sgtin:9521141.007346.SN1",
      "urn:epc:id:sgtin:952114.0107346.SN1", // another split of the same digits
      "]d2010952114107346917271200"
      "10LOT" GS "21SN1" GS,
      "http://example.com/a/b/01/09521141073469/22/V/10/LOT/21/SN1?17=271200#x",
      "]Q1HTTPS://ID.GS1.ORG/01/09521141073469/21/SN1"}                       },
    {GS1_SGTIN, // every character that some spelling escapes
     {"(01)80614141123458(21)6789/&%\"!?\\()",
      "https://id.gs1.org/01/80614141123458/21/6789%2F"
      "%26%25%22%21%3F%28%29",
      "urn:epc:id:sgtin:0614141.812345.6789%2F%26%25%22!%3F()", "0180614141123458216789/&%\"!?()"},
     {"urn:epc:id:sgtin:0614141.812345.6789%2f%26%25%22!%3f()",
      "https://x.example/01/80614141123458/21/6789%2F%26%25%22!%3F()"}        },
    {GS1_SGTIN, // dots and stars are plain characters of a serial
     {"(01)80614141123458(21)1.2.*", "https://id.gs1.org/01/80614141123458/21/1.2.%2A",
      "urn:epc:id:sgtin:0614141.812345.1.2.*", "0180614141123458211.2.*"},
     {NULL}                                                                   },
    {GS1_LGTIN,
     {"(01)04023333020008(10)2019-10-07", "https://id.gs1.org/01/04023333020008/10/2019-10-07",
      NULL, "0104023333020008102019-10-07"},
     {"urn:epc:class:lgtin:4023333.002000.2019-10-07", "]d20104023333020008"
                                                       "17201007"
                                                       "102019-10-07"}        },
    {GS1_GTIN,
     {"(01)09521141073469", "https://id.gs1.org/01/09521141073469",
      "urn:epc:idpat:sgtin:9521141.007346.*", "0109521141073469"},
     {"09521141073469", "9521141073469", "]E09521141073469"}                  },
    {GS1_GTIN,  // GTIN-8; no prefix is configured for it
     {"(01)00000095010939", "https://id.gs1.org/01/00000095010939", NULL, "0100000095010939"},
     {"95010939", "]E495010939", "urn:epc:idpat:sgtin:00000950.01093.*"}      },
    {GS1_SSCC,
     {"(00)106141412345678908", "https://id.gs1.org/00/106141412345678908",
      "urn:epc:id:sscc:0614141.1234567890", "00106141412345678908"},
     {"106141412345678908", "]C100106141412345678908",
      "(00)106141412345678908(02)09521141073469(37)24(10)LOT"}                },
    {GS1_SGLN,
     {"(414)0614141123452", "https://id.gs1.org/414/0614141123452",
      "urn:epc:id:sgln:0614141.12345.0", "4140614141123452"},
     {"https://id.gs1.org/414/0614141123452/254/0", "(414)0614141123452(254)0",
      "https://id.gs1.org/01/09521141073469/414/0614141123452"}               }, // the last key counts
    {GS1_SGLN,
     {"(414)0614141123452(254)A/1", "https://id.gs1.org/414/0614141123452/254/A%2F1",
      "urn:epc:id:sgln:0614141.12345.A%2F1", "4140614141123452254A/1"},
     {NULL}                                                                   },
    {GS1_SGLN,  // a prefix of twelve digits leaves no reference
     {"(414)4374736473640(254)7", "https://id.gs1.org/414/4374736473640/254/7", NULL,
      "41443747364736402547"},
     {"urn:epc:id:sgln:437473647364..7"}                                      },
    {GS1_UPUI,
     {"(01)00614141123452(235)51q)<", "https://id.gs1.org/01/00614141123452/235/51q%29%3C",
      "urn:epc:id:upui:0614141.012345.51q)%3C", "010061414112345223551q)<"},
     {"https://x.example/01/00614141123452/235/51q)<"}                        },
    {GS1_GTIN,  // what has a GTIN for its key shares its class
     {"(01)70614141123451", "https://id.gs1.org/01/70614141123451",
      "urn:epc:idpat:sgtin:0614141.712345.*", "0170614141123451"},
     {"urn:epc:idpat:upui:0614141.712345.*"}                                  },
    {GS1_GRAI,
     {"(8003)00614141123452400", "https://id.gs1.org/8003/00614141123452400",
      "urn:epc:id:grai:0614141.12345.400", "800300614141123452400"},
     {"]d2800300614141123452400" GS}                                          },
    {GS1_GRAI,
     {"(8003)00614141123452", "https://id.gs1.org/8003/00614141123452",
      "urn:epc:idpat:grai:0614141.12345.*", GS "800300614141123452"},
     {NULL}                                                                   },
    {GS1_GIAI,
     {"(8004)06141412345678", "https://id.gs1.org/8004/06141412345678",
      "urn:epc:id:giai:0614141.2345678", GS "800406141412345678"},
     {NULL}                                                                   },
    {GS1_GIAI,
     {"(8004)0614141A\"B%C\\(", "https://id.gs1.org/8004/0614141A%22B%25C%28",
      "urn:epc:id:giai:0614141.A%22B%25C(", "80040614141A\"B%C("},
     {"https://a/8004/0614141A\"B%C(", "urn:epc:id:giai:061414.1A%22B%25C%28"}},
    {GS1_GDTI,
     {"(253)061414112345232a/b", "https://id.gs1.org/253/061414112345232a%2Fb",
      "urn:epc:id:gdti:0614141.12345.32a%2Fb", "253061414112345232a/b"},
     {NULL}                                                                   },
    {GS1_GDTI,
     {"(253)0614141123452", "https://id.gs1.org/253/0614141123452",
      "urn:epc:idpat:gdti:0614141.12345.*", "2530614141123452"},
     {NULL}                                                                   },
    {GS1_SGCN,
     {"(255)061414112345204711", "https://id.gs1.org/255/061414112345204711",
      "urn:epc:id:sgcn:0614141.12345.04711", "255061414112345204711"},
     {NULL}                                                                   },
    {GS1_SGCN,
     {"(255)0614141123452", "https://id.gs1.org/255/0614141123452",
      "urn:epc:idpat:sgcn:0614141.12345.*", "2550614141123452"},
     {NULL}                                                                   },
    {GS1_CPI,
     {"(8010)06141415PQ7/Z43#A(8011)12345",
      "https://id.gs1.org/8010/06141415PQ7%2FZ43%23A/8011/12345",
      "urn:epc:id:cpi:0614141.5PQ7%2FZ43%23A.12345", "801006141415PQ7/Z43#A" GS "801112345"},
     {NULL}                                                                   },
    {GS1_CPI,
     {"(8010)0614141ABC", "https://id.gs1.org/8010/0614141ABC", "urn:epc:idpat:cpi:0614141.ABC.*",
      "80100614141ABC"},
     {NULL}                                                                   },
    {GS1_ITIP,
     {"(8006)206141411234560102(21)9", "https://id.gs1.org/8006/206141411234560102/21/9",
      "urn:epc:id:itip:0614141.212345.01.02.9", "8006206141411234560102" GS "219"},
     {"https://a/8006/206141411234560102/10/L/21/9"}                          },
    {GS1_ITIP,
     {"(8006)206141411234560102", "https://id.gs1.org/8006/206141411234560102",
      "urn:epc:idpat:itip:0614141.212345.01.02.*", "8006206141411234560102"},
     {NULL}                                                                   },
    {GS1_GSRN,
     {"(8018)061414112345678902", "https://id.gs1.org/8018/061414112345678902",
      "urn:epc:id:gsrn:0614141.1234567890", "8018061414112345678902"},
     {"(8018)061414112345678902(8019)1"}                                      },
    {GS1_GSRNP,
     {"(8017)061414112345678902", "https://id.gs1.org/8017/061414112345678902",
      "urn:epc:id:gsrnp:0614141.1234567890", "8017061414112345678902"},
     {NULL}                                                                   },
    {GS1_GINC,
     {"(401)0614141xyz47/11", "https://id.gs1.org/401/0614141xyz47%2F11",
      "urn:epc:id:ginc:0614141.xyz47%2F11", "4010614141xyz47/11"},
     {NULL}                                                                   },
    {GS1_GSIN,
     {"(402)06141411234567890", "https://id.gs1.org/402/06141411234567890",
      "urn:epc:id:gsin:0614141.123456789", "40206141411234567890"},
     {NULL}                                                                   },
    {GS1_PGLN,
     {"(417)0614141123452", "https://id.gs1.org/417/0614141123452", "urn:epc:id:pgln:0614141.12345",
      "4170614141123452"},
     {NULL}                                                                   },
};

// A class is told by its URN: a lot, or no serial.
static bool names_many(const struct object *o)
{
    const char *urn = o->form[GS1_URN];

    if (o->scheme == GS1_LGTIN || o->scheme == GS1_GTIN) return true;
    return urn != NULL && strncmp(urn, "urn:epc:idpat:", 14) == 0;
}

static void gs1_every_spelling_is_one_identity_and_is_written_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(objects); i++) {
        const struct object *o = &objects[i];
        struct gs1_id first = read_id(o->form[0]);
        assert_int_equal(first.scheme, o->scheme);
        assert_int_equal(first.is_class, names_many(o));
        for (size_t k = 0; k < LEN(o->form) + LEN(o->also); k++) {
            const char *in = k < LEN(o->form) ? o->form[k] : o->also[k - LEN(o->form)];
            if (in == NULL) continue;
            struct gs1_id id = read_id(in);
            assert_true(gs1_id_eq(&first, &id));
            for (enum gs1_form f = GS1_BRACKETED; f <= GS1_RAW; f++)
                if (o->form[f] != NULL) assert_writes(&id, f, o->form[f]);
        }
        for (size_t k = 0; k < i; k++) { // and nobody else's
            struct gs1_id other = read_id(objects[k].form[0]);
            assert_false(gs1_id_eq(&first, &other));
        }
    }
}

static void gs1_other_epcs_are_their_urn(void **state)
{
    static const struct {
        enum gs1_scheme scheme;
        bool is_class;
        const char *urn, *also;
    } rows[] = {
        {GS1_GID,   false, "urn:epc:id:gid:95100000.12345.400",      "URN:EPC:id:gid:95100000.12345.400"},
        {GS1_GID,   true,  "urn:epc:idpat:gid:95100000.12345.*",     NULL                               },
        {GS1_USDOD, false, "urn:epc:id:usdod:2S194.12345678901",     NULL                               },
        {GS1_ADI,   false, "urn:epc:id:adi:W81X9C.3KL984PX1.2WMA52",
         "urn:epc:id:adi:W81X9C.3KL984PX%31.2WMA52"                                                     },
        {GS1_ADI,   false, "urn:epc:id:adi:35962..%23A%2F1",         "urn:epc:id:adi:35962..%23A%2f1"   },
        {GS1_ADI,   true,  "urn:epc:idpat:adi:35962.PQ7VZ4.*",       NULL                               },
        {GS1_BIC,   false, "urn:epc:id:bic:CSQU3054383",             NULL                               },
        {GS1_IMOVN, false, "urn:epc:id:imovn:9176187",               NULL                               },
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct gs1_id id = read_id(rows[i].urn);
        assert_int_equal(id.scheme, rows[i].scheme);
        assert_int_equal(id.is_class, rows[i].is_class);
        for (enum gs1_form f = GS1_BRACKETED; f <= GS1_RAW; f++) assert_writes(&id, f, rows[i].urn);
        if (rows[i].also == NULL) continue;
        struct gs1_id other = read_id(rows[i].also);
        assert_true(gs1_id_eq(&id, &other));
        assert_writes(&other, GS1_DL, rows[i].urn);
    }
}

static void gs1_signs_that_a_link_should_escape_are_taken_where_they_cut_nothing(void **state)
{
    struct gs1_id id = read_id("https://a/01/09521141073469/21/1%2<\">");

    (void)state;
    assert_true(str_eq(id.ext, S("1%2<\">")));
    assert_writes(&id, GS1_DL, "https://id.gs1.org/01/09521141073469/21/1%252%3C%22%3E");
}

static void gs1_lot_and_expiry_are_told_beside_the_identity(void **state)
{
    struct gs1_id id = read_id("]d2010952114107346917271200"
                               "10LOT" GS "21SN1");

    (void)state;
    assert_true(str_eq(id.lot, S("LOT")));
    assert_true(str_eq(id.expiry, S("271200")));
    id = read_id("https://id.gs1.org/01/09521141073469/10/L%2F1/21/SN1?17=271231");
    assert_true(str_eq(id.lot, S("L/1")));
    assert_true(str_eq(id.expiry, S("271231")));
    id = read_id("(01)09521141073469(21)SN1");
    assert_int_equal(id.lot.n + id.expiry.n, 0);
}

static void gs1_a_urn_is_written_only_where_the_prefix_is_known(void **state)
{
    struct gs1_id id = read_id("(01)04012345111118(21)1");

    (void)state;
    buf_reset(&out);
    status st = gs1_write(&id, GS1_URN, &prefixes, &out);
    assert_int_equal(st.cls, ST_UNPROCESSABLE);
    assert_string_equal(st.reason, "prefix.unknown");
    assert_int_equal(out.n, 0);
    st = gs1_write(&id, GS1_URN, NULL, &out);
    assert_string_equal(st.reason, "prefix.unknown");
    id = read_id("urn:epc:id:sgtin:4012345.011111.1"); // the URN itself told it
    assert_writes(&id, GS1_URN, "urn:epc:id:sgtin:4012345.011111.1");
}

static void gs1_the_longest_prefix_counts_and_short_ones_are_stretched(void **state)
{
    static const struct {
        const char *digits;
        uint8_t length;
    } rows[] = {
        {"061414112345", 7},
        {"061410000000", 5},
        {"123400000000", 4},
        {"952114100000", 7},
        {"952114200000", 0},
        {"061",          0},
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++)
        assert_int_equal(gs1_prefix_length(&prefixes, str_of(rows[i].digits)), rows[i].length);
    struct gs1_id id = read_id("(414)0614100000008");
    assert_writes(&id, GS1_URN, "urn:epc:id:sgln:061410.000000.0");
}

static void gs1_prefixes_of_another_form_are_refused(void **state)
{
    static const char *const rows[] = {"", "123", "1234567890123", "12a4", " 1234", "-1234"};

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct gs1_prefixes p = {NULL, 7};
        str one = str_of(rows[i]);
        assert_string_equal(gs1_prefixes_build(&one, 1, &arena, &p).reason, "prefix.form");
        assert_int_equal(p.n, 7);
    }
}

static void gs1_private_names_are_kept_as_they_stand(void **state)
{
    static const char *const rows[] = {
        "urn:uuid:3a1f7c52-0b1d-4a43-9b5e-6d3a3d3c7a11",
        "urn:epcglobal:cbv:bt:0614141123452:A1",
        "https://example.com/objects/17",
        "http://a/b/",
        "HTTP://example.com/?01=2",
        "https://example.com/01/09521141073469/odd", // the pairs do not fit
        "tag:example.com,2026:box/1",
        "urn:jaif:id:obj:37SUN321456789A111222333AB+123456789012",
        "tag:example.com,2026:k\xc3\xa4se"};

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct gs1_id id = read_id(rows[i]);
        assert_int_equal(id.scheme, GS1_URI);
        for (enum gs1_form f = GS1_BRACKETED; f <= GS1_RAW; f++) assert_writes(&id, f, rows[i]);
    }
}

// The star stands in front of what is wrong.
static const char *const refusals[][2] = {
    {"*",                                                      "gs1.empty"             },
    {"*hello",                                                 "gs1.unreadable"        },
    {"*example.com/01/09521141073469",                         "gs1.unreadable"        },
    {"*/01/09521141073469",                                    "gs1.unreadable"        },
    {"*urn:",                                                  "gs1.unreadable"        },
    {"urn:x:a* b",                                             "gs1.unreadable"        },
    {"urn:x:a*\xff",                                           "gs1.unreadable"        },
    {"*urn:ec:id:sgtin:0614141.812345.1",                      "gs1.unreadable"        },
    {"*hps://id.gs1.org/01/09521141073469",                    "gs1.unreadable"        },
 // bare digits
    {"10614141234567890*7",                                    "gs1.check_digit"       },
    {"0952114107346*8",                                        "gs1.check_digit"       },
    {"12345*",                                                 "gs1.length"            },
 // element strings
    {"(01)0952114107346*8(21)1",                               "gs1.check_digit"       },
    {"(01)095211410734*",                                      "gs1.length"            },
    {"(01)09521141073469*9(21)1",                              "gs1.length"            },
    {"(01)09521141073469(21)*",                                "gs1.length"            },
    {"(01)09521141073469(21)12345678901234567890*1",           "gs1.length"            },
    {"(01)09521141073469(21)AB*#",                             "gs1.character"         },
    {"(01)09521141073469(21)A*\\B",                            "gs1.character"         },
    {"(01)09521141073469(17)27*1301(21)1",                     "gs1.date"              },
    {"(01)09521141073469(17)2702*29(21)1",                     "gs1.date"              },
    {"(01)09521141073469(*89)1",                               "gs1.ai_unknown"        },
    {"(01)09521141073469*(21",                                 "gs1.brackets"          },
    {"(01)09521141073469(21)A(*B)C",                           "gs1.ai_unknown"        },
    {"(21)*1",                                                 "gs1.required"          },
    {"*(99)1",                                                 "gs1.no_key"            },
    {"(01)09521141073469(10)A(10)*B(21)1",                     "gs1.repeated"          },
    {"(01)09521141073469(37)*5",                               "gs1.excluded"          },
    {"(00)106141412345678908(37)*5",                           "gs1.required"          },
    {"(01)09521141073469(21)1(235)*TPX",                       "gs1.excluded"          },
    {"(8013)*1987654Ad4X4bL5ttr2310c2K",                       "gs1.scheme_unsupported"},
    {"(8003)0061414168565*4400",                               "gs1.check_digit"       },
    {"(8003)*10614141685653400",                               "gs1.zero"              },
    {"(253)061414198199132a/b567890123456*78",                 "gs1.length"            },
    {"]d2*" GS "0109521141073469",                             "gs1.ai_unknown"        },
    {"]d20109521141073469" GS "*" GS "211",                    "gs1.ai_unknown"        },
    {"]d2*",                                                   "gs1.ai_unknown"        },
    {"]d2010952114107346*8211",                                "gs1.check_digit"       },
    {"]E0952114107346*8",                                      "gs1.check_digit"       },
    {"*]d1hello",                                              "gs1.symbology"         },
    {"*]X9",                                                   "gs1.symbology"         },
    {"]Q1https://a/01/0952114107346*8",                        "gs1.check_digit"       },
 // Digital Links
    {"https://id.gs1.org/01/0952114107346*8",                  "gs1.check_digit"       },
    {"https://id.gs1.org/01/9521141073469*",                   "gs1.length"            },
    {"https://id.gs1.org/01/09521141073469/21/*",              "gs1.length"            },
    {"https://id.gs1.org/01/09521141073469/21/1/*10/L",        "gs1.dl_order"          },
    {"https://a/01/09521141073469/*99/x",                      "gs1.dl_order"          },
    {"https://a/01/09521141073469/21/1*^",                     "gs1.dl_form"           },
    {"https://a/01/09521141073469?*10=L",                      "gs1.dl_attribute"      },
    {"https://a/01/09521141073469?*21=1",                      "gs1.dl_attribute"      },
    {"https://a/01/09521141073469?17=271200&*17=271200",       "gs1.repeated"          },
    {"https://a/01/09521141073469?*89=1",                      "gs1.ai_unknown"        },
    {"https://id.gs1.org*/ARFKk4XB0CDKWcnpq",                  "gs1.dl_no_key"         },
    {"https://id.gs1.org*/01/09521141073469/1",                "gs1.dl_no_key"         },
    {"*Https://id.gs1.org/01/09521141073469",                  "gs1.dl_form"           },
    {"https://a/8013/*1987654Ad4X4bL5ttr2310c2K",              "gs1.scheme_unsupported"},
 // URNs
    {"urn:epc:*id:none:1.2.3",                                 "gs1.scheme_unsupported"},
    {"urn:epc:*tag:sgtin-96:1.0614141.812345.1",               "gs1.scheme_unsupported"},
    {"urn:epc:*idpat:gtin:0614141.812345.@",                   "gs1.scheme_unsupported"},
    {"urn:epc:*idpat:lgtin:0614141.812345.@",                  "gs1.scheme_unsupported"},
    {"urn:epc:*class:sgtin:0614141.812345.1",                  "gs1.scheme_unsupported"},
    {"urn:epc:*ID:sgtin:0614141.812345.1",                     "gs1.scheme_unsupported"},
    {"urn:epc:id:sgtin:*06141.81234512.1",                     "gs1.urn_prefix"        },
    {"urn:epc:id:sgtin:0614*x41.812345.1",                     "gs1.urn_prefix"        },
    {"urn:epc:id:sgtin:*0614141",                              "gs1.urn_form"          },
    {"urn:epc:id:sgtin:0614141.812345*",                       "gs1.urn_form"          },
    {"urn:epc:id:sgtin:0614141.*8123458.1",                    "gs1.urn_form"          },
    {"urn:epc:id:sgtin:0614141.81*x345.1",                     "gs1.urn_form"          },
    {"urn:epc:id:sgtin:0614141.812345.*",                      "gs1.length"            },
    {"urn:epc:id:sgtin:0614141.812345.*123456789012345678901", "gs1.length"            },
    {"urn:epc:id:sgtin:0614141.812345.1*/2",                   "gs1.character"         },
    {"urn:epc:id:sgtin:0614141.812345.1*%2",                   "gs1.escape"            },
    {"urn:epc:id:sgtin:0614141.812345.*%20",                   "gs1.character"         },
    {"urn:epc:id:sgtin:0614141.812345.*1%00",                  "gs1.character"         },
    {"urn:epc:idpat:sgtin:0614141.812345.*1",                  "gs1.urn_pattern"       },
    {"urn:epc:idpat:sgtin:0614141.*@.@",                       "gs1.urn_pattern"       }, // @: a star
    {"urn:epc:idpat:sgtin:0614141.*@.1",                       "gs1.urn_pattern"       },
    {"urn:epc:idpat:sgln:0614141.12345.*@",                    "gs1.urn_pattern"       },
    {"urn:epc:idpat:sscc:0614141.*@",                          "gs1.urn_pattern"       },
    {"urn:epc:idpat:giai:0614141.*@",                          "gs1.urn_pattern"       },
    {"urn:epc:idpat:gdti:0614141.12345.*400",                  "gs1.urn_pattern"       },
    {"urn:epc:id:sgtin:*@.812345.1",                           "gs1.urn_prefix"        },
    {"urn:epc:id:grai:0614141.12345.*12345678901234567",       "gs1.length"            },
    {"urn:epc:id:gdti:0614141.12345.*",                        "gs1.length"            },
    {"urn:epc:id:sgcn:0614141.12345.*1A",                      "gs1.digits"            },
    {"urn:epc:id:cpi:0614141.*abc.1",                          "gs1.character"         },
    {"urn:epc:id:cpi:0614141.*.1",                             "gs1.length"            },
    {"urn:epc:id:cpi:0614141.ABC.*01",                         "gs1.zero"              },
    {"urn:epc:id:cpi:0614141.ABC*#.1",                         "gs1.character"         },
    {"urn:epc:id:giai:0614141.*",                              "gs1.length"            },
    {"urn:epc:id:giai:0614141.*123456789012345678901234",      "gs1.length"            },
    {"urn:epc:id:itip:0614141.712345.*04.03.1",                "gs1.piece"             },
    {"urn:epc:id:itip:0614141.712345.*1.2.1",                  "gs1.urn_form"          },
    {"urn:epc:id:itip:0614141.712345.01*",                     "gs1.urn_form"          },
    {"urn:epc:id:gid:*268435456.1.1",                          "gs1.urn_form"          },
    {"urn:epc:id:gid:1.*16777216.1",                           "gs1.urn_form"          },
    {"urn:epc:id:gid:1.1.*01",                                 "gs1.urn_form"          },
    {"urn:epc:id:gid:1.1.*@",                                  "gs1.urn_form"          },
    {"urn:epc:idpat:gid:1.1.*1",                               "gs1.urn_pattern"       },
    {"urn:epc:idpat:usdod:2S194.*@",                           "gs1.urn_pattern"       },
    {"urn:epc:id:usdod:*2I194.1",                              "gs1.urn_form"          },
    {"urn:epc:id:adi:35962.PQ7VZ4.*",                          "gs1.urn_form"          },
    {"urn:epc:id:adi:35962.*%23A.1",                           "gs1.urn_form"          },
    {"urn:epc:id:bic:*CSQX3054383",                            "gs1.urn_form"          },
    {"urn:epc:id:imovn:*917618",                               "gs1.urn_form"          },
    {"urn:epc:id:sscc:0614141.1234567890*.1",                  "gs1.urn_form"          },
    {"urn:epc:id:sgln:0614141.12345*",                         "gs1.urn_form"          },
};

static str unstar(const char *in, char *text, size_t *star)
{
    const char *s = strchr(in, '*');

    assert_non_null(s);
    *star = (size_t)(s - in);
    size_t n = strlen(in) - 1;
    memcpy(text, in, *star);
    memcpy(text + *star, s + 1, n - *star);
    for (size_t i = 0; i < n; i++)
        if (text[i] == '@') text[i] = '*';
    return (str){text, n};
}

static void gs1_what_is_no_identifier_is_refused_where_it_is_wrong(void **state)
{
    unsigned wrong = 0;

    (void)state;
    for (size_t i = 0; i < LEN(refusals); i++) {
        char text[256];
        size_t star;
        struct gs1_id id = {.key_n = 99};
        status st = gs1_read(unstar(refusals[i][0], text, &star), &arena, &id);
        const char *got = st.cls == ST_OK ? "ok" : st.reason;
        if (strcmp(got, refusals[i][1]) == 0 && st.at == star && id.key_n == 99) continue;
        wrong++;
        print_error("%s: %s at %u, not %s at %zu\n", refusals[i][0], got, st.at, refusals[i][1],
                    star);
    }
    assert_int_equal(wrong, 0);
}

static void gs1_a_spelling_beyond_the_ceiling_is_refused(void **state)
{
    static char text[GS1_TEXT_MAX + 1];
    struct gs1_id id;

    (void)state;
    memset(text, 'a', sizeof text);
    memcpy(text, "urn:x:", 6);
    assert_int_equal(gs1_read((str){text, GS1_TEXT_MAX}, &arena, &id).cls, ST_OK);
    assert_string_equal(gs1_read((str){text, sizeof text}, &arena, &id).reason, "gs1.too_long");
}

static void gs1_an_arena_without_room_is_a_status(void **state)
{
    static const char *const rows[] = {"https://a/01/09521141073469/21/A%2FB",
                                       "(01)09521141073469(21)A\\(B", "]E09521141073469",
                                       "urn:epc:id:sgtin:0614141.812345.A%2FB"};
    struct arena none;

    (void)state;
    arena_init(&none, 0);
    for (size_t i = 0; i < LEN(rows); i++) {
        struct gs1_id id;
        assert_int_equal(gs1_read(str_of(rows[i]), &none, &id).cls, ST_TOO_LARGE);
    }
    arena_fini(&none);
}

static void gs1_identities_are_made_of_their_parts(void **state)
{
    struct gs1_id id = gs1_sgtin("09521141073469", S("SN1")), read = read_id(objects[0].form[0]);

    (void)state;
    assert_true(gs1_id_eq(&id, &read));
    assert_true(gs1_id_has_gtin(&id));
    id = gs1_lgtin("09521141073469", S("L"));
    assert_writes(&id, GS1_DL, "https://id.gs1.org/01/09521141073469/10/L");
    id = gs1_gtin("09521141073469");
    assert_writes(&id, GS1_RAW, "0109521141073469");
    id = gs1_sscc("106141412345678908");
    assert_false(gs1_id_has_gtin(&id));
    assert_writes(&id, GS1_BRACKETED, "(00)106141412345678908");
    assert_string_equal(gs1_scheme_name(GS1_URI), "uri");
    assert_string_equal(gs1_scheme_name(GS1_SSCC), "sscc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gs1_every_spelling_is_one_identity_and_is_written_back),
        cmocka_unit_test(gs1_other_epcs_are_their_urn),
        cmocka_unit_test(gs1_signs_that_a_link_should_escape_are_taken_where_they_cut_nothing),
        cmocka_unit_test(gs1_lot_and_expiry_are_told_beside_the_identity),
        cmocka_unit_test(gs1_a_urn_is_written_only_where_the_prefix_is_known),
        cmocka_unit_test(gs1_the_longest_prefix_counts_and_short_ones_are_stretched),
        cmocka_unit_test(gs1_prefixes_of_another_form_are_refused),
        cmocka_unit_test(gs1_private_names_are_kept_as_they_stand),
        cmocka_unit_test(gs1_what_is_no_identifier_is_refused_where_it_is_wrong),
        cmocka_unit_test(gs1_a_spelling_beyond_the_ceiling_is_refused),
        cmocka_unit_test(gs1_an_arena_without_room_is_a_status),
        cmocka_unit_test(gs1_identities_are_made_of_their_parts),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
