// signature_test.c - claims about electronic signatures: who may give one, what it holds, and that
// it is bound into the fact that it signs.
#include "catalog_site.h"
#include "service/access/access.h"
#include "service/access/signature.h"
#include "service/access/user.h"
#include "service/api/api.h"
#include "service/journal/refusal.h"
#include "service/kinds.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define PASSWORD "correct horse battery"

// ---- a route that is signed, and its fact

struct note { // the ask
    struct signature signature;
};

static status note_decide(struct decide *d)
{
    const struct note *n = d->ask;

    signature_put(d->out, &n->signature);
    return OK;
}

static void note_write(struct txn *t, const struct fact *f, const void *arg)
{
    (void)t, (void)f, (void)arg;
}

static void note_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct bytes_r r = bytes_reader(f->decided);
    struct signature s;

    (void)arg;
    assert_true(signature_get(f, &r, &s) && bytes_end(&r));
    json_w_key(w, S("signature"));
    signature_write(w, &s);
}

static const struct kind kind_note = {120, 99, "note", note_decide, note_write, note_print, NULL};

struct note_wish {
    str text;
    struct signature_said *signature;
};
static const struct form_field note_fields[] = {
    {.name = "text",                   .kind = FORM_STR, .at = offsetof(struct note_wish, text), .max = 100},
    {.name = "signature",
     .kind = FORM_ONE,
     .at = offsetof(struct note_wish, signature),
     .sub = &signature_form},
    {0                     },
};
static const struct form note_form = {"note", sizeof(struct note_wish), note_fields, 1};

static void note_render(struct http_req *r, const struct ask *a)
{
    struct buf b;

    buf_init(&b, 4 * KB);
    struct json_w w = json_writer(&b);
    json_w_object(&w);
    note_print(&a->fact, &w, NULL);
    json_w_end(&w);
    api_reply(r, 201, &b);
}

static void note_make(struct http_req *r)
{
    const bool *reason = r->route->app;
    struct signature_rule rule = {.roles = "qa admin", .kind = &kind_note, .reason = *reason};
    struct note *n = NEW(&r->arena, struct note);
    struct note_wish w;

    if (!api_body(r, &note_form, &w)) return;
    if (signature_check(r, &rule, w.signature, &n->signature))
        api_command(r, &kind_note, n, note_render);
}

static const bool yes = true, no = false;
static const struct http_route note_routes[] = {
    {.method = HTTP_POST,
     .path = "/v1/notes",
     .roles = "*",
     .body_max = 4 * KB,
     .run = note_make,
     .app = &no,
     .query = ""},
    {.method = HTTP_POST,
     .path = "/v1/reasons",
     .roles = "*",
     .body_max = 4 * KB,
     .run = note_make,
     .app = &yes,
     .query = ""},
    {0   },
};

// ---- a site with people

static const struct kind *const kinds[] = {&kind_client_put,
                                           &kind_user_put,
                                           &kind_user_password,
                                           &kind_password_refused,
                                           &kind_user_locked,
                                           &kind_note,
                                           NULL};
static const struct http_route *const routes[] = {note_routes, user_routes, NULL};

static int site_open(void **state)
{
    struct fixture *f = fixture_open(kinds);

    fixture_serve(f, routes);
    *state = f;
    return 0;
}

static int site_close(void **state)
{
    fixture_verify(*state);
    fixture_close((struct fixture **)state);
    return 0;
}

static void put_user(struct fixture *f, const char *name, const char *role)
{
    char json[256];

    snprintf(json, sizeof json,
             "{\"name\":\"Mia Muster\",\"role\":\"%s\",\"password\":\"" PASSWORD
             "\",\"reason\":\"new here\"}",
             role);
    status st = fixture_put(f, &kind_user_put, name, json);
    if (st.cls != ST_OK) fail_msg("%s: %s", st.reason, st.text);
}

// The caller is a person of that name from here on.
static void be(struct fixture *f, const char *name, enum role role)
{
    f->caller = (struct caller){.magic = CALLER_MAGIC,
                                .actor = 7,
                                .role = role,
                                .id = S("qa-x"),
                                .person = true,
                                .user = str_of(name)};
}

static void mia(struct fixture *f)
{
    f->site.people.first_must_change = false;
    put_user(f, "mia", "qa");
    be(f, "mia", ROLE_QA);
}

static struct fixture_answer ask(struct fixture *f, const char *line, const char *body)
{
    return fixture_call(f, line, "", body);
}

static void assert_code(struct fixture_answer a, int code, const char *word)
{
    char member[80];

    snprintf(member, sizeof member, "\"code\":\"%s\"", word);
    if (a.code != code || memmem(a.body.p, a.body.n, member, strlen(member)) == NULL)
        fail_msg("%d %.*s", a.code, STR(a.body));
}

#define SIGNED(password, meaning)                                                                  \
    "{\"signature\":{\"password\":\"" password "\",\"meaning\":\"" meaning "\"}}"

// ---- claims

static void a_signature_says_who_when_where_and_what_it_means(void **state)
{
    struct fixture *f = *state;

    mia(f);
    f->zone_min = 60;
    struct fixture_answer a = ask(f, "POST /v1/notes",
                                  "{\"text\":\"x\",\"signature\":{\"password\":\"" PASSWORD
                                  "\",\"meaning\":\"approval\",\"reason\":\"all is well\"}}");
    assert_int_equal(a.code, 201);
    assert_true(
        str_eq(a.body, S("{\"signature\":{\"user\":\"mia\",\"name\":\"Mia Muster\","
                         "\"role\":\"qa\",\"meaning\":\"approval\",\"reason\":\"all is well\","
                         "\"time\":\"2025-11-24T17:00:00+01:00\"}}")));
}

static void a_line_of_text_says_the_same(void **state)
{
    struct signature s = {
        .actor = 3,
        .user = S("mia"),
        .printed_name = S("Mia Muster"),
        .role = S("qa"),
        .meaning = S("review"),
        .time = {{1764000000000}, -90}
    };
    struct buf b;

    (void)state;
    buf_init(&b, 1 * KB);
    signature_line(&b, &s);
    assert_true(str_eq(buf_str(&b), S("Mia Muster (mia, qa), review, 2025-11-24T14:30:00-01:30")));
    s.role = (str){"", 0};
    buf_reset(&b);
    signature_line(&b, &s);
    assert_true(str_eq(buf_str(&b), S("Mia Muster (mia), review, 2025-11-24T14:30:00-01:30")));
    s.reason = S("why");
    buf_reset(&b);
    signature_line(&b, &s);
    assert_true(str_ends(buf_str(&b), S("-01:30: why")));
    buf_fini(&b);
}

static void what_is_packed_is_read_again_and_nothing_shorter_is(void **state)
{
    struct signature s = {
        .actor = 3,
        .user = S("mia"),
        .printed_name = S("Mia Muster"),
        .role = S("qa"),
        .meaning = S("review"),
        .reason = S("why"),
        .time = {{1764000000000}, -90}
    };
    const struct fact f = {.kind = FACT_LOT_RELEASED, .kind_version = 2};
    struct signature got;
    struct buf b;

    (void)state;
    buf_init(&b, 1 * KB);
    signature_put(&b, &s);
    struct bytes_r r = bytes_reader(buf_str(&b));
    assert_true(signature_get(&f, &r, &got) && bytes_end(&r));
    assert_int_equal(got.actor, 3);
    assert_true(str_eq(got.user, s.user) && str_eq(got.printed_name, s.printed_name));
    assert_true(str_eq(got.role, s.role));
    assert_true(str_eq(got.meaning, s.meaning) && str_eq(got.reason, s.reason));
    assert_int_equal(got.time.at.ms, s.time.at.ms);
    assert_int_equal(got.time.offset_min, -90);
    for (size_t n = 0; n < b.n; n++) {
        r = bytes_reader((str){b.p, n});
        assert_false(signature_get(&f, &r, &got));
    }
    buf_fini(&b);
}

// Every kind that was signed without a role reads its older facts as they were written.
static void what_was_signed_before_roles_were_said_is_read_as_it_was(void **state)
{
    static const struct {
        unsigned kind, last, now;
    } rows[] = {
        {FACT_TOKEN_CREATED,   2, 3},
        {FACT_EPOCH_ADDED,     1, 2},
        {FACT_POOLS_ADVANCED,  1, 2},
        {FACT_CERTIFICATE_PUT, 1, 2},
        {FACT_USER_PUT,        2, 3},
        {FACT_LOT_RELEASED,    1, 2},
        {FACT_LOT_REOPENED,    1, 2},
        {FACT_LOT_AMENDED,     1, 2},
        {FACT_LOT_RECALLED,    2, 3},
        {FACT_HOLD_RELEASED,   1, 2},
        {FACT_ACT_PROPOSED,    2, 3},
        {FACT_CORRECTION_MADE, 1, 2},
        {FACT_CLOCK_ACCEPTED,  1, 2},
    };
    static const char old[] = "\0\0\0\3"
                              "\3mia"
                              "\12Mia Muster"
                              "\6review"
                              "\3why"
                              "\0\0\0\0\0\0\3\350"
                              "\0\74";
    str bytes = {old, sizeof old - 1};
    struct signature got;

    (void)state;
    for (unsigned i = 0; i < LEN(rows); i++) {
        for (uint8_t v = 1; v <= rows[i].last; v++) {
            struct fact f = {.kind = (uint16_t)rows[i].kind, .kind_version = v};
            struct bytes_r r = bytes_reader(bytes);
            assert_true(signature_get(&f, &r, &got) && bytes_end(&r));
            assert_true(str_eq(got.meaning, S("review")) && str_eq(got.reason, S("why")));
            assert_int_equal(got.role.n, 0);
            assert_int_equal(got.time.at.ms, 1000);
        }
        struct fact f = {.kind = (uint16_t)rows[i].kind, .kind_version = (uint8_t)rows[i].now};
        struct bytes_r r = bytes_reader(bytes);
        assert_false(signature_get(&f, &r, &got) && bytes_end(&r));
        assert_non_null(kind_find(site_kinds, rows[i].kind, rows[i].now));
        assert_non_null(kind_find(site_kinds, rows[i].kind, rows[i].last));
    }
}

static void what_is_not_said_rightly_is_refused_before_the_password_is_looked_at(void **state)
{
    struct fixture *f = *state;

    mia(f);
    assert_code(ask(f, "POST /v1/notes", "{}"), 400, "signature.required");
    assert_code(ask(f, "POST /v1/notes", "{\"signature\":{\"meaning\":\"approval\"}}"), 400,
                "field.required");
    assert_code(ask(f, "POST /v1/notes", "{\"signature\":{\"password\":\"x\"}}"), 400,
                "field.required");
    assert_code(ask(f, "POST /v1/notes", SIGNED("x", "I like it")), 400, "signature.meaning");
    assert_code(ask(f, "POST /v1/notes", SIGNED("x", "approval review")), 400, "signature.meaning");
    assert_code(ask(f, "POST /v1/reasons", SIGNED("x", "approval")), 400, "reason.required");
    struct txn *t = fixture_read(f);
    struct user u;
    struct user_state s;
    assert_true(user_get(t, S("mia"), &f->arena, &u));
    user_state_get(t, u.number, &s);
    assert_int_equal(s.wrong, 0);
    fixture_read_end(t);
}

static void machines_administrators_and_other_roles_do_not_sign(void **state)
{
    struct fixture *f = *state;

    f->site.people.first_must_change = false;
    assert_code(ask(f, "POST /v1/notes", SIGNED(PASSWORD, "approval")), 403, "signature.person");
    put_user(f, "ada", "admin");
    be(f, "ada", ROLE_ADMIN); // though this rule names the role
    assert_code(ask(f, "POST /v1/notes", SIGNED(PASSWORD, "approval")), 403, "signature.role");
    put_user(f, "oli", "operator");
    be(f, "oli", ROLE_OPERATOR);
    assert_code(ask(f, "POST /v1/notes", SIGNED(PASSWORD, "approval")), 403, "signature.role");
}

static void a_password_that_an_administrator_knows_signs_nothing(void **state)
{
    struct fixture *f = *state;

    put_user(f, "mia", "qa");
    be(f, "mia", ROLE_QA);
    assert_code(ask(f, "POST /v1/notes", SIGNED(PASSWORD, "approval")), 403,
                "signature.first_password");
    assert_int_equal(ask(f, "POST /v1/users/mia/password",
                         "{\"old\":\"" PASSWORD "\",\"new\":\"my very own words\"}")
                         .code,
                     204);
    assert_code(ask(f, "POST /v1/notes", SIGNED(PASSWORD, "approval")), 403, "signature.password");
    assert_int_equal(ask(f, "POST /v1/notes", SIGNED("my very own words", "approval")).code, 201);
}

#define CHANGE(old, new) "POST /v1/users/mia/password", "{\"old\":\"" old "\",\"new\":\"" new "\"}"

// PASSWORD-AGE
static void a_password_that_is_too_old_signs_nothing_until_it_is_changed(void **state)
{
    struct fixture *f = *state;
    const int64_t age = INT64_C(90) * 24 * 3600000;

    mia(f);
    f->now.ms += 10 * age;
    assert_int_equal(ask(f, "POST /v1/notes", SIGNED(PASSWORD, "approval")).code, 201);
    f->site.people.password_age_ms = (uint64_t)age;
    f->site.people.password_history = 0;
    assert_code(ask(f, "POST /v1/notes", SIGNED(PASSWORD, "approval")), 403, "password.expired");
    assert_code(ask(f, CHANGE(PASSWORD, PASSWORD)), 422, "password.used");
    assert_int_equal(ask(f, CHANGE(PASSWORD, "my very own words")).code, 204);
    f->now.ms += age - 1;
    assert_int_equal(ask(f, "POST /v1/notes", SIGNED("my very own words", "approval")).code, 201);
    f->now.ms += 1;
    assert_code(ask(f, "POST /v1/notes", SIGNED("my very own words", "approval")), 403,
                "password.expired");
    struct txn *t = fixture_read(f);
    struct user u;
    assert_true(user_get(t, S("mia"), &f->arena, &u));
    assert_int_equal(user_password_until(&f->site, t, u.number).ms, f->now.ms);
    fixture_read_end(t);
}

static void who_has_no_password_or_is_gone_does_not_sign(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(
        fixture_put(f, &kind_user_put, "new", "{\"name\":\"New\",\"role\":\"qa\"}").cls, ST_OK);
    be(f, "new", ROLE_QA);
    assert_code(ask(f, "POST /v1/notes", SIGNED("x", "approval")), 403, "signature.no_password");
    mia(f);
    assert_int_equal(fixture_put(f, &kind_user_put, "mia",
                                 "{\"name\":\"Mia Muster\",\"role\":\"qa\",\"active\":false}")
                         .cls,
                     ST_OK);
    assert_code(ask(f, "POST /v1/notes", SIGNED(PASSWORD, "approval")), 403, "signature.person");
}

static void the_password_of_another_person_signs_nothing(void **state)
{
    struct fixture *f = *state;

    mia(f);
    put_user(f, "noa", "qa");
    be(f, "noa", ROLE_QA);
    assert_int_equal(ask(f, "POST /v1/users/noa/password",
                         "{\"old\":\"" PASSWORD "\",\"new\":\"words that noa knows\"}")
                         .code,
                     204);
    assert_code(ask(f, "POST /v1/notes", SIGNED(PASSWORD, "approval")), 403, "signature.password");
    struct fixture_answer a = ask(f, "POST /v1/notes", SIGNED("words that noa knows", "approval"));
    assert_int_equal(a.code, 201);
    assert_non_null(memmem(a.body.p, a.body.n, "\"user\":\"noa\"", 12));
    be(f, "mia", ROLE_QA);
    assert_int_equal(ask(f, "POST /v1/notes", SIGNED(PASSWORD, "approval")).code, 201);
}

// The last is another fact: it locks.
static void wrong_passwords_are_facts_and_lock_the_person(void **state)
{
    struct fixture *f = *state;
    struct fixture_answer a;

    mia(f);
    for (unsigned i = 0; i < f->site.people.wrong_max; i++) {
        a = ask(f, "POST /v1/notes", SIGNED("guess", "approval"));
        assert_code(a, 403, "signature.password");
    }
    assert_non_null(memmem(a.body.p, a.body.n, "locked", 6));
    assert_code(ask(f, "POST /v1/notes", SIGNED(PASSWORD, "approval")), 403, "user.locked");
    f->now.ms += f->site.people.lock_ms - 1;
    assert_code(ask(f, "POST /v1/notes", SIGNED(PASSWORD, "approval")), 403, "user.locked");
    f->now.ms += 1;
    assert_int_equal(ask(f, "POST /v1/notes", SIGNED(PASSWORD, "approval")).code, 201);
}

static void wrong_passwords_of_another_time_do_not_count(void **state)
{
    struct fixture *f = *state;

    mia(f);
    for (unsigned i = 0; i < 3 * f->site.people.wrong_max; i++) {
        assert_code(ask(f, "POST /v1/notes", SIGNED("guess", "approval")), 403,
                    "signature.password");
        if (i % 4 == 3) f->now.ms += f->site.people.wrong_window_ms + 1;
    }
    assert_int_equal(ask(f, "POST /v1/notes", SIGNED(PASSWORD, "approval")).code, 201);
}

static void an_administrator_ends_a_lock(void **state)
{
    struct fixture *f = *state;

    mia(f);
    for (unsigned i = 0; i < f->site.people.wrong_max; i++)
        ask(f, "POST /v1/notes", SIGNED("guess", "approval"));
    assert_code(ask(f, "POST /v1/notes", SIGNED(PASSWORD, "approval")), 403, "user.locked");
    assert_int_equal(
        fixture_put(f, &kind_user_put, "mia", "{\"name\":\"Mia Muster\",\"role\":\"qa\"}").cls,
        ST_OK);
    assert_int_equal(ask(f, "POST /v1/notes", SIGNED(PASSWORD, "approval")).code, 201);
}

static void a_repeat_is_told_the_same_whatever_the_password_is_spelt_like(void **state)
{
    struct fixture *f = *state;
    const char *key = "Idempotency-Key: one\r\n";

    mia(f);
    struct fixture_answer a = fixture_call(f, "POST /v1/notes", key, SIGNED(PASSWORD, "approval"));
    assert_int_equal(a.code, 201);
    f->now.ms += 5000;
    struct fixture_answer b =
        fixture_call(f, "POST /v1/notes", key, SIGNED("correct\\u0020horse battery", "approval"));
    assert_int_equal(b.code, 201);
    assert_true(str_eq(a.body, b.body));
    assert_code(fixture_call(f, "POST /v1/notes", key, SIGNED("guess", "approval")), 403,
                "signature.password");
    assert_code(fixture_call(f, "POST /v1/notes", key, SIGNED(PASSWORD, "review")), 422,
                "idempotency.mismatch");
}

int main(void)
{
#define CLAIM(name) cmocka_unit_test_setup_teardown(name, site_open, site_close)
    const struct CMUnitTest tests[] = {
        CLAIM(a_signature_says_who_when_where_and_what_it_means),
        cmocka_unit_test(a_line_of_text_says_the_same),
        cmocka_unit_test(what_is_packed_is_read_again_and_nothing_shorter_is),
        cmocka_unit_test(what_was_signed_before_roles_were_said_is_read_as_it_was),
        CLAIM(what_is_not_said_rightly_is_refused_before_the_password_is_looked_at),
        CLAIM(machines_administrators_and_other_roles_do_not_sign),
        CLAIM(a_password_that_an_administrator_knows_signs_nothing),
        CLAIM(a_password_that_is_too_old_signs_nothing_until_it_is_changed),
        CLAIM(who_has_no_password_or_is_gone_does_not_sign),
        CLAIM(the_password_of_another_person_signs_nothing),
        CLAIM(wrong_passwords_are_facts_and_lock_the_person),
        CLAIM(wrong_passwords_of_another_time_do_not_count),
        CLAIM(an_administrator_ends_a_lock),
        CLAIM(a_repeat_is_told_the_same_whatever_the_password_is_spelt_like),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
