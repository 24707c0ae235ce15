// user_test.c - claims about people's passwords, their rows, and what of a body is compared.
#include "service/access/password.h"
#include "service/access/user.h"
#include "service/api/body_digest.h"
#include "service/item/item_api.h"
#include "site_fixture.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct kind *const kinds[] = {&kind_user_put, &kind_user_password,
                                           &kind_password_refused, &kind_user_locked, NULL};

static int site_open(void **state)
{
    *state = fixture_open(kinds);
    return 0;
}

static int site_close(void **state)
{
    fixture_verify(*state);
    fixture_close((struct fixture **)state);
    return 0;
}

static void put(struct fixture *f, const char *json)
{
    status st = fixture_put(f, &kind_user_put, "mia", json);
    if (st.cls != ST_OK) fail_msg("%s: %s", st.reason, st.text);
}

// Mia and what is kept of her; texts are the fixture's.
static struct user_state state_of(struct fixture *f, struct user *u)
{
    struct txn *t = fixture_read(f);
    struct user_state s;

    assert_true(user_get(t, S("mia"), &f->arena, u));
    user_state_get(t, u->number, &s);
    s.hash = arena_str(&f->arena, s.hash);
    s.given = arena_str(&f->arena, s.given);
    fixture_read_end(t);
    return s;
}

static str plain(struct fixture *f, str sealed)
{
    struct buf b;

    buf_init(&b, PASSWORD_HASH_MAX);
    assert_int_equal(f->site.open_sealed(&f->site, sealed, &b).cls, ST_OK);
    str text = arena_str(&f->arena, buf_str(&b));
    buf_fini(&b);
    return text;
}

static void a_hash_fits_its_password_and_no_other(void **state)
{
    struct fixture *f = *state;
    bool fits = false;
    str one, two;

    assert_int_equal(password_hash(&f->site, S("a good password"), &f->arena, &one).cls, ST_OK);
    assert_int_equal(password_hash(&f->site, S("a good password"), &f->arena, &two).cls, ST_OK);
    assert_true(str_starts(plain(f, one), S("$argon2id$v=19$m=8,t=1,p=1$")));
    assert_null(memmem(one.p, one.n, "argon2", 6)); // of what is kept nothing can be tried
    assert_false(str_eq(one, two));                 // another salt
    assert_int_equal(password_fits(&f->site, one, S("a good password"), &fits).cls, ST_OK);
    assert_true(fits);
    static const char *const others[] = {"", "a good passwore", "a good password ",
                                         "A good password"};
    for (size_t i = 0; i < LEN(others); i++) {
        assert_int_equal(password_fits(&f->site, one, str_of(others[i]), &fits).cls, ST_OK);
        assert_false(fits);
    }
}

static void a_hash_that_was_kept_unsealed_fits_still(void **state)
{
    struct fixture *f = *state;
    bool fits = false;
    str hash;

    assert_int_equal(password_hash(&f->site, S("a good password"), &f->arena, &hash).cls, ST_OK);
    hash = plain(f, hash);
    assert_int_equal(password_fits(&f->site, hash, S("a good password"), &fits).cls, ST_OK);
    assert_true(fits);
    assert_int_equal(password_fits(&f->site, hash, S("a good passwore"), &fits).cls, ST_OK);
    assert_false(fits);
}

static void what_a_hash_costs_may_change_and_old_ones_still_fit(void **state)
{
    struct fixture *f = *state;
    bool fits = false;
    str hash;

    assert_int_equal(password_hash(&f->site, S("a good password"), &f->arena, &hash).cls, ST_OK);
    f->site.people.hash_memory_kb = 64;
    f->site.people.hash_passes = 3;
    assert_int_equal(password_fits(&f->site, hash, S("a good password"), &fits).cls, ST_OK);
    assert_true(fits);
    assert_int_equal(password_hash(&f->site, S("a good password"), &f->arena, &hash).cls, ST_OK);
    assert_true(str_starts(plain(f, hash), S("$argon2id$v=19$m=64,t=3,p=1$")));
}

static void length_is_counted_in_characters(void **state)
{
    const struct site_people p = {.password_min = 4, .password_max = 6};
    static const struct {
        const char *password, *reason;
    } rows[] = {
        {"abc",              "password.length"},
        {"äöü",           "password.length"},
        {"abcd",             NULL             },
        {"äöüß",         NULL             },
        {"€€€x€€", NULL             },
        {"abcdefg",          "password.length"},
        {"aaaa",             "password.simple"},
        {"Mia M",            "password.simple"},
        {"MIAM",             "password.simple"},
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        status st = password_check(&p, str_of(rows[i].password), S("miam"), S("mia m"));
        if (rows[i].reason == NULL)
            assert_int_equal(st.cls, ST_OK);
        else
            assert_string_equal(st.reason, rows[i].reason);
        if (st.cls != ST_OK) assert_null(strstr(st.text, rows[i].password));
    }
}

static void a_put_hashes_the_password_and_says_it_nowhere(void **state)
{
    struct fixture *f = *state;
    struct user u;
    struct item i;

    put(f, "{\"name\":\"Mia\",\"role\":\"qa\",\"password\":\"a good password\"}");
    struct user_state s = state_of(f, &u);
    assert_true(u.active && u.role == ROLE_QA && str_eq(u.printed, S("Mia")));
    assert_true(str_starts(plain(f, s.hash), S("$argon2id$")) && str_eq(s.hash, s.given) &&
                s.first);
    struct txn *t = fixture_read(f);
    assert_true(item_get(t, &noun_user, S("mia"), &i));
    assert_null(memmem(i.packed.p, i.packed.n, "a good password", 15));
    fixture_read_end(t);
}

static void a_put_of_the_same_is_no_new_version(void **state)
{
    static const char *const same[] = {
        "{\"name\":\"Mia\",\"role\":\"qa\",\"password\":\"a good password\"}",
        "{\"name\":\"Mia\",\"role\":\"qa\"}",
        "{\"name\":\"Mia\",\"role\":\"qa\",\"password\":\"***\",\"active\":true}",
        "{\"name\":\"Mia\",\"role\":\"qa\",\"password\":null,\"reason\":\"again\"}",
    };
    struct fixture *f = *state;
    struct item i;

    for (size_t k = 0; k < LEN(same); k++) {
        put(f, same[k]);
        struct txn *t = fixture_read(f);
        assert_true(item_get(t, &noun_user, S("mia"), &i) && i.version == 1);
        fixture_read_end(t);
    }
}

static void a_password_of_ones_own_outlives_a_put_without_one(void **state)
{
    struct fixture *f = *state;
    struct user u;

    put(f, "{\"name\":\"Mia\",\"role\":\"qa\",\"password\":\"a good password\"}");
    struct user_state s = state_of(f, &u);
    struct user_password own = {&u, S("$argon2id$own"), s.hash, false};
    assert_int_equal(fixture_run(f, &kind_user_password, &own, NULL).cls, ST_OK);
    put(f, "{\"name\":\"Mia Muster\",\"role\":\"operator\"}");
    s = state_of(f, &u);
    assert_true(str_eq(s.hash, own.hash) && !s.first && u.role == ROLE_OPERATOR);
    put(f, "{\"name\":\"Mia Muster\",\"role\":\"operator\",\"password\":\"***\"}");
    assert_true(str_eq(state_of(f, &u).hash, own.hash));
}

static void a_password_that_was_changed_meanwhile_is_asked_again(void **state)
{
    struct fixture *f = *state;
    struct user u;
    struct ask a;

    put(f, "{\"name\":\"Mia\",\"role\":\"qa\",\"password\":\"a good password\"}");
    struct user_password late = {&u, S("$argon2id$late"), S("$argon2id$seen before"), false};
    (void)state_of(f, &u);
    assert_int_equal(fixture_run(f, &kind_user_password, &late, &a).cls, ST_BUSY);
    assert_string_equal(a.result.reason, "user.changed");
}

static void only_so_many_former_passwords_are_kept(void **state)
{
    struct fixture *f = *state;
    str kept[PASSWORDS_KEPT + 4];
    struct user u;
    char hash[40];

    put(f, "{\"name\":\"Mia\",\"role\":\"qa\",\"password\":\"a good password\"}");
    for (unsigned i = 0; i < PASSWORDS_KEPT + 4; i++) {
        struct user_state s = state_of(f, &u);
        snprintf(hash, sizeof hash, "$argon2id$%u", i);
        struct user_password next = {&u, str_of(hash), s.hash, false};
        assert_int_equal(fixture_run(f, &kind_user_password, &next, NULL).cls, ST_OK);
    }
    struct txn *t = fixture_read(f);
    assert_int_equal(user_passwords(t, u.number, LEN(kept), kept), PASSWORDS_KEPT);
    assert_true(str_eq(kept[0], S("$argon2id$27")) && str_eq(kept[23], S("$argon2id$4")));
    assert_int_equal(user_passwords(t, u.number, 2, kept), 2);
    assert_int_equal(user_passwords(t, u.number + 1, 2, kept), 0);
    fixture_read_end(t);
}

// ---- what is compared

static bool compared_alike(const char *a, const char *b, const char *secrets)
{
    const struct digest16 head = {
        {1, 2, 3}
    };
    struct arena arena;

    arena_init(&arena, 64 * KB);
    struct digest16 x = body_digest(&head, str_of(a), secrets, &arena);
    struct digest16 y = body_digest(&head, str_of(b), secrets, &arena);
    arena_fini(&arena);
    return memcmp(&x, &y, sizeof x) == 0;
}

static void secrets_are_no_part_of_what_is_compared(void **state)
{
    static const struct {
        const char *a, *b, *secrets;
        bool alike;
    } rows[] = {
        {"{\"signature\":{\"password\":\"a\",\"meaning\":\"m\"}}",
         "{\"signature\":{\"password\":\"another\",\"meaning\":\"m\"}}",                                     NULL,       true },
        {"{\"signature\":{\"password\":\"a\",\"meaning\":\"m\"}}",
         "{\"signature\":{\"password\":\"a\",\"meaning\":\"n\"}}",                                           NULL,       false},
        {"{\"x\":1,\"signature\":{\"password\":\"a\"},\"y\":2}",
         "{\"x\":1,\"signature\":{\"password\":\"\\\"b\"},\"y\":2}",                                         NULL,       true },
        {"{\"x\":1,\"signature\":{\"password\":\"a\"},\"y\":2}",
         "{\"x\":1,\"signature\":{\"password\":\"a\"},\"y\":3}",                                             NULL,       false},
        {"{\"s\\u0069gnature\":{\"p\\u0061ssword\":\"a\"}}",
         "{\"s\\u0069gnature\":{\"p\\u0061ssword\":\"b\"}}",                                                 NULL,       true },
        {"{\"password\":\"a\"}",                                   "{\"password\":\"b\"}",                   NULL,       false},
        {"{\"password\":\"a\"}",                                   "{\"password\":\"b\"}",                   "password", true },
        {"{\"old\":\"a\",\"new\":\"b\"}",                          "{\"old\":\"c\",\"new\":\"d\"}",          "old new",  true },
        {"{\"ol\":\"a\"}",                                         "{\"ol\":\"c\"}",                         "old new",  false},
        {"{\"auth\":{\"password\":\"a\"}}",                        "{\"auth\":{\"password\":\"b\"}}",        "password", false},
        {"{\"password\":[1]}",                                     "{\"password\":[2]}",                     "password", false},
        {"\"signature\" a",                                        "\"signature\" b",                        NULL,       false},
        {"[{\"signature\":{\"password\":\"a\"}}]",                 "[{\"signature\":{\"password\":\"b\"}}]", NULL,
         false                                                                                                                },
        {"",                                                       "",                                       "password", true },
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++)
        if (compared_alike(rows[i].a, rows[i].b, rows[i].secrets) != rows[i].alike)
            fail_msg("%s and %s", rows[i].a, rows[i].b);
}

static void bodies_without_secrets_have_the_digest_of_their_bytes(void **state)
{
    const struct digest16 head = {{7}};
    str body = S("{\"gtin\":\"09506000134352\",\"text\":\"\\u00e4\"}");
    struct arena a;

    (void)state;
    arena_init(&a, 64 * KB);
    struct digest16 x = body_digest(&head, body, NULL, &a);
    struct digest16 y = digest16_of((str){(const char *)head.b, sizeof head.b}, body);
    assert_memory_equal(&x, &y, sizeof x);
    arena_fini(&a);
}

int main(void)
{
#define CLAIM(name) cmocka_unit_test_setup_teardown(name, site_open, site_close)
    const struct CMUnitTest tests[] = {
        CLAIM(a_hash_fits_its_password_and_no_other),
        CLAIM(a_hash_that_was_kept_unsealed_fits_still),
        CLAIM(what_a_hash_costs_may_change_and_old_ones_still_fit),
        cmocka_unit_test(length_is_counted_in_characters),
        CLAIM(a_put_hashes_the_password_and_says_it_nowhere),
        CLAIM(a_put_of_the_same_is_no_new_version),
        CLAIM(a_password_of_ones_own_outlives_a_put_without_one),
        CLAIM(a_password_that_was_changed_meanwhile_is_asked_again),
        CLAIM(only_so_many_former_passwords_are_kept),
        cmocka_unit_test(secrets_are_no_part_of_what_is_compared),
        cmocka_unit_test(bodies_without_secrets_have_the_digest_of_their_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
