// Imported lists: all or nothing, never a number that is known, reserved where a pool would come
// to it.
#include "pool_site.h"
#include "service/pool/epoch.h"
#include "service/pool/import.h"
#include "service/pool/import_read.h"
#include "service/pool/pool_int.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LIST     "{\"kind\":\"list\",\"gtin\":\"" GTIN_A "\"}"
#define DIGITS_3 "{\"kind\":\"sequential\",\"gtin\":\"" GTIN_A "\",\"length\":3}"
#define RANDOM_3                                                                                   \
    "{\"kind\":\"random\",\"gtin\":\"" GTIN_A "\",\"length\":3,\"alphabet\":\"0123456789\"}"
#define AS_TEXT "Content-Type: text/plain\r\n"
#define AS_CSV  "Content-Type: text/csv; charset=utf-8\r\n"
#define AS_JSON "Content-Type: application/json\r\n"

static int open_site(void **state)
{
    struct fixture *f = pool_site_open();

    pool_site_serve(f);
    must(pool_site_put(f, "list", LIST));
    *state = f;
    return 0;
}

static int close_site(void **state)
{
    fixture_close((struct fixture **)state);
    return 0;
}

static void answers(struct fixture_answer a, int code, const char *holds)
{
    if (a.code != code || memmem(a.body.p, a.body.n, holds, strlen(holds)) == NULL)
        fail_msg("%d %.*s, not %d %s", a.code, STR(a.body), code, holds);
}

static struct fixture_answer import(struct fixture *f, const char *type, const char *body)
{
    f->caller.role = ROLE_GATEWAY;
    return fixture_call(f, "POST /v1/pools/list/import", type, body);
}

static struct fixture_answer ask(struct fixture *f, const char *accept, const char *json)
{
    f->caller.role = ROLE_LINE;
    return fixture_call(f, "POST /v1/serials", accept, json);
}

static unit_id find(struct fixture *f, const char *serial)
{
    struct txn *t = fixture_read(f);
    str s = str_of(serial);
    unit_id u;

    names_find_serials(names_here(&f->site), t, GTIN_A, &s, 1, &u);
    fixture_read_end(t);
    return u;
}

static void a_list_is_issued_as_it_came_with_its_attributes(void **state)
{
    struct fixture *f = *state;
    const char *two = "{\"gtin\":\"" GTIN_A "\",\"quantity\":2}";

    answers(import(f, AS_TEXT, "B\r\nA\n\nC"), 201, "{\"imported\":3}");
    answers(
        import(f, AS_CSV, "key,serial,\"crypto \"\"code\"\"\"\r\n01,D,\"x,y\"\r\n,E,\"\"\"\"\r\n"),
        201, "{\"imported\":2}");
    answers(import(f, AS_JSON, "[\"F\",{\"serial\":\"G\",\"key\":\"02\"}]"), 201,
            "{\"imported\":2}");
    answers(ask(f, "", two), 201, "\"serials\":[\"B\",\"A\"],\"attributes\":[{},{}]}");
    answers(ask(f, "Accept: text/csv\r\n", two), 201,
            "serial,key,\"crypto \"\"code\"\"\"\nC,,\nD,01,\"x,y\"\n");
    answers(ask(f, "Accept: application/x-ndjson\r\n", two), 201,
            "{\"serial\":\"E\",\"crypto \\\"code\\\"\":\"\\\"\"}\n{\"serial\":\"F\"}\n");
    answers(ask(f, "", two), 409, "pool.exhausted");
    answers(ask(f, "", "{\"gtin\":\"" GTIN_A "\",\"quantity\":1}"), 201,
            "\"attributes\":[{\"key\":\"02\"}]}");
    assert_int_equal(unit_ordinal(find(f, "G")), 6);
    // A byte order mark before it, as spreadsheets write one.
    answers(import(f, AS_CSV, "\xEF\xBB\xBFserial,key\r\nX,\r\n"), 201, "{\"imported\":1}");
    answers(import(f, AS_TEXT, "\xEF\xBB\xBFY\r\n"), 201, "{\"imported\":1}");
    assert_int_equal(unit_ordinal(find(f, "Y")), 8);
    fixture_verify(f);
}

static void a_known_number_refuses_all_and_is_named_with_its_line(void **state)
{
    struct fixture *f = *state;

    must(pool_site_put(f, "p", DIGITS_3));
    must(pool_site_issue(f, GTIN_A, 10, NULL)); // of "p": the list is empty
    answers(import(f, AS_TEXT, "A\nB\nA\n"), 409,
            "\"units\":[{\"unit\":\"(01)" GTIN_A
            "(21)A\",\"code\":\"serial.duplicate\"}],\"lines\":[3]");
    answers(import(f, AS_TEXT, "A\n009\n010\n"), 409,
            "(21)009\",\"code\":\"serial.duplicate\"}],\"lines\":[2]");
    assert_int_equal(find(f, "A").v, 0);
    answers(import(f, AS_TEXT, "A\nB\n"), 201, "{\"imported\":2}");
    answers(import(f, AS_CSV, "serial\nC\nB\n"), 409, "the first in line 3");
    answers(import(f, AS_JSON, "[\"C\",\"B\"]"), 409, "\"lines\":[2]");
    assert_int_equal(find(f, "C").v, 0);
    must(pool_site_put(f, "list2", LIST));
    f->caller.role = ROLE_ADMIN;
    answers(fixture_call(f, "POST /v1/pools/list2/import", AS_TEXT, "A\n"), 409, "(21)A\"");
    answers(fixture_call(f, "POST /v1/pools/p/import", AS_TEXT, "A\n"), 409, "pool.kind");
    answers(fixture_call(f, "POST /v1/pools/none/import", AS_TEXT, "A\n"), 404, "pool.unknown");
    fixture_verify(f);
}

static uint32_t number_of(str text)
{
    uint64_t n;

    assert_true(str_u64(text, 999, &n));
    return (uint32_t)n;
}

// All numbers of three digits, each once: by import or by the pool, from `from` on.
static void all_are_given_once(struct fixture *f, const char *pool, uint32_t imported)
{
    struct issue_ask ask = pool_site_ask_of(GTIN_A, 100);
    bool seen[1000] = {false};
    struct got got;
    uint32_t n = 0;

    ask.pool = pool_site_number(f, pool);
    for (; n < 1000 - imported; n += ask.quantity) {
        if (ask.quantity > 1000 - imported - n) ask.quantity = 1000 - imported - n;
        must(pool_site_ask(f, &ask, &got));
        for (uint32_t i = 0; i < got.issued.count; i++) {
            if (seen[number_of(got.texts[i])]) fail_msg("%.*s twice", STR(got.texts[i]));
            seen[number_of(got.texts[i])] = true;
            char z[8];
            snprintf(z, sizeof z, "%.*s", STR(got.texts[i]));
            assert_int_equal(unit_space(find(f, z)), got.issued.space);
        }
    }
    ask.quantity = 1;
    assert_string_equal(pool_site_ask(f, &ask, NULL).reason, "pool.exhausted");
    for (uint32_t i = 0; i < imported; i++) {
        char z[8];
        snprintf(z, sizeof z, "%03u", 3 * i);
        assert_false(seen[3 * i]);
        assert_true(find(f, z).v != 0);
    }
    fixture_verify(f);
}

static const char *every_third(struct fixture *f, uint32_t n)
{
    char *text = NEW_ARRAY(&f->arena, char, 4 * n + 1);

    for (uint32_t i = 0; i < n; i++) snprintf(text + 4 * i, 5, "%03u\n", 3 * i);
    return text;
}

static void what_a_pool_would_come_to_is_reserved(void **state)
{
    struct fixture *f = *state;

    must(pool_site_put(f, "p", RANDOM_3));
    answers(import(f, AS_TEXT, every_third(f, 200)), 201, "200");
    f->caller.role = ROLE_LINE;
    answers(fixture_call(f, "GET /v1/pools/p", "", ""), 200, "\"left\":800,");
    all_are_given_once(f, "p", 200);
}

static void a_pool_made_after_the_import_passes_it_over(void **state)
{
    struct fixture *f = *state;

    answers(import(f, AS_TEXT, every_third(f, 200)), 201, "200");
    must(pool_site_put(f, "p", DIGITS_3));
    all_are_given_once(f, "p", 200);
}

static void a_newer_key_passes_imports_over_too(void **state)
{
    struct fixture *f = *state;
    uint8_t key[SITE_KEY_SIZE] = {9};

    must(pool_site_put(f, "p", RANDOM_3));
    answers(import(f, AS_TEXT, every_third(f, 200)), 201, "200");
    must(site_keys_add(&f->keys, key));
    must(fixture_run(f, &kind_epoch_added, NULL, NULL));
    all_are_given_once(f, "p", 200);
}

static void several_thousand_come_in_parts_and_at_once(void **state)
{
    struct fixture *f = *state;
    char *body = NEW_ARRAY(&f->arena, char, 5001 * 8);
    struct fixture_answer a;

    for (unsigned i = 0; i < 5000; i++) snprintf(body + 7 * i, 8, "N%05u\n", i % 100000);
    a = import(f, "Idempotency-Key: i\r\n" AS_TEXT, body);
    answers(a, 201, "{\"imported\":5000}");
    struct txn *t = fixture_read(f);
    uint64_t seq = journal_head_get(t).seq;
    fixture_read_end(t);
    answers(import(f, "Idempotency-Key: i\r\n" AS_TEXT, body), 201, "{\"imported\":5000}");
    answers(import(f, "Idempotency-Key: i\r\n" AS_TEXT, "X\n"), 422, "idempotency.mismatch");
    t = fixture_read(f);
    assert_int_equal(journal_head_get(t).seq, seq);
    fixture_read_end(t);
    a = ask(f, "Accept: text/plain\r\n", "{\"gtin\":\"" GTIN_A "\",\"quantity\":5000}");
    assert_true(str_eq(a.body, str_of(body)));
    fixture_verify(f);
}

// Six digits, n from `first` on.
static void import_six(struct fixture *f, uint32_t first, uint32_t n)
{
    char *body = NEW_ARRAY(&f->arena, char, 7 * (size_t)n + 1), holds[40];

    for (uint32_t i = 0; i < n; i++) snprintf(body + 7 * (size_t)i, 8, "%06u\n", first + i);
    snprintf(holds, sizeof holds, "{\"imported\":%u}", n);
    answers(import(f, AS_TEXT, body), 201, holds);
}

// Whether the pool was there before the list, which then is barred in it, or came after it.
static void free_ones_on_both_sides_of_a_list(struct fixture *f, bool after)
{
    static const char pool[] = "{\"kind\":\"sequential\",\"gtin\":\"" GTIN_A "\",\"length\":6}";
    static const char text[] = "Accept: text/plain\r\n";
    const char *eleven = "{\"gtin\":\"" GTIN_A "\",\"pool\":\"p\",\"quantity\":11}";

    if (!after) must(pool_site_put(f, "p", pool));
    import_six(f, 10, 99998);
    if (after) must(pool_site_put(f, "p", pool));
    answers(ask(f, text, eleven), 201, "000009\n100008\n"); // by 99,998 that are taken
    import_six(f, 100019, 100001);
    answers(ask(f, text, eleven), 409, "that 10 can be found at once, not 11");
    answers(ask(f, text, "{\"gtin\":\"" GTIN_A "\",\"pool\":\"p\",\"quantity\":10}"), 201,
            "100018\n");
    answers(ask(f, text, eleven), 201, "200020\n"); // none is before them: the mark moves first
    fixture_verify(f);
}

static void a_pool_older_than_a_list_gives_what_lies_around_it(void **state)
{
    free_ones_on_both_sides_of_a_list(*state, false);
}

static void a_pool_younger_than_a_list_gives_what_lies_around_it(void **state)
{
    free_ones_on_both_sides_of_a_list(*state, true);
}

static status part(struct fixture *f, uint64_t import, uint64_t so_far, const char *const *texts,
                   uint32_t n)
{
    struct import_number *numbers = NEW_ARRAY(&f->arena, struct import_number, n);
    struct import_part what = {pool_site_number(f, "list"), import, so_far, numbers, n};

    for (uint32_t i = 0; i < n; i++)
        numbers[i] = (struct import_number){.text = str_of(texts[i]), .line = i + 1};
    return fixture_run(f, &kind_import_part, &what, NULL);
}

// The last step of an import into the list that is under way.
static status done(struct fixture *f, struct ask *out)
{
    struct import_end end = {.pool = pool_site_number(f, "list")};
    struct txn *t = fixture_read(f);
    struct import_row m = import_row_get(t, end.pool);

    fixture_read_end(t);
    end.import = m.seq;
    end.count = m.count;
    return fixture_run(f, &kind_import_done, &end, out);
}

static void drop(struct fixture *f)
{
    struct import_end what = {.pool = pool_site_number(f, "list")};

    must(fixture_run(f, &kind_import_dropped, &what, NULL));
}

static void an_import_that_a_crash_cut_off_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    static const char *const texts[] = {"001", "002", "X"};

    must(pool_site_put(f, "p", DIGITS_3));
    must(part(f, 0, 0, texts, 3));
    assert_int_equal(find(f, "X").v, 0); // invisible
    answers(ask(f, "", "{\"gtin\":\"" GTIN_A "\",\"quantity\":1,\"pool\":\"list\"}"), 409,
            "pool.exhausted");
    answers(ask(f, "", "{\"gtin\":\"" GTIN_A "\",\"quantity\":2,\"pool\":\"p\"}"), 201,
            "[\"000\",\"003\"]"); // passed 001 and 002 for ever
    fixture_reopen(f);
    pool_site_serve(f);
    assert_string_equal(part(f, 0, 0, texts, 1).reason, "import.running");
    answers(import(f, AS_TEXT, "Y\n"), 201, "{\"imported\":1}");
    assert_int_equal(unit_ordinal(find(f, "Y")), 0); // the place of what was dropped
    assert_int_equal(find(f, "X").v, 0);
    assert_int_equal(find(f, "001").v, 0);
    answers(import(f, AS_TEXT, "X\n001\n"), 201, "{\"imported\":2}");
    assert_int_equal(unit_ordinal(find(f, "001")), 2);
    fixture_verify(f);
}

static void a_cut_off_import_is_not_in_its_own_way(void **state)
{
    struct fixture *f = *state;
    static const char *const texts[] = {"001", "X"};

    must(part(f, 0, 0, texts, 2));
    fixture_reopen(f);
    pool_site_serve(f);
    answers(import(f, AS_TEXT, "001\nX\n002\n"), 201, "{\"imported\":3}");
    assert_int_equal(unit_ordinal(find(f, "X")), 1);
    fixture_verify(f);
}

static void what_was_cut_off_is_found_by_its_pool(void **state)
{
    struct fixture *f = *state;
    static const char *const texts[] = {"A"};
    uint32_t pool = 0;
    struct txn *t;

    answers(import(f, AS_CSV, "serial,key\nB,1\n"), 201, "1"); // leaves the names of attributes
    t = fixture_read(f);
    assert_false(import_under_way(t, &pool));
    fixture_read_end(t);
    must(part(f, 0, 0, texts, 1));
    t = fixture_read(f);
    assert_true(import_under_way(t, &pool));
    fixture_read_end(t);
    assert_int_equal(pool, pool_site_number(f, "list"));
}

static void parts_of_two_imports_do_not_mix(void **state)
{
    struct fixture *f = *state;
    static const char *const texts[] = {"A", "B"};
    uint32_t pool = pool_site_number(f, "list");
    struct import_end wrong = {pool, 1, 2};

    must(part(f, 0, 0, texts, 1));
    assert_string_equal(part(f, 0, 0, texts + 1, 1).reason, "import.running");
    assert_string_equal(part(f, 99, 1, texts + 1, 1).reason, "import.running");
    assert_string_equal(fixture_run(f, &kind_import_done, &wrong, NULL).reason, "import.running");
    struct pool_return back = {pool, S("over")};
    assert_string_equal(fixture_run(f, &kind_pool_returned, &back, NULL).reason, "import.running");
    must(fixture_run(f, &kind_import_dropped, &(struct import_end){.pool = pool}, NULL));
    assert_string_equal(
        fixture_run(f, &kind_import_dropped, &(struct import_end){.pool = pool}, NULL).reason,
        "import.none");
    fixture_verify(f);
}

static void the_rest_of_a_list_goes_back(void **state)
{
    struct fixture *f = *state;

    answers(import(f, AS_TEXT, "A\nB\nC\n"), 201, "3");
    answers(ask(f, "", "{\"gtin\":\"" GTIN_A "\",\"quantity\":1}"), 201, "\"A\"");
    f->caller.role = ROLE_ADMIN;
    answers(fixture_call(f, "POST /v1/pools/list/return", "", "{\"reason\":\"contract ended\"}"),
            200, "{\"returned\":2}");
    answers(ask(f, "", "{\"gtin\":\"" GTIN_A "\",\"quantity\":1}"), 409, "pool.exhausted");
    answers(import(f, AS_TEXT, "B\n"), 409, "serial.duplicate");
    answers(import(f, AS_TEXT, "D\n"), 201, "1");
    answers(ask(f, "", "{\"gtin\":\"" GTIN_A "\",\"quantity\":1}"), 201, "\"D\"");
    f->caller.role = ROLE_LINE; // what was never issued cannot go back one by one
    answers(fixture_call(f, "POST /v1/serials/returns", "",
                         "{\"gtin\":\"" GTIN_A "\",\"serials\":[\"A\",\"B\"]}"),
            200,
            "{\"returned\":1,\"kept\":[{\"unit\":\"(01)" GTIN_A
            "(21)B\",\"code\":\"unit.not_issued\"}]}");
    fixture_verify(f);
}

static void a_body_that_makes_no_sense_is_refused_with_its_line(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *type, *body;
        int code;
        const char *says;
    } rows[] = {
        {AS_TEXT,                             "A\nB C\n",                               400, "gs1.character"    },
        {AS_TEXT,                             "A\nB C\n",                               400, "line 2"           },
        {AS_TEXT,                             "123456789012345678901\n",                400, "gs1.length"       },
        {AS_TEXT,                             "\n\n",                                   400, "import.empty"     },
        {AS_CSV,                              "",                                       400, "import.header"    },
        {AS_CSV,                              "a,b\n1,2\n",                             400, "import.header"    },
        {AS_CSV,                              "serial,serial\n1,2\n",                   400, "import.header"    },
        {AS_CSV,                              "serial,a\nA\n",                          400, "import.csv"       },
        {AS_CSV,                              "serial,a\nA,1,2\n",                      400, "import.csv"       },
        {AS_CSV,                              "serial,a\nA,\"1\n",                      400, "import.csv"       },
        {AS_CSV,                              "serial,a\nA,\"1\"2\n",                   400, "import.csv"       },
        {AS_CSV,                              "serial,a\nA,1\"2\n",                     400, "import.csv"       },
        {AS_CSV,                              "serial,a,b,c,d,e,f,g,h,i\n",             400, "import.header"    },
        {AS_JSON,                             "{}",                                     400, "json."            },
        {AS_JSON,                             "[1]",                                    400, "json."            },
        {AS_JSON,                             "[\"A\"",                                 400, "json."            },
        {AS_JSON,                             "[\"A\"]x",                               400, "json."            },
        {AS_JSON,                             "[{\"a\":\"b\"}]",                        400, "import.list"      },
        {AS_JSON,                             "[{\"serial\":\"A\",\"a\":1}]",           400, "json."            },
        {AS_JSON,                             "[{\"serial\":\"A\",\"\":\"1\"}]",        400, "import.attributes"},
        {AS_JSON,                             "[{\"serial\":\"A\",\"v\":\"\\uffff\"}]", 400, "import.attributes"},
        {AS_JSON,                             "[]",                                     400, "import.empty"     },
        {"Content-Type: application/xml\r\n", "<a/>",                                   415, "body.type"        },
    };

    for (size_t i = 0; i < LEN(rows); i++)
        answers(import(f, rows[i].type, rows[i].body), rows[i].code, rows[i].says);
    f->site.limits.import_max = 2;
    answers(import(f, AS_TEXT, "A\nB\nC\n"), 413, "import.max");
    f->caller.role = ROLE_LINE;
    answers(fixture_call(f, "POST /v1/pools/list/import", AS_TEXT, "A\n"), 403, "");
}

// Takes back what lies there, one failing call after the other.
static void take_back(struct fixture *f, uint32_t pool)
{
    struct import_end end = {.pool = pool};
    status st = OK;

    for (int nth = 1; st.cls != ST_CONFLICT; nth++) {
        db_fault = (struct db_fault){.nth = nth};
        st = fixture_run(f, &kind_import_dropped, &end, NULL);
        db_fault = (struct db_fault){0};
    }
    assert_string_equal(st.reason, "import.none");
}

static void a_failing_store_keeps_an_import_whole_or_away(void **state)
{
    struct fixture *f = *state;
    struct import_number numbers[] = {
        {.text = S("001"), .line = 1},
        {.text = S("017"), .line = 2},
        {.text = S("X"),   .line = 3}
    };
    struct import_part what = {pool_site_number(f, "list"), 0, 0, numbers, LEN(numbers)};
    bool whole = false;

    must(pool_site_put(f, "p", RANDOM_3));
    for (int nth = 1; !whole; nth++) {
        struct import_end end = {.pool = what.pool, .count = LEN(numbers)};
        struct ask first;
        db_fault = (struct db_fault){.nth = nth};
        status st = fixture_run(f, &kind_import_part, &what, &first);
        end.import = first.fact.seq;
        if (st.cls == ST_OK) st = fixture_run(f, &kind_import_done, &end, NULL);
        whole = st.cls == ST_OK;
        assert_true(whole || db_fault.hit > 0);
        db_fault = (struct db_fault){0};
        assert_true((find(f, "X").v != 0) == whole);
        if (!whole) take_back(f, what.pool);
    }
    struct issue_ask all = pool_site_ask_of(GTIN_A, 998);
    all.pool = pool_site_number(f, "p");
    must(pool_site_ask(f, &all, NULL)); // exactly what the import left
    fixture_verify(f);
}

// ---- what an event names while its number comes in a list

static const char *const pair[] = {"042", "043"};

static void a_list_cannot_bring_what_an_event_named_meanwhile(void **state)
{
    struct fixture *f = *state;
    struct naming x;
    struct ask end;

    pool_site_look(f, GTIN_A, S("042"), &x);
    must(part(f, 0, 0, pair, 2));
    must(pool_site_name(f, &x));
    assert_string_equal(done(f, &end).reason, "serial.duplicate");
    assert_true(str_eq(end.units,
                       S("[{\"unit\":\"(01)" GTIN_A "(21)042\",\"code\":\"serial.duplicate\"}]")));
    drop(f);
    answers(import(f, AS_TEXT, "042\n043\n"), 409, "(21)042\"");
    answers(import(f, AS_TEXT, "043\n"), 201, "{\"imported\":1}");
    answers(ask(f, "", "{\"gtin\":\"" GTIN_A "\",\"quantity\":1}"), 201, "[\"043\"]");
    fixture_verify(f);
}

static void what_a_list_brought_meanwhile_is_the_unit_itself(void **state)
{
    struct fixture *f = *state;
    struct naming x[2];

    pool_site_look(f, GTIN_A, S("042"), &x[0]);
    must(part(f, 0, 0, pair, 2));
    pool_site_look(f, GTIN_A, S("043"), &x[1]);
    must(done(f, NULL));
    for (uint32_t i = 0; i < 2; i++) {
        must(pool_site_name(f, &x[i]));
        assert_true(x[i].name.unit.v == find(f, pair[i]).v);
    }
    fixture_verify(f);
}

// Of "p" the number is not free either, though the list that barred it there goes.
static void the_end_of_an_import_does_not_free_what_an_event_named(void **state)
{
    struct fixture *f = *state;
    struct naming x;

    must(pool_site_put(f, "p", RANDOM_3));
    pool_site_look(f, GTIN_A, S("042"), &x);
    must(part(f, 0, 0, pair, 2));
    must(pool_site_name(f, &x));
    drop(f);
    struct issue_ask all = pool_site_ask_of(GTIN_A, 999);
    struct got got;
    all.pool = pool_site_number(f, "p");
    must(pool_site_ask(f, &all, &got));
    for (uint32_t i = 0; i < 999; i++) assert_false(str_eq(got.texts[i], S("042")));
    all.quantity = 1;
    refused(pool_site_ask(f, &all, NULL), "pool.exhausted");
    fixture_verify(f);
}

static void what_lies_in_a_list_is_given_while_an_import_is_under_way(void **state)
{
    struct fixture *f = *state;
    struct naming x;

    answers(import(f, AS_TEXT, "A\nB\n"), 201, "{\"imported\":2}");
    must(part(f, 0, 0, pair, 2));
    pool_site_look(f, GTIN_A, S("042"), &x);
    must(pool_site_name(f, &x));
    answers(ask(f, "", "{\"gtin\":\"" GTIN_A "\",\"quantity\":2}"), 201, "[\"A\",\"B\"]");
    fixture_verify(f);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, open_site, close_site)
    const struct CMUnitTest tests[] = {
        T(a_list_is_issued_as_it_came_with_its_attributes),
        T(a_known_number_refuses_all_and_is_named_with_its_line),
        T(what_a_pool_would_come_to_is_reserved),
        T(a_pool_made_after_the_import_passes_it_over),
        T(a_newer_key_passes_imports_over_too),
        T(a_pool_older_than_a_list_gives_what_lies_around_it),
        T(a_pool_younger_than_a_list_gives_what_lies_around_it),
        T(several_thousand_come_in_parts_and_at_once),
        T(an_import_that_a_crash_cut_off_leaves_nothing),
        T(a_cut_off_import_is_not_in_its_own_way),
        T(what_was_cut_off_is_found_by_its_pool),
        T(parts_of_two_imports_do_not_mix),
        T(the_rest_of_a_list_goes_back),
        T(a_body_that_makes_no_sense_is_refused_with_its_line),
        T(a_failing_store_keeps_an_import_whole_or_away),
        T(a_list_cannot_bring_what_an_event_named_meanwhile),
        T(what_a_list_brought_meanwhile_is_the_unit_itself),
        T(the_end_of_an_import_does_not_free_what_an_event_named),
        T(what_lies_in_a_list_is_given_while_an_import_is_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
