// epcis_cut_xml_test.c - claims about documents in XML: cut alike however they come, their fronts
// read, what is no document refused where it goes wrong; and documents written whole.
#include "service/epcis/write.h"
#include <iconv.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ROOT_2                                                                                     \
    "<epcis:EPCISDocument xmlns:epcis=\"urn:epcglobal:epcis:xsd:2\" xmlns:a=\"urn:a\" "            \
    "schemaVersion=\"2.0\" creationDate=\"2026-11-23T19:17:10Z\">"
#define ROOT_1                                                                                     \
    "<epcis:EPCISDocument xmlns:epcis=\"urn:epcglobal:epcis:xsd:1\" schemaVersion=\"1.2\" "        \
    "creationDate=\"2026-11-23T19:17:10\">"
#define QUERY                                                                                      \
    "<q:EPCISQueryDocument xmlns:q=\"urn:epcglobal:epcis-query:xsd:2\" schemaVersion=\"2.0\" "     \
    "creationDate=\"2026-11-23T19:17:10Z\">"
#define END          "</epcis:EPCISDocument>"
#define BODY(list)   "<EPCISBody>" list "</EPCISBody>"
#define LIST(inside) BODY("<EventList>" inside "</EventList>")
#define EVENT        "<ObjectEvent><b/></ObjectEvent>"
#define SBDH                                                                                       \
    "<s:StandardBusinessDocumentHeader "                                                           \
    "xmlns:s=\"http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader\">"           \
    "<s:HeaderVersion>1.0</s:HeaderVersion><s:Sender><s:Identifier Authority=\"GS1\"> "            \
    "9521141001004"                                                                                \
    "</s:Identifier></s:Sender><s:Receiver><s:Identifier>urn:x:r</s:Identifier></s:Receiver>"      \
    "<s:DocumentIdentification><s:Standard>EPCglobal</s:Standard><s:TypeVersion>1.0"               \
    "</s:TypeVersion><s:InstanceIdentifier>M-1</s:InstanceIdentifier><s:Type>Events</s:Type>"      \
    "<s:CreationDateAndTime>2026-11-23T19:17:10Z</s:CreationDateAndTime></"                        \
    "s:DocumentIdentification>"                                                                    \
    "</s:StandardBusinessDocumentHeader>"

// Everything that a cutter says, as one line.
struct heard {
    struct buf said;
    str in;    // where the places are looked up; empty: not
    bool stop; // at the first event
};

static void attrs_put(struct buf *b, const struct epcis_vocabulary_element *e)
{
    for (uint32_t i = 0; i < e->attr_count; i++) {
        const struct epcis_vocabulary_attr *a = &e->attrs[i];
        buf_addf(b, " %.*s=%.*s", STR(a->id), STR(a->text));
        for (const struct epcis_node *n = a->content; n != NULL; n = n->next)
            buf_addf(b, "{%.*s}", STR(n->name));
    }
    for (uint32_t i = 0; i < e->children.n; i++) buf_addf(b, " >%.*s", STR(e->children.at[i]));
}

static status front(void *self, const struct epcis_front *f)
{
    struct buf *b = &((struct heard *)self)->said;

    buf_addf(b, "front %d/%d%.*s", f->kind, f->scope.version, STR(f->scope.context));
    if (f->sender.id.n > 0)
        buf_addf(b, " from %.*s(%.*s) to %.*s as %.*s", STR(f->sender.id), STR(f->sender.authority),
                 STR(f->receiver.id), STR(f->instance));
    if (f->query_name.n > 0)
        buf_addf(b, " query %.*s/%.*s", STR(f->query_name), STR(f->subscription_id));
    for (const struct epcis_node *n = f->ext; n != NULL; n = n->next)
        buf_addf(b, " ext %.*s", STR(n->name));
    for (uint32_t i = 0; i < f->element_count; i++) {
        buf_addf(b, " [%.*s %.*s", STR(f->elements[i].type), STR(f->elements[i].id));
        attrs_put(b, &f->elements[i]);
        buf_addc(b, ']');
    }
    buf_addc(b, '\n');
    return OK;
}

static status event(void *self, uint32_t index, str bytes, uint64_t at)
{
    struct heard *h = self;

    buf_addf(&h->said, "%u %.*s\n", index, STR(bytes));
    if (h->in.n > 0) assert_memory_equal(h->in.p + at, bytes.p, bytes.n);
    if (h->stop)
        return (status){.cls = ST_CONFLICT, .reason = "test.stop", .text = "enough", .at = 7};
    return OK;
}

static const struct epcis_cut_ops ops = {front, event};

static status cut(str in, size_t step, size_t event_max, struct heard *h)
{
    struct epcis_cut_conf conf = {
        .syntax = EPCIS_SYNTAX_XML, .event_max = event_max, .ops = &ops, .self = h};
    struct epcis_cut *c = epcis_cut_new(&conf);
    status st = OK;

    buf_reset(&h->said);
    for (size_t i = 0; i < in.n && st.cls == ST_OK; i += step)
        st = epcis_cut_piece(c, (str){in.p + i, in.n - i < step ? in.n - i : step});
    if (st.cls == ST_OK) st = epcis_cut_end(c);
    epcis_cut_free(&c);
    return st;
}

static const struct {
    const char *in, *said;
} documents[] = {
    {ROOT_2 LIST("") END,
     "front 0/3 xmlns:epcis=\"urn:epcglobal:epcis:xsd:2\" xmlns:a=\"urn:a\"\n"                                                },
    {ROOT_2 BODY("<EventList/>") END,
     "front 0/3 xmlns:epcis=\"urn:epcglobal:epcis:xsd:2\" xmlns:a=\"urn:a\"\n"                                                },
    {ROOT_2 BODY("") END,                                                                      "front 0/3\n"                  },
    {"<?xml version='1.0' encoding='UTF-8'?>\n<!-- > --><!DOCTYPE x>" ROOT_2
     "<EPCISBody> <EventList xmlns:b='urn:b'>\n" EVENT "<!-- <x> --> <?p > ?>" EVENT
     "\t<AggregationEvent c='>\"</AggregationEvent>'/><x:OwnEvent "
     "xmlns:x='u'>]]&gt;<![CDATA[</x>]]>"
     "</x:OwnEvent></EventList><a:x/></EPCISBody><a:y>1</a:y>" END "<!-- e -->\n",
     "front 0/3 xmlns:epcis=\"urn:epcglobal:epcis:xsd:2\" xmlns:a=\"urn:a\" xmlns:b=\"urn:b\"\n"
     "0 " EVENT "\n1 " EVENT "\n"
     "2 <AggregationEvent c='>\"</AggregationEvent>'/>\n"
     "3 <x:OwnEvent xmlns:x='u'>]]&gt;<![CDATA[</x>]]></x:OwnEvent>\n"                                                        },
    {ROOT_1 LIST("<extension><TransformationEvent/></extension>") END,
     "front 0/2 xmlns:epcis=\"urn:epcglobal:epcis:xsd:1\"\n"
     "0 <extension><TransformationEvent/></extension>\n"                                                                      },
    {ROOT_1 "<EPCISHeader>" SBDH "<extension><EPCISMasterData><VocabularyList>"
            "<Vocabulary type=\"urn:v\"><VocabularyElementList><VocabularyElement id=\"urn:e\">"
            "<attribute id=\"name\"> Site </attribute><attribute id=\"at\"><x/><y/></attribute>"
            "<children><id>urn:c</id><id/></children></VocabularyElement>"
            "<VocabularyElement id=\"urn:f\"/></VocabularyElementList></Vocabulary><Vocabulary "
            "type=\"urn:w\"/>"
            "</VocabularyList></EPCISMasterData></extension><h:note xmlns:h=\"urn:h\">n</h:note>"
            "</EPCISHeader>" LIST("") END,
     "front 0/2 xmlns:epcis=\"urn:epcglobal:epcis:xsd:1\" from 9521141001004(GS1) to urn:x:r as "
     "M-1 "
     "ext note [urn:v urn:e name=Site at={x}{y} >urn:c] [urn:v urn:f]\n"                                                      },
    {ROOT_2 "<EPCISHeader>" SBDH "</EPCISHeader>" LIST(EVENT) END,
     "front 0/3 xmlns:epcis=\"urn:epcglobal:epcis:xsd:2\" xmlns:a=\"urn:a\" from "
     "9521141001004(GS1) "
     "to urn:x:r as M-1\n0 " EVENT "\n"                                                                                       },
    {QUERY BODY("<q:QueryResults><queryName>mine</queryName><subscriptionID>7</subscriptionID>"
                "<resultsBody><EventList>" EVENT
                "</EventList></resultsBody></q:QueryResults>") "</q:EPCISQueryDocument>",
     "front 1/3 xmlns:q=\"urn:epcglobal:epcis-query:xsd:2\" query mine/7\n0 " EVENT "\n"                                      },
    {"<m:EPCISMasterDataDocument xmlns:m=\"urn:epcglobal:epcis-masterdata:xsd:1\" "
     "schemaVersion=\"1.0\" creationDate=\"2026-11-23T19:17:10Z\"><EPCISBody><VocabularyList>"
     "<Vocabulary type=\"urn:v\"><VocabularyElementList><VocabularyElement id=\"urn:e\"/>"
     "</VocabularyElementList></Vocabulary></VocabularyList></EPCISBody>"
     "</m:EPCISMasterDataDocument>",                                                      "front 2/0 [urn:v urn:e]\n"    },
 // an event alone
    {"<!-- c --> " EVENT " <?p?>",                                                             "front 3/3\n0 " EVENT "\n"     },
    {"<ObjectEvent/>",                                                                         "front 3/3\n0 <ObjectEvent/>\n"},
    {"<ObjectEvent schemaVersion='1.1'></ObjectEvent>",
     "front 3/1\n0 <ObjectEvent schemaVersion='1.1'></ObjectEvent>\n"                                                         },
    {"<extension><TransformationEvent/></extension>",
     "front 3/2\n0 <extension><TransformationEvent/></extension>\n"                                                           },
};

static void documents_are_cut_alike_in_pieces_of_any_size(void **state)
{
    struct heard h = {0};

    (void)state;
    buf_init(&h.said, 64 * KB);
    for (size_t i = 0; i < LEN(documents); i++) {
        str in = str_of(documents[i].in);
        h.in = in;
        for (size_t step = in.n; step > 0; step = step > 60 ? step / 2 : step - 1) {
            status st = cut(in, step, MB, &h);
            if (st.cls != ST_OK)
                fail_msg("%zu by %zu: %s (%s) at %u", i, step, st.reason, st.text, st.at);
            if (!str_eq(buf_str(&h.said), str_of(documents[i].said)))
                fail_msg("%zu by %zu:\nis  %s\nnot %s", i, step, h.said.p, documents[i].said);
        }
    }
    buf_fini(&h.said);
}

static void what_is_no_document_is_refused_where_it_goes_wrong(void **state)
{
    static const struct {
        const char *in, *reason;
    } bad[] = {
        {"^",                                                                                                "xml.syntax"           },
        {"^{}",                                                                                              "xml.syntax"           },
        {ROOT_2 LIST(EVENT) "^",                                                                             "xml.syntax"           },
        {ROOT_2 "<EPCISBody><EventList>" EVENT "^",                                                          "xml.syntax"           },
        {ROOT_2 "<EPCISBody><EventList><ObjectEvent>^",                                                      "xml.syntax"           },
        {ROOT_2 LIST(EVENT) "^</epcis:Document>",                                                            "xml.syntax"           },
        {ROOT_2 "<EPCISBody><EventList>" EVENT "^</Events></EPCISBody>" END,                                 "xml.syntax"           },
        {ROOT_2 LIST(EVENT) END "^<x/>",                                                                     "xml.syntax"           },
        {ROOT_2 LIST(EVENT) END "^x",                                                                        "xml.syntax"           },
        {EVENT "^x",                                                                                         "xml.syntax"           },
        {"<!-- ^-- -->" EVENT,                                                                               "xml.syntax"           },
        {ROOT_2 LIST(EVENT "<!-- a ^-- -->"),                                                                "xml.syntax"           },
        {ROOT_2 LIST(EVENT "<!-- ^\x01 -->"),                                                                "xml.character"        },
        {ROOT_2 LIST(EVENT "^<?xml ?>"),                                                                     "xml.syntax"           },
        {ROOT_2 LIST(EVENT "^<!x>"),                                                                         "xml.syntax"           },
        {ROOT_2 LIST(EVENT "^x" EVENT) END,                                                                  "xml.content"          },
        {ROOT_2 LIST(EVENT "^<![CDATA[ ]]>" EVENT) END,                                                      "xml.content"          },
        {ROOT_2 LIST(EVENT) "^<a:x b='1' b='1'/>" END,                                                       ""                     },
        {"^<!DOCTYPE a SYSTEM 'b'><a/>",                                                                     ""                     },
        {ROOT_2 LIST("^<!DOCTYPE a>") END,                                                                   "xml.dtd"              },
        {"^<a/>",                                                                                            "epcis.document"       },
        {"^<EPCISDocument schemaVersion='2.0' creationDate='2026-11-23T19:17:10Z'/>",
         "epcis.document"                                                                                                           },
        {"^<e:EPCISDocument xmlns:e='urn:epcglobal:epcis:xsd:3'/>",                                          "epcis.document"       },
        {"<e:EPCISDocument xmlns:e='urn:epcglobal:epcis:xsd:2' ^schemaVersion='3.14'/>",
         "epcis.version"                                                                                                            },
        {"^<e:EPCISDocument xmlns:e='urn:epcglobal:epcis:xsd:2' "
         "creationDate='2026-11-23T19:17:10Z'/>",                                                   "epcis.missing"        },
        {"^<e:EPCISDocument xmlns:e='urn:epcglobal:epcis:xsd:2' schemaVersion='2.0'/>",
         "epcis.missing"                                                                                                            },
        {"<e:EPCISDocument xmlns:e='urn:epcglobal:epcis:xsd:2' schemaVersion='2.0' "
         "creationDate='^now'/>",                                                                   "time.form"            },
        {"^" ROOT_2 END,                                                                                     "epcis.missing"        },
        {ROOT_2 LIST("") "^<EPCISHeader/>" END,                                                              "epcis.order"          },
        {ROOT_2 "^<EPCISbody/>" END,                                                                         "epcis.unknown_element"},
        {ROOT_2 BODY("^<test/>") END,                                                                        "epcis.unknown_element"},
        {ROOT_2 BODY("<EventList/>^<EventList/>") END,                                                       "epcis.twice"          },
        {ROOT_2 BODY("<EventList>" EVENT "</EventList>^<EventList>" EVENT "</EventList>") END,
         "epcis.twice"                                                                                                              },
        {ROOT_2 "<EPCISHeader>^<a:x/></EPCISHeader>" LIST("") END,                                           "epcis.unknown_element"},
        {ROOT_1 "^<EPCISHeader/>" LIST("") END,                                                              "epcis.missing"        },
        {"<EPCISDocument xmlns='urn:epcglobal:epcis:xsd:2' schemaVersion='2.0' "
         "creationDate='2026-11-23T19:17:10Z'>^" LIST(EVENT) "</EPCISDocument>",
         "epcis.namespace"                                                                                                          },
        {QUERY BODY("^<QueryResults/>") "</q:EPCISQueryDocument>",                                           "epcis.unknown_element"},
        {QUERY BODY("^<q:Poll/>") "</q:EPCISQueryDocument>",                                                 "epcis.no_results"     },
        {QUERY "^" BODY("") "</q:EPCISQueryDocument>",                                                       "epcis.missing"        },
        {QUERY BODY(
             "<q:QueryResults><queryName/>^<resultsBody/></q:QueryResults>") "</"
                                                                             "q:"
                                                                             "EPCISQueryDocument>", "epcis.missing"        },
        {ROOT_2 "<EPCISHeader><extension><EPCISMasterData><VocabularyList>^<Vocabulary/>"
                "</VocabularyList></EPCISMasterData></extension></EPCISHeader>" LIST("") END,
         "epcis.missing"                                                                                                            },
    };
    struct heard h = {0};
    char text[2048];

    (void)state;
    buf_init(&h.said, 64 * KB);
    for (size_t i = 0; i < LEN(bad); i++) {
        size_t at = strcspn(bad[i].in, "^"), n = strlen(bad[i].in) - 1;
        assert_true(n < sizeof text && bad[i].in[at] == '^');
        memcpy(text, bad[i].in, at);
        memcpy(text + at, bad[i].in + at + 1, n - at);
        for (size_t step = 1; step <= 1000; step = step * 7 + 3) {
            status st = cut((str){text, n}, step, MB, &h);
            if (st.cls != ST_BAD_INPUT || strstr(st.reason, bad[i].reason) != st.reason)
                fail_msg("%s: %s (%s) at %u", bad[i].in, st.cls == ST_OK ? "taken" : st.reason,
                         st.text, st.at);
            if (bad[i].reason[0] != 0 && st.at != at)
                fail_msg("%s: %s (%s) at %u", bad[i].in, st.reason, st.text, st.at);
        }
    }
    buf_fini(&h.said);
}

static void a_failure_of_the_caller_ends_the_cutting(void **state)
{
    struct heard h = {.stop = true};

    (void)state;
    buf_init(&h.said, 64 * KB);
    status st = cut(S(ROOT_2 LIST(EVENT EVENT) END), 9, MB, &h);
    assert_string_equal(st.reason, "test.stop");
    assert_int_equal(st.at, 7);
    assert_null(strstr(h.said.p, "\n1 "));
    buf_fini(&h.said);
}

static void an_event_or_a_front_beyond_the_ceiling_is_too_large(void **state)
{
    static const char *const rows[] = {
        ROOT_2 LIST(EVENT "<ObjectEvent>0123456789012345678901234567890123456789"
                          "0123456789012345678901234567890123456789</ObjectEvent>") END,
        ROOT_2 "<!-- 0123456789012345678901234567890123456789 -->" LIST(EVENT) END};
    struct heard h = {0};

    (void)state;
    buf_init(&h.said, 64 * KB);
    for (size_t step = 1; step < 1000; step = step * 3 + 1) {
        status st = cut(str_of(rows[0]), step, 100, &h);
        assert_int_equal(st.cls, ST_TOO_LARGE);
        assert_string_equal(st.reason, "epcis.event_too_large");
        assert_non_null(strstr(h.said.p, "\n0 "));
    }
    assert_int_equal(cut(str_of(rows[1]), 50, 400, &h).cls, ST_OK);
    buf_fini(&h.said);
}

// ---- encodings

#define ACCENTED "<ObjectEvent><a:n>\xc3\xa4\xe2\x82\xac</a:n></ObjectEvent>"

static size_t converted(const char *to, const char *in, char *out, size_t room)
{
    iconv_t cd = iconv_open(to, "UTF-8");
    char *from = (char *)(uintptr_t)in, *end = out;
    size_t n = strlen(in), left = room;

    assert_true(cd != (iconv_t)-1);
    assert_int_not_equal(iconv(cd, &from, &n, &end, &left), (size_t)-1);
    iconv_close(cd);
    return room - left;
}

static void documents_of_other_encodings_become_utf8(void **state)
{
    static const struct {
        const char *to, *declaration;
    } rows[] = {
        {"UTF-8",       "<?xml version='1.0' encoding='utf-8'?>"         },
        {"UTF-16",      "<?xml version='1.0' encoding='UTF-16'?>"        },
        {"UTF-16LE",    "<?xml version='1.0'?>"                          },
        {"UTF-16BE",    ""                                               },
        {"CP1252",      "<?xml version='1.0' encoding='windows-1252'?>"  },
        {"ISO-8859-15", "<?xml version='1.0' encoding=\"ISO-8859-15\" ?>"},
    };
    struct heard h = {0};
    char text[2048];
    const char *want = "0 " ACCENTED "\n";

    (void)state;
    buf_init(&h.said, 64 * KB);
    for (size_t i = 0; i < LEN(rows); i++) {
        char in[1024];
        snprintf(in, sizeof in, "%s%s", rows[i].declaration, ROOT_2 LIST(ACCENTED) END);
        h.in = str_of(in); // places are those of UTF-8
        size_t n = converted(rows[i].to, in, text, sizeof text);
        for (size_t step = 1; step < 1000; step = step * 2 + 1) {
            status st = cut((str){text, n}, step, MB, &h);
            if (st.cls != ST_OK) fail_msg("%s by %zu: %s", rows[i].to, step, st.text);
            if (strstr(h.said.p, want) == NULL)
                fail_msg("%s by %zu: %s not %s", rows[i].to, step, h.said.p, want);
        }
    }
    buf_fini(&h.said);
}

static void an_encoding_that_is_not_what_it_says_is_refused(void **state)
{
    static const struct {
        str in;
    } bad[] = {
        {{"<?xml version='1.0' encoding='EBCDIC'?><a/>", 43}},
        {{"<?xml version='1.0' encoding='UTF-16'?><a/>", 43}},
        {{"<?xml version='1.0' encoding='US-ASCII'?><a>\xc3\xa4</a>", 50}},
        {{"<?xml version='1.0' encoding='windows-1252'?><a>\x81</a>", 53}},
        {{"\xff\xfe<\0a\0/\0>", 9}},
        {{"\xff\xfe\0\0<\0\0\0", 8}},
        {{"\xfe\xff\xd8\x00\x00<", 6}},
    };
    struct heard h = {0};

    (void)state;
    buf_init(&h.said, 64 * KB);
    for (size_t i = 0; i < LEN(bad); i++)
        for (size_t step = 1; step < 100; step = step * 2 + 1) {
            status st = cut(bad[i].in, step, MB, &h);
            if (st.cls != ST_BAD_INPUT || strcmp(st.reason, "xml.encoding") != 0)
                fail_msg("%zu by %zu: %s (%s)", i, step, st.cls == ST_OK ? "taken" : st.reason,
                         st.text);
        }
    buf_fini(&h.said);
}

// ---- documents written

static void documents_are_written_whole(void **state)
{
    static const struct {
        struct epcis_out conf;
        const char *text;
    } rows[] = {
        {{.format = EPCIS_XML_2_0},
         "<?xml version=\"1.0\" encoding=\"UTF-8\"?><epcis:EPCISDocument "
         "xmlns:epcis=\"urn:epcglobal:epcis:xsd:2\" xmlns:cbvmda=\"urn:epcglobal:cbv:mda:\" "
         "schemaVersion=\"2.0\" creationDate=\"2026-11-23T19:17:10Z\"><EPCISBody><EventList/>"
         "</EPCISBody></epcis:EPCISDocument>"                                          },
        {{.format = EPCIS_XML_2_0, .kind = EPCIS_QUERY_DOC},
         "<?xml version=\"1.0\" encoding=\"UTF-8\"?><epcisq:EPCISQueryDocument "
         "xmlns:epcisq=\"urn:epcglobal:epcis-query:xsd:2\" xmlns:cbvmda=\"urn:epcglobal:cbv:mda:\" "
         "schemaVersion=\"2.0\" creationDate=\"2026-11-23T19:17:10Z\"><EPCISBody>"
         "<epcisq:QueryResults><queryName>SimpleEventQuery</queryName><resultsBody><EventList/>"
         "</resultsBody></epcisq:QueryResults></EPCISBody></epcisq:EPCISQueryDocument>"},
        {{.format = EPCIS_XML_1_2,
          .kind = EPCIS_QUERY_DOC,
          .query_name = {"<q>", 3},
          .subscription_id = {"s", 1}},
         "<?xml version=\"1.0\" encoding=\"UTF-8\"?><epcisq:EPCISQueryDocument "
         "xmlns:epcisq=\"urn:epcglobal:epcis-query:xsd:1\" xmlns:cbvmda=\"urn:epcglobal:cbv:mda\" "
         "schemaVersion=\"1.2\" creationDate=\"2026-11-23T19:17:10Z\"><EPCISBody>"
         "<epcisq:QueryResults><queryName>&lt;q&gt;</queryName><subscriptionID>s</subscriptionID>"
         "<resultsBody><EventList/></resultsBody></epcisq:QueryResults></EPCISBody>"
         "</epcisq:EPCISQueryDocument>"                                                },
        {{.format = EPCIS_XML_2_0, .kind = EPCIS_BARE_EVENT}, ""                       },
    };
    struct epcis_doc doc;
    struct heard h = {0};
    struct buf b;

    (void)state;
    buf_init(&b, 8 * KB);
    buf_init(&h.said, 8 * KB);
    for (size_t i = 0; i < LEN(rows); i++) {
        struct epcis_out conf = rows[i].conf;
        conf.created = (struct moment){{1795461430000}, 0};
        buf_reset(&b);
        epcis_doc_init(&doc, &conf, &b);
        assert_int_equal(epcis_doc_end(&doc).cls, ST_OK);
        epcis_doc_fini(&doc);
        if (!str_eq(buf_str(&b), str_of(rows[i].text))) fail_msg("wrote %s", b.p);
        if (b.n > 0) assert_int_equal(cut(buf_str(&b), 100, MB, &h).cls, ST_OK);
    }
    buf_fini(&b);
    buf_fini(&h.said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_are_cut_alike_in_pieces_of_any_size),
        cmocka_unit_test(what_is_no_document_is_refused_where_it_goes_wrong),
        cmocka_unit_test(a_failure_of_the_caller_ends_the_cutting),
        cmocka_unit_test(an_event_or_a_front_beyond_the_ceiling_is_too_large),
        cmocka_unit_test(documents_of_other_encodings_become_utf8),
        cmocka_unit_test(an_encoding_that_is_not_what_it_says_is_refused),
        cmocka_unit_test(documents_are_written_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
