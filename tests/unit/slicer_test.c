// slicer_test.c - claims about where the slices of a streamed body end.
#include "service/event/slicer.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { CUTS_MAX = 16 };

struct cuts {
    size_t n, bytes[CUTS_MAX];
    bool last[CUTS_MAX];
};

// Cuts a body that arrives `piece` bytes at a time.
static struct cuts cut_all(str body, size_t piece)
{
    struct slicer s = {.lines_max = 2, .bytes_max = 8};
    struct cuts c = {0};
    size_t came = 0, taken = 0, n;

    do {
        came = came + piece < body.n ? came + piece : body.n;
        str there = {body.p + taken, came - taken};
        while ((n = slicer_cut(&s, there, came == body.n, &c.last[c.n])) > 0) {
            assert_true(c.n + 1 < CUTS_MAX);
            c.bytes[c.n++] = n;
            taken += n;
            there = str_from(there, n);
        }
    } while (came < body.n);
    assert_int_equal(taken, body.n);
    return c;
}

static void slices_are_of_whole_lines(void **state)
{
    static const struct {
        const char *body;
        size_t n, bytes[4];
    } rows[] = {
        {"",                         0, {0}       },
        {"a",                        1, {1}       },
        {"a\n",                      1, {2}       },
        {"a\nb\n",                   1, {4}       },
        {"a\nb\nc",                  2, {4, 1}    },
        {"a\nb\nc\nd\n",             2, {4, 4}    }, // two lines are a slice
        {"1234567\nb\n",             2, {8, 2}    }, // and so are eight bytes
        {"12345\n67\n",              2, {6, 3}    }, // a line that leads beyond them waits
        {"a\n123456789012\nb\n",     3, {2, 13, 2}}, // and may be a slice by itself
        {"\n\n\n",                   2, {2, 1}    },
        {"a\nb\n123456789012345678", 2, {4, 18}   },
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        str body = str_of(rows[i].body);
        struct cuts c = cut_all(body, body.n + 1);
        assert_int_equal(c.n, rows[i].n);
        for (size_t k = 0; k < c.n; k++) {
            assert_int_equal(c.bytes[k], rows[i].bytes[k]);
            assert_int_equal(c.last[k], k + 1 == c.n);
        }
    }
}

static void where_a_slice_ends_does_not_depend_on_how_the_body_arrives(void **state)
{
    str body = S("a\nbb\n1234567\n\n123456789012345\nc\nd\n12345678\ne");
    struct cuts whole = cut_all(body, body.n);

    (void)state;
    for (size_t piece = 1; piece < body.n; piece++) {
        struct cuts c = cut_all(body, piece);
        assert_int_equal(c.n, whole.n);
        assert_memory_equal(c.bytes, whole.bytes, sizeof c.bytes);
        assert_memory_equal(c.last, whole.last, sizeof c.last);
    }
}

static void lines_come_without_what_is_blank_around_them(void **state)
{
    str rest = S(" {\"a\": 1}\r\n\n{}"), line;

    (void)state;
    assert_true(slicer_line(&rest, &line) && str_eq(line, S("{\"a\": 1}")));
    assert_true(slicer_line(&rest, &line) && line.n == 0);
    assert_true(slicer_line(&rest, &line) && str_eq(line, S("{}")));
    assert_false(slicer_line(&rest, &line));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_are_of_whole_lines),
        cmocka_unit_test(where_a_slice_ends_does_not_depend_on_how_the_body_arrives),
        cmocka_unit_test(lines_come_without_what_is_blank_around_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
