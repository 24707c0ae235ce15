// back_test.c - claims about numbers that go back to their pool and are given again: which may,
// who has them, what stands in the rows, what a restore makes of them.
#include "pool_site.h"
#include "service/journal/restored.h"
#include "service/pool/epoch.h"
#include "service/pool/import.h"
#include "service/pool/pool_int.h"
#include "service/pool/recover.h"
#include "service/pool/request.h"
#include "service/unit/unit_db.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNTED "{\"kind\":\"sequential\",\"gtin\":\"" GTIN_A "\",\"length\":6}"
#define RANDOM  "{\"kind\":\"random\",\"gtin\":\"" GTIN_A "\",\"length\":12}"

static int open_site(void **state)
{
    *state = pool_site_open();
    return 0;
}

static int close_site(void **state)
{
    fixture_close((struct fixture **)state);
    return 0;
}

static struct got issue(struct fixture *f, uint32_t n, const char *line, const char *lot)
{
    struct issue_ask ask = pool_site_ask_of(GTIN_A, n);
    struct got g;

    ask.line = str_of(line);
    ask.lot = str_of(lot);
    must(pool_site_ask(f, &ask, &g));
    return g;
}

struct gone { // how a return went
    struct returned said;
    uint32_t kept;
    char code[40]; // of the first that stayed
};

static status give_back(struct fixture *f, const struct return_ask *what, struct gone *out)
{
    struct ask a;
    struct kept k;
    struct gone g = {.kept = 0};

    TRY(fixture_run(f, &kind_numbers_returned, what, &a));
    must(returned_get(a.fact.decided, &f->arena, &g.said));
    for (struct bytes_r in = g.said.kept; kept_next(&in, &k); g.kept += k.run.count)
        if (g.code[0] == 0) snprintf(g.code, sizeof g.code, "%.*s", STR(k.code));
    *out = g;
    return OK;
}

static struct return_ask of_units(struct fixture *f, const unit_id *units, uint32_t n,
                                  const char *line)
{
    return (struct return_ask){.client = {1},
                               .units = runs_of(&f->arena, units, n),
                               .to_pool = true,
                               .line = str_of(line)};
}

static struct gone units_back(struct fixture *f, const unit_id *units, uint32_t n, const char *line)
{
    struct return_ask what = of_units(f, units, n, line);
    struct gone g;

    must(give_back(f, &what, &g));
    return g;
}

static struct return_ask of_request(const struct got *g, const char *line)
{
    return (struct return_ask){.client = {1},
                               .request = g->ask.fact.seq,
                               .units = g->runs,
                               .to_pool = true,
                               .line = str_of(line)};
}

static void all_back(struct fixture *f, const struct got *g, const char *line)
{
    struct return_ask what = of_request(g, line);
    struct gone gone;

    must(give_back(f, &what, &gone));
    assert_int_equal(gone.said.runs.units, g->issued.count);
    assert_int_equal(gone.kept, 0);
}

static struct space_row space_of(struct fixture *f, uint32_t space)
{
    struct txn *t = fixture_read(f);
    struct space_row s;

    assert_true(space_row_get(t, space, &s));
    s.definition = (str){0};
    fixture_read_end(t);
    return s;
}

static uint64_t left_of(struct fixture *f, const char *pool)
{
    uint32_t number = pool_site_number(f, pool);
    struct txn *t = fixture_read(f);
    struct space_row s;
    struct pool_row p;

    assert_true(pool_row_get(t, number, &p) && space_row_get(t, pool_newest(&p), &s));
    uint64_t left = pool_left(t, &p, &s);
    fixture_read_end(t);
    return left;
}

static uint64_t owner_of_number(struct fixture *f, unit_id u) // seq of a request; 0: nobody
{
    struct txn *t = fixture_read(f);
    struct issue_row i;

    uint64_t seq = issue_of(t, u, &i) ? i.seq : 0;
    fixture_read_end(t);
    return seq;
}

static struct unit row_of(struct fixture *f, unit_id u)
{
    struct txn *t = fixture_read(f);
    struct unit x = unit_one(t, u);

    fixture_read_end(t);
    return x;
}

static void unit_is(struct fixture *f, unit_id u, struct unit x)
{
    struct txn *t = txn_write(f->site.db);
    struct unit_rows rows;

    unit_rows_write(&rows, t);
    unit_put(&rows, u, &x);
    unit_rows_end(&rows);
    must(txn_end(&t, true));
}

static unit_id at(const struct got *g, uint64_t ordinal)
{
    return unit_id_of(g->issued.space, ordinal);
}

static void restore(struct fixture *f)
{
    struct txn *t = fixture_read(f);
    struct journal_head h = journal_head_get(t);
    struct restored_ask what = {5, h.seq, h.link};

    fixture_read_end(t);
    must(fixture_run(f, &kind_site_restored, &what, NULL));
}

static void thaw(struct fixture *f)
{
    struct advance_ask what = {.reason = S("tested"), .by = S("mia")};
    must(fixture_run(f, &kind_pools_advanced, &what, NULL));
}

// ----

static void what_came_back_is_given_before_new_numbers(void **state)
{
    struct fixture *f = *state;

    must(pool_site_put(f, "p", COUNTED));
    struct got a = issue(f, 10, "l1", "L1");
    unit_id some[] = {at(&a, 2), at(&a, 3), at(&a, 7)};
    struct gone g = units_back(f, some, 3, "l1");
    assert_int_equal(g.said.runs.units, 3);
    assert_true(g.said.to_pool);
    assert_int_equal(space_of(f, a.issued.space).back, 3);
    assert_int_equal(left_of(f, "p"), 1000000 - 7);
    assert_int_equal(row_of(f, some[0]).state, UNIT_RETURNED_TO_OWNER); // nothing can be done to it
    assert_int_equal(owner_of_number(f, some[1]), 0);
    struct got b = issue(f, 5, "l2", "L2");
    static const char *const want[] = {"000002", "000003", "000007", "000010", "000011"};
    for (size_t i = 0; i < LEN(want); i++) assert_true(str_eq(b.texts[i], str_of(want[i])));
    assert_int_equal(b.issued.first, 10);
    assert_int_equal(b.issued.consumed, 2);
    assert_int_equal(b.issued.count, 5);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(owner_of_number(f, some[i]), b.ask.fact.seq);
        assert_int_equal(row_of(f, some[i]).state, UNIT_ALLOCATED);
        assert_int_equal(row_of(f, some[i]).last, b.ask.fact.seq);
    }
    assert_int_equal(space_of(f, a.issued.space).issued, 12); // different ones
    assert_int_equal(space_of(f, a.issued.space).back, 0);
    assert_int_equal(left_of(f, "p"), 1000000 - 12);
    fixture_reopen(f);
    struct txn *t = fixture_read(f);
    struct request_row q;
    struct runs runs;
    struct request_part part = {b.ask.fact.seq, 1, 3};
    must(request_runs(t, &part, &f->arena, &runs)); // the second to the fourth
    assert_int_equal(runs.units, 3);
    assert_true(request_get(t, a.ask.fact.seq, &q));
    assert_int_equal(q.returned, 3);
    struct asked_of l1 = {{1}, GTIN_A, S("L1"), false}, l2 = {{1}, GTIN_A, S("L2"), false};
    assert_int_equal(asked_get(t, &l1).requested, 10);
    assert_int_equal(asked_get(t, &l1).returned, 3);
    assert_int_equal(asked_get(t, &l2).requested, 5);
    assert_int_equal(asked_get(t, &l2).returned, 0);
    fixture_read_end(t);
    fixture_verify(f);
}

// The range that an issue is told with ends where another has the numbers.
static void neighbours_of_what_came_back_keep_their_request(void **state)
{
    struct fixture *f = *state;
    struct issue_row i;

    must(pool_site_put(f, "p", COUNTED));
    struct got a = issue(f, 10, "l1", "");
    unit_id some[] = {at(&a, 2), at(&a, 3), at(&a, 7)};
    (void)units_back(f, some, 3, "l1");
    struct got b = issue(f, 2, "l1", "");
    struct txn *t = fixture_read(f);
    static const struct {
        uint64_t at, first, consumed;
        char whose;
    } rows[] = {
        {0, 0, 2, 'a'},
        {1, 0, 2, 'a'},
        {2, 2, 1, 'b'},
        {3, 3, 1, 'b'},
        {4, 4, 3, 'a'},
        {6, 4, 3, 'a'},
        {8, 8, 2, 'a'},
        {9, 8, 2, 'a'}
    };
    for (size_t n = 0; n < LEN(rows); n++) {
        assert_true(issue_of(t, at(&a, rows[n].at), &i));
        assert_int_equal(i.seq, (rows[n].whose == 'a' ? &a : &b)->ask.fact.seq);
        assert_true(i.first <= rows[n].at && rows[n].at < i.first + i.consumed);
        if (rows[n].whose == 'a') assert_int_equal(i.first, rows[n].first);
        if (rows[n].whose == 'a') assert_int_equal(i.consumed, rows[n].consumed);
    }
    assert_false(issue_of(t, at(&a, 7), &i));
    assert_true(number_lies_in_pool(t, at(&a, 7)));
    assert_false(number_lies_in_pool(t, at(&a, 2)));
    assert_true(issue_first_of(t, at(&a, 2), &i));
    assert_int_equal(i.seq, a.ask.fact.seq);
    fixture_read_end(t);
    fixture_verify(f);
}

static void import_some(struct fixture *f, const char *pool, uint32_t n)
{
    struct import_number numbers[64];
    struct ask a;

    for (uint32_t i = 0; i < n; i++) {
        char *text = arena_alloc(&f->arena, 8);
        numbers[i] = (struct import_number){
            .text = {text, (size_t)snprintf(text, 8, "N%02u", i)},
              .line = i + 1
        };
    }
    struct import_part part = {.pool = pool_site_number(f, pool), .numbers = numbers, .n = n};
    must(fixture_run(f, &kind_import_part, &part, &a));
    struct import_end done = {part.pool, a.fact.seq, n};
    must(fixture_run(f, &kind_import_done, &done, NULL));
}

static struct issue_ask ssccs(struct fixture *f, const char *prefix, client_id owner, uint32_t n)
{
    (void)f;
    return (struct issue_ask){.id = pool_id_sscc(S("3"), str_of(prefix)),
                              .owner = owner,
                              .client = {1},
                              .quantity = n,
                              .line = S("l1")};
}

static void every_kind_of_pool_gives_again(void **state)
{
    struct fixture *f = *state;
    static const char *const serials[] = {RANDOM, COUNTED,
                                          "{\"kind\":\"list\",\"gtin\":\"" GTIN_A "\"}"};
    struct issue_ask ask;
    struct got a, b, c;

    for (size_t k = 0; k <= LEN(serials); k++) {
        char name[] = {'p', (char)('0' + k), 0};
        if (k < LEN(serials)) {
            ask = pool_site_ask_of(GTIN_A, 6);
            ask.line = S("l1");
            must(pool_site_put(f, name, serials[k]));
            if (k == 2) import_some(f, name, 9);
        } else {
            ask = ssccs(f, "9506000", (client_id){1}, 6);
            must(pool_site_put(f, name,
                               "{\"kind\":\"sscc\",\"client\":\"acme\",\"prefix\":\"9506000\","
                               "\"extension\":\"3\"}"));
        }
        ask.pool = pool_site_number(f, name);
        must(pool_site_ask(f, &ask, &a));
        assert_int_equal(a.ask.fact.kind, FACT_NUMBERS_ISSUED);
        all_back(f, &a, "l1");
        must(pool_site_ask(f, &ask, &b));
        assert_int_equal(b.ask.fact.kind, FACT_NUMBERS_REISSUED);
        assert_int_equal(b.issued.consumed, 0); // nothing was drawn
        for (uint32_t i = 0; i < 6; i++) assert_true(str_eq(a.texts[i], b.texts[i]));
        ask.quantity = 3;
        must(pool_site_ask(f, &ask, &c));
        assert_int_equal(c.issued.first, 6);
        assert_int_equal(space_of(f, a.issued.space).issued, 9);
    }
    refused(pool_site_issue(f, GTIN_B, 1, NULL), "pool.none");
    fixture_verify(f);
}

static void what_is_not_surely_unused_stays_out_of_the_pool(void **state)
{
    struct fixture *f = *state;
    struct gone g;

    must(pool_site_put(f, "p", COUNTED));
    struct got a = issue(f, 10, "l1", ""), b = issue(f, 1, "l1", ""), c = issue(f, 1, "", "");
    static const struct {
        struct unit is;
        const char *code;
    } rows[] = {
        {{.state = UNIT_PRINTED, .last = 3},                    "unit.state"     },
        {{.state = UNIT_COMMISSIONED, .first = 3, .last = 3},   "unit.state"     },
        {{.state = UNIT_RETURNED_TO_OWNER, .last = 3},          "unit.state"     },
        {{.state = UNIT_NONE, .flags = UNIT_LOST, .last = 3},   "unit.lost"      },
        {{.state = UNIT_NONE, .flags = UNIT_STOLEN, .last = 3}, "unit.stolen"    },
        {{.state = UNIT_NONE, .flags = UNIT_SEEN, .last = 3},   "unit.named"     },
        {{.state = UNIT_NONE, .last = 3},                       "unit.named"     }, // found again
        {{.state = UNIT_NONE, .last = 3, .parent = {1}},        "unit.has_parent"},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        unit_id u = at(&a, i);
        unit_is(f, u, rows[i].is);
        g = units_back(f, &u, 1, "l1");
        assert_int_equal(g.said.runs.units, 0);
        assert_string_equal(g.code, rows[i].code);
    }
    unit_id mine = at(&a, 8), never = at(&a, 500), of_b = at(&b, 10), of_c = at(&c, 11);
    assert_string_equal(units_back(f, &mine, 1, "l2").code, "request.not_own");
    assert_string_equal(units_back(f, &mine, 1, "").code, "request.not_own");
    assert_string_equal(units_back(f, &of_c, 1, "l1").code, "request.not_own");
    assert_string_equal(units_back(f, &never, 1, "l1").code, "unit.not_issued");
    struct confirm_ask confirm = {.request = b.ask.fact.seq};
    must(fixture_run(f, &kind_numbers_confirmed, &confirm, NULL));
    assert_string_equal(units_back(f, &of_b, 1, "l1").code, "request.confirmed");
    struct return_ask whole = of_request(&b, "l1");
    refused(give_back(f, &whole, &g), "request.confirmed");
    whole = of_request(&a, "l2");
    refused(give_back(f, &whole, &g), "request.not_own");
    assert_int_equal(space_of(f, a.issued.space).back, 0);
    assert_int_equal(units_back(f, &of_c, 1, "").said.runs.units, 1); // who asked without a line
    assert_int_equal(units_back(f, &mine, 1, "l1").said.runs.units, 1);
    assert_string_equal(units_back(f, &mine, 1, "l1").code, "unit.not_issued"); // it lies there
}

static void a_pool_of_several_clients_takes_nothing_back(void **state)
{
    struct fixture *f = *state;
    struct gone g;
    struct got a;

    must(
        pool_site_put(f, "site", "{\"kind\":\"sscc\",\"prefix\":\"4012345\",\"extension\":\"3\"}"));
    struct issue_ask ask = ssccs(f, "4012345", (client_id){0}, 4);
    must(pool_site_ask(f, &ask, &a));
    unit_id u = at(&a, 0);
    assert_string_equal(units_back(f, &u, 1, "l1").code, "pool.shared");
    struct return_ask whole = of_request(&a, "l1");
    refused(give_back(f, &whole, &g), "pool.shared");
    fixture_verify(f);
}

static void an_older_key_gives_nothing_again(void **state)
{
    static const uint8_t key[SITE_KEY_SIZE] = {7, 7, 7};
    struct fixture *f = *state;

    must(pool_site_put(f, "p", RANDOM));
    struct got a = issue(f, 4, "l1", ""), b = issue(f, 4, "l1", "");
    all_back(f, &a, "l1");
    must(site_keys_add(&f->keys, key));
    must(fixture_run(f, &kind_epoch_added, NULL, NULL));
    struct got c = issue(f, 6, "l1", "");
    assert_int_not_equal(c.issued.space, a.issued.space);
    assert_int_equal(c.issued.fresh, 6);
    unit_id u = b.runs.at[0].first;
    assert_string_equal(units_back(f, &u, 1, "l1").code, "pool.epoch");
    all_back(f, &c, "l1");
    struct got d = issue(f, 6, "l1", "");
    assert_int_equal(d.issued.fresh, 0);
    assert_int_equal(space_of(f, a.issued.space).back, 4);
    fixture_verify(f);
}

// Somebody has told something of it: it is on paper somewhere.
static void a_number_that_was_named_while_it_lay_there_is_struck_off(void **state)
{
    struct fixture *f = *state;

    must(pool_site_put(f, "p", COUNTED));
    struct got a = issue(f, 4, "l1", "");
    all_back(f, &a, "l1");
    struct unit x = row_of(f, at(&a, 1));
    uint64_t back = x.last;
    x.last = back + 1; // as a captured event leaves it
    unit_is(f, at(&a, 1), x);
    x.last = back;
    x.flags = UNIT_SEEN;
    unit_is(f, at(&a, 2), x);
    struct got b = issue(f, 3, "l1", "");
    static const char *const want[] = {"000000", "000003", "000004"};
    for (size_t i = 0; i < LEN(want); i++) assert_true(str_eq(b.texts[i], str_of(want[i])));
    assert_int_equal(space_of(f, a.issued.space).back, 0);
    assert_int_equal(row_of(f, at(&a, 1)).state, UNIT_RETURNED_TO_OWNER);
    assert_int_equal(owner_of_number(f, at(&a, 1)), a.ask.fact.seq); // of whom it went back
    struct got c = issue(f, 1, "l1", "");
    assert_int_equal(c.ask.fact.kind, FACT_NUMBERS_ISSUED);
}

static void the_rest_of_a_list_takes_what_lies_there_along(void **state)
{
    struct fixture *f = *state;
    struct ask a;

    must(pool_site_put(f, "l", "{\"kind\":\"list\",\"gtin\":\"" GTIN_A "\"}"));
    import_some(f, "l", 20);
    struct got g = issue(f, 8, "l1", "");
    unit_id some[] = {at(&g, 1), at(&g, 5)};
    (void)units_back(f, some, 2, "l1");
    assert_int_equal(left_of(f, "l"), 14);
    refused(pool_site_issue(f, GTIN_A, 15, NULL), "pool.exhausted");
    struct pool_return rest = {pool_site_number(f, "l"), S("end")};
    must(fixture_run(f, &kind_pool_returned, &rest, &a));
    assert_int_equal(pool_returned_count(&a.fact), 14);
    assert_int_equal(left_of(f, "l"), 0);
    refused(pool_site_issue(f, GTIN_A, 1, NULL), "pool.exhausted");
    must(fixture_run(f, &kind_pool_returned, &rest, &a));
    assert_int_equal(pool_returned_count(&a.fact), 0);
    (void)units_back(f, (unit_id[]){at(&g, 2)}, 1, "l1"); // it may still come back
    assert_int_equal(issue(f, 1, "l1", "").texts[0].n, 3);
    fixture_verify(f);
}

static void a_guessing_limit_counts_what_is_out(void **state)
{
    struct fixture *f = *state;

    must(pool_site_put(f, "p",
                       "{\"kind\":\"random\",\"gtin\":\"" GTIN_A
                       "\",\"length\":5,\"alphabet\":\"0123456789\",\"policy\":\"eu-fmd\"}"));
    struct got a = issue(f, 10, "l1", "");
    assert_int_equal(left_of(f, "p"), 0); // one in ten thousand
    unit_id some[] = {at(&a, 0), at(&a, 9)};
    (void)units_back(f, some, 2, "l1");
    assert_int_equal(left_of(f, "p"), 2);
    refused(pool_site_issue(f, GTIN_A, 3, NULL), "pool.exhausted");
    assert_int_equal(issue(f, 2, "l1", "").issued.fresh, 0);
    refused(pool_site_issue(f, GTIN_A, 1, NULL), "pool.exhausted");
}

// Whether it gave them again nobody knows: they are known, but nobody gets them.
static void what_lay_in_a_backups_pools_is_never_given_again(void **state)
{
    struct fixture *f = *state;
    struct gone g;
    struct ask a;
    struct got c;

    must(pool_site_put(f, "p", COUNTED));
    struct got x = issue(f, 6, "l1", ""), y = issue(f, 3, "l1", "");
    all_back(f, &x, "l1");
    restore(f);
    refused(pool_site_issue(f, GTIN_A, 1, NULL), "pool.frozen");
    unit_id of_y = at(&y, 6);
    assert_string_equal(units_back(f, &of_y, 1, "l1").code, "request.restored");
    struct recover_ask what = {.pool = x.issued.pool, .space = x.issued.space};
    must(fixture_run(f, &kind_numbers_reissued, &what, &a));
    must(issued_of(&a.fact, &c.issued));
    assert_true(c.issued.recovered);
    assert_int_equal(c.issued.count, 6);
    must(fixture_run(f, &kind_numbers_reissued, &what, &a));
    assert_true(a.nothing);
    thaw(f);
    assert_int_equal(row_of(f, at(&x, 3)).state, UNIT_ALLOCATED); // a line may report it
    struct got b = issue(f, 2, "l1", "");
    assert_int_equal(b.issued.first, 9);
    assert_int_equal(b.issued.fresh, 2);
    unit_id of_x = at(&x, 3), of_b = at(&b, 9);
    assert_string_equal(units_back(f, &of_x, 1, "l1").code, "request.confirmed");
    assert_string_equal(units_back(f, &of_y, 1, "l1").code, "request.restored");
    assert_int_equal(units_back(f, &of_b, 1, "l1").said.runs.units, 1);
    struct return_ask to_owner = of_units(f, &of_x, 1, "");
    to_owner.to_pool = false;
    must(give_back(f, &to_owner, &g));
    assert_int_equal(g.said.runs.units, 1);
    fixture_verify(f);
}

static void a_request_returned_before_is_not_returned_for_another(void **state)
{
    struct fixture *f = *state;
    struct gone g;

    must(pool_site_put(f, "p", COUNTED));
    struct got a = issue(f, 4, "l1", "");
    unit_id two[] = {at(&a, 0), at(&a, 1)};
    (void)units_back(f, two, 2, "l1");
    struct got b = issue(f, 2, "l2", "");
    struct return_ask whole = of_request(&a, "");
    whole.to_pool = false; // to the owner: what another has by now stays with it
    must(give_back(f, &whole, &g));
    assert_int_equal(g.said.runs.units, 2);
    assert_string_equal(g.code, "request.returned");
    assert_int_equal(owner_of_number(f, two[0]), b.ask.fact.seq);
    assert_int_equal(row_of(f, two[0]).state, UNIT_ALLOCATED);
    fixture_verify(f);
}

static void a_pool_is_no_longer_low_when_numbers_come_back(void **state)
{
    struct fixture *f = *state;

    must(pool_site_put(
        f, "p", "{\"kind\":\"sequential\",\"gtin\":\"" GTIN_A "\",\"length\":2,\"threshold\":50}"));
    struct got a = issue(f, 60, "l1", "");
    assert_int_equal(a.issued.alerts, POOL_ALERT_LOW);
    assert_int_equal(issue(f, 1, "l1", "").issued.alerts, 0); // it is told once
    all_back(f, &a, "l1");
    assert_int_equal(issue(f, 60, "l1", "").issued.alerts, POOL_ALERT_LOW); // settled meanwhile
    fixture_verify(f);
}

// ---- many, at random

#define NUMBERS_MAX 4000u
#define ROUNDS      400u

struct model {
    struct fixture *f;
    uint64_t seed;
    uint64_t holder[NUMBERS_MAX]; // by ordinal: the request; 0: in the pool, or never given
    bool was_given[NUMBERS_MAX], lies[NUMBERS_MAX], is_dead[NUMBERS_MAX];
    uint64_t high;
};

static uint32_t dice(struct model *m, uint32_t n)
{
    m->seed = m->seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(m->seed >> 33) % n;
}

static void model_issue(struct model *m)
{
    uint32_t n = 1 + dice(m, 12);
    if (m->high + n > NUMBERS_MAX) return;
    struct got g = issue(m->f, n, "l1", "");
    unit_id u;
    uint64_t lying = 0, fresh = 0;

    for (uint64_t i = 0; i < m->high; i++) lying += m->lies[i];
    for (struct run_walk w = runs_walk(&g.runs); run_next(&w, &u);) {
        uint64_t o = unit_ordinal(u);
        if (m->holder[o] != 0 || m->is_dead[o]) fail_msg("%u is somebody's", (unsigned)o);
        fresh += !m->was_given[o];
        m->holder[o] = g.ask.fact.seq;
        m->was_given[o] = true;
        m->lies[o] = false;
        if (o >= m->high) m->high = o + 1;
    }
    assert_int_equal(g.runs.units, n);
    assert_int_equal(fresh, n > lying ? n - lying : 0); // new ones only where none lay there
}

static void model_return(struct model *m, bool to_pool)
{
    unit_id some[24];
    uint32_t n = 0;
    uint64_t from = m->high == 0 ? 0 : dice(m, (uint32_t)m->high);
    struct gone g;

    for (uint64_t o = from; o < m->high && n < 1 + dice(m, LEN(some)); o += 1 + dice(m, 3))
        if (m->holder[o] != 0) some[n++] = unit_id_of(1, o);
    if (n == 0) return;
    struct return_ask what = of_units(m->f, some, n, "l1");
    what.to_pool = to_pool;
    must(give_back(m->f, &what, &g));
    assert_int_equal(g.said.runs.units, n);
    for (uint32_t i = 0; i < n; i++) {
        uint64_t o = unit_ordinal(some[i]);
        m->holder[o] = 0;
        m->lies[o] = to_pool;
        m->is_dead[o] = !to_pool;
    }
}

static void model_check(struct model *m)
{
    struct txn *t = fixture_read(m->f);
    struct space_row s;
    uint64_t lying = 0;

    for (uint64_t o = 0; o < m->high; o++) {
        struct issue_row i = {0};
        unit_id u = unit_id_of(1, o);
        bool has = issue_of(t, u, &i);
        if (!m->is_dead[o]) assert_int_equal(has ? i.seq : 0, m->holder[o]);
        assert_int_equal(number_lies_in_pool(t, u), m->lies[o]);
        assert_true(!has || (i.first <= o && o < i.first + i.consumed));
        for (uint64_t k = has ? i.first : o; k < i.first + i.consumed && has; k++)
            assert_true(m->is_dead[k] || m->is_dead[o] || m->holder[k] == i.seq);
        lying += m->lies[o];
    }
    assert_true(space_row_get(t, 1, &s));
    assert_int_equal(s.back, lying);
    assert_int_equal(s.issued, m->high);
    fixture_read_end(t);
}

static void no_number_is_ever_two_peoples(void **state)
{
    static struct model m;
    m = (struct model){.f = *state, .seed = 11};

    must(pool_site_put(m.f, "p", COUNTED));
    model_issue(&m);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint32_t what = dice(&m, 20);
        if (what < 9)
            model_issue(&m);
        else
            model_return(&m, what < 19);
        if (i % 16 == 0) model_check(&m);
        if (i % 16 == 0) fixture_forget(m.f);
    }
    model_check(&m);
    assert_true(m.high < ROUNDS * 3); // most were given again
    fixture_verify(m.f);
}

static void a_failing_store_gives_nothing_to_two(void **state)
{
    static struct model m;
    m = (struct model){.f = *state, .seed = 5};

    must(pool_site_put(m.f, "p", COUNTED));
    for (int i = 0; i < 4; i++) model_issue(&m);
    struct got a = issue(m.f, 20, "l1", "");
    all_back(m.f, &a, "l1");
    for (int nth = 1, hit = 1; hit; nth++) {
        struct issue_ask ask = pool_site_ask_of(GTIN_A, 25);
        struct ask answer;
        ask.owner = ask.client = (client_id){1};
        ask.line = S("l1");
        db_fault = (struct db_fault){.nth = nth};
        status st = fixture_run(m.f, &kind_numbers_issued, &ask, &answer);
        hit = db_fault.hit;
        db_fault = (struct db_fault){0};
        uint64_t back = space_of(m.f, 1).back;
        assert_int_equal(back, st.cls == ST_OK ? 0 : 20);
    }
    fixture_verify(m.f);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, open_site, close_site)
    const struct CMUnitTest tests[] = {
        T(what_came_back_is_given_before_new_numbers),
        T(neighbours_of_what_came_back_keep_their_request),
        T(every_kind_of_pool_gives_again),
        T(what_is_not_surely_unused_stays_out_of_the_pool),
        T(a_pool_of_several_clients_takes_nothing_back),
        T(an_older_key_gives_nothing_again),
        T(a_number_that_was_named_while_it_lay_there_is_struck_off),
        T(the_rest_of_a_list_takes_what_lies_there_along),
        T(a_guessing_limit_counts_what_is_out),
        T(what_lay_in_a_backups_pools_is_never_given_again),
        T(a_request_returned_before_is_not_returned_for_another),
        T(a_pool_is_no_longer_low_when_numbers_come_back),
        T(no_number_is_ever_two_peoples),
        T(a_failing_store_gives_nothing_to_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
