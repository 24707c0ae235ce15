// Captured events and what lies in what: containers within containers, what ends there, what began
// elsewhere. Every test ends with a count of all units and a replay.
#include "captured_site.h"
#include "common/env.h"
#include "line_site.h"
#include "service/client/client.h"
#include "service/event/capture.h"
#include "service/pool/foreign.h"
#include "service/pool/pool.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ELSEWHERE "https://id.gs1.org/01/09521999000006/21/X"

struct drops { // two cases of four on a pallet
    struct numbers packs, ssccs;
    const char *pallet, *cases[2];
};

static void build(struct fixture *f, struct drops *d)
{
    struct packing_of packs = {DROPS, ",\"commission\":true"}, cases = {NULL, packs.more};

    d->packs = line_site_serials(f, DROPS, "D1", 8);
    d->ssccs = line_site_ssccs(f, "acme", 3);
    accepted(f, say_commission(f, "D1", DROPS, (struct part){&d->packs, 0, 8}));
    for (uint32_t i = 0; i < 2; i++) {
        d->cases[i] = text(f, d->ssccs.texts[i]);
        accepted(f, say_pack(f, d->cases[i], (struct part){&d->packs, 4 * i, 4}, packs));
    }
    d->pallet = text(f, d->ssccs.texts[2]);
    accepted(f, say_pack(f, d->pallet, (struct part){&d->ssccs, 0, 2}, cases));
}

static client_id acme_of(struct fixture *f)
{
    client_id acme;
    struct txn *t = fixture_read(f);

    assert_true(client_by_name(t, S("acme"), &acme));
    fixture_read_end(t);
    return acme;
}

static void tell(struct fixture *f, const char *type, const char *members)
{
    wall now = env_wall(f->site.env);
    struct captured_says e = {type, members, {.at = {now.ms + 1000}}};

    (void)captured_site_say(f, acme_of(f), &e);
}

static void move(struct fixture *f, const char *action, const char *parent, const char *child)
{
    char members[512];

    snprintf(members, sizeof members,
             ",\"action\":\"%s\",\"bizStep\":\"packing\",\"parentID\":\"https://id.gs1.org/00/%s\","
             "\"childEPCs\":[\"%s\"]",
             action, parent, child);
    tell(f, "AggregationEvent", members);
}

static const char *pack_uri(struct fixture *f, const struct drops *d, uint32_t i)
{
    char uri[128];

    snprintf(uri, sizeof uri, "https://id.gs1.org/01/" DROPS "/21/%.*s", STR(d->packs.texts[i]));
    return text(f, str_of(uri));
}

static struct unit drop(struct fixture *f, const struct drops *d, uint32_t i)
{
    return line_site_row(f, sgtin(f, DROPS, d->packs.texts[i]));
}

static void a_case_on_a_pallet_is_unpacked_and_packed_as_told(void **state)
{
    struct fixture *f = *state;
    struct drops d;

    build(f, &d);
    move(f, "DELETE", d.cases[0], pack_uri(f, &d, 0));
    assert_int_equal(drop(f, &d, 0).parent.v, 0);
    assert_int_equal(line_site_row(f, d.cases[0]).state, UNIT_CLOSED); // as it was
    move(f, "ADD", d.cases[1], pack_uri(f, &d, 0));
    assert_int_equal(drop(f, &d, 0).parent.v, line_site_unit(f, d.cases[1]).v);
    line_site_check(f);
}

static void nothing_is_put_into_what_lies_in_it(void **state)
{
    struct fixture *f = *state;
    char pallet[64];
    struct drops d;

    build(f, &d);
    snprintf(pallet, sizeof pallet, "https://id.gs1.org/00/%s", d.pallet);
    move(f, "ADD", d.cases[0], pallet);
    assert_int_equal(line_site_row(f, d.pallet).parent.v, 0);
    line_site_check(f);
}

static void end_pallet(struct fixture *f, const struct drops *d, const char *rule)
{
    char members[256];

    assert_int_equal(fixture_put(f, &kind_client_put, "acme", rule).cls, ST_OK);
    snprintf(members, sizeof members,
             ",\"action\":\"DELETE\",\"bizStep\":\"decommissioning\","
             "\"epcList\":[\"https://id.gs1.org/00/%s\"]",
             d->pallet);
    tell(f, "ObjectEvent", members);
    assert_int_equal(line_site_row(f, d->pallet).state, UNIT_DISSOLVED);
}

static void what_a_pallet_held_comes_out_when_it_ends(void **state)
{
    struct fixture *f = *state;
    struct drops d;

    build(f, &d);
    end_pallet(f, &d, "{\"name\":\"Acme\",\"prefixes\":[\"9521141\"]}");
    assert_int_equal(line_site_row(f, d.cases[1]).state, UNIT_CLOSED);
    assert_int_equal(line_site_row(f, d.cases[1]).parent.v, 0);
    assert_int_equal(drop(f, &d, 7).parent.v, line_site_unit(f, d.cases[1]).v);
    line_site_check(f);
}

static void what_a_pallet_held_ends_with_it_by_the_clients_rule(void **state)
{
    struct fixture *f = *state;
    struct drops d;

    build(f, &d);
    end_pallet(f, &d,
               "{\"name\":\"Acme\",\"prefixes\":[\"9521141\"],"
               "\"profile\":{\"decommission_parent\":\"children\"}}");
    assert_int_equal(line_site_row(f, d.cases[1]).state, UNIT_DISSOLVED);
    assert_int_equal(drop(f, &d, 7).state, UNIT_INACTIVE);
    assert_int_equal(drop(f, &d, 7).parent.v, 0);
    line_site_check(f);
}

static void a_line_empties_what_holds_a_unit_that_began_elsewhere(void **state)
{
    struct fixture *f = *state;
    struct numbers packs = line_site_serials(f, DROPS, "D1", 2), c = line_site_ssccs(f, "acme", 1);
    const char *sscc = text(f, c.texts[0]);
    char body[128];

    accepted(f, say_commission(f, "D1", DROPS, (struct part){&packs, 0, 2}));
    accepted(f, say_pack(f, sscc, (struct part){&packs, 0, 2},
                         (struct packing_of){DROPS, ",\"commission\":true"}));
    tell(f, "ObjectEvent", ",\"action\":\"ADD\",\"epcList\":[\"" ELSEWHERE "\"]");
    move(f, "ADD", sscc, ELSEWHERE);
    snprintf(body, sizeof body, "{\"type\":\"unpack\",\"parent\":\"%s\"}", sscc);
    accepted(f, body);
    assert_int_equal(line_site_row(f, sscc).state, UNIT_OPEN);
    line_site_check(f);
}

// A lot's hold is its own units', wherever they lie; what lies in one of them is judged so, and
// shown.
static void a_lot_on_hold_says_nothing_of_what_began_elsewhere(void **state)
{
    struct fixture *f = *state;
    struct numbers c = line_site_serials(f, PILLS_CASE, "A1", 1);
    char members[512];

    accepted(f, say_commission(f, "A1", PILLS_CASE, PART(c, 0, 1)));
    tell(f, "ObjectEvent", ",\"action\":\"ADD\",\"epcList\":[\"" ELSEWHERE "\"]");
    snprintf(members, sizeof members,
             ",\"action\":\"ADD\",\"bizStep\":\"packing\",\"parentID\":\"https://id.gs1.org/"
             "01/" PILLS_CASE "/21/%.*s\",\"childEPCs\":[\"" ELSEWHERE "\"]",
             STR(c.texts[0]));
    tell(f, "AggregationEvent", members);
    f->caller.role = ROLE_OPERATOR;
    struct fixture_answer a =
        fixture_call(f, "POST /v1/holds", "",
                     "{\"gtin\":\"" PILLS "\",\"lot\":\"A1\",\"reason\":\"a complaint\"}");
    assert_int_equal(a.code, 201);
    const char *parent = fmt(f, "%%2801%%29" PILLS_CASE "%%2821%%29%.*s", STR(c.texts[0]));
    a = fixture_call(f, fmt(f, "GET /v1/units/%s", parent), "", "");
    assert_true(holds(a.body, "\"flags\":[\"hold\"]"));
    a = fixture_call(f, fmt(f, "GET /v1/units?parent=%s", parent), "", "");
    if (!holds(a.body, "(21)X\"") || !holds(a.body, "\"flags\":[]"))
        fail_msg("%d %.*s", a.code, STR(a.body));
    f->caller.role = ROLE_LINE;
    line_site_check(f);
}

static void begin_by_event(struct fixture *f, const char *sscc)
{
    char members[128];

    snprintf(members, sizeof members,
             ",\"action\":\"ADD\",\"bizStep\":\"commissioning\",\"epcList\":"
             "[\"https://id.gs1.org/00/%s\"]",
             sscc);
    tell(f, "ObjectEvent", members);
}

static void put(struct fixture *f, const char *parent, struct part p, const char *gtin, bool full)
{
    accepted(f, say_pack(f, parent, p, PACKS(gtin, "")));
    assert_int_equal(line_site_row(f, parent).state, full ? UNIT_CLOSED : UNIT_OPEN);
}

// Nor a line, where an operator reports: nobody watches the order of its labels.
static void a_container_that_an_event_began_is_packed_by_an_operator(void **state)
{
    struct fixture *f = *state;
    struct numbers n = line_site_serials(f, DROPS, "D1", 4), c = line_site_ssccs(f, "acme", 4);
    const char *in = text(f, c.texts[0]), *pallet = text(f, c.texts[1]);
    const char *other = text(f, c.texts[2]), *label = text(f, c.texts[3]);

    accepted(f, say_commission(f, "D1", DROPS, PART(n, 0, 4)));
    begin_by_event(f, in);
    put(f, in, PART(n, 0, 4), DROPS, true);
    f->caller.role = ROLE_OPERATOR;
    f->caller.line = (str){0};
    accepted(f, say_pack(f, pallet, PART(c, 0, 1), PACKS(NULL, BEGIN)));
    begin_by_event(f, other);
    accepted(f,
             fmt(f, "{\"type\":\"move\",\"parent\":\"%s\",\"children\":[\"%s\"],\"reason\":\"r\"}",
                 other, in));
    assert_int_equal(line_site_row(f, in).parent.v, line_site_unit(f, other).v);
    accepted(f, fmt(f, "{\"type\":\"relabel\",\"from\":\"%s\",\"to\":\"%s\",\"reason\":\"r\"}", in,
                    label));
    assert_int_equal(line_site_row(f, label).parent.v, line_site_unit(f, other).v);
    line_site_check(f);
}

// An event tells no lot of an SSCC: what lies in it does.
static void a_container_that_an_event_began_is_full_by_what_it_holds(void **state)
{
    struct fixture *f = *state;
    struct numbers n = line_site_serials(f, DROPS, "D1", 9), c = line_site_ssccs(f, "acme", 3);
    const char *cases[] = {text(f, c.texts[0]), text(f, c.texts[1])};
    const char *pallet = text(f, c.texts[2]);

    accepted(f, say_commission(f, "D1", DROPS, PART(n, 0, 9)));
    for (uint32_t i = 0; i < 3; i++) begin_by_event(f, text(f, c.texts[i]));
    put(f, cases[0], PART(n, 0, 2), DROPS, false);
    refused(f, fmt(f, "{\"type\":\"close\",\"parent\":\"%s\"}", cases[0]), "close.partial", 1);
    refused(f, say_pack(f, cases[0], PART(n, 2, 3), PACKS(DROPS, "")), "pack.too_many", 1);
    put(f, cases[0], PART(n, 2, 2), DROPS, true);
    put(f, cases[1], PART(n, 4, 4), DROPS, true);
    put(f, pallet, PART(c, 0, 1), NULL, false);
    refused(f, fmt(f, "{\"type\":\"close\",\"parent\":\"%s\"}", pallet), "close.partial", 1);
    put(f, pallet, PART(c, 1, 1), NULL, true);
    line_site_check(f);
}

static int setup(void **state)
{
    *state = line_site_open();
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    line_site_close(&f);
    return 0;
}

// ---- numbers that no pool has given yet

// The SSCC after this one, of a pool that counts.
static const char *next_sscc(struct fixture *f, const char *sscc)
{
    char digits[18];
    unsigned sum = 0;

    snprintf(digits, sizeof digits, "%017llu", strtoull(text(f, (str){sscc, 17}), NULL, 10) + 1);
    for (unsigned k = 0; k < 17; k++) sum += (unsigned)(digits[k] - '0') * (k % 2 == 0 ? 3 : 1);
    return fmt(f, "%s%u", digits, (10 - sum % 10) % 10);
}

static void what_an_event_named_is_never_given(struct fixture *f, const char *given,
                                               struct numbers (*more)(struct fixture *))
{
    const char *named = next_sscc(f, given);

    begin_by_event(f, named);
    struct numbers then = more(f);
    for (uint32_t i = 0; i < then.n; i++) assert_false(str_eq(then.texts[i], str_of(named)));
    line_site_check(f);
}

static struct numbers two_of_acme(struct fixture *f) { return line_site_ssccs(f, "acme", 2); }

static struct numbers two_of_the_site(struct fixture *f) { return line_site_own_ssccs(f, 2); }

static void a_clients_pool_passes_over_what_an_event_named(void **state)
{
    struct numbers first = two_of_acme(*state);

    what_an_event_named_is_never_given(*state, text(*state, first.texts[1]), two_of_acme);
}

static void the_sites_own_pool_passes_over_what_an_event_named(void **state)
{
    struct numbers first = two_of_the_site(*state);

    what_an_event_named_is_never_given(*state, text(*state, first.texts[1]), two_of_the_site);
}

// What the loop found free is given before the committer comes to it.
static bool is_what_was_given(struct fixture *f, const char *sscc)
{
    struct foreign_ask *ask = NEW(&f->arena, struct foreign_ask);
    struct gs1_id id;
    struct buf b;

    *ask = (struct foreign_ask){
        .client = acme_of(f), .names = NEW(&f->arena, struct foreign_name), .n = 1};
    assert_int_equal(gs1_read(str_of(sscc), &f->arena, &id).cls, ST_OK);
    buf_init(&b, KB);
    assert_int_equal(foreign_text(&id, &b).cls, ST_OK);
    *ask->names = (struct foreign_name){.text = arena_str(&f->arena, buf_str(&b)),
                                        .claim = line_site_unit(f, sscc)};
    buf_fini(&b);
    struct job *j = fixture_job(f, 1);
    j->asks[0] = (struct ask){.kind = &kind_units_named, .what = ask};
    fixture_job_run(f, j);
    assert_int_equal(j->asks[0].result.cls, ST_OK);
    return ask->names->unit.v == ask->names->claim.v;
}

static void a_claim_comes_too_late_for_what_was_given(void **state)
{
    assert_true(is_what_was_given(*state, text(*state, two_of_acme(*state).texts[0])));
    assert_false(is_what_was_given(*state, text(*state, two_of_the_site(*state).texts[0])));
    line_site_check(*state);
}

static str seen(struct fixture *f, const char *sscc)
{
    struct captured_says e = {
        "ObjectEvent",
        fmt(f, ",\"action\":\"OBSERVE\",\"epcList\":[\"https://id.gs1.org/00/%s\"]", sscc),
        {.at = f->now}};
    return captured_site_json(f, &e);
}

static struct captured_look look_at(struct fixture *f, const char *sscc)
{
    return captured_site_look(f, acme_of(f), seen(f, sscc));
}

static void make_late_pool(struct fixture *f)
{
    must(fixture_put(f, &kind_pool_put, "late",
                     "{\"kind\":\"sscc\",\"client\":\"acme\",\"prefix\":\"9521141\","
                     "\"extension\":\"5\"}"));
}

static void late_pool_passes_over(struct fixture *f, const char *named)
{
    struct numbers then = line_site_pool_ssccs(f, "late", 4);

    assert_true(memcmp(then.texts[0].p, named, 17) < 0 && memcmp(then.texts[3].p, named, 17) > 0);
    for (uint32_t i = 0; i < then.n; i++) assert_false(str_eq(then.texts[i], str_of(named)));
    line_site_check(f);
}

// The client's first event names a number of a pool that is made before the committer comes to it.
static void a_pool_that_is_made_while_an_event_is_taken_passes_over_it(void **state)
{
    struct fixture *f = *state;
    const char *named = next_sscc(f, "59521141000000001");
    struct captured_look l = look_at(f, named);

    make_late_pool(f);
    (void)captured_site_commit(f, l);
    late_pool_passes_over(f, named);
}

static void a_pool_that_is_made_while_a_request_is_taken_passes_over_what_it_names(void **state)
{
    struct fixture *f = *state;
    const char *named = next_sscc(f, "59521141000000001");
    struct captured_part *x = captured_site_part(f, acme_of(f), seen(f, named));

    make_late_pool(f);
    captured_site_send(f, x);
    late_pool_passes_over(f, named);
}

// By a client's strict rules, all or nothing: its names do not come to be either.
static void refused_with_its_names(struct fixture *f)
{
    const char *members = fmt(f,
                              ",\"action\":\"DELETE\",\"bizStep\":\"unpacking\",\"parentID\":"
                              "\"https://id.gs1.org/00/%s\",\"childEPCs\":[\"" ELSEWHERE "\"]",
                              next_sscc(f, "39521999000000001"));
    struct captured_says e = {"AggregationEvent", members, {.at = f->now}};
    struct captured_look l = captured_site_look(f, acme_of(f), captured_site_json(f, &e));

    l.event->rule = CAPTURE_STRICT;
    struct job *j = fixture_job(f, 2);
    j->asks[0] = (struct ask){.kind = &kind_units_named, .what = l.names};
    j->asks[1] = (struct ask){.kind = &kind_event_captured, .what = l.event};
    j->together = true;
    fixture_job_run(f, j);
    assert_true(j->undone);
    assert_int_equal(j->whole.cls, ST_OK);
    assert_true(holds(j->asks[1].units, "09521999000006")); // the committer wrote the name
}

static void the_space_of_names_that_were_refused_is_taken_for_no_other(void **state)
{
    struct fixture *f = *state;
    const char *named = next_sscc(f, "59521141000000001");
    struct captured_look l = look_at(f, named);

    refused_with_its_names(f);
    make_late_pool(f);
    (void)captured_site_commit(f, l);
    names_leave(); // the committer's: loops have their own
    struct numbers then = line_site_pool_ssccs(f, "late", 4);
    for (uint32_t i = 0; i < then.n; i++) assert_false(str_eq(then.texts[i], str_of(named)));
    line_site_check(f);
}

// ---- numbers of a list that lie there

#define ITEM "https://id.gs1.org/01/" DROPS "/21/"

// N00000, N00001, and so on.
static void import(struct fixture *f, uint32_t n)
{
    struct buf b;

    must(fixture_put(f, &kind_pool_put, "list", "{\"kind\":\"list\",\"gtin\":\"" DROPS "\"}"));
    buf_init(&b, 1 * MB);
    for (uint32_t i = 0; i < n; i++) buf_addf(&b, "N%05u\n", i);
    f->caller.role = ROLE_GATEWAY;
    struct fixture_answer a = fixture_call(f, "POST /v1/pools/list/import",
                                           "Content-Type: text/plain\r\n", text(f, buf_str(&b)));
    buf_fini(&b);
    assert_int_equal(a.code, 201);
}

static void gives(struct fixture *f, uint32_t n, int code, const char *part)
{
    const char *body = fmt(f, "{\"gtin\":\"" DROPS "\",\"pool\":\"list\",\"quantity\":%u}", n);

    f->caller.role = ROLE_LINE;
    struct fixture_answer a = fixture_call(f, "POST /v1/serials", "", body);
    if (a.code != code || !holds(a.body, part)) fail_msg("%d %.*s", a.code, STR(a.body));
}

static void a_list_passes_over_what_an_event_told_of_its_numbers(void **state)
{
    struct fixture *f = *state;

    import(f, 6);
    tell(f, "ObjectEvent", ",\"action\":\"OBSERVE\",\"epcList\":[\"" ITEM "N00000\"]");
    tell(f, "ObjectEvent",
         ",\"action\":\"ADD\",\"bizStep\":\"commissioning\",\"epcList\":[\"" ITEM "N00002\"],"
         "\"ilmd\":{\"cbvmda:lotNumber\":\"D1\"}");
    assert_int_equal(line_site_row(f, ITEM "N00002").state, UNIT_COMMISSIONED);
    gives(f, 5, 409, "has 4 numbers left, not 5");
    gives(f, 2, 201, "[\"N00001\",\"N00003\"]");
    gives(f, 2, 201, "[\"N00004\",\"N00005\"]");
    gives(f, 1, 409, "pool.exhausted");
    assert_int_equal(line_site_row(f, ITEM "N00002").state, UNIT_COMMISSIONED);
    line_site_check(f);
}

// So many that the mark moves first.
static void a_list_comes_behind_thousands_that_events_told_of(void **state)
{
    enum { TOLD = 8300 };
    struct fixture *f = *state;
    struct buf b;

    import(f, TOLD + 2);
    buf_init(&b, 1 * MB);
    buf_add(&b, S(",\"action\":\"OBSERVE\",\"epcList\":["));
    for (uint32_t i = 0; i < TOLD; i++) buf_addf(&b, "%s\"" ITEM "N%05u\"", i == 0 ? "" : ",", i);
    buf_addc(&b, ']');
    tell(f, "ObjectEvent", text(f, buf_str(&b)));
    buf_fini(&b);
    gives(f, 3, 409, "pool.exhausted");
    gives(f, 2, 201, "[\"N08300\",\"N08301\"]");
    line_site_check(f);
}

#define TREE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TREE_TEST(a_case_on_a_pallet_is_unpacked_and_packed_as_told),
        TREE_TEST(nothing_is_put_into_what_lies_in_it),
        TREE_TEST(what_a_pallet_held_comes_out_when_it_ends),
        TREE_TEST(what_a_pallet_held_ends_with_it_by_the_clients_rule),
        TREE_TEST(a_lot_on_hold_says_nothing_of_what_began_elsewhere),
        TREE_TEST(a_container_that_an_event_began_is_packed_by_an_operator),
        TREE_TEST(a_container_that_an_event_began_is_full_by_what_it_holds),
        TREE_TEST(a_line_empties_what_holds_a_unit_that_began_elsewhere),
        TREE_TEST(a_clients_pool_passes_over_what_an_event_named),
        TREE_TEST(the_sites_own_pool_passes_over_what_an_event_named),
        TREE_TEST(a_claim_comes_too_late_for_what_was_given),
        TREE_TEST(a_pool_that_is_made_while_an_event_is_taken_passes_over_it),
        TREE_TEST(a_pool_that_is_made_while_a_request_is_taken_passes_over_what_it_names),
        TREE_TEST(the_space_of_names_that_were_refused_is_taken_for_no_other),
        TREE_TEST(a_list_passes_over_what_an_event_told_of_its_numbers),
        TREE_TEST(a_list_comes_behind_thousands_that_events_told_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
