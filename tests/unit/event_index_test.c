// What events are found by: one value for every spelling, and patterns that miss nothing.
#include "service/event/index.h"
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

static struct arena arena;

static int begin(void **state)
{
    (void)state;
    arena_init(&arena, 4 * MB);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static str value_of(enum list_attribute of, const char *type, const char *text)
{
    str v = {0};
    status st = index_value(of, str_of(type), str_of(text), &arena, &v);

    if (st.cls != ST_OK) print_error("%s: %s\n", text, st.reason);
    assert_int_equal(st.cls, ST_OK);
    assert_true(v.n <= INDEX_VALUE_MAX);
    return v;
}

static void every_spelling_of_a_thing_is_one_value(void **state)
{
    static const struct {
        enum list_attribute of;
        const char *type, *a, *b;
    } rows[] = {
        {LIST_READ_POINT,      "",             "urn:epc:id:sgln:0614141.12345.0",
         "https://id.gs1.org/414/0614141123452"                                                                      },
        {LIST_BIZ_LOCATION,    "",             "urn:epc:id:sgln:0614141.12345.400",
         "http://example.org/414/0614141123452/254/400"                                                              },
        {LIST_BIZ_TRANSACTION, "po",           "urn:epc:id:gdti:0614141.00001.1618034",
         "https://id.gs1.org/253/06141410000121618034"                                                               },
        {LIST_SOURCE,          "owning_party", "urn:epc:id:pgln:0614141.12345",
         "https://id.gs1.org/417/0614141123452"                                                                      },
        {LIST_EPC_CLASS,       "",             "urn:epc:class:lgtin:0614141.812345.L1",
         "https://id.gs1.org/01/80614141123458/10/L1"                                                                },
        {LIST_ITEM_CLASS,      "",             "urn:epc:id:sgtin:0614141.812345.400",   "(01)80614141123458(21)other"},
        {LIST_ITEM_CLASS,      "",             "urn:epc:id:sscc:0614141.1234567890",
         "https://id.gs1.org/00/206141410000000016"                                                                  },
        {LIST_TRANSFORMATION,  "",             "urn:epc:id:gdti:0614141.00001.7",
         "https://id.gs1.org/253/06141410000127"                                                                     },
        {LIST_HOUR,            "",             "2026-03-04T06:59:59.999+01:00",         "2026-03-04T05:00:00Z"       },
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++)
        assert_true(str_eq(value_of(rows[i].of, rows[i].type, rows[i].a),
                           value_of(rows[i].of, rows[i].type, rows[i].b)));
}

static void what_is_no_identifier_stands_for_itself(void **state)
{
    (void)state;
    assert_true(str_eq(value_of(LIST_READ_POINT, "", "line 4"), S("line 4")));
    assert_true(str_eq(value_of(LIST_BIZ_TRANSACTION, "po", "x y"), S("po\0x y")));
    assert_true(str_eq(value_of(LIST_STEP, "", "shipping"), S("shipping")));
    assert_true(str_eq(value_of(LIST_ITEM_CLASS, "", "https://example.com/item/7"),
                       S("https://example.com/item/")));
    assert_true(str_eq(value_of(LIST_ERROR, "", ""), (str){0}));
    assert_true(str_eq(value_of(LIST_TYPE, "", "AssociationEvent"), S("\4")));
}

static void other_things_have_other_values(void **state)
{
    static const struct {
        enum list_attribute of;
        const char *type, *a, *type_b, *b;
    } rows[] = {
        {LIST_BIZ_TRANSACTION, "po", "urn:x:1",                 "inv", "urn:x:1"                },
        {LIST_BIZ_TRANSACTION, "",   "urn:x:1",                 "po",  "urn:x:1"                },
        {LIST_ITEM_CLASS,      "",   "(01)80614141123458(21)1", "",    "(01)00614141123452(21)1"},
        {LIST_ITEM_CLASS,      "",   "(00)106141412345678908",  "",    "(00)195212340000000002" },
        {LIST_HOUR,            "",   "2026-03-04T05:00:00Z",    "",    "2026-03-04T06:00:00Z"   },
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++)
        assert_false(str_eq(value_of(rows[i].of, rows[i].type, rows[i].a),
                            value_of(rows[i].of, rows[i].type_b, rows[i].b)));
}

static void long_values_are_digests_and_classes_keep_their_beginning(void **state)
{
    char text[200];
    str a, b;

    (void)state;
    memset(text, 'x', sizeof text - 1);
    memcpy(text, "https://example.com/", 20);
    text[sizeof text - 1] = '\0';
    a = value_of(LIST_READ_POINT, "", text);
    assert_int_equal(a.n, 16);
    text[sizeof text - 2] = 'y';
    b = value_of(LIST_READ_POINT, "", text);
    assert_false(str_eq(a, b));
    a = value_of(LIST_EPC_CLASS, "", text);
    assert_int_equal(a.n, 64);
    assert_memory_equal(a.p, text, INDEX_BEGIN_MAX);
}

// ---- patterns

static const char *const objects[] = {
    "urn:epc:id:sgtin:0614141.812345.400",
    "https://id.gs1.org/01/80614141123458/21/400",
    "https://id.gs1.org/01/90614141123455/21/400",
    "urn:epc:id:sgtin:0614142.812345.400",
    "urn:epc:id:upui:0614141.812345.400",
    "urn:epc:idpat:sgtin:0614141.812345.*",
    "urn:epc:id:itip:0614141.812345.01.02.9",
    "urn:epc:id:sscc:0614141.1234567890",
    "https://id.gs1.org/00/206141410000000016",
    "urn:epc:id:sgln:0614141.12345.0",
    "urn:epc:id:sgln:0614141.12345.7",
    "urn:epc:id:grai:0614141.12345.400",
    "urn:epc:idpat:grai:0614141.12345.*",
    "urn:epc:id:giai:0614141.12345400",
    "urn:epc:id:gsrn:0614141.1234567890",
    "urn:epc:id:gdti:0614141.12345.400",
    "urn:epc:id:cpi:0614141.123ABC.123456789",
    "urn:epc:id:gid:95100000.12345.400",
    "urn:epc:id:gid:95100000.12346.400",
    "urn:epc:id:usdod:2S194.12345678901",
    "urn:epc:id:adi:W81X9C.3KL984PX1.2WMA52",
    "urn:epc:id:bic:CSQU3054383",
    "https://example.com/item/7",
};
static const char *const patterns[] = {
    "urn:epc:idpat:sgtin:*.*.*",
    "urn:epc:idpat:sgtin:0614141.*.*",
    "urn:epc:idpat:sgtin:0614141.812345.*",
    "urn:epc:id:sgtin:0614141.812345.400",
    "urn:epc:idpat:upui:0614141.*.*",
    "urn:epc:idpat:itip:0614141.*.*.*.*",
    "urn:epc:idpat:itip:0614141.812345.*.*.*",
    "urn:epc:idpat:itip:0614141.812345.01.02.*",
    "urn:epc:idpat:sscc:0614141.*",
    "urn:epc:idpat:sscc:*.*",
    "urn:epc:idpat:sgln:0614141.*.*",
    "urn:epc:idpat:sgln:0614141.12345.*",
    "urn:epc:idpat:grai:0614141.12345.*",
    "urn:epc:idpat:grai:0614141.*.*",
    "urn:epc:idpat:giai:0614141.*",
    "urn:epc:idpat:gsrn:0614141.*",
    "urn:epc:idpat:gdti:0614141.12345.*",
    "urn:epc:idpat:cpi:0614141.*.*",
    "urn:epc:idpat:cpi:0614141.123ABC.*",
    "urn:epc:idpat:gid:95100000.*.*",
    "urn:epc:idpat:gid:95100000.12345.*",
    "urn:epc:idpat:usdod:2S194.*",
    "urn:epc:idpat:adi:W81X9C.*.*",
    "https://example.com/item/7",
};

static bool is_among(const struct index_begins *b, str value)
{
    for (unsigned i = 0; i < b->n; i++)
        if (b->whole ? str_eq(value, b->at[i]) : str_starts(value, b->at[i])) return true;
    return false;
}

static void what_a_pattern_finds_begins_as_it_says(void **state)
{
    unsigned matched = 0, spared = 0;

    (void)state;
    for (size_t p = 0; p < LEN(patterns); p++) {
        struct gs1_pattern pattern;
        struct index_begins begins = {.n = 0};
        unsigned found = 0;
        assert_int_equal(gs1_pattern_read(str_of(patterns[p]), &arena, &pattern).cls, ST_OK);
        assert_int_equal(index_pattern(LIST_ITEM_CLASS, &pattern, &arena, &begins).cls, ST_OK);
        assert_int_equal(begins.n, 1); // one walk
        for (size_t i = 0; i < LEN(objects); i++) {
            struct gs1_id id;
            assert_int_equal(gs1_read(str_of(objects[i]), &arena, &id).cls, ST_OK);
            bool there = is_among(&begins, value_of(LIST_ITEM_CLASS, "", objects[i]));
            if (gs1_pattern_matches(&pattern, &id) && !there)
                fail_msg("%s is not found by %s", objects[i], patterns[p]);
            found += gs1_pattern_matches(&pattern, &id);
            spared += !there;
        }
        if (found == 0) fail_msg("%s finds nothing", patterns[p]);
        matched += found;
    }
    assert_true(matched > LEN(patterns));
    assert_true(spared > LEN(patterns) * LEN(objects) * 3 / 4);
}

static void a_pattern_of_classes_begins_like_canonical_texts(void **state)
{
    static const char *const classes[] = {"urn:epc:class:lgtin:0614141.812345.L1",
                                          "urn:epc:idpat:sgtin:0614141.812345.*",
                                          "urn:epc:idpat:grai:0614141.12345.*"};
    static const char *const asked[] = {"urn:epc:class:lgtin:0614141.812345.L1",
                                        "urn:epc:idpat:sgtin:0614141.*.*",
                                        "urn:epc:idpat:grai:0614141.*.*"};

    (void)state;
    for (size_t i = 0; i < LEN(classes); i++) {
        struct gs1_pattern pattern;
        struct index_begins begins = {.n = 0};
        assert_int_equal(gs1_pattern_read(str_of(asked[i]), &arena, &pattern).cls, ST_OK);
        assert_int_equal(index_pattern(LIST_EPC_CLASS, &pattern, &arena, &begins).cls, ST_OK);
        assert_true(is_among(&begins, value_of(LIST_EPC_CLASS, "", classes[i])));
        assert_int_equal(begins.whole, i == 0);
    }
}

// ---- events

static const struct index_entry *find(const struct index_entries *all, enum list_attribute of)
{
    for (uint32_t i = 0; i < all->n; i++)
        if (all->at[i].of == of) return &all->at[i];
    return NULL;
}

static void an_event_has_every_value_once(void **state)
{
    const str epcs[] = {
        S("urn:epc:id:sgtin:0614141.812345.400"), S("https://id.gs1.org/01/80614141123458/21/401"),
        S("urn:epc:id:sgtin:0614141.012345.1"), S("urn:epc:id:sgtin:0614141.812345.402")};
    const struct epcis_pair bts[] = {
        {S("po"), S("urn:epcglobal:cbv:bt:5200001000008:1")},
        {S("po"), S("urn:epcglobal:cbv:bt:5200001000008:1")}
    };
    const struct epcis_error error = {.reason = S("did_not_occur")};
    struct epcis_event e = {
        .type = EPCIS_AGGREGATION,
        .action = EPCIS_ADD,
        .id = S("urn:uuid:1"),
        .time.at.at.ms = INT64_C(1764000000000),
        .step = S("packing"),
        .parent = S("urn:epc:id:sscc:0614141.1234567890"),
        .epcs = {.n = LEN(epcs), .at = epcs},
        .bts = {bts,            LEN(bts)  },
        .error = &error
    };
    struct index_entries all;

    (void)state;
    assert_int_equal(index_of(&e, &arena, &all).cls, ST_OK);
    assert_int_equal(all.n, 9); // hour, type, step, bt, 3 classes, event id, error
    for (uint32_t i = 1; i < all.n; i++)
        assert_true(all.at[i - 1].of < all.at[i].of ||
                    (all.at[i - 1].of == all.at[i].of &&
                     str_cmp(all.at[i - 1].value, all.at[i].value) < 0));
    assert_true(
        str_eq(find(&all, LIST_HOUR)->value, value_of(LIST_HOUR, "", "2025-11-24T16:00:00Z")));
    assert_true(str_eq(find(&all, LIST_TYPE)->value, value_of(LIST_TYPE, "", "AggregationEvent")));
    assert_true(
        str_eq(find(&all, LIST_BIZ_TRANSACTION)->value,
               value_of(LIST_BIZ_TRANSACTION, "po", "urn:epcglobal:cbv:bt:5200001000008:1")));
    assert_non_null(find(&all, LIST_ERROR));
    assert_null(find(&all, LIST_DISPOSITION));
}

static void no_room_is_said(void **state)
{
    str epcs[1] = {S("urn:epc:id:sgtin:0614141.812345.400")};
    struct epcis_event e = {
        .epcs = {.n = 1, .at = epcs}
    };
    struct index_entries all;
    struct arena small;

    (void)state;
    arena_init(&small, 64);
    assert_string_equal(index_of(&e, &small, &all).reason, "index.memory");
    arena_fini(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_spelling_of_a_thing_is_one_value),
        cmocka_unit_test(what_is_no_identifier_stands_for_itself),
        cmocka_unit_test(other_things_have_other_values),
        cmocka_unit_test(long_values_are_digests_and_classes_keep_their_beginning),
        cmocka_unit_test(what_a_pattern_finds_begins_as_it_says),
        cmocka_unit_test(a_pattern_of_classes_begins_like_canonical_texts),
        cmocka_unit_test(an_event_has_every_value_once),
        cmocka_unit_test(no_room_is_said),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
