// Rework: units moved from one container to another, units that get a new number, and numbers
// named by their request. After every test all units are counted again and the journal is replayed.
#include "line_site.h"
#include "service/client/client.h"
#include "service/event/report_int.h"
#include "service/tree/tree_db.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct fixture_answer get(struct fixture *f, const char *path)
{
    struct fixture_answer a = fixture_call(f, fmt(f, "GET %s", path), "", "");

    if (a.code != 200) fail_msg("%s: %d %.*s", path, a.code, STR(a.body));
    return a;
}

static void shows(struct fixture *f, const char *path, const char *part)
{
    struct fixture_answer a = get(f, path);

    if (!holds(a.body, part)) fail_msg("%s: %.*s (wanted %s)", path, STR(a.body), part);
}

static uint16_t kind_of(struct fixture *f, uint64_t seq)
{
    struct txn *t = fixture_read(f);
    struct fact x;

    assert_int_equal(journal_get_header(t, seq, &x).cls, ST_OK);
    fixture_read_end(t);
    return x.kind;
}

// Cases of drops with so many packs each, begun by their packing.
struct cases {
    struct numbers packs, ssccs;
    const char *name[2], *pack[6];
};

static struct cases fill(struct fixture *f, uint32_t first, uint32_t second)
{
    struct cases c = {.packs = line_site_serials(f, DROPS, "D1", 6),
                      .ssccs = line_site_ssccs(f, "acme", 2)};

    accepted(f, say_commission(f, "D1", DROPS, PART(c.packs, 0, 5)));
    for (unsigned i = 0; i < 2; i++) c.name[i] = text(f, c.ssccs.texts[i]);
    for (unsigned i = 0; i < 6; i++) c.pack[i] = sgtin(f, DROPS, c.packs.texts[i]);
    accepted(f, say_pack(f, c.name[0], PART(c.packs, 0, first), PACKS(DROPS, BEGIN)));
    if (second > 0)
        accepted(f, say_pack(f, c.name[1], PART(c.packs, first, second), PACKS(DROPS, BEGIN)));
    return c;
}

static uint64_t parent_of(struct fixture *f, const char *unit)
{
    return line_site_row(f, unit).parent.v;
}

static const char *relabel(struct fixture *f, const char *from, const char *to)
{
    return fmt(f, "{\"type\":\"relabel\",\"from\":\"%s\",\"to\":\"%s\",\"reason\":\"smeared\"}",
               from, to);
}

// ---- moving

static void children_move_from_where_they_lie(void **state)
{
    struct fixture *f = *state;
    struct cases c = fill(f, 4, 0);
    const char *move =
        fmt(f,
            "{\"type\":\"move\",\"parent\":\"%s\",\"reason\":\"rework\",\"id\":\"m-1\","
            "\"children\":[\"%s\",\"%s\"]}",
            c.name[1], c.pack[3], c.pack[4]);

    accepted(f, say_begin(f, "D1", DROPS, PART(c.ssccs, 1, 1)));
    uint64_t seq = accepted(f, move);
    assert_int_equal(kind_of(f, seq - 1), FACT_UNITS_UNPACKED);
    assert_int_equal(kind_of(f, seq), FACT_UNITS_PACKED);
    assert_int_equal(parent_of(f, c.pack[3]), line_site_unit(f, c.name[1]).v);
    assert_int_equal(parent_of(f, c.pack[4]), line_site_unit(f, c.name[1]).v); // it lay in none
    assert_int_equal(line_site_row(f, c.name[0]).state, UNIT_OPEN);
    assert_int_equal(accepted(f, move), seq); // by its id: a repeat
    shows(f, fmt(f, "/v1/units/%s/history", c.pack[3]), "\"reason\":\"rework\"");
    refused(f, "{\"type\":\"move\",\"parent\":\"1\",\"children\":[\"2\"]}", "field.required", 0);
    refused(f,
            fmt(f,
                "{\"type\":\"move\",\"parent\":\"%s\",\"reason\":\"x\",\"commission\":true,"
                "\"children\":[\"%s\"]}",
                c.name[1], c.pack[2]),
            "json.unknown_field", 0);
}

static void a_refused_move_leaves_all_where_it_was(void **state)
{
    struct fixture *f = *state;
    struct cases c = fill(f, 3, 2);
    uint64_t box = line_site_unit(f, c.name[0]).v;
    const char *move = fmt(
        f, "{\"type\":\"move\",\"parent\":\"%s\",\"reason\":\"x\",\"children\":[\"%s\",\"%s\"]}",
        c.name[1], c.pack[0], c.pack[1]);

    accepted(f, fmt(f, "{\"type\":\"hold\",\"units\":[\"%s\"],\"reason\":\"x\"}", c.pack[1]));
    refused(f, move, "unit.on_hold", 1);
    assert_int_equal(parent_of(f, c.pack[0]), box);
    assert_int_equal(parent_of(f, c.pack[1]), box);
    struct fixture_answer a = fixture_call(f, "POST /v1/reports?each=true", "", move);
    assert_true(holds(a.body, "{\"accepted\":1,") && holds(a.body, "\"unit.on_hold\""));
    assert_int_equal(parent_of(f, c.pack[0]), line_site_unit(f, c.name[1]).v);
    assert_int_equal(parent_of(f, c.pack[1]), box);
    refused(f, // it lies there already
            fmt(f, "{\"type\":\"move\",\"parent\":\"%s\",\"reason\":\"x\",\"children\":[\"%s\"]}",
                c.name[1], c.pack[0]),
            "unit.same_parent", 1);
}

// ---- the past

static void end_hold(struct fixture *f, const char *unit)
{
    struct run one = {line_site_unit(f, unit), 1};
    struct report_ask ask = {
        .act = ACT_END_HOLD, .units = {&one, 1, 1}
    };
    struct txn *t = fixture_read(f);

    assert_true(client_by_name(t, S("acme"), &ask.client));
    fixture_read_end(t);
    assert_int_equal(fixture_run(f, &kind_units_changed, &ask, NULL).cls, ST_OK);
}

static void a_unit_is_told_as_it_was(void **state)
{
    struct fixture *f = *state;
    struct cases c = fill(f, 4, 0);
    const char *unit = fmt(f, "/v1/units/%s", c.pack[1]);

    f->now.ms += 60000;
    accepted(f, say_begin(f, "D1", DROPS, PART(c.ssccs, 1, 1)));
    accepted(f, fmt(f, "{\"type\":\"hold\",\"units\":[\"%s\"],\"reason\":\"x\"}", c.name[0]));
    f->now.ms += 60000;
    end_hold(f, c.name[0]);
    accepted(f, fmt(f, "{\"type\":\"unpack\",\"parent\":\"%s\"}", c.name[0]));
    accepted(f, relabel(f, c.pack[1], c.pack[5]));
    shows(f, unit, "\"state\":\"inactive\"");
    int64_t at[] = {f->now.ms - 90000, f->now.ms - 30000, f->now.ms - 200000};
    char when[3][32];
    for (unsigned i = 0; i < LEN(at); i++) {
        struct buf b;
        buf_init(&b, 64);
        when_write(&b, (struct moment){.at = {at[i]}});
        snprintf(when[i], sizeof when[i], "%.*s", STR(buf_str(&b)));
        buf_fini(&b);
    }
    shows(f, fmt(f, "%s?at=%s", unit, when[0]), "\"state\":\"packed\",\"flags\":[],");
    shows(f, fmt(f, "%s?at=%s", unit, when[1]), "\"flags\":[\"hold\"],\"flags_from\":\"(00)");
    shows(f, fmt(f, "%s?at=%s", unit, when[2]), "\"state\":\"allocated\"");
    const char *box = fmt(f, "/v1/units/%s", c.name[0]);
    shows(f, fmt(f, "%s?at=%s", box, when[0]), "\"count\":4}");
    shows(f, box, "\"contents\":[]");
    shows(f, fmt(f, "%s/tree?at=%s", box, when[0]), c.pack[3]);
    struct fixture_answer a = get(f, fmt(f, "%s/tree", box));
    assert_false(holds(a.body, c.pack[3]));
    a = get(f, fmt(f, "%s/history?until=%s", unit, when[0]));
    assert_true(holds(a.body, "\"pack\"") && !holds(a.body, "\"hold\""));
    a = fixture_call(f, fmt(f, "GET %s?at=yesterday", unit), "", "");
    assert_int_equal(a.code, 400);
}

// ---- new numbers

static void a_pack_gets_a_new_number_in_its_place(void **state)
{
    struct fixture *f = *state;
    struct cases c = fill(f, 4, 0);
    struct unit old = line_site_row(f, c.pack[1]);

    uint64_t seq = accepted(f, relabel(f, c.pack[1], c.pack[5]));
    static const uint16_t kinds[] = {FACT_UNITS_COMMISSIONED, FACT_UNITS_UNPACKED,
                                     FACT_UNITS_CHANGED, FACT_UNITS_PACKED, FACT_UNIT_RELABELLED};
    for (unsigned i = 0; i < LEN(kinds); i++)
        assert_int_equal(kind_of(f, seq + 1 - LEN(kinds) + i), kinds[i]);
    struct unit from = line_site_row(f, c.pack[1]), to = line_site_row(f, c.pack[5]);
    assert_int_equal(from.state, UNIT_INACTIVE);
    assert_int_equal(from.parent.v, 0);
    assert_int_equal(to.state, UNIT_COMMISSIONED);
    assert_int_equal(to.parent.v, old.parent.v);
    assert_int_equal(line_site_row(f, c.name[0]).state, UNIT_CLOSED); // full again
    assert_int_equal(from.last, seq);
    assert_int_equal(to.last, seq);
    shows(f, fmt(f, "/v1/units/%s/history", c.pack[1]), "\"type\":\"relabel\"");
    shows(f, fmt(f, "/v1/units/%s/history", c.pack[5]),
          fmt(f, "\"from\":\"%s\",\"to\":\"%s\"", c.pack[1], c.pack[5]));
    shows(f, fmt(f, "/v1/units/%s", c.pack[5]), "\"lot\":\"D1\"");
}

static void a_container_hands_over_what_it_holds(void **state)
{
    struct fixture *f = *state;
    struct cases c = fill(f, 3, 0);
    struct numbers more = line_site_ssccs(f, "acme", 2);
    const char *pallet = text(f, more.texts[0]);

    accepted(f, fmt(f,
                    "{\"type\":\"close\",\"parent\":\"%s\",\"partial\":true,\"by\":\"ann\","
                    "\"reason\":\"end\"}",
                    c.name[0]));
    accepted(f, fmt(f,
                    "{\"type\":\"pack\",\"parent\":\"%s\",\"children\":[\"%s\"],"
                    "\"commission\":true}",
                    pallet, c.name[0]));
    accepted(f, relabel(f, c.name[0], c.name[1]));
    struct unit from = line_site_row(f, c.name[0]), to = line_site_row(f, c.name[1]);
    assert_int_equal(from.state, UNIT_DISSOLVED);
    assert_int_equal(to.state, UNIT_CLOSED);
    assert_int_equal(to.flags, UNIT_PARTIAL); // as the old one was
    assert_int_equal(to.parent.v, line_site_unit(f, pallet).v);
    assert_int_equal(line_site_row(f, pallet).state, UNIT_OPEN);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(parent_of(f, c.pack[i]), line_site_unit(f, c.name[1]).v);
}

static void close_lot(struct fixture *f)
{
    f->caller.role = ROLE_OPERATOR;
    assert_int_equal(fixture_call(f, "POST /v1/lots/" DROPS "/D1/close", "", "{}").code, 200);
    f->caller.role = ROLE_LINE;
}

static void a_new_number_is_refused_where_it_cannot_take_the_place(void **state)
{
    struct fixture *f = *state;
    struct cases c = fill(f, 4, 0);
    struct numbers pill = line_site_serials(f, PILLS, "A1", 1);

    refused(f, relabel(f, c.pack[0], sgtin(f, PILLS, pill.texts[0])), "relabel.level", 1);
    refused(f, relabel(f, c.pack[0], c.name[1]), "relabel.level", 1);
    refused(f, relabel(f, c.pack[0], c.pack[0]), "unit.twice", 1);
    refused(f, relabel(f, c.pack[0], c.pack[4]), "unit.state", 1); // is a pack already
    refused(f, relabel(f, c.pack[5], c.pack[4]), "unit.state", 1); // never was one
    accepted(f, fmt(f, "{\"type\":\"hold\",\"units\":[\"%s\"],\"reason\":\"x\"}", c.name[0]));
    refused(f, relabel(f, c.pack[0], c.pack[5]), "unit.on_hold", 1);
    close_lot(f);
    refused(f, relabel(f, c.pack[4], c.pack[5]), "lot.closed", 0);
    assert_int_equal(line_site_row(f, c.pack[5]).state, UNIT_NONE);
}

// ---- numbers of a request

static void numbers_are_told_as_printed_by_their_request(void **state)
{
    struct fixture *f = *state;
    struct fixture_answer a = fixture_call(
        f, "POST /v1/serials", "", "{\"gtin\":\"" DROPS "\",\"lot\":\"D1\",\"quantity\":5}");
    const char *at = memmem(a.body.p, a.body.n, "\"request\":\"", 11);

    assert_non_null(at);
    const char *request = text(f, (str){at + 11, 26});
    accepted(f,
             fmt(f, "{\"type\":\"printed\",\"request\":\"%s\",\"first\":1,\"count\":3}", request));
    struct json_r r = json_reader(a.body, &f->arena);
    unsigned printed = 0, n = 0;
    str k;
    for (json_object(&r); json_key(&r, &k);) {
        if (!str_eq(k, S("serials"))) {
            (void)json_raw(&r);
            continue;
        }
        for (json_array(&r); json_item(&r); n++) {
            struct unit x = line_site_row(f, sgtin(f, DROPS, json_string(&r)));
            assert_int_equal(x.state == UNIT_PRINTED, n >= 1 && n < 4); // in the request's order
            printed += x.state == UNIT_PRINTED;
        }
    }
    assert_int_equal(printed, 3);
    refused(f, fmt(f, "{\"type\":\"printed\",\"request\":\"%s\",\"first\":4,\"count\":2}", request),
            "request.range", 0);
    refused(f, fmt(f, "{\"type\":\"printed\",\"request\":\"%s\"}", request), "unit.state", 3);
    accepted(f, fmt(f, "{\"type\":\"printed\",\"request\":\"%s\",\"first\":4}", request));
    refused(f, "{\"type\":\"printed\",\"request\":\"nonsense\"}", "request.unknown", 0);
    refused(f, "{\"type\":\"printed\",\"first\":0,\"gtin\":\"" DROPS "\",\"serials\":[\"1\"]}",
            "field.required", 0);
    refused(f, fmt(f, "{\"type\":\"printed\",\"request\":\"%s\",\"serials\":[\"1\"]}", request),
            "report.units", 0);
    client_id other = {2};
    f->caller.clients = &other;
    f->caller.client_count = 1;
    refused(f, fmt(f, "{\"type\":\"printed\",\"request\":\"%s\"}", request), "request.unknown", 0);
    f->caller.client_count = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, line_site_setup, line_site_teardown)
        T(a_unit_is_told_as_it_was),
        T(children_move_from_where_they_lie),
        T(a_refused_move_leaves_all_where_it_was),
        T(a_pack_gets_a_new_number_in_its_place),
        T(a_container_hands_over_what_it_holds),
        T(a_new_number_is_refused_where_it_cannot_take_the_place),
        T(numbers_are_told_as_printed_by_their_request),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
