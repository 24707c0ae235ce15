// Issuing from generated pools: all or nothing, by rank, never twice, over restarts and epochs.
#include "pool_site.h"
#include "service/item/item_api.h"
#include "service/pool/epoch.h"
#include "service/pool/pool_db.h"
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define TWO_DIGITS                                                                                 \
    "{\"kind\":\"random\",\"gtin\":\"" GTIN_A "\",\"length\":2,\"alphabet\":\"0123456789\"}"

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

static int by_text(const void *a, const void *b)
{
    const str *x = a, *y = b;
    return str_cmp(*x, *y);
}

static void all_differ(str *texts, size_t n)
{
    qsort(texts, n, sizeof *texts, by_text);
    for (size_t i = 1; i < n; i++)
        if (str_eq(texts[i - 1], texts[i])) fail_msg("%.*s twice", STR(texts[i]));
}

static void numbers_come_once_and_are_found_again(void **state)
{
    struct fixture *f = *state;
    struct got a, b;
    unit_id units[500];
    struct issue_row issue;

    must(pool_site_put(f, "p", "{\"kind\":\"random\",\"gtin\":\"" GTIN_A "\"}"));
    must(pool_site_issue(f, GTIN_A, 500, &a));
    fixture_reopen(f);
    must(pool_site_issue(f, GTIN_A, 300, &b));
    assert_int_equal(b.issued.first, 500);
    struct txn *t = fixture_read(f);
    struct names *n = names_here(&f->site);
    names_find_serials(n, t, GTIN_A, a.texts, 500, units);
    for (uint32_t i = 0; i < 500; i++) {
        assert_int_equal(units[i].v, a.runs.at[0].first.v + i);
        assert_int_equal(a.texts[i].n, 20);
        assert_true(issue_of(t, units[i], &issue));
        assert_int_equal(issue.seq, a.ask.fact.seq);
    }
    str never = S("23456789ABCDEFGHJKLM");
    names_find_serials(n, t, GTIN_A, &never, 1, units);
    assert_int_equal(units[0].v, 0);
    names_find_serials(n, t, GTIN_B, a.texts, 1, units);
    assert_int_equal(units[0].v, 0);
    assert_false(issue_of(t, unit_id_of(a.issued.space, 800), &issue));
    fixture_read_end(t);
    str all[800];
    memcpy(all, a.texts, 500 * sizeof *all);
    memcpy(all + 500, b.texts, 300 * sizeof *all);
    all_differ(all, 800);
    fixture_verify(f);
}

static void a_unit_is_named_as_it_was_issued(void **state)
{
    struct fixture *f = *state;
    struct got a;
    struct gs1_id id;
    unit_id u;
    client_id owner;

    must(pool_site_put(f, "p", "{\"kind\":\"random\",\"gtin\":\"" GTIN_A "\",\"length\":12}"));
    must(pool_site_issue(f, GTIN_A, 3, &a));
    struct txn *t = fixture_read(f);
    struct names *n = names_here(&f->site);
    must(names_id(n, t, (unit_id){a.runs.at[0].first.v + 2}, &f->arena, &id));
    assert_true(str_eq(id.ext, a.texts[2]));
    assert_memory_equal(id.key, GTIN_A, 14);
    assert_true(names_find(n, t, &id, &u, &owner));
    assert_int_equal(u.v, a.runs.at[0].first.v + 2);
    assert_int_equal(owner.v, 1);
    assert_null(names_space(n, t, 77));
    assert_string_equal(names_id(n, t, unit_id_of(77, 1), &f->arena, &id).reason,
                        "names.unknown_space");
    fixture_read_end(t);
}

static void too_few_left_gives_none(void **state)
{
    struct fixture *f = *state;
    struct got a;

    must(pool_site_put(
        f, "p", "{\"kind\":\"sequential\",\"gtin\":\"" GTIN_A "\",\"length\":3,\"start\":900}"));
    must(pool_site_issue(f, GTIN_A, 60, &a));
    assert_true(str_eq(a.texts[0], S("900")));
    status st = pool_site_issue(f, GTIN_A, 41, NULL);
    refused(st, "pool.exhausted");
    assert_int_equal(st.cls, ST_CONFLICT);
    assert_non_null(strstr(st.text, "40"));
    must(pool_site_issue(f, GTIN_A, 40, &a));
    assert_true(str_eq(a.texts[39], S("999")));
    refused(pool_site_issue(f, GTIN_A, 1, NULL), "pool.exhausted");
    refused(pool_site_issue(f, GTIN_B, 1, NULL), "pool.none");
    fixture_verify(f);
}

static void the_next_ranked_pool_takes_over(void **state)
{
    struct fixture *f = *state;
    struct got a;

    must(pool_site_put(
        f, "second", "{\"kind\":\"sequential\",\"gtin\":\"" GTIN_A "\",\"length\":4,\"rank\":2}"));
    must(pool_site_put(
        f, "first", "{\"kind\":\"sequential\",\"gtin\":\"" GTIN_A "\",\"length\":2,\"rank\":1}"));
    must(pool_site_issue(f, GTIN_A, 90, &a));
    assert_int_equal(a.issued.pool, pool_site_number(f, "first"));
    must(pool_site_issue(f, GTIN_A, 11, &a)); // the first has ten: never a part of it
    assert_int_equal(a.issued.pool, pool_site_number(f, "second"));
    must(pool_site_issue(f, GTIN_A, 10, &a));
    assert_int_equal(a.issued.pool, pool_site_number(f, "first"));
    struct issue_ask ask = pool_site_ask_of(GTIN_A, 1);
    ask.pool = pool_site_number(f, "first");
    refused(pool_site_ask(f, &ask, NULL), "pool.exhausted");
    must(pool_site_put(f, "second",
                       "{\"kind\":\"sequential\",\"gtin\":\"" GTIN_A
                       "\",\"length\":4,\"rank\":2,\"max_request\":5}"));
    refused(pool_site_issue(f, GTIN_A, 6, NULL), "pool.max_request"); // the first has none
    must(pool_site_issue(f, GTIN_A, 5, NULL));
    must(pool_site_put(f, "second",
                       "{\"kind\":\"sequential\",\"gtin\":\"" GTIN_A
                       "\",\"length\":4,\"use_before\":\"2025-11-25\"}"));
    ask.pool = pool_site_number(f, "second");
    must(pool_site_ask(f, &ask, NULL));
    f->now.ms += 86400000;
    refused(pool_site_ask(f, &ask, NULL), "pool.use_before");
    fixture_verify(f);
}

// REQ EU-FMD-4
static void eu_fmd_gives_one_number_in_ten_thousand(void **state)
{
    struct fixture *f = *state;

    must(pool_site_put(f, "p",
                       "{\"kind\":\"random\",\"gtin\":\"" GTIN_A
                       "\",\"length\":6,\"alphabet\":\"0123456789\","
                       "\"policy\":\"eu-fmd\"}"));
    refused(pool_site_issue(f, GTIN_A, 101, NULL), "pool.exhausted");
    must(pool_site_issue(f, GTIN_A, 60, NULL));
    refused(pool_site_issue(f, GTIN_A, 41, NULL), "pool.exhausted");
    must(pool_site_issue(f, GTIN_A, 40, NULL));
    refused(pool_site_issue(f, GTIN_A, 1, NULL), "pool.exhausted");
}

// REQ POOL-DISJOINT
static void pools_that_could_meet_are_refused(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *json, *code;
    } rows[] = {
        {"\"kind\":\"random\",\"gtin\":\"" GTIN_A "\",\"length\":12",                        "pool.overlaps"  },
        {"\"kind\":\"sequential\",\"gtin\":\"" GTIN_A "\",\"length\":12",                    "pool.overlaps"  },
        {"\"kind\":\"random\",\"gtin\":\"" GTIN_A "\",\"length\":13",                        ""               },
        {"\"kind\":\"random\",\"gtin\":\"" GTIN_B "\",\"length\":12",                        ""               },
        {"\"kind\":\"list\",\"gtin\":\"" GTIN_A "\"",                                        ""               },
        {"\"kind\":\"list\",\"gtin\":\"" GTIN_A "\",\"length\":4",                           "pool.kind"      },
        {"\"kind\":\"list\",\"gtin\":\"" GTIN_A "\",\"policy\":\"eu-fmd\"",                  "pool.policy"    },
        {"\"kind\":\"random\"",                                                              "pool.gtin"      },
        {"\"kind\":\"random\",\"gtin\":\"09506000134353\"",                                  "gs1.check_digit"},
        {"\"kind\":\"random\",\"gtin\":\"09506000999999\"",                                  "product.unknown"},
        {"\"kind\":\"random\",\"gtin\":\"" GTIN_B "\",\"client\":\"bolt\"",                  "pool.client"    },
        {"\"kind\":\"random\",\"gtin\":\"" GTIN_B "\",\"client\":\"nobody\"",                "client.unknown" },
        {"\"kind\":\"random\",\"gtin\":\"" GTIN_B "\",\"start\":1",                          "pool.start"     },
        {"\"kind\":\"random\",\"gtin\":\"" GTIN_B "\",\"use_before\":\"2030-01\"",           "date.form"      },
        {"\"kind\":\"sscc\",\"prefix\":\"9506000\",\"extension\":\"1\",\"client\":\"acme\"", ""               },
        {"\"kind\":\"sscc\",\"prefix\":\"95060\",\"extension\":\"1\"",                       "pool.overlaps"  },
        {"\"kind\":\"sscc\",\"prefix\":\"95060\",\"extension\":\"2\"",                       ""               },
        {"\"kind\":\"sscc\",\"prefix\":\"9506001\",\"extension\":\"3\",\"client\":\"acme\"",
         "pool.client"                                                                                        },
        {"\"kind\":\"sscc\",\"prefix\":\"9506001\",\"extension\":\"3\",\"client\":\"bolt\"", ""               },
        {"\"kind\":\"sscc\",\"gtin\":\"" GTIN_A "\"",                                        "pool.gtin"      },
    };
    char json[256], name[16];

    must(pool_site_put(f, "p", "{\"kind\":\"random\",\"gtin\":\"" GTIN_A "\",\"length\":12}"));
    for (size_t i = 0; i < LEN(rows); i++) {
        snprintf(json, sizeof json, "{%s}", rows[i].json);
        snprintf(name, sizeof name, "p%zu", i);
        status st = pool_site_put(f, name, json);
        if (st.cls == ST_OK ? *rows[i].code != 0 : strcmp(st.reason, rows[i].code) != 0)
            fail_msg("%s: %s, not %s", json, st.cls == ST_OK ? "accepted" : st.reason,
                     rows[i].code);
    }
    fixture_verify(f);
}

static void a_definition_stands_once_numbers_were_issued(void **state)
{
    struct fixture *f = *state;
    struct got a;

    must(pool_site_put(f, "p", "{\"kind\":\"random\",\"gtin\":\"" GTIN_A "\",\"length\":12}"));
    must(pool_site_put(f, "p", "{\"kind\":\"random\",\"gtin\":\"" GTIN_A "\",\"length\":10}"));
    must(pool_site_issue(f, GTIN_A, 1, &a));
    assert_int_equal(a.texts[0].n, 10);
    refused(pool_site_put(f, "p", "{\"kind\":\"random\",\"gtin\":\"" GTIN_A "\",\"length\":12}"),
            "pool.in_use");
    refused(pool_site_put(f, "p", "{\"kind\":\"random\",\"gtin\":\"" GTIN_B "\",\"length\":10}"),
            "pool.in_use");
    must(pool_site_put(f, "p",
                       "{\"kind\":\"random\",\"gtin\":\"" GTIN_A
                       "\",\"length\":10,\"rank\":7,\"threshold\":9}"));
    must(pool_site_issue(f, GTIN_A, 1, &a));
    assert_int_equal(a.issued.first, 1);
    fixture_verify(f);
}

static void ssccs_are_counted_and_found(void **state)
{
    struct fixture *f = *state;
    struct issue_ask ask = {
        .quantity = 3, .owner = {1},
             .client = { 1},
             .id = { 8, "19506000"}
    };
    struct got a;
    unit_id u;
    client_id owner;

    must(pool_site_put(f, "s",
                       "{\"kind\":\"sscc\",\"prefix\":\"9506000\",\"extension\":\"1\","
                       "\"client\":\"acme\",\"start\":41}"));
    must(pool_site_ask(f, &ask, &a));
    assert_true(str_eq(a.texts[0], S("195060000000000418")));
    struct txn *t = fixture_read(f);
    for (int i = 0; i < 3; i++) {
        struct gs1_id id = gs1_sscc(a.texts[i].p);
        assert_true(names_find(names_here(&f->site), t, &id, &u, &owner));
        assert_int_equal(u.v, a.runs.at[0].first.v + (unsigned)i);
        assert_int_equal(owner.v, 1);
        assert_true(space_is_container(names_space(names_here(&f->site), t, unit_space(u))));
    }
    struct gs1_id next = gs1_sscc("195060000000000449");
    assert_false(names_find(names_here(&f->site), t, &next, &u, &owner));
    fixture_read_end(t);
    fixture_verify(f);
}

// ---- a newer site key

static void rotate(struct fixture *f, uint8_t seed)
{
    uint8_t key[SITE_KEY_SIZE];

    memset(key, seed, sizeof key);
    must(site_keys_add(&f->keys, key));
    must(fixture_run(f, &kind_epoch_added, NULL, NULL));
}

struct pile { // of all texts issued
    str *texts;
    uint32_t n;
};

static struct got pile_up(struct fixture *f, struct pile *p, uint32_t quantity)
{
    struct got a;

    must(pool_site_issue(f, GTIN_A, quantity, &a));
    memcpy(p->texts + p->n, a.texts, quantity * sizeof *a.texts);
    p->n += quantity;
    return a;
}

// Requests of one space lie by the 32 in a row, the newest in another.
static void every_request_is_found_by_each_of_its_numbers(void **state)
{
    struct fixture *f = *state;
    struct got got[100];
    struct issue_row issue;

    must(pool_site_put(f, "p", "{\"kind\":\"random\",\"gtin\":\"" GTIN_A "\"}"));
    for (uint32_t i = 0; i < LEN(got); i++) {
        must(pool_site_issue(f, GTIN_A, 1 + i % 3, &got[i]));
        struct txn *t = fixture_read(f);
        for (uint32_t k = 0; k <= i; k++) {
            for (uint64_t at = 0; at < got[k].issued.count; at++) {
                unit_id u = unit_id_of(got[k].issued.space, got[k].issued.first + at);
                assert_true(issue_of(t, u, &issue));
                assert_int_equal(issue.seq, got[k].ask.fact.seq);
                assert_int_equal(issue.first, got[k].issued.first);
                assert_int_equal(issue.consumed, got[k].issued.consumed);
            }
        }
        uint64_t after = got[i].issued.first + got[i].issued.consumed;
        assert_false(issue_of(t, unit_id_of(got[i].issued.space, after), &issue));
        fixture_read_end(t);
    }
    fixture_verify(f);
}

// Every text issued is found as itself; what was passed over is nobody's.
static void all_are_found(struct fixture *f, const struct got *gots, size_t n)
{
    struct txn *t = fixture_read(f);
    struct issue_row issue;

    for (size_t g = 0; g < n; g++) {
        unit_id *units = NEW_ARRAY(&f->arena, unit_id, gots[g].issued.count), u;
        names_find_serials(names_here(&f->site), t, GTIN_A, gots[g].texts, gots[g].issued.count,
                           units);
        uint32_t i = 0;
        for (struct run_walk w = runs_walk(&gots[g].runs); run_next(&w, &u); i++) {
            assert_int_equal(units[i].v, u.v);
            assert_true(issue_of(t, u, &issue));
            assert_int_equal(issue.seq, gots[g].ask.fact.seq);
        }
        struct bytes_r skips = gots[g].issued.skips;
        uint64_t at = gots[g].issued.first;
        struct skip s;
        while (skip_next(&skips, &at, &s))
            assert_false(issue_of(t, unit_id_of(gots[g].issued.space, s.first), &issue));
    }
    fixture_read_end(t);
}

static void no_epoch_repeats_another_to_the_last_number(void **state)
{
    struct fixture *f = *state;
    struct pile p = {.texts = NEW_ARRAY(&f->arena, str, 10000)};
    struct got gots[4];

    must(pool_site_put(f, "p",
                       "{\"kind\":\"random\",\"gtin\":\"" GTIN_A
                       "\",\"length\":4,\"alphabet\":\"0123456789\"}"));
    gots[0] = pile_up(f, &p, 4000);
    rotate(f, 2);
    gots[1] = pile_up(f, &p, 3000);
    assert_true(gots[1].issued.opens);
    assert_int_equal(gots[1].issued.epoch, 2);
    assert_true(gots[1].issued.consumed > 3000);
    fixture_reopen(f);
    gots[2] = pile_up(f, &p, 1000);
    assert_int_equal(gots[2].issued.space, gots[1].issued.space);
    rotate(f, 3);
    gots[3] = pile_up(f, &p, 2000);
    all_are_found(f, gots, 4);
    all_differ(p.texts, p.n);
    assert_int_equal(p.n, 10000); // all there are
    refused(pool_site_issue(f, GTIN_A, 1, NULL), "pool.exhausted");
    fixture_verify(f);
    struct txn *t = fixture_read(f);
    must(epoch_check(t, &f->site.meta, &f->keys));
    f->keys.key[1][0] ^= 1;
    refused(epoch_check(t, &f->site.meta, &f->keys), "site_key.wrong");
    f->keys.count = 1;
    refused(epoch_check(t, &f->site.meta, &f->keys), "site_key.epoch");
    fixture_read_end(t);
}

// ---- what an event names while a space is made

static void all_but(struct fixture *f, uint32_t n, str named)
{
    struct got a;

    must(pool_site_issue(f, GTIN_A, n, &a));
    for (uint32_t i = 0; i < n; i++) assert_false(str_eq(a.texts[i], named));
    refused(pool_site_issue(f, GTIN_A, 1, NULL), "pool.exhausted");
    fixture_verify(f);
}

static void a_pool_made_meanwhile_never_gives_what_a_first_event_named(void **state)
{
    struct fixture *f = *state;
    struct naming x;

    pool_site_look(f, GTIN_A, S("42"), &x);
    assert_int_equal(x.name.claim.v, 0);
    must(pool_site_put(f, "p", TWO_DIGITS));
    must(pool_site_name(f, &x));
    all_but(f, 99, S("42"));
}

// Two that the pool has not given: the first of its next space is one of them at most.
static void free_texts(struct fixture *f, const struct pile *p, str out[2])
{
    for (uint32_t n = 0, k = 0; k < 2; n++) {
        char digits[2] = {(char)('0' + n / 10), (char)('0' + n % 10)};
        bool given = false;
        for (uint32_t i = 0; i < p->n; i++)
            given = given || memcmp(p->texts[i].p, digits, sizeof digits) == 0;
        if (!given) out[k++] = arena_str(&f->arena, (str){digits, sizeof digits});
    }
}

static void an_epoch_begun_meanwhile_never_gives_what_a_first_event_named(void **state)
{
    struct fixture *f = *state;
    struct pile p = {.texts = NEW_ARRAY(&f->arena, str, 100)};
    struct naming x[2];
    struct got a;
    str free[2];

    must(pool_site_put(f, "p", TWO_DIGITS));
    (void)pile_up(f, &p, 50);
    free_texts(f, &p, free);
    for (uint32_t k = 0; k < 2; k++) pool_site_look(f, GTIN_A, free[k], &x[k]);
    rotate(f, 2);
    must(pool_site_issue(f, GTIN_A, 1, &a));
    assert_true(a.issued.opens);
    struct naming *still = &x[str_eq(a.texts[0], free[0])];
    must(pool_site_name(f, still));
    assert_true(unit_space(still->name.unit) != a.issued.space);
    all_but(f, 48, free[still - x]);
}

// The unit is the one that the pool gave, and no second one.
static void what_a_pool_made_meanwhile_gave_is_the_unit_itself(void **state)
{
    struct fixture *f = *state;
    struct naming x;
    struct got a;

    pool_site_look(f, GTIN_A, S("42"), &x);
    must(pool_site_put(f, "p", TWO_DIGITS));
    must(pool_site_issue(f, GTIN_A, 100, &a));
    must(pool_site_name(f, &x));
    assert_int_equal(unit_space(x.name.unit), a.issued.space);
    fixture_verify(f);
}

static void a_job_fails_that_makes_a_pool_and_names_of_it(struct fixture *f, const char *json,
                                                          struct naming *of)
{
    struct item_text text = {S("p"), str_of(json), &f->site};
    struct item_put put;
    struct txn *t = fixture_read(f);

    must(item_put_read(t, kind_pool_put.arg, &text, &f->arena, &put));
    fixture_read_end(t);
    struct job *j = fixture_job(f, 2);
    j->asks[0] = (struct ask){.kind = &kind_pool_put, .what = &put};
    j->asks[1] = (struct ask){.kind = &kind_units_named, .what = &of->ask};
    db_fault = (struct db_fault){.nth = 1, .commits = true};
    fixture_job_run(f, j);
    db_fault = (struct db_fault){0};
    assert_int_equal(j->whole.cls, ST_STORE);
}

// Another pool gets the number of its space.
static void a_pool_that_never_came_to_be_is_taken_for_no_other(void **state)
{
    struct fixture *f = *state;
    struct naming x[2];

    pool_site_look(f, GTIN_A, S("AB"), &x[0]);
    pool_site_look(f, GTIN_A, S("42"), &x[1]);
    a_job_fails_that_makes_a_pool_and_names_of_it(
        f, "{\"kind\":\"random\",\"gtin\":\"" GTIN_A "\",\"length\":2,\"alphabet\":\"ABCD\"}",
        &x[0]);
    must(pool_site_put(f, "q", TWO_DIGITS));
    must(pool_site_name(f, &x[1]));
    names_leave(); // the committer's: loops have their own
    all_but(f, 99, S("42"));
}

static void two_epochs_of_twelve_digits_give_no_number_twice(void **state)
{
    struct fixture *f = *state;
    struct pile p = {.texts = NEW_ARRAY(&f->arena, str, 300000)};

    must(pool_site_put(f, "p",
                       "{\"kind\":\"random\",\"gtin\":\"" GTIN_A
                       "\",\"length\":12,\"alphabet\":\"0123456789\"}"));
    for (int i = 0; i < 10; i++) {
        if (i == 5) rotate(f, 9);
        pile_up(f, &p, 30000);
    }
    all_differ(p.texts, p.n);
    fixture_verify(f);
}

static void a_sequential_pool_counts_on_under_a_newer_key(void **state)
{
    struct fixture *f = *state;
    struct got a;

    must(pool_site_put(f, "p", "{\"kind\":\"sequential\",\"gtin\":\"" GTIN_A "\",\"length\":6}"));
    must(pool_site_issue(f, GTIN_A, 10, NULL));
    rotate(f, 2);
    must(pool_site_issue(f, GTIN_A, 10, &a));
    assert_true(str_eq(a.texts[0], S("000010")));
}

// ---- trouble

// Issues until it is killed, with a command half written.
static void issue_and_die(struct fixture *f, uint32_t requests)
{
    pid_t child;
    int how;

    fixture_leave(f);
    if ((child = fork()) == 0) {
        fixture_enter(f);
        for (uint32_t i = 0; i < requests; i++) must(pool_site_issue(f, GTIN_A, 20, NULL));
        struct txn *t = txn_write(f->site.db);
        txn_put(t, DB_ROWS, S("half"), S("written"));
        raise(SIGKILL);
    }
    assert_true(waitpid(child, &how, 0) == child && WIFSIGNALED(how));
    fixture_enter(f);
}

// The texts of every request of the journal.
static uint32_t all_issued(struct fixture *f, str *texts)
{
    struct txn *t = fixture_read(f);
    uint64_t last = journal_head_get(t).seq;
    struct request_row q;
    struct runs runs;
    uint32_t n = 0;

    for (uint64_t seq = 1; seq <= last; seq++) {
        if (!request_get(t, seq, &q)) continue;
        struct request_part whole = {seq, 0, q.quantity};
        must(request_runs(t, &whole, &f->arena, &runs));
        for (uint32_t i = 0; i < runs.n; i++) n += pool_site_texts(f, t, runs.at[i], texts + n);
    }
    fixture_read_end(t);
    return n;
}

static void a_killed_process_takes_no_number_along_and_leaves_none_to_repeat(void **state)
{
    struct fixture *f = *state;
    str *texts = NEW_ARRAY(&f->arena, str, 2000);

    must(pool_site_put(f, "p",
                       "{\"kind\":\"random\",\"gtin\":\"" GTIN_A
                       "\",\"length\":3,\"alphabet\":\"0123456789\"}"));
    issue_and_die(f, 20);
    rotate(f, 2);
    issue_and_die(f, 10);
    must(pool_site_issue(f, GTIN_A, 400, NULL));
    refused(pool_site_issue(f, GTIN_A, 1, NULL), "pool.exhausted");
    assert_int_equal(all_issued(f, texts), 1000);
    all_differ(texts, 1000);
    fixture_verify(f);
}

// Any part of a request, as a line names it when it reports.
static void a_part_of_a_request_is_counted_in_the_order_to_print(void **state)
{
    struct fixture *f = *state;
    struct got a;
    struct runs part;

    must(pool_site_put(f, "p",
                       "{\"kind\":\"random\",\"gtin\":\"" GTIN_A
                       "\",\"length\":3,\"alphabet\":\"0123456789\"}"));
    must(pool_site_issue(f, GTIN_A, 500, NULL));
    rotate(f, 2);
    must(pool_site_issue(f, GTIN_A, 100, &a));
    assert_true(a.runs.n > 10); // about every second candidate was passed over
    struct txn *t = fixture_read(f);
    for (uint32_t first = 0; first < 100; first += 7) {
        struct request_part of = {a.ask.fact.seq, first, 9};
        str texts[9];
        uint32_t n = 0;
        must(request_runs(t, &of, &f->arena, &part));
        for (uint32_t i = 0; i < part.n; i++) n += pool_site_texts(f, t, part.at[i], texts + n);
        assert_int_equal(n, first + 9 <= 100 ? 9 : 100 - first);
        for (uint32_t i = 0; i < n; i++) assert_true(str_eq(texts[i], a.texts[first + i]));
    }
    struct request_part none = {1, 0, 1};
    refused(request_runs(t, &none, &f->arena, &part), "request.unknown");
    none.request = 999;
    refused(request_runs(t, &none, &f->arena, &part), "request.unknown");
    fixture_read_end(t);
}

static void a_failing_store_loses_and_repeats_nothing(void **state)
{
    struct fixture *f = *state;
    struct pile p = {.texts = NEW_ARRAY(&f->arena, str, 10000)};
    uint32_t given = 0;

    must(pool_site_put(f, "p",
                       "{\"kind\":\"random\",\"gtin\":\"" GTIN_A
                       "\",\"length\":4,\"alphabet\":\"0123456789\"}"));
    pile_up(f, &p, 1000);
    rotate(f, 2);
    for (int nth = 1;; nth++) {
        struct issue_ask ask = pool_site_ask_of(GTIN_A, 10);
        struct ask answer;
        ask.owner = ask.client = (client_id){1};
        ask.lot = S("L1");
        db_fault = (struct db_fault){.nth = nth};
        status st = fixture_run(f, &kind_numbers_issued, &ask, &answer);
        bool hit = db_fault.hit > 0;
        db_fault = (struct db_fault){0};
        if (st.cls != ST_OK) assert_int_equal(st.cls, ST_STORE);
        if (st.cls == ST_OK) given++;
        if (!hit) break;
    }
    assert_true(given >= 1);
    pile_up(f, &p, 2000);
    all_differ(p.texts, p.n);
    struct txn *t = fixture_read(f);
    struct asked_of of = {{1}, GTIN_A, S("L1"), false};
    assert_int_equal(asked_get(t, &of).requested, 10 * given);
    assert_int_equal(asked_get(t, &of).unconfirmed, given);
    fixture_read_end(t);
    fixture_verify(f);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, open_site, close_site)
    const struct CMUnitTest tests[] = {
        T(numbers_come_once_and_are_found_again),
        T(every_request_is_found_by_each_of_its_numbers),
        T(a_unit_is_named_as_it_was_issued),
        T(too_few_left_gives_none),
        T(the_next_ranked_pool_takes_over),
        T(eu_fmd_gives_one_number_in_ten_thousand),
        T(pools_that_could_meet_are_refused),
        T(a_definition_stands_once_numbers_were_issued),
        T(ssccs_are_counted_and_found),
        T(no_epoch_repeats_another_to_the_last_number),
        T(a_pool_made_meanwhile_never_gives_what_a_first_event_named),
        T(an_epoch_begun_meanwhile_never_gives_what_a_first_event_named),
        T(what_a_pool_made_meanwhile_gave_is_the_unit_itself),
        T(a_pool_that_never_came_to_be_is_taken_for_no_other),
        T(two_epochs_of_twelve_digits_give_no_number_twice),
        T(a_sequential_pool_counts_on_under_a_newer_key),
        T(a_failing_store_loses_and_repeats_nothing),
        T(a_killed_process_takes_no_number_along_and_leaves_none_to_repeat),
        T(a_part_of_a_request_is_counted_in_the_order_to_print),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
