// What every noun's PUT, GET and list promise: versions, repeats, reasons, pages, walls, and that
// a store that fails leaves nothing half done.
#include "catalog_site.h"
#include "service/journal/refusal.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void a_new_item_is_201_a_changed_one_200_and_the_same_makes_no_fact(void **state)
{
    struct fixture *f = *state;

    catalog_expect(f, "/v1/clients/acme", "{\"name\":\"Acme\"}", 201, "\"version\":1");
    uint64_t head = catalog_head(f);
    catalog_expect(f, "/v1/clients/acme", "{\"name\":\"Acme\"}", 200, "\"version\":1");
    assert_int_equal(catalog_head(f), head);
    catalog_expect(f, "/v1/clients/acme", "{\"name\":\"Acme Ltd\"}", 200, "\"version\":2");
    assert_int_equal(catalog_head(f), head + 1);
    catalog_expect(f, "/v1/clients/acme", "{\"name\":\"Acme\"}", 200, "\"version\":3");
    struct fixture_answer a = catalog_get(f, "/v1/clients/acme");
    assert_int_equal(a.code, 200);
    assert_true(catalog_holds(a, "\"client\":\"acme\",\"version\":3,\"name\":\"Acme\""));
}

static void every_version_can_still_be_read(void **state)
{
    struct fixture *f = *state;
    struct item i, old;

    catalog_expect(f, "/v1/clients/acme", "{\"name\":\"one\"}", 201, "one");
    catalog_expect(f, "/v1/clients/acme", "{\"name\":\"two\"}", 200, "two");
    struct txn *t = fixture_read(f);
    assert_true(item_by_number(t, &noun_client, 1, &i));
    assert_int_equal(i.version, 2);
    assert_true(item_version(t, &noun_client, 1, 1, &old));
    assert_int_equal(old.version, 1);
    assert_true(old.seq < i.seq && !str_eq(old.packed, i.packed));
    assert_true(str_eq(old.name, S("acme")));
    assert_false(item_version(t, &noun_client, 1, 3, &old));
    assert_false(item_version(t, &noun_client, 2, 1, &old));
    assert_false(item_by_number(t, &noun_client, 2, &i));
    assert_false(item_get(t, &noun_product, S("acme"), &i)); // a name is of one noun
    fixture_read_end(t);
}

static void a_repeated_key_gives_the_first_answer_again(void **state)
{
    struct fixture *f = *state;
    const char *key = "Idempotency-Key: k1\r\n";

    for (int i = 0; i < 2; i++) {
        struct fixture_answer a =
            fixture_call(f, "PUT /v1/clients/acme", key, "{\"name\":\"Acme\"}");
        assert_int_equal(a.code, 201);
        assert_true(catalog_holds(a, "\"version\":1"));
        catalog_put(f, "/v1/clients/acme", "{\"name\":\"changed since\"}");
    }
    struct fixture_answer a = fixture_call(f, "PUT /v1/clients/acme", key, "{\"name\":\"x\"}");
    assert_int_equal(a.code, 422);
    assert_true(catalog_holds(a, "idempotency.mismatch"));
}

static void names_are_folded_and_checked(void **state)
{
    static const char *const wrong[] = {"-a", ".a", "a%20b", "a%2fb", "%c3%a9", "_"};
    struct fixture *f = *state;
    char path[160];

    catalog_expect(f, "/v1/clients/ACME.One-2_x", "{\"name\":\"x\"}", 201, "\"acme.one-2_x\"");
    assert_int_equal(catalog_get(f, "/v1/clients/acme.ONE-2_x").code, 200);
    for (size_t i = 0; i < LEN(wrong); i++) {
        snprintf(path, sizeof path, "/v1/clients/%s", wrong[i]);
        catalog_expect(f, path, "{\"name\":\"x\"}", 400, "name.form");
    }
    snprintf(path, sizeof path, "/v1/clients/%065d", 0);
    catalog_expect(f, path, "{\"name\":\"x\"}", 400, "name.form");
    assert_int_equal(catalog_get(f, path).code, 400);
    struct fixture_answer a = catalog_get(f, "/v1/lines/none");
    assert_int_equal(a.code, 404);
    assert_true(catalog_holds(a, "line.unknown"));
}

static void people_must_say_why_and_the_fact_alone_keeps_it(void **state)
{
    struct fixture *f = *state;
    struct fact fact;
    struct item i;
    str reason;

    f->caller.person = true;
    catalog_expect(f, "/v1/clients/x", "{\"name\":\"x\"}", 400, "reason.required");
    catalog_expect(f, "/v1/clients/x", "{\"name\":\"x\",\"reason\":\"a new contract\"}", 201, "x");
    uint64_t head = catalog_head(f);
    catalog_expect(f, "/v1/clients/x", "{\"name\":\"x\",\"reason\":\"again\"}", 200, "x");
    assert_int_equal(catalog_head(f), head);
    assert_false(catalog_holds(catalog_get(f, "/v1/clients/x"), "contract"));
    struct txn *t = fixture_read(f);
    assert_int_equal(journal_get(t, head, &f->arena, &fact).cls, ST_OK);
    fixture_read_end(t);
    assert_int_equal(fact.kind, FACT_CLIENT_PUT);
    assert_int_equal(fact.client.v, 1);
    assert_int_equal(item_of_fact(&fact, &i, &reason).cls, ST_OK);
    assert_true(str_eq(reason, S("a new contract")));
}

static void the_journal_tells_what_was_put(void **state)
{
    struct fixture *f = *state;
    struct fact fact;
    struct buf b;

    catalog_expect(f, "/v1/clients/x", "{\"name\":\"X\",\"reason\":\"why not\"}", 201, "X");
    struct txn *t = fixture_read(f);
    assert_int_equal(journal_get(t, journal_head_get(t).seq, &f->arena, &fact).cls, ST_OK);
    fixture_read_end(t);
    buf_init(&b, KB);
    struct json_w w = json_writer(&b);
    json_w_object(&w);
    kind_client_put.print(&fact, &w, kind_client_put.arg);
    json_w_end(&w);
    str said = buf_str(&b);
    assert_true(
        str_starts(said, S("{\"client\":\"x\",\"version\":1,\"reason\":\"why not\",\"value\":"
                           "{\"name\":\"X\",")));
    buf_fini(&b);
}

static void only_an_admin_of_the_whole_site_puts(void **state)
{
    static const client_id acme = {1};
    struct fixture *f = *state;

    catalog_two_clients(f);
    for (enum role role = 0; role < ROLE_COUNT; role++) {
        f->caller.role = role;
        int code = catalog_put(f, "/v1/clients/third", "{\"name\":\"x\"}").code;
        assert_int_equal(code, role == ROLE_ADMIN ? 201 : 403);
        code = catalog_get(f, "/v1/clients/acme").code;
        assert_int_equal(code, role == ROLE_DISTRIBUTOR ? 403 : 200);
    }
    catalog_bind(f, ROLE_ADMIN, &acme);
    catalog_expect(f, "/v1/clients/acme", "{\"name\":\"mine\"}", 403, "access.client");
}

static void a_caller_bound_to_a_client_sees_nothing_of_another(void **state)
{
    static const client_id other = {2};
    static const enum role roles[] = {ROLE_CLIENT, ROLE_GATEWAY, ROLE_LINE};
    struct fixture *f = *state;

    catalog_two_clients(f);
    catalog_expect(f, "/v1/products/" PACK, "{\"client\":\"acme\",\"name\":\"x\"}", 201, "acme");
    catalog_expect(f, "/v1/products/" OTHER, "{\"client\":\"other\",\"name\":\"y\"}", 201, "y");
    catalog_expect(f, "/v1/parties/" GLN, "{\"name\":\"a partner of acme\"}", 201, GLN);
    for (size_t i = 0; i < LEN(roles); i++) {
        bool works_here = roles[i] == ROLE_LINE;
        catalog_bind(f, roles[i], &other);
        assert_int_equal(catalog_get(f, "/v1/products/" PACK).code, 404);
        assert_int_equal(catalog_get(f, "/v1/products/" OTHER).code, 200);
        assert_int_equal(catalog_get(f, "/v1/clients/acme").code, 404);
        assert_int_equal(catalog_get(f, "/v1/clients/other").code, 200);
        struct fixture_answer list = catalog_get(f, "/v1/products");
        assert_true(catalog_holds(list, OTHER) && !catalog_holds(list, PACK));
        assert_int_equal(catalog_get(f, "/v1/parties/" GLN).code, works_here ? 200 : 404);
        assert_int_equal(catalog_holds(catalog_get(f, "/v1/parties"), GLN), works_here);
    }
}

// `next` as the list said it, to be read on; false at the end.
static bool next_of(struct fixture_answer a, char *path, size_t n)
{
    static const char word[] = "\"next\":\"";
    const char *p = memmem(a.body.p, a.body.n, word, sizeof word - 1);

    if (p == NULL) return false;
    p += sizeof word - 1;
    const char *end = memchr(p, '"', (size_t)(a.body.p + a.body.n - p));
    assert_non_null(end);
    snprintf(path, n, "/v1/clients?limit=2&page=%.*s", (int)(end - p), p);
    return true;
}

static void lists_come_in_pages_in_the_order_of_names(void **state)
{
    struct fixture *f = *state;
    char path[200] = "/v1/clients?limit=2", name[16];
    int seen = 0, pages = 0;

    assert_true(str_eq(catalog_get(f, "/v1/clients").body, S("{\"items\":[],\"next\":null}")));
    for (int i = 4; i >= 0; i--) {
        snprintf(path, sizeof path, "/v1/clients/c%d", i);
        catalog_expect(f, path, "{\"name\":\"x\"}", 201, "x");
    }
    strcpy(path, "/v1/clients?limit=2");
    for (bool more = true; more; pages++) {
        struct fixture_answer a = catalog_get(f, path);
        assert_int_equal(a.code, 200);
        for (int i = 0; i < 2 && seen < 5; i++) {
            snprintf(name, sizeof name, "\"c%d\"", seen++);
            assert_true(catalog_holds(a, name));
        }
        snprintf(name, sizeof name, "\"c%d\"", seen);
        assert_false(catalog_holds(a, name));
        more = next_of(a, path, sizeof path);
    }
    assert_int_equal(pages, 3);
}

static void a_page_that_nobody_gave_out_is_refused(void **state)
{
    static const char *const wrong[] = {"limit=0", "limit=x", "page=", "page=abc", "page=zz"};
    struct fixture *f = *state;
    char path[1200];

    catalog_two_clients(f);
    for (size_t i = 0; i < LEN(wrong); i++) {
        snprintf(path, sizeof path, "/v1/clients?%s", wrong[i]);
        struct fixture_answer a = catalog_get(f, path);
        assert_int_equal(a.code, 400);
        assert_true(catalog_holds(a, "page.form"));
    }
    int n = snprintf(path, sizeof path, "/v1/clients?page=");
    for (int length = 2; length <= 1100; length = length < 60 ? length + 2 : length * 4) {
        memset(path + n, 'f', (size_t)length); // the last one longer than any key of the store
        path[n + length] = '\0';
        struct fixture_answer a = catalog_get(f, path);
        assert_int_equal(a.code, 400);
        assert_true(catalog_holds(a, "page.form"));
    }
}

static void a_page_ends_where_it_grows_too_long(void **state)
{
    struct fixture *f = *state;
    struct buf body;
    char path[64];

    buf_init(&body, 256 * KB);
    buf_add(&body, S("{\"name\":\"x\",\"extra\":{"));
    for (int i = 0; i < 64; i++) buf_addf(&body, "%s\"%064d\":\"%0500d\"", i == 0 ? "" : ",", i, 0);
    buf_add(&body, S("}}"));
    for (int i = 0; i < 130; i++) {
        snprintf(path, sizeof path, "PUT /v1/clients/c%03d", i);
        assert_int_equal(fixture_send(f, path, "", buf_str(&body)).code, 201);
    }
    buf_fini(&body);
    struct fixture_answer a = catalog_get(f, "/v1/clients?limit=1000");
    assert_int_equal(a.code, 200);
    assert_in_range(a.body.n, 4 * MB, 5 * MB);
    assert_false(catalog_holds(a, "\"c129\""));
    char next[200];
    assert_true(next_of(a, next, sizeof next));
}

static void a_put_from_elsewhere_follows_the_same_rules(void **state)
{
    struct fixture *f = *state;
    const struct kind *product = &kind_product_put;
    struct fact fact;
    struct item i;
    str reason;

    const char *acme = "{\"name\":\"Acme\",\"reason\":\"the first start\"}";
    assert_int_equal(fixture_put(f, &kind_client_put, "ACME", acme).cls, ST_OK);
    struct txn *t = fixture_read(f);
    assert_int_equal(journal_get(t, journal_head_get(t).seq, &f->arena, &fact).cls, ST_OK);
    fixture_read_end(t);
    assert_int_equal(item_of_fact(&fact, &i, &reason).cls, ST_OK);
    assert_true(str_eq(reason, S("the first start")) && str_eq(i.name, S("acme")));
    catalog_expect(f, "/v1/clients/acme", "{\"name\":\"Acme\"}", 200, "\"version\":1");
    assert_string_equal(fixture_put(f, &kind_client_put, "a b", acme).reason, "name.form");
    assert_string_equal(fixture_put(f, &kind_client_put, "x", "{}").reason, "field.required");
    assert_string_equal(fixture_put(f, product, "1", PILLS(EACH)).reason, "gs1.length");
    assert_string_equal(fixture_put(f, product, PACK, "{\"client\":\"x\",\"name\":\"x\"}").reason,
                        "client.unknown");
    assert_int_equal(fixture_put(f, product, "9521141107348", PILLS(EACH)).cls, ST_OK);
    assert_int_equal(catalog_get(f, "/v1/products/" PACK).code, 200);
}

static void refusals_of_trade_are_facts_and_misspelt_fields_are_not(void **state)
{
    struct fixture *f = *state;
    struct refused said;
    struct fact fact;

    uint64_t head = catalog_head(f);
    catalog_expect(f, "/v1/products/" PACK, "{\"client\":\"nobody\",\"name\":\"x\"}", 422,
                   "client.unknown");
    assert_int_equal(catalog_head(f), head + 1);
    struct txn *t = fixture_read(f);
    assert_int_equal(journal_get(t, head + 1, &f->arena, &fact).cls, ST_OK);
    fixture_read_end(t);
    assert_int_equal(fact.kind, FACT_REFUSAL);
    assert_int_equal(refusal_get(fact.decided, &f->arena, &said).cls, ST_OK);
    assert_int_equal(said.kind, FACT_PRODUCT_PUT);
    assert_string_equal(said.st.reason, "client.unknown");
    catalog_expect(f, "/v1/products/" PACK, "{\"nmae\":\"x\"}", 400, "json.unknown_field");
    assert_int_equal(catalog_head(f), head + 1);
}

// The n-th call to the store fails, for every n: what is answered with 2xx is there, what is not
// is there whole or not at all, and the site goes on.
static void a_store_that_fails_leaves_no_half_item(void **state)
{
    struct fixture *f = *state;
    struct product p;
    struct item i;
    char body[200], name[32];
    uint32_t version = 1;
    int n, failed = 0;

    catalog_two_clients(f);
    catalog_expect(f, "/v1/products/" PACK, PILLS(EACH), 201, "Pills");
    for (n = 1; n < 500; n++) {
        snprintf(name, sizeof name, "n%d", n);
        snprintf(body, sizeof body,
                 "{\"client\":\"acme\",\"name\":\"%s\",\"levels\":[" EACH "," CASE_OF(5) "]}",
                 name);
        db_fault = (struct db_fault){.nth = n};
        struct fixture_answer a = catalog_put(f, "/v1/products/" PACK, body);
        bool hit = db_fault.hit > 0;
        db_fault = (struct db_fault){0};
        struct txn *t = fixture_read(f);
        assert_true(item_get(t, &noun_product, S(PACK), &i));
        assert_int_equal(product_get(t, i.number, &f->arena, &p).cls, ST_OK);
        fixture_read_end(t);
        bool is_new = str_eq(p.name, str_of(name));
        assert_int_equal(i.version, version += is_new);
        assert_true(a.code == 200 ? is_new : a.code == 503);
        if (!hit) break;
        failed += a.code == 503;
    }
    assert_in_range(n, 12, 400);
    assert_int_equal(failed, n - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CATALOG_TEST(a_new_item_is_201_a_changed_one_200_and_the_same_makes_no_fact),
        CATALOG_TEST(every_version_can_still_be_read),
        CATALOG_TEST(a_repeated_key_gives_the_first_answer_again),
        CATALOG_TEST(names_are_folded_and_checked),
        CATALOG_TEST(people_must_say_why_and_the_fact_alone_keeps_it),
        CATALOG_TEST(the_journal_tells_what_was_put),
        CATALOG_TEST(only_an_admin_of_the_whole_site_puts),
        CATALOG_TEST(a_caller_bound_to_a_client_sees_nothing_of_another),
        CATALOG_TEST(lists_come_in_pages_in_the_order_of_names),
        CATALOG_TEST(a_page_that_nobody_gave_out_is_refused),
        CATALOG_TEST(a_page_ends_where_it_grows_too_long),
        CATALOG_TEST(a_put_from_elsewhere_follows_the_same_rules),
        CATALOG_TEST(refusals_of_trade_are_facts_and_misspelt_fields_are_not),
        CATALOG_TEST(a_store_that_fails_leaves_no_half_item),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
