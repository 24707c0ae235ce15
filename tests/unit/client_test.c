// Clients: to whom a company prefix belongs, how strict the site is for them, and the copy of all
// prefixes that each thread keeps.
#include "catalog_site.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct row {
    const char *body;
    int code;
    const char *holds;
};

static void wrong_fields_are_refused_with_field_and_rule(void **state)
{
    static const struct row rows[] = {
        {"{}",                                                          400, "field.required"     },
        {"{\"name\":\"\"}",                                             400, "field.range"        },
        {"{\"name\":\"x\",\"nmae\":\"y\"}",                             400, "nmae"               },
        {"{\"name\":\"x\",\"prefixes\":[\"95A1141\"]}",                 400, "prefix.form"        },
        {"{\"name\":\"x\",\"prefixes\":[\"952\"]}",                     400, "prefixes"           },
        {"{\"name\":\"x\",\"prefixes\":[\"9521321000000\"]}",           400, "prefixes"           },
        {"{\"name\":\"x\",\"profile\":{\"ship_rule\":\"open\"}}",       400, "ship_rule"          },
        {"{\"name\":\"x\",\"profile\":{\"capture\":\"maybe\"}}",        400, "field.word"         },
        {"{\"name\":\"x\",\"profile\":{\"ship_needs_ack\":\"yes\"}}",   400, "ship_needs_ack"     },
        {"{\"name\":\"x\",\"profile\":{\"decommission_packed\":\"\"}}", 400, "decommission_packed"},
        {"{\"name\":\"x\",\"profile\":{\"decommission_parent\":1}}",    400, "decommission_parent"},
        {"{\"name\":\"x\",\"profile\":{\"other\":\"refuse\"}}",         400, "json.unknown_field" },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < LEN(rows); i++)
        catalog_expect(f, "/v1/clients/x", rows[i].body, rows[i].code, rows[i].holds);
    assert_int_equal(catalog_get(f, "/v1/clients/x").code, 404);
}

static void a_prefix_belongs_to_one_client(void **state)
{
    static const char *const taken[] = {"9521141", "95211", "9521141007", "952114100700"};
    static const char *const freed[] = {"952114", "95211410"};
    struct fixture *f = *state;
    char body[100];

    catalog_expect(f, "/v1/clients/acme",
                   "{\"name\":\"Acme\",\"prefixes\":[\"9521141\",\"9521141007\",\"9521999\"]}", 201,
                   "9521141007"); // its own may overlap
    for (size_t i = 0; i < LEN(taken); i++) {
        snprintf(body, sizeof body, "{\"name\":\"x\",\"prefixes\":[\"9521321\",\"%s\"]}", taken[i]);
        catalog_expect(f, "/v1/clients/other", body, 409, "prefix.taken");
    }
    catalog_expect(f, "/v1/clients/acme", "{\"name\":\"Acme\",\"prefixes\":[\"9521999\"]}", 200,
                   "");
    for (size_t i = 0; i < LEN(freed); i++) { // given up, so that another may have it
        snprintf(body, sizeof body, "{\"name\":\"x\",\"prefixes\":[\"%s\"]}", freed[i]);
        catalog_expect(f, "/v1/clients/other", body, i == 0 ? 201 : 200, freed[i]);
    }
}

static void the_longest_prefix_says_whose_a_key_is(void **state)
{
    struct fixture *f = *state;

    catalog_two_clients(f);
    struct txn *t = fixture_read(f);
    assert_int_equal(client_of_prefix(t, S("952114110734")).v, 1);
    assert_int_equal(client_of_prefix(t, S("9521321")).v, 2);
    assert_int_equal(client_of_prefix(t, S("952132100000000000000")).v, 2);
    assert_int_equal(client_of_prefix(t, S("952132")).v, 0);
    assert_int_equal(client_of_prefix(t, S("95")).v, 0);
    assert_true(str_eq(client_name(t, (client_id){2}, &f->arena), S("other")));
    assert_int_equal(client_name(t, (client_id){3}, &f->arena).n, 0);
    client_id c = {0};
    assert_true(client_by_name(t, S("acme"), &c));
    assert_int_equal(c.v, 1);
    assert_false(client_by_name(t, S("nobody"), &c));
    fixture_read_end(t);
}

static struct client_profile profile_now(struct fixture *f, uint32_t client)
{
    struct client_profile p = {0};
    struct txn *t = fixture_read(f);

    assert_int_equal(client_profile(t, (client_id){client}, &p).cls, ST_OK);
    fixture_read_end(t);
    return p;
}

static void a_profile_is_the_first_words_unless_it_says_more(void **state)
{
    struct fixture *f = *state;
    struct client_profile p;

    catalog_expect(f, "/v1/clients/plain", "{\"name\":\"x\"}", 201,
                   "\"profile\":{\"ship_rule\":\"closed\",\"capture\":\"record\","
                   "\"decommission_packed\":\"refuse\",\"decommission_parent\":\"parent\","
                   "\"pack_levels\":\"named\"}");
    p = profile_now(f, 1);
    assert_memory_equal(&p, &(struct client_profile){0}, sizeof p);
    catalog_expect(f, "/v1/clients/plain",
                   "{\"name\":\"x\",\"profile\":{\"ship_rule\":\"quarantine\",\"ship_needs_ack\":"
                   "true,\"capture\":\"off\",\"decommission_packed\":\"unpack\","
                   "\"decommission_parent\":\"children\"}}",
                   200, "\"ship_needs_ack\":true");
    p = profile_now(f, 1);
    assert_int_equal(p.ship_rule, SHIP_QUARANTINE);
    assert_true(p.ship_needs_ack);
    assert_int_equal(p.capture, CAPTURE_OFF);
    assert_int_equal(p.decommission_packed, PACKED_UNPACK);
    assert_int_equal(p.decommission_parent, PARENT_AND_CHILDREN);
    struct txn *t = fixture_read(f);
    status st = client_profile(t, (client_id){2}, &p);
    assert_string_equal(st.reason, "client.unknown");
    st = client_profile(t, (client_id){0}, &p);
    assert_string_equal(st.reason, "client.unknown");
    fixture_read_end(t);
}

static size_t prefixes_now(struct fixture *f, uint8_t *digits)
{
    struct txn *t = fixture_read(f);
    const struct gs1_prefixes *p = client_prefixes_here(t);
    size_t n = p->n;

    *digits = gs1_prefix_length(p, S("952114110734"));
    assert_ptr_equal(client_prefixes_here(t), p);
    fixture_read_end(t);
    return n;
}

static void each_thread_keeps_a_copy_of_all_prefixes_that_follows_every_put(void **state)
{
    struct fixture *f = *state, *second;
    uint8_t digits;

    assert_int_equal(prefixes_now(f, &digits), 0);
    catalog_two_clients(f);
    assert_int_equal(prefixes_now(f, &digits), 2);
    assert_int_equal(digits, 7);
    catalog_expect(f, "/v1/clients/acme",
                   "{\"name\":\"Acme\",\"prefixes\":[\"9521141\",\"95211411\",\"9521142\"]}", 200,
                   "");
    assert_int_equal(prefixes_now(f, &digits), 4);
    assert_int_equal(digits, 8);
    second = fixture_open(catalog_kinds); // another site, asked on the same thread
    assert_int_equal(prefixes_now(second, &digits), 0);
    assert_int_equal(fixture_put(second, &kind_client_put, "acme",
                                 "{\"name\":\"Acme\",\"prefixes\":[\"952114\"]}")
                         .cls,
                     ST_OK);
    assert_int_equal(prefixes_now(second, &digits), 1);
    assert_int_equal(digits, 6);
    fixture_close(&second);
    assert_int_equal(prefixes_now(f, &digits), 4);
}

static void *ask_elsewhere(void *p)
{
    struct fixture *f = p;
    struct txn *t = txn_read(f->site.db);
    const struct gs1_prefixes *mine = client_prefixes_here(t);
    size_t n = mine->n;

    if (txn_end(&t, false).cls != ST_OK) n = 0;
    return (void *)n;
}

// The sanitizers see to it that nothing of a copy stays behind.
static void a_thread_that_ends_takes_its_copy_with_it(void **state)
{
    struct fixture *f = *state;
    pthread_t thread;
    void *n;

    catalog_two_clients(f);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pthread_create(&thread, NULL, ask_elsewhere, f), 0);
        assert_int_equal(pthread_join(thread, &n), 0);
        assert_int_equal((size_t)n, 2);
    }
}

// Prefixes that could not all be read are not remembered.
static void a_copy_is_whole_or_none(void **state)
{
    struct fixture *f = *state;
    uint8_t digits;
    int n;

    for (n = 1; n < 200; n++) {
        char body[100];
        snprintf(body, sizeof body, "{\"name\":\"x%d\",\"prefixes\":[\"9521141\",\"9521321\"]}", n);
        catalog_expect(f, "/v1/clients/acme", body, n == 1 ? 201 : 200, "");
        struct txn *t = fixture_read(f);
        db_fault = (struct db_fault){.nth = n};
        client_prefixes_here(t);
        bool hit = db_fault.hit > 0;
        db_fault = (struct db_fault){0};
        assert_int_equal(txn_status(t).cls, hit ? ST_STORE : ST_OK);
        assert_int_equal(txn_end(&t, false).cls, hit ? ST_STORE : ST_OK);
        assert_int_equal(prefixes_now(f, &digits), 2);
        assert_int_equal(digits, 7);
        if (!hit) break;
    }
    assert_in_range(n, 4, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CATALOG_TEST(wrong_fields_are_refused_with_field_and_rule),
        CATALOG_TEST(a_prefix_belongs_to_one_client),
        CATALOG_TEST(the_longest_prefix_says_whose_a_key_is),
        CATALOG_TEST(a_profile_is_the_first_words_unless_it_says_more),
        CATALOG_TEST(each_thread_keeps_a_copy_of_all_prefixes_that_follows_every_put),
        CATALOG_TEST(a_thread_that_ends_takes_its_copy_with_it),
        CATALOG_TEST(a_copy_is_whole_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
