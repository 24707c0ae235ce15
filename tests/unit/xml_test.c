#include "common/xml.h"
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#define T(lit)                                                                                     \
    {                                                                                              \
        "" lit, sizeof(lit) - 1                                                                    \
    }

static void shows(const struct buf *b, const char *want)
{
    str got = buf_str(b);

    if (!str_eq(got, str_of(want))) fail_msg("wrote %.*s\nwanted %s", STR(got), want);
}

static void elements_nest_and_empty_ones_are_short(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 4 * KB);
    struct xml_w w = xml_writer(&b);
    xml_declare(&w);
    xml_open(&w, S("a:root"));
    xml_attr(&w, S("xmlns:a"), S("urn:x"));
    xml_attr(&w, S("a"), S("1"));
    xml_leaf(&w, S("leaf"), S("text"));
    xml_leaf(&w, S("empty"), S(""));
    xml_text(&w, S("tail"));
    xml_close(&w);
    assert_int_equal(xml_done(&w).cls, ST_OK);
    shows(&b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><a:root xmlns:a=\"urn:x\" a=\"1\">"
              "<leaf>text</leaf><empty/>tail</a:root>");
    buf_fini(&b);
}

static const struct {
    str in;
    const char *text, *attr;
} spelling[] = {
    {T("a&b<c>d\"e'f"),                         "a&amp;b&lt;c&gt;d\"e'f",               "a&amp;b&lt;c&gt;d&quot;e'f"},
    {T("]]>"),                                  "]]&gt;",                               "]]&gt;"                    },
    {T("a\tb\nc\rd"),                           "a\tb\nc&#13;d",                        "a&#9;b&#10;c&#13;d"        },
    {T("&amp;"),                                "&amp;amp;",                            "&amp;amp;"                 },
    {T("\xc3\xa4\xe2\x82\xac\xf0\x9f\x92\x8a"), "\xc3\xa4\xe2\x82\xac\xf0\x9f\x92\x8a",
     "\xc3\xa4\xe2\x82\xac\xf0\x9f\x92\x8a"                                                                         },
    {T("\xef\xbf\xbd\xef\xbb\xbf"),             "\xef\xbf\xbd\xef\xbb\xbf",             "\xef\xbf\xbd\xef\xbb\xbf"  },
    {T("\x7f"),                                 "\x7f",                                 "\x7f"                      },
};

static void text_and_attributes_are_escaped(void **state)
{
    struct buf b, want;

    (void)state;
    buf_init(&b, 4 * KB);
    buf_init(&want, 4 * KB);
    for (size_t i = 0; i < LEN(spelling); i++) {
        buf_reset(&b);
        buf_reset(&want);
        struct xml_w w = xml_writer(&b);
        xml_open(&w, S("x"));
        xml_attr(&w, S("y"), spelling[i].in);
        xml_text(&w, spelling[i].in);
        xml_close(&w);
        assert_int_equal(xml_done(&w).cls, ST_OK);
        buf_addf(&want, "<x y=\"%s\">%s</x>", spelling[i].attr, spelling[i].text);
        shows(&b, want.p);
    }
    buf_fini(&want);
    buf_fini(&b);
}

static const struct {
    str in;
    const char *reason;
} refused[] = {
    {T("a\0b"),           "xml.character"},
    {T("\x01"),           "xml.character"},
    {T("\x0b"),           "xml.character"},
    {T("\x1f"),           "xml.character"},
    {T("\x1d"),           "xml.character"},
    {T("\xef\xbf\xbe"),   "xml.character"},
    {T("ok\xef\xbf\xbf"), "xml.character"},
    {T("\xed\xa0\x80"),   "xml.utf8"     },
    {T("\xc0\x80"),       "xml.utf8"     },
    {T("\xff"),           "xml.utf8"     },
    {T("\xef\xbf"),       "xml.utf8"     },
};

static void what_xml_cannot_hold_is_refused_and_stays_refused(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 4 * KB);
    for (size_t i = 0; i < 2 * LEN(refused); i++) {
        buf_reset(&b);
        struct xml_w w = xml_writer(&b);
        xml_open(&w, S("x"));
        if (i % 2)
            xml_attr(&w, S("y"), refused[i / 2].in);
        else
            xml_text(&w, refused[i / 2].in);
        size_t n = b.n;
        xml_leaf(&w, S("z"), S("more"));
        xml_close(&w);
        assert_int_equal(b.n, n);
        assert_string_equal(xml_done(&w).reason, refused[i / 2].reason);
    }
    buf_fini(&b);
}

static void every_byte_is_allowed_or_refused_as_xml_1_0_says(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 4 * KB);
    for (int c = 0; c < 256; c++) {
        char byte = (char)c;
        bool ok = (c >= 0x20 && c < 0x80) || c == '\t' || c == '\n' || c == '\r';
        buf_reset(&b);
        struct xml_w w = xml_writer(&b);
        xml_leaf(&w, S("x"), (str){&byte, 1});
        assert_int_equal(xml_done(&w).cls == ST_OK, ok);
    }
    buf_fini(&b);
}

static const struct {
    str name;
    bool ncname, qname;
} names[] = {
    {T("epc"),     true,  true },
    {T("_a-b.c9"), true,  true },
    {T("a:b"),     false, true },
    {T(""),        false, false},
    {T("9a"),      false, false},
    {T("-a"),      false, false},
    {T("a b"),     false, false},
    {T("a:"),      false, false},
    {T(":a"),      false, false},
    {T("a:b:c"),   false, false},
    {T("a>"),      false, false},
    {T("a\0"),     false, false},
    {T("a=\"1\""), false, false},
};

static void only_names_become_names(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 4 * KB);
    for (size_t i = 0; i < LEN(names); i++) {
        assert_int_equal(xml_is_ncname(names[i].name), names[i].ncname);
        for (int attr = 0; attr < 2; attr++) {
            buf_reset(&b);
            struct xml_w w = xml_writer(&b);
            xml_open(&w, attr ? S("x") : names[i].name);
            if (attr) xml_attr(&w, names[i].name, S("v"));
            xml_close(&w);
            status st = xml_done(&w);
            assert_int_equal(st.cls == ST_OK, names[i].qname);
            if (!names[i].qname) assert_string_equal(st.reason, "xml.name");
        }
    }
    buf_fini(&b);
}

static void an_attribute_is_given_once(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 4 * KB);
    struct xml_w w = xml_writer(&b);
    xml_open(&w, S("b"));
    xml_attr(&w, S("ab"), S(" a=\" b=\"")); // looks like attributes, and is not
    xml_attr(&w, S("b"), S("a"));
    xml_attr(&w, S("a"), S("1"));
    assert_int_equal(w.st.cls, ST_OK);
    xml_attr(&w, S("ab"), S("2"));
    assert_string_equal(xml_done(&w).reason, "xml.twice");
    buf_fini(&b);
}

// At every ceiling the writer answers TOO_LARGE, or it wrote the whole document.
static void the_ceiling_gives_all_or_a_failure(void **state)
{
    static const char whole[] = "<abc d=\"e\"><f>g&amp;h</f></abc>";

    (void)state;
    for (size_t max = 0; max <= sizeof whole; max++) {
        struct buf b;
        buf_init(&b, max);
        struct xml_w w = xml_writer(&b);
        xml_open(&w, S("abc"));
        xml_attr(&w, S("d"), S("e"));
        xml_leaf(&w, S("f"), S("g&h"));
        xml_close(&w);
        status st = xml_done(&w);
        assert_int_equal(st.cls, max >= sizeof whole - 1 ? ST_OK : ST_TOO_LARGE);
        if (st.cls == ST_OK) shows(&b, whole);
        buf_fini(&b);
    }
}

static void a_text_of_xml_is_utf_8_of_its_characters(void **state)
{
    static const struct {
        str text;
        size_t bad; // of what is none
    } rows[] = {
        {T(""),                             0       },
        {T("a\t\n\r\x7f \xc2\x85"),         SIZE_MAX},
        {T("\xef\xbf\xbd\xf0\x9f\xbf\xbf"), SIZE_MAX},
        {T("ab\xef\xbf\xbe"),               2       },
        {T("\xef\xbf\xbf"),                 0       },
        {T("a\x1f\xff"),                    1       },
        {T("abc\xff\x01"),                  3       },
        {T("abcd\xef\xbf"),                 4       },
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        size_t bad = SIZE_MAX;
        bool good = rows[i].bad == SIZE_MAX || rows[i].text.n == 0;
        assert_int_equal(xml_is_text(rows[i].text, &bad), good);
        if (!good) assert_int_equal(bad, rows[i].bad);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_nest_and_empty_ones_are_short),
        cmocka_unit_test(text_and_attributes_are_escaped),
        cmocka_unit_test(what_xml_cannot_hold_is_refused_and_stays_refused),
        cmocka_unit_test(every_byte_is_allowed_or_refused_as_xml_1_0_says),
        cmocka_unit_test(a_text_of_xml_is_utf_8_of_its_characters),
        cmocka_unit_test(only_names_become_names),
        cmocka_unit_test(an_attribute_is_given_once),
        cmocka_unit_test(the_ceiling_gives_all_or_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
