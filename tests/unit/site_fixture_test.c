// The fixture itself: that it steps, restarts, verifies and answers over HTTP.
#include "common/bytes.h"
#include "service/api/api.h"
#include "site_fixture.h"
#include <setjmp.h>

#include <cmocka.h>

static status note_decide(struct decide *d)
{
    bytes_u(d->out, *(const uint32_t *)d->ask, 4);
    return OK;
}

static void note_write(struct txn *t, const struct fact *f, const void *arg)
{
    (void)arg;
    txn_put(t, DB_ROWS, S("Z"), f->decided);
}

static const struct kind kind_note = {100, 1, "note", note_decide, note_write, NULL, NULL};
static const struct kind *const kinds[] = {&kind_note, NULL};

static void noted(struct http_req *r, const struct ask *a)
{
    http_reply(r, 201, "text/plain", a->fact.decided);
}

static void take_note(struct http_req *r)
{
    uint32_t *what = NEW(&r->arena, uint32_t);

    *what = (uint32_t)r->body.n;
    api_command(r, &kind_note, what, noted);
}

static const struct http_route routes[] = {
    {.method = HTTP_POST, .path = "/note", .roles = "admin", .body_max = 100, .run = take_note},
    {0  }
};
static const struct http_route *const tables[] = {routes, NULL};

static int open_site(void **state)
{
    *state = fixture_open(kinds);
    return 0;
}

static int close_site(void **state)
{
    fixture_close((struct fixture **)state);
    return 0;
}

static void a_command_survives_a_restart_and_a_replay(void **state)
{
    struct fixture *f = *state;
    struct ask a;
    str v;

    assert_int_equal(fixture_run(f, &kind_note, &(uint32_t){77}, &a).cls, ST_OK);
    assert_int_equal(a.fact.seq, 2);
    fixture_reopen(f);
    struct txn *t = fixture_read(f);
    assert_true(txn_get(t, DB_ROWS, S("Z"), &v));
    assert_int_equal(get_be(v.p, 4), 77);
    fixture_read_end(t);
    assert_int_equal(f->site.meta.epoch, 1);
    fixture_verify(f);
}

static void a_request_is_answered_by_the_routes(void **state)
{
    struct fixture *f = *state;

    fixture_serve(f, tables);
    struct fixture_answer a = fixture_call(f, "POST /note", "", "hello");
    assert_int_equal(a.code, 201);
    assert_int_equal(get_be(a.body.p, 4), 5);
    f->caller.role = ROLE_LINE;
    assert_int_equal(fixture_call(f, "POST /note", "", "hello").code, 403);
    assert_int_equal(fixture_call(f, "GET /nowhere", "", "").code, 404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_command_survives_a_restart_and_a_replay, open_site,
                                        close_site),
        cmocka_unit_test_setup_teardown(a_request_is_answered_by_the_routes, open_site, close_site),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
