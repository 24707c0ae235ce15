// Messages of trading partners, read and written.
#include "service/inbox/pdg.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HEAD                                                                                       \
    "\"message_uuid\":\"m\",\"exception_case_uuid\":\"c\",\"timestamp\":1,\"po_number\":\"p\","    \
    "\"sender_information\":{\"email\":\"e\"}"
#define REPORT(exceptions) "{" HEAD ",\"case_resolved\":false,\"exceptions\":" exceptions "}"
#define ITEM               "\"exception_item_uuid\":\"i\""
#define OVERAGE                                                                                    \
    ITEM ",\"gtin\":\"g\",\"quantity_ordered\":10,\"quantity_received\":11,"                       \
         "\"resolution_request\":\"Debit account\""

static status read_one(struct arena *a, const char *json, struct pdg_message *m)
{
    arena_init(a, 8 * MB);
    return pdg_read(str_of(json), a, m);
}

static void what_is_required_may_not_be_left_out_and_what_is_null_is_absent(void **state)
{
    static const struct {
        const char *json, *code, *names;
    } rows[] = {
        {REPORT("{}"),                                                                   NULL,                 ""                   },
        {REPORT("null"),                                                                 NULL,                 ""                   },
        {REPORT("{\"overages\":[{" OVERAGE "}]}"),                                       NULL,                 ""                   },
        {REPORT("{\"overages\":null,\"master_data_errors\":null}"),                      NULL,                 ""                   },
        {REPORT("{\"overages\":[{" OVERAGE ",\"ours\":{\"a\":[1]}}]}"),                  NULL,                 ""                   },
        {"{" HEAD ",\"response_items\":[],\"additional_notes\":null}",                   NULL,                 ""                   },
        {"{" HEAD "}",                                                                   "pdg.none",           ""                   },
        {"{" HEAD ",\"case_resolved\":true,\"response_items\":[]}",                      "pdg.none",           ""                   },
        {"{" HEAD ",\"exceptions\":{}}",                                                 "field.required",     "case_resolved"      },
        {"{\"case_resolved\":true}",                                                     "field.required",     "message_uuid"       },
        {REPORT("{\"overages\":[{" ITEM "}]}"),                                          "field.required",     "gtin"               },
        {REPORT("{\"overages\":[{" OVERAGE "," ITEM "}]}"),                              "json.twice",         "exception_item_uuid"},
        {REPORT("{\"overages\":[],\"overages\":[]}"),                                    "json.twice",         "overages"           },
        {REPORT("{\"overages\":{}}"),                                                    "json.type",          ""                   },
        {REPORT("{\"gln_errors\":[1]}"),                                                 "json.unknown_field", "gln_errors"         },
        {REPORT("{\"shortages\":null}"),                                                 "json.unknown_field", "shortages"          },
        {"{" HEAD ",\"case_resolved\":true,\"additional_notes\":\"seen\"}",              NULL,                 ""                   },
        {"{\"case_resolved\":true,\"timestamp\":-1}",                                    "json.range",         "timestamp"          },
        {REPORT("{\"master_data_errors\":{\"gln_errors\":[{" ITEM "}]}}"),               "field.required",
         "invalid_gln"                                                                                                              },
        {"{" HEAD ",\"response_items\":[{" ITEM ",\"resolution_response\":\"Maybe\"}]}",
         "field.word",                                                                                         "resolution_response"},
        {"[]",                                                                           "json.type",          ""                   },
        {"{",                                                                            "json.syntax",        ""                   },
    };
    struct pdg_message m;
    struct arena a;

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        status st = read_one(&a, rows[i].json, &m);
        if ((rows[i].code == NULL) != (st.cls == ST_OK) ||
            (rows[i].code != NULL && strcmp(rows[i].code, st.reason) != 0))
            fail_msg("%s: %s %s", rows[i].json, st.cls == ST_OK ? "OK" : st.reason, st.text);
        if (st.cls != ST_OK) assert_non_null(strstr(st.text, rows[i].names));
        arena_fini(&a);
    }
}

static void every_field_is_read_where_it_belongs(void **state)
{
    struct pdg_message m;
    struct arena a;

    (void)state;
    status st =
        read_one(&a,
                 "{" HEAD ",\"response_items\":[{" ITEM ",\"resolution_response\":\"Reject\","
                 "\"alternative_resolution\":{\"alternative_resolution\":\"Send product\","
                 "\"follow_up\":null}}]}",
                 &m);
    assert_int_equal(st.cls, ST_OK);
    assert_true(m.type == PDG_RESPONSE && m.n == 1 && str_eq(m.email, S("e")));
    assert_true(str_eq(m.items[0].alternative, S("Send product")) && m.items[0].follow_up.n == 0);
    arena_fini(&a);
    st = read_one(&a, REPORT("{\"overages\":[{" OVERAGE "}],\"underages\":[{" OVERAGE "}]}"), &m);
    assert_int_equal(st.cls, ST_OK);
    assert_true(m.n == 2 && m.items[0].group == PDG_OVERAGE && m.items[1].group == PDG_UNDERAGE);
    assert_true(m.items[1].ordered == 10 && m.items[1].received == 11 && !m.resolved);
    arena_fini(&a);
}

static void a_message_has_its_ceiling(void **state)
{
    struct pdg_message m;
    struct arena a;
    struct buf b;

    (void)state;
    buf_init(&b, 1 * MB);
    buf_add(&b, S("{" HEAD ",\"case_resolved\":false,\"other_errors\":["));
    for (unsigned i = 0; i <= PDG_ITEMS_MAX; i++) buf_addf(&b, "%s\"x\"", i > 0 ? "," : "");
    buf_add(&b, S("]}"));
    arena_init(&a, 8 * MB);
    assert_string_equal(pdg_read(buf_str(&b), &a, &m).reason, "pdg.too_many");
    arena_fini(&a);
    buf_fini(&b);
}

static void what_is_written_is_read_as_the_same(void **state)
{
    struct pdg_item items[PDG_ANSWER];
    struct pdg_message m = {
        .id = S("m"), .case_id = S("c"), .email = S("e"), .items = items, .n = LEN(items)};
    struct pdg_message again;
    struct arena a;
    struct buf b;

    (void)state;
    for (unsigned g = 0; g < LEN(items); g++)
        items[g] = (struct pdg_item){.group = (enum pdg_group)g,
                                     .id = S("i"),
                                     .source = S("Other"),
                                     .resolution = S("Return product"),
                                     .ordered = 5};
    buf_init(&b, 64 * KB);
    arena_init(&a, 8 * MB);
    struct json_w w = json_writer(&b);
    pdg_write(&m, &w);
    assert_int_equal(pdg_read(buf_str(&b), &a, &again).cls, ST_OK);
    assert_int_equal(again.n, LEN(items));
    for (unsigned g = 0; g < LEN(items); g++) {
        assert_int_equal(again.items[g].group, g);
        assert_true(str_eq(again.items[g].resolution, S("Return product")));
    }
    arena_fini(&a);
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_required_may_not_be_left_out_and_what_is_null_is_absent),
        cmocka_unit_test(every_field_is_read_where_it_belongs),
        cmocka_unit_test(a_message_has_its_ceiling),
        cmocka_unit_test(what_is_written_is_read_as_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
