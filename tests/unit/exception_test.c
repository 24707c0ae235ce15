// What facts raise, what stands, what people do with it; each test ends with a replay.
#include "common/bytes.h"
#include "service/exception/act.h"
#include "service/exception/refused.h"
#include "service/journal/refusal.h"
#include "service/ops/journal_gather.h"
#include "site_fixture.h"
#include <setjmp.h>

#include <cmocka.h>

#define ACME ((client_id){7})
#define POOL exception_about(12, 0)

// A fact that raises, settles or is refused, as its ask says; its decided part is the ask's bytes.
enum deed { RAISE, RAISE_SITE, RAISE_TWO, RAISE_STANDING, SETTLE, REFUSE };
struct deed_ask {
    enum deed deed;
    unsigned offender; // of REFUSE, where not 0
};

static status deed_decide(struct decide *d)
{
    const struct deed_ask *ask = d->ask;

    d->fact->client = ACME;
    bytes_u(d->out, ask->deed, 1);
    if (ask->offender != 0)
        buf_addf(d->units, "{\"unit\":\"(01)09521141000007(21)N%u\",\"code\":\"unit.state\"}",
                 ask->offender);
    return ask->deed == REFUSE ? (fail)(ST_CONFLICT, "unit.state", 0, "it is shipped") : OK;
}

static void deed_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct exception x = {.kind = EXCEPTION_OF_COUNT_DIFFERENCE, .code = S("lot.count"), .lot = 3};
    struct exception_end end = {f->client, EXCEPTION_OF_POOL_LOW, POOL};
    enum deed deed = (enum deed)f->decided.p[0];

    (void)arg;
    x.of_site = deed == RAISE_SITE;
    if (deed == RAISE_STANDING) {
        x.kind = EXCEPTION_OF_POOL_LOW;
        x.about = POOL;
    }
    if (deed == SETTLE)
        exception_settle(t, f, &end);
    else
        exception_raise(t, f, &x);
    x.index = 1;
    if (deed == RAISE_TWO) exception_raise(t, f, &x);
}

static void deed_print(const struct fact *f, struct json_w *w, const void *arg)
{
    (void)f, (void)w, (void)arg;
}

static const struct kind kind_deed = {FACT_UNITS_PACKED, 1,          "deed", deed_decide,
                                      deed_write,        deed_print, NULL};
static const struct kind kind_setting = {FACT_PRODUCT_PUT, 1,          "setting", deed_decide,
                                         deed_write,       deed_print, NULL};
static const struct kind *const kinds[] = {&kind_deed,
                                           &kind_setting,
                                           &kind_exception_assigned,
                                           &kind_exception_noted,
                                           &kind_exception_resolved,
                                           &kind_exception_reopened,
                                           &kind_exception_sent,
                                           NULL};

static int open_site(void **state)
{
    *state = fixture_open(kinds);
    return 0;
}

static int close_site(void **state)
{
    struct fixture *f = *state;

    fixture_verify(f);
    fixture_close(&f);
    return 0;
}

static uint64_t does(struct fixture *f, enum deed deed)
{
    struct deed_ask what = {.deed = deed};
    struct ask a;

    status st = fixture_run(f, &kind_deed, &what, &a);
    assert_int_equal(st.cls, deed == REFUSE ? ST_CONFLICT : ST_OK);
    return a.fact.seq;
}

static status acts(struct fixture *f, const struct kind *k, uint64_t seq, const char *first)
{
    struct exception_act act = {
        .id = {ACME, seq, 0},
          .first = str_of(first), .second = S("why")
    };
    return fixture_run(f, k, &act, NULL);
}

static struct exception_row row_of(struct fixture *f, uint64_t seq)
{
    struct exception_id id = {ACME, seq, 0};
    struct exception_row row;
    struct txn *t = fixture_read(f);

    assert_true(exception_get(t, &id, &row));
    row.owner = arena_str(&f->arena, row.owner);
    row.code = arena_str(&f->arena, row.code);
    fixture_read_end(t);
    return row;
}

// The seqs of all open or resolved ones, as they are listed; how many.
static unsigned walk(struct fixture *f, client_id c, bool resolved, uint64_t *seqs)
{
    struct exception_walk_of of = {c, resolved, 0, 0};
    struct txn *t = fixture_read(f);
    struct exception_row row;
    struct exception_walk w;
    unsigned n = 0;

    exception_walk_open(&w, t, &of);
    while (exception_walk_next(&w, &row)) seqs[n++] = row.id.seq;
    exception_walk_close(&w);
    fixture_read_end(t);
    return n;
}

static void counts_are(struct fixture *f, enum exception_kind k, struct exception_counts want)
{
    struct txn *t = fixture_read(f);
    struct exception_counts c = exception_counts_get(t, ACME, k);

    fixture_read_end(t);
    assert_int_equal(c.open, want.open);
    assert_int_equal(c.assigned, want.assigned);
    assert_int_equal(c.resolved, want.resolved);
}

// ---- words

static void every_word_leads_to_its_number_and_back(void **state)
{
    enum exception_resolution r;
    enum exception_state s;
    enum exception_kind k;

    (void)state;
    for (unsigned i = 1; i < EXCEPTION_OF_END; i++) {
        assert_true(exception_kind_find(str_of(exception_kind_word((enum exception_kind)i)), &k));
        assert_int_equal(k, i);
    }
    for (unsigned i = EXCEPTION_OPEN; i <= EXCEPTION_RESOLVED; i++) {
        assert_true(
            exception_state_find(str_of(exception_state_word((enum exception_state)i)), &s));
        assert_int_equal(s, i);
    }
    assert_false(exception_resolution_find(S("by_itself"), &r)); // nobody's to choose
    assert_true(exception_resolution_find(S("debit_account"), &r));
    assert_int_equal(r, RESOLUTION_DEBIT);
    assert_false(exception_kind_find(S(""), &k));
    assert_null(exception_kind_word((enum exception_kind)200));
}

// ---- raising

static void the_newest_is_listed_first_and_each_is_known_by_its_fact(void **state)
{
    struct fixture *f = *state;
    uint64_t a = does(f, RAISE), b = does(f, RAISE_TWO), seqs[8];

    assert_int_equal(walk(f, ACME, false, seqs), 3);
    assert_int_equal(seqs[0], b);
    assert_int_equal(seqs[1], b);
    assert_int_equal(seqs[2], a);
    struct exception_row row = row_of(f, a);
    assert_true(row.kind == EXCEPTION_OF_COUNT_DIFFERENCE && row.lot == 3 && row.count == 1);
    assert_true(str_eq(row.code, S("lot.count")) && row.actor == f->actor);
}

static void the_site_s_own_lie_apart_from_its_clients(void **state)
{
    struct fixture *f = *state;
    uint64_t seqs[8], own = does(f, RAISE_SITE);
    client_id c;

    assert_int_equal(walk(f, ACME, false, seqs), 0);
    assert_int_equal(walk(f, (client_id){0}, false, seqs), 1);
    assert_int_equal(seqs[0], own);
    (void)does(f, RAISE);
    struct txn *t = fixture_read(f);
    assert_true(exception_client(t, 0, &c) && c.v == 0);
    assert_true(exception_client(t, 1, &c) && c.v == ACME.v);
    assert_false(exception_client(t, ACME.v + 1, &c));
    fixture_read_end(t);
}

static void what_stands_counts_up_and_settles_once(void **state)
{
    struct fixture *f = *state;
    uint64_t first = does(f, RAISE_STANDING), seqs[8];

    (void)does(f, RAISE_STANDING);
    assert_int_equal(walk(f, ACME, false, seqs), 1);
    assert_int_equal(row_of(f, first).count, 2);
    uint64_t end = does(f, SETTLE);
    (void)does(f, SETTLE);
    struct exception_row row = row_of(f, first);
    assert_true(row.state == EXCEPTION_RESOLVED && row.resolution == RESOLUTION_BY_ITSELF);
    assert_int_equal(row.settled, end);
    uint64_t next = does(f, RAISE_STANDING);
    assert_int_equal(row_of(f, next).count, 1);
    counts_are(f, EXCEPTION_OF_POOL_LOW, (struct exception_counts){1, 0, 1});
}

static void what_was_resolved_by_hand_is_raised_anew(void **state)
{
    struct fixture *f = *state;
    uint64_t first = does(f, RAISE_STANDING);

    assert_int_equal(acts(f, &kind_exception_resolved, first, "corrected").cls, ST_OK);
    uint64_t second = does(f, RAISE_STANDING);
    assert_int_equal(row_of(f, second).state, EXCEPTION_OPEN);
    // The second stands; the first, opened again, stands beside it and takes nothing from it.
    assert_int_equal(acts(f, &kind_exception_reopened, first, "").cls, ST_OK);
    (void)does(f, SETTLE);
    assert_int_equal(row_of(f, second).state, EXCEPTION_RESOLVED);
    assert_int_equal(row_of(f, first).state, EXCEPTION_OPEN);
}

static void what_is_opened_again_stands_again(void **state)
{
    struct fixture *f = *state;
    uint64_t first = does(f, RAISE_STANDING);

    assert_int_equal(acts(f, &kind_exception_resolved, first, "corrected").cls, ST_OK);
    assert_int_equal(acts(f, &kind_exception_reopened, first, "").cls, ST_OK);
    (void)does(f, RAISE_STANDING);
    assert_int_equal(row_of(f, first).count, 2);
}

// ---- people

static void what_is_done_is_not_passed_by_to_see_what_is_open(void **state)
{
    struct fixture *f = *state;
    uint64_t a = does(f, RAISE), b = does(f, RAISE), c = does(f, RAISE), seqs[8];

    assert_int_equal(acts(f, &kind_exception_assigned, a, "Mia").cls, ST_OK);
    assert_int_equal(acts(f, &kind_exception_resolved, b, "no_error").cls, ST_OK);
    assert_int_equal(walk(f, ACME, false, seqs), 2);
    assert_true(seqs[0] == c && seqs[1] == a);
    assert_int_equal(walk(f, ACME, true, seqs), 1);
    assert_int_equal(seqs[0], b);
    counts_are(f, EXCEPTION_OF_COUNT_DIFFERENCE, (struct exception_counts){1, 1, 1});
    assert_string_equal(acts(f, &kind_exception_resolved, b, "no_error").reason,
                        "exception.resolved");
    assert_string_equal(acts(f, &kind_exception_reopened, c, "").reason, "exception.not_resolved");
    assert_string_equal(acts(f, &kind_exception_noted, 9999, "x").reason, "exception.unknown");
    assert_int_equal(acts(f, &kind_exception_resolved, a, "explained").cls, ST_OK);
    assert_int_equal(acts(f, &kind_exception_reopened, a, "").cls, ST_OK);
    struct exception_row row = row_of(f, a);
    assert_true(row.state == EXCEPTION_ASSIGNED && str_eq(row.owner, S("Mia")));
    counts_are(f, EXCEPTION_OF_COUNT_DIFFERENCE, (struct exception_counts){1, 1, 1});
}

static void all_that_was_done_is_one_chain(void **state)
{
    struct fixture *f = *state;
    static const uint16_t done[] = {FACT_EXCEPTION_SENT, FACT_EXCEPTION_NOTED,
                                    FACT_EXCEPTION_ASSIGNED};
    uint64_t seq = does(f, RAISE);
    struct exception_act act;
    struct fact fact;

    assert_int_equal(acts(f, &kind_exception_assigned, seq, "Mia").cls, ST_OK);
    assert_int_equal(acts(f, &kind_exception_noted, seq, "looked at it").cls, ST_OK);
    assert_int_equal(acts(f, &kind_exception_sent, seq, "report").cls, ST_OK);
    uint64_t at = row_of(f, seq).newest;
    struct txn *t = fixture_read(f);
    for (size_t i = 0; i < LEN(done); i++, at = act.before) {
        assert_int_equal(journal_get(t, at, &f->arena, &fact).cls, ST_OK);
        assert_int_equal(fact.kind, done[i]);
        assert_int_equal(exception_act_get(&fact, &act).cls, ST_OK);
        assert_int_equal(act.id.seq, seq);
    }
    assert_int_equal(at, 0);
    fixture_read_end(t);
}

// ---- refusals

static void equal_refusals_are_one_that_counts(void **state)
{
    struct fixture *f = *state;
    struct exception_row row;
    struct exception_walk w;
    struct exception_walk_of of = {ACME, false, 0, 0};

    for (int i = 0; i < 5; i++) (void)does(f, REFUSE);
    counts_are(f, EXCEPTION_OF_REFUSED, (struct exception_counts){1, 0, 0});
    f->now.ms += REFUSAL_SAME_MS + 1;
    (void)committer_step(f->site.committer, false);
    struct txn *t = fixture_read(f);
    exception_walk_open(&w, t, &of);
    assert_true(exception_walk_next(&w, &row));
    assert_true(row.kind == EXCEPTION_OF_REFUSED && row.count == 5);
    assert_true(str_eq(row.code, S("unit.state")));
    assert_false(exception_walk_next(&w, &row));
    exception_walk_close(&w);
    fixture_read_end(t);
}

static uint64_t head(struct fixture *f)
{
    struct txn *t = fixture_read(f);
    uint64_t seq = journal_head_get(t).seq;

    fixture_read_end(t);
    return seq;
}

static void what_is_refused_outside_of_the_trade_is_in_the_journal_alone(void **state)
{
    struct fixture *f = *state;
    struct deed_ask what = {.deed = REFUSE};
    uint64_t seqs[8], before = head(f);

    assert_int_equal(fixture_run(f, &kind_setting, &what, NULL).cls, ST_CONFLICT);
    assert_int_equal(head(f), before + 1);
    assert_int_equal(walk(f, ACME, false, seqs), 0);
}

static void every_kind_of_fact_is_of_the_trade_or_not(void **state)
{
    static const uint16_t of_trade[] = {
        FACT_NUMBERS_ISSUED, FACT_NUMBERS_RETURNED,  FACT_IMPORT_PART,    FACT_LOT_OPENED,
        FACT_LOT_CLOSED,     FACT_UNITS_SCRAPPED,    FACT_SHIPMENT_MADE,  FACT_EVENT_CAPTURED,
        FACT_UNITS_PACKED,   FACT_DOCUMENT_CAPTURED, FACT_CAPTURE_APPLIED};
    static const uint16_t others[] = {
        FACT_TOKEN_CREATED,      FACT_CLIENT_PUT,         FACT_POOL_PUT,         FACT_PARTNER_PUT,
        FACT_EXCEPTION_RESOLVED, FACT_EXCEPTION_RECEIVED, FACT_DELIVERY_RETRIED, FACT_QUERY_PUT,
        FACT_SUBSCRIPTION_MADE,  FACT_VOCABULARY_CAPTURED};

    (void)state;
    for (size_t i = 0; i < LEN(of_trade); i++) assert_true(refused_is_raised(of_trade[i]));
    for (size_t i = 0; i < LEN(others); i++) assert_false(refused_is_raised(others[i]));
}

// ---- which units a refusal names

static void a_unit_is_named_in_any_spelling_or_by_its_serial(void **state)
{
    static const char pack[] = "(01)09521141000007(21)A1", odd[] = "(01)09521141000007(21)a/1",
                      pallet[] = "(00)095211410000000014";
    // clang-format off
    static const struct {
        const char *unit, *units;
        bool named;
    } rows[] = {
        {pack, "[{\"unit\":\"(01)09521141000007(21)A1\",\"code\":\"x\"}]", true},
        {pack, "[{\"code\":\"x\",\"unit\":\"A1\"}]", true},
        {pack, "[{\"unit\":\"urn:epc:id:sgtin:9521141.000000.A1\"}]", true},
        {pack, "[{\"unit\":\"https://a.example/01/09521141000007/21/%411\"}]", true},
        {pack, "[{\"unit\":\"(01)09521141000007(21)\\u00411\"}]", true},
        {pack, "[{\"unit\":\"B\"},{\"unit\":\"(01)09521141000007(21)A1\"}]", true},
        {pack, "[{\"unit\":\"(01)09521141000007(21)A11\",\"code\":\"x\"}]", false},
        {pack, "[{\"unit\":\"(01)09521321000001(21)A1\",\"code\":\"x\"}]", false},
        {pack, "[{\"call\":\"GET /v1/units/(01)09521141000007(21)A1\"}]", false},
        {pack, "", false},
        {pack, "[{\"unit\":\"A1\"", true}, // as far as it can be read
        {odd, "[{\"unit\":\"https://a.example/01/09521141000007/21/a%2F1\"}]", true},
        {pallet, "[{\"unit\":\"urn:epc:id:sscc:9521141.0000000001\"}]", true},
        {pallet, "[{\"unit\":\"\"},{\"unit\":\"(00)095211410000000021\"}]", false},
    };
    // clang-format on
    struct gs1_id id;
    struct arena a;

    (void)state;
    arena_init(&a, 1 * MB);
    for (size_t i = 0; i < LEN(rows); i++) {
        assert_int_equal(gs1_read(str_of(rows[i].unit), &a, &id).cls, ST_OK);
        if (refused_names(str_of(rows[i].units), &id, &a) != rows[i].named)
            fail_msg("%s in %s", rows[i].unit, rows[i].units);
    }
    arena_fini(&a);
}

// Looked for in as many turns as it takes, among all that was refused.
static void one_unit_is_found_among_thousands_of_refusals(void **state)
{
    struct fixture *f = *state;
    static const struct caller everybody = {.magic = CALLER_MAGIC, .role = ROLE_AUDITOR};
    struct unit_wish wish = {.caller = &everybody};
    struct journal_gather g;
    uint64_t wanted = 0;
    unsigned turns = 0;
    struct arena scratch;

    for (unsigned i = 1; i <= 2500; i++) {
        struct deed_ask what = {REFUSE, i};
        struct ask seen;
        assert_int_equal(fixture_run(f, &kind_deed, &what, &seen).cls, ST_CONFLICT);
        if (i == 1700) wanted = head(f);
        if (i % 100 == 0) fixture_forget(f);
    }
    assert_int_equal(gs1_read(S("(01)09521141000007(21)N1700"), &f->arena, &wish.id).cls, ST_OK);
    arena_init(&scratch, 1 * MB);
    journal_gather_begin_unit(&g, &wish);
    for (; !g.done; turns++) {
        struct txn *t = fixture_read(f);
        assert_int_equal(journal_gather_some(&g, t, &scratch).cls, ST_OK);
        fixture_read_end(t);
    }
    assert_true(turns > 3);
    assert_int_equal(journal_gather_next(&g, 1), wanted);
    assert_int_equal(journal_gather_last(&g), wanted);
    journal_gather_end(&g);
    arena_fini(&scratch);
}

#define SITE_TEST(f) cmocka_unit_test_setup_teardown(f, open_site, close_site)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_word_leads_to_its_number_and_back),
        SITE_TEST(the_newest_is_listed_first_and_each_is_known_by_its_fact),
        SITE_TEST(the_site_s_own_lie_apart_from_its_clients),
        SITE_TEST(what_stands_counts_up_and_settles_once),
        SITE_TEST(what_was_resolved_by_hand_is_raised_anew),
        SITE_TEST(what_is_opened_again_stands_again),
        SITE_TEST(what_is_done_is_not_passed_by_to_see_what_is_open),
        SITE_TEST(all_that_was_done_is_one_chain),
        SITE_TEST(equal_refusals_are_one_that_counts),
        SITE_TEST(what_is_refused_outside_of_the_trade_is_in_the_journal_alone),
        cmocka_unit_test(every_kind_of_fact_is_of_the_trade_or_not),
        cmocka_unit_test(a_unit_is_named_in_any_spelling_or_by_its_serial),
        SITE_TEST(one_unit_is_found_among_thousands_of_refusals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
