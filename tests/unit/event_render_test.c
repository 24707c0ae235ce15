// Facts as EPCIS events: ids, words, places, lots, papers, and units by the hundred.
#include "delivery_site.h"
#include "service/event/event_id.h"
#include "service/event/shipped.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// The events of a fact as a document; how many it gave.
static str rendered(struct delivery_site *s, uint64_t seq, enum epcis_format format, uint32_t *n)
{
    struct txn *t = fixture_read(s->f);
    struct event_render r = event_render_begin(&s->f->site, t, &s->arena);
    struct epcis_out head = {
        .format = format, .strict = true, .prefixes = r.prefixes, .created = {{1764000000000}, 0}
    };
    struct event_parts parts;
    struct epcis_doc doc;
    struct fact f;
    struct buf b;

    buf_init(&b, 4 * MB);
    assert_int_equal(journal_get(t, seq, &s->arena, &f).cls, ST_OK);
    assert_int_equal(event_render(&r, &f, &parts).cls, ST_OK);
    epcis_doc_init(&doc, &head, &b);
    for (uint32_t i = 0; i < parts.n; i++) {
        status st = epcis_doc_event(&doc, &parts.at[i].event);
        if (st.cls != ST_OK) fail_msg("%s: %s", st.reason, st.text);
    }
    assert_int_equal(epcis_doc_end(&doc).cls, ST_OK);
    epcis_doc_fini(&doc);
    fixture_read_end(t);
    str text = arena_str(&s->arena, buf_str(&b));
    buf_fini(&b);
    *n = parts.n;
    return text;
}

static void expect(str text, const char *wanted)
{
    if (!delivery_holds(text, str_of(wanted))) fail_msg("no %s in %.*s", wanted, STR(text));
}

static void ids_are_uuids_of_journal_fact_and_part(void **state)
{
    static const struct {
        struct event_name name;
        const char *id;
    } rows[] = {
  // by Python's uuid.uuid5
        {{1, 0, 0, 0},                   "urn:uuid:34099006-bd78-541c-933a-5a8eeb45aa66"},
        {{UINT64_MAX, 1, 7, 0},          "urn:uuid:cd19458d-3e52-5347-8348-eedf7334b221"},
        {{UINT64_MAX, 1, 7, 1795747000}, "urn:uuid:998a3295-a143-5444-992a-082969bbaa6d"},
    };
    uint8_t journal[16];
    struct buf b;

    (void)state;
    for (unsigned i = 0; i < sizeof journal; i++) journal[i] = (uint8_t)i;
    for (size_t i = 0; i < LEN(rows); i++) {
        buf_init(&b, EVENT_ID_LEN + 1);
        event_id_put(journal, &rows[i].name, &b);
        assert_true(str_eq(buf_str(&b), str_of(rows[i].id)));
        buf_fini(&b);
    }
}

// CBV-ILMD-EXPIRY
// CBV-ILMD
static void commissioning_tells_lot_and_expiry(void **state)
{
    struct delivery_site *s = *state;
    uint32_t n;

    uint64_t seq = delivery_commission(s, 0, 2);
    str json = rendered(s, seq, EPCIS_JSON_2_0, &n);
    assert_int_equal(n, 1);
    expect(json, "\"type\":\"ObjectEvent\"");
    expect(json, "\"action\":\"ADD\",\"bizStep\":\"commissioning\",\"disposition\":\"active\"");
    expect(json, "\"eventTime\":\"2025-11-24T16:59:59+01:00\"");
    expect(json, "\"recordTime\":\"2025-11-24T17:00:00+01:00\"");
    expect(json, "\"readPoint\":{\"id\":\"https://id.gs1.org/414/9506000134338\"}");
    expect(json, "\"bizLocation\":{\"id\":\"https://id.gs1.org/414/9506000134338\"}");
    expect(json, "\"ilmd\":{\"cbvmda:lotNumber\":\"L1\","
                 "\"cbvmda:itemExpirationDate\":\"2030-06-30\"}");
    assert_true(str_eq(delivery_event_id(json, 0), delivery_id_of(s, seq, 0)));
    str xml = rendered(s, seq, EPCIS_XML_1_2, &n);
    expect(xml, "urn:epc:id:sgtin:9506000.013435.");
    expect(xml, "<id>urn:epc:id:sgln:9506000.13433.0</id>");

    struct told t = {.kind = FACT_UNITS_COMMISSIONED, .lot = s->lots[0]};
    t.units = (struct run){delivery_units(s, true, 2), 2};
    json = rendered(s, delivery_tell(s, &t), EPCIS_JSON_2_0, &n);
    expect(json, "\"epcList\":[\"https://id.gs1.org/00/0");
    assert_false(delivery_holds(json, S("ilmd"))); // a logistic unit has neither
}

static void packing_may_begin_the_parent(void **state)
{
    struct delivery_site *s = *state;
    unit_id box = delivery_units(s, true, 2);
    struct told t = {.kind = FACT_UNITS_PACKED, .lot = s->lots[0], .parent = box, .begins = true};
    uint32_t n;

    t.units = (struct run){delivery_units(s, false, 4), 2};
    uint64_t seq = delivery_tell(s, &t);
    str json = rendered(s, seq, EPCIS_JSON_2_0, &n);
    assert_int_equal(n, 2);
    expect(json, "\"action\":\"ADD\",\"bizStep\":\"commissioning\",\"disposition\":\"active\","
                 "\"epcList\":[\"https://id.gs1.org/00/095060000000000008\"]");
    expect(json, "\"type\":\"AggregationEvent\"");
    expect(json, "\"action\":\"ADD\",\"bizStep\":\"packing\",\"disposition\":\"in_progress\","
                 "\"parentID\":\"https://id.gs1.org/00/095060000000000008\","
                 "\"childEPCs\":[\"https://id.gs1.org/01/09506000134352/21/");
    assert_true(str_eq(delivery_event_id(json, 0), delivery_id_of(s, seq, 0)));
    assert_true(str_eq(delivery_event_id(json, 1), delivery_id_of(s, seq, 1)));

    t.begins = false; // the same parent again: now it is there
    t.units.first.v += 2;
    seq = delivery_tell(s, &t);
    json = rendered(s, seq, EPCIS_JSON_2_0, &n);
    assert_int_equal(n, 1);
    assert_true(str_eq(delivery_event_id(json, 0), delivery_id_of(s, seq, 0)));

    t.kind = FACT_UNITS_UNPACKED;
    json = rendered(s, delivery_tell(s, &t), EPCIS_JSON_2_0, &n);
    expect(json, "\"action\":\"DELETE\",\"bizStep\":\"unpacking\",\"disposition\":\"in_progress\"");
}

static void shipping_tells_papers_and_parties(void **state)
{
    struct delivery_site *s = *state;
    static const struct shipped_document papers[] = {
        {EPCIS_TRADE_PO,   4012345000009, {"PO 7/1&", 7}     },
        {EPCIS_TRADE_NONE, 0,             {"urn:x:paper", 11}},
        {EPCIS_TRADE_INV,  0,             {"No 7: May", 9}   }, // of before ids were checked
    };
    struct shipped shipped = {.number = 1,
                              .from_party = SITE_GLN,
                              .from_location = SITE_GLN,
                              .to_party = 4012345000009,
                              .documents = papers,
                              .document_count = 3};
    struct told t = {.kind = FACT_SHIPMENT_MADE, .shipped = &shipped};
    uint32_t n;

    t.units = (struct run){delivery_units(s, true, 1), 1};
    uint64_t seq = delivery_tell(s, &t);
    str json = rendered(s, seq, EPCIS_JSON_2_0, &n);
    expect(json, "\"action\":\"OBSERVE\",\"bizStep\":\"shipping\",\"disposition\":\"in_transit\"");
    expect(json, "{\"type\":\"po\",\"bizTransaction\":"
                 "\"urn:epcglobal:cbv:bt:4012345000009:PO%207%2F1%26\"}");
    expect(json, "{\"bizTransaction\":\"urn:x:paper\"}");
    expect(json, "\"urn:packtrail:document:No%207:%20May\"");
    expect(json, "\"sourceList\":[{\"type\":\"owning_party\",\"source\":"
                 "\"https://id.gs1.org/417/9506000134338\"},{\"type\":\"location\",\"source\":"
                 "\"https://id.gs1.org/414/9506000134338\"}]");
    expect(json, "\"destinationList\":[{\"type\":\"owning_party\",\"destination\":"
                 "\"https://id.gs1.org/417/4012345000009\"}]");
    assert_false(delivery_holds(json, S("bizLocation"))); // on the road it is nowhere
    expect(rendered(s, seq, EPCIS_XML_1_2, &n), "urn:epc:id:pgln:9506000.13433");
}

static uint32_t count_of(str text, const char *what)
{
    uint32_t n = 0;
    str w = str_of(what);

    for (const char *p = text.p; (p = memmem(p, (size_t)(text.p + text.n - p), w.p, w.n)) != NULL;
         n++)
        p += w.n;
    return n;
}

static void every_unit_is_named_once_however_many(void **state)
{
    struct delivery_site *s = *state;
    struct told t = {
        .kind = FACT_UNITS_PACKED, .lot = s->lots[0], .parent = delivery_units(s, true, 1)};
    struct txn *txn;
    struct gs1_id id;
    uint32_t n;

    t.units = (struct run){delivery_units(s, false, 1000), 1000};
    str json = rendered(s, delivery_tell(s, &t), EPCIS_JSON_2_0, &n);
    assert_int_equal(count_of(json, "https://id.gs1.org/01/" SITE_GTIN "/21/"), 1000);
    txn = fixture_read(s->f);
    for (uint32_t i = 0; i < 1000; i += 37) {
        struct buf b;
        unit_id u = {t.units.first.v + i};
        assert_int_equal(names_id(names_here(&s->f->site), txn, u, &s->arena, &id).cls, ST_OK);
        buf_init(&b, KB);
        assert_int_equal(gs1_write(&id, GS1_DL, NULL, &b).cls, ST_OK);
        assert_int_equal(count_of(json, str_z(&s->arena, buf_str(&b))), 1);
        buf_fini(&b);
    }
    fixture_read_end(txn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_uuids_of_journal_fact_and_part),
        DELIVERY_TEST(commissioning_tells_lot_and_expiry),
        DELIVERY_TEST(packing_may_begin_the_parent),
        DELIVERY_TEST(shipping_tells_papers_and_parties),
        DELIVERY_TEST(every_unit_is_named_once_however_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
