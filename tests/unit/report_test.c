// What lines report: every guard names every offender, repeats are told, containers fill and
// empty, and after every test all units are counted again and the journal is replayed.
#include "line_site.h"
#include "service/journal/kind.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *sscc(struct fixture *f, struct numbers n, uint32_t i)
{
    return text(f, n.texts[i]);
}

static struct lot_level_counts counts(struct fixture *f, const char *gtin, const char *lot,
                                      unsigned level)
{
    struct txn *t = fixture_read(f);
    struct lot x;

    assert_true(lot_find(t, gtin, str_of(lot), &f->arena, &x));
    struct lot_level_counts c = lot_counts_get(t, x.number).level[level];
    fixture_read_end(t);
    return c;
}

static void close_lot(struct fixture *f, const char *gtin, const char *lot)
{
    f->caller.role = ROLE_OPERATOR;
    struct fixture_answer a =
        fixture_call(f, fmt(f, "POST /v1/lots/%s/%s/close", gtin, lot), "", "{}");
    assert_int_equal(a.code, 200);
    f->caller.role = ROLE_LINE;
}

// ---- commission and scrap

static void good_packs_become_commissioned(void **state)
{
    struct fixture *f = *state;
    struct numbers s = line_site_serials(f, PILLS, "A1", 250);

    uint64_t seq = accepted(f, say_commission(f, "A1", PILLS, PART(s, 0, 100)));
    accepted(f, say_commission(f, "A1", PILLS, PART(s, 100, 150)));
    struct unit x = line_site_row(f, sgtin(f, PILLS, s.texts[99]));
    assert_int_equal(x.state, UNIT_COMMISSIONED);
    assert_int_equal(x.first, seq);
    assert_int_equal(x.last, seq);
    assert_int_equal(counts(f, PILLS, "A1", 0).commissioned, 250);
}

static void commission_names_every_offender(void **state)
{
    struct fixture *f = *state;
    struct numbers s = line_site_serials(f, PILLS, "A1", 10);
    struct numbers c = line_site_serials(f, CREAM, "C1", 1);

    accepted(f, say_commission(f, "A1", PILLS, PART(s, 2, 3)));
    str body = refused(f, say_commission(f, "A1", PILLS, PART(s, 0, 10)), "unit.state", 3);
    for (unsigned i = 2; i < 5; i++) assert_true(holds(body, sgtin(f, PILLS, s.texts[i])));
    refused(f,
            fmt(f,
                "{\"type\":\"commission\",\"lot\":\"A1\",\"gtin\":\"%s\",\"serials\":[\"%.*s\","
                "\"NEVER\",\"%.*s\",\"23456789ABCDEFGHJKLM\"]}",
                PILLS, STR(s.texts[0]), STR(c.texts[0])),
            "unit.unknown", 3);
    refused(f,
            fmt(f,
                "{\"type\":\"commission\",\"lot\":\"A1\",\"gtin\":\"%s\",\"serials\":[\"%.*s\","
                "\"%.*s\",\"%.*s\",\"%.*s\",\"%.*s\"]}",
                PILLS, STR(s.texts[0]), STR(s.texts[1]), STR(s.texts[0]), STR(s.texts[1]),
                STR(s.texts[0])),
            "unit.twice", 2);
    assert_int_equal(counts(f, PILLS, "A1", 0).commissioned, 3);
}

static void a_serial_that_no_pack_can_have_is_named(void **state)
{
    struct fixture *f = *state;
    static const char *const odd[] = {"a b", "\xc3\xa9", "123456789012345678901", "#", "^`|~"};
    char many[300];

    for (size_t i = 0; i < LEN(odd); i++)
        refused(f,
                say_commission(f, "A1", PILLS,
                               (struct part){
                                   &(struct numbers){1, &(str){odd[i], strlen(odd[i])}},
                                    0, 1
        }),
                i == 2 ? "gs1.length" : "gs1.character", 1);
    memset(many, 'X', sizeof many - 1);
    many[sizeof many - 1] = 0;
    refused(f, fmt(f, "{\"type\":\"unpack\",\"children\":[\"(01)" PILLS "(21)%s\"]}", many),
            "gs1.length", 1);
    refused(f, "{\"type\":\"unpack\",\"children\":[\"http://example.com/x\",\"" PILLS "\"]}",
            "unit.unknown", 2);
}

static void a_lot_must_be_known_open_and_for_the_line(void **state)
{
    struct fixture *f = *state;
    struct numbers s = line_site_serials(f, PILLS, NULL, 10);

    refused(f, say_commission(f, "D1", PILLS, PART(s, 0, 1)), "lot.unknown", 0);
    refused(f, say_commission(f, "nope", PILLS, PART(s, 0, 1)), "lot.unknown", 0);
    line_site_lot(f, PILLS, "A3", ",\"lines\":[\"line-2\"]");
    refused(f, say_commission(f, "A3", PILLS, PART(s, 0, 1)), "lot.line", 0);
    f->caller.line = S("line-2");
    accepted(f, say_commission(f, "A3", PILLS, PART(s, 0, 1)));
    f->caller.line = S("");
    f->caller.role = ROLE_OPERATOR;
    accepted(f, say_commission(f, "A3", PILLS, PART(s, 1, 1)));
    close_lot(f, PILLS, "A3");
    f->caller.line = S("line-2");
    refused(f, say_commission(f, "A3", PILLS, PART(s, 2, 1)), "lot.closed", 0);
}

static void scrap_takes_the_lot_that_was_asked_for(void **state)
{
    struct fixture *f = *state;
    struct numbers a = line_site_serials(f, PILLS, "A1", 5);
    struct numbers b = line_site_serials(f, PILLS, "A2", 5);
    struct numbers none = line_site_serials(f, PILLS, NULL, 5);
    const char *form = "{\"type\":\"scrap\",\"gtin\":\"" PILLS "\",\"serials\":[\"%.*s\",\"%.*s\"],"
                       "\"reason\":\"smeared\"%s}";

    accepted(f, fmt(f, form, STR(a.texts[0]), STR(a.texts[1]), ""));
    accepted(f, fmt(f, form, STR(none.texts[0]), STR(none.texts[1]), ""));
    refused(f, fmt(f, form, STR(a.texts[2]), STR(b.texts[0]), ""), "scrap.lots", 0);
    accepted(f, fmt(f, form, STR(a.texts[2]), STR(b.texts[0]), ",\"lot\":\"A2\""));
    refused(f, fmt(f, form, STR(a.texts[0]), STR(a.texts[3]), ""), "unit.state", 1);
    assert_int_equal(counts(f, PILLS, "A1", 0).scrapped, 2);
    assert_int_equal(counts(f, PILLS, "A2", 0).scrapped, 2);
    assert_int_equal(line_site_row(f, sgtin(f, PILLS, none.texts[0])).state, UNIT_SCRAPPED);
    close_lot(f, PILLS, "A1"); // what became of a label may be said later
    accepted(f, fmt(f, form, STR(a.texts[3]), STR(a.texts[4]), ""));
}

// ---- time and repeats

static void time_never_runs_back_nor_far_ahead(void **state)
{
    struct fixture *f = *state;
    struct numbers s = line_site_serials(f, PILLS, "A1", 6);
    const char *form = "{\"type\":\"%s\",\"gtin\":\"" PILLS "\",\"serials\":[\"%.*s\"],%s,"
                       "\"time\":\"%s\"}";
    const char *lot = "\"lot\":\"A1\"";

    // now is 2025-11-24T16:00:00Z
    accepted(f, fmt(f, form, "commission", STR(s.texts[0]), lot, "2025-11-24T16:00:30Z"));
    refused(f, fmt(f, form, "commission", STR(s.texts[1]), lot, "2025-11-24T16:00:30.001Z"),
            "time.ahead", 0);
    accepted(f, fmt(f, form, "commission", STR(s.texts[1]), lot, "2025-11-24T17:00:00+01:00"));
    accepted(f, say_commission(f, "A1", PILLS, PART(s, 2, 1)));
    struct numbers p = line_site_ssccs(f, "acme", 2);
    refused(f,
            say_pack(f, sscc(f, p, 0), PART(s, 0, 3),
                     PACKS(PILLS, BEGIN ",\"time\":\"2025-11-24T16:00:00Z\"")),
            "time.before", 1);
    // nobody said when: not before what the other clock, which is ahead, has said already
    uint64_t seq = accepted(f, say_pack(f, sscc(f, p, 0), PART(s, 0, 3), PACKS(PILLS, BEGIN)));
    struct txn *t = fixture_read(f);
    struct fact fact;
    assert_int_equal(journal_get_header(t, seq, &fact).cls, ST_OK);
    assert_int_equal(fact.event.at.ms, f->now.ms + 30000);
    fixture_read_end(t);
}

static void what_is_too_long_ago_is_refused_where_the_site_says_how_long(void **state)
{
    struct fixture *f = *state;
    struct numbers s = line_site_serials(f, PILLS, "A1", 2);
    const char *form = "{\"type\":\"commission\",\"gtin\":\"" PILLS "\",\"serials\":[\"%.*s\"],"
                       "\"lot\":\"A1\",\"time\":\"%s\"}";

    f->site.limits.clock_behind_max_ms = 60000;
    refused(f, fmt(f, form, STR(s.texts[0]), "2025-11-24T15:58:59.999Z"), "time.floor", 0);
    accepted(f, fmt(f, form, STR(s.texts[0]), "2025-11-24T15:59:00Z"));
    f->site.limits.clock_behind_max_ms = 0; // as far as it likes
    accepted(f, fmt(f, form, STR(s.texts[1]), "1999-01-01T00:00:00Z"));
}

static void a_repeated_id_is_told_and_another_content_refused(void **state)
{
    struct fixture *f = *state;
    struct numbers s = line_site_serials(f, PILLS, "A1", 6);
    const char *form = "{\"id\":\"%s\",\"type\":\"commission\",\"gtin\":\"" PILLS
                       "\",\"lot\":\"A1\",\"serials\":[\"%.*s\"]%s}";

    uint64_t seq = accepted(f, fmt(f, form, "r1", STR(s.texts[0]), ""));
    struct fixture_answer a = report(f, fmt(f, form, "r1", STR(s.texts[0]), ""));
    assert_true(holds(a.body, fmt(f, "\"seq\":%u,\"repeat\":true", (unsigned)seq)));
    refused(f, fmt(f, form, "r1", STR(s.texts[1]), ""), "report.id_mismatch", 0);
    refused(f, fmt(f, form, "r1", STR(s.texts[0]), ",\"by\":\"me\""), "report.id_mismatch", 0);
    refused(f, fmt(f, form, "r2", STR(s.texts[0]), ""), "unit.state", 1);
    f->caller.actor = 7; // another token of the same line: its ids stay its own
    a = report(f, fmt(f, form, "r1", STR(s.texts[0]), ""));
    assert_true(holds(a.body, "\"repeat\":true"));
    f->caller.line = S("line-2");
    accepted(f, fmt(f, form, "r1", STR(s.texts[1]), ""));
    fixture_reopen(f);
}

static void a_repeat_is_told_though_it_is_over_the_limit_by_now(void **state)
{
    struct fixture *f = *state;
    struct numbers s = line_site_serials(f, PILLS, "A1", 8);
    const char *form = "{\"id\":\"%s\",\"type\":\"commission\",\"gtin\":\"" PILLS
                       "\",\"lot\":\"A1\",\"serials\":[\"%.*s\",\"%.*s\",\"%.*s\"]}";
    const char *first = fmt(f, form, "r1", STR(s.texts[0]), STR(s.texts[1]), STR(s.texts[2]));

    accepted(f, first);
    f->site.limits.report_units_max = 2;
    struct fixture_answer a = report(f, first);
    assert_true(holds(a.body, "\"repeat\":true"));
    const char *other = fmt(f, form, "r2", STR(s.texts[3]), STR(s.texts[4]), STR(s.texts[5]));
    refused(f, other, "field.range", 0);
    fixture_reopen(f);
}

// The same JSON is the same content; the order of units is content, for it is that of the labels.
static void extra_is_compared_as_json(void **state)
{
    struct fixture *f = *state;
    struct numbers s = line_site_serials(f, PILLS, "A1", 2);
    const char *form = "{\"id\":\"r1\",\"type\":\"commission\",\"gtin\":\"" PILLS
                       "\",\"lot\":\"A1\",\"serials\":[\"%.*s\",\"%.*s\"],\"extra\":%s}";
    static const char *const same[] = {"{\"a\":\"b\",\"c\":\"d\"}", "{\"a\": \"b\", \"c\" : \"d\"}",
                                       "{\"c\":\"d\",\"a\":\"b\"}",
                                       "{\"\\u0061\":\"\\u0062\",\"c\":\"d\"}"};

    accepted(f, fmt(f, form, STR(s.texts[0]), STR(s.texts[1]), same[1]));
    for (size_t i = 0; i < LEN(same); i++) {
        struct fixture_answer a =
            report(f, fmt(f, form, STR(s.texts[0]), STR(s.texts[1]), same[i]));
        assert_true(holds(a.body, "\"repeat\":true"));
    }
    refused(f, fmt(f, form, STR(s.texts[0]), STR(s.texts[1]), "{\"a\":\"d\",\"c\":\"b\"}"),
            "report.id_mismatch", 0);
    refused(f, fmt(f, form, STR(s.texts[1]), STR(s.texts[0]), same[0]), "report.id_mismatch", 0);
    fixture_reopen(f);
}

static void without_an_id_the_same_at_the_same_time_is_a_repeat(void **state)
{
    struct fixture *f = *state;
    struct numbers s = line_site_serials(f, PILLS, "A1", 3);
    const char *form =
        "{\"type\":\"commission\",\"gtin\":\"" PILLS "\",\"lot\":\"A1\",\"serials\":[\"%.*s\"]%s}";
    const char *at = ",\"time\":\"2025-11-24T15:59:00Z\"";

    uint64_t seq = accepted(f, fmt(f, form, STR(s.texts[0]), at));
    struct fixture_answer a = report(f, fmt(f, form, STR(s.texts[0]), at));
    assert_true(holds(a.body, fmt(f, "\"seq\":%u,\"repeat\":true", (unsigned)seq)));
    refused(f, fmt(f, form, STR(s.texts[0]), ",\"time\":\"2025-11-24T15:59:01Z\""), "unit.state",
            1);
    refused(f, fmt(f, form, STR(s.texts[0]), ""), "unit.state", 1);
}

// ---- packing

// Packs 0..n-1 of a lot, commissioned.
static struct numbers made(struct fixture *f, const char *gtin, const char *lot, uint32_t n)
{
    struct numbers s = line_site_serials(f, gtin, lot, n);

    accepted(f, say_commission(f, lot, gtin, PART(s, 0, n)));
    return s;
}

static void a_container_closes_at_its_nominal_count(void **state)
{
    struct fixture *f = *state;
    struct numbers s = made(f, PILLS, "A1", 12);
    struct numbers c = line_site_serials(f, PILLS_CASE, "A1", 2);
    const char *one = sgtin(f, PILLS_CASE, c.texts[0]);

    accepted(f, say_pack(f, one, PART(s, 0, 3), PACKS(PILLS, BEGIN)));
    assert_int_equal(line_site_row(f, one).state, UNIT_OPEN);
    assert_int_equal(counts(f, PILLS, "A1", 1).open, 1);
    refused(f, say_pack(f, one, PART(s, 3, 3), PACKS(PILLS, "")), "pack.too_many", 1);
    refused(f, fmt(f, "{\"type\":\"close\",\"parent\":\"%s\"}", one), "close.partial", 1);
    accepted(f, say_pack(f, one, PART(s, 3, 2), PACKS(PILLS, "")));
    assert_int_equal(line_site_row(f, one).state, UNIT_CLOSED);
    assert_int_equal(line_site_row(f, sgtin(f, PILLS, s.texts[4])).parent.v,
                     line_site_unit(f, one).v);
    refused(f, say_pack(f, one, PART(s, 5, 1), PACKS(PILLS, "")), "unit.state", 1);
    refused(f, fmt(f, "{\"type\":\"close\",\"parent\":\"%s\"}", one), "unit.state", 1);
    assert_int_equal(counts(f, PILLS, "A1", 0).packed, 5);
    assert_int_equal(counts(f, PILLS, "A1", 1).open, 0);
}

static void short_of_it_somebody_must_say_so(void **state)
{
    struct fixture *f = *state;
    struct numbers s = made(f, PILLS, "A1", 12);
    struct numbers c = line_site_serials(f, PILLS_CASE, "A1", 3);
    const char *one = sgtin(f, PILLS_CASE, c.texts[0]), *two = sgtin(f, PILLS_CASE, c.texts[1]);
    const char *who = ",\"partial\":true,\"by\":\"M. Keller\",\"reason\":\"end of the lot\"";

    accepted(f, say_commission(f, "A1", PILLS_CASE, PART(c, 2, 1)));
    refused(
        f,
        fmt(f, "{\"type\":\"close\",\"parent\":\"%s\"%s}", sgtin(f, PILLS_CASE, c.texts[2]), who),
        "close.empty", 1);
    accepted(f, say_pack(f, one, PART(s, 0, 3), PACKS(PILLS, BEGIN)));
    refused(f, fmt(f, "{\"type\":\"close\",\"parent\":\"%s\",\"partial\":true}", one),
            "field.required", 0);
    accepted(f, fmt(f, "{\"type\":\"close\",\"parent\":\"%s\"%s}", one, who));
    assert_int_equal(line_site_row(f, one).state, UNIT_CLOSED);
    assert_int_equal(line_site_row(f, one).flags, UNIT_PARTIAL);
    accepted(f, say_pack(f, two, PART(s, 3, 2),
                         PACKS(PILLS, BEGIN ",\"partial\":true,\"by\":\"M. Keller\",\"reason\":"
                                            "\"end\"")));
    assert_int_equal(line_site_row(f, two).state, UNIT_CLOSED);
    assert_int_equal(line_site_row(f, two).flags, UNIT_PARTIAL);
    accepted(f, fmt(f, "{\"type\":\"unpack\",\"parent\":\"%s\"}", one));
    assert_int_equal(line_site_row(f, one).flags, 0);
}

static void cases_go_on_pallets_and_nothing_goes_twice(void **state)
{
    struct fixture *f = *state;
    struct numbers s = made(f, PILLS, "A1", 20);
    struct numbers c = line_site_serials(f, PILLS_CASE, "A1", 4);
    struct numbers p = line_site_ssccs(f, "acme", 3);

    for (unsigned i = 0; i < 4; i++)
        accepted(f, say_pack(f, sgtin(f, PILLS_CASE, c.texts[i]), PART(s, 5 * i, 5),
                             PACKS(PILLS, BEGIN)));
    accepted(f, say_begin(f, "A1", PILLS, PART(p, 0, 1)));
    accepted(f, say_pack(f, sscc(f, p, 0), PART(c, 0, 2), PACKS(PILLS_CASE, "")));
    refused(f, say_pack(f, sscc(f, p, 0), PART(c, 1, 2), PACKS(PILLS_CASE, "")), "unit.has_parent",
            1);
    refused(f, say_pack(f, sscc(f, p, 1), PART(c, 0, 2), PACKS(PILLS_CASE, BEGIN)),
            "unit.has_parent", 2);
    refused(f, say_pack(f, sscc(f, p, 1), PART(s, 0, 2), PACKS(PILLS, "")), "unit.state", 3);
    accepted(f, say_pack(f, sscc(f, p, 0), PART(c, 2, 1), PACKS(PILLS_CASE, "")));
    assert_int_equal(line_site_row(f, sscc(f, p, 0)).state, UNIT_CLOSED);
    refused(f, fmt(f, "{\"type\":\"unpack\",\"parent\":\"%s\"}", sgtin(f, PILLS_CASE, c.texts[0])),
            "unit.has_parent", 1);
    refused(f, say_pack(f, sscc(f, p, 0), PART(p, 0, 1), PACKS(NULL, "")), "pack.cycle", 1);
    assert_int_equal(counts(f, PILLS, "A1", 2).commissioned, 1);
    assert_int_equal(counts(f, PILLS, "A1", 1).packed, 3);
}

// TREE-SGTIN-SSCC
static void levels_must_fit_each_other(void **state)
{
    struct fixture *f = *state;
    struct numbers s = made(f, PILLS, "A1", 12), d = made(f, DROPS, "D1", 4);
    struct numbers c = line_site_serials(f, PILLS_CASE, "A1", 3);
    struct numbers p = line_site_ssccs(f, "acme", 3);
    const char *one = sgtin(f, PILLS_CASE, c.texts[0]), *two = sgtin(f, PILLS_CASE, c.texts[1]);

    accepted(f, say_pack(f, one, PART(s, 0, 5), PACKS(PILLS, BEGIN)));
    accepted(f, say_pack(f, sscc(f, p, 0), PART(d, 0, 4), PACKS(DROPS, BEGIN)));
    refused(f, say_pack(f, two, PART(c, 0, 1), PACKS(PILLS_CASE, BEGIN)), "pack.level", 1);
    refused(f, say_pack(f, two, PART(p, 0, 1), PACKS(NULL, BEGIN)), "pack.level", 1);
    refused(f, say_pack(f, sgtin(f, PILLS, s.texts[6]), PART(s, 7, 1), PACKS(PILLS, "")),
            "pack.parent", 1);
    refused(f, say_pack(f, two, PART(d, 0, 1), PACKS(DROPS, BEGIN)), "unit.has_parent", 1);
    accepted(f, fmt(f, "{\"type\":\"unpack\",\"children\":[\"%s\"]}", sgtin(f, DROPS, d.texts[0])));
    refused(f, say_pack(f, two, PART(d, 0, 1), PACKS(DROPS, BEGIN)), "pack.level", 1);
}

static void a_lowest_container_holds_one_lot_a_pallet_several(void **state)
{
    struct fixture *f = *state;
    struct numbers a = made(f, PILLS, "A1", 10), b = made(f, PILLS, "A2", 10);
    struct numbers c = line_site_serials(f, PILLS_CASE, NULL, 3);
    struct numbers p = line_site_ssccs(f, "acme", 3);
    const char *one = sgtin(f, PILLS_CASE, c.texts[0]), *two = sgtin(f, PILLS_CASE, c.texts[1]);
    const char *both = fmt(f, "\"%s\",\"%s\",\"%s\"", sgtin(f, PILLS, a.texts[0]),
                           sgtin(f, PILLS, b.texts[0]), sgtin(f, PILLS, b.texts[1]));

    refused(f,
            fmt(f, "{\"type\":\"pack\",\"parent\":\"%s\",\"commission\":true,\"children\":[%s]}",
                one, both),
            "pack.lot", 2);
    refused(f,
            fmt(f, "{\"type\":\"pack\",\"parent\":\"%s\",\"commission\":true,\"children\":[%s]}",
                sscc(f, p, 0), both),
            "pack.lot", 2);
    accepted(f, say_pack(f, one, PART(a, 0, 2), PACKS(PILLS, BEGIN)));
    refused(f, say_pack(f, one, PART(b, 0, 2), PACKS(PILLS, "")), "pack.lot", 2);
    accepted(f, say_pack(f, one, PART(a, 2, 3), PACKS(PILLS, "")));
    accepted(f, say_commission(f, "A2", PILLS_CASE, PART(c, 1, 1)));
    refused(f, say_pack(f, two, PART(a, 5, 1), PACKS(PILLS, "")), "pack.lot", 1);
    accepted(f, say_pack(f, two, PART(b, 0, 5), PACKS(PILLS, "")));
    accepted(f, say_pack(f, sscc(f, p, 0), PART(a, 5, 2), PACKS(PILLS, BEGIN)));
    refused(f, say_pack(f, sscc(f, p, 0), PART(b, 5, 2), PACKS(PILLS, "")), "pack.lot", 2);
    accepted(f, say_pack(f, sscc(f, p, 1), PART(c, 0, 2), PACKS(PILLS_CASE, BEGIN)));
    assert_int_equal(counts(f, PILLS, "A1", 1).packed, 1);
    assert_int_equal(counts(f, PILLS, "A2", 1).packed, 1);
    accepted(f, fmt(f, "{\"type\":\"unpack\",\"parent\":\"%s\"}", sscc(f, p, 1)));
    assert_int_equal(counts(f, PILLS, "A2", 1).packed, 0);
}

// Drops have two levels of SSCCs: which of them one is, is told by what it holds.
static void the_level_of_an_sscc_follows_its_content(void **state)
{
    struct fixture *f = *state;
    struct numbers s = made(f, DROPS, "D1", 16);
    struct numbers p = line_site_ssccs(f, "acme", 6);

    accepted(f, say_begin(f, "D1", DROPS, PART(p, 4, 2)));
    assert_int_equal(counts(f, DROPS, "D1", 1).commissioned, 2);
    for (unsigned i = 0; i < 4; i++)
        accepted(f, say_pack(f, sscc(f, p, i), PART(s, 4 * i, 4), PACKS(DROPS, BEGIN)));
    assert_int_equal(line_site_row(f, sscc(f, p, 0)).state, UNIT_CLOSED);
    accepted(f, say_pack(f, sscc(f, p, 4), PART(p, 0, 2), PACKS(NULL, "")));
    assert_int_equal(line_site_row(f, sscc(f, p, 4)).state, UNIT_CLOSED);
    assert_int_equal(counts(f, DROPS, "D1", 1).commissioned, 5);
    assert_int_equal(counts(f, DROPS, "D1", 2).commissioned, 1);
    line_site_check(f);
    accepted(f, fmt(f, "{\"type\":\"unpack\",\"children\":[\"%s\"]}", sscc(f, p, 0)));
    assert_int_equal(counts(f, DROPS, "D1", 2).open, 1);
    line_site_check(f);
    accepted(f, fmt(f, "{\"type\":\"unpack\",\"parent\":\"%s\"}", sscc(f, p, 4)));
    assert_int_equal(counts(f, DROPS, "D1", 2).commissioned, 0);
    accepted(f, say_pack(f, sscc(f, p, 4), PART(p, 2, 2), PACKS(NULL, "")));
    accepted(f, say_pack(f, sscc(f, p, 5), PART(p, 4, 1), PACKS(NULL, "")));
}

static void unpacking_names_what_is_elsewhere(void **state)
{
    struct fixture *f = *state;
    struct numbers s = made(f, DROPS, "D1", 12);
    struct numbers p = line_site_ssccs(f, "acme", 3);

    accepted(f, say_pack(f, sscc(f, p, 0), PART(s, 0, 4), PACKS(DROPS, BEGIN)));
    accepted(f, say_pack(f, sscc(f, p, 1), PART(s, 4, 3), PACKS(DROPS, BEGIN)));
    const char *three = fmt(f, "[\"%s\",\"%s\",\"%s\"]", sgtin(f, DROPS, s.texts[0]),
                            sgtin(f, DROPS, s.texts[4]), sgtin(f, DROPS, s.texts[8]));
    refused(f,
            fmt(f, "{\"type\":\"unpack\",\"parent\":\"%s\",\"children\":%s}", sscc(f, p, 0), three),
            "unit.other_parent", 2);
    refused(f, fmt(f, "{\"type\":\"unpack\",\"children\":%s}", three), "unit.other_parent", 2);
    refused(f,
            fmt(f, "{\"type\":\"unpack\",\"children\":[\"%s\",\"%s\"]}",
                sgtin(f, DROPS, s.texts[8]), sgtin(f, DROPS, s.texts[9])),
            "unit.no_parent", 2);
    refused(f, fmt(f, "{\"type\":\"unpack\",\"parent\":\"%s\"}", sscc(f, p, 2)), "unit.state", 1);
    refused(f, "{\"type\":\"unpack\"}", "report.units", 0);
    accepted(f, fmt(f, "{\"type\":\"unpack\",\"children\":[\"%s\",\"%s\"]}",
                    sgtin(f, DROPS, s.texts[1]), sgtin(f, DROPS, s.texts[2])));
    assert_int_equal(line_site_row(f, sscc(f, p, 0)).state, UNIT_OPEN);
    accepted(f, fmt(f, "{\"type\":\"unpack\",\"parent\":\"%s\"}", sscc(f, p, 0)));
    refused(f, fmt(f, "{\"type\":\"unpack\",\"parent\":\"%s\"}", sscc(f, p, 0)), "unpack.empty", 1);
    accepted(f, say_pack(f, sscc(f, p, 0), PART(s, 8, 4), PACKS(DROPS, "")));
}

static void packing_stays_open_after_the_lot_is_closed(void **state)
{
    struct fixture *f = *state;
    struct numbers s = made(f, PILLS, "A1", 10);
    struct numbers c = line_site_serials(f, PILLS_CASE, "A1", 2);

    close_lot(f, PILLS, "A1");
    refused(f, say_commission(f, "A1", PILLS_CASE, PART(c, 1, 1)), "lot.closed", 0);
    accepted(f, say_pack(f, sgtin(f, PILLS_CASE, c.texts[0]), PART(s, 0, 5), PACKS(PILLS, BEGIN)));
}

// ---- walls

static void anothers_units_look_unknown(void **state)
{
    struct fixture *f = *state;
    struct numbers s = made(f, PILLS, "A1", 5), c = made(f, CREAM, "C1", 5);
    struct numbers p = line_site_ssccs(f, "acme", 2), q = line_site_ssccs(f, "other", 2);
    client_id acme = {1};

    refused(f, say_pack(f, sscc(f, q, 0), PART(s, 0, 5), PACKS(PILLS, BEGIN)), "unit.unknown", 5);
    refused(f, say_begin(f, "A1", PILLS, PART(q, 0, 2)), "unit.unknown", 2);
    f->caller.clients = &acme;
    f->caller.client_count = 1;
    refused(f, say_pack(f, sscc(f, q, 0), PART(c, 0, 5), PACKS(CREAM, BEGIN)), "unit.unknown", 1);
    refused(f, say_commission(f, "C1", CREAM, PART(c, 0, 1)), "product.unknown", 0);
    refused(f, fmt(f, "{\"type\":\"unpack\",\"children\":[\"%s\"]}", sgtin(f, CREAM, c.texts[0])),
            "unit.unknown", 1);
    accepted(f, say_pack(f, sscc(f, p, 0), PART(s, 0, 5), PACKS(PILLS, BEGIN)));
    f->caller.client_count = 0;
}

static void the_sites_own_ssccs_are_whose_report_begins_them(void **state)
{
    struct fixture *f = *state;
    struct numbers s = made(f, PILLS, "A1", 5), c = made(f, CREAM, "C1", 5);
    struct numbers p = line_site_own_ssccs(f, 3);
    client_id other = {2};

    accepted(f, say_pack(f, sscc(f, p, 0), PART(s, 0, 2), PACKS(PILLS, BEGIN)));
    refused(f, say_pack(f, sscc(f, p, 0), PART(c, 0, 2), PACKS(CREAM, "")), "unit.unknown", 2);
    refused(f, say_pack(f, sscc(f, p, 1), PART(c, 0, 2), PACKS(CREAM, "")), "unit.state", 1);
    refused(f, fmt(f, "{\"type\":\"close\",\"parent\":\"%s\"}", sscc(f, p, 1)), "unit.state", 1);
    accepted(f, say_begin(f, "C1", CREAM, PART(p, 1, 1)));
    refused(f, say_pack(f, sscc(f, p, 1), PART(s, 2, 2), PACKS(PILLS, "")), "unit.unknown", 2);
    f->caller.clients = &other;
    f->caller.client_count = 1;
    refused(f, fmt(f, "{\"type\":\"unpack\",\"parent\":\"%s\"}", sscc(f, p, 0)), "unit.unknown", 1);
    accepted(f, say_pack(f, sscc(f, p, 1), PART(c, 0, 2), PACKS(CREAM, "")));
    f->caller.client_count = 0;
    accepted(f,
             fmt(f, "{\"type\":\"scrap\",\"ssccs\":[\"%s\"],\"reason\":\"torn\"}", sscc(f, p, 2)));
}

static void units_are_taken_in_any_spelling(void **state)
{
    struct fixture *f = *state;
    struct numbers s = made(f, PILLS, "A1", 4);
    struct numbers p = line_site_ssccs(f, "acme", 2);

    accepted(f, fmt(f,
                    "{\"type\":\"pack\",\"commission\":true,\"parent\":\"(00)%.*s\",\"children\":["
                    "\"https://id.gs1.org/01/" PILLS "/21/%.*s\",\"01" PILLS "21%.*s\","
                    "\"urn:epc:id:sgtin:9521141.000000.%.*s\",\"]d201" PILLS "21%.*s\"]}",
                    STR(p.texts[0]), STR(s.texts[0]), STR(s.texts[1]), STR(s.texts[2]),
                    STR(s.texts[3])));
    refused(f,
            fmt(f,
                "{\"type\":\"pack\",\"parent\":\"%.*s\",\"children\":[\"%s\",\"(01)1\","
                "\"(21)%.*s\"]}",
                STR(p.texts[0]), sgtin(f, PILLS, s.texts[0]), STR(s.texts[0])),
            "gs1.length", 2);
}

// REQ STATES-LOT-EXPIRY
static void a_code_that_tells_another_lot_or_expiry_is_refused(void **state)
{
    static const struct {
        const char *more, *code;
    } rows[] = {
        {"(10)A2",           "unit.lot_differs"   },
        {"(17)281130",       "unit.expiry_differs"},
        {"(17)281231(10)A2", "unit.lot_differs"   },
        {"(10)A1(17)291231", "unit.expiry_differs"},
    };
    struct fixture *f = *state;
    struct numbers s = made(f, PILLS, "A1", 4), p = line_site_ssccs(f, "acme", 1);
    const char *into =
        fmt(f, "{\"type\":\"pack\",\"commission\":true,\"parent\":\"%s\"", sscc(f, p, 0));

    for (size_t i = 0; i < LEN(rows); i++) {
        const char *wrong = fmt(f, "%s%s", sgtin(f, PILLS, s.texts[1]), rows[i].more);
        refused(f,
                fmt(f, "%s,\"children\":[\"%s\",\"%s\",\"%s\"]}", into, sgtin(f, PILLS, s.texts[0]),
                    wrong, sgtin(f, PILLS, s.texts[2])),
                rows[i].code, 1);
        refused(f, fmt(f, "{\"type\":\"sample\",\"units\":[\"%s\"],\"reason\":\"r\"}", wrong),
                rows[i].code, 1);
    }
    assert_int_equal(line_site_row(f, sgtin(f, PILLS, s.texts[1])).state, UNIT_COMMISSIONED);
    accepted(f,
             fmt(f,
                 "%s,\"children\":[\"%s(10)A1(17)281200\",\"]d201" PILLS
                 "21%.*s\\u001d17281231\",\"%s(10)A1\"]}",
                 into, sgtin(f, PILLS, s.texts[0]), STR(s.texts[1]), sgtin(f, PILLS, s.texts[2])));
}

static void what_is_told_without_a_time_has_the_zone_of_the_place(void **state)
{
    struct fixture *f = *state;
    struct numbers s = line_site_serials(f, PILLS, "A1", 2);
    struct fact said, unsaid;

    f->caller.role = ROLE_ADMIN;
    assert_int_equal(fixture_call(f, "PUT /v1/locations/9521141000007", "",
                                  "{\"name\":\"Site\",\"timezone\":\"-03:30\"}")
                         .code,
                     201);
    assert_int_equal(fixture_call(f, "PUT /v1/locations/9521141000014", "",
                                  "{\"name\":\"Hall\",\"parent\":\"9521141000007\"}")
                         .code,
                     200);
    f->caller.role = ROLE_LINE;
    uint64_t at = accepted(f, fmt(f,
                                  "{\"type\":\"commission\",\"lot\":\"A1\",\"gtin\":\"" PILLS
                                  "\",\"serials\":[\"%.*s\"]}",
                                  STR(s.texts[0])));
    uint64_t then = accepted(f, fmt(f,
                                    "{\"type\":\"commission\",\"lot\":\"A1\",\"gtin\":\"" PILLS
                                    "\",\"time\":\"2025-11-24T16:00:00Z\",\"serials\":[\"%.*s\"]}",
                                    STR(s.texts[1])));
    struct txn *t = fixture_read(f);
    assert_int_equal(journal_get_header(t, at, &unsaid).cls, ST_OK);
    assert_int_equal(journal_get_header(t, then, &said).cls, ST_OK);
    fixture_read_end(t);
    assert_int_equal(unsaid.event.offset_min, -210);
    assert_int_equal(said.event.offset_min, 0);
}

static void a_level_that_the_lots_version_has_not_is_none_of_it(void **state)
{
    struct fixture *f = *state;
    struct numbers c = line_site_serials(f, PILLS_CASE, NULL, 2);

    f->caller.role = ROLE_ADMIN;
    struct fixture_answer put =
        fixture_call(f, "PUT /v1/products/" PILLS, "",
                     "{\"client\":\"acme\",\"name\":\"Pills\",\"levels\":["
                     "{\"level\":\"pack\",\"id\":\"sgtin\",\"quantity\":1},"
                     "{\"level\":\"pallet\",\"id\":\"sscc\",\"quantity\":9}]}");
    f->caller.role = ROLE_LINE;
    assert_int_equal(put.code, 200);
    line_site_lot(f, PILLS, "B1", "");
    struct numbers s = made(f, PILLS, "B1", 5);
    refused(f, say_commission(f, "B1", PILLS_CASE, PART(c, 0, 1)), "lot.unknown", 0);
    refused(f, say_pack(f, sgtin(f, PILLS_CASE, c.texts[0]), PART(s, 0, 5), PACKS(PILLS, BEGIN)),
            "pack.level", 5);
    refused(f,
            "{\"type\":\"unread\",\"lot\":\"B1\",\"gtin\":\"" PILLS_CASE
            "\",\"count\":1,\"reason\":\"r\"}",
            "lot.unknown", 0);
    accepted(f, say_commission(f, "A1", PILLS_CASE, PART(c, 0, 2))); // of the version before
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, line_site_setup, line_site_teardown)
        T(good_packs_become_commissioned),
        T(commission_names_every_offender),
        T(a_serial_that_no_pack_can_have_is_named),
        T(a_lot_must_be_known_open_and_for_the_line),
        T(scrap_takes_the_lot_that_was_asked_for),
        T(time_never_runs_back_nor_far_ahead),
        T(what_is_too_long_ago_is_refused_where_the_site_says_how_long),
        T(a_repeated_id_is_told_and_another_content_refused),
        T(a_repeat_is_told_though_it_is_over_the_limit_by_now),
        T(extra_is_compared_as_json),
        T(without_an_id_the_same_at_the_same_time_is_a_repeat),
        T(a_container_closes_at_its_nominal_count),
        T(short_of_it_somebody_must_say_so),
        T(cases_go_on_pallets_and_nothing_goes_twice),
        T(levels_must_fit_each_other),
        T(a_lowest_container_holds_one_lot_a_pallet_several),
        T(the_level_of_an_sscc_follows_its_content),
        T(unpacking_names_what_is_elsewhere),
        T(packing_stays_open_after_the_lot_is_closed),
        T(anothers_units_look_unknown),
        T(the_sites_own_ssccs_are_whose_report_begins_them),
        T(units_are_taken_in_any_spelling),
        T(a_code_that_tells_another_lot_or_expiry_is_refused),
        T(what_is_told_without_a_time_has_the_zone_of_the_place),
        T(a_level_that_the_lots_version_has_not_is_none_of_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
