// clock_test.c - claims about the watch over the clock: a jump is told, a large one ahead stops
// writing until it is over or accepted, and records that nobody can vouch for are marked.
#include "service/access/second.h"
#include "service/access/user.h"
#include "service/catalog/place.h"
#include "service/exception/exception_db.h"
#include "service/ops/clock.h"
#include "service/ops/ops.h"
#include "site_fixture.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MINUTE   60000
#define HOUR     (60 * MINUTE)
#define DAY      (24 * HOUR)
#define PASSWORD "correct horse battery"

static const struct kind *const kinds[] = {&kind_line_put,
                                           &kind_location_put,
                                           &kind_clock_jumped,
                                           &kind_clock_accepted,
                                           &kind_user_put,
                                           &kind_user_password,
                                           &kind_user_locked,
                                           &kind_password_refused,
                                           &kind_act_proposed,
                                           &kind_act_withdrawn,
                                           NULL};
static const struct http_route *const routes[] = {place_routes, clock_routes, ops_routes, NULL};

static int site_open(void **state)
{
    struct fixture *f = fixture_open(kinds);

    f->clock = (struct clock_conf){.jump_max_ms = 5000,
                                   .stop_ahead_ms = HOUR,
                                   .jumped = &kind_clock_jumped,
                                   .allowed = clock_allowed};
    fixture_reopen(f);
    fixture_serve(f, routes);
    *state = f;
    return 0;
}

static int site_close(void **state)
{
    struct fixture *f = *state;

    fixture_verify(f);
    fixture_close(&f);
    return 0;
}

static void jump(struct fixture *f, int64_t ms)
{
    f->now.ms += ms;
    f->jumped += ms;
}

// A write; its status.
static int put(struct fixture *f, const char *name)
{
    char line[64];

    snprintf(line, sizeof line, "PUT /v1/lines/%s", name);
    return fixture_call(f, line, "", "{\"name\":\"A line\"}").code;
}

static struct fact newest(struct fixture *f)
{
    struct txn *t = fixture_read(f);
    struct fact x = {0};

    assert_int_equal(journal_get(t, journal_head_get(t).seq, &f->arena, &x).cls, ST_OK);
    fixture_read_end(t);
    return x;
}

static struct fact fact_at(struct fixture *f, uint64_t seq)
{
    struct txn *t = fixture_read(f);
    struct fact x = {0};

    assert_int_equal(journal_get(t, seq, &f->arena, &x).cls, ST_OK);
    fixture_read_end(t);
    return x;
}

static uint64_t open_exceptions(struct fixture *f)
{
    struct txn *t = fixture_read(f);
    uint64_t n = exception_counts_get(t, (client_id){0}, EXCEPTION_OF_CLOCK).open;

    fixture_read_end(t);
    return n;
}

static bool holds(struct fixture_answer a, const char *text)
{
    return memmem(a.body.p, a.body.n, text, strlen(text)) != NULL;
}

static bool is_stopped(struct fixture *f)
{
    return holds(fixture_call(f, "GET /v1/clock", "", ""), "\"stopped\":true");
}

static struct fixture_answer accept_it(struct fixture *f, const char *body)
{
    return fixture_call(f, "POST /v1/clock/accept", "", body);
}

#define SIGNED                                                                                     \
    "{\"reason\":\"checked\",\"signature\":{\"password\":\"" PASSWORD                              \
    "\",\"meaning\":\"approval\"}}"

static void be(struct fixture *f, uint32_t actor, str user)
{
    f->caller = (struct caller){.magic = CALLER_MAGIC,
                                .actor = actor,
                                .role = ROLE_OPERATOR,
                                .id = S("operator-x"),
                                .person = true,
                                .user = user};
}

// Olga makes it known that the clock is right; whoever called before calls on.
static struct fixture_answer accepted_by_olga(struct fixture *f)
{
    struct caller before = f->caller;

    be(f, 7, S("olga"));
    struct fixture_answer a = accept_it(f, SIGNED);
    f->caller = before;
    return a;
}

static void hire_olga(struct fixture *f)
{
    f->site.people.first_must_change = false;
    assert_int_equal(fixture_put(f, &kind_user_put, "olga",
                                 "{\"name\":\"Olga Operator\",\"role\":\"operator\",\"password\":"
                                 "\"" PASSWORD "\"}")
                         .cls,
                     ST_OK);
}

// ---- what is no jump, and what is

static void time_that_passes_is_no_jump(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(put(f, "a"), 201);
    f->now.ms += 30 * (int64_t)HOUR;
    assert_int_equal(put(f, "b"), 201);
    jump(f, 5000); // as far as it may be
    assert_int_equal(put(f, "c"), 201);
    assert_int_equal(newest(f).seq, 4);
    assert_int_equal(open_exceptions(f), 0);
}

// Small steps of more than a minute's distance never add up to one.
static void small_steps_do_not_add_up(void **state)
{
    struct fixture *f = *state;
    char name[16];

    for (int i = 0; i < 10; i++) {
        snprintf(name, sizeof name, "l%d", i);
        f->now.ms += MINUTE;
        assert_int_equal(put(f, name), 201);
        jump(f, 4000);
    }
    assert_int_equal(newest(f).seq, 11);
}

static void a_jump_is_a_fact_and_an_exception_and_goes_on(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(put(f, "a"), 201);
    jump(f, 5001);
    assert_int_equal(put(f, "b"), 201);
    struct fact told = fact_at(f, newest(f).seq - 1);
    assert_int_equal(told.kind, FACT_CLOCK_JUMPED);
    assert_int_equal(told.at.ms, f->now.ms);
    assert_int_equal(open_exceptions(f), 1);
    assert_false(is_stopped(f));
    assert_int_equal(put(f, "c"), 201);
    assert_int_equal(newest(f).seq, told.seq + 2);
    struct fixture_answer a = fixture_call(f, "GET /v1/journal?kind=clock.jumped", "", "");
    assert_true(holds(a, "\"effect\":\"goes_on\",\"by_ms\":5001"));
}

static void a_jump_is_told_though_nobody_asks(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(put(f, "a"), 201);
    jump(f, HOUR / 2);
    committer_step(f->site.committer, false);
    assert_int_equal(newest(f).kind, FACT_CLOCK_JUMPED);
    committer_step(f->site.committer, false);
    assert_int_equal(newest(f).seq, 3);
}

// ---- a large jump ahead

static void a_large_jump_ahead_stops_writing_at_the_steady_time(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(put(f, "a"), 201);
    int64_t before = f->now.ms;
    jump(f, HOUR + 1);
    f->now.ms += 70; // really passes
    struct fixture_answer a = fixture_call(f, "PUT /v1/lines/b", "", "{\"name\":\"B\"}");
    assert_int_equal(a.code, 503);
    assert_true(holds(a, "\"code\":\"clock.jumped\""));
    assert_int_equal(newest(f).kind, FACT_CLOCK_JUMPED);
    assert_int_equal(newest(f).at.ms, before + 70);
    assert_true(is_stopped(f));
    assert_int_equal(open_exceptions(f), 1);
    assert_int_equal(put(f, "b"), 503);
    assert_int_equal(newest(f).seq, 3);
}

static void it_is_not_forgotten_at_a_restart(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(put(f, "a"), 201);
    jump(f, 2 * (int64_t)HOUR);
    assert_int_equal(put(f, "b"), 503);
    fixture_reopen(f);
    fixture_serve(f, routes);
    assert_int_equal(put(f, "b"), 503);
    assert_true(is_stopped(f));
}

static void what_was_accepted_goes_on_in_the_new_time(void **state)
{
    struct fixture *f = *state;

    hire_olga(f);
    assert_int_equal(put(f, "a"), 201);
    jump(f, 24 * (int64_t)HOUR);
    assert_int_equal(put(f, "b"), 503);
    struct fixture_answer a = accepted_by_olga(f);
    assert_int_equal(a.code, 200);
    assert_true(holds(a, "\"jump\":4") && holds(a, "\"reason\":\"checked\""));
    assert_int_equal(newest(f).kind, FACT_CLOCK_ACCEPTED);
    assert_int_equal(open_exceptions(f), 0);
    assert_int_equal(put(f, "b"), 201);
    assert_int_equal(newest(f).at.ms, f->now.ms);
    assert_int_equal(newest(f).seq, 6);
    assert_false(is_stopped(f));
}

static void what_is_counted_is_told_at_an_orderly_end_while_it_is_stopped(void **state)
{
    struct fixture *f = *state;

    hire_olga(f);
    for (unsigned i = 0; i < 3; i++) assert_int_equal(accepted_by_olga(f).code, 409);
    jump(f, 2 * (int64_t)HOUR);
    assert_int_equal(put(f, "a"), 503);
    uint64_t seq = newest(f).seq;
    f->now.ms += MINUTE; // it waits
    committer_step(f->site.committer, false);
    assert_int_equal(newest(f).seq, seq);
    assert_int_equal(committer_start(f->site.committer).cls, ST_OK);
    committer_stop(f->site.committer);
    assert_int_equal(newest(f).kind, FACT_REFUSAL_REPEATED);
    assert_int_equal(newest(f).seq, seq + 1);
    assert_true(is_stopped(f));
}

static void a_clock_that_comes_back_ends_the_stop(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(put(f, "a"), 201);
    jump(f, 10 * (int64_t)HOUR);
    assert_int_equal(put(f, "b"), 503);
    jump(f, -9 * (int64_t)HOUR + 1);
    assert_int_equal(put(f, "b"), 503); // still too far
    jump(f, -(int64_t)HOUR - 1);
    assert_int_equal(put(f, "b"), 201);
    assert_false(is_stopped(f));
    assert_int_equal(open_exceptions(f), 0);
    assert_int_equal(newest(f).seq, 5);
    assert_int_equal(newest(f).at.ms, f->now.ms);
}

// ---- who accepts

static void only_a_stop_can_be_accepted_and_only_by_a_person_with_a_reason(void **state)
{
    struct fixture *f = *state;

    hire_olga(f);
    assert_int_equal(put(f, "a"), 201);
    struct fixture_answer a = accepted_by_olga(f);
    assert_int_equal(a.code, 409);
    assert_true(holds(a, "clock.not_stopped"));
    jump(f, 2 * (int64_t)HOUR);
    assert_int_equal(put(f, "b"), 503);
    assert_int_equal(accept_it(f, "{\"reason\":\"x\"}").code, 403); // an administrator's token
    f->caller.role = ROLE_OPERATOR;
    a = accept_it(f, "{}");
    assert_int_equal(a.code, 400);
    assert_true(holds(a, "signature.required"));
    a = accept_it(f, SIGNED);
    assert_int_equal(a.code, 403);
    assert_true(holds(a, "signature.person"));
    be(f, 7, S("olga"));
    a = accept_it(f, "{\"signature\":{\"password\":\"" PASSWORD "\",\"meaning\":\"approval\"}}");
    assert_int_equal(a.code, 400);
    assert_true(holds(a, "reason.required"));
    f->caller.role = ROLE_AUDITOR;
    assert_int_equal(accept_it(f, "{\"reason\":\"x\"}").code, 403);
    client_id one = {1};
    f->caller.role = ROLE_OPERATOR;
    f->caller.clients = &one;
    f->caller.client_count = 1;
    assert_int_equal(accept_it(f, "{\"reason\":\"x\"}").code, 403);
    assert_true(is_stopped(f));
}

static void a_person_signs_and_a_wrong_password_counts_while_it_is_stopped(void **state)
{
    struct fixture *f = *state;

    hire_olga(f);
    jump(f, 2 * (int64_t)HOUR);
    assert_int_equal(put(f, "a"), 503);
    f->caller = (struct caller){.magic = CALLER_MAGIC,
                                .actor = 7,
                                .role = ROLE_OPERATOR,
                                .id = S("operator-x"),
                                .person = true,
                                .user = S("olga")};
    struct fixture_answer a = accept_it(f, "{\"reason\":\"checked\"}");
    assert_int_equal(a.code, 400);
    assert_true(holds(a, "signature.required"));
    a = accept_it(f, "{\"reason\":\"checked\",\"signature\":{\"password\":\"not this one at all\","
                     "\"meaning\":\"approval\"}}");
    assert_int_equal(a.code, 403);
    assert_int_equal(newest(f).kind, FACT_PASSWORD_REFUSED);
    a = accept_it(f, "{\"reason\":\"checked\",\"signature\":{\"password\":\"" PASSWORD
                     "\",\"meaning\":\"approval\"}}");
    assert_int_equal(a.code, 200);
    assert_true(
        holds(a, "\"name\":\"Olga Operator\",\"role\":\"operator\",\"meaning\":\"approval\""));
    assert_false(is_stopped(f));
    f->caller.role = ROLE_ADMIN;
    a = fixture_call(f, "GET /v1/journal?kind=clock.accepted", "", "");
    assert_true(holds(a, "\"reason\":\"checked\",\"signature\":{\"user\":\"olga\""));
}

// The lock ends by the journal's own time, not by that of a clock that ran ahead.
static void a_lock_holds_while_it_is_stopped(void **state)
{
    struct fixture *f = *state;
    struct fixture_answer a = {0};

    f->site.people.first_must_change = false;
    assert_int_equal(fixture_put(f, &kind_user_put, "olga",
                                 "{\"name\":\"Olga\",\"role\":\"operator\",\"password\":\"" PASSWORD
                                 "\"}")
                         .cls,
                     ST_OK);
    jump(f, 2 * (int64_t)HOUR);
    assert_int_equal(put(f, "a"), 503);
    f->caller.role = ROLE_OPERATOR;
    f->caller.person = true;
    f->caller.user = S("olga");
    for (unsigned i = 0; i < f->site.people.wrong_max; i++)
        a = accept_it(f, "{\"reason\":\"x\",\"signature\":{\"password\":\"not this one at all\","
                         "\"meaning\":\"approval\"}}");
    assert_int_equal(a.code, 403);
    assert_int_equal(newest(f).kind, FACT_USER_LOCKED);
    a = accept_it(f, "{\"reason\":\"x\",\"signature\":{\"password\":\"" PASSWORD
                     "\",\"meaning\":\"approval\"}}");
    assert_int_equal(a.code, 403);
    assert_true(holds(a, "user.locked"));
    assert_true(is_stopped(f));
}

// ---- by two

// A site with two operators whose clock has stopped it, further ahead than a proposal lasts.
static void stop_for_two(struct fixture *f)
{
    static const char *const names[] = {"olga", "otto"};

    f->site.people.first_must_change = false;
    for (size_t i = 0; i < LEN(names); i++)
        assert_int_equal(fixture_put(f, &kind_user_put, names[i],
                                     "{\"name\":\"O\",\"role\":\"operator\",\"password\":"
                                     "\"" PASSWORD "\"}")
                             .cls,
                         ST_OK);
    f->site.people.second = S("accept_clock put_user");
    f->site.people.second_ms = HOUR;
    jump(f, 48 * (int64_t)HOUR);
    assert_int_equal(put(f, "a"), 503);
}

// ACT-SECOND
static void a_stop_that_two_must_end_is_ended_by_two(void **state)
{
    struct fixture *f = *state;

    stop_for_two(f);
    assert_int_equal(accept_it(f, "{\"reason\":\"x\"}").code, 403); // an administrator's token
    be(f, 7, S("olga"));
    struct fixture_answer a = accept_it(f, SIGNED);
    assert_int_equal(a.code, 202);
    assert_true(holds(a, "\"act\":\"accept_clock\"") && holds(a, "\"shown\""));
    assert_int_equal(accept_it(f, SIGNED).code, 202);
    assert_true(is_stopped(f));
    be(f, 8, S("otto"));
    a = accept_it(f, SIGNED);
    assert_int_equal(a.code, 200);
    assert_true(holds(a, "\"first\":{\"user\":\"olga\"") && holds(a, "\"user\":\"otto\""));
    assert_false(is_stopped(f));
    f->caller.role = ROLE_ADMIN;
    a = fixture_call(f, "GET /v1/journal?kind=clock.accepted", "", "");
    assert_true(holds(a, "\"first_signature\":{\"user\":\"olga\""));
}

static void a_first_signature_waits_by_the_steady_time_and_for_its_own_stop(void **state)
{
    struct fixture *f = *state;

    stop_for_two(f);
    be(f, 7, S("olga"));
    assert_int_equal(accept_it(f, SIGNED).code, 202);
    f->now.ms += HOUR + 1; // really passes
    be(f, 8, S("otto"));
    struct fixture_answer a = accept_it(f, SIGNED);
    assert_int_equal(a.code, 409);
    assert_true(holds(a, "act.second"));
    be(f, 7, S("olga"));
    assert_int_equal(accept_it(f, SIGNED).code, 202); // signs anew
    jump(f, -48 * (int64_t)HOUR);
    committer_step(f->site.committer, false);
    assert_false(is_stopped(f));
    jump(f, 48 * (int64_t)HOUR);
    committer_step(f->site.committer, false);
    assert_true(is_stopped(f));
    be(f, 8, S("otto"));
    assert_int_equal(accept_it(f, SIGNED).code, 202); // the first of another stop
    assert_true(is_stopped(f));
}

static status nothing_said(struct decide *d, const void *what, struct buf *state,
                           struct json_w *says)
{
    (void)d, (void)what, (void)state, (void)says;
    return OK;
}

static void nothing_else_is_proposed_while_it_is_stopped_and_what_is_can_be_taken_back(void **state)
{
    struct fixture *f = *state;
    struct second_ask other = {
        .of = {.act = SECOND_PUT_USER, .subject = S("olga")    },
        .look = nothing_said,
        .signature = {.user = S("ada"),       .meaning = S("approval")}
    };
    struct second_withdraw_ask back = {.of = {.act = SECOND_ACCEPT_CLOCK}, .reason = S("wrong")};

    stop_for_two(f);
    assert_string_equal(fixture_run(f, &kind_act_proposed, &other, NULL).reason, "clock.jumped");
    be(f, 7, S("olga"));
    assert_int_equal(accept_it(f, SIGNED).code, 202);
    assert_int_equal(fixture_run(f, &kind_act_withdrawn, &back, NULL).cls, ST_OK);
    be(f, 8, S("otto"));
    assert_int_equal(accept_it(f, SIGNED).code, 202);
    assert_true(is_stopped(f));
}

// ---- marks

static void a_clock_that_goes_back_marks_records_until_it_has_caught_up(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(put(f, "a"), 201);
    int64_t top = f->now.ms;
    jump(f, -(int64_t)HOUR);
    assert_int_equal(put(f, "b"), 201);
    assert_int_equal(newest(f).at.ms, top);
    assert_true((newest(f).flags & FACT_CLOCK_UNSURE) != 0);
    f->now.ms += HOUR;
    assert_int_equal(put(f, "c"), 201);
    assert_true((newest(f).flags & FACT_CLOCK_UNSURE) == 0);
    assert_int_equal(open_exceptions(f), 1);
}

static void a_start_before_the_newest_record_is_a_jump(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(put(f, "a"), 201);
    fixture_leave(f);
    jump(f, -(int64_t)HOUR);
    fixture_enter(f);
    fixture_serve(f, routes);
    assert_int_equal(put(f, "b"), 201);
    assert_int_equal(fact_at(f, 3).kind, FACT_CLOCK_JUMPED);
}

// Another start, `ms` later by a clock that somebody keeps or, `unsynced`, nobody.
static int put_after_a_pause(struct fixture *f, int64_t ms, bool unsynced)
{
    f->clock.away_max_ms = 30 * (uint64_t)DAY;
    fixture_leave(f);
    f->unsynced = unsynced;
    jump(f, ms);
    fixture_enter(f);
    fixture_serve(f, routes);
    return put(f, "after");
}

static void a_start_long_after_the_newest_record_is_believed_where_the_clock_is_kept(void **state)
{
    assert_int_equal(put(*state, "a"), 201);
    assert_int_equal(put_after_a_pause(*state, 400 * (int64_t)DAY, false), 201);
    assert_false(is_stopped(*state));
}

static void a_start_not_so_long_after_it_is_believed_of_any_clock(void **state)
{
    assert_int_equal(put(*state, "a"), 201);
    assert_int_equal(put_after_a_pause(*state, 30 * (int64_t)DAY, true), 201);
    assert_false(is_stopped(*state));
}

static void a_start_long_after_it_by_a_clock_that_nobody_keeps_waits_for_a_person(void **state)
{
    struct fixture *f = *state;

    hire_olga(f);
    assert_int_equal(put(f, "a"), 201);
    struct fact last = newest(f);
    assert_int_equal(put_after_a_pause(f, 30 * (int64_t)DAY + 1, true), 503);
    assert_int_equal(newest(f).kind, FACT_CLOCK_JUMPED);
    assert_int_equal(newest(f).at.ms, last.at.ms);
    assert_true(is_stopped(f));
    f->unsynced = false; // does not take back what was not believed
    f->now.ms += MINUTE;
    assert_int_equal(put(f, "b"), 503);
    assert_int_equal(accepted_by_olga(f).code, 200);
    assert_int_equal(put(f, "b"), 201);
    assert_int_equal(newest(f).at.ms, f->now.ms);
}

static void records_of_a_clock_that_nobody_keeps_are_marked(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(put(f, "a"), 201);
    assert_true((newest(f).flags & FACT_CLOCK_UNSURE) == 0);
    f->unsynced = true;
    f->now.ms += MINUTE; // it is asked once a minute
    assert_int_equal(put(f, "b"), 201);
    assert_true((newest(f).flags & FACT_CLOCK_UNSURE) != 0);
    struct fixture_answer a = fixture_call(f, "GET /v1/journal", "", "");
    assert_true(holds(a, "\"clock\":\"unsure\""));
    a = fixture_call(f, "GET /metrics", "", "");
    assert_false(holds(a, "packtrail_clock_synchronised 1"));
    f->unsynced = false;
    f->now.ms += MINUTE;
    assert_int_equal(put(f, "c"), 201);
    assert_true((newest(f).flags & FACT_CLOCK_UNSURE) == 0);
}

#define CLOCK_TEST(name) cmocka_unit_test_setup_teardown(name, site_open, site_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLOCK_TEST(time_that_passes_is_no_jump),
        CLOCK_TEST(small_steps_do_not_add_up),
        CLOCK_TEST(a_jump_is_a_fact_and_an_exception_and_goes_on),
        CLOCK_TEST(a_jump_is_told_though_nobody_asks),
        CLOCK_TEST(a_large_jump_ahead_stops_writing_at_the_steady_time),
        CLOCK_TEST(it_is_not_forgotten_at_a_restart),
        CLOCK_TEST(what_was_accepted_goes_on_in_the_new_time),
        CLOCK_TEST(what_is_counted_is_told_at_an_orderly_end_while_it_is_stopped),
        CLOCK_TEST(a_clock_that_comes_back_ends_the_stop),
        CLOCK_TEST(only_a_stop_can_be_accepted_and_only_by_a_person_with_a_reason),
        CLOCK_TEST(a_person_signs_and_a_wrong_password_counts_while_it_is_stopped),
        CLOCK_TEST(a_lock_holds_while_it_is_stopped),
        CLOCK_TEST(a_stop_that_two_must_end_is_ended_by_two),
        CLOCK_TEST(a_first_signature_waits_by_the_steady_time_and_for_its_own_stop),
        CLOCK_TEST(nothing_else_is_proposed_while_it_is_stopped_and_what_is_can_be_taken_back),
        CLOCK_TEST(a_clock_that_goes_back_marks_records_until_it_has_caught_up),
        CLOCK_TEST(a_start_before_the_newest_record_is_a_jump),
        CLOCK_TEST(a_start_long_after_the_newest_record_is_believed_where_the_clock_is_kept),
        CLOCK_TEST(a_start_not_so_long_after_it_is_believed_of_any_clock),
        CLOCK_TEST(a_start_long_after_it_by_a_clock_that_nobody_keeps_waits_for_a_person),
        CLOCK_TEST(records_of_a_clock_that_nobody_keeps_are_marked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
