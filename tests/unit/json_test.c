// json_test.c - claims about the JSON reader and writer.
#include "common/json.h"
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#define ARENA_MAX (64 * KB)

static struct arena arena;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, ARENA_MAX);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

// An input with its star taken out: where it stood is where the trouble must be.
struct marked {
    char text[512];
    size_t n, at;
};

static struct marked marked(const char *z)
{
    struct marked m = {.n = strlen(z) - 1};
    const char *star = strchr(z, '*');

    assert_non_null(star);
    m.at = (size_t)(star - z);
    memcpy(m.text, z, m.at);
    memcpy(m.text + m.at, star + 1, m.n - m.at);
    return m;
}

static status raw_all(str in, str *out)
{
    struct json_r r = json_reader(in, &arena);
    str s = json_raw(&r);

    TRY(json_r_end(&r));
    *out = s;
    return OK;
}

static void json_that_is_json_is_taken(void **state)
{
    static const char *const good[] = {
        "null",
        "true",
        "false",
        "0",
        "-0",
        "-1",
        "10",
        "1.5",
        "0.0",
        "1e5",
        "1E+5",
        "1.25e-05",
        "123456789012345678901234567890",
        "\"\"",
        "\"a\"",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"",
        "\"\\ud83d\\ude00\"",
        "\"\\u0000\"",
        "\"\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\"",
        "\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"",
        "[]",
        "{}",
        "[[],{},[{}]]",
        "{\"\":0}",
        "{\"a\":{\"b\":[1,\"2\",null,true,false]},\"c\":-0.5}",
        " \t\r\n[ 1 , 2 ]\n",
        "{ \"a\" : 1 , \"a\" : 2 }",
        "\xef\xbb\xbf[1]"};
    str s;

    (void)state;
    for (size_t i = 0; i < LEN(good); i++) {
        status st = raw_all(str_of(good[i]), &s);
        if (st.cls != ST_OK) fail_msg("%s: %s at %u", good[i], st.text, st.at);
    }
}

static void json_that_is_not_json_is_refused_where_it_goes_wrong(void **state)
{
    static const struct {
        const char *in, *reason;
    } bad[] = {
        {"*",                             "json.syntax"},
        {"  *",                           "json.syntax"},
        {"*]",                            "json.syntax"},
        {"*nul",                          "json.syntax"},
        {"*True",                         "json.syntax"},
        {"*'a'",                          "json.syntax"},
        {"null*x",                        "json.syntax"},
        {"true *false",                   "json.syntax"},
        {"[1]*]",                         "json.syntax"},
        {"\"a\"*,",                       "json.syntax"},
        {"[1,*]",                         "json.syntax"},
        {"[*,1]",                         "json.syntax"},
        {"[1*",                           "json.syntax"},
        {"[1 *2]",                        "json.syntax"},
        {"[1*}",                          "json.syntax"},
        {"[*",                            "json.syntax"},
        {"{*",                            "json.syntax"},
        {"{*1:2}",                        "json.syntax"},
        {"{*a:2}",                        "json.syntax"},
        {"{\"a\"*}",                      "json.syntax"},
        {"{\"a\"*,1}",                    "json.syntax"},
        {"{\"a\":*}",                     "json.syntax"},
        {"{\"a\":1,*}",                   "json.syntax"},
        {"{\"a\":1*]",                    "json.syntax"},
        {"{*,\"a\":1}",                   "json.syntax"},
        {"[1,*/ /2]",                     "json.syntax"},
        {"*\xef\xbb[1]",                  "json.syntax"},
        {"\xef\xbb\xbf*\xef\xbb\xbf[1]",  "json.syntax"},
        {"\"a*",                          "json.syntax"},
        {"\"abcdefghijklmnop*",           "json.syntax"},
        {"\"a*\nb\"",                     "json.syntax"},
        {"\"abcdefgh*\x1f\"",             "json.syntax"},
        {"\"a*\\x\"",                     "json.syntax"},
        {"\"*\\",                         "json.syntax"},
        {"\"*\\u12\"",                    "json.syntax"},
        {"\"*\\u12g4\"",                  "json.syntax"},
        {"\"*\\u",                        "json.syntax"},
        {"\"a*\\ud83d\"",                 "json.utf8"  },
        {"\"a*\\ud83dx\"",                "json.utf8"  },
        {"\"a*\\ud83d\\u0041\"",          "json.utf8"  },
        {"\"a*\\ud83d\\ud83d\"",          "json.utf8"  },
        {"\"*\\ude00\\ud83d\"",           "json.utf8"  },
        {"\"a*\x80\"",                    "json.utf8"  },
        {"\"a*\xc0\xaf\"",                "json.utf8"  },
        {"\"a*\xe0\x80\x80\"",            "json.utf8"  },
        {"\"a*\xed\xa0\x80\"",            "json.utf8"  },
        {"\"\xc3\xa9*\xf4\x90\x80\x80\"", "json.utf8"  },
        {"\"a*\xff\"",                    "json.utf8"  },
        {"\"a*\xc3\"",                    "json.utf8"  },
        {"{\"a*\xc3\":1}",                "json.utf8"  },
        {"-*",                            "json.number"},
        {"-*a",                           "json.number"},
        {"0*1",                           "json.number"},
        {"-0*1",                          "json.number"},
        {"1.*",                           "json.number"},
        {"1.*e5",                         "json.number"},
        {"1e*",                           "json.number"},
        {"1e+*",                          "json.number"},
        {"*.5",                           "json.syntax"},
        {"*+1",                           "json.syntax"},
        {"*NaN",                          "json.syntax"},
    };
    str s;

    (void)state;
    for (size_t i = 0; i < LEN(bad); i++) {
        struct marked m = marked(bad[i].in);
        status st = raw_all((str){m.text, m.n}, &s);
        if (st.cls != ST_BAD_INPUT || strcmp(st.reason, bad[i].reason) != 0 || st.at != m.at)
            fail_msg("%s: %s (%s) at %u", bad[i].in, st.reason, st.text, st.at);
        assert_true(st.text[0] != 0);
    }
}

static void json_with_a_nul_outside_a_string_is_refused(void **state)
{
    str s;

    (void)state;
    status st = raw_all(S("[1,\0]"), &s);
    assert_string_equal(st.reason, "json.syntax");
    assert_int_equal(st.at, 3);
    st = raw_all(S("1\0"), &s);
    assert_string_equal(st.reason, "json.syntax");
    assert_int_equal(st.at, 1);
}

// `depth` lists or objects, one inside the other.
static str nested(char *out, size_t depth, bool objects)
{
    size_t n = 0;

    for (size_t i = 0; i < depth; i++) {
        memcpy(out + n, objects ? "{\"a\":" : "[", objects ? 5 : 1);
        n += objects ? 5 : 1;
    }
    out[n++] = '1';
    for (size_t i = 0; i < depth; i++) out[n++] = objects ? '}' : ']';
    return (str){out, n};
}

static void json_depth_is_bounded_at_32(void **state)
{
    char text[8 * 40];
    str s;

    (void)state;
    for (int objects = 0; objects < 2; objects++) {
        for (size_t depth = 0; depth < 40; depth++) {
            status st = raw_all(nested(text, depth, objects), &s);
            assert_int_equal(st.cls, depth <= 32 ? ST_OK : ST_BAD_INPUT);
            if (depth <= 32) continue;
            assert_string_equal(st.reason, "json.depth");
            assert_int_equal(st.at, 32 * (objects ? 5 : 1));
        }
    }
}

static void json_reader_and_raw_share_one_depth(void **state)
{
    char text[8 * 40];
    struct json_r r = json_reader(nested(text, 33, false), &arena);

    (void)state;
    for (int i = 0; i < 10; i++) assert_true(json_array(&r) && json_item(&r));
    json_raw(&r);
    assert_string_equal(json_r_end(&r).reason, "json.depth");
}

static void json_strings_are_unescaped(void **state)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"\"\"",                                ""                                    },
        {"\"plain, longer than eight\"",        "plain, longer than eight"            },
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",      "\"\\/\b\f\n\r\t"                     },
        {"\"a\\u0041\\u00e9\\u20AC\\uFfFf z\"", "aA\xc3\xa9\xe2\x82\xac\xef\xbf\xbf z"},
        {"\"\\ud800\\udc00\\uDBFF\\uDFFF\"",    "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"    },
        {"\"(01)\\u001d\"",                     "(01)\x1d"                            },
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct json_r r = json_reader(str_of(rows[i].in), &arena);
        str s = json_string(&r);
        assert_int_equal(json_r_end(&r).cls, ST_OK);
        assert_true(str_eq(s, str_of(rows[i].out)));
    }
}

static void json_plain_string_is_a_view_of_the_input(void **state)
{
    str in = S("{\"a\":\"text\",\"\\u0061b\":\"t\\u0065xt\"}"), k;
    struct json_r r = json_reader(in, &arena);

    (void)state;
    assert_true(json_object(&r) && json_key(&r, &k));
    str s = json_string(&r);
    assert_ptr_equal(k.p, in.p + 2);
    assert_ptr_equal(s.p, in.p + 6);
    assert_true(json_key(&r, &k));
    assert_true(str_eq(k, S("ab")));
    assert_true(str_eq(json_string(&r), S("text")));
    assert_false(json_key(&r, &k));
    assert_int_equal(json_r_end(&r).cls, ST_OK);
}

static void json_zero_character_survives_in_a_string(void **state)
{
    struct json_r r = json_reader(S("\"a\\u0000b\""), &arena);
    str s = json_string(&r);

    (void)state;
    assert_int_equal(json_r_end(&r).cls, ST_OK);
    assert_true(str_eq(s, S("a\0b")));
}

static void json_integers_keep_to_their_bounds(void **state)
{
    static const struct {
        const char *in;
        int64_t min, max, out;
        const char *reason;
    } rows[] = {
        {"0",                       0,         0,         0,         NULL         },
        {"-0",                      0,         9,         0,         NULL         },
        {"1000000",                 1,         1000000,   1000000,   NULL         },
        {"1000001",                 1,         1000000,   0,         "json.range" },
        {"0",                       1,         1000000,   0,         "json.range" },
        {"-1",                      0,         5,         0,         "json.range" },
        {"9223372036854775807",     INT64_MIN, INT64_MAX, INT64_MAX, NULL         },
        {"-9223372036854775808",    INT64_MIN, INT64_MAX, INT64_MIN, NULL         },
        {"9223372036854775808",     INT64_MIN, INT64_MAX, 0,         "json.range" },
        {"-9223372036854775809",    INT64_MIN, INT64_MAX, 0,         "json.range" },
        {"18446744073709551616",    INT64_MIN, INT64_MAX, 0,         "json.range" },
        {"99999999999999999999999", INT64_MIN, INT64_MAX, 0,         "json.range" },
        {"1.0",                     0,         5,         0,         "json.number"},
        {"1e0",                     0,         5,         0,         "json.number"},
        {"\"1\"",                   0,         5,         0,         "json.type"  },
        {"null",                    0,         5,         0,         "json.type"  },
        {"",                        0,         5,         0,         "json.syntax"},
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct json_r r = json_reader(str_of(rows[i].in), &arena);
        int64_t v = json_int(&r, rows[i].min, rows[i].max);
        status st = json_r_end(&r);
        assert_int_equal(v, rows[i].out);
        assert_int_equal(st.cls, rows[i].reason == NULL ? ST_OK : ST_BAD_INPUT);
        if (rows[i].reason != NULL) assert_string_equal(st.reason, rows[i].reason);
    }
}

// A handler as rooms write them.
struct order {
    str gtin;
    int64_t quantity;
    bool urgent;
    str units[4];
    size_t unit_count;
};

static void units_read(struct json_r *r, struct order *o)
{
    for (json_array(r); json_item(r);) {
        str s = json_string(r);
        if (o->unit_count == LEN(o->units))
            json_fail(r, "order.units", "too many units");
        else
            o->units[o->unit_count++] = s;
        if (str_eq(s, S("bad"))) json_refuse(r, (fail)(ST_CONFLICT, "order.unit", 1, "no"));
    }
}

static status order_read(str in, struct order *o)
{
    struct json_r r = json_reader(in, &arena);
    str k;

    for (json_object(&r); json_key(&r, &k);) {
        if (str_eq(k, S("gtin")))
            o->gtin = json_string(&r);
        else if (str_eq(k, S("quantity")))
            o->quantity = json_int(&r, 1, 1000);
        else if (str_eq(k, S("urgent")))
            o->urgent = !json_null(&r) && json_bool(&r);
        else if (str_eq(k, S("units")))
            units_read(&r, o);
        else
            json_unknown(&r, k);
    }
    return json_r_end(&r);
}

static void json_handler_reads_straight_on(void **state)
{
    struct order o = {0};

    (void)state;
    status st = order_read(S(" {\"units\" : [ \"a\", \"b\" ], \"urgent\":true,\"quantity\":7,"
                             "\"gtin\":\"09506000134352\"} "),
                           &o);
    assert_int_equal(st.cls, ST_OK);
    assert_true(str_eq(o.gtin, S("09506000134352")));
    assert_int_equal(o.quantity, 7);
    assert_true(o.urgent);
    assert_int_equal(o.unit_count, 2);
    assert_true(str_eq(o.units[1], S("b")));
    assert_int_equal(order_read(S("{\"urgent\":null}"), &o).cls, ST_OK);
    assert_false(o.urgent);
}

static void json_handler_fails_once_and_at_the_right_place(void **state)
{
    static const struct {
        const char *in, *reason, *text;
    } bad[] = {
  // clang-format off
        {"*[]", "json.type", "the value must be an object, not a list"},
        {"{\"gtin\":*7}", "json.type", "\"gtin\" must be a text, not a number"},
        {"{\"units\":[\"a\",*{}]}", "json.type", "\"units\" must be a text, not an object"},
        {"{\"units\":*\"a\"}", "json.type", "\"units\" must be a list, not a text"},
        {"{\"quantity\":*0}", "json.range", "\"quantity\" must be 1 to 1000"},
        {"{\"quantity\": *1.5}", "json.number", "\"quantity\" must be a whole number"},
        {"{\"urgent\":*1}", "json.type", "\"urgent\" must be true or false, not a number"},
        {"{ *\"gtim\":\"0\"}", "json.unknown_field", "the field \"gtim\" is not known here"},
        {"{\"units\":[\"a\",\"b\",\"c\",\"d\",*\"e\"]}", "order.units", "too many units"},
        {"{\"units\":[\"b*ad\",\"b\"]}", "order.unit", "\"units\": no"},
        {"{\"units\":[*\"b\\u0061d\",\"b\"]}", "order.unit", "\"units\": no"},
        {"{\"quantity\":1} *x", "json.syntax", "the end is expected, not \"x\""},
        {"{\"quantity\":*", "json.syntax", "the text ends where a value is expected"},
  // clang-format on
    };

    (void)state;
    for (size_t i = 0; i < LEN(bad); i++) {
        struct marked m = marked(bad[i].in);
        struct order o = {0};
        status st = order_read((str){m.text, m.n}, &o);
        if (st.cls == ST_OK || st.at != m.at) fail_msg("%s: %s at %u", bad[i].in, st.text, st.at);
        assert_string_equal(st.reason, bad[i].reason);
        assert_string_equal(st.text, bad[i].text);
    }
}

static void json_long_keys_are_cut_between_characters(void **state)
{
    struct order o = {0};

    (void)state;
    status st = order_read(S("{\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\xc3\xa9zzzz\":1}"), &o);
    assert_string_equal(st.reason, "json.unknown_field");
    assert_true(str_is_utf8(str_of(st.text), NULL));
    assert_null(strstr(st.text, "\xc3"));
}

static void json_raw_is_the_value_as_it_stands(void **state)
{
    str k;
    struct json_r r = json_reader(S("{\"a\": {\"b\" : [1, \"]\"]} ,\"c\":2}"), &arena);

    (void)state;
    assert_true(json_object(&r) && json_key(&r, &k));
    assert_int_equal(json_peek(&r), JSON_OBJECT);
    assert_true(str_eq(json_raw(&r), S("{\"b\" : [1, \"]\"]}")));
    assert_true(json_key(&r, &k));
    assert_true(str_eq(k, S("c")));
    assert_int_equal(json_int(&r, 0, 9), 2);
    assert_false(json_key(&r, &k));
    assert_int_equal(json_r_end(&r).cls, ST_OK);
}

static void json_text_beyond_the_arena_is_too_large(void **state)
{
    struct arena small;
    arena_init(&small, 16);
    struct json_r r = json_reader(S("\"\\n2345678901234567890\""), &small);

    (void)state;
    assert_int_equal(json_string(&r).n, 0);
    status st = json_r_end(&r);
    assert_int_equal(st.cls, ST_TOO_LARGE);
    assert_string_equal(st.reason, "json.ceiling");
    arena_fini(&small);
}

// Every cut of a text is refused at or before its end; an exact copy lets the sanitizer see any
// byte read behind it.
static void json_every_cut_is_refused(void **state)
{
    static const char whole[] =
        "{\"a\":[1.5e3,\"\\u00e9\\ud83d\\ude00\xc3\xa9\",true,null],\"b\":{}}";
    struct buf b;
    str s;

    (void)state;
    for (size_t n = 0; n < sizeof whole - 1; n++) {
        buf_init(&b, n);
        buf_add(&b, (str){whole, n});
        status st = raw_all(buf_str(&b), &s);
        assert_int_equal(st.cls, ST_BAD_INPUT);
        assert_true(st.at <= n);
        buf_fini(&b);
    }
    assert_int_equal(raw_all(str_of(whole), &s).cls, ST_OK);
}

// Every byte in every place of the eight byte steps: the fast scan agrees with the plain rule.
static void json_fast_scan_misses_nothing(void **state)
{
    char text[22];
    str s;

    (void)state;
    for (size_t place = 1; place < 20; place++) {
        for (int c = 0; c < 256; c++) {
            memset(text, 'x', sizeof text);
            text[0] = text[21] = '"';
            text[place] = (char)c;
            bool good = c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
            status st = raw_all((str){text, sizeof text}, &s);
            assert_int_equal(st.cls, good ? ST_OK : ST_BAD_INPUT);
        }
    }
}

static str written(struct buf *b)
{
    str s;

    assert_int_equal(buf_done(b, &s).cls, ST_OK);
    return s;
}

static void json_writer_nests_and_separates(void **state)
{
    struct buf b;
    buf_init(&b, 4 * KB);
    struct json_w w = json_writer(&b);

    (void)state;
    json_w_object(&w);
    json_w_kstr(&w, "a", S("x"));
    json_w_kint(&w, "n", INT64_MIN);
    json_w_key(&w, S("list"));
    json_w_array(&w);
    json_w_int(&w, INT64_MAX);
    json_w_null(&w);
    json_w_array(&w);
    json_w_end(&w);
    json_w_object(&w);
    json_w_end(&w);
    json_w_raw(&w, S("{\"raw\":1}"));
    json_w_end(&w);
    json_w_kbool(&w, "yes", true);
    json_w_end(&w);
    assert_true(str_eq(written(&b), S("{\"a\":\"x\",\"n\":-9223372036854775808,\"list\":"
                                      "[9223372036854775807,null,[],{},{\"raw\":1}],"
                                      "\"yes\":true}")));
    buf_fini(&b);
}

static void json_writer_escapes_what_must_be(void **state)
{
    static const struct {
        str in, out;
    } rows[] = {
        {{"", 0},                         {"\"\"", 2}                                  },
        {{"a\"b\\c/d", 7},                {"\"a\\\"b\\\\c/d\"", 11}                    },
        {{"\b\f\n\r\t\x1d\0\x7f", 8},     {"\"\\b\\f\\n\\r\\t\\u001d\\u0000\x7f\"", 25}},
        {{"\xc3\xa9\xf0\x9f\x98\x80", 6}, {"\"\xc3\xa9\xf0\x9f\x98\x80\"", 8}          },
        {{"a\xff\xc3z", 4},               {"\"a\xef\xbf\xbd\xef\xbf\xbdz\"", 10}       },
        {{"\xc3\xa9\x80\xc3\xa9", 5},     {"\"\xc3\xa9\xef\xbf\xbd\xc3\xa9\"", 9}      },
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct buf b;
        buf_init(&b, 4 * KB);
        struct json_w w = json_writer(&b);
        json_w_str(&w, rows[i].in);
        assert_true(str_eq(written(&b), rows[i].out));
        buf_fini(&b);
    }
}

static void json_every_written_pair_of_bytes_reads_back(void **state)
{
    struct buf b;
    buf_init(&b, 4 * KB);

    (void)state;
    for (unsigned v = 0; v < 0x10000; v++) {
        char two[2] = {(char)(v >> 8), (char)v};
        str in = {two, 2};
        buf_reset(&b);
        struct json_w w = json_writer(&b);
        json_w_str(&w, in);
        arena_reset(&arena);
        struct json_r r = json_reader(written(&b), &arena);
        str out = json_string(&r);
        assert_int_equal(json_r_end(&r).cls, ST_OK);
        if (str_is_utf8(in, NULL)) assert_true(str_eq(in, out));
    }
    buf_fini(&b);
}

static void json_writer_over_its_ceiling_says_so(void **state)
{
    struct buf b;
    str s;
    buf_init(&b, 8);
    struct json_w w = json_writer(&b);

    (void)state;
    json_w_array(&w);
    json_w_str(&w, S("longer than eight"));
    json_w_end(&w);
    assert_int_equal(buf_done(&b, &s).cls, ST_TOO_LARGE);
    buf_fini(&b);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(json_that_is_json_is_taken),
        T(json_that_is_not_json_is_refused_where_it_goes_wrong),
        T(json_with_a_nul_outside_a_string_is_refused),
        T(json_depth_is_bounded_at_32),
        T(json_reader_and_raw_share_one_depth),
        T(json_strings_are_unescaped),
        T(json_plain_string_is_a_view_of_the_input),
        T(json_zero_character_survives_in_a_string),
        T(json_integers_keep_to_their_bounds),
        T(json_handler_reads_straight_on),
        T(json_handler_fails_once_and_at_the_right_place),
        T(json_long_keys_are_cut_between_characters),
        T(json_raw_is_the_value_as_it_stands),
        T(json_text_beyond_the_arena_is_too_large),
        T(json_every_cut_is_refused),
        T(json_fast_scan_misses_nothing),
        T(json_writer_nests_and_separates),
        T(json_writer_escapes_what_must_be),
        T(json_every_written_pair_of_bytes_reads_back),
        T(json_writer_over_its_ceiling_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
