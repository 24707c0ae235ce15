// csv_test.c - fields of CSV documents, for machines and for people.
#include "common/csv.h"
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

static void check(void (*put)(struct buf *, str), const char *in, const char *out)
{
    struct buf b;

    buf_init(&b, 1 * KB);
    put(&b, str_of(in));
    str got = buf_str(&b);
    assert_true(str_eq(got, str_of(out)));
    buf_fini(&b);
}

static void fields_are_quoted_where_rfc_4180_wants_it(void **state)
{
    (void)state;
    check(csv_put, "", "");
    check(csv_put, "plain, no", "\"plain, no\"");
    check(csv_put, "say \"x\"", "\"say \"\"x\"\"\"");
    check(csv_put, "two\nlines", "\"two\nlines\"");
    check(csv_put, "a\rb", "\"a\rb\"");
    check(csv_put, "=1+1", "=1+1"); // a serial may look so
}

static void what_people_read_is_never_a_formula(void **state)
{
    (void)state;
    check(csv_put_shown, "=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\"");
    check(csv_put_shown, "+1", "'+1");
    check(csv_put_shown, "@SUM(1)", "'@SUM(1)");
    check(csv_put_shown, "\t=1", "'\t=1");
    check(csv_put_shown, "-2+3", "'-2+3");
    check(csv_put_shown, "-", "'-");
    check(csv_put_shown, "-25", "-25"); // a number is one
    check(csv_put_shown, "a=b", "a=b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_quoted_where_rfc_4180_wants_it),
        cmocka_unit_test(what_people_read_is_never_a_formula),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
