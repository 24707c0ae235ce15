// Rendered texts of every event that a packaging site sends, and what must not be rendered. With
// the name of a folder the program writes its samples as documents there instead, for the tests
// that hold them against the official schemas.
#include "tests/unit/epcis_sample.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { FORMATS = 2 }; // EPCIS_JSON_2_0 and EPCIS_XML_1_2

#define BEGIN_JSON                                                                                 \
    "{\"@context\":[\"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld\","           \
    "{\"cbvmda\":\"urn:epcglobal:cbv:mda:\"}],\"type\":\"EPCISDocument\",\"schemaVersion\":"       \
    "\"2.0\",\"creationDate\":\"2026-11-23T19:17:10Z\",\"epcisBody\":{\"eventList\":["
#define END_JSON "]}}"
#define BEGIN_XML                                                                                  \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><epcis:EPCISDocument xmlns:epcis="                  \
    "\"urn:epcglobal:epcis:xsd:1\" xmlns:cbvmda=\"urn:epcglobal:cbv:mda\" schemaVersion=\"1.2\" "  \
    "creationDate=\"2026-11-23T19:17:10Z\"><EPCISBody>"
#define END_XML "</EPCISBody></epcis:EPCISDocument>"

#define J_WHEN                                                                                     \
    "\"eventID\":\"urn:uuid:27f237e6-b7f9-5587-a620-2ff3607ad88a\","                               \
    "\"eventTime\":\"2026-11-23T20:17:05.123+01:00\""
#define J_LINE "\"readPoint\":{\"id\":\"https://id.gs1.org/414/9521141001011/254/LINE-1\"}"
#define J_SITE "\"bizLocation\":{\"id\":\"https://id.gs1.org/414/9521141001004\"}"
#define X_ID                                                                                       \
    "<baseExtension><eventID>urn:uuid:27f237e6-b7f9-5587-a620-2ff3607ad88a</eventID>"              \
    "</baseExtension>"
#define X_TIME "<eventTime>2026-11-23T20:17:05.123+01:00</eventTime>"
#define X_LINE "<readPoint><id>urn:epc:id:sgln:9521141.00101.LINE-1</id></readPoint>"
#define X_SITE "<bizLocation><id>urn:epc:id:sgln:9521141.00100.0</id></bizLocation>"

static const char *const texts[SAMPLE_COUNT][FORMATS] = {
    [SAMPLE_COMMISSION] =
        {
                             "{\"type\":\"ObjectEvent\"," J_WHEN
            ",\"recordTime\":\"2026-11-23T19:17:06Z\",\"eventTimeZoneOffset\":\"+01:00\","
            "\"action\":\"ADD\",\"bizStep\":\"commissioning\",\"disposition\":\"active\","
            "\"epcList\":[\"https://id.gs1.org/01/09521141073469/21/A7KX2\","
            "\"https://id.gs1.org/01/09521141073469/21/00042\"]," J_LINE "," J_SITE
            ",\"ilmd\":{\"cbvmda:lotNumber\":\"L&7/A\","
            "\"cbvmda:itemExpirationDate\":\"2028-02-29\",\"cbvmda:countryOfOrigin\":\"NL\"}}", "<ObjectEvent>" X_TIME
            "<recordTime>2026-11-23T19:17:06Z</recordTime><eventTimeZoneOffset>+01:00"
            "</eventTimeZoneOffset>" X_ID
            "<epcList><epc>urn:epc:id:sgtin:9521141.007346.A7KX2</epc>"
            "<epc>urn:epc:id:sgtin:9521141.007346.00042</epc></epcList><action>ADD</action>"
            "<bizStep>urn:epcglobal:cbv:bizstep:commissioning</bizStep>"
            "<disposition>urn:epcglobal:cbv:disp:active</disposition>" X_LINE X_SITE
            "<extension><ilmd><cbvmda:lotNumber>L&amp;7/A</cbvmda:lotNumber>"
            "<cbvmda:itemExpirationDate>2028-02-29</cbvmda:itemExpirationDate>"
            "<cbvmda:countryOfOrigin>NL</cbvmda:countryOfOrigin></ilmd></extension>"
            "</ObjectEvent>", },
    [SAMPLE_COMMISSION_SSCC] =
        {
                             "{\"type\":\"ObjectEvent\"," J_WHEN
            ",\"eventTimeZoneOffset\":\"+01:00\",\"action\":\"ADD\","
            "\"bizStep\":\"commissioning\",\"disposition\":\"active\","
            "\"epcList\":[\"https://id.gs1.org/00/195211410000050108\","
            "\"https://id.gs1.org/00/195211410000050115\"]," J_LINE "," J_SITE "}",
                             "<ObjectEvent>" X_TIME "<eventTimeZoneOffset>+01:00</eventTimeZoneOffset>" X_ID
            "<epcList><epc>urn:epc:id:sscc:9521141.1000005010</epc>"
            "<epc>urn:epc:id:sscc:9521141.1000005011</epc></epcList><action>ADD</action>"
            "<bizStep>urn:epcglobal:cbv:bizstep:commissioning</bizStep>"
            "<disposition>urn:epcglobal:cbv:disp:active</disposition>" X_LINE X_SITE
            "</ObjectEvent>", },
    [SAMPLE_PACK] =
        {
                             "{\"@context\":{\"acme\":\"https://ns.acme.example/epcis/\"},"
            "\"type\":\"AggregationEvent\"," J_WHEN
            ",\"eventTimeZoneOffset\":\"+01:00\",\"action\":\"ADD\",\"bizStep\":\"packing\","
            "\"disposition\":\"in_progress\","
            "\"parentID\":\"https://id.gs1.org/00/195211410000050108\","
            "\"childEPCs\":[\"https://id.gs1.org/01/09521141073469/21/A7KX2\","
            "\"https://id.gs1.org/01/09521141073469/21/00042\"]," J_LINE "," J_SITE
            ",\"acme:station\":\"S<1> & \\\"2\\\"\",\"acme:shift\":\"n\xc3\xa4"
            "chste\"}",             "<AggregationEvent xmlns:acme=\"https://ns.acme.example/epcis/\">" X_TIME
            "<eventTimeZoneOffset>+01:00</eventTimeZoneOffset>" X_ID
            "<parentID>urn:epc:id:sscc:9521141.1000005010</parentID><childEPCs>"
            "<epc>urn:epc:id:sgtin:9521141.007346.A7KX2</epc>"
            "<epc>urn:epc:id:sgtin:9521141.007346.00042</epc></childEPCs><action>ADD</action>"
            "<bizStep>urn:epcglobal:cbv:bizstep:packing</bizStep>"
            "<disposition>urn:epcglobal:cbv:disp:in_progress</disposition>" X_LINE X_SITE
            "<acme:station>S&lt;1&gt; &amp; \"2\"</acme:station><acme:shift>n\xc3\xa4"
            "chste"
            "</acme:shift></AggregationEvent>", },
    [SAMPLE_UNPACK] =
        {
                             "{\"type\":\"AggregationEvent\"," J_WHEN
            ",\"eventTimeZoneOffset\":\"+01:00\",\"action\":\"DELETE\","
            "\"bizStep\":\"unpacking\",\"disposition\":\"in_progress\","
            "\"parentID\":\"https://id.gs1.org/00/195211410000050108\","
            "\"childEPCs\":[\"https://id.gs1.org/01/09521141073469/21/A7KX2\"]," J_LINE "," J_SITE
            "}",                                                                "<AggregationEvent>" X_TIME "<eventTimeZoneOffset>+01:00</eventTimeZoneOffset>" X_ID
            "<parentID>urn:epc:id:sscc:9521141.1000005010</parentID><childEPCs>"
            "<epc>urn:epc:id:sgtin:9521141.007346.A7KX2</epc></childEPCs><action>DELETE</action>"
            "<bizStep>urn:epcglobal:cbv:bizstep:unpacking</bizStep>"
            "<disposition>urn:epcglobal:cbv:disp:in_progress</disposition>" X_LINE X_SITE
            "</AggregationEvent>", },
    [SAMPLE_UNPACK_ALL] =
        {
                             "{\"type\":\"AggregationEvent\"," J_WHEN
            ",\"eventTimeZoneOffset\":\"+01:00\",\"action\":\"DELETE\","
            "\"bizStep\":\"unpacking\",\"disposition\":\"in_progress\","
            "\"parentID\":\"https://id.gs1.org/00/195211410000050108\"," J_LINE "," J_SITE "}",
                             "<AggregationEvent>" X_TIME "<eventTimeZoneOffset>+01:00</eventTimeZoneOffset>" X_ID
            "<parentID>urn:epc:id:sscc:9521141.1000005010</parentID><childEPCs/><action>DELETE"
            "</action><bizStep>urn:epcglobal:cbv:bizstep:unpacking</bizStep>"
            "<disposition>urn:epcglobal:cbv:disp:in_progress</disposition>" X_LINE X_SITE
            "</AggregationEvent>", },
    [SAMPLE_SHIP] =
        {
                             "{\"type\":\"ObjectEvent\"," J_WHEN
            ",\"eventTimeZoneOffset\":\"+01:00\",\"action\":\"OBSERVE\","
            "\"bizStep\":\"shipping\",\"disposition\":\"in_transit\","
            "\"epcList\":[\"https://id.gs1.org/00/195211410000050108\"]," J_LINE
            ",\"bizTransactionList\":[{\"type\":\"po\","
            "\"bizTransaction\":\"urn:epcglobal:cbv:bt:4012345000009:PO%204711%2FA%26B\"},"
            "{\"type\":\"desadv\","
            "\"bizTransaction\":\"urn:epcglobal:cbv:bt:9521141001004:ASN-991\"},"
            "{\"type\":\"inv\","
            "\"bizTransaction\":\"urn:epcglobal:cbv:bt:9521141001004:INV-17\"}],"
            "\"sourceList\":[{\"type\":\"owning_party\","
            "\"source\":\"https://id.gs1.org/417/9521141001004\"},{\"type\":\"location\","
            "\"source\":\"https://id.gs1.org/414/9521141001004\"}],"
            "\"destinationList\":[{\"type\":\"owning_party\","
            "\"destination\":\"https://id.gs1.org/417/4012345000009\"},{\"type\":\"location\","
            "\"destination\":\"https://id.gs1.org/414/4012345000016\"}]}",                                                                "<ObjectEvent>" X_TIME "<eventTimeZoneOffset>+01:00</eventTimeZoneOffset>" X_ID
            "<epcList><epc>urn:epc:id:sscc:9521141.1000005010</epc></epcList><action>OBSERVE"
            "</action><bizStep>urn:epcglobal:cbv:bizstep:shipping</bizStep>"
            "<disposition>urn:epcglobal:cbv:disp:in_transit</disposition>" X_LINE
            "<bizTransactionList>"
            "<bizTransaction "
            "type=\"urn:epcglobal:cbv:btt:po\">urn:epcglobal:cbv:bt:4012345000009:PO%204711%2FA%26B"
            "</bizTransaction>"
            "<bizTransaction "
            "type=\"urn:epcglobal:cbv:btt:desadv\">urn:epcglobal:cbv:bt:9521141001004:ASN-991"
            "</bizTransaction>"
            "<bizTransaction "
            "type=\"urn:epcglobal:cbv:btt:inv\">urn:epcglobal:cbv:bt:9521141001004:INV-17"
            "</bizTransaction></bizTransactionList><extension><sourceList>"
            "<source type=\"urn:epcglobal:cbv:sdt:owning_party\">urn:epc:id:pgln:9521141.00100"
            "</source>"
            "<source type=\"urn:epcglobal:cbv:sdt:location\">urn:epc:id:sgln:9521141.00100.0"
            "</source></sourceList><destinationList>"
            "<destination "
            "type=\"urn:epcglobal:cbv:sdt:owning_party\">https://id.gs1.org/417/4012345000009"
            "</destination>"
            "<destination "
            "type=\"urn:epcglobal:cbv:sdt:location\">https://id.gs1.org/414/4012345000016"
            "</destination></destinationList></extension></ObjectEvent>", },
    [SAMPLE_DECOMMISSION] =
        {
                             "{\"type\":\"ObjectEvent\"," J_WHEN
            ",\"eventTimeZoneOffset\":\"+01:00\",\"action\":\"DELETE\","
            "\"bizStep\":\"decommissioning\",\"disposition\":\"inactive\","
            "\"epcList\":[\"https://id.gs1.org/01/09521141073469/21/A%2FB%26C\","
            "\"https://id.gs1.org/01/09521141073469/21/D%22E%25F\","
            "\"https://id.gs1.org/01/09521141073469/21/G%3CH%3EI%3F\","
            "\"https://id.gs1.org/01/09521141073469/21/%21%27%28%29%2A%2B%2C-.%3A%3B%3D_\"]," J_LINE
            "," J_SITE "}",
                             "<ObjectEvent>" X_TIME "<eventTimeZoneOffset>+01:00</eventTimeZoneOffset>" X_ID
            "<epcList><epc>urn:epc:id:sgtin:9521141.007346.A%2FB%26C</epc>"
            "<epc>urn:epc:id:sgtin:9521141.007346.D%22E%25F</epc>"
            "<epc>urn:epc:id:sgtin:9521141.007346.G%3CH%3EI%3F</epc>"
            "<epc>urn:epc:id:sgtin:9521141.007346.!'()*+,-.:;=_</epc></epcList><action>DELETE"
            "</action><bizStep>urn:epcglobal:cbv:bizstep:decommissioning</bizStep>"
            "<disposition>urn:epcglobal:cbv:disp:inactive</disposition>" X_LINE X_SITE
            "</ObjectEvent>", },
};
static const struct {
    const char *begin, *between, *end, *empty, *suffix;
} frames[FORMATS] = {
    [EPCIS_JSON_2_0] = {BEGIN_JSON,              ",", END_JSON,               BEGIN_JSON END_JSON, "jsonld"},
    [EPCIS_XML_1_2] = {BEGIN_XML "<EventList>", "",  "</EventList>" END_XML,
                        BEGIN_XML "<EventList/>" END_XML,                                          "xml"   },
};

static struct epcis_out bare_head(enum epcis_format f)
{
    return (struct epcis_out){.format = f,
                              .strict = true,
                              .prefixes = sample_prefixes(),
                              .created = sample_head().created};
}

static void shows(const struct buf *b, const char *want)
{
    if (!str_eq(buf_str(b), str_of(want))) fail_msg("wrote  %s\nwanted %s", b->p, want);
}

// A document of one event.
static status render(enum epcis_format f, const struct epcis_event *e, struct buf *out)
{
    struct epcis_out h = bare_head(f);
    struct epcis_doc d;

    epcis_doc_init(&d, &h, out);
    status st = epcis_doc_event(&d, e), end = epcis_doc_end(&d);
    epcis_doc_fini(&d);
    assert_int_equal(end.cls, ST_OK);
    return st;
}

static void refuses(enum epcis_format f, const struct epcis_event *e, const char *reason)
{
    struct buf b;

    buf_init(&b, 64 * KB);
    status st = render(f, e, &b);
    if (st.cls == ST_OK) fail_msg("rendered, not refused as %s: %s", reason, b.p);
    assert_string_equal(st.reason, reason);
    shows(&b, frames[f].empty); // and leaves no trace
    buf_fini(&b);
}

static void every_event_has_its_text_in_both_formats(void **state)
{
    struct buf b, want;

    (void)state;
    buf_init(&b, 64 * KB);
    buf_init(&want, 64 * KB);
    for (int s = 0; s < SAMPLE_COUNT; s++) {
        for (int f = 0; f < FORMATS; f++) {
            struct epcis_event e = sample_event((enum epcis_sample)s);
            buf_reset(&b);
            buf_reset(&want);
            assert_int_equal(render((enum epcis_format)f, &e, &b).cls, ST_OK);
            buf_addf(&want, "%s%s%s", frames[f].begin, texts[s][f], frames[f].end);
            shows(&b, want.p);
        }
    }
    buf_fini(&want);
    buf_fini(&b);
}

static const struct epcis_ns acme[] = {
    {{"acme", 4}, {"https://ns.acme.example/epcis/", 30}}
};

static void a_head_names_the_parties_and_declares_namespaces_once(void **state)
{
    static const char json[] =
        "{\"@context\":[\"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld\","
        "{\"cbvmda\":\"urn:epcglobal:cbv:mda:\",\"acme\":\"https://ns.acme.example/epcis/\"}],"
        "\"type\":\"EPCISDocument\",\"schemaVersion\":\"2.0\","
        "\"creationDate\":\"2026-11-23T19:17:10Z\","
        "\"sender\":\"https://id.gs1.org/417/9521141001004\","
        "\"receiver\":\"https://id.gs1.org/417/4012345000009\","
        "\"instanceIdentifier\":\"MSG-<1>\",\"epcisBody\":{\"eventList\":["
        "{\"type\":\"AggregationEvent\",";
    static const char xml[] =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><epcis:EPCISDocument "
        "xmlns:epcis=\"urn:epcglobal:epcis:xsd:1\" xmlns:cbvmda=\"urn:epcglobal:cbv:mda\" "
        "xmlns:acme=\"https://ns.acme.example/epcis/\" schemaVersion=\"1.2\" "
        "creationDate=\"2026-11-23T19:17:10Z\"><EPCISHeader><sbdh:StandardBusinessDocumentHeader "
        "xmlns:sbdh=\"http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader\">"
        "<sbdh:HeaderVersion>1.0</sbdh:HeaderVersion><sbdh:Sender><sbdh:Identifier "
        "Authority=\"GS1\">9521141001004</sbdh:Identifier></sbdh:Sender><sbdh:Receiver>"
        "<sbdh:Identifier Authority=\"GS1\">4012345000009</sbdh:Identifier></sbdh:Receiver>"
        "<sbdh:DocumentIdentification><sbdh:Standard>EPCglobal</sbdh:Standard>"
        "<sbdh:TypeVersion>1.0</sbdh:TypeVersion><sbdh:InstanceIdentifier>MSG-&lt;1&gt;"
        "</sbdh:InstanceIdentifier><sbdh:Type>Events</sbdh:Type><sbdh:CreationDateAndTime>"
        "2026-11-23T19:17:10Z</sbdh:CreationDateAndTime></sbdh:DocumentIdentification>"
        "</sbdh:StandardBusinessDocumentHeader></EPCISHeader><EPCISBody><EventList>"
        "<AggregationEvent>";
    struct epcis_event e = sample_event(SAMPLE_PACK);
    struct epcis_out h = sample_head();
    struct buf b;

    (void)state;
    h.ns = acme;
    h.ns_count = LEN(acme);
    for (int f = 0; f < FORMATS; f++) {
        struct epcis_doc d;
        buf_init(&b, 64 * KB);
        h.format = (enum epcis_format)f;
        epcis_doc_init(&d, &h, &b);
        assert_int_equal(epcis_doc_event(&d, &e).cls, ST_OK);
        assert_int_equal(epcis_doc_end(&d).cls, ST_OK);
        const char *want = f == EPCIS_JSON_2_0 ? json : xml;
        if (!str_starts(buf_str(&b), str_of(want))) fail_msg("wrote  %s\nwanted %s", b.p, want);
        assert_null(strstr(b.p + strlen(want), "ns.acme.example"));
        epcis_doc_fini(&d);
        buf_fini(&b);
    }
}

static void a_head_that_says_half_is_refused_for_good(void **state)
{
    static const struct epcis_ns bad_ns[] = {
        {{"9", 1}, {"urn:x", 5}}
    };
    const struct epcis_event e = sample_event(SAMPLE_PACK);

    (void)state;
    for (int i = 0; i < 6; i++) {
        struct epcis_out h = sample_head();
        if (i == 0) h.sender = S("");
        if (i == 1) h.receiver = S("");
        if (i == 2) h.instance = S("");
        if (i == 3) h.sender = S("952114100100");
        if (i == 4) h.instance = S("\xff");
        if (i == 5) {
            h.ns = bad_ns;
            h.ns_count = 1;
        }
        struct buf b;
        struct epcis_doc d;
        buf_init(&b, 64 * KB);
        h.format = EPCIS_XML_1_2;
        epcis_doc_init(&d, &h, &b);
        const char *want = i == 5 ? "epcis.field" : "epcis.head";
        assert_string_equal(epcis_doc_event(&d, &e).reason, want);
        assert_string_equal(epcis_doc_end(&d).reason, want);
        assert_int_equal(b.n, 0);
        epcis_doc_fini(&d);
        buf_fini(&b);
    }
}

// The first has every spelling, the second none.
static status half_put(const void *self, uint32_t i, enum epcis_form form, struct buf *out)
{
    (void)self;
    if (i > 0) return (status){.cls = ST_CONFLICT, .reason = "prefix.unknown"};
    buf_add(out, form == EPCIS_URN ? S("urn:epc:id:sgtin:9521141.007346.1")
                                   : S("https://id.gs1.org/01/09521141073469/21/1"));
    return OK;
}

// A refused event between two good ones: the document is as if it had not been tried.
static void a_refused_event_leaves_no_trace(void **state)
{
    struct epcis_event good = sample_event(SAMPLE_COMMISSION), bad = good;
    struct buf b, want;

    (void)state;
    bad.epcs = (struct epcis_ids){.n = 2, .put = half_put};
    for (int f = 0; f < FORMATS; f++) {
        struct epcis_out h = bare_head((enum epcis_format)f);
        struct epcis_doc d;
        buf_init(&b, 64 * KB);
        buf_init(&want, 64 * KB);
        epcis_doc_init(&d, &h, &b);
        assert_int_equal(epcis_doc_event(&d, &good).cls, ST_OK);
        assert_string_equal(epcis_doc_event(&d, &bad).reason, "prefix.unknown");
        assert_int_equal(epcis_doc_event(&d, &good).cls, ST_OK);
        assert_int_equal(epcis_doc_end(&d).cls, ST_OK);
        epcis_doc_fini(&d);
        const char *one = texts[SAMPLE_COMMISSION][f];
        buf_addf(&want, "%s%s%s%s%s", frames[f].begin, one, frames[f].between, one, frames[f].end);
        shows(&b, want.p);
        buf_fini(&want);
        buf_fini(&b);
    }
}

static void what_epcis_does_not_allow_is_refused(void **state)
{
    static const struct epcis_pair no_number[] = {
        {{"po", 2}, {"", 0}}
    };
    static const struct epcis_ns no_uri =
                                     {
                                         {"a", 1},
                                         {"",  0}
    },
                                 a1 = {{"a", 1}, {"urn:1", 5}};
    static const struct {
        const struct epcis_ns *ns;
        str name, text;
    } fields[] = {
        {&no_uri, {"x", 1},   {"", 0}    },
        {&a1,     {"", 0},    {"", 0}    },
        {&a1,     {"x y", 3}, {"", 0}    },
        {&a1,     {"x", 1},   {"\xff", 1}},
    };
    struct epcis_event e;

    (void)state;
    for (int f = 0; f < FORMATS; f++) {
        const enum epcis_format form = (enum epcis_format)f;
        e = sample_event(SAMPLE_COMMISSION_SSCC);
        e.epcs.n = 0;
        refuses(form, &e, "epcis.ids_missing");
        e = sample_event(SAMPLE_COMMISSION);
        e.parent = sample_event(SAMPLE_PACK).parent;
        refuses(form, &e, "epcis.parent_extra");
        e = sample_event(SAMPLE_COMMISSION);
        e.action = EPCIS_OBSERVE;
        refuses(form, &e, "epcis.ilmd_extra");
        e = sample_event(SAMPLE_PACK);
        e.has_ilmd = true;
        refuses(form, &e, "epcis.ilmd_extra");
        e = sample_event(SAMPLE_PACK);
        e.epcs.n = 0;
        refuses(form, &e, "epcis.ids_missing");
        e = sample_event(SAMPLE_PACK);
        e.parent.n = 0;
        refuses(form, &e, "epcis.parent_missing");
        e = sample_event(SAMPLE_UNPACK);
        e.parent.n = 0;
        refuses(form, &e, "epcis.parent_missing");
        e = sample_event(SAMPLE_PACK);
        e.bts = (struct epcis_pairs){no_number, 1};
        refuses(form, &e, "epcis.bt");
        for (size_t i = 0; i < LEN(fields); i++) {
            struct epcis_node n = {
                .ns = fields[i].ns, .name = fields[i].name, .text = fields[i].text};
            e = sample_event(SAMPLE_PACK);
            e.ext = &n;
            refuses(form, &e, "epcis.field");
        }
    }
}

static void epcis_1_2_gets_no_objects_without_a_urn_and_no_control_characters(void **state)
{
    static const struct epcis_ns a = {
        {"a",     1},
        {"urn:1", 5}
    };
    struct epcis_node bell = {
        .ns = &a, .name = {"x",  1},
             .text = {"\a", 1}
    };
    struct epcis_event e = sample_event(SAMPLE_PACK);
    struct buf b;

    (void)state;
    buf_init(&b, 64 * KB);
    e.parent = S("https://id.gs1.org/00/040123450000000016");
    assert_int_equal(render(EPCIS_JSON_2_0, &e, &b).cls, ST_OK);
    refuses(EPCIS_XML_1_2, &e, "prefix.unknown");
    e = sample_event(SAMPLE_PACK);
    e.ext = &bell;
    buf_reset(&b);
    assert_int_equal(render(EPCIS_JSON_2_0, &e, &b).cls, ST_OK);
    assert_non_null(strstr(b.p, "\"a:x\":\"\\u0007\""));
    refuses(EPCIS_XML_1_2, &e, "xml.character");
    buf_fini(&b);
}

// EPCIS-1.2-WORDS: walked whole, so that no word can slip through one of the three places.
static void epcis_1_2_gets_no_word_of_cbv_2_0(void **state)
{
    static const unsigned count[] = {EPCIS_STEP_COUNT, EPCIS_DISP_COUNT, EPCIS_TRADE_COUNT};
    struct buf b;

    (void)state;
    buf_init(&b, 64 * KB);
    for (int v = EPCIS_VOC_STEP; v <= EPCIS_VOC_TRADE; v++) {
        for (unsigned word = 1; word < count[v]; word++) {
            struct epcis_event e = sample_event(SAMPLE_SHIP);
            struct epcis_pair bt = e.bts.at[0];
            str text = epcis_word((enum epcis_vocabulary)v, word);
            if (v == EPCIS_VOC_STEP) e.step = text;
            if (v == EPCIS_VOC_DISP) e.disposition = text;
            if (v == EPCIS_VOC_TRADE) bt.type = text;
            e.bts = (struct epcis_pairs){&bt, 1};
            buf_reset(&b);
            assert_int_equal(render(EPCIS_JSON_2_0, &e, &b).cls, ST_OK);
            if (!epcis_word_in_1_2((enum epcis_vocabulary)v, word)) {
                refuses(EPCIS_XML_1_2, &e, "epcis.not_in_1_2");
                continue;
            }
            buf_reset(&b);
            assert_int_equal(render(EPCIS_XML_1_2, &e, &b).cls, ST_OK);
            str urn = epcis_word_urn((enum epcis_vocabulary)v, word);
            assert_non_null(memmem(b.p, b.n, urn.p, urn.n));
        }
    }
    buf_fini(&b);
}

// At every ceiling: what was taken is there and whole, what was not is told, and the end fits.
static void fill(enum epcis_format f, size_t max)
{
    struct epcis_event e = sample_event(SAMPLE_COMMISSION);
    struct epcis_out h = bare_head(f);
    struct epcis_doc d;
    struct buf b, want;
    unsigned taken = 0;

    buf_init(&b, max);
    buf_init(&want, 64 * KB);
    epcis_doc_init(&d, &h, &b);
    status st = epcis_doc_event(&d, &e);
    for (; st.cls == ST_OK; st = epcis_doc_event(&d, &e)) {
        buf_add(&want, str_of(taken++ > 0 ? frames[f].between : frames[f].begin));
        buf_add(&want, str_of(texts[SAMPLE_COMMISSION][f]));
    }
    assert_string_equal(st.reason, "epcis.full");
    if (epcis_doc_end(&d).cls == ST_OK) {
        buf_add(&want, str_of(taken > 0 ? frames[f].end : frames[f].empty));
        shows(&b, want.p);
    } else {
        assert_true(taken == 0 && max < strlen(frames[f].empty) + 192);
    }
    epcis_doc_fini(&d);
    buf_fini(&want);
    buf_fini(&b);
}

static void a_full_document_is_whole(void **state)
{
    (void)state;
    for (int f = 0; f < FORMATS; f++)
        for (size_t max = 0; max < 4000; max += 3) fill((enum epcis_format)f, max);
}

static status counted_put(const void *self, uint32_t i, enum epcis_form form, struct buf *out)
{
    (void)self;
    buf_addf(out,
             form != EPCIS_URN ? "https://id.gs1.org/01/09521141073469/21/%06u"
                               : "urn:epc:id:sgtin:9521141.007346.%06u",
             i);
    return OK;
}

static void a_hundred_thousand_objects_are_one_event(void **state)
{
    static const size_t each[FORMATS] = {
        sizeof "\"https://id.gs1.org/01/09521141073469/21/000000\"," - 1,
        sizeof "<epc>urn:epc:id:sgtin:9521141.007346.000000</epc>" - 1};
    struct epcis_event e = sample_event(SAMPLE_COMMISSION);

    (void)state;
    for (int f = 0; f < FORMATS; f++) {
        struct buf b;
        size_t before = 0;
        buf_init(&b, 64 * MB);
        for (uint32_t n = 1; n <= 100000; n += 99999) {
            e.epcs = (struct epcis_ids){.n = n, .put = counted_put};
            buf_reset(&b);
            assert_int_equal(render((enum epcis_format)f, &e, &b).cls, ST_OK);
            if (n > 1) assert_int_equal(b.n - before, 99999 * each[f]);
            before = b.n;
        }
        buf_fini(&b);
    }
}

static const struct {
    int16_t minutes;
    const char *out;
} offsets[] = {
    {0,    "+00:00"},
    {60,   "+01:00"},
    {330,  "+05:30"},
    {-210, "-03:30"},
    {-30,  "-00:30"},
    {840,  "+14:00"},
    {-840, "-14:00"},
};

static void the_zone_is_that_of_the_place(void **state)
{
    struct buf b, want;

    (void)state;
    buf_init(&b, 64 * KB);
    buf_init(&want, KB);
    for (size_t i = 0; i < LEN(offsets); i++) {
        struct epcis_event e = sample_event(SAMPLE_PACK);
        e.time.at.offset_min = offsets[i].minutes;
        buf_reset(&b);
        buf_reset(&want);
        buf_addf(&want, "<eventTimeZoneOffset>%s</eventTimeZoneOffset>", offsets[i].out);
        assert_int_equal(render(EPCIS_XML_1_2, &e, &b).cls, ST_OK);
        assert_non_null(strstr(b.p, want.p));
    }
    buf_fini(&want);
    buf_fini(&b);
}

// ---- documents for the schemas

static void document_write(const char *folder, const char *name, const struct epcis_out *h,
                           unsigned first, unsigned end)
{
    char path[512];
    struct epcis_doc d;
    struct buf b;

    buf_init(&b, 1 * MB);
    epcis_doc_init(&d, h, &b);
    for (unsigned s = first; s < end; s++) {
        struct epcis_event e = sample_event((enum epcis_sample)s);
        assert(epcis_doc_event(&d, &e).cls == ST_OK);
    }
    assert(epcis_doc_end(&d).cls == ST_OK);
    epcis_doc_fini(&d);
    snprintf(path, sizeof path, "%s/%s.%s", folder, name, frames[h->format].suffix);
    FILE *out = fopen(path, "wb");
    assert(out != NULL && fwrite(b.p, 1, b.n, out) == b.n && fclose(out) == 0);
    buf_fini(&b);
}

static void documents_write(const char *folder)
{
    struct epcis_out full = sample_head();

    full.ns = acme;
    full.ns_count = LEN(acme);
    for (int i = 0; i < FORMATS; i++) {
        struct epcis_out bare = bare_head((enum epcis_format)i);
        full.format = bare.format;
        for (unsigned s = 0; s < SAMPLE_COUNT; s++)
            document_write(folder, sample_name((enum epcis_sample)s), &bare, s, s + 1);
        document_write(folder, "all", &full, 0, SAMPLE_COUNT);
        document_write(folder, "none", &full, 0, 0);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_event_has_its_text_in_both_formats),
        cmocka_unit_test(a_head_names_the_parties_and_declares_namespaces_once),
        cmocka_unit_test(a_head_that_says_half_is_refused_for_good),
        cmocka_unit_test(a_refused_event_leaves_no_trace),
        cmocka_unit_test(what_epcis_does_not_allow_is_refused),
        cmocka_unit_test(epcis_1_2_gets_no_objects_without_a_urn_and_no_control_characters),
        cmocka_unit_test(epcis_1_2_gets_no_word_of_cbv_2_0),
        cmocka_unit_test(a_full_document_is_whole),
        cmocka_unit_test(a_hundred_thousand_objects_are_one_event),
        cmocka_unit_test(the_zone_is_that_of_the_place),
    };
    if (argc == 2) {
        documents_write(argv[1]);
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
