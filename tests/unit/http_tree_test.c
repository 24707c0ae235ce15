// http_tree_test.c - claims about finding routes.
#include "common/http_tree.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void run(struct http_req *r) { (void)r; }

#define ROUTE(m, p)                                                                                \
    {                                                                                              \
        .method = m, .path = p, .roles = "", .run = run                                            \
    }
static const struct http_route lots[] = {
    ROUTE(HTTP_GET, "/"),
    ROUTE(HTTP_GET, "/lots"),
    ROUTE(HTTP_POST, "/lots"),
    ROUTE(HTTP_GET, "/lots/{gtin}/{lot}"),
    ROUTE(HTTP_POST, "/lots/{gtin}/{lot}/close"),
    ROUTE(HTTP_GET, "/lots/open/first"),
    {0},
};
static const struct http_route others[] = {
    ROUTE(HTTP_GET, "/serials/{id}"),
    ROUTE(HTTP_GET, "/serials/requests"),
    ROUTE(HTTP_GET, "/verify/gtin/{gtin}/lot/{lot}/ser/{serial}"),
    {0},
};
static const struct http_route *const tables[] = {lots, others, NULL};

static struct arena arena;

static void the_closest_route_is_found(void **state)
{
    static const struct {
        const char *path, *route, *param[3];
    } rows[] = {
        {"/",                                             "/",                        {0}            },
        {"/lots",                                         "/lots",                    {0}            },
        {"/lots/",                                        NULL,                       {0}            },
        {"//lots",                                        NULL,                       {0}            },
        {"/lots/1",                                       NULL,                       {0}            },
        {"/lots/1/2",                                     "/lots/{gtin}/{lot}",       {"1", "2"}     },
        {"/lots/1/",                                      NULL,                       {0}            },
        {"/lots/open/first",                              "/lots/open/first",         {0}            },
        {"/lots/open/2",                                  "/lots/{gtin}/{lot}",       {"open", "2"}  }, // back from the literal
        {"/lots/open/2/close",                            "/lots/{gtin}/{lot}/close", {"open", "2"}  },
        {"/lots/a%2Fb/%7Bx%7D",                           "/lots/{gtin}/{lot}",       {"a/b", "{x}"} },
        {"/l%6fts/1/2",                                   "/lots/{gtin}/{lot}",       {"1", "2"}     },
        {"/lots/1/2/3",                                   NULL,                       {0}            },
        {"/serials/requests",                             "/serials/requests",        {0}            },
        {"/serials/requests1",                            "/serials/{id}",            {"requests1"}  },
        {"/serials/{id}",                                 "/serials/{id}",            {"{id}"}       },
        {"/verify/gtin/1/lot/2/ser/3",
         "/verify/gtin/{gtin}/lot/{lot}/ser/{serial}",                                {"1", "2", "3"}},
        {"/Lots",                                         NULL,                       {0}            },
        {"/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18", NULL,                       {0}            },
    };
    struct http_tree *t = http_tree_new(tables);
    struct http_match m;

    (void)state;
    arena_init(&arena, 64 * KB);
    for (size_t i = 0; i < LEN(rows); i++) {
        assert_int_equal(http_tree_find(t, str_of(rows[i].path), &arena, &m).cls, ST_OK);
        assert_int_equal(m.by_method != NULL, rows[i].route != NULL);
        if (m.by_method == NULL) continue;
        const struct http_route *r =
            m.by_method[m.by_method[HTTP_GET] != NULL ? HTTP_GET : HTTP_POST];
        assert_string_equal(r->path, rows[i].route);
        for (size_t k = 0; k < 3 && rows[i].param[k] != NULL; k++)
            assert_true(str_eq(m.param[k], str_of(rows[i].param[k])));
    }
    arena_fini(&arena);
    http_tree_free(&t);
    assert_null(t);
}

static void methods_of_a_path_stand_together(void **state)
{
    struct http_tree *t = http_tree_new(tables);
    struct http_match m;

    (void)state;
    arena_init(&arena, 64 * KB);
    assert_int_equal(http_tree_find(t, S("/lots"), &arena, &m).cls, ST_OK);
    assert_ptr_equal(m.by_method[HTTP_GET], &lots[1]);
    assert_ptr_equal(m.by_method[HTTP_POST], &lots[2]);
    assert_null(m.by_method[HTTP_PUT]);
    arena_fini(&arena);
    http_tree_free(&t);
}

static void a_bad_escape_is_refused(void **state)
{
    struct http_tree *t = http_tree_new(tables);
    struct http_match m;

    (void)state;
    arena_init(&arena, 64 * KB);
    assert_string_equal(http_tree_find(t, S("/lots/%4/x"), &arena, &m).reason, "http.escape");
    arena_fini(&arena);
    http_tree_free(&t);
}

static void many_routes_are_all_found(void **state)
{
    enum { N = 200 };
    static char path[N][32];
    static struct http_route many[N + 1];
    const struct http_route *const all[] = {many, NULL};
    struct http_match m;

    (void)state;
    for (int i = 0; i < N; i++) {
        snprintf(path[i], sizeof path[i], "/x/%d/y%d", i * 7919 % 61, i);
        many[i] = (struct http_route)ROUTE(HTTP_GET, path[i]);
    }
    struct http_tree *t = http_tree_new(all);
    arena_init(&arena, 64 * KB);
    for (int i = 0; i < N; i++) {
        assert_int_equal(http_tree_find(t, str_of(path[i]), &arena, &m).cls, ST_OK);
        assert_non_null(m.by_method);
        assert_ptr_equal(m.by_method[HTTP_GET], &many[i]);
    }
    arena_fini(&arena);
    http_tree_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_closest_route_is_found),
        cmocka_unit_test(methods_of_a_path_stand_together),
        cmocka_unit_test(a_bad_escape_is_refused),
        cmocka_unit_test(many_routes_are_all_found),
    };
    return cmocka_run_group_tests_name("http_tree", tests, NULL, NULL);
}
