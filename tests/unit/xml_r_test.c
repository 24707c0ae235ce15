// xml_r_test.c - claims about the XML reader.
#include "common/xml_r.h"
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

static struct arena arena;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 64 * KB);
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

// The whole document as one line: <{uri}local @{uri}name=value>text</>.
static status told(str in, struct buf *out)
{
    struct xml_r r;
    enum xml_token t;
    str text;

    xml_r_init(&r, in, &arena);
    while ((t = xml_r_next(&r, &text)) != XML_NONE) {
        if (t == XML_TEXT) buf_add(out, text);
        if (t == XML_END) buf_add(out, S("</>"));
        if (t != XML_START) continue;
        buf_addf(out, "<{%.*s}%.*s", STR(r.name.uri), STR(r.name.local));
        for (uint32_t i = 0; i < r.attr_count; i++)
            buf_addf(out, " @{%.*s}%.*s=%.*s", STR(r.attrs[i].name.uri), STR(r.attrs[i].name.local),
                     STR(r.attrs[i].value));
        buf_addc(out, '>');
    }
    return xml_r_end(&r);
}

static void documents_are_told_as_they_are(void **state)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"<a/>",                                                                "<{}a></>"                           },
        {"<a></a >",                                                            "<{}a></>"                           },
        {"\xef\xbb\xbf<a\n/>\n",                                                "<{}a></>"                           },
        {"<?xml version=\"1.0\"?><a/>",                                         "<{}a></>"                           },
        {"<?xml version='1.1' encoding='utf-8' standalone='no' ?>\n<a/>",       "<{}a></>"                           },
        {"<!-- - --><?p?><a/><?p ?q?><!---->",                                  "<{}a></>"                           },
        {"<a>x<b>y</b>z</a>",                                                   "<{}a>x<{}b>y</>z</>"                },
        {"<a> x\t\n</a>",                                                       "<{}a> x\t\n</>"                     },
        {"<a>x\r\ny\rz&#13;</a>",                                               "<{}a>x\ny\nz\r</>"                  },
        {"<a>&lt;&gt;&amp;&quot;&apos;&#65;&#x41;&#x1F48A;</a>",
         "<{}a><>&\"'AA\xf0\x9f\x92\x8a</>"                                                                          },
        {"<a>1<!-- 2 -->3<?p 4?>5<![CDATA[<6>&\r\n]]>7</a>",                    "<{}a>135<6>&\n7</>"                 },
        {"<a><![CDATA[]]><!-- --></a>",                                         "<{}a></>"                           },
        {"<a>]]<![CDATA[]]]]>&gt;></a>",                                        "<{}a>]]]]>></>"                     },
        {"<a b=\"1\" c = '2\"'/>",                                              "<{}a @{}b=1 @{}c=2\"></>"           },
        {"<a b='\t\n\r\n&#9;&#10;&lt;x'/>",                                     "<{}a @{}b=   \t\n<x></>"            },
        {"<a xmlns='u'><b/><c xmlns=''/></a>",                                  "<{u}a><{u}b></><{}c></></>"         },
        {"<p:a xmlns:p='u' b='1' p:b='2'/>",                                    "<{u}a @{}b=1 @{u}b=2></>"           },
        {"<a xmlns:p='u'><p:b xmlns:p='v'/><p:b/></a>",                         "<{}a><{v}b></><{u}b></></>"         },
        {"<a xml:lang='de' xmlns:xml='http://www.w3.org/XML/1998/namespace'/>",
         "<{}a @{http://www.w3.org/XML/1998/namespace}lang=de></>"                                                   },
        {"<\xc3\xa9-1.\xc2\xb7>\xe2\x82\xac</\xc3\xa9-1.\xc2\xb7>",
         "<{}\xc3\xa9-1.\xc2\xb7>\xe2\x82\xac</>"                                                                    },
        {"<a b='\xc3\xa4\xe2\x82\xac>'/>",                                      "<{}a @{}b=\xc3\xa4\xe2\x82\xac>></>"},
    };
    struct buf b;

    (void)state;
    buf_init(&b, 4 * KB);
    for (size_t i = 0; i < LEN(rows); i++) {
        buf_reset(&b);
        status st = told(str_of(rows[i].in), &b);
        if (st.cls != ST_OK) fail_msg("%s: %s at %u", rows[i].in, st.text, st.at);
        if (!str_eq(buf_str(&b), str_of(rows[i].out)))
            fail_msg("%s\nis   %s\nnot  %s", rows[i].in, b.p, rows[i].out);
    }
    buf_fini(&b);
}

static void what_is_not_xml_is_refused_where_it_goes_wrong(void **state)
{
    static const struct {
        const char *in, *reason;
    } bad[] = {
        {"*",                                                    "xml.syntax"   },
        {"  *",                                                  "xml.syntax"   },
        {"*a",                                                   "xml.syntax"   },
        {"<*",                                                   "xml.syntax"   },
        {"<*1/>",                                                "xml.syntax"   },
        {"<* a/>",                                               "xml.syntax"   },
        {"<a*",                                                  "xml.syntax"   },
        {"<a>*",                                                 "xml.syntax"   },
        {"<a>x*",                                                "xml.syntax"   },
        {"<a>*</b>",                                             "xml.syntax"   },
        {"<a>*</a b>",                                           "xml.syntax"   },
        {"<a>*</ab>",                                            "xml.syntax"   },
        {"<a>*</ a>",                                            "xml.syntax"   },
        {"<a><b>*</a></b>",                                      "xml.syntax"   },
        {"<a/*",                                                 "xml.syntax"   },
        {"<a/* >",                                               "xml.syntax"   },
        {"<a/>*<b/>",                                            "xml.syntax"   },
        {"<a/>*x",                                               "xml.syntax"   },
        {"<a b*/>",                                              "xml.syntax"   },
        {"<a b=*1/>",                                            "xml.syntax"   },
        {"<a b='*",                                              "xml.syntax"   },
        {"<a b='*</a>",                                          "xml.syntax"   },
        {"<a b='1'*c='2'/>",                                     "xml.syntax"   },
        {"<a b='1' *b='1'/>",                                    "xml.twice"    },
        {"<a *=''/>",                                            "xml.syntax"   },
        {"<a:*/>",                                               "xml.syntax"   },
        {"<*:a/>",                                               "xml.syntax"   },
        {"<a:b*:c/>",                                            "xml.syntax"   },
        {"*<a:b/>",                                              "xml.prefix"   },
        {"<a *b:c='1'/>",                                        "xml.prefix"   },
        {"*<xmlns:b/>",                                          "xml.prefix"   },
        {"<a *xmlns:b=''/>",                                     "xml.prefix"   },
        {"<a *xmlns:xml='u'/>",                                  "xml.prefix"   },
        {"<a *xmlns:xmlns='u'/>",                                "xml.prefix"   },
        {"<a *xmlns='http://www.w3.org/2000/xmlns/'/>",          "xml.prefix"   },
        {"<a *xmlns:b='http://www.w3.org/XML/1998/namespace'/>", "xml.prefix"   },
        {"<a xmlns='u' *xmlns='v'/>",                            "xml.twice"    },
        {"<a xmlns:b='u' xmlns:c='u' b:d='' *c:d=''/>",          "xml.twice"    },
        {"<a>*&b;</a>",                                          "xml.entity"   },
        {"<a b='*&nbsp;'/>",                                     "xml.entity"   },
        {"<a>*& </a>",                                           "xml.syntax"   },
        {"<a>*&amp</a>",                                         "xml.syntax"   },
        {"<a>*&#0;</a>",                                         "xml.character"},
        {"<a>*&#x;</a>",                                         "xml.character"},
        {"<a>*&#xd800;</a>",                                     "xml.character"},
        {"<a>*&#xfffe;</a>",                                     "xml.character"},
        {"<a>*&#x110000;</a>",                                   "xml.character"},
        {"<a>*&#99999999999999;</a>",                            "xml.character"},
        {"<a>*&#X41;</a>",                                       "xml.character"},
        {"<a>*]]></a>",                                          "xml.syntax"   },
        {"<a>x*\x01</a>",                                        "xml.character"},
        {"<a b='*\x1f'/>",                                       "xml.character"},
        {"<a>x*\xef\xbf\xbe</a>",                                "xml.character"},
        {"<a>x*\xc3</a>",                                        "xml.utf8"     },
        {"<a>x*\xed\xa0\x80</a>",                                "xml.utf8"     },
        {"<a b='*\x80'/>",                                       "xml.utf8"     },
        {"<!-- *\xff --><a/>",                                   "xml.utf8"     },
        {"<!-- *-- --><a/>",                                     "xml.syntax"   },
        {"<!-- *--->\n<a/>",                                     "xml.syntax"   },
        {"<!-- *",                                               "xml.syntax"   },
        {"<?p *",                                                "xml.syntax"   },
        {"<?*?><a/>",                                            "xml.syntax"   },
        {"<?p*:q?><a/>",                                         "xml.syntax"   },
        {"*<?XML ?><a/>",                                        "xml.syntax"   },
        {" *<?xml version='1.0'?><a/>",                          "xml.syntax"   },
        {"<a>*<?xml version='1.0'?></a>",                        "xml.syntax"   },
        {"*<?xml ?><a/>",                                        "xml.syntax"   },
        {"*<?xml version='2.0'?><a/>",                           "xml.syntax"   },
        {"*<?xml version='1.'?><a/>",                            "xml.syntax"   },
        {"*<?xml version='1.0'encoding='UTF-8' ?><a/>",          "xml.syntax"   },
        {"*<?xml version='1.0' encoding=''?><a/>",               "xml.syntax"   },
        {"*<?xml version='1.0' standalone='true'?><a/>",         "xml.syntax"   },
        {"*<?xml encoding='UTF-8' version='1.0'?><a/>",          "xml.syntax"   },
        {"*<?xml version='1.0' encoding='latin1'?><a/>",         "xml.encoding" },
        {"*<!DOCTYPE a [<!ENTITY b 'c'>]><a/>",                  "xml.dtd"      },
        {"*<!DOCTYPE a SYSTEM 'http://e.com/a.dtd'><a/>",        "xml.dtd"      },
        {"*<!DOCTYPE><a/>",                                      "xml.dtd"      },
        {"<!DOCTYPE a>*<!DOCTYPE a><a/>",                        "xml.dtd"      },
        {"<a/>*<!DOCTYPE a>",                                    "xml.dtd"      },
        {"<a>*<!DOCTYPE a></a>",                                 "xml.dtd"      },
        {"<a>*<!ELEMENT a></a>",                                 "xml.syntax"   },
        {"*<![CDATA[x]]><a/>",                                   "xml.syntax"   },
        {"<a><![CDATA[x*",                                       "xml.syntax"   },
        {"<a><![CDATA[x*\x02]]></a>",                            "xml.character"},
    };
    struct buf b;

    (void)state;
    buf_init(&b, 4 * KB);
    for (size_t i = 0; i < LEN(bad); i++) {
        struct marked m = marked(bad[i].in);
        buf_reset(&b);
        status st = told((str){m.text, m.n}, &b);
        if (st.cls != ST_BAD_INPUT || strcmp(st.reason, bad[i].reason) != 0 || st.at != m.at)
            fail_msg("%s: %s (%s) at %u", bad[i].in, st.reason == NULL ? "taken" : st.reason,
                     st.text, st.at);
        assert_true(st.text[0] != 0);
    }
    buf_fini(&b);
}

static void a_zero_byte_is_no_character(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 4 * KB);
    assert_string_equal(told(S("<a>x\0</a>"), &b).reason, "xml.character");
    assert_string_equal(told(S("<a\0/>"), &b).reason, "xml.syntax");
    assert_string_equal(told(S("<a/>\0"), &b).reason, "xml.syntax");
    buf_fini(&b);
}

// `n` of these, one inside the other or in a row.
static str repeated(struct buf *b, const char *begin, const char *each, unsigned n, const char *end)
{
    buf_reset(b);
    buf_add(b, str_of(begin));
    for (unsigned i = 0; i < n; i++) {
        buf_add(b, str_of(each));
        if (strchr(each, '=') != NULL) buf_addf(b, "%u='u'", i);
    }
    buf_add(b, str_of(end));
    return buf_str(b);
}

static void depth_attributes_and_namespaces_have_ceilings(void **state)
{
    struct buf in, out;

    (void)state;
    buf_init(&in, 16 * KB);
    buf_init(&out, 16 * KB);
    assert_string_equal(told(repeated(&in, "", "<a>", XML_R_DEPTH_MAX + 1, ""), &out).reason,
                        "xml.depth");
    assert_string_equal(told(repeated(&in, "", "<a>", XML_R_DEPTH_MAX, ""), &out).reason,
                        "xml.syntax"); // it only ends too soon
    for (unsigned more = 0; more < 2; more++) {
        buf_reset(&in);
        buf_add(&in, S("<a"));
        for (unsigned i = 0; i < XML_R_ATTR_MAX + more; i++) buf_addf(&in, " a%u=''", i);
        buf_add(&in, S("/>"));
        status st = told(buf_str(&in), &out);
        assert_int_equal(st.cls, more == 0 ? ST_OK : ST_BAD_INPUT);
        if (more != 0) assert_string_equal(st.reason, "xml.attributes");
        buf_reset(&in);
        for (unsigned i = 0; i < XML_R_NS_MAX + more; i++)
            buf_addf(&in, "%s xmlns:a%u='u'", i == 0 ? "<a" : i % 64 == 0 ? "><a" : "", i);
        buf_add(&in, S("/>"));
        st = told(buf_str(&in), &out);
        assert_string_equal(st.reason, more == 0 ? "xml.syntax" : "xml.namespaces");
    }
    buf_fini(&in);
    buf_fini(&out);
}

static void a_full_arena_is_a_ceiling(void **state)
{
    struct arena small;
    struct xml_r r;

    (void)state;
    arena_init(&small, 16);
    xml_r_init(&r, S("<a>&lt;0123456789abcdef</a>"), &small);
    assert_true(xml_r_root(&r));
    xml_r_text(&r);
    status st = xml_r_end(&r);
    assert_int_equal(st.cls, ST_TOO_LARGE);
    assert_string_equal(st.reason, "xml.ceiling");
    arena_fini(&small);
}

static void a_plain_text_is_a_view_of_the_input(void **state)
{
    str in = S("<a b='value'><!-- --> text <?p?></a>");
    struct xml_r r;

    (void)state;
    xml_r_init(&r, in, &arena);
    assert_true(xml_r_root(&r));
    assert_ptr_equal(xml_r_attr(&r, S(""), S("b"))->value.p, in.p + 6);
    str s = xml_r_token(&r);
    assert_ptr_equal(s.p, in.p + 22);
    assert_int_equal(s.n, 4);
    assert_int_equal(arena.used, 0);
    assert_int_equal(xml_r_end(&r).cls, ST_OK);
}

static status refusal(const char *reason, uint32_t at)
{
    return (status){.cls = ST_UNPROCESSABLE, .reason = reason, .at = at, .text = "no such thing"};
}

// A handler as rooms write them.
static status note_read(str in, str *out)
{
    struct xml_r r;

    *out = (str){0};
    xml_r_init(&r, in, &arena);
    for (xml_r_root(&r); xml_r_child(&r);) {
        if (xml_is(&r.name, S("urn:n"), S("note"))) {
            const struct xml_r_attr *a = xml_r_attr(&r, S(""), S("kind"));
            if (a != NULL && !str_eq(a->value, S("k"))) xml_r_refuse(&r, refusal("note.kind", 1));
            *out = xml_r_token(&r);
            if (str_eq(*out, S("bad"))) xml_r_refuse(&r, refusal("note.bad", 2));
        } else if (xml_is(&r.name, S(""), S("mark"))) {
            xml_r_empty(&r);
        } else if (xml_is(&r.name, S(""), S("any"))) {
            xml_r_skip(&r);
        } else {
            xml_r_fail(&r, "note.unknown", "not known");
        }
    }
    return xml_r_end(&r);
}

static void a_handler_reads_on_and_asks_once(void **state)
{
    static const struct {
        const char *in, *reason; // NULL: the note is "n"
    } rows[] = {
        {"<x><n:note xmlns:n='urn:n'> n </n:note><mark/> <any>a<b/>c</any>*</x>",     NULL          },
        {"<x xmlns:n='urn:n'><mark> <!-- --></mark><n:note kind='k'>n</n:note>*</x>", NULL          },
        {"<x xmlns:n='urn:n'><n:note kind='a*b'/></x>",                               "note.kind"   },
        {"<x xmlns:n='urn:n'><n:note *kind='&lt;'/></x>",                             "note.kind"   },
        {"<x xmlns:n='urn:n'><n:note>  ba*d </n:note></x>",                           "note.bad"    },
        {"<x xmlns:n='urn:n'>*<n:note>ba<![CDATA[d]]></n:note></x>",                  "note.bad"    },
        {"<x><any/>*<note>n</note></x>",                                              "note.unknown"},
        {"<x>*text<mark/></x>",                                                       "xml.content" },
        {"<x><mark/>*<![CDATA[text]]></x>",                                           "xml.content" },
        {"<x><mark>*text</mark></x>",                                                 "xml.content" },
        {"<x><mark>*<b/></mark></x>",                                                 "xml.content" },
        {"<x xmlns:n='urn:n'><n:note>a*<b/></n:note></x>",                            "xml.content" },
        {"<x><any><b>*</any></x>",                                                    "xml.syntax"  },
    };
    str note;

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct marked m = marked(rows[i].in);
        status st = note_read((str){m.text, m.n}, &note);
        if (rows[i].reason == NULL) {
            if (st.cls != ST_OK) fail_msg("%s: %s", rows[i].in, st.text);
            assert_true(str_eq(note, S("n")));
        } else if (st.cls == ST_OK || strcmp(st.reason, rows[i].reason) != 0 || st.at != m.at) {
            fail_msg("%s: %s (%s) at %u", rows[i].in, st.reason, st.text, st.at);
        }
    }
}

static void a_scope_is_carried_to_what_was_cut_out(void **state)
{
    struct buf scope;
    struct xml_r r;

    (void)state;
    buf_init(&scope, 4 * KB);
    xml_r_init(
        &r, S("<a xmlns='urn:d' xmlns:p='urn:p&quot;&amp;&lt;&#10;'><b xmlns='' xmlns:q='q'><c/>"),
        &arena);
    assert_true(xml_r_root(&r) && xml_r_child(&r) && xml_r_child(&r));
    xml_r_scope_put(&r, &scope);
    assert_true(str_eq(buf_str(&scope), S(" xmlns:p=\"urn:p&#34;&#38;&#60;&#10;\" xmlns:q=\"q\"")));
    xml_r_init(&r, S("<p:c q:d=''/>"), &arena);
    xml_r_scope(&r, buf_str(&scope));
    assert_true(xml_r_root(&r));
    assert_true(xml_is(&r.name, S("urn:p\"&<\n"), S("c")));
    assert_non_null(xml_r_attr(&r, S("q"), S("d")));
    xml_r_empty(&r);
    assert_int_equal(xml_r_end(&r).cls, ST_OK);
    xml_r_init(&r, S("<c/>"), &arena);
    xml_r_scope(&r, S(" xmlns:p=\"urn"));
    assert_int_equal(xml_r_end(&r).cls, ST_BAD_INPUT);
    buf_fini(&scope);
}

static void bytes_made_utf8_may_declare_what_they_were(void **state)
{
    struct xml_r r;

    (void)state;
    xml_r_init(&r, S("<?xml version='1.0' encoding='ISO-8859-1'?><a/>"), &arena);
    r.transcoded = true;
    assert_true(xml_r_root(&r));
    xml_r_skip(&r);
    assert_int_equal(xml_r_end(&r).cls, ST_OK);
    assert_true(str_eq(r.encoding, S("ISO-8859-1")));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(documents_are_told_as_they_are),
        TEST(what_is_not_xml_is_refused_where_it_goes_wrong),
        TEST(a_zero_byte_is_no_character),
        TEST(depth_attributes_and_namespaces_have_ceilings),
        TEST(a_full_arena_is_a_ceiling),
        TEST(a_plain_text_is_a_view_of_the_input),
        TEST(a_handler_reads_on_and_asks_once),
        TEST(a_scope_is_carried_to_what_was_cut_out),
        TEST(bytes_made_utf8_may_declare_what_they_were),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
