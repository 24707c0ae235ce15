// session_test.c - claims about how long a session lasts, and which ends where there is no room.
#include "service/access/actor_db.h"
#include "service/access/session.h"
#include "site_fixture.h"
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#define IDLE_MS 1000
#define MAX_MS  5000
#define COUNT   12u

static const struct kind *const kinds[] = {&kind_user_put, &kind_user_locked, &kind_session_opened,
                                           &kind_session_ended, NULL};

static int site_open(void **state)
{
    struct fixture *f = fixture_open(kinds);

    f->site.people.session_idle_ms = IDLE_MS;
    f->site.people.session_max_ms = MAX_MS;
    session_start(&f->site, COUNT);
    *state = f;
    return 0;
}

static int site_close(void **state)
{
    struct fixture *f = *state;

    session_stop(&f->site);
    fixture_verify(f);
    fixture_close((struct fixture **)state);
    return 0;
}

// The text of a cookie: one letter again and again.
static str text_of(struct fixture *f, char letter)
{
    char text[SESSION_TEXT_LEN];

    memset(text, letter, sizeof text);
    return arena_str(&f->arena, (str){text, sizeof text});
}

static void keep(struct fixture *f, char letter, uint32_t actor)
{
    session_keep(&f->site, &(struct session){.key = sha256_of(text_of(f, letter)), .actor = actor});
}

static bool is_there(struct fixture *f, char letter, bool used)
{
    struct session s;
    return session_find(&f->site, text_of(f, letter), used, &s);
}

static void keep_opened(struct fixture *f, char letter, uint32_t actor, uint64_t seq)
{
    session_keep(
        &f->site,
        &(struct session){.key = sha256_of(text_of(f, letter)), .opened = seq, .actor = actor});
}

static void all_of_one_end_also_what_is_kept_too_late(void **state)
{
    struct fixture *f = *state;

    keep_opened(f, 'a', 7, 10);
    keep_opened(f, 'b', 7, 12);
    keep_opened(f, 'c', 8, 10);
    session_end_all(&f->site, 7, 11);
    keep_opened(f, 'd', 7, 9); // opened before, and its loop was slow
    assert_false(is_there(f, 'a', false) || is_there(f, 'd', false));
    assert_true(is_there(f, 'b', false) && is_there(f, 'c', false));
}

static void a_session_that_is_used_lasts_to_its_end(void **state)
{
    struct fixture *f = *state;

    keep(f, 'a', 7);
    for (int ms = 0; ms < MAX_MS; ms += IDLE_MS - 1, f->now.ms += IDLE_MS - 1)
        assert_true(is_there(f, 'a', true));
    assert_false(is_there(f, 'a', true));
}

static void one_that_is_not_used_ends_though_it_is_looked_at(void **state)
{
    struct fixture *f = *state;

    keep(f, 'a', 7);
    f->now.ms += IDLE_MS - 1;
    assert_true(is_there(f, 'a', false));
    f->now.ms += 1;
    assert_false(is_there(f, 'a', false));
}

static void a_clock_that_jumps_prolongs_and_ends_nothing(void **state)
{
    struct fixture *f = *state;

    keep(f, 'a', 7);
    f->now.ms += 100 * MAX_MS;
    f->jumped += 100 * MAX_MS;
    assert_true(is_there(f, 'a', false));
    f->now.ms -= 200 * MAX_MS;
    f->jumped -= 200 * MAX_MS + IDLE_MS;
    assert_false(is_there(f, 'a', false));
}

static void an_ended_one_is_gone_and_others_stay(void **state)
{
    struct fixture *f = *state;

    keep(f, 'a', 7);
    keep(f, 'b', 7);
    session_end(&f->site, text_of(f, 'a'));
    session_end(&f->site, S("no cookie of ours"));
    assert_false(is_there(f, 'a', true));
    assert_true(is_there(f, 'b', true));
    assert_false(is_there(f, 'c', true));
}

static void one_person_ends_ones_own_oldest_and_a_full_table_that_of_anybody(void **state)
{
    struct fixture *f = *state;

    keep(f, 'z', 8);
    for (uint32_t i = 0; i <= SESSIONS_OF_ONE; i++, f->now.ms++) keep(f, (char)('a' + i), 7);
    assert_false(is_there(f, 'a', false)); // of ten the first
    assert_true(is_there(f, 'b', false) && is_there(f, 'z', false));
    keep(f, 'x', 9); // the last place
    keep(f, 'y', 10);
    assert_false(is_there(f, 'z', false));
    assert_true(is_there(f, 'b', false) && is_there(f, 'x', false) && is_there(f, 'y', false));
}

// ---- facts

static status open_for(struct fixture *f, struct user *u, struct ask *out)
{
    struct user_state s;
    struct session_ask *ask = NEW(&f->arena, struct session_ask);

    struct txn *t = fixture_read(f);
    assert_true(user_get(t, u->name, &f->arena, u));
    user_state_get(t, u->number, &s);
    *ask = (struct session_ask){.user = u,
                                .hash = arena_str(&f->arena, s.hash),
                                .label = S("0123456789abcdef"),
                                .from = S("127.0.0.1:1"),
                                .until = {f->now.ms + MAX_MS}};
    fixture_read_end(t);
    return fixture_run(f, &kind_session_opened, ask, out);
}

static void put_user(struct fixture *f, const char *name, const char *json)
{
    assert_int_equal(fixture_put(f, &kind_user_put, name, json).cls, ST_OK);
}

static void all_sessions_of_a_person_are_one_caller(void **state)
{
    struct fixture *f = *state;
    struct user mia = {.name = S("mia")}, oli = {.name = S("oli")};
    struct ask one, two, other;
    struct actor x;

    put_user(f, "mia", "{\"name\":\"Mia\",\"role\":\"qa\"}");
    put_user(f, "oli", "{\"name\":\"Oli\",\"role\":\"operator\"}");
    assert_int_equal(open_for(f, &mia, &one).cls, ST_OK);
    assert_int_equal(open_for(f, &oli, &other).cls, ST_OK);
    assert_int_equal(open_for(f, &mia, &two).cls, ST_OK);
    assert_int_equal(session_actor(&one.fact), session_actor(&two.fact));
    assert_int_not_equal(session_actor(&one.fact), session_actor(&other.fact));
    assert_int_equal(two.fact.actor, session_actor(&two.fact)); // who has shown the password
    struct txn *t = fixture_read(f);
    assert_true(actor_by_id(t, S("login:mia"), &f->arena, &x));
    assert_true(x.number == two.fact.actor && x.role == ROLE_QA && str_eq(x.user, S("mia")));
    assert_false(actor_has_token(&x));
    fixture_read_end(t);
}

static void who_is_another_by_then_is_not_let_in(void **state)
{
    struct fixture *f = *state;
    struct user mia = {.name = S("mia")};
    struct session_ask late = {.user = &mia, .hash = S("seen before"), .label = S("x")};
    struct ask a;

    put_user(f, "mia", "{\"name\":\"Mia\",\"role\":\"qa\"}");
    assert_int_equal(fixture_run(f, &kind_session_opened, &late, &a).cls, ST_BUSY);
    assert_string_equal(a.result.reason, "user.changed");
    put_user(f, "mia", "{\"name\":\"Mia\",\"role\":\"qa\",\"active\":false}");
    assert_int_equal(open_for(f, &mia, &a).cls, ST_UNAUTHENTICATED);
}

// By wrong passwords that were said while the right one was looked at.
static void who_is_locked_by_then_is_not_let_in(void **state)
{
    struct fixture *f = *state;
    struct user mia = {.name = S("mia")};
    struct ask a;

    f->site.people.wrong_max = 0;
    f->site.people.lock_ms = MAX_MS;
    put_user(f, "mia", "{\"name\":\"Mia\",\"role\":\"qa\"}");
    assert_int_equal(open_for(f, &mia, &a).cls, ST_OK);
    assert_int_equal(fixture_run(f, &kind_user_locked, &(struct password_wrong){&mia}, &a).cls,
                     ST_OK);
    assert_int_equal(open_for(f, &mia, &a).cls, ST_NOT_ALLOWED);
    assert_string_equal(a.result.reason, "user.locked");
    f->now.ms += MAX_MS;
    assert_int_equal(open_for(f, &mia, &a).cls, ST_OK);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, site_open, site_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(a_session_that_is_used_lasts_to_its_end),
        CLAIM(all_of_one_end_also_what_is_kept_too_late),
        CLAIM(one_that_is_not_used_ends_though_it_is_looked_at),
        CLAIM(a_clock_that_jumps_prolongs_and_ends_nothing),
        CLAIM(an_ended_one_is_gone_and_others_stay),
        CLAIM(one_person_ends_ones_own_oldest_and_a_full_table_that_of_anybody),
        CLAIM(all_sessions_of_a_person_are_one_caller),
        CLAIM(who_is_another_by_then_is_not_let_in),
        CLAIM(who_is_locked_by_then_is_not_let_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
