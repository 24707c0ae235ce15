// The balance of a lot: what its counters say, its differences to the serial, and what explains
// them. After each test all units are counted again, and the journal is replayed.
#include "line_site.h"
#include "service/event/hold.h"
#include "service/event/lot_acts.h"
#include "service/exception/exception.h"
#include "service/journal/site.h"
#include "service/lot/balance.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define A1 "/v1/lots/" PILLS "/A1"
#define A2 "/v1/lots/" PILLS "/A2"

static struct fixture_answer want(struct fixture *f, const char *line, const char *body, int code,
                                  const char *part)
{
    enum role was = f->caller.role;

    f->caller.role = ROLE_OPERATOR;
    struct fixture_answer a = fixture_call(f, line, "", body);
    f->caller.role = was;
    if (a.code != code || !holds(a.body, part))
        fail_msg("%s %s: %d %.*s (wanted %d with %s)", line, body, a.code, STR(a.body), code, part);
    return a;
}

static void say(struct fixture *f, const char *format, const char *unit)
{
    char body[400];

    snprintf(body, sizeof body, format, unit);
    accepted(f, body);
}

static struct balance balance(struct fixture *f, const char *lot)
{
    struct txn *t = fixture_read(f);
    struct balance b;
    struct lot l;

    assert_true(lot_find(t, PILLS, str_of(lot), &f->arena, &l));
    assert_int_equal(balance_of(t, &l, &f->arena, &b).cls, ST_OK);
    fixture_read_end(t);
    return b;
}

// A lot of everything; how many differences of packs and cases it has.
static void make(struct fixture *f, struct numbers *s, struct numbers *c)
{
    struct packing_of begin = {PILLS, ",\"commission\":true"};

    *s = line_site_serials(f, PILLS, "A1", 20);
    *c = line_site_serials(f, PILLS_CASE, "A1", 3);
    accepted(f, say_commission(f, "A1", PILLS, (struct part){s, 0, 12}));
    accepted(f, say_pack(f, sgtin(f, PILLS_CASE, c->texts[0]), (struct part){s, 0, 5}, begin));
    accepted(f, say_pack(f, sgtin(f, PILLS_CASE, c->texts[1]), (struct part){s, 5, 4}, begin));
    say(f, "{\"type\":\"scrap\",\"gtin\":\"" PILLS "\",\"serials\":[\"%s\"],\"reason\":\"r\"}",
        text(f, s->texts[12]));
    say(f, "{\"type\":\"printed\",\"gtin\":\"" PILLS "\",\"serials\":[\"%s\"]}",
        text(f, s->texts[13]));
    say(f, "{\"type\":\"invalidate\",\"units\":[\"%s\"],\"reason\":\"r\"}",
        sgtin(f, PILLS, s->texts[14]));
    say(f, "{\"type\":\"lost\",\"units\":[\"%s\"],\"reason\":\"r\"}",
        sgtin(f, PILLS, s->texts[15]));
    say(f, "{\"type\":\"sample\",\"units\":[\"%s\"],\"reason\":\"r\"}",
        sgtin(f, PILLS, s->texts[9]));
}

static void every_number_and_every_unit_stands_in_one_place(void **state)
{
    struct fixture *f = *state;
    struct numbers s, c;

    make(f, &s, &c);
    struct balance b = balance(f, "A1");
    const struct balance_level *pack = &b.level[0], *box = &b.level[1];
    assert_int_equal(pack->numbers.issued, 20);
    assert_int_equal(pack->numbers.commissioned, 12);
    assert_int_equal(pack->numbers.unknown_fate, 5); // one of them was printed
    assert_int_equal(pack->numbers.printed, 1);
    assert_int_equal(pack->numbers.lost_on_line, 1);
    assert_int_equal(pack->goods.in_containers, 9);
    assert_int_equal(pack->goods.sampled, 1);
    assert_int_equal(pack->difference[DIFFERENCE_LOOSE], 2);
    assert_int_equal(box->numbers.unknown_fate, 1);
    assert_int_equal(box->difference[DIFFERENCE_OPEN], 1);
    assert_int_equal(box->difference[DIFFERENCE_LOOSE], 1); // closed, on no pallet
    assert_int_equal(balance_open_lines(&b), 5);
}

static uint32_t count(str body, const char *part)
{
    uint32_t n = 0;

    for (const char *at = body.p;
         (at = memmem(at, body.n - (size_t)(at - body.p), part, strlen(part))) != NULL; at++)
        n++;
    return n;
}

// The items of all pages of so many, by what their line says.
static void walk_pages(struct fixture *f, uint32_t limit, uint32_t found[3])
{
    static const char *const lines[] = {"\"line\":\"unknown_fate\"", "\"line\":\"loose\"",
                                        "\"line\":\"open\""};
    char line[300], page[200] = "";

    for (unsigned pages = 0; pages < 100; pages++) {
        snprintf(line, sizeof line, "GET " A1 "/balance?differences=true&limit=%u%s", limit, page);
        struct fixture_answer a = want(f, line, "", 200, "\"items\"");
        assert_true(count(a.body, "\"unit\":") <= limit);
        for (unsigned i = 0; i < 3; i++) found[i] += count(a.body, lines[i]);
        const char *next = memmem(a.body.p, a.body.n, "\"next\":\"", 8);
        if (next == NULL) return;
        const char *end = strchr(next + 8, '"');
        snprintf(page, sizeof page, "&page=%.*s", (int)(end - next - 8), next + 8);
    }
    fail_msg("the pages do not end");
}

static void the_serials_are_as_many_as_the_counters_say(void **state)
{
    struct fixture *f = *state;
    struct numbers s, c;

    make(f, &s, &c);
    for (uint32_t limit = 1; limit < 12; limit++) {
        uint32_t found[3] = {0};
        walk_pages(f, limit, found);
        assert_int_equal(found[0], 6);
        assert_int_equal(found[1], 3);
        assert_int_equal(found[2], 1);
    }
    want(f, "GET " A1 "/balance?differences=true&page=00", "", 400, "page");
}

static void numbers_that_begin_with_another_lot_are_of_both(void **state)
{
    struct fixture *f = *state;
    struct numbers s = line_site_serials(f, PILLS, "A1", 10);
    struct numbers free = line_site_serials(f, PILLS, NULL, 4);

    accepted(f, say_commission(f, "A2", PILLS, (struct part){&s, 2, 3}));
    accepted(f, say_commission(f, "A2", PILLS, (struct part){&free, 0, 4}));
    struct balance one = balance(f, "A1"), two = balance(f, "A2");
    assert_int_equal(one.level[0].numbers.elsewhere, 3);
    assert_int_equal(one.level[0].numbers.unknown_fate, 7);
    assert_int_equal(two.level[0].numbers.others, 7);
    assert_int_equal(two.level[0].difference[DIFFERENCE_UNKNOWN_FATE], 0);
}

static void numbers_printed_before_their_lot_was_opened_are_commissioned(void **state)
{
    struct fixture *f = *state;
    struct numbers s = line_site_serials(f, PILLS, "A8", 3);

    say(f, "{\"type\":\"printed\",\"gtin\":\"" PILLS "\",\"serials\":[\"%s\"]}",
        text(f, s.texts[0]));
    line_site_lot(f, PILLS, "A8", "");
    accepted(f, say_commission(f, "A8", PILLS, (struct part){&s, 0, 2}));
    struct balance b = balance(f, "A8");
    assert_int_equal(b.level[0].numbers.unknown_fate, 1);
}

static bool stands(struct fixture *f, uint32_t lot, uint8_t level)
{
    struct exception_end x = {{1}, EXCEPTION_OF_COUNT_DIFFERENCE, exception_about(lot, level + 1u)};
    struct txn *t = fixture_read(f);
    bool is = exception_stands(t, &x);

    fixture_read_end(t);
    return is;
}

static void what_does_not_come_out_is_somebodys_to_look_at(void **state)
{
    struct fixture *f = *state;
    struct numbers s = line_site_serials(f, PILLS, "A2", 4);
    char body[300];

    accepted(f, say_commission(f, "A2", PILLS, (struct part){&s, 0, 1}));
    want(f, "POST " A2 "/close", "{}", 200, "\"unknown_fate\":3");
    assert_true(stands(f, 2, 0));
    assert_false(stands(f, 2, 1));
    snprintf(body, sizeof body,
             "{\"units\":[\"%s\",\"%s\"],\"as\":\"lost_on_line\",\"reason\":\"roll\"}",
             sgtin(f, PILLS, s.texts[1]), sgtin(f, PILLS, s.texts[2]));
    want(f, "POST " A2 "/explain", body, 200, "\"lost_on_line\":2");
    assert_int_equal(line_site_row(f, sgtin(f, PILLS, s.texts[1])).flags, UNIT_LOST);
    want(f, "POST " A2 "/explain", body, 200, "\"lost_on_line\":2"); // they are so already
    want(f, "POST " A2 "/explain",
         "{\"count\":2,\"level\":\"pack\",\"as\":\"lost_on_line\",\"reason\":\"roll\"}", 409,
         "explain.too_many");
    want(f, "POST " A2 "/explain",
         "{\"count\":1,\"level\":\"pack\",\"as\":\"lost_on_line\",\"reason\":\"roll\"}", 200,
         "\"balanced\":false");
    assert_true(stands(f, 2, 0));
    want(f, "POST " A2 "/explain",
         "{\"count\":1,\"level\":\"pack\",\"as\":\"kept_loose\",\"reason\":\"spare\"}", 200,
         "\"balanced\":true");
    assert_false(stands(f, 2, 0));
}

static void a_counter_said_anew_is_explained_anew(void **state)
{
    struct fixture *f = *state;

    want(f, "POST " A1 "/counters", "{\"level\":\"pack\",\"printer\":5}", 200, "\"printer\":5");
    want(f, "POST " A1 "/counters", "{\"level\":\"pack\"}", 400, "field.required");
    want(f, "POST " A1 "/counters", "{\"level\":\"pack\",\"printer\":-1}", 400, "field.range");
    want(f, "POST " A1 "/counters", "{\"level\":\"crate\",\"printer\":1}", 422, "level.unknown");
    want(f, "POST " A1 "/explain",
         "{\"count\":5,\"level\":\"pack\",\"as\":\"printer_miscount\",\"reason\":\"test\"}", 200,
         "\"unexplained\":0");
    f->caller.person = true;
    want(f, "POST " A1 "/counters", "{\"level\":\"pack\",\"printer\":4}", 400, "reason.required");
    want(f, "POST " A1 "/counters", "{\"level\":\"pack\",\"printer\":4,\"reason\":\"misread\"}",
         200, "\"printer\":4");
    f->caller.person = false;
    want(f, "GET " A1 "/balance", "", 200, "\"difference\":4,\"explained\":0,\"unexplained\":4");
}

// How often the balance of A2 says so, in that form.
static void told(struct fixture *f, const char *accept, const char *part, unsigned times)
{
    struct fixture_answer a =
        fixture_call(f, "GET " A2 "/balance", fmt(f, "Accept: %s\r\n", accept), "");
    size_t n = strlen(part);
    unsigned found = 0;

    assert_int_equal(a.code, 200);
    for (size_t i = 0; i + n <= a.body.n; i++) found += memcmp(a.body.p + i, part, n) == 0;
    if (found != times) fail_msg("%s %u times in %.*s", part, found, STR(a.body));
}

// The entries of what was explained, by count, in all three forms.
static void entries(struct fixture *f, unsigned outdated, unsigned holding)
{
    told(f, "application/json", "\"outdated\":true,\"reason\"", outdated);
    told(f, "application/json", "\"outdated\":false,\"reason\"", holding);
    told(f, "text/csv", "pack,explanation out of date,", outdated);
    told(f, "text/csv", "pack,explanation,", holding);
    told(f, "text/html", "<td>explanation out of date<td>", outdated);
    told(f, "text/html", "<td>explanation<td>", holding);
}

static void what_was_explained_by_count_covers_no_later_difference(void **state)
{
    struct fixture *f = *state;
    struct numbers s = line_site_serials(f, PILLS, "A2", 6);
    const char *two =
        "{\"count\":2,\"level\":\"pack\",\"as\":\"lost_on_line\",\"reason\":\"roll\"}";
    const char *loose =
        "{\"count\":3,\"level\":\"pack\",\"as\":\"kept_loose\",\"reason\":\"spare\"}";

    accepted(f, say_commission(f, "A2", PILLS, (struct part){&s, 0, 3}));
    want(f, "POST " A2 "/close", "{}", 200, "\"unknown_fate\":3");
    want(f, "POST " A2 "/explain", two, 200, "\"explained\":2,\"unexplained\":1,\"outdated\":0");
    want(f, "POST " A2 "/explain", loose, 200, "\"explained\":3,\"unexplained\":0");
    entries(f, 0, 2);
    // Another of the unknown turns up as scrap: which two were explained nobody can say any more.
    say(f, "{\"type\":\"scrap\",\"gtin\":\"" PILLS "\",\"serials\":[\"%s\"],\"reason\":\"r\"}",
        text(f, s.texts[3]));
    want(f, "GET " A2 "/balance", "", 200,
         "\"difference\":2,\"explained\":0,\"unexplained\":2,\"outdated\":2");
    want(f, "GET " A2 "/balance", "", 200, "\"explained\":3,\"unexplained\":0,\"outdated\":0");
    entries(f, 1, 1);
    // One good pack goes: those that stay were explained together with it.
    say(f, "{\"type\":\"sample\",\"units\":[\"%s\"],\"reason\":\"r\"}",
        sgtin(f, PILLS, s.texts[0]));
    want(f, "GET " A2 "/balance", "", 200,
         "\"difference\":2,\"explained\":0,\"unexplained\":2,\"outdated\":3");
    entries(f, 2, 0);
    want(f, "POST " A2 "/explain", two, 200, "\"explained\":2,\"unexplained\":0,\"outdated\":0");
    want(f, "POST " A2 "/explain",
         "{\"count\":2,\"level\":\"pack\",\"as\":\"kept_loose\",\"reason\":\"spare\"}", 200,
         "\"balanced\":true");
    entries(f, 2, 2); // what was said anew stands beside what it replaced
}

static const char *then(struct fixture *f, int64_t ms)
{
    struct buf b;

    buf_init(&b, 64);
    when_write(&b, (struct moment){.at = {ms}});
    const char *line = fmt(f, "GET " A1 "?at=%.*s", STR(buf_str(&b)));
    buf_fini(&b);
    return line;
}

#define HOLDS 500 // of one call

static uint64_t head_seq(struct fixture *f)
{
    struct txn *t = fixture_read(f);
    uint64_t seq = journal_head_get(t).seq;

    fixture_read_end(t);
    return seq;
}

// A hold of each of the units.
static void put_holds(struct fixture *f, const struct numbers *of)
{
    struct buf b;

    buf_init(&b, 1 * MB);
    for (uint32_t i = 0; i < of->n; i++)
        buf_addf(&b, "%s{\"type\":\"hold\",\"units\":[\"%s\"],\"reason\":\"dented\"}",
                 i == 0 ? "[" : ",", sgtin(f, PILLS, of->texts[i]));
    buf_add(&b, (str){"]", 2});
    struct fixture_answer a = report(f, b.p);
    buf_fini(&b);
    if (!holds(a.body, "\"refused\":0")) fail_msg("%d %.*s", a.code, STR(a.body));
}

static void end_holds(struct fixture *f, uint64_t from, uint32_t n)
{
    static struct hold_release_ask end[HOLDS];
    struct job *j = fixture_job(f, n);

    for (uint32_t i = 0; i < n; i++) {
        end[i] = (struct hold_release_ask){
            from + i, {.user = S("mia"), .meaning = S("review"), .reason = S("ok")}
        };
        j->asks[i] = (struct ask){.kind = &kind_hold_released, .what = &end[i]};
    }
    fixture_job_run(f, j);
    assert_int_equal(j->asks[n - 1].result.cls, ST_OK);
}

// More than the balance lists of them.
static void what_is_still_held_is_told_however_much_was(void **state)
{
    struct fixture *f = *state;
    struct numbers s = line_site_serials(f, PILLS, "A2", HOLDS);

    accepted(f, say_commission(f, "A2", PILLS, (struct part){&s, 0, HOLDS}));
    for (unsigned i = 0; i < 9; i++) {
        uint64_t before = head_seq(f);
        put_holds(f, &s);
        assert_int_equal(head_seq(f), before + HOLDS);
        end_holds(f, before + 1, HOLDS);
    }
    accepted(f, "{\"type\":\"hold\",\"lot\":\"A2\",\"gtin\":\"" PILLS
                "\",\"reason\":\"still looked at\"}");
    f->caller.role = ROLE_OPERATOR;
    told(f, "text/csv", ",more,holds and signatures,the journal has them all,", 1);
    told(f, "text/csv", ",hold,held,the lot,still looked at,", 1);
    told(f, "text/html", "<p>There are more holds", 1);
}

static void a_lot_is_told_as_it_was_recorded(void **state)
{
    struct fixture *f = *state;
    int64_t opened = f->now.ms;

    f->now.ms += 60000;
    want(f, "POST " A1 "/amend", "{\"order\":\"O1\",\"extra\":{\"a\":\"1\"}}", 200, "O1");
    f->now.ms += 60000;
    want(f, "POST " A1 "/close", "{}", 200, "partners");
    f->now.ms += 60000;
    want(f, "POST " A1 "/amend", "{\"order\":\"O2\"}", 200, "O2");
    struct fixture_answer a = want(f, then(f, opened), "", 200, "\"state\":\"open\"");
    assert_false(holds(a.body, "\"order\"") || holds(a.body, "\"extra\""));
    a = want(f, then(f, opened + 60000), "", 200, "\"order\":\"O1\",\"extra\":{\"a\":\"1\"}");
    assert_true(holds(a.body, "\"state\":\"open\""));
    a = want(f, then(f, opened + 179999), "", 200, "\"state\":\"closed\"");
    assert_true(holds(a.body, "\"order\":\"O1\""));
    a = want(f, then(f, opened + 180000), "", 200, "\"state\":\"closed\"");
    assert_true(holds(a.body, "\"order\":\"O2\"") && !holds(a.body, "\"levels\""));
    want(f, then(f, opened - 86400000), "", 404, "lot.unknown");
}

static void unread_labels_are_counted_once(void **state)
{
    struct fixture *f = *state;
    const char *one = "{\"type\":\"unread\",\"id\":\"u1\",\"lot\":\"A1\",\"gtin\":\"" PILLS_CASE
                      "\",\"count\":3,\"reason\":\"dirt\"}";

    uint64_t seq = accepted(f, one);
    assert_int_equal(accepted(f, one), seq);
    refused(f,
            "{\"type\":\"unread\",\"id\":\"u1\",\"lot\":\"A1\",\"gtin\":\"" PILLS_CASE
            "\",\"count\":4,\"reason\":\"dirt\"}",
            "report.id_mismatch", 0);
    refused(f,
            "{\"type\":\"unread\",\"lot\":\"A1\",\"gtin\":\"" PILLS
            "\",\"count\":0,\"reason\":\"dirt\"}",
            "json.range", 0);
    assert_int_equal(balance(f, "A1").level[1].numbers.unread, 3);
    assert_int_equal(balance(f, "A1").level[0].numbers.unread, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, line_site_setup, line_site_teardown)
        T(every_number_and_every_unit_stands_in_one_place),
        T(the_serials_are_as_many_as_the_counters_say),
        T(numbers_that_begin_with_another_lot_are_of_both),
        T(numbers_printed_before_their_lot_was_opened_are_commissioned),
        T(what_does_not_come_out_is_somebodys_to_look_at),
        T(a_counter_said_anew_is_explained_anew),
        T(what_was_explained_by_count_covers_no_later_difference),
        T(what_is_still_held_is_told_however_much_was),
        T(a_lot_is_told_as_it_was_recorded),
        T(unread_labels_are_counted_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
