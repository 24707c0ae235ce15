// A store that cannot be read for once: callers are told so, and never that what they name is
// unknown, free or not allowed.
#include "common/db.h"
#include "line_site.h"
#include "service/journal/idempotency.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CALLS_MAX 2000 // to the store, of one request

static const struct {
    enum role role;
    const char *line, *body;
    int code; // without trouble
} calls[] = {
    {ROLE_OPERATOR, "GET /v1/lots/" PILLS "/A1",            "",                                                       200},
    {ROLE_OPERATOR, "GET /v1/lots/" PILLS "/A1/balance",    "",                                                       200},
    {ROLE_OPERATOR, "GET /v1/lots?client=acme",             "",                                                       200},
    {ROLE_OPERATOR, "GET /v1/pools/pills",                  "",                                                       200},
    {ROLE_ADMIN,    "GET /v1/clients/acme",                 "",                                                       200},
    {ROLE_OPERATOR, "GET /v1/serials/requests?line=line-1", "",                                                       200},
    {ROLE_OPERATOR, "GET /v1/units?lot=A1&gtin=" PILLS,     "",                                                       200},
    {ROLE_OPERATOR, "GET /v1/shipments",                    "",                                                       200},
    {ROLE_LINE,     "POST /v1/serials",                     "{\"gtin\":\"" PILLS "\",\"quantity\":2,\"lot\":\"A1\"}", 201},
    {ROLE_LINE,     "POST /v1/sscc",                        "{\"pool\":\"acme-sscc\",\"quantity\":1}",                201},
};

// The nth call to the store fails, for every n. What it ends with when none does.
static int walk(struct fixture *f, const char *line, const char *headers, const char *body,
                int expected)
{
    for (int n = 1; n < CALLS_MAX; n++) {
        db_fault = (struct db_fault){.nth = n};
        struct fixture_answer a = fixture_call(f, line, headers, body);
        bool hit = db_fault.hit > 0;
        db_fault = (struct db_fault){0};
        if (!hit) return a.code;
        if (a.code != 503 && a.code != expected)
            fail_msg("%s: call %d: %d %.*s", line, n, a.code, STR(a.body));
        fixture_forget(f);
    }
    fail_msg("%s asks the store without end", line);
    return 0;
}

static void what_cannot_be_read_is_not_unknown(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < LEN(calls); i++) {
        f->caller.role = calls[i].role;
        assert_int_equal(walk(f, calls[i].line, "", calls[i].body, calls[i].code), calls[i].code);
    }
}

static void a_shipment_is_refused_for_what_is_wrong_with_it(void **state)
{
    struct fixture *f = *state;
    struct numbers ssccs = line_site_ssccs(f, "acme", 1);
    char body[300];

    snprintf(body, sizeof body,
             "{\"units\":[\"%.*s\"],"
             "\"to\":{\"party\":\"9521141000021\",\"location\":\"9521141000014\"}}",
             STR(ssccs.texts[0]));
    f->caller.role = ROLE_ADMIN;
    struct fixture_answer a =
        fixture_call(f, "PUT /v1/parties/9521141000021", "", "{\"name\":\"Hub\"}");
    assert_int_equal(a.code, 201);
    f->caller.role = ROLE_OPERATOR;
    a = fixture_call(f, "POST /v1/shipments", "", body);
    if (a.code != 409) fail_msg("%.*s", STR(a.body));
    assert_int_equal(walk(f, "POST /v1/shipments", "", body, 409), 409);
}

// Keys go into rows of their day long after they were bound: here by hand.
static void bind_yesterday(struct fixture *f, const char *key)
{
    char actor[5] = {0};
    struct bound b = {.seq = 2};

    memcpy(actor, &f->caller.actor, 4);
    struct digest16 digest = digest16_of((str){actor, sizeof actor}, str_of(key));
    struct txn *t = txn_write(f->site.db);
    idempotency_put(t, idempotency_day(f->now) - 1, &digest, &b);
    assert_int_equal(txn_end(&t, true).cls, ST_OK);
}

static void a_key_of_yesterday_is_found_or_nothing_is_done(void **state)
{
    static const char body[] = "{\"gtin\":\"" PILLS "\",\"quantity\":3}";
    struct fixture *f = *state;

    bind_yesterday(f, "yesterday"); // to what another call has said
    assert_int_equal(walk(f, "POST /v1/serials", "Idempotency-Key: yesterday\r\n", body, 422), 422);
    struct txn *t = txn_write(f->site.db);
    assert_true(idempotency_forget(t, 1));
    assert_int_equal(txn_end(&t, true).cls, ST_OK);
}

// The loop's today is the day of the row then, the journal's is the one after.
static void a_key_is_found_after_the_clock_was_set_back(void **state)
{
    static const char body[] = "{\"gtin\":\"" PILLS "\",\"quantity\":3}";
    struct fixture *f = *state;

    bind_yesterday(f, "K");
    f->now.ms -= 86400000;
    struct fixture_answer a = fixture_call(f, "POST /v1/serials", "Idempotency-Key: K\r\n", body);
    assert_int_equal(a.code, 422);
    f->now.ms += 86400000;
    struct txn *t = txn_write(f->site.db);
    assert_true(idempotency_forget(t, 1));
    assert_int_equal(txn_end(&t, true).cls, ST_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_cannot_be_read_is_not_unknown, line_site_setup,
                                        line_site_teardown),
        cmocka_unit_test_setup_teardown(a_shipment_is_refused_for_what_is_wrong_with_it,
                                        line_site_setup, line_site_teardown),
        cmocka_unit_test_setup_teardown(a_key_of_yesterday_is_found_or_nothing_is_done,
                                        line_site_setup, line_site_teardown),
        cmocka_unit_test_setup_teardown(a_key_is_found_after_the_clock_was_set_back,
                                        line_site_setup, line_site_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
