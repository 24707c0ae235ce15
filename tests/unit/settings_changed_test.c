// settings_changed_test.c - claims about the record of settings: what decides who may sign is
// recorded when it is other than before, once, and nothing else is.
#include "service/ops/ops.h"
#include "service/ops/settings_changed.h"
#include "site_fixture.h"
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

static const struct kind *const kinds[] = {&kind_settings_changed, NULL};
static const struct http_route *const routes[] = {ops_routes, NULL};

static const char *const names[] = {"listen", "passwords.hash_memory", "passwords.lock",
                                    "signatures.second"};
static const char *const first_defaults[] = {"any", "19 MB", "15 min", ""};
static const char *defaults[LEN(names)], *in_force[LEN(names)];

static bool setting_at(const void *settings, uint32_t i, str *name, struct buf *json)
{
    const char *const *values = settings == NULL ? defaults : settings;
    struct json_w w = json_writer(json);

    if (i == LEN(names)) return false;
    *name = str_of(names[i]);
    json_w_str(&w, str_of(values[i]));
    return true;
}

static int site_open(void **state)
{
    struct fixture *f = fixture_open(kinds);

    memcpy(defaults, first_defaults, sizeof defaults);
    memcpy(in_force, defaults, sizeof in_force);
    f->site.setting = setting_at;
    f->site.settings = in_force;
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

static bool told(struct fixture *f)
{
    struct ask ask;

    must(fixture_run(f, &kind_settings_changed, NULL, &ask));
    return !ask.nothing;
}

static bool journal_has(struct fixture *f, const char *text)
{
    str body = fixture_call(f, "GET /v1/journal?kind=settings.changed", "", "").body;
    return memmem(body.p, body.n, text, strlen(text)) != NULL;
}

static void defaults_are_no_record(void **state)
{
    assert_false(told(*state));
    ((struct fixture *)*state)->site.setting = NULL;
    assert_false(told(*state)); // nor what is not known
}

static void a_change_is_recorded_once_with_the_value_before(void **state)
{
    struct fixture *f = *state;

    in_force[2] = "1 h";
    in_force[3] = "recall \"x\"";
    assert_true(told(f));
    assert_false(told(f));
    assert_true(journal_has(
        f, "\"changes\":[{\"field\":\"passwords.lock\",\"old\":\"15 min\",\"new\":\"1 h\"},"
           "{\"field\":\"signatures.second\",\"old\":\"\",\"new\":\"recall \\\"x\\\"\"}]"));
    in_force[3] = "";
    assert_true(told(f));
    assert_true(journal_has(f, "\"changes\":[{\"field\":\"signatures.second\",\"old\":\"recall "
                               "\\\"x\\\"\",\"new\":\"\"}]"));
}

// As the top README says: the old value is then the default of who records, whatever was before.
static void another_programs_default_is_seen_only_where_something_was_recorded(void **state)
{
    struct fixture *f = *state;

    defaults[2] = in_force[2] = "5 min";
    assert_false(told(f));
    in_force[2] = "1 h";
    assert_true(told(f));
    assert_true(journal_has(
        f, "\"changes\":[{\"field\":\"passwords.lock\",\"old\":\"5 min\",\"new\":\"1 h\"}]"));
    in_force[2] = "5 min";
    assert_true(told(f));
    defaults[2] = in_force[2] = "2 min";
    assert_true(told(f));
    assert_true(journal_has(
        f, "\"changes\":[{\"field\":\"passwords.lock\",\"old\":\"5 min\",\"new\":\"2 min\"}]"));
}

static void what_says_nothing_of_people_or_time_is_not_recorded(void **state)
{
    in_force[0] = "other";
    in_force[1] = "1 MB";
    assert_false(told(*state));
}

#define SETTINGS_TEST(name) cmocka_unit_test_setup_teardown(name, site_open, site_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SETTINGS_TEST(defaults_are_no_record),
        SETTINGS_TEST(a_change_is_recorded_once_with_the_value_before),
        SETTINGS_TEST(another_programs_default_is_seen_only_where_something_was_recorded),
        SETTINGS_TEST(what_says_nothing_of_people_or_time_is_not_recorded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
