// write_xml.c - documents of EPCIS 2.0 and 1.2 in XML: events, a query's results, master data, or
// one event alone. Of the two versions this file knows the namespaces and numbers; what differs in
// an event is write_xml_event.c's.
#include "service/epcis/xml_out.h"

static const struct version {
    const char *last; // of its namespaces
    const char *number;
} versions[EPCIS_FORMAT_COUNT] = {
    [EPCIS_XML_1_2] = {"1", "1.2"},
    [EPCIS_XML_2_0] = {"2", "2.0"},
};
static const struct root {
    const char *prefix, *space, *name;
    const char *type; // what the SBDH calls it
} roots[] = {
    [EPCIS_DOC] = {"epcis",   "epcis",            "EPCISDocument",           "Events"},
    [EPCIS_QUERY_DOC] = {"epcisq",  "epcis-query",      "EPCISQueryDocument",      "Events"},
    [EPCIS_MASTERDATA_DOC] = {"epcismd", "epcis-masterdata", "EPCISMasterDataDocument",
                   "MasterData"                                                      },
};

static const struct root *root_of(const struct epcis_doc *d) { return &roots[d->conf.kind]; }

static void declare(struct epcis_doc *d, const struct epcis_ns *ns)
{
    buf_reset(&d->text);
    buf_addf(&d->text, "xmlns:%.*s", STR(ns->prefix));
    xml_attr(&d->w.xml, buf_str(&d->text), ns->uri);
}

static void declare_root(struct epcis_doc *d, const struct root *r)
{
    struct buf *b = &d->text;

    buf_reset(b);
    buf_addf(b, "xmlns:%s", r->prefix);
    size_t n = b->n;
    buf_addf(b, "urn:epcglobal:%s:xsd:%s", r->space, versions[d->conf.format].last);
    str whole = buf_str(b);
    xml_attr(&d->w.xml, (str){whole.p, n}, str_from(whole, n));
}

static void partner(struct xml_w *w, str role, str gln)
{
    xml_open(w, role);
    xml_open(w, S("sbdh:Identifier"));
    xml_attr(w, S("Authority"), S("GS1")); // that is: the identifier is a GLN
    xml_text(w, gln);
    xml_close(w);
    xml_close(w);
}

static void statement(struct xml_w *w)
{
    xml_open(w, S(EPCIS_STATEMENT));
    xml_attr(w, S("xmlns:" EPCIS_HC_PREFIX), S(EPCIS_HC_URI));
    xml_leaf(w, S(EPCIS_AFFIRM), S("true"));
    xml_leaf(w, S(EPCIS_LEGAL_NOTICE), S(EPCIS_NOTICE_TEXT));
    xml_close(w);
}

static bool states_in_header(const struct epcis_doc *d)
{
    return d->conf.statement && d->conf.format == EPCIS_XML_1_2;
}

static void parties(struct epcis_doc *d)
{
    const struct epcis_out *h = &d->conf;
    struct xml_w *w = &d->w.xml;

    if (h->sender.n == 0) return;
    xml_open(w, S("sbdh:StandardBusinessDocumentHeader"));
    xml_attr(w, S("xmlns:sbdh"), S(EPCIS_SBDH_URI));
    xml_leaf(w, S("sbdh:HeaderVersion"), S("1.0"));
    partner(w, S("sbdh:Sender"), h->sender);
    partner(w, S("sbdh:Receiver"), h->receiver);
    xml_open(w, S("sbdh:DocumentIdentification"));
    xml_leaf(w, S("sbdh:Standard"), S("EPCglobal"));
    xml_leaf(w, S("sbdh:TypeVersion"), S("1.0"));
    xml_leaf(w, S("sbdh:InstanceIdentifier"), h->instance);
    xml_leaf(w, S("sbdh:Type"), str_of(root_of(d)->type));
    xml_leaf(w, S("sbdh:CreationDateAndTime"), epcis_moment_text(d, h->created));
    xml_close(w);
    xml_close(w);
}

static status elements(struct epcis_doc *d)
{
    for (uint32_t i = 0; i < d->conf.element_count; i++)
        TRY(epcis_xml_element(d, &d->conf.elements[i]));
    return d->w.xml.st;
}

static status header_master(struct epcis_doc *d)
{
    struct xml_w *w = &d->w.xml;

    xml_open(w, S("extension")); // in 2.0, too
    xml_open(w, S("EPCISMasterData"));
    xml_open(w, S("VocabularyList"));
    TRY(elements(d));
    epcis_xml_elements_end(d);
    xml_close(w);
    xml_close(w);
    xml_close(w);
    return w->st;
}

static status header(struct epcis_doc *d)
{
    bool master = d->conf.kind == EPCIS_DOC && d->conf.element_count > 0;
    struct xml_w *w = &d->w.xml;

    if (d->conf.sender.n == 0 && !master) return OK;
    xml_open(w, S("EPCISHeader"));
    parties(d);
    if (master) TRY(header_master(d));
    if (states_in_header(d)) statement(w);
    xml_close(w);
    return w->st;
}

static void results(struct epcis_doc *d)
{
    struct xml_w *w = &d->w.xml;
    str id = d->conf.subscription_id;

    xml_open(w, S("epcisq:QueryResults"));
    xml_leaf(w, S("queryName"),
             d->conf.query_name.n > 0 ? d->conf.query_name : S("SimpleEventQuery"));
    if (id.n > 0) xml_leaf(w, S("subscriptionID"), id);
    xml_open(w, S("resultsBody"));
}

static void envelope(struct epcis_doc *d)
{
    struct xml_w *w = &d->w.xml;

    xml_open(w, S("soapenv:Envelope"));
    xml_attr(w, S("xmlns:soapenv"), S(EPCIS_SOAP_URI));
    declare_root(d, &roots[EPCIS_QUERY_DOC]);
    declare(d, &d->ops->mda);
    for (uint32_t i = 0; i < d->conf.ns_count; i++) declare(d, &d->conf.ns[i]);
    xml_open(w, S("soapenv:Body"));
    results(d);
}

static void open_root(struct epcis_doc *d)
{
    const struct root *r = root_of(d);
    struct xml_w *w = &d->w.xml;

    buf_reset(&d->text);
    buf_addf(&d->text, "%s:%s", r->prefix, r->name);
    xml_open(w, buf_str(&d->text));
    declare_root(d, r);
    declare(d, &d->ops->mda);
    for (uint32_t i = 0; i < d->conf.ns_count; i++) declare(d, &d->conf.ns[i]);
    xml_attr(w, S("schemaVersion"), str_of(versions[d->conf.format].number));
    xml_attr(w, S("creationDate"), epcis_moment_text(d, d->conf.created));
}

// Up to where the events come, or more elements.
static status begin(struct epcis_doc *d)
{
    struct xml_w *w = &d->w.xml;

    *w = xml_writer(d->out);
    if (d->conf.kind == EPCIS_BARE_EVENT) return OK;
    xml_declare(w);
    if (d->conf.soap) {
        envelope(d);
    } else {
        open_root(d);
        TRY(header(d));
        xml_open(w, S("EPCISBody"));
        if (d->conf.kind == EPCIS_QUERY_DOC) results(d);
    }
    bool master = d->conf.kind == EPCIS_MASTERDATA_DOC;
    xml_open(w, master ? S("VocabularyList") : S("EventList"));
    return master ? elements(d) : w->st;
}

static void close_to(struct xml_w *w, unsigned depth)
{
    while (w->depth > depth && w->st.cls == ST_OK && !w->b->failed) xml_close(w);
}

// The header of 2.0 has no place for elements of others; the document has one, behind its body.
static status end(struct epcis_doc *d)
{
    struct xml_w *w = &d->w.xml;

    if (d->conf.kind == EPCIS_BARE_EVENT && d->events == 0) return OK;
    close_to(w, 1);
    if (d->conf.statement && !states_in_header(d)) statement(w);
    close_to(w, 0);
    return xml_done(w);
}

// CBV 1.2 has the namespace of its attributes without the colon that it has in 2.0.
const struct epcis_format_ops epcis_xml_1_2_ops = {
    begin, xml_out_event, epcis_xml_element, end, {{"cbvmda", 6}, {"urn:epcglobal:cbv:mda", 21}}
};
const struct epcis_format_ops epcis_xml_2_0_ops = {
    begin, xml_out_event, epcis_xml_element, end, {{"cbvmda", 6}, {"urn:epcglobal:cbv:mda:", 22}}
};
