// epcis_xml_bench.c - how fast EPCIS in XML is scanned, cut, read and written: a shipment of many
// EPCs, and small events with everything in them.
#include "common/env.h"
#include "common/xml_r.h"
#include "service/epcis/write.h"
#include <stdio.h>
#include <string.h>

#define DOC_MAX   (64 * MB)
#define MIN_MS    400 // of each measurement
#define EVENT_MAX MB

// ---- documents

static void head_put(struct buf *b)
{
    buf_add(b, S("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<epcis:EPCISDocument xmlns:epcis="
                 "\"urn:epcglobal:epcis:xsd:2\" xmlns:cbvmda=\"urn:epcglobal:cbv:mda:\" "
                 "schemaVersion=\"2.0\" creationDate=\"2026-11-23T19:17:10Z\">\n <EPCISBody>\n"
                 "  <EventList>\n"));
}

static void event_put(struct buf *b, unsigned event, unsigned epcs)
{
    buf_addf(b,
             "   <ObjectEvent>\n    <eventTime>2026-11-23T20:17:05.123+01:00</eventTime>\n"
             "    <eventTimeZoneOffset>+01:00</eventTimeZoneOffset>\n"
             "    <eventID>urn:uuid:27f237e6-b7f9-5587-a620-%012u</eventID>\n    <epcList>\n",
             event);
    for (unsigned i = 0; i < epcs; i++)
        buf_addf(b, "     <epc>urn:epc:id:sgtin:9521141.007346.%010u</epc>\n", event * epcs + i);
    buf_add(b, S("    </epcList>\n    <action>ADD</action>\n"
                 "    <bizStep>urn:epcglobal:cbv:bizstep:commissioning</bizStep>\n"
                 "    <disposition>urn:epcglobal:cbv:disp:active</disposition>\n"
                 "    <readPoint><id>urn:epc:id:sgln:9521141.00101.LINE-1</id></readPoint>\n"
                 "    <bizTransactionList><bizTransaction type=\"urn:epcglobal:cbv:btt:po\">"
                 "urn:epcglobal:cbv:bt:4012345000009:PO-1</bizTransaction></bizTransactionList>\n"
                 "    <ilmd><cbvmda:lotNumber>L7/A</cbvmda:lotNumber><cbvmda:itemExpirationDate>"
                 "2028-02-29</cbvmda:itemExpirationDate></ilmd>\n   </ObjectEvent>\n"));
}

static void document_put(struct buf *b, unsigned events, unsigned epcs)
{
    buf_reset(b);
    head_put(b);
    for (unsigned i = 0; i < events; i++) event_put(b, i, epcs);
    buf_add(b, S("  </EventList>\n </EPCISBody>\n</epcis:EPCISDocument>\n"));
}

// ---- what is measured

struct run {
    str in;
    struct arena arena;
    struct buf out;
    struct epcis_scope scope;
    char context[KB];
    uint32_t events;
    bool read, write; // beside cutting
    struct epcis_doc doc;
};

static void raw(struct run *r) // every tag is seen, nothing else
{
    const char *p = r->in.p, *end = p + r->in.n;
    size_t tags = 0;

    while ((p = memchr(p, '<', (size_t)(end - p))) != NULL) tags++, p++;
    assert(tags > r->events);
}

static void tokens(struct run *r)
{
    struct xml_r x;
    str text;

    arena_reset(&r->arena);
    xml_r_init(&x, r->in, &r->arena);
    while (xml_r_next(&x, &text) != XML_NONE) {}
    status st = xml_r_end(&x);
    assert(st.cls == ST_OK);
}

static status front(void *self, const struct epcis_front *f)
{
    struct run *r = self;

    assert(f->scope.context.n < sizeof r->context);
    memcpy(r->context, f->scope.context.p, f->scope.context.n);
    r->scope = f->scope;
    r->scope.context.p = r->context;
    return OK;
}

static status event(void *self, uint32_t index, str bytes, uint64_t at)
{
    struct run *r = self;
    struct epcis_event e;

    (void)index, (void)at;
    r->events++;
    if (!r->read) return OK;
    arena_reset(&r->arena);
    TRY(epcis_event_read(bytes, &r->scope, &r->arena, &e));
    return r->write ? epcis_doc_event(&r->doc, &e) : OK;
}

static const struct epcis_cut_ops ops = {front, event};

static void cut(struct run *r)
{
    struct epcis_cut_conf conf = {
        .syntax = EPCIS_SYNTAX_XML, .event_max = EVENT_MAX, .ops = &ops, .self = r};
    struct epcis_cut *c = epcis_cut_new(&conf);

    r->events = 0;
    status st = epcis_cut_piece(c, r->in);
    if (st.cls == ST_OK) st = epcis_cut_end(c);
    epcis_cut_free(&c);
    assert(st.cls == ST_OK);
}

static void cut_read(struct run *r)
{
    r->read = true;
    cut(r);
    r->read = false;
}

static void cut_read_write(struct run *r)
{
    struct epcis_out conf = {
        .format = EPCIS_XML_2_0, .ids = EPCIS_AS_GIVEN, .created = {{1795461430000}, 0}
    };

    buf_reset(&r->out);
    epcis_doc_init(&r->doc, &conf, &r->out);
    r->write = true;
    cut_read(r);
    r->write = false;
    status st = epcis_doc_end(&r->doc);
    epcis_doc_fini(&r->doc);
    assert(st.cls == ST_OK);
}

// Milliseconds of one round.
static double measure(struct run *r, void (*what)(struct run *r))
{
    mono begin = env_mono(&env_real);
    int64_t ms = 0;
    unsigned rounds = 0;

    do {
        what(r);
        rounds++;
        ms = env_mono(&env_real).ms - begin.ms;
    } while (ms < MIN_MS);
    return (double)ms / rounds;
}

static void table(struct run *r, const char *name)
{
    static const struct {
        const char *name;
        void (*what)(struct run *r);
    } rows[] = {
        {"memchr of each tag",   raw           },
        {"xml_r, every token",   tokens        },
        {"cut into events",      cut           },
        {"cut and read",         cut_read      },
        {"cut, read, write 2.0", cut_read_write},
    };
    double first = 0;

    printf("\n| %s, %.1f MB | MB/s | us an event | times the raw scan |\n|---|---|---|---|\n", name,
           (double)r->in.n / 1e6);
    for (size_t i = 0; i < LEN(rows); i++) {
        double ms = measure(r, rows[i].what);
        if (i == 0) first = ms;
        printf("| %-22s | %6.0f | %8.2f | %5.1f |\n", rows[i].name, (double)r->in.n / 1e3 / ms,
               i < 2 ? 0.0 : ms * 1e3 / r->events, ms / first);
    }
}

int main(void)
{
    struct run r = {0};
    struct buf doc;

    buf_init(&doc, DOC_MAX);
    buf_init(&r.out, DOC_MAX);
    arena_init(&r.arena, 16 * MB);
    document_put(&doc, 1000, 100);
    r.in = buf_str(&doc);
    table(&r, "1,000 events of 100 EPCs");
    document_put(&doc, 10000, 1);
    r.in = buf_str(&doc);
    r.events = 0;
    table(&r, "10,000 events of one EPC");
    arena_fini(&r.arena);
    buf_fini(&r.out);
    buf_fini(&doc);
    return 0;
}
