// http_body_test.c - claims about framing and gzip, however the octets are cut.
#include "common/http_body.h"
#include "common/http_gzip.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#undef fail // the house's own

// Reads `in`, given in cuts of `cut` octets; *rest is what was not taken.
static status read_cut(const struct http_head *h, str in, size_t cut, struct buf *out, str *rest)
{
    static char scratch[HTTP_SCRATCH];
    struct http_body b;
    size_t have = 0, used;
    str piece;
    status st = http_body_begin(&b, h, out->max);

    buf_reset(out);
    while (st.cls == ST_OK && !http_body_whole(&b)) {
        size_t n = in.n < have ? in.n : have;
        st = http_body_step(&b, (str){in.p, n}, scratch, &used, &piece);
        if (st.cls != ST_OK) break;
        assert_true(used <= n);
        buf_add(out, piece);
        in = str_from(in, used);
        have -= used;
        if (used > 0 || piece.n > 0) continue;
        if (have >= in.n) { // nothing left and not whole
            st = fail(ST_TIMEOUT, "test.more", 0, "more is needed");
            break;
        }
        have += cut;
    }
    // What is no framing has no end behind which another request could be looked for.
    if (st.cls == ST_BAD_INPUT && b.chunked && b.gzip == NULL) assert_false(http_body_whole(&b));
    if (st.cls == ST_OK) st = http_body_end(&b);
    http_body_fini(&b);
    *rest = in;
    return st;
}

static const size_t cuts[] = {1, 2, 3, 7, 1000000};

static void chunks_are_put_together(void **state)
{
    static const struct {
        const char *in, *out, *rest;
    } rows[] = {
        {"0\r\n\r\n",                                                  "",            ""   },
        {"3\r\nabc\r\n0\r\n\r\nGET",                                   "abc",         "GET"},
        {"1\r\na\r\nA\r\n0123456789\r\n0\r\n\r\n",                     "a0123456789", ""   },
        {"0003\r\na\nb\r\n00\r\n\r\n",                                 "a\nb",        ""   },
        {"3;a=b;c=\"d\"\r\nabc\r\n0;x\r\nTrailer: v\r\nX: y\r\n\r\nz", "abc",         "z"  },
    };
    struct http_head h = {.chunked = true};
    struct buf out;
    str rest;

    (void)state;
    buf_init(&out, 100);
    for (size_t i = 0; i < LEN(rows); i++)
        for (size_t k = 0; k < LEN(cuts); k++) {
            assert_int_equal(read_cut(&h, str_of(rows[i].in), cuts[k], &out, &rest).cls, ST_OK);
            assert_int_equal(out.n, strlen(rows[i].out));
            if (out.n > 0) assert_memory_equal(out.p, rows[i].out, out.n);
            assert_true(str_eq(rest, str_of(rows[i].rest)));
        }
    buf_fini(&out);
}

static void wrong_chunks_are_refused(void **state)
{
    static const struct {
        const char *in, *reason;
    } rows[] = {
        {"\r\n",                                   "body.chunk"    },
        {"g\r\n",                                  "body.chunk"    },
        {"-1\r\na",                                "body.chunk"    },
        {"0x1\r\na",                               "body.chunk"    },
        {" 1\r\na",                                "body.chunk"    },
        {"1 \r\na",                                "body.chunk"    },
        {"1\na\n0\n\n",                            "body.chunk"    },
        {"1\ra",                                   "body.chunk"    },
        {"1\r\nab\r\n",                            "body.chunk"    },
        {"1\r\na\n0\r\n\r\n",                      "body.chunk"    },
        {"1\r\na\rX",                              "body.chunk"    },
        {"1;a\nb\r\n",                             "body.chunk"    },
        {"1;a\x01\r\n",                            "body.chunk"    },
        {"0\r\nA: b\n\r\n",                        "body.chunk"    },
        {"0\r\nA: b\rc\r\n\r\n",                   "body.chunk"    },
        {"0\r\n A: b\r\n\r\n",                     "body.chunk"    },
        {"0\r\n\rX",                               "body.chunk"    },
        {"1000000000000000\r\n",                   "body.chunk"    },
        {"b\r\n01234567890\r\n0\r\n\r\n",          "body.too_large"},
        {"9\r\n012345678\r\n2\r\n90\r\n0\r\n\r\n", "body.too_large"},
    };
    struct http_head h = {.chunked = true};
    struct buf out;
    str rest;

    (void)state;
    buf_init(&out, 10);
    for (size_t i = 0; i < LEN(rows); i++)
        for (size_t k = 0; k < LEN(cuts); k++) {
            status st = read_cut(&h, str_of(rows[i].in), cuts[k], &out, &rest);
            assert_int_not_equal(st.cls, ST_OK);
            assert_string_equal(st.reason, rows[i].reason);
        }
    buf_fini(&out);
}

static void trailers_and_extensions_are_bounded(void **state)
{
    struct http_head h = {.chunked = true};
    struct buf in, out;
    str rest;

    (void)state;
    buf_init(&in, MB);
    buf_init(&out, MB);
    for (int i = 0; i < 1000; i++) buf_add(&in, S("1;extension\r\na\r\n"));
    buf_add(&in, S("0\r\n\r\n"));
    status st = read_cut(&h, buf_str(&in), 1000, &out, &rest);
    assert_int_equal(st.cls, ST_HEADERS_TOO_LARGE);
    assert_string_equal(st.reason, "body.trailers");
    buf_fini(&in);
    buf_fini(&out);
}

static void a_length_takes_that_many(void **state)
{
    struct http_head h = {.has_length = true, .length = 5};
    struct buf out;
    str rest;

    (void)state;
    buf_init(&out, 5);
    for (size_t k = 0; k < LEN(cuts); k++) {
        assert_int_equal(read_cut(&h, S("abcdefg"), cuts[k], &out, &rest).cls, ST_OK);
        assert_true(str_eq(buf_str(&out), S("abcde")) && str_eq(rest, S("fg")));
    }
    h.length = 6;
    assert_string_equal(read_cut(&h, S("abcdefg"), 1, &out, &rest).reason, "body.too_large");
    h = (struct http_head){.has_length = true, .other_encoding = true};
    assert_int_equal(read_cut(&h, S(""), 1, &out, &rest).cls, ST_MEDIA_TYPE);
    buf_fini(&out);
}

// ---- gzip

static struct buf zipped(str in)
{
    struct http_gzip *g = NULL;
    struct buf b;

    http_gzip(&g, in, &b);
    http_gzip_free(&g);
    return b;
}

static void gzip_is_undone(void **state)
{
    struct buf plain, out, in;
    str rest;

    (void)state;
    buf_init(&plain, 4 * MB);
    buf_init(&out, 4 * MB);
    buf_init(&in, 4 * MB);
    for (unsigned i = 0; i < 60000; i++) buf_addf(&plain, "%u,", i * 2654435761u);
    struct buf z = zipped(buf_str(&plain));
    buf_add(&in, buf_str(&z));
    buf_add(&in, buf_str(&z)); // two members
    struct buf once = plain;
    buf_init(&plain, 4 * MB);
    buf_add(&plain, buf_str(&once));
    buf_add(&plain, buf_str(&once));
    buf_fini(&once);
    struct http_head h = {.has_length = true, .length = in.n, .gzip = true};
    for (size_t k = 2; k < LEN(cuts); k++) {
        assert_int_equal(read_cut(&h, buf_str(&in), cuts[k], &out, &rest).cls, ST_OK);
        assert_true(str_eq(buf_str(&out), buf_str(&plain)));
    }
    buf_fini(&in);
    buf_fini(&z);
    buf_fini(&out);
    buf_fini(&plain);
}

static void wrong_gzip_is_refused(void **state)
{
    struct buf z = zipped(S("some text that is long enough")), out;

    struct http_head h = {.has_length = true, .length = z.n - 1, .gzip = true};
    str rest;

    (void)state;
    z.max += 8;
    buf_init(&out, KB);
    assert_string_equal(read_cut(&h, buf_str(&z), 5, &out, &rest).reason, "body.gzip");
    h.length = 4;
    assert_string_equal(read_cut(&h, S("nope"), 5, &out, &rest).reason, "body.gzip");
    buf_room(&z, 8);
    memset(z.p + z.n - 8, 'x', 8); // after the end
    h.length = z.n;
    assert_string_equal(read_cut(&h, buf_str(&z), 5, &out, &rest).reason, "body.gzip");
    buf_fini(&z);
    buf_fini(&out);
}

static void a_bomb_stops_at_the_ceiling(void **state)
{
    struct buf plain, out;
    str rest;

    (void)state;
    buf_init(&plain, 8 * MB);
    memset(buf_room(&plain, 8 * MB), 0, 8 * MB);
    struct buf z = zipped(buf_str(&plain));
    struct http_head h = {.has_length = true, .length = z.n, .gzip = true};
    buf_init(&out, 100 * KB);
    status st = read_cut(&h, buf_str(&z), 1000, &out, &rest);
    assert_string_equal(st.reason, "body.too_large");
    assert_true(out.n <= 100 * KB && !out.failed);
    buf_fini(&z);
    buf_fini(&out);
    buf_fini(&plain);
}

static void empty_members_are_bounded(void **state)
{
    struct buf z = zipped(S("")), in, out;
    str rest;

    (void)state;
    buf_init(&in, MB);
    for (int i = 0; i < 1000; i++) buf_add(&in, buf_str(&z));
    struct buf chunked;
    buf_init(&chunked, MB);
    buf_addf(&chunked, "%zx\r\n", in.n);
    buf_add(&chunked, buf_str(&in));
    buf_add(&chunked, S("\r\n0\r\n\r\n"));
    struct http_head h = {.chunked = true, .gzip = true};
    buf_init(&out, KB);
    assert_string_equal(read_cut(&h, buf_str(&chunked), 1000, &out, &rest).reason,
                        "body.too_large");
    buf_fini(&chunked);
    buf_fini(&in);
    buf_fini(&out);
    buf_fini(&z);
}

static void gzip_is_for_texts_that_gain(void **state)
{
    (void)state;
    assert_true(http_gzip_pays("application/json", 2000));
    assert_true(http_gzip_pays("text/csv", 2000));
    assert_true(http_gzip_pays("application/epcis+xml", 2000));
    assert_false(http_gzip_pays("application/json", 100));
    assert_false(http_gzip_pays("application/octet-stream", 2000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_are_put_together),
        cmocka_unit_test(wrong_chunks_are_refused),
        cmocka_unit_test(trailers_and_extensions_are_bounded),
        cmocka_unit_test(a_length_takes_that_many),
        cmocka_unit_test(gzip_is_undone),
        cmocka_unit_test(wrong_gzip_is_refused),
        cmocka_unit_test(a_bomb_stops_at_the_ceiling),
        cmocka_unit_test(empty_members_are_bounded),
        cmocka_unit_test(gzip_is_for_texts_that_gain),
    };
    return cmocka_run_group_tests_name("http_body", tests, NULL, NULL);
}
