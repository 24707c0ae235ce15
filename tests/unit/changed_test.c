// What becomes of units after they were commissioned, or instead of it: sampled, decommissioned,
// destroyed, lost, stolen, held, and the numbers that never came so far. After every test all units
// are counted again and the journal is replayed.
#include "line_site.h"
#include "service/client/client.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *of_unit(struct fixture *f, const char *type, const char *unit, const char *more)
{
    return fmt(f, "{\"type\":\"%s\",\"units\":[\"%s\"],\"reason\":\"why\"%s}", type, unit, more);
}

static void profile(struct fixture *f, const char *members)
{
    status st = fixture_put(f, &kind_client_put, "acme",
                            fmt(f,
                                "{\"name\":\"Acme\",\"prefixes\":[\"9521141\"],\"profile\":{%s},"
                                "\"reason\":\"agreed\"}",
                                members));
    assert_int_equal(st.cls, ST_OK);
}

// A full case of drops: 4 packs under the SSCC.
struct full_case {
    struct numbers packs, sscc;
    const char *name, *pack[4];
};

static struct full_case fill_case(struct fixture *f)
{
    struct full_case c = {.packs = line_site_serials(f, DROPS, "D1", 4),
                          .sscc = line_site_ssccs(f, "acme", 1)};

    accepted(f, say_commission(f, "D1", DROPS, PART(c.packs, 0, 4)));
    c.name = text(f, c.sscc.texts[0]);
    accepted(f, say_begin(f, "D1", DROPS, PART(c.sscc, 0, 1)));
    accepted(f, say_pack(f, c.name, PART(c.packs, 0, 4), PACKS(DROPS, "")));
    for (unsigned i = 0; i < 4; i++) c.pack[i] = sgtin(f, DROPS, c.packs.texts[i]);
    return c;
}

static void close_lot(struct fixture *f)
{
    f->caller.role = ROLE_OPERATOR;
    assert_int_equal(fixture_call(f, "POST /v1/lots/" DROPS "/D1/close", "", "{}").code, 200);
    f->caller.role = ROLE_LINE;
}

static enum unit_state state_of(struct fixture *f, const char *unit)
{
    return line_site_row(f, unit).state;
}

static void a_packed_unit_is_refused_or_comes_out_first(void **state)
{
    struct fixture *f = *state;
    struct full_case c = fill_case(f);

    refused(f, of_unit(f, "decommission", c.pack[0], ""), "unit.has_parent", 1);
    uint64_t seq = accepted(f, of_unit(f, "decommission", c.pack[0], ",\"unpack\":true"));
    struct unit pack = line_site_row(f, c.pack[0]), box = line_site_row(f, c.name);
    assert_int_equal(pack.state, UNIT_INACTIVE);
    assert_int_equal(pack.parent.v, 0);
    assert_int_equal(pack.last, seq);
    assert_int_equal(box.last, seq - 1); // it came out by a fact of its own, before
    assert_int_equal(box.state, UNIT_OPEN);
}

static void the_clients_rule_holds_where_the_report_says_nothing(void **state)
{
    struct fixture *f = *state;
    struct full_case c = fill_case(f);

    profile(f, "\"decommission_packed\":\"unpack\"");
    refused(f, of_unit(f, "sample", c.pack[1], ",\"unpack\":false"), "unit.has_parent", 1);
    accepted(f, of_unit(f, "sample", c.pack[1], ""));
    assert_int_equal(state_of(f, c.pack[1]), UNIT_SAMPLED);
}

static void what_a_container_holds_is_loose_when_it_ends(void **state)
{
    struct fixture *f = *state;
    struct full_case c = fill_case(f);

    accepted(f, of_unit(f, "decommission", c.name, ""));
    assert_int_equal(state_of(f, c.name), UNIT_DISSOLVED);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(state_of(f, c.pack[i]), UNIT_COMMISSIONED);
        assert_int_equal(line_site_row(f, c.pack[i]).parent.v, 0);
    }
}

static void by_the_clients_rule_the_content_shares_its_fate(void **state)
{
    struct fixture *f = *state;
    struct full_case c = fill_case(f), d = fill_case(f);

    profile(f, "\"decommission_parent\":\"children\",\"decommission_packed\":\"unpack\"");
    accepted(f, of_unit(f, "destroy", c.name, ""));
    assert_int_equal(state_of(f, c.name), UNIT_DESTROYED);
    for (unsigned i = 0; i < 4; i++) assert_int_equal(state_of(f, c.pack[i]), UNIT_DESTROYED);
    accepted(f, fmt(f, // the container and one of its packs: each once
                    "{\"type\":\"decommission\",\"reason\":\"why\",\"units\":[\"%s\",\"%s\"]}",
                    d.name, d.pack[2]));
    for (unsigned i = 0; i < 4; i++) assert_int_equal(state_of(f, d.pack[i]), UNIT_INACTIVE);
}

static void a_refusal_undoes_what_was_done_before_it(void **state)
{
    struct fixture *f = *state;
    struct full_case c = fill_case(f);
    struct numbers more = line_site_serials(f, DROPS, "D1", 1);
    const char *number = sgtin(f, DROPS, more.texts[0]);

    refused(
        f,
        fmt(f, "{\"type\":\"sample\",\"reason\":\"why\",\"unpack\":true,\"units\":[\"%s\",\"%s\"]}",
            c.pack[0], number),
        "unit.state", 1);
    assert_int_equal(line_site_row(f, c.pack[0]).parent.v, line_site_unit(f, c.name).v);
    assert_int_equal(state_of(f, c.name), UNIT_CLOSED);
}

static void flags_of_a_container_bar_its_content(void **state)
{
    struct fixture *f = *state;
    struct full_case c = fill_case(f);

    accepted(f, of_unit(f, "stolen", c.name, ""));
    refused(f, of_unit(f, "sample", c.pack[0], ",\"unpack\":true"), "unit.stolen", 2);
    refused(f, of_unit(f, "stolen", c.name, ""), "unit.stolen", 1);
    accepted(f, of_unit(f, "found", c.name, ""));
    accepted(f, of_unit(f, "sample", c.pack[0], ",\"unpack\":true"));
}

// REQ STATES-ONE-STATE
static void numbers_and_goods_are_not_told_together(void **state)
{
    struct fixture *f = *state;
    struct numbers n = line_site_serials(f, DROPS, "D1", 2);

    accepted(f, say_commission(f, "D1", DROPS, PART(n, 0, 1)));
    refused(f,
            fmt(f, "{\"type\":\"lost\",\"reason\":\"why\",\"units\":[\"%s\",\"%s\"]}",
                sgtin(f, DROPS, n.texts[0]), sgtin(f, DROPS, n.texts[1])),
            "report.mixed", 0);
}

// REQ STATES-LOT-CLOSE
static void nothing_is_printed_for_a_closed_lot_and_a_lost_number_may_turn_up(void **state)
{
    struct fixture *f = *state;
    struct numbers n = line_site_serials(f, DROPS, "D1", 3);
    const char *printed =
        fmt(f, "{\"type\":\"printed\",\"gtin\":\"" DROPS "\",\"serials\":[\"%s\"]}",
            text(f, n.texts[0]));

    accepted(f, printed);
    assert_int_equal(state_of(f, sgtin(f, DROPS, n.texts[0])), UNIT_PRINTED);
    refused(f, printed, "unit.state", 1);
    accepted(f, of_unit(f, "lost", sgtin(f, DROPS, n.texts[0]), ""));
    accepted(f, say_commission(f, "D1", DROPS, PART(n, 0, 1))); // it was on the line after all
    assert_int_equal(line_site_row(f, sgtin(f, DROPS, n.texts[0])).flags, 0);
    close_lot(f);
    refused(f,
            fmt(f, "{\"type\":\"printed\",\"gtin\":\"" DROPS "\",\"serials\":[\"%s\"]}",
                text(f, n.texts[1])),
            "lot.closed", 0);
    accepted(f, of_unit(f, "invalidate", sgtin(f, DROPS, n.texts[1]), ""));
    accepted(f,
             fmt(f,
                 "{\"type\":\"label_sample\",\"reason\":\"record\",\"lot\":\"D1\",\"gtin\":\"" DROPS
                 "\",\"serials\":[\"%s\"]}",
                 text(f, n.texts[2])));
    assert_int_equal(state_of(f, sgtin(f, DROPS, n.texts[2])), UNIT_LABEL_SAMPLED);
}

static void a_hold_bars_packing_and_is_told_once(void **state)
{
    struct fixture *f = *state;
    struct full_case c = fill_case(f);
    struct numbers pallet = line_site_ssccs(f, "acme", 1);

    accepted(f, of_unit(f, "hold", c.pack[3], ""));
    refused(f, of_unit(f, "hold", c.pack[3], ""), "unit.on_hold", 1);
    accepted(f, of_unit(f, "hold", c.name, ""));
    accepted(f, say_begin(f, "D1", DROPS, PART(pallet, 0, 1)));
    refused(f,
            fmt(f, "{\"type\":\"pack\",\"parent\":\"%s\",\"children\":[\"%s\"]}",
                text(f, pallet.texts[0]), c.name),
            "unit.on_hold", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, line_site_setup, line_site_teardown)
        T(a_packed_unit_is_refused_or_comes_out_first),
        T(the_clients_rule_holds_where_the_report_says_nothing),
        T(what_a_container_holds_is_loose_when_it_ends),
        T(by_the_clients_rule_the_content_shares_its_fate),
        T(a_refusal_undoes_what_was_done_before_it),
        T(flags_of_a_container_bar_its_content),
        T(numbers_and_goods_are_not_told_together),
        T(nothing_is_printed_for_a_closed_lot_and_a_lost_number_may_turn_up),
        T(a_hold_bars_packing_and_is_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
