// Every rule: an event that keeps it and one that breaks nothing else.
#include "service/epcis/event.h"
#include "service/epcis/value.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define T(lit)                                                                                     \
    {                                                                                              \
        lit, sizeof(lit) - 1                                                                       \
    }
#define STRS(list) ((struct epcis_strs){list, LEN(list)})

#define PACK  "urn:epc:id:sgtin:9521141.012345.1000"
#define CASE  "urn:epc:id:sscc:9521141.1234567890"
#define LOT   "urn:epc:class:lgtin:9521141.012345.L1"
#define PLACE "urn:epc:id:sgln:9521141.00001.0"
#define PARTY "urn:epc:id:pgln:9521141.00001"

static const str packs[] = {T(PACK), T("https://id.gs1.org/01/09521141123454/21/1001")};
static const struct epcis_quantity lots[] = {
    {T(LOT), T("10"), T("")}
};
static const struct epcis_pair papers[] = {
    {T("po"), T("urn:epcglobal:cbv:bt:9521141000010:4711")},
    {T(""),   T("http://example.com/paper/1")             }
};
static const struct epcis_pair ends[] = {
    {T("owning_party"), T(PARTY)}
};
static const struct epcis_sensor_part metadata = {
    .at = {[EPCIS_SENSOR_TIME] = T("2026-05-01T10:00:00Z"),
           [EPCIS_SENSOR_DEVICE_ID] = T("urn:epc:id:giai:9521141.device-1")}
};
static const struct epcis_sensor_part reports[] = {
    {.at = {[EPCIS_SENSOR_TYPE] = T("Temperature"),
            [EPCIS_SENSOR_VALUE] = T("26.0"),
            [EPCIS_SENSOR_UOM] = T("CEL"),
            [EPCIS_SENSOR_BOOLEAN_VALUE] = T("true"),
            [EPCIS_SENSOR_HEX_BINARY_VALUE] = T("f0F1"),
            [EPCIS_SENSOR_COMPONENT] = T("x"),
            [EPCIS_SENSOR_S_DEV] = T("1.0E-3")}},
    {.at = {[EPCIS_SENSOR_EXCEPTION] = T("ALARM_CONDITION")}},
};
static const struct epcis_sensor sensors[] = {
    {.metadata = &metadata, .reports = reports, .report_count = 2}
};
static const str corrective[] = {T("urn:uuid:1f0a2a4e-0000-4000-8000-000000000001")};
static const struct epcis_error declared = {
    .declared = {.text = T("2026-05-02T10:00:00Z")},
    .reason = T("incorrect_data"),
    .corrective = { corrective,                                1},
};
static const str certificates[] = {T("https://example.com/certificate/1")};
static const str words[] = {T("completeness_verified"), T("http://example.com/disp/polished")};

// An event of the type with everything that it may hold.
static struct epcis_event full(enum epcis_type type)
{
    struct epcis_event e = {
        .type = type,
        .action = type == EPCIS_TRANSFORMATION ? EPCIS_NO_ACTION : EPCIS_ADD,
        .id = T("ni:///sha-256;00?ver=CBV2.0"),
        .time = {.at = {{1777629600000 + 3600000}, 120}, .text = T("2026-05-01T13:00:00+02:00")},
        .zone = T("+02:00"),
        .error = &declared,
        .certification = STRS(certificates),
        .epcs = {.at = packs,                            .n = 2                                },
        .quantities = {lots,                                   1                                     },
        .step = T("packing"),
        .disposition = T("in_progress"),
        .set = STRS(words),
        .unset = STRS(words),
        .read_point = {.id = T(PLACE)                        },
        .biz_location = {.id = T(PLACE)                                     },
        .bts = {papers,                                      2                                      },
        .sources = {ends,                                      1                                 },
        .destinations = {ends,                                      1                                  },
        .sensors = {sensors,                                      1                                       },
    };

    if (epcis_shape(type)->parent) e.parent = (str)T(CASE);
    e.has_ilmd = epcis_shape(type)->ilmd;
    if (type == EPCIS_TRANSFORMATION) {
        e.transformation = (str)T("urn:epc:id:gdti:9521141.00001.1");
        e.out_epcs = e.epcs;
        e.out_quantities = e.quantities;
    }
    return e;
}

static const char *code_of(const struct epcis_event *e)
{
    status st = epcis_event_check(e);
    return st.cls == ST_OK ? "" : st.reason;
}

static void an_event_with_everything_is_accepted(void **state)
{
    (void)state;
    for (int t = 0; t < EPCIS_TYPE_COUNT; t++) {
        struct epcis_event e = full((enum epcis_type)t);
        assert_string_equal(code_of(&e), "");
    }
}

// ---- the event as a whole: what is taken away or put there, for which types it is wrong

typedef void change(struct epcis_event *e);

static void no_time(struct epcis_event *e) { e->time = (struct epcis_time){0}; }
static void no_zone(struct epcis_event *e) { e->zone = (str)T(""); }
static void told_without_zone(struct epcis_event *e)
{
    e->zone = (str)T("");
    e->time.text = (str)T("");
}
static void zone_z(struct epcis_event *e) { e->zone = (str)T("Z"); }
static void zone_15(struct epcis_event *e) { e->zone = (str)T("+15:00"); }
static void zone_1401(struct epcis_event *e) { e->zone = (str)T("-14:01"); }
static void zone_60(struct epcis_event *e) { e->zone = (str)T("-01:60"); }
static void zone_14(struct epcis_event *e) { e->zone = (str)T("-14:00"); }
static void zone_minus_0(struct epcis_event *e) { e->zone = (str)T("-00:00"); }
static void no_action(struct epcis_event *e) { e->action = EPCIS_NO_ACTION; }
static void add(struct epcis_event *e) { e->action = EPCIS_ADD; }
static void observe(struct epcis_event *e) { e->action = EPCIS_OBSERVE; }
static void delete (struct epcis_event *e) { e->action = EPCIS_DELETE; }
static void no_ilmd(struct epcis_event *e) { e->has_ilmd = false; }
static void ilmd(struct epcis_event *e) { e->has_ilmd = true; }
static void observe_bare(struct epcis_event *e) { observe(e), no_ilmd(e); }
static void delete_bare(struct epcis_event *e) { delete (e), no_ilmd(e); }
static void no_ids(struct epcis_event *e)
{
    e->epcs.n = 0;
    e->quantities.n = 0;
}
static void no_ids_no_sensors(struct epcis_event *e) { no_ids(e), e->sensors.n = 0; }
static void quantities_alone(struct epcis_event *e) { e->epcs.n = 0, e->sensors.n = 0; }
static void sensors_nowhere(struct epcis_event *e) // others need their identifiers anyway
{
    if (e->type == EPCIS_OBJECT) no_ids(e), e->read_point.id.n = 0;
}
static void observe_nothing(struct epcis_event *e) { no_ids(e), observe_bare(e); }
static void delete_all(struct epcis_event *e) { no_ids(e), delete_bare(e); }
static void no_parent(struct epcis_event *e) { e->parent.n = 0; }
static void delete_no_parent(struct epcis_event *e) { no_parent(e), delete_bare(e); }
static void observe_no_parent(struct epcis_event *e) { no_parent(e), observe_bare(e); }
static void parent(struct epcis_event *e) { e->parent = (str)T(CASE); }
static void no_bts(struct epcis_event *e) { e->bts.n = 0; }
static void no_transformation(struct epcis_event *e) { e->transformation.n = 0; }
static void transformation(struct epcis_event *e) { e->transformation = (str)T("urn:example:1"); }
static void inputs_alone(struct epcis_event *e) { e->out_epcs.n = 0, e->out_quantities.n = 0; }
static void inputs_alone_no_id(struct epcis_event *e) { inputs_alone(e), no_transformation(e); }
static void outputs_alone_no_id(struct epcis_event *e) { no_ids(e), no_transformation(e); }
static void nothing_but_id(struct epcis_event *e) { no_ids(e), inputs_alone(e); }
static void outputs(struct epcis_event *e) { e->out_epcs = e->epcs; }
static void no_error(struct epcis_event *e) { e->error = NULL; }
static void error_without_time(struct epcis_event *e)
{
    static struct epcis_error x;
    x = declared;
    x.declared.text.n = 0;
    e->error = &x;
}
static void undone_and_corrected(struct epcis_event *e)
{
    static struct epcis_error x;
    x = declared;
    x.reason = (str)T("did_not_occur");
    e->error = &x;
}
static void undone(struct epcis_event *e)
{
    static struct epcis_error x;
    x = declared;
    x.reason = (str)T("did_not_occur");
    x.corrective.n = 0;
    e->error = &x;
}

static void what_an_event_must_and_must_not_have_is_said_type_by_type(void **state)
{
    // A letter for each type: object, aggregation, transaction, transformation, association. Types
    // that are not named must be accepted with the same change.
    static const struct {
        change *change;
        const char *code, *types;
    } rows[] = {
        {no_time,              "epcis.time_missing",         "oatfs"},
        {no_zone,              "epcis.zone_missing",         "oatfs"},
        {told_without_zone,    "",                           ""     },
        {zone_z,               "epcis.zone",                 "oatfs"},
        {zone_15,              "epcis.zone",                 "oatfs"},
        {zone_1401,            "epcis.zone",                 "oatfs"},
        {zone_60,              "epcis.zone",                 "oatfs"},
        {zone_14,              "",                           ""     },
        {zone_minus_0,         "",                           ""     },
        {no_action,            "epcis.action_missing",       "oats" },
        {add,                  "epcis.action_extra",         "f"    },
        {no_ids_no_sensors,    "epcis.ids_missing",          "oafs" },
        {no_ids,               "epcis.ids_missing",          "as"   }, // and f, which has outputs
        {quantities_alone,     "",                           ""     },
        {sensors_nowhere,      "epcis.read_point_missing",   "o"    },
        {no_parent,            "epcis.parent_missing",       "as"   },
        {parent,               "epcis.parent_extra",         "of"   },
        {no_bts,               "epcis.bt_missing",           "t"    },
        {ilmd,                 "epcis.ilmd_extra",           "ats"  },
        {no_ilmd,              "",                           ""     },
        {transformation,       "epcis.transformation_extra", "oats" },
        {outputs,              "epcis.output_extra",         "oats" },
        {no_error,             "",                           ""     },
        {error_without_time,   "epcis.error_time_missing",   "oatfs"},
        {undone_and_corrected, "epcis.error_corrected",      "oatfs"},
        {undone,               "",                           ""     },
    };
    static const char letters[] = {[EPCIS_OBJECT] = 'o',
                                   [EPCIS_AGGREGATION] = 'a',
                                   [EPCIS_TRANSACTION] = 't',
                                   [EPCIS_TRANSFORMATION] = 'f',
                                   [EPCIS_ASSOCIATION] = 's'};

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++)
        for (int t = 0; t < EPCIS_TYPE_COUNT; t++) {
            struct epcis_event e = full((enum epcis_type)t);
            bool wrong = strchr(rows[i].types, letters[t]) != NULL;
            rows[i].change(&e);
            if (t == EPCIS_TRANSFORMATION && (e.epcs.n == 0 && e.quantities.n == 0)) continue;
            const char *code = code_of(&e);
            if (strcmp(code, wrong ? rows[i].code : "") != 0)
                print_message("row %zu type %c\n", i, letters[t]);
            assert_string_equal(code, wrong ? rows[i].code : "");
        }
}

static void what_an_action_asks_for_is_said_type_by_type(void **state)
{
    static const struct {
        enum epcis_type type;
        change *change;
        const char *code;
    } rows[] = {
        {EPCIS_OBJECT,         observe,             "epcis.ilmd_extra"    },
        {EPCIS_OBJECT,         delete,              "epcis.ilmd_extra"    },
        {EPCIS_OBJECT,         observe_bare,        ""                    },
        {EPCIS_OBJECT,         delete_bare,         ""                    },
        {EPCIS_AGGREGATION,    delete_all,          ""                    },
        {EPCIS_AGGREGATION,    observe_nothing,     "epcis.ids_missing"   },
        {EPCIS_AGGREGATION,    observe_no_parent,   ""                    },
        {EPCIS_AGGREGATION,    delete_no_parent,    "epcis.parent_missing"},
        {EPCIS_ASSOCIATION,    delete_all,          ""                    },
        {EPCIS_ASSOCIATION,    observe_nothing,     "epcis.ids_missing"   },
        {EPCIS_ASSOCIATION,    observe_no_parent,   "epcis.parent_missing"},
        {EPCIS_TRANSACTION,    no_ids_no_sensors,   ""                    },
        {EPCIS_TRANSFORMATION, no_transformation,   ""                    },
        {EPCIS_TRANSFORMATION, inputs_alone,        ""                    },
        {EPCIS_TRANSFORMATION, no_ids,              ""                    },
        {EPCIS_TRANSFORMATION, inputs_alone_no_id,  "epcis.ids_missing"   },
        {EPCIS_TRANSFORMATION, outputs_alone_no_id, "epcis.ids_missing"   },
        {EPCIS_TRANSFORMATION, nothing_but_id,      "epcis.ids_missing"   },
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct epcis_event e = full(rows[i].type);
        rows[i].change(&e);
        assert_string_equal(code_of(&e), rows[i].code);
    }
}

// ---- values

// EPCIS-TCR-4
static void what_names_an_object_is_told_from_what_names_a_class(void **state)
{
    static const struct {
        const char *id, *as_object, *as_class;
    } rows[] = {
        {PACK,                                         "",                "epcis.instance" },
        {CASE,                                         "",                "epcis.instance" },
        {"https://example.com/01/09521141123454/21/7", "",                "epcis.instance" },
        {"urn:epc:id:grai:9521141.12345.400",          "",                "epcis.instance" },
        {"urn:epcglobal:cbv:obj:9521141000010:7",      "",                ""               },
        {"http://example.com/obj/7",                   "",                ""               },
        {LOT,                                          "epcis.class",     ""               },
        {"urn:epc:idpat:sgtin:9521141.012345.*",       "epcis.class",     ""               },
        {"https://id.gs1.org/01/09521141123454",       "epcis.class",     ""               },
        {"https://id.gs1.org/01/09521141123454/10/L1", "epcis.class",     ""               },
        {"https://id.gs1.org/8003/09521141123454",     "epcis.class",     ""               },
        {"urn:epc:tag:sgtin-96:3.9521141.012345.1000", NULL,              NULL             },
        {"urn:epc:raw:96.x3000",                       NULL,              NULL             },
        {"urn:epc:id:sgtin:9521141.12345.1000",        "gs1.urn_form",    "gs1.urn_form"   },
        {"urn:epc:id:sgtin:9521141.012345.A/B",        "gs1.character",   "gs1.character"  },
        {"urn:epc:id:sscc:9521141.123456789",          "gs1.urn_form",    "gs1.urn_form"   },
        {"https://id.gs1.org/01/09521141123455/21/7",  "gs1.check_digit", "gs1.check_digit"},
        {"not-a-uri",                                  "epcis.uri",       "epcis.uri"      },
        {"(01)09521141123454(21)7",                    "epcis.uri",       "epcis.uri"      },
        {"09521141123454",                             "epcis.uri",       "epcis.uri"      },
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct epcis_event e = full(EPCIS_OBJECT);
        str id = str_of(rows[i].id);
        struct epcis_quantity q = {.epc_class = id};
        e.epcs = (struct epcis_ids){.at = &id, .n = 1};
        const char *code = code_of(&e);
        if (rows[i].as_object != NULL) assert_string_equal(code, rows[i].as_object);
        if (rows[i].as_object == NULL) assert_true(str_starts(str_of(code), S("gs1.")));
        e = full(EPCIS_OBJECT);
        e.quantities = (struct epcis_quantities){&q, 1};
        code = code_of(&e);
        if (rows[i].as_class != NULL) assert_string_equal(code, rows[i].as_class);
        if (rows[i].as_class == NULL) assert_true(str_starts(str_of(code), S("gs1.")));
    }
}

// EPCIS-QUANTITY
static void a_quantity_is_positive_and_without_a_unit_whole(void **state)
{
    static const struct {
        const char *quantity, *uom, *code;
    } rows[] = {
        {"",       "",     ""              },
        {"1",      "",     ""              },
        {"200",    "",     ""              },
        {"5.0",    "",     ""              },
        {"1E2",    "",     ""              },
        {"120e-1", "",     ""              },
        {"12.5",   "KGM",  ""              },
        {"0.001",  "GRM",  ""              },
        {"12.5",   "4K",   ""              },
        {"0",      "",     "epcis.quantity"},
        {"-1",     "",     "epcis.quantity"},
        {"12.5",   "",     "epcis.quantity"},
        {"12e-1",  "",     "epcis.quantity"},
        {"0.0",    "KGM",  "epcis.quantity"},
        {"-2.5",   "KGM",  "epcis.quantity"},
        {"",       "KGM",  "epcis.quantity"},
        {"ten",    "",     "epcis.number"  },
        {"1.2.3",  "KGM",  "epcis.number"  },
        {"INF",    "KGM",  "epcis.number"  },
        {"1",      "kgm",  "epcis.uom"     },
        {"1",      "K",    "epcis.uom"     },
        {"1",      "KILO", "epcis.uom"     },
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct epcis_event e = full(EPCIS_TRANSFORMATION);
        struct epcis_quantity q = {T(LOT), str_of(rows[i].quantity), str_of(rows[i].uom)};
        e.out_quantities = (struct epcis_quantities){&q, 1};
        assert_string_equal(code_of(&e), rows[i].code);
    }
    struct epcis_event e = full(EPCIS_OBJECT);
    struct epcis_quantity classless = {.quantity = T("1")};
    e.quantities = (struct epcis_quantities){&classless, 1};
    assert_string_equal(code_of(&e), "epcis.epc_class_missing");
}

// Sets one text of the event, whatever stands around it.
static void single_values_have_their_forms(void **state)
{
    static const struct {
        size_t at;
        const char *value, *code;
    } rows[] = {
#define AT(member) offsetof(struct epcis_event, member)
        {AT(id),              "event-1",                              "epcis.uri"      },
        {AT(id),              "urn:uuid:1",                           ""               },
        {AT(id),              "http://example.com/a b",               "epcis.uri"      },
        {AT(id),              "http://example.com/\xff",              "epcis.uri"      },
        {AT(id),              "http://example.com/\xc3\xa4",          ""               },
        {AT(id),              "1:2",                                  "epcis.uri"      },
        {AT(id),              "urn:",                                 "epcis.uri"      },
        {AT(step),            "polishing",                            "epcis.word"     },
        {AT(step),            "http://example.com/polishing",         ""               },
        {AT(step),            "urn:epcglobal:cbv:bizstep:polishing",  "epcis.word"     },
        {AT(step),            "http://example.com/p olishing",        "epcis.uri"      },
        {AT(disposition),     "polished",                             "epcis.word"     },
        {AT(disposition),     "active",                               ""               },
        {AT(read_point.id),   "warehouse",                            "epcis.uri"      },
        {AT(read_point.id),   "geo:50.9,6.9",                         ""               },
        {AT(biz_location.id), "urn:epc:id:sgln:9521141.1.0",          "gs1.urn_form"   },
        {AT(biz_location.id), "https://id.gs1.org/414/9521141000013", "gs1.check_digit"},
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct epcis_event e = full(EPCIS_OBJECT);
        *(str *)(void *)((char *)&e + rows[i].at) = str_of(rows[i].value);
        assert_string_equal(code_of(&e), rows[i].code);
    }
    struct epcis_event e = full(EPCIS_AGGREGATION);
    e.parent = (str)T(LOT);
    assert_string_equal(code_of(&e), "epcis.class");
    e = full(EPCIS_TRANSFORMATION);
    e.transformation = (str)T("mix 1");
    assert_string_equal(code_of(&e), "epcis.uri");
}

static void lists_of_words_and_uris_have_their_forms(void **state)
{
    static const str unknown[] = {T("polished")}, twice[] = {T("damaged"), T("damaged")};
    static const str plain[] = {T("certificate 1")}, empty[] = {T("")};
    struct epcis_event e = full(EPCIS_OBJECT);
    struct epcis_error error = declared;

    (void)state;
    e.set = STRS(unknown);
    assert_string_equal(code_of(&e), "epcis.word");
    e.set = STRS(empty);
    assert_string_equal(code_of(&e), "epcis.word");
    e.set = STRS(twice);
    assert_string_equal(code_of(&e), "epcis.twice");
    e = full(EPCIS_OBJECT);
    e.unset = STRS(twice);
    assert_string_equal(code_of(&e), "epcis.twice");
    e = full(EPCIS_OBJECT);
    e.certification = STRS(plain);
    assert_string_equal(code_of(&e), "epcis.uri");
    e = full(EPCIS_OBJECT);
    e.error = &error;
    error.corrective = STRS(plain);
    assert_string_equal(code_of(&e), "epcis.uri");
    error = declared;
    error.reason = (str)T("typo");
    assert_string_equal(code_of(&e), "epcis.word");
}

static void sources_need_a_type_and_papers_a_number(void **state)
{
    static const struct {
        struct epcis_pair pair;
        const char *as_paper, *as_end;
    } rows[] = {
        {{T("location"), T(PLACE)},           "epcis.word", ""                  },
        {{T("po"), T("urn:example:1")},       "",           "epcis.word"        },
        {{T(""), T("urn:example:1")},         "",           "epcis.type_missing"},
        {{T("http://e.com/t"), T("urn:x:1")}, "",           ""                  },
        {{T("http://e.com/t"), T("")},        "epcis.bt",   "epcis.id_missing"  },
        {{T("http://e.com/t"), T("4711")},    "epcis.uri",  "epcis.uri"         },
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct epcis_event e = full(EPCIS_OBJECT);
        e.bts = (struct epcis_pairs){&rows[i].pair, 1};
        assert_string_equal(code_of(&e), rows[i].as_paper);
        e = full(EPCIS_OBJECT);
        e.sources = (struct epcis_pairs){&rows[i].pair, 1};
        assert_string_equal(code_of(&e), rows[i].as_end);
        e = full(EPCIS_OBJECT);
        e.destinations = (struct epcis_pairs){&rows[i].pair, 1};
        assert_string_equal(code_of(&e), rows[i].as_end);
    }
}

static void a_lenient_event_may_say_what_partners_say(void **state)
{
    static const struct epcis_pair paper = {T("urn:epcglobal:cbv:btt:sap_shp"), T("0080001234")};
    static const str epcs[] = {T("(01)09506000134352(21)1")}, broken[] = {T("(01)095(21)1")};
    struct epcis_quantity nothing = {T(LOT), T("0"), T("")}, less = {T(LOT), T("-1"), T("")};
    struct epcis_event e = full(EPCIS_OBJECT);

    (void)state;
    e.bts = (struct epcis_pairs){&paper, 1};
    e.step = (str)T("urn:epcglobal:cbv:bizstep:decomissioning");
    e.quantities = (struct epcis_quantities){&nothing, 1};
    e.epcs = (struct epcis_ids){.at = epcs, .n = 1};
    assert_string_not_equal(code_of(&e), "");
    e.lenient = true;
    assert_string_equal(code_of(&e), "");
    e.step = (str)T("decomissioning");
    assert_string_equal(code_of(&e), "epcis.word");
    e.step = (str)T("packing");
    e.quantities.at = &less;
    assert_string_equal(code_of(&e), "epcis.quantity");
    e.quantities.at = &nothing;
    e.epcs.at = broken;
    assert_true(code_of(&e)[0] != 0);
}

static const char *sensor_code(enum epcis_sensor_field f, const char *value, bool in_metadata)
{
    struct epcis_event e = full(EPCIS_OBJECT);
    struct epcis_sensor_part m = metadata, r = reports[0];
    struct epcis_sensor s = {.metadata = &m, .reports = &r, .report_count = 1};

    (in_metadata ? &m : &r)->at[f] = str_of(value);
    e.sensors = (struct epcis_sensors){&s, 1};
    return code_of(&e);
}

static void sensor_values_have_their_forms(void **state)
{
    static const struct {
        enum epcis_sensor_field field;
        bool in_metadata;
        const char *value, *code;
    } rows[] = {
        {EPCIS_SENSOR_TYPE,             false, "Warmth",               "epcis.word"               },
        {EPCIS_SENSOR_TYPE,             false, "http://example.com/w", ""                         },
        {EPCIS_SENSOR_TYPE,             false, "",                     "epcis.sensor_type_missing"},
        {EPCIS_SENSOR_TYPE,             true,  "Temperature",          "epcis.sensor_field"       },
        {EPCIS_SENSOR_EXCEPTION,        false, "ALARM",                "epcis.word"               },
        {EPCIS_SENSOR_COMPONENT,        false, "w",                    "epcis.word"               },
        {EPCIS_SENSOR_TIME,             true,  "2026-05-01T11:00:00Z", ""                         },
        {EPCIS_SENSOR_TIME,             true,  "2026-05-01T11:00:01Z", "epcis.sensor_time"        },
        {EPCIS_SENSOR_TIME,             true,  "2026-05-01T11:00:00",  "time.zone"                },
        {EPCIS_SENSOR_TIME,             true,  "2026-02-30T11:00:00Z", "time.range"               },
        {EPCIS_SENSOR_TIME,             false, "2026-05-01T10:00:00Z", "epcis.sensor_twice"       },
        {EPCIS_SENSOR_DEVICE_ID,        false, "urn:x:1",              "epcis.sensor_twice"       },
        {EPCIS_SENSOR_DEVICE_METADATA,  false, "urn:x:1",              ""                         },
        {EPCIS_SENSOR_DEVICE_METADATA,  false, "device 1",             "epcis.uri"                },
        {EPCIS_SENSOR_START_TIME,       false, "2026-05-01T10:00:00Z", "epcis.sensor_field"       },
        {EPCIS_SENSOR_START_TIME,       true,  "2026-05-01T10:00:00Z", ""                         },
        {EPCIS_SENSOR_END_TIME,         true,  "yesterday",            "time.form"                },
        {EPCIS_SENSOR_VALUE,            false, "warm",                 "epcis.number"             },
        {EPCIS_SENSOR_VALUE,            false, "-12.5e+2",             ""                         },
        {EPCIS_SENSOR_VALUE,            false, "NaN",                  "epcis.number"             },
        {EPCIS_SENSOR_BOOLEAN_VALUE,    false, "yes",                  "epcis.boolean"            },
        {EPCIS_SENSOR_BOOLEAN_VALUE,    false, "1",                    ""                         },
        {EPCIS_SENSOR_HEX_BINARY_VALUE, false, "xyz",                  "epcis.hex"                },
        {EPCIS_SENSOR_HEX_BINARY_VALUE, false, "ABC",                  "epcis.hex"                },
        {EPCIS_SENSOR_HEX_BINARY_VALUE, false, "f0",                   ""                         },
        {EPCIS_SENSOR_URI_VALUE,        false, "uri",                  "epcis.uri"                },
        {EPCIS_SENSOR_STRING_VALUE,     false, "any text",             ""                         },
        {EPCIS_SENSOR_BIZ_RULES,        true,  "rules",                "epcis.uri"                },
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++)
        assert_string_equal(sensor_code(rows[i].field, rows[i].value, rows[i].in_metadata),
                            rows[i].code);
}

// EPCIS-TCR-53
static void five_fields_never_stand_in_metadata_and_report_both(void **state)
{
    static const enum epcis_sensor_field once[] = {
        EPCIS_SENSOR_TIME, EPCIS_SENSOR_DEVICE_ID, EPCIS_SENSOR_DEVICE_METADATA,
        EPCIS_SENSOR_RAW_DATA, EPCIS_SENSOR_DATA_PROCESSING_METHOD};

    (void)state;
    for (size_t i = 0; i < LEN(once); i++) {
        struct epcis_event e = full(EPCIS_OBJECT);
        struct epcis_sensor_part m = {0}, r = {.at = {[EPCIS_SENSOR_TYPE] = T("Count")}};
        struct epcis_sensor s = {.metadata = &m, .reports = &r, .report_count = 1};
        str value = once[i] == EPCIS_SENSOR_TIME ? S("2026-05-01T10:00:00Z") : S("urn:x:1");
        e.sensors = (struct epcis_sensors){&s, 1};
        m.at[once[i]] = value;
        assert_string_equal(code_of(&e), "");
        r.at[once[i]] = value;
        assert_string_equal(code_of(&e), "epcis.sensor_twice");
        m.at[once[i]].n = 0;
        assert_string_equal(code_of(&e), "");
    }
}

static void a_sensor_element_reports_something(void **state)
{
    struct epcis_event e = full(EPCIS_OBJECT);
    struct epcis_sensor s = {.metadata = &metadata};

    (void)state;
    e.sensors = (struct epcis_sensors){&s, 1};
    assert_string_equal(code_of(&e), "epcis.sensor_report_missing");
}

static void extensions_have_names_and_end_somewhere(void **state)
{
    static const struct epcis_ns ns = {T("e"), T("http://example.com/")}, nowhere = {T("e"), T("")};
    struct epcis_node chain[EPCIS_NODE_DEPTH_MAX + 1];
    struct epcis_event e = full(EPCIS_OBJECT);
    struct epcis_node *const *const places[] = {&e.ext, &e.ilmd, &e.read_point.ext,
                                                &e.biz_location.ext};

    (void)state;
    for (size_t i = 0; i < LEN(chain); i++)
        chain[i] = (struct epcis_node){.ns = &ns,
                                       .name = T("n"),
                                       .kind = NODE_PARENT,
                                       .child = i + 1 < LEN(chain) ? &chain[i + 1] : NULL};
    for (size_t i = 0; i < LEN(places); i++) {
        e = full(EPCIS_OBJECT);
        *(struct epcis_node **)(void *)places[i] = &chain[1];
        assert_string_equal(code_of(&e), "");
        *(struct epcis_node **)(void *)places[i] = &chain[0];
        assert_string_equal(code_of(&e), "epcis.field");
        e = full(EPCIS_OBJECT);
    }
    e.ext = &chain[1];
    chain[1].name = (str)T("two words");
    assert_string_equal(code_of(&e), "epcis.field");
    chain[1].name = (str)T("");
    assert_string_equal(code_of(&e), "epcis.field");
    chain[1].name = (str)T("n");
    chain[1].ns = &nowhere;
    assert_string_equal(code_of(&e), "epcis.field");
    e = full(EPCIS_OBJECT);
    chain[1].ns = &ns;
    e.read_point = (struct epcis_place){.ext = &chain[1]};
    assert_string_equal(code_of(&e), "epcis.id_missing");
}

static void the_sentence_names_field_and_place(void **state)
{
    struct epcis_event e = full(EPCIS_OBJECT);
    const str ids[] = {T(PACK), T(LOT)};

    (void)state;
    e.epcs = (struct epcis_ids){.at = ids, .n = 2};
    assert_non_null(strstr(epcis_event_check(&e).text, "epcList[1]: "));
    assert_string_equal(sensor_code(EPCIS_SENSOR_VALUE, "warm", false), "epcis.number");
    e = full(EPCIS_AGGREGATION);
    e.parent.n = 0;
    assert_non_null(strstr(epcis_event_check(&e).text, "parentID"));
}

static void numbers_are_read_and_written_in_their_shortest_form(void **state)
{
    static const struct {
        const char *in, *out; // NULL: no number
    } rows[] = {
        {"0",                  "0"                     },
        {"-0.00",              "0"                     },
        {"00123",              "123"                   },
        {"+5",                 "5"                     },
        {"1.0",                "1"                     },
        {"12.50",              "12.5"                  },
        {"-12.50",             "-12.5"                 },
        {".5",                 "0.5"                   },
        {"5.",                 "5"                     },
        {"0.05",               "0.05"                  },
        {"1e3",                "1000"                  },
        {"12E5",               "1200000"               },
        {"1.25e1",             "12.5"                  },
        {"1.25e-2",            "0.0125"                },
        {"100e-2",             "1"                     },
        {"0.0100e4",           "100"                   },
        {"9007199254740993",   "9007199254740993"      },
        {"106141412345678908", "106141412345678908"    },
        {"1e21",               "1000000000000000000000"},
        {"",                   NULL                    },
        {".",                  NULL                    },
        {"-",                  NULL                    },
        {"e5",                 NULL                    },
        {"1e",                 NULL                    },
        {"1e+",                NULL                    },
        {"1x",                 NULL                    },
        {"1.2.3",              NULL                    },
        {"--1",                NULL                    },
        {"0x10",               NULL                    },
    };
    struct epcis_number n;
    struct buf out;

    (void)state;
    buf_init(&out, 4 * KB);
    for (size_t i = 0; i < LEN(rows); i++) {
        buf_reset(&out);
        assert_int_equal(epcis_number_read(str_of(rows[i].in), &n), rows[i].out != NULL);
        if (rows[i].out == NULL) continue;
        assert_true(epcis_number_write(&n, &out));
        assert_true(str_eq(buf_str(&out), str_of(rows[i].out)));
    }
    buf_reset(&out);
    assert_true(epcis_number_read(S("1e999999999999999999999"), &n));
    assert_false(epcis_number_write(&n, &out));
    assert_true(epcis_number_read(S("1e-401"), &n));
    assert_false(epcis_number_write(&n, &out));
    assert_int_equal(out.n, 0);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_with_everything_is_accepted),
        cmocka_unit_test(what_an_event_must_and_must_not_have_is_said_type_by_type),
        cmocka_unit_test(what_an_action_asks_for_is_said_type_by_type),
        cmocka_unit_test(what_names_an_object_is_told_from_what_names_a_class),
        cmocka_unit_test(a_quantity_is_positive_and_without_a_unit_whole),
        cmocka_unit_test(single_values_have_their_forms),
        cmocka_unit_test(lists_of_words_and_uris_have_their_forms),
        cmocka_unit_test(sources_need_a_type_and_papers_a_number),
        cmocka_unit_test(a_lenient_event_may_say_what_partners_say),
        cmocka_unit_test(sensor_values_have_their_forms),
        cmocka_unit_test(five_fields_never_stand_in_metadata_and_report_both),
        cmocka_unit_test(a_sensor_element_reports_something),
        cmocka_unit_test(extensions_have_names_and_end_somewhere),
        cmocka_unit_test(the_sentence_names_field_and_place),
        cmocka_unit_test(numbers_are_read_and_written_in_their_shortest_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
