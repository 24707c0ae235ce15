// advance_test.c - claims about what evidence moves after a restore, and about the facts that do.
#include "pool_site.h"
#include "service/journal/restored.h"
#include "service/pool/advance.h"
#include "service/pool/epoch.h"
#include "service/pool/import.h"
#include "service/pool/lost.h"
#include "service/pool/pool_db.h"
#include "service/pool/pool_int.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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

static void restore(struct fixture *f)
{
    struct txn *t = fixture_read(f);
    struct journal_head h = journal_head_get(t);
    struct restored_ask what = {5, h.seq, h.link};

    fixture_read_end(t);
    must(fixture_run(f, &kind_site_restored, &what, NULL));
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

// What the marks of a head file ask for, of a space as it is now but for `high`.
static status mark(struct fixture *f, const char *pool, uint32_t space, uint64_t high,
                   struct recover_ask *out)
{
    struct txn *t = fixture_read(f);
    struct space_row s;

    assert_true(space_row_get(t, space, &s));
    struct advance_mark m = {str_of(pool), space, s.epoch, high, space_form(&s)};
    status st = advance_mark(&f->site, t, &m, out);
    fixture_read_end(t);
    return st;
}

static void end(struct fixture *f, bool tests_names)
{
    struct advance_ask what = {.reason = S("tested"), .by = S("mia"), .tests_names = tests_names};
    must(fixture_run(f, &kind_pools_advanced, &what, NULL));
}

// All that a plan asks for.
static void run(struct fixture *f, const struct advance_plan *p)
{
    for (uint32_t i = 0; i < p->move_count; i++)
        must(fixture_run(f, &kind_numbers_recovered, &p->moves[i], NULL));
    for (uint32_t i = 0; i < p->open_count; i++)
        must(fixture_run(f, &kind_numbers_recovered, &p->opens[i], NULL));
    for (uint32_t i = 0; i < p->name_count; i++) {
        struct foreign_name name = p->names[i].name;
        struct foreign_ask ask = {p->names[i].client, &name, 1, 0};
        must(fixture_run(f, &kind_units_named, &ask, NULL));
    }
    end(f, p->tests_names);
}

static struct advance_plan settle(struct fixture *f, const char *gtin, const str *serials,
                                  uint32_t n)
{
    struct advance *a = advance_new(&f->site);
    struct txn *t = fixture_read(f);
    struct advance_plan p;

    for (uint32_t i = 0; i < n; i += 256)
        must(advance_serials(a, t, gtin, serials + i, n - i < 256 ? n - i : 256));
    must(advance_settle(a, t, &f->arena, &p));
    for (uint32_t i = 0; i < p.name_count; i++)
        p.names[i].name.text = arena_str(&f->arena, p.names[i].name.text);
    p.counts.stranger = arena_str(&f->arena, p.counts.stranger);
    fixture_read_end(t);
    advance_free(&a);
    return p;
}

// Texts of ordinals that were never given, as another machine would have given them.
static str *texts_ahead(struct fixture *f, uint32_t space, uint64_t first, uint32_t n)
{
    str *texts = NEW_ARRAY(&f->arena, str, n);
    struct txn *t = fixture_read(f);

    assert_int_equal(pool_site_texts(f, t, (struct run){unit_id_of(space, first), n}, texts), n);
    fixture_read_end(t);
    return texts;
}

// ----

static void a_restored_site_gives_nothing_until_its_pools_are_advanced(void **state)
{
    struct fixture *f = *state;
    struct got g;

    must(pool_site_put(f, "p", "{\"kind\":\"random\",\"gtin\":\"" GTIN_A "\"}"));
    must(pool_site_put(f, "l", "{\"kind\":\"list\",\"gtin\":\"" GTIN_B "\"}"));
    must(pool_site_issue(f, GTIN_A, 5, &g));
    restore(f);
    refused(pool_site_issue(f, GTIN_A, 5, &g), "pool.frozen");
    struct import_number number = {.text = S("N1"), .line = 1};
    struct import_part part = {.pool = pool_site_number(f, "l"), .numbers = &number, .n = 1};
    refused(fixture_run(f, &kind_import_part, &part, NULL), "pool.frozen");
    struct pool_return back = {pool_site_number(f, "l"), S("end")};
    refused(fixture_run(f, &kind_pool_returned, &back, NULL), "pool.frozen");
    must(pool_site_put(f, "q", "{\"kind\":\"random\",\"gtin\":\"" GTIN_C "\"}")); // still put
    struct advance_ask nothing = {0};
    refused(fixture_run(f, &kind_pools_advanced, &nothing, NULL), "evidence.none");
    end(f, false);
    must(pool_site_issue(f, GTIN_A, 5, &g));
    assert_int_equal(g.issued.first, 5);
    fixture_verify(f);
}

static void a_mark_moves_the_space_and_its_numbers_are_known_again(void **state)
{
    struct fixture *f = *state;
    struct recover_ask ask;
    struct issue_row issue;
    struct got g;

    must(pool_site_put(f, "p", "{\"kind\":\"random\",\"gtin\":\"" GTIN_A "\"}"));
    must(pool_site_issue(f, GTIN_A, 100, &g));
    uint32_t space = g.issued.space;
    restore(f);
    must(mark(f, "p", space, 100, &ask)); // nothing new
    assert_int_equal(ask.to, 0);
    must(mark(f, "p", space, 350, &ask));
    must(fixture_run(f, &kind_numbers_recovered, &ask, NULL));
    struct space_row s = space_of(f, space);
    assert_int_equal(s.high, 350);
    assert_int_equal(s.issued, 350);
    str *texts = texts_ahead(f, space, 100, 250);
    unit_id units[250];
    struct txn *t = fixture_read(f);
    names_find_serials(names_here(&f->site), t, GTIN_A, texts, 250, units);
    for (uint32_t i = 0; i < 250; i++) {
        assert_int_equal(units[i].v, unit_id_of(space, 100 + i).v);
        assert_true(issue_of(t, units[i], &issue));
    }
    fixture_read_end(t);
    must(fixture_run(f, &kind_numbers_recovered, &ask, NULL)); // a second time it is no news
    assert_int_equal(space_of(f, space).issued, 350);
    end(f, false);
    must(pool_site_issue(f, GTIN_A, 1, &g));
    assert_int_equal(g.issued.first, 350);
    ask.to = (uint64_t)1 << 41;
    refused(fixture_run(f, &kind_numbers_recovered, &ask, NULL), "evidence.mark");
    fixture_verify(f);
}

static void a_mark_of_what_is_not_there_says_what_must_be_put(void **state)
{
    struct fixture *f = *state;
    struct recover_ask ask;
    struct got g;

    must(pool_site_put(f, "p", "{\"kind\":\"random\",\"gtin\":\"" GTIN_A "\"}"));
    must(pool_site_put(f, "l", "{\"kind\":\"list\",\"gtin\":\"" GTIN_B "\"}"));
    must(pool_site_issue(f, GTIN_A, 1, &g));
    refused(mark(f, "gone", g.issued.space, 5, &ask), "evidence.pool");
    must(mark(f, "gone", g.issued.space, 0, &ask)); // it gave nothing
    refused(mark(f, "l", g.issued.space, 5, &ask), "evidence.form");
    refused(mark(f, "l", g.issued.space + 1, 5, &ask), "evidence.list");
}

static void numbers_move_the_mark_past_the_last_of_them(void **state)
{
    struct fixture *f = *state;
    struct got g;

    must(pool_site_put(f, "p", "{\"kind\":\"random\",\"gtin\":\"" GTIN_A "\"}"));
    must(pool_site_issue(f, GTIN_A, 10, &g));
    uint32_t space = g.issued.space;
    str *texts = texts_ahead(f, space, 0, 60);
    str held[] = {texts[40], texts[3], texts[12], texts[40], S("NEVERMADE2345678ABCD")};
    restore(f);
    struct advance_plan p = settle(f, GTIN_A, held, LEN(held));
    assert_int_equal(p.counts.numbers, 5);
    assert_int_equal(p.counts.known, 1);
    assert_int_equal(p.counts.ahead, 2); // each once
    assert_int_equal(p.counts.named, 1);
    assert_int_equal(p.move_count, 1);
    assert_int_equal(p.moves[0].to, 41);
    assert_true(p.tests_names);
    run(f, &p);
    must(pool_site_issue(f, GTIN_A, 1, &g));
    assert_int_equal(g.issued.first, 41);
    p = settle(f, GTIN_A, held, LEN(held));
    assert_int_equal(p.counts.known, 5);
    assert_int_equal(p.move_count + p.name_count, 0);
    fixture_verify(f);
}

static void a_number_far_beyond_the_mark_is_never_given_and_moves_nothing(void **state)
{
    struct fixture *f = *state;
    str one[] = {S("0030500")}, many[] = {S("0009000"), S("0018500"), S("0030500")};
    struct got g;

    must(pool_site_put(f, "p", "{\"kind\":\"sequential\",\"gtin\":\"" GTIN_A "\",\"length\":7}"));
    must(pool_site_issue(f, GTIN_A, 10, &g));
    restore(f);
    struct advance_plan p = settle(f, GTIN_A, one, 1);
    assert_int_equal(p.counts.far, 0); // a hundredth of ten million is farther
    assert_int_equal(p.move_count, 1);
    must(pool_site_put(f, "s", "{\"kind\":\"sequential\",\"gtin\":\"" GTIN_B "\",\"length\":6}"));
    str text[] = {S("030500")};
    p = settle(f, GTIN_B, text, 1);
    assert_int_equal(p.counts.far, 1);
    assert_int_equal(p.move_count, 0);
    assert_int_equal(p.name_count, 1);
    assert_false(p.tests_names);
    run(f, &p);
    must(pool_site_issue(f, GTIN_B, 31000, &g));
    assert_int_equal(g.issued.first, 0);
    assert_int_equal(g.issued.consumed, 31001);
    for (uint32_t i = 0; i < 31000; i++) assert_false(str_eq(g.texts[i], text[0]));
    p = settle(f, GTIN_A, many, 3); // each in reach of the one before
    assert_int_equal(p.counts.far, 0);
    assert_int_equal(p.moves[0].to, 30501);
    fixture_verify(f);
}

static void what_a_space_had_to_pass_over_stays_passed_over(void **state)
{
    struct fixture *f = *state;
    struct import_number numbers[] = {
        {.text = S("0000015"), .line = 1},
        {.text = S("0000900"), .line = 2}
    };
    struct recover_ask ask;
    unit_id units[2];
    struct got g;

    must(pool_site_put(f, "l", "{\"kind\":\"list\",\"gtin\":\"" GTIN_A "\",\"rank\":9}"));
    must(pool_site_put(f, "p", "{\"kind\":\"sequential\",\"gtin\":\"" GTIN_A "\",\"length\":7}"));
    must(pool_site_issue(f, GTIN_A, 10, &g));
    struct import_part part = {.pool = pool_site_number(f, "l"), .numbers = numbers, .n = 2};
    must(fixture_run(f, &kind_import_part, &part, &g.ask));
    struct import_end done = {part.pool, g.ask.fact.seq, 2};
    must(fixture_run(f, &kind_import_done, &done, NULL));
    restore(f);
    must(mark(f, "p", g.issued.space, 100, &ask));
    must(fixture_run(f, &kind_numbers_recovered, &ask, NULL));
    struct space_row s = space_of(f, g.issued.space);
    assert_int_equal(s.issued, 99);
    assert_int_equal(s.ahead, 1);
    struct txn *t = fixture_read(f);
    str texts[] = {numbers[0].text, S("0000016")};
    names_find_serials(names_here(&f->site), t, GTIN_A, texts, 2, units);
    assert_int_not_equal(unit_space(units[0]), g.issued.space); // it is the list's
    assert_int_equal(units[1].v, unit_id_of(g.issued.space, 16).v);
    fixture_read_end(t);
    fixture_verify(f);
}

// Texts of a space that this site does not have, as the lost machine made it.
static str *texts_of_lost(struct fixture *f, uint32_t like, uint32_t space, uint32_t epoch,
                          uint32_t n)
{
    str *texts = NEW_ARRAY(&f->arena, str, n);
    struct txn *t = fixture_read(f);
    struct number_space fresh;
    struct space_row row;

    assert_true(space_row_get(t, like, &row));
    row.space = space;
    row.epoch = epoch;
    must(space_build(&f->site, &row, &fresh));
    unsigned length = space_length(&fresh);
    char *room = arena_alloc(&f->arena, (size_t)n * length);
    assert_non_null(room);
    must(space_text(&fresh, 0, n, (struct space_sink){room, length}));
    for (uint32_t i = 0; i < n; i++) texts[i] = (str){room + (size_t)i * length, length};
    space_fini(&fresh);
    fixture_read_end(t);
    return texts;
}

static void numbers_tell_of_spaces_of_newer_keys(void **state)
{
    static const uint8_t keys[2][SITE_KEY_SIZE] = {
        {7, 7, 7},
        {8, 8, 8}
    };
    struct fixture *f = *state;
    str held[120];
    struct got g;

    must(pool_site_put(f, "p", "{\"kind\":\"random\",\"gtin\":\"" GTIN_A "\"}"));
    must(pool_site_put(f, "short",
                       "{\"kind\":\"random\",\"gtin\":\"" GTIN_B
                       "\",\"length\":7,\"alphabet\":\"0123456789\"}"));
    must(pool_site_issue(f, GTIN_A, 10, &g));
    uint32_t space = g.issued.space;
    restore(f);
    for (int i = 0; i < 2; i++) must(site_keys_add(&f->keys, keys[i]));
    str *second = texts_of_lost(f, space, space + 5, 2, 70);
    str *third = texts_of_lost(f, space, space + 9, 3, 50);
    memcpy(held, second, 70 * sizeof *held);
    memcpy(held + 70, third, 50 * sizeof *held);
    str strange[] = {S("23456789ABCDEFGHJKLM")};
    struct advance_plan p = settle(f, GTIN_A, strange, 1);
    assert_int_equal(p.open_count, 0);
    assert_int_equal(p.counts.named, 1);
    p = settle(f, GTIN_A, held, LEN(held));
    assert_int_equal(p.counts.ahead, 120);
    assert_int_equal(p.counts.named, 0);
    assert_int_equal(p.move_count, 0);
    assert_int_equal(p.open_count, 2);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(p.opens[i].space, space + (i == 0 ? 5 : 9));
        assert_int_equal(p.opens[i].epoch, 2 + i);
        assert_int_equal(p.opens[i].to, i == 0 ? 70 : 50);
    }
    run(f, &p);
    p = settle(f, GTIN_A, held, LEN(held));
    assert_int_equal(p.counts.known, 120);
    must(fixture_run(f, &kind_epoch_added, NULL, NULL));
    must(fixture_run(f, &kind_epoch_added, NULL, NULL));
    must(pool_site_issue(f, GTIN_A, 500, &g));
    assert_int_equal(g.issued.space, space + 9);
    assert_int_equal(g.issued.first, 50);
    for (uint32_t i = 0; i < 500; i++)
        for (size_t k = 0; k < LEN(held); k++) assert_false(str_eq(g.texts[i], held[k]));
    fixture_verify(f);
}

static void misread_texts_and_other_pools_hide_no_space_of_a_newer_key(void **state)
{
    static const uint8_t key[SITE_KEY_SIZE] = {7, 7, 7};
    struct fixture *f = *state;
    str held[100 + 70 + 70];
    uint32_t spaces[2];

    for (int i = 0; i < 2; i++) {
        static const char *const names[] = {"p", "q"};
        char conf[128];
        struct got g;
        snprintf(conf, sizeof conf,
                 "{\"kind\":\"random\",\"gtin\":\"" GTIN_A
                 "\",\"rank\":%d,\"share\":{\"of\":2,\"index\":%d}}",
                 2 - i, i + 1);
        must(pool_site_put(f, names[i], conf));
        must(pool_site_issue(f, GTIN_A, 10, &g)); // of the one that was put last
        spaces[i] = g.issued.space;
    }
    assert_int_not_equal(spaces[0], spaces[1]);
    restore(f);
    must(site_keys_add(&f->keys, key));
    for (uint32_t i = 0; i < 2; i++) {
        str *texts = texts_of_lost(f, spaces[i], spaces[1] + 5 + i, 2, 70);
        memcpy(held + 100 + 70 * (1 - i), texts, 70 * sizeof *held);
    }
    for (uint32_t i = 0; i < 100; i++) {
        char *misread = arena_alloc(&f->arena, held[100].n);
        assert_non_null(misread);
        for (size_t k = 0; k < held[100].n; k++) misread[k] = held[100 + i].p[held[100].n - 1 - k];
        held[i] = (str){misread, held[100].n};
    }
    struct advance_plan p = settle(f, GTIN_A, held, LEN(held));
    assert_int_equal(p.counts.ahead, 140);
    assert_int_equal(p.counts.named, 100);
    assert_int_equal(p.counts.unsought, 0);
    assert_int_equal(p.open_count, 2);
    for (uint32_t i = 0; i < 2; i++) assert_int_equal(p.opens[i].to, 70);
}

static void texts_that_are_too_many_to_look_up_are_counted(void **state)
{
    static const uint8_t key[SITE_KEY_SIZE] = {7, 7, 7};
    struct fixture *f = *state;
    uint32_t pools[POOLS_OF_ID_MAX];
    struct got g;

    must(pool_site_put(f, "p", "{\"kind\":\"random\",\"gtin\":\"" GTIN_A "\"}"));
    must(pool_site_issue(f, GTIN_A, 10, &g));
    restore(f);
    must(site_keys_add(&f->keys, key));
    str *held = texts_of_lost(f, g.issued.space, g.issued.space + 5, 2, 2);
    struct lost_spaces *l = lost_new(&f->site, 1);
    struct txn *t = fixture_read(f);
    struct pool_id id = pool_id_gtin(GTIN_A);
    uint32_t n = pools_of(t, &id, pools);
    struct lost_text strange = {S("23456789ABCDEFGHJKLM"), pools, n}, good = {held[0], pools, n};
    assert_false(lost_find(l, t, &strange));
    assert_int_equal(lost_unsought(l), 0);
    assert_false(lost_find(l, t, &good));
    assert_int_equal(lost_unsought(l), 1);
    lost_free(&l);
    l = lost_new(&f->site, LOST_TRIES_MAX);
    assert_false(lost_find(l, t, &strange));
    assert_true(lost_find(l, t, &good));
    lost_free(&l);
    fixture_read_end(t);
}

// A text of seven digits is one of any space.
static void few_texts_tell_nothing_of_a_newer_key(void **state)
{
    static const uint8_t key[SITE_KEY_SIZE] = {7, 7, 7};
    struct fixture *f = *state;
    struct got g;

    must(pool_site_put(f, "p",
                       "{\"kind\":\"random\",\"gtin\":\"" GTIN_A
                       "\",\"length\":7,\"alphabet\":\"0123456789\"}"));
    must(pool_site_issue(f, GTIN_A, 10, &g));
    restore(f);
    must(site_keys_add(&f->keys, key));
    str *held = texts_of_lost(f, g.issued.space, g.issued.space + 1, 2, 70);
    assert_int_equal(settle(f, GTIN_A, held, 70).open_count, 0);
}

static void a_space_of_a_newer_key_is_opened_again(void **state)
{
    static const uint8_t key[SITE_KEY_SIZE] = {7, 7, 7};
    struct fixture *f = *state;
    struct got a, b, c;

    must(pool_site_put(f, "p",
                       "{\"kind\":\"random\",\"gtin\":\"" GTIN_A
                       "\",\"length\":4,\"alphabet\":\"0123456789\"}"));
    must(pool_site_issue(f, GTIN_A, 3000, &a));
    restore(f);
    must(site_keys_add(&f->keys, key));
    uint32_t lost = a.issued.space + 1; // the lost machine made it next
    struct recover_ask ask = {pool_site_number(f, "p"), lost, true, 2, 2000};
    must(fixture_run(f, &kind_numbers_recovered, &ask, &b.ask));
    must(issued_get(b.ask.fact.decided, &b.issued));
    assert_true(b.issued.opens);
    assert_true(b.issued.count < 2000); // it passed over the first key's
    assert_int_equal(space_of(f, lost).high, 2000);
    refused(fixture_run(f, &kind_numbers_recovered, &ask, NULL), "evidence.space");
    must(fixture_run(f, &kind_epoch_added, NULL, NULL));
    end(f, false);
    must(pool_site_issue(f, GTIN_A, 1000, &c));
    assert_int_equal(c.issued.space, lost);
    struct txn *t = fixture_read(f);
    struct runs runs;
    must(issued_runs(&b.issued, &f->arena, &runs));
    bool seen[10000] = {false};
    for (uint32_t i = 0; i < 3000; i++) {
        uint64_t v;
        assert_true(str_u64(a.texts[i], 9999, &v));
        seen[v] = true;
    }
    for (uint32_t r = 0; r < runs.n; r++) {
        str *texts = NEW_ARRAY(&f->arena, str, runs.at[r].count);
        pool_site_texts(f, t, runs.at[r], texts);
        for (uint32_t i = 0; i < runs.at[r].count; i++) {
            uint64_t v;
            assert_true(str_u64(texts[i], 9999, &v));
            assert_false(seen[v]);
            seen[v] = true;
        }
    }
    fixture_read_end(t);
    for (uint32_t i = 0; i < 1000; i++) {
        uint64_t v;
        assert_true(str_u64(c.texts[i], 9999, &v));
        assert_false(seen[v]);
    }
    t = fixture_read(f);
    assert_true(counter_get(t, COUNTER_SPACE) >= RESTORED_SPACES);
    fixture_read_end(t);
    fixture_verify(f);
}

static void strangers_are_counted_and_the_first_is_named(void **state)
{
    struct fixture *f = *state;
    str held[] = {S("1"), S("2")};
    struct advance_plan p = settle(f, "04012345123456", held, 2);

    assert_int_equal(p.counts.strangers, 2);
    assert_true(str_eq(p.counts.stranger, S("https://id.gs1.org/01/04012345123456/21/1")));
    assert_int_equal(p.name_count, 0);
}

#define claim(name) cmocka_unit_test_setup_teardown(name, open_site, close_site)

int main(void)
{
    const struct CMUnitTest tests[] = {
        claim(a_restored_site_gives_nothing_until_its_pools_are_advanced),
        claim(a_mark_moves_the_space_and_its_numbers_are_known_again),
        claim(a_mark_of_what_is_not_there_says_what_must_be_put),
        claim(numbers_move_the_mark_past_the_last_of_them),
        claim(a_number_far_beyond_the_mark_is_never_given_and_moves_nothing),
        claim(what_a_space_had_to_pass_over_stays_passed_over),
        claim(numbers_tell_of_spaces_of_newer_keys),
        claim(misread_texts_and_other_pools_hide_no_space_of_a_newer_key),
        claim(texts_that_are_too_many_to_look_up_are_counted),
        claim(few_texts_tell_nothing_of_a_newer_key),
        claim(a_space_of_a_newer_key_is_opened_again),
        claim(strangers_are_counted_and_the_first_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
