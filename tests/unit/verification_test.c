// Verifications: what is answered in every state, who may ask, and what is kept of it.
#include "service/catalog/product.h"
#include "service/client/client.h"
#include "service/exception/exception_db.h"
#include "service/unit/unit.h"
#include "service/verification/verification.h"
#include "trade_site.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define UUID  "21ec2020-3aea-4069-a2dd-08002b30309d"
#define UUID2 "21EC2020-3AEA-4069-A2DD-08002B30309E"
#define DAY   INT64_C(86400000)

// ---- the rules alone

static const struct verification_label label = {
    {"L1", 2 },
    { 2030,   6, 30}
};
static const wall before = {INT64_C(1893456000000)}; // 2030-01-01
static const wall after = {INT64_C(1909180800000)};  // 2030-07-02

static struct verification_truth truth_of(enum unit_state state, unsigned flags)
{
    return (struct verification_truth){true, state, flags, label.lot, label.expiry};
}

static void each_state_has_its_answer(void **state)
{
    static const enum verification_answer want[UNIT_STATES] = {
        [UNIT_NONE] = VERIFICATION_NO_MATCH,
        [UNIT_ALLOCATED] = VERIFICATION_NO_MATCH,
        [UNIT_PRINTED] = VERIFICATION_NO_MATCH,
        [UNIT_COMMISSIONED] = VERIFICATION_MATCH,
        [UNIT_SCRAPPED] = VERIFICATION_NO_MATCH,
        [UNIT_LABEL_SAMPLED] = VERIFICATION_NO_MATCH,
        [UNIT_SAMPLED] = VERIFICATION_WITHDRAWN,
        [UNIT_INACTIVE] = VERIFICATION_WITHDRAWN,
        [UNIT_DESTROYED] = VERIFICATION_WITHDRAWN,
        [UNIT_SHIPPED] = VERIFICATION_MATCH,
        [UNIT_RETURNED_TO_OWNER] = VERIFICATION_NO_MATCH,
        [UNIT_UNALLOCATED] = VERIFICATION_NO_MATCH,
        [UNIT_INVALID] = VERIFICATION_WITHDRAWN,
        [UNIT_DISSOLVED] = VERIFICATION_WITHDRAWN,
        [UNIT_OPEN] = VERIFICATION_MATCH,
        [UNIT_CLOSED] = VERIFICATION_MATCH,
    };
    (void)state;
    for (int s = 0; s < UNIT_STATES; s++) {
        struct verification_truth t = truth_of((enum unit_state)s, 0);
        assert_int_equal(verification_judge(&t, &label, before), want[s]);
        t.known = false;
        assert_int_equal(verification_judge(&t, &label, before), VERIFICATION_NO_MATCH);
    }
}

static void the_gravest_flag_is_told_and_only_of_what_matches(void **state)
{
    (void)state;
    for (unsigned flags = 0; flags < 256; flags++) {
        struct verification_truth t = truth_of(UNIT_SHIPPED, flags);
        enum verification_answer want = flags & UNIT_STOLEN     ? VERIFICATION_ILLEGITIMATE
                                        : flags & UNIT_RECALLED ? VERIFICATION_RECALLED
                                        : flags & UNIT_HOLD     ? VERIFICATION_SUSPECT
                                        : flags & UNIT_LOST     ? VERIFICATION_SUSPECT
                                                                : VERIFICATION_MATCH;
        assert_int_equal(verification_judge(&t, &label, before), want);
        if (want == VERIFICATION_MATCH) want = VERIFICATION_EXPIRED;
        assert_int_equal(verification_judge(&t, &label, after), want);
        t.lot = S("L9");
        assert_int_equal(verification_judge(&t, &label, before), VERIFICATION_NO_MATCH_LOT);
        t = truth_of(UNIT_SAMPLED, flags);
        assert_int_equal(verification_judge(&t, &label, after), VERIFICATION_WITHDRAWN);
        t = truth_of(UNIT_ALLOCATED, flags);
        assert_int_equal(verification_judge(&t, &label, after), VERIFICATION_NO_MATCH);
    }
}

static void lot_and_expiry_must_be_those_of_the_label(void **state)
{
    static const struct {
        const char *lot;
        struct date expiry;
        enum verification_answer want;
    } rows[] = {
        {"L1", {2030, 6, 30}, VERIFICATION_MATCH          },
        {"L1", {2030, 6, 0},  VERIFICATION_MATCH          }, // the last day of its month
        {"l1", {2030, 6, 30}, VERIFICATION_NO_MATCH_LOT   },
        {"L1", {2030, 6, 29}, VERIFICATION_NO_MATCH_EXPIRY},
        {"L1", {2030, 7, 0},  VERIFICATION_NO_MATCH_EXPIRY},
        {"L",  {2031, 6, 30}, VERIFICATION_NO_MATCH_BOTH  },
        {"",   {2030, 6, 30}, VERIFICATION_UNTOLD         },
        {"L1", {0},           VERIFICATION_UNTOLD         },
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct verification_truth t = truth_of(UNIT_COMMISSIONED, 0);
        t.lot = str_of(rows[i].lot);
        t.expiry = rows[i].expiry;
        assert_int_equal(verification_judge(&t, &label, before), rows[i].want);
    }
}

static void the_last_day_counts_as_good(void **state)
{
    struct verification_truth t = truth_of(UNIT_SHIPPED, 0);
    int64_t last = (int64_t)date_days(label.expiry) * DAY;

    (void)state;
    assert_int_equal(verification_judge(&t, &label, (wall){last + DAY - 1}), VERIFICATION_MATCH);
    assert_int_equal(verification_judge(&t, &label, (wall){last + DAY}), VERIFICATION_EXPIRED);
}

static void every_answer_has_the_word_of_the_standard(void **state)
{
    (void)state;
    for (int a = 1; a < VERIFICATION_ANSWER_END; a++) {
        enum verification_answer x = (enum verification_answer)a;
        assert_true(verification_is_true(x) || verification_code(x).n > 0);
        assert_int_equal(verification_is_suspect(x), x != VERIFICATION_MATCH);
    }
    assert_true(str_eq(verification_code(VERIFICATION_WITHDRAWN), S("Not_for_re-distribution")));
}

// ---- over HTTP

static str serial_of(str pack) { return str_from(pack, sizeof "(01)" PACK_A "(21)" - 1); }

static const char *question(struct trade *t, str pack, const char *lot, const char *more)
{
    return trade_text(t, "GET /verify/gtin/%.14s/lot/%s/ser/%.*s?%s", pack.p + 4, lot,
                      STR(serial_of(pack)), more);
}

static str ask(struct trade *t, str pack, const char *lot, const char *more)
{
    return trade_call(t, 200, question(t, pack, lot, more), "");
}

static uint64_t head(struct trade *t)
{
    struct txn *txn = fixture_read(t->f);
    uint64_t seq = journal_head_get(txn).seq;

    fixture_read_end(txn);
    return seq;
}

static void the_answer_is_that_of_the_standard(void **state)
{
    struct trade *t = *state;

    trade_commission(t, t->acme, 1, "L1");
    str said = ask(t, t->acme[0], "L1",
                   "exp=300630&linkType=verificationService&context="
                   "dscsaSaleableReturn&reqGLN=" PARTY "&corrUUID=" UUID
                   "&ctrlPossessAtt=true&email=a%40b.example&telephone=123");
    str rest = str_from(said, sizeof "{\"verificationTimestamp\":\"" - 1), at;
    assert_true(str_cut(&rest, '"', &at));
    struct moment m;
    assert_int_equal(when_read(at, &m).cls, ST_OK);
    assert_int_equal(m.at.ms, t->f->now.ms);
    assert_true(str_eq(rest, S(",\"responderGLN\":\"" HUB
                               "\",\"data\":{\"verified\":true},\"corrUUID\":\"" UUID "\"}")));
    said = ask(t, t->acme[1], "L1", "exp=300630");
    trade_has(said, "\"data\":{\"verified\":false,\"verificationFailureReason\":"
                    "\"No_match_GTIN_Serial\"},\"corrUUID\":\"\"}");
    fixture_verify(t->f);
}

static uint64_t exceptions(struct trade *t)
{
    struct txn *r = fixture_read(t->f);
    client_id acme;

    assert_true(client_by_name(r, S("acme"), &acme));
    struct exception_counts c = exception_counts_get(r, acme, EXCEPTION_OF_VERIFICATION);
    fixture_read_end(r);
    return c.open;
}

static void codes_follow_the_pack(void **state)
{
    struct trade *t = *state;

    trade_commission(t, t->acme, 4, "L1");
    trade_pack(t, t->sscc[0], t->acme, 2);
    trade_has(ask(t, t->acme[0], "L1", "exp=300630"), "{\"verified\":true}");
    trade_has(ask(t, t->acme[0], "L1", "exp=300600"), "{\"verified\":true}");
    trade_has(ask(t, t->acme[0], "L2", "exp=300630"), "\"No_match_GTIN_Serial_Lot\"");
    trade_has(ask(t, t->acme[0], "L1", "exp=300530"), "\"No_match_GTIN_Serial_Expiry\"");
    trade_has(ask(t, t->acme[0], "L9", "exp=250530"), "\"No_match_GTIN_Serial_Lot_Expiry\"");
    static const struct {
        unsigned flag;
        const char *says;
    } rows[] = {
        {UNIT_HOLD,     "{\"verified\":true,\"additionalInfo\":\"Suspect\"}"     },
        {UNIT_LOST,     "{\"verified\":true,\"additionalInfo\":\"Suspect\"}"     },
        {UNIT_RECALLED, "{\"verified\":true,\"additionalInfo\":\"Recalled\"}"    },
        {UNIT_STOLEN,   "{\"verified\":true,\"additionalInfo\":\"Illegitimate\"}"},
        {0,             "{\"verified\":true}"                                    },
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        trade_flag(t, t->acme[2], rows[i].flag);
        trade_has(ask(t, t->acme[2], "L1", "exp=300630"), rows[i].says);
        trade_flag(t, t->sscc[0], rows[i].flag); // and what lies in a case is told so, too
        trade_has(ask(t, t->acme[1], "L1", "exp=300630"), rows[i].says);
    }
    assert_true(exceptions(t) >= LEN(rows) - 1); // each stands until somebody looked at it
    trade_close_lot(t, PACK_A, "L1");
    trade_ship(t, 201, t->sscc, 1);
    trade_has(ask(t, t->acme[1], "L1", "exp=300630"), "{\"verified\":true}");
    trade_old_lot(t, t->acme + 5, 1);
    trade_has(ask(t, t->acme[5], "OLD", "exp=200630"),
              "{\"verified\":true,\"additionalInfo\":\"Expired\"}");
    fixture_verify(t->f);
}

static void what_is_malformed_is_refused_and_not_kept(void **state)
{
    struct trade *t = *state;
    static const char *const lines[] = {
        "GET /verify/gtin/09506000134353/lot/L1/ser/A?exp=300630",
        "GET /verify/gtin/x/lot/L1/ser/A?exp=300630",
        "GET /verify/gtin/" PACK_A "/lot/123456789012345678901/ser/A?exp=300630",
        "GET /verify/gtin/" PACK_A "/lot/L1/ser/123456789012345678901?exp=300630",
        "GET /verify/gtin/" PACK_A "/lot/L1/ser/A%20B?exp=300630",
        "GET /verify/gtin/" PACK_A "/lot/L1/ser/A",
        "GET /verify/gtin/" PACK_A "/lot/L1/ser/A?exp=",
        "GET /verify/gtin/" PACK_A "/lot/L1/ser/A?exp=301331",
        "GET /verify/gtin/" PACK_A "/lot/L1/ser/A?exp=20300630",
        "GET /verify/gtin/" PACK_A "/lot/L1/ser/A?exp=300630&linkType=other",
        "GET /verify/gtin/" PACK_A "/lot/L1/ser/A?exp=300630&context=two%20words",
        "GET /verify/gtin/" PACK_A "/lot/L1/ser/A?exp=300630&reqGLN=9506000000016",
        "GET /verify/gtin/" PACK_A "/lot/L1/ser/A?exp=300630&corrUUID=12",
        "GET /verify/gtin/" PACK_A "/lot/L1/ser/A?exp=300630&ctrlPossessAtt=perhaps",
        "GET /verify/gtin/" PACK_A "/lot/L1/ser/A?exp=300630&email=%01",
        "GET /verify/gtin/" PACK_A "/lot/L1/ser/A?exp=300630&exp=300630",
        "GET /verify/gtin/" PACK_A "/lot/L1/ser/A?exp=300630&colour=red",
        "GET /checkConnectivity",
        "GET /checkConnectivity?gtin=1",
        "GET /checkConnectivity?gtin=" PACK_A "&reqGLN=1",
    };
    uint64_t seq = head(t);

    for (size_t i = 0; i < LEN(lines); i++) trade_call(t, 400, lines[i], "");
    struct fixture_answer a = fixture_call(
        t->f, "GET /verify/gtin/" PACK_A "/lot/L1/ser/A?exp=300630", "GS1US-Version: one\r\n", "");
    assert_int_equal(a.code, 400);
    assert_int_equal(head(t), seq);
}

static void signs_in_lot_and_serial_are_what_they_stand_for(void **state)
{
    struct trade *t = *state;

    trade_call(t, 200, "GET /verify/gtin/" PACK_A "/lot/%2FL%3F/ser/A%2FB%25?exp=300630", "");
    trade_has(trade_call(t, 200, "GET /v1/verifications", ""),
              "\"unit\":\"(01)" PACK_A "(21)A/B%\",\"lot\":\"/L?\"");
}

static void a_repeat_is_answered_as_before_for_a_day(void **state)
{
    struct trade *t = *state;

    trade_commission(t, t->acme, 2, "L1");
    str first = ask(t, t->acme[0], "L1", "exp=300630&corrUUID=" UUID);
    uint64_t seq = head(t);
    t->f->now.ms += DAY;
    assert_true(str_eq(ask(t, t->acme[0], "L1", "exp=300630&corrUUID=" UUID), first));
    assert_int_equal(head(t), seq);
    ask(t, t->acme[1], "L1", "exp=300630&corrUUID=" UUID); // another question
    ask(t, t->acme[0], "L1", "exp=300630&corrUUID=" UUID2);
    ask(t, t->acme[0], "L1", "exp=300630");
    ask(t, t->acme[0], "L1", "exp=300630"); // without a corrUUID each is a question of its own
    assert_int_equal(head(t), seq + 4);
    trade_flag(t, t->acme[0], UNIT_RECALLED);
    t->f->now.ms += 1;
    trade_has(ask(t, t->acme[0], "L1", "exp=300630&corrUUID=" UUID), "Recalled");
    fixture_verify(t->f);
}

static void who_acts_for_a_party_asks_in_its_name(void **state)
{
    struct trade *t = *state;

    t->f->caller.role = ROLE_DISTRIBUTOR;
    t->f->caller.party = S(PARTY);
    ask(t, t->acme[0], "L1", "exp=300630&reqGLN=" PARTY);
    ask(t, t->acme[0], "L1", "exp=300630");
    trade_has(trade_call(t, 403, question(t, t->acme[0], "L1", "exp=300630&reqGLN=" HUB), ""),
              "\"code\":\"verification.requester\"");
    trade_call(t, 403, "GET /checkConnectivity?gtin=" PACK_A "&reqGLN=" HUB, "");
    trade_has(trade_call(t, 200, "GET /checkConnectivity?gtin=" PACK_A "&reqGLN=" PARTY, ""),
              "{\"responderGLN\":\"" HUB "\"}");
    t->f->caller.role = ROLE_OPERATOR;
    str list = trade_call(t, 200, "GET /v1/verifications", "");
    trade_has(list, "\"reqGLN\":\"" PARTY "\"");
}

static client_id client_of(struct trade *t, const char *gtin)
{
    struct txn *txn = fixture_read(t->f);
    client_id c = client_of_prefix(txn, str_of(gtin + 1));

    fixture_read_end(txn);
    return c;
}

static void a_wall_stands_between_clients(void **state)
{
    struct trade *t = *state;
    client_id acme = client_of(t, PACK_A), bolt = client_of(t, PACK_C);

    trade_commission(t, t->acme, 1, "L1");
    trade_commission(t, t->bolt, 1, "C1");
    ask(t, t->acme[0], "L1", "exp=300630");
    ask(t, t->bolt[0], "C1", "exp=300630");
    t->f->caller.role = ROLE_CLIENT;
    t->f->caller.clients = &bolt;
    t->f->caller.client_count = 1;
    str theirs = ask(t, t->acme[0], "L1", "exp=300630");
    str nobodys = trade_call(t, 200, "GET /verify/gtin/09506002134350/lot/L1/ser/A?exp=300630", "");
    assert_true(str_eq(theirs, nobodys));
    trade_has(theirs, "\"No_match_GTIN_Serial\"");
    trade_has(ask(t, t->bolt[0], "C1", "exp=300630"), "{\"verified\":true}");
    trade_call(t, 401, "GET /checkConnectivity?gtin=" PACK_A, "");
    trade_call(t, 401, "GET /checkConnectivity?gtin=09506002134350", "");
    trade_call(t, 200, "GET /checkConnectivity?gtin=" PACK_C, "");
    str list = trade_call(t, 200, "GET /v1/verifications", "");
    assert_null(memmem(list.p, list.n, PACK_A, strlen(PACK_A)));
    assert_null(memmem(list.p, list.n, "\"by\":", 5));
    trade_has(list, PACK_C);
    t->f->caller.clients = &acme;
    list = trade_call(t, 200, "GET /v1/verifications", "");
    assert_null(memmem(list.p, list.n, PACK_C, strlen(PACK_C)));
    trade_has(list, "\"verified\":true");
    assert_null(
        memmem(list.p, list.n, "\"verified\":false", 16)); // bolt's question is no trace here
}

static unsigned times(str text, const char *piece)
{
    unsigned n = 0;
    const char *at;

    while ((at = memmem(text.p, text.n, piece, strlen(piece))) != NULL) {
        text = str_from(text, (size_t)(at - text.p) + 1);
        n++;
    }
    return n;
}

static void the_list_finds_what_was_suspect(void **state)
{
    struct trade *t = *state;

    trade_commission(t, t->acme, 3, "L1");
    trade_flag(t, t->acme[1], UNIT_RECALLED);
    ask(t, t->acme[0], "L1", "exp=300630&corrUUID=" UUID);
    ask(t, t->acme[1], "L1", "exp=300630");
    ask(t, t->acme[2], "L9", "exp=300630");
    static const struct {
        const char *query;
        unsigned items;
    } rows[] = {
        {"",                            3},
        {"?verified=false",             1},
        {"?verified=true",              2},
        {"?suspect=true",               2},
        {"?suspect=true&verified=true", 1},
        {"?corrUUID=" UUID,             1},
        {"?suspect=false",              3},
        {"?since=2020-01-01T00:00:00Z", 3},
        {"?since=2100-01-01T00:00:00Z", 0},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        str list = trade_call(t, 200, trade_text(t, "GET /v1/verifications%s", rows[i].query), "");
        assert_int_equal(times(list, "\"took_ms\":0"), rows[i].items);
    }
    str list =
        trade_call(t, 200, trade_text(t, "GET /v1/verifications?unit=%.*s", STR(t->acme[1])), "");
    assert_int_equal(times(list, "\"code\":\"Recalled\""), 1);
    assert_int_equal(times(list, "\"took_ms\""), 1);
    trade_call(t, 400, "GET /v1/verifications?verified=no", "");
    trade_call(t, 400, "GET /v1/verifications?since=today", "");
    trade_call(t, 400, "GET /v1/verifications?unit=%29", "");
}

static void pages_of_the_list_hold_each_answer_once(void **state)
{
    struct trade *t = *state;
    char page[200] = "";
    unsigned seen = 0, pages = 0;

    for (unsigned i = 0; i < 45; i++) ask(t, t->acme[i], "L1", "exp=300630");
    do {
        str list = trade_call(
            t, 200,
            trade_text(t, "GET /v1/verifications?limit=7%s%s", page[0] ? "&page=" : "", page), "");
        for (unsigned i = 45; i-- > 0;) // the newest first
            if (times(list, trade_text(t, "%.*s\"", STR(t->acme[i]))) > 0)
                assert_int_equal(i, 44 - seen++);
        const char *next = memmem(list.p, list.n, "\"next\":\"", 8);
        page[0] = 0;
        if (next != NULL)
            snprintf(page, sizeof page, "%.*s", (int)strcspn(next + 8, "\""), next + 8);
        pages++;
    } while (page[0] != 0);
    assert_int_equal(seen, 45);
    assert_int_equal(pages, 7);
}

static void who_asks_too_often_must_wait_and_others_need_not(void **state)
{
    struct trade *t = *state;
    struct fixture_answer a;

    for (unsigned i = 0; i < 50; i++) ask(t, t->acme[0], "L1", "exp=300630");
    uint64_t seq = head(t);
    a = fixture_call(t->f, question(t, t->acme[0], "L1", "exp=300630"), "", "");
    assert_int_equal(a.code, 429);
    trade_has(a.body, "\"code\":\"rate.limited\"");
    trade_has(a.head, "Retry-After: 1");
    assert_int_equal(head(t), seq);
    t->f->now.ms += 100;
    ask(t, t->acme[0], "L1", "exp=300630");
    trade_call(t, 429, "GET /checkConnectivity?gtin=" PACK_A, "");
    t->f->caller.actor = 2;
    trade_call(t, 200, "GET /checkConnectivity?gtin=" PACK_A, "");
}

static void a_site_that_has_no_gln_cannot_answer(void **state)
{
    struct trade *t = *state;
    struct verification_conf none = {
        {.per_second = 10, .burst = 50},
        {0               }
    };

    verification_stop(&t->f->site);
    verification_start(&t->f->site, &none);
    trade_has(trade_call(t, 503, question(t, t->acme[0], "L1", "exp=300630"), ""),
              "\"code\":\"verification.responder\"");
    trade_call(t, 503, "GET /checkConnectivity?gtin=" PACK_A, "");
    assert_int_equal(fixture_put(t->f, &kind_product_put, PACK_A,
                                 "{\"client\":\"acme\",\"name\":\"Tablets\",\"holder\":\"" PARTY
                                 "\"}")
                         .cls,
                     ST_OK);
    trade_has(ask(t, t->acme[0], "L1", "exp=300630"), "\"responderGLN\":\"" PARTY "\"");
}

#define ON_A_SITE(test) cmocka_unit_test_setup_teardown(test, trade_open, trade_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_state_has_its_answer),
        cmocka_unit_test(the_gravest_flag_is_told_and_only_of_what_matches),
        cmocka_unit_test(lot_and_expiry_must_be_those_of_the_label),
        cmocka_unit_test(the_last_day_counts_as_good),
        cmocka_unit_test(every_answer_has_the_word_of_the_standard),
        ON_A_SITE(the_answer_is_that_of_the_standard),
        ON_A_SITE(codes_follow_the_pack),
        ON_A_SITE(what_is_malformed_is_refused_and_not_kept),
        ON_A_SITE(signs_in_lot_and_serial_are_what_they_stand_for),
        ON_A_SITE(a_repeat_is_answered_as_before_for_a_day),
        ON_A_SITE(who_acts_for_a_party_asks_in_its_name),
        ON_A_SITE(a_wall_stands_between_clients),
        ON_A_SITE(the_list_finds_what_was_suspect),
        ON_A_SITE(pages_of_the_list_hold_each_answer_once),
        ON_A_SITE(who_asks_too_often_must_wait_and_others_need_not),
        ON_A_SITE(a_site_that_has_no_gln_cannot_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
