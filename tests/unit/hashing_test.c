// hashing_test.c - claims about passwords that are hashed away from the loop that asks.
#include "common/loop.h"
#include "service/access/hashing.h"
#include "service/access/password.h"
#include "service/access/second.h"
#include "service/access/user.h"
#include "service/item/item_api.h"
#include "site_fixture.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CALLS_MAX 80

struct call {
    struct http_req r;
    struct http_route route;
    char peer[32];
    str hash, password;
    bool makes, brings_more;
    unsigned runs;
    status st;
    bool fits;
    str made;
    unsigned place; // in the order of answers, from 1; 0: none yet
};

static struct call calls[CALLS_MAX];
static unsigned count, answered;
static str right;
static const struct kind *const kinds[] = {NULL};

static void others_come(struct call *c);

static void run(struct http_req *r)
{
    struct call *c = CONTAINER_OF(r, struct call, r);

    assert_int_equal(hashing_has_begun(r), c->runs > 0);
    if (c->runs++ == 1 && c->brings_more) others_come(c);
    c->st = c->makes ? hashing_new(r, c->password, &c->made)
                     : hashing_fits(r, c->hash, c->password, &c->fits);
    if (!api_is_later(&c->st)) c->place = ++answered;
}

static int site_open(void **state)
{
    struct fixture *f = fixture_open(kinds);

    count = answered = 0;
    f->site.people.hashes_at_once = 1;
    assert_int_equal(password_hash(&f->site, S("a good password"), &f->arena, &right).cls, ST_OK);
    f->site.people.hash_memory_kb = 19456; // what is asked for takes longer than asking
    f->site.people.hash_passes = 8;
    assert_int_equal(hashing_start(&f->site).cls, ST_OK);
    *state = f;
    return 0;
}

static int site_close(void **state)
{
    struct fixture *f = *state;

    hashing_stop(&f->site);
    while (answered < count) loop_step(f->loop, true);
    hashing_free(&f->site);
    for (unsigned i = 0; i < count; i++) arena_fini(&calls[i].r.arena);
    fixture_close((struct fixture **)state);
    return 0;
}

// Somebody asks: from an address of this number, known or not.
static struct call *ask(struct fixture *f, unsigned address, const void *caller, str hash)
{
    struct call *c = &calls[count++];

    assert_true(count <= CALLS_MAX);
    *c = (struct call){.hash = hash, .password = S("a good password")};
    snprintf(c->peer, sizeof c->peer, "10.0.%u.%u:1", address / 256, address % 256);
    c->route.run = run;
    c->r.app = &f->site;
    c->r.loop = f->loop;
    c->r.route = &c->route;
    c->r.caller = caller;
    c->r.peer = str_of(c->peer);
    arena_init(&c->r.arena, 64 * KB);
    run(&c->r);
    return c;
}

// From where the call is: more than there are places. And the call wants another hash.
static void others_come(struct call *c)
{
    struct fixture *f = CONTAINER_OF((struct site *)c->r.app, struct fixture, site);

    c->password = S("a better password");
    for (unsigned i = 0; i < 2 * HASHING_ADDRESS_MAX; i++) ask(f, 1, c->r.caller, S(""));
}

static void wait_for(struct fixture *f, const struct call *c)
{
    while (c->place == 0) loop_step(f->loop, true);
}

static void the_route_runs_again_and_finds_what_it_asked_for(void **state)
{
    struct fixture *f = *state;
    struct call *good = ask(f, 1, &f->caller, right), *wrong, *nobody, *fresh;

    assert_int_equal(good->place, 0);
    wrong = ask(f, 1, &f->caller, right);
    wrong->password = S("a good passwore");
    nobody = ask(f, 1, NULL, S(""));
    wait_for(f, good);
    wait_for(f, wrong);
    wait_for(f, nobody);
    assert_true(good->st.cls == ST_OK && good->fits && good->runs == 2);
    assert_true(wrong->st.cls == ST_OK && !wrong->fits);
    assert_int_equal(wrong->runs, 3); // another password was asked for meanwhile: looked at anew
    assert_true(nobody->st.cls == ST_OK && !nobody->fits);
    fresh = ask(f, 1, &f->caller, S(""));
    fresh->makes = true;
    wait_for(f, fresh);
    assert_int_equal(fresh->st.cls, ST_OK);
    assert_int_equal(password_fits(&f->site, fresh->made, S("a good password"), &good->fits).cls,
                     ST_OK);
    assert_true(good->fits);
}

static void who_is_known_goes_first(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 0; i < 8; i++) ask(f, i, NULL, S(""));
    struct call *known = ask(f, 9, &f->caller, right);
    for (unsigned i = 0; i < 8; i++) wait_for(f, &calls[i]);
    assert_in_range(known->place, 1, 4);
}

static unsigned turned_away(unsigned from)
{
    unsigned n = 0;

    for (unsigned i = from; i < count; i++)
        if (calls[i].place != 0 && calls[i].st.cls == ST_BUSY) {
            assert_string_equal(calls[i].st.reason, "password.busy");
            n++;
        }
    return n;
}

static void an_address_has_few_places_and_all_have_an_end(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 0; i < 20; i++) ask(f, 1, NULL, S(""));
    assert_in_range(turned_away(0), 20 - HASHING_ADDRESS_MAX - 4, 20 - HASHING_ADDRESS_MAX);
    for (unsigned i = 0; i < HASHING_LOGINS_MAX + 8; i++) ask(f, 2 + i, NULL, S(""));
    assert_in_range(turned_away(20), 8, 8 + HASHING_ADDRESS_MAX);
    assert_int_equal(ask(f, 1, &f->caller, right)->place, 0); // who is known waits elsewhere
}

static void who_hashes_on_the_spot_waits_for_no_thread(void **state)
{
    struct fixture *f = *state;
    struct call *c = ask(f, 1, &f->caller, S(""));

    while (c->place == 0) {
        bool fits = false;
        assert_int_equal(password_fits(&f->site, right, S("a good password"), &fits).cls, ST_OK);
        assert_true(fits);
        loop_step(f->loop, false);
    }
    assert_int_equal(c->st.cls, ST_OK);
}

static void a_known_caller_has_few_places_whatever_it_calls_with(void **state)
{
    static const struct caller
        mia =
            {
                .magic = CALLER_MAGIC, .actor = 7, .person = true, .user = {"mia", 3}
    },
        same = {.magic = CALLER_MAGIC, .actor = 8, .person = true, .user = {"mia", 3}},
        noa = {.magic = CALLER_MAGIC, .actor = 9, .person = true, .user = {"noa", 3}},
        machine = {.magic = CALLER_MAGIC, .actor = 7};
    struct fixture *f = *state;

    for (unsigned i = 0; i < 20; i++) ask(f, i, i % 2 == 0 ? &mia : &same, S(""));
    assert_in_range(turned_away(0), 20 - HASHING_CALLER_MAX - 4, 20 - HASHING_CALLER_MAX);
    for (unsigned i = 0; i < 20; i++) ask(f, i, &machine, S(""));
    assert_in_range(turned_away(20), 20 - HASHING_CALLER_MAX - 4, 20 - HASHING_CALLER_MAX);
    assert_int_equal(ask(f, 1, &noa, right)->place, 0);
}

static void who_has_begun_is_not_turned_away_for_those_who_come_after(void **state)
{
    struct fixture *f = *state;
    struct call *known = ask(f, 1, &f->caller, S("")), *login = ask(f, 1, NULL, S(""));

    known->brings_more = login->brings_more = true;
    wait_for(f, known);
    wait_for(f, login);
    assert_int_equal(known->st.cls, ST_OK);
    assert_int_equal(login->st.cls, ST_OK);
    assert_true(known->runs == 3 && login->runs == 3 && turned_away(0) > HASHING_ADDRESS_MAX);
}

static void after_the_end_everybody_is_answered(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 0; i < 20; i++) ask(f, i, NULL, S(""));
    hashing_stop(&f->site);
    while (answered < 20) loop_step(f->loop, true);
    assert_in_range(turned_away(0), 15, 20);
    assert_string_equal(ask(f, 1, &f->caller, right)->st.reason, "password.busy");
}

// ---- the put of a person

static const struct kind *const put_kinds[] = {&kind_user_put,
                                               &kind_user_put_signed,
                                               &kind_user_password,
                                               &kind_act_proposed,
                                               &kind_password_refused,
                                               &kind_user_locked,
                                               NULL};
static unsigned put_runs;

static void put_run(struct http_req *r)
{
    put_runs++;
    item_api_put(r);
}

static const struct http_route put_routes[] = {
    {.method = HTTP_PUT,
     .path = "/v1/users/{user}",
     .roles = "admin",
     .body_max = ITEM_BODY_MAX,
     .run = put_run,
     .app = &noun_user,
     .query = ""},
    {0  },
};
static const struct http_route *const routes[] = {put_routes, NULL};

static int puts_open(void **state)
{
    struct fixture *f = fixture_open(put_kinds);

    assert_int_equal(hashing_start(&f->site).cls, ST_OK);
    fixture_serve(f, routes);
    *state = f;
    return 0;
}

static int puts_close(void **state)
{
    struct fixture *f = *state;

    hashing_stop(&f->site);
    hashing_free(&f->site);
    fixture_verify(f);
    fixture_close((struct fixture **)state);
    return 0;
}

// How often the route was run again: for each hash once, so that none is made on the loop.
static unsigned put(struct fixture *f, const char *name, const char *says, int code)
{
    char line[40], body[256];

    put_runs = 0;
    snprintf(line, sizeof line, "PUT /v1/users/%s", name);
    snprintf(body, sizeof body, "{\"name\":\"Mia Muster\",\"reason\":\"new here\",%s}", says);
    struct fixture_answer a = fixture_call(f, line, "", body);
    if (a.code != code) fail_msg("%s: %d %.*s", says, a.code, STR(a.body));
    return put_runs - 1;
}

static void a_put_with_a_password_is_run_again_for_every_hash(void **state)
{
    static const struct {
        const char *says;
        int code;
        unsigned hashes;
    } rows[] = {
        {"\"role\":\"qa\",\"password\":\"a good password\"",       201, 1},
        {"\"role\":\"qa\",\"password\":\"a good password\"",       200, 1}, // fits: nothing new
        {"\"role\":\"qa\"",                                        200, 0},
        {"\"role\":\"qa\",\"password\":\"***\"",                   200, 0},
        {"\"role\":\"qa\",\"password\":\"a better password\"",     200, 2},
        {"\"role\":\"qa\",\"password\":\"the best of passwords\"", 200, 3},
        {"\"role\":\"qa\",\"password\":\"a good password\"",       422, 3},
        {"\"role\":\"king\",\"password\":\"another password\"",    400, 0},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < LEN(rows); i++)
        if (put(f, "mia", rows[i].says, rows[i].code) != rows[i].hashes)
            fail_msg("%s: run again %u times", rows[i].says, put_runs - 1);
}

static void the_signature_of_a_put_is_looked_at_away_from_the_loop(void **state)
{
    static const char ada[] = "\"role\":\"admin\",\"password\":\"correct horse\"";
    struct fixture *f = *state;

    f->site.people.first_must_change = false;
    f->site.people.second_ms = 3600000;
    assert_int_equal(put(f, "ada", ada, 201), 1);
    f->site.people.second = S("put_user");
    f->caller.person = true;
    f->caller.user = S("ada");
    assert_int_equal(put(f, "mia",
                         "\"role\":\"qa\",\"password\":\"a good password\",\"signature\":"
                         "{\"password\":\"correct horsf\",\"meaning\":\"approval\"}",
                         403),
                     2);
    assert_int_equal(put(f, "mia",
                         "\"role\":\"qa\",\"password\":\"a good password\",\"signature\":"
                         "{\"password\":\"correct horse\",\"meaning\":\"approval\"}",
                         202),
                     2);
}

#define claim(name)     cmocka_unit_test_setup_teardown(name, site_open, site_close)
#define put_claim(name) cmocka_unit_test_setup_teardown(name, puts_open, puts_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        claim(the_route_runs_again_and_finds_what_it_asked_for),
        claim(who_is_known_goes_first),
        claim(an_address_has_few_places_and_all_have_an_end),
        claim(who_hashes_on_the_spot_waits_for_no_thread),
        claim(a_known_caller_has_few_places_whatever_it_calls_with),
        claim(who_has_begun_is_not_turned_away_for_those_who_come_after),
        claim(after_the_end_everybody_is_answered),
        put_claim(a_put_with_a_password_is_run_again_for_every_hash),
        put_claim(the_signature_of_a_put_is_looked_at_away_from_the_loop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
