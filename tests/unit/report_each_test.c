// Calls that say what a refusal takes with it: `each` unit stands for itself, or the whole call is
// all or nothing. After every test all units are counted again and the journal is replayed.
#include "line_site.h"
#include "service/client/client.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NDJSON "Content-Type: application/x-ndjson\r\n"
#define KEY    "Idempotency-Key: k-1\r\n"
#define EACH   "POST /v1/reports?each=true"
#define ATOMIC "POST /v1/reports?atomic=true"

static void expect(const struct fixture_answer *a, int code, const char *part)
{
    if (a->code != code || !holds(a->body, part))
        fail_msg("%d %.*s (wanted %d with %s)", a->code, STR(a->body), code, part);
}

static uint64_t facts(struct fixture *f)
{
    struct txn *t = fixture_read(f);
    uint64_t seq = journal_head_get(t).seq;

    fixture_read_end(t);
    return seq;
}

static enum unit_state state_of(struct fixture *f, const char *unit)
{
    return line_site_row(f, unit).state;
}

// Done, but for `n` units that are named with `code`.
static struct fixture_answer partly(struct fixture *f, const char *body, const char *code,
                                    unsigned n)
{
    struct fixture_answer a = fixture_call(f, EACH, "", body);
    const char *member = fmt(f, ",\"code\":\"%s\"}", code);
    unsigned found = 0;

    expect(&a, 200, "{\"accepted\":1,\"refused\":0,\"results\":[{\"index\":0,\"seq\":");
    for (str rest = a.body; holds(rest, member); found++) {
        const char *at = memmem(rest.p, rest.n, member, strlen(member));
        rest = str_from(rest, (size_t)(at - rest.p) + 1);
    }
    if (found != n) fail_msg("%.*s (wanted %u of %s)", STR(a.body), n, code);
    return a;
}

static void a_commission_goes_on_without_what_is_refused(void **state)
{
    struct fixture *f = *state;
    struct numbers s = line_site_serials(f, PILLS, "A1", 4);
    const char *three = fmt(f,
                            "{\"type\":\"commission\",\"lot\":\"A1\",\"gtin\":\"" PILLS
                            "\",\"serials\":[\"%.*s\",\"%.*s\",\"%.*s\",\"never\"],\"id\":\"r-1\"}",
                            STR(s.texts[0]), STR(s.texts[1]), STR(s.texts[2]));

    accepted(f, say_commission(f, "A1", PILLS, PART(s, 0, 1)));
    uint64_t before = facts(f);
    struct fixture_answer a = partly(f, three, "unit.state", 1);
    expect(&a, 200, "\"unit.unknown\"");
    expect(&a, 200, "2 of 4 units; the first: ");
    assert_int_equal(facts(f), before + 2); // the refusal, then what was done
    assert_int_equal(state_of(f, sgtin(f, PILLS, s.texts[1])), UNIT_COMMISSIONED);
    assert_int_equal(state_of(f, sgtin(f, PILLS, s.texts[2])), UNIT_COMMISSIONED);
    // the id: the same again is told as it was, and does nothing
    struct fixture_answer b = fixture_call(f, EACH, "", three);
    expect(&b, 200, "\"repeat\":true,\"problem\":{");
    expect(&b, 200, "2 of 4 units; the first: ");
    assert_int_equal(facts(f), before + 2);
}

static void a_repeated_key_tells_both_outcomes(void **state)
{
    struct fixture *f = *state;
    struct numbers s = line_site_serials(f, PILLS, "A1", 3);

    accepted(f, say_commission(f, "A1", PILLS, PART(s, 0, 1)));
    const char *all = say_commission(f, "A1", PILLS, PART(s, 0, 3));
    struct fixture_answer a = fixture_call(f, EACH, KEY, all);
    uint64_t before = facts(f);
    struct fixture_answer b = fixture_call(f, EACH, KEY, all);
    expect(&a, 200, "\"problem\":{");
    assert_true(str_eq(a.body, b.body));
    assert_int_equal(facts(f), before);
    struct fixture_answer c = fixture_call(f, "POST /v1/reports", KEY, all);
    expect(&c, 422, "idempotency.mismatch"); // without `each` it is another call
}

static void nothing_left_is_refused_as_ever(void **state)
{
    struct fixture *f = *state;
    struct numbers s = line_site_serials(f, PILLS, "A1", 2);

    accepted(f, say_commission(f, "A1", PILLS, PART(s, 0, 2)));
    uint64_t before = facts(f);
    struct fixture_answer a =
        fixture_call(f, EACH, "", say_commission(f, "A1", PILLS, PART(s, 0, 2)));
    expect(&a, 200, "{\"accepted\":0,\"refused\":1,\"results\":[{\"index\":0,\"problem\":");
    assert_int_equal(facts(f), before + 1);
    a = fixture_call(f, EACH, "", "{\"type\":\"unpack\",\"children\":[\"x\",\"y\"]}");
    expect(&a, 200, "{\"accepted\":0,\"refused\":1,");
}

static void numbers_are_scrapped_and_sampled_each_for_itself(void **state)
{
    struct fixture *f = *state;
    struct numbers s = line_site_serials(f, PILLS, "A1", 4);
    const char *const types[] = {"scrap", "label_sample"};

    accepted(f, say_commission(f, "A1", PILLS, PART(s, 0, 1)));
    for (size_t i = 0; i < LEN(types); i++)
        partly(f,
               fmt(f,
                   "{\"type\":\"%s\",\"reason\":\"why\",\"lot\":\"A1\",\"gtin\":\"" PILLS
                   "\",\"serials\":[\"%.*s\",\"%.*s\"]}",
                   types[i], STR(s.texts[0]), STR(s.texts[1 + i])),
               "unit.state", 1);
    assert_int_equal(state_of(f, sgtin(f, PILLS, s.texts[1])), UNIT_SCRAPPED);
    assert_int_equal(state_of(f, sgtin(f, PILLS, s.texts[2])), UNIT_LABEL_SAMPLED);
}

static void children_are_packed_and_unpacked_each_for_itself(void **state)
{
    struct fixture *f = *state;
    struct numbers s = line_site_serials(f, DROPS, "D1", 4),
                   p = line_site_serials(f, PILLS, "A1", 1);
    struct numbers sscc = line_site_ssccs(f, "acme", 2);
    const char *box = text(f, sscc.texts[0]), *other = text(f, sscc.texts[1]);

    accepted(f, say_commission(f, "D1", DROPS, PART(s, 0, 3)));
    accepted(f, say_commission(f, "A1", PILLS, PART(p, 0, 1)));
    accepted(f, say_begin(f, "D1", DROPS, PART(sscc, 0, 2)));
    accepted(f, say_pack(f, other, PART(s, 2, 1), PACKS(DROPS, "")));
    partly(f,
           fmt(f,
               "{\"type\":\"pack\",\"parent\":\"%s\",\"children\":[\"%s\",\"%s\",\"%s\",\"%s\"]}",
               box, sgtin(f, DROPS, s.texts[0]), sgtin(f, DROPS, s.texts[3]),
               sgtin(f, PILLS, p.texts[0]), sgtin(f, DROPS, s.texts[1])),
           "pack.lot", 1);
    assert_int_equal(line_site_row(f, sgtin(f, DROPS, s.texts[1])).parent.v,
                     line_site_unit(f, box).v);
    partly(f, // the last lies elsewhere
           fmt(f, "{\"type\":\"unpack\",\"parent\":\"%s\",\"children\":[\"%s\",\"%s\"]}", box,
               sgtin(f, DROPS, s.texts[0]), sgtin(f, DROPS, s.texts[2])),
           "unit.other_parent", 1);
    assert_int_equal(line_site_row(f, sgtin(f, DROPS, s.texts[0])).parent.v, 0);
    // a parent that may not be packed into spoils the report, whoever its children are
    struct fixture_answer a = fixture_call(
        f, EACH, "",
        fmt(f, "{\"type\":\"pack\",\"parent\":\"%s\",\"children\":[\"%s\",\"%s\"]}",
            sgtin(f, DROPS, s.texts[1]), sgtin(f, DROPS, s.texts[0]), sgtin(f, DROPS, s.texts[3])));
    expect(&a, 200, "{\"accepted\":0,\"refused\":1,");
}

static void what_must_come_out_first_is_judged_for_each(void **state)
{
    struct fixture *f = *state;
    struct numbers s = line_site_serials(f, DROPS, "D1", 6), sscc = line_site_ssccs(f, "acme", 2);
    const char *good = text(f, sscc.texts[0]), *stolen = text(f, sscc.texts[1]);

    accepted(f, say_commission(f, "D1", DROPS, PART(s, 0, 6)));
    accepted(f, say_begin(f, "D1", DROPS, PART(sscc, 0, 2)));
    accepted(f, say_pack(f, good, PART(s, 0, 2), PACKS(DROPS, "")));
    accepted(f, say_pack(f, stolen, PART(s, 2, 2), PACKS(DROPS, "")));
    accepted(f, fmt(f, "{\"type\":\"stolen\",\"units\":[\"%s\"],\"reason\":\"why\"}", stolen));
    partly(f,
           fmt(f,
               "{\"type\":\"sample\",\"reason\":\"why\",\"unpack\":true,"
               "\"units\":[\"%s\",\"%s\",\"%s\",\"%s\"]}",
               sgtin(f, DROPS, s.texts[0]), sgtin(f, DROPS, s.texts[2]),
               sgtin(f, DROPS, s.texts[3]), sgtin(f, DROPS, s.texts[4])),
           "unit.stolen", 2);
    assert_int_equal(state_of(f, sgtin(f, DROPS, s.texts[0])), UNIT_SAMPLED);
    assert_int_equal(state_of(f, sgtin(f, DROPS, s.texts[4])), UNIT_SAMPLED);
    assert_int_equal(state_of(f, sgtin(f, DROPS, s.texts[2])), UNIT_COMMISSIONED);
    partly(f, // one of the two containers cannot be emptied
           fmt(f, "{\"type\":\"decommission\",\"reason\":\"why\",\"units\":[\"%s\",\"%s\"]}", good,
               stolen),
           "unit.stolen", 1);
    assert_int_equal(state_of(f, good), UNIT_DISSOLVED);
    assert_int_equal(state_of(f, stolen), UNIT_OPEN);
}

static void a_unit_named_twice_is_left_out(void **state)
{
    struct fixture *f = *state;
    struct numbers s = line_site_serials(f, PILLS, "A1", 2);

    partly(f,
           fmt(f,
               "{\"type\":\"commission\",\"lot\":\"A1\",\"gtin\":\"" PILLS
               "\",\"serials\":[\"%.*s\",\"%.*s\",\"%.*s\"]}",
               STR(s.texts[0]), STR(s.texts[1]), STR(s.texts[0])),
           "unit.twice", 1);
    assert_int_equal(state_of(f, sgtin(f, PILLS, s.texts[0])), UNIT_NONE);
    assert_int_equal(state_of(f, sgtin(f, PILLS, s.texts[1])), UNIT_COMMISSIONED);
}

// ---- all or nothing

static void an_atomic_call_is_done_whole(void **state)
{
    struct fixture *f = *state;
    struct numbers s = line_site_serials(f, DROPS, "D1", 4), sscc = line_site_ssccs(f, "acme", 1);
    const char *box = text(f, sscc.texts[0]);
    const char *body = fmt(f, "[%s,%s]", say_commission(f, "D1", DROPS, PART(s, 0, 4)),
                           say_pack(f, box, PART(s, 0, 4), PACKS(DROPS, ",\"commission\":true")));

    struct fixture_answer a = fixture_call(f, ATOMIC, KEY, body);
    expect(&a, 200, "{\"accepted\":2,\"refused\":0,");
    assert_int_equal(state_of(f, box), UNIT_CLOSED);
    struct fixture_answer b = fixture_call(f, ATOMIC, KEY, body);
    assert_true(str_eq(a.body, b.body));
}

static void one_refusal_undoes_an_atomic_call(void **state)
{
    struct fixture *f = *state;
    struct numbers s = line_site_serials(f, PILLS, "A1", 3);
    str lines = {0};
    const char *one = say_commission(f, "A1", PILLS, PART(s, 0, 2));
    const char *two = say_commission(f, "A1", PILLS, PART(s, 1, 2));

    lines = str_of(fmt(f, "%s\n%s\n{\"type\":\"nonsense\"}\n", one, two));
    const char *bodies[] = {fmt(f, "[%s,%s]", one, two), fmt(f, "[%s,{}]", one), lines.p};
    uint64_t before = facts(f);
    struct fixture_answer a = fixture_call(f, ATOMIC, KEY, bodies[0]);
    expect(&a, 200, "{\"accepted\":0,\"refused\":2,\"results\":[{\"index\":0,\"problem\":");
    expect(&a, 200, "\"call.undone\"");
    expect(&a, 200, "\"unit.state\"");
    assert_int_equal(facts(f), before + 2); // the refusal, and what the key is bound by
    struct fixture_answer b = fixture_call(f, ATOMIC, KEY, bodies[0]);
    assert_true(str_eq(a.body, b.body));
    a = fixture_call(f, ATOMIC, "", bodies[1]);
    expect(&a, 200, "\"call.undone\"");
    expect(&a, 200, "\"field.required\"");
    a = fixture_send(f, ATOMIC, NDJSON, lines);
    expect(&a, 200, "{\"accepted\":0,\"refused\":3,");
    for (uint32_t i = 0; i < s.n; i++)
        assert_int_equal(state_of(f, sgtin(f, PILLS, s.texts[i])), UNIT_NONE);
}

static void what_came_first_is_undone_with_an_atomic_call(void **state)
{
    struct fixture *f = *state;
    struct numbers s = line_site_serials(f, DROPS, "D1", 2), sscc = line_site_ssccs(f, "acme", 1);
    const char *box = text(f, sscc.texts[0]), *pack = sgtin(f, DROPS, s.texts[0]);

    accepted(f, say_commission(f, "D1", DROPS, PART(s, 0, 1)));
    accepted(f, say_pack(f, box, PART(s, 0, 1), PACKS(DROPS, ",\"commission\":true")));
    struct fixture_answer a = fixture_call(
        f, ATOMIC, "",
        fmt(f,
            "[{\"type\":\"sample\",\"reason\":\"why\",\"unpack\":true,\"units\":[\"%s\"]},"
            "{\"type\":\"sample\",\"reason\":\"why\",\"units\":[\"%s\"]}]",
            pack, sgtin(f, DROPS, s.texts[1])));
    expect(&a, 200, "{\"accepted\":0,\"refused\":2,");
    assert_int_equal(line_site_row(f, pack).parent.v, line_site_unit(f, box).v);
}

static void an_atomic_call_has_its_limits(void **state)
{
    struct fixture *f = *state;

    f->site.limits.reports_max = 2;
    struct fixture_answer a = fixture_call(f, ATOMIC, "", "[{},{},{}]");
    expect(&a, 413, "reports.too_many");
    a = fixture_send(f, ATOMIC, NDJSON, S("{}\n{}\n{}\n"));
    expect(&a, 413, "at most 2 reports");
    f->site.limits.report_body_max = 64;
    a = fixture_send(f, ATOMIC, NDJSON,
                     str_of(fmt(f, "{}\n%64s{}\n{\"type\":\"nonsense, and too long\"}", "")));
    expect(&a, 413, "at most 64 bytes");
    a = fixture_call(f, "POST /v1/reports?atomic=true&each=true", "", "[]");
    expect(&a, 400, "report.each_atomic");
    a = fixture_call(f, "POST /v1/reports?each=yes", "", "[]");
    expect(&a, 400, "query.value");
}

// What it holds offends as well, but the container is what was named.
static void a_container_offends_by_what_is_wrong_with_itself(void **state)
{
    struct fixture *f = *state;
    struct numbers s = line_site_serials(f, DROPS, "D1", 8), c = line_site_ssccs(f, "acme", 2);
    const char *held = text(f, c.texts[0]), *other = text(f, c.texts[1]);

    accepted(f, say_commission(f, "D1", DROPS, PART(s, 0, 8)));
    accepted(f, say_pack(f, held, PART(s, 0, 4), PACKS(DROPS, BEGIN)));
    accepted(f, say_pack(f, other, PART(s, 4, 4), PACKS(DROPS, BEGIN)));
    accepted(f, fmt(f, "{\"type\":\"hold\",\"units\":[\"%s\"],\"reason\":\"x\"}", held));
    const char *early = "\"reason\":\"x\",\"time\":\"2025-11-24T10:00:00Z\"";
    struct fixture_answer a = fixture_call(
        f, EACH, "",
        fmt(f, "{\"type\":\"decommission\",\"units\":[\"%s\",\"%s\"],%s}", held, other, early));
    expect(&a, 200, fmt(f, "{\"unit\":\"(00)%s\",\"code\":\"unit.on_hold\"}", held));
    expect(&a, 200, fmt(f, "{\"unit\":\"(00)%s\",\"code\":\"time.before\"}", other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, line_site_setup, line_site_teardown)
        T(a_commission_goes_on_without_what_is_refused),
        T(a_repeated_key_tells_both_outcomes),
        T(nothing_left_is_refused_as_ever),
        T(numbers_are_scrapped_and_sampled_each_for_itself),
        T(children_are_packed_and_unpacked_each_for_itself),
        T(what_must_come_out_first_is_judged_for_each),
        T(a_container_offends_by_what_is_wrong_with_itself),
        T(a_unit_named_twice_is_left_out),
        T(an_atomic_call_is_done_whole),
        T(one_refusal_undoes_an_atomic_call),
        T(what_came_first_is_undone_with_an_atomic_call),
        T(an_atomic_call_has_its_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
