// render_xml_1_2.c - EPCIS 1.2 in XML. The order of elements is the schema's: what came after 1.0
// lies in baseExtension (event id) and extension (sources, destinations, ILMD), and extensions of
// others come last. Elements of EPCIS itself have no namespace; only the root has.
#include "service/epcis/epcis_int.h"

#define SBDH "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"

// An EPC URN, or the URI that stands for a place or party whose company prefix is not known: the
// schema takes any URI there.
static str place_of(const struct epcis_id *id) { return id->urn.n > 0 ? id->urn : id->dl; }

// REQ EPCIS-1.2-WORDS: a reader of 1.2 is never sent a word that CBV 2.0 brought
static status word_check(enum epcis_vocabulary v, unsigned word)
{
    if (word == 0 || epcis_word_in_1_2(v, word)) return OK;
    return fail(ST_CONFLICT, "epcis.not_in_1_2", 0, "EPCIS 1.2 does not know the word %.*s",
                STR(epcis_word(v, word)));
}

// Refuses first and writes after: what the schema of 1.2 would let pass and its readers would not.
static status xml_check(const struct epcis_event *e)
{
    TRY(word_check(EPCIS_VOC_STEP, e->step));
    TRY(word_check(EPCIS_VOC_DISP, e->disposition));
    for (uint32_t i = 0; i < e->bts.n; i++) TRY(word_check(EPCIS_VOC_TRADE, e->bts.items[i].type));
    if (e->parent.dl.n > 0 && e->parent.urn.n == 0)
        return fail(ST_CONFLICT, "prefix.unknown", 0,
                    "the parent has no EPC URN: its company prefix is not known");
    return OK;
}

static status xml_ids(struct epcis_doc *d, const struct epcis_event *e)
{
    struct xml_w *w = &d->w.xml;
    str id;

    xml_open(w, str_of(epcis_shape(e->type)->ids)); // the schema wants it even when it is empty
    for (uint32_t i = 0; i < e->epcs.n; i++) {
        TRY(epcis_id_text(d, e, i, &id));
        xml_leaf(w, S("epc"), id);
    }
    xml_close(w);
    return OK;
}

static void xml_word(struct xml_w *w, str name, enum epcis_vocabulary v, unsigned word)
{
    if (word != 0) xml_leaf(w, name, epcis_word_urn(v, word));
}

static void xml_place(struct xml_w *w, str name, const struct epcis_id *id)
{
    if (id->dl.n == 0) return;
    xml_open(w, name);
    xml_leaf(w, S("id"), place_of(id));
    xml_close(w);
}

static void xml_bts(struct epcis_doc *d, const struct epcis_bts *bts)
{
    struct xml_w *w = &d->w.xml;

    if (bts->n == 0) return;
    xml_open(w, S("bizTransactionList"));
    for (uint32_t i = 0; i < bts->n; i++) {
        const struct epcis_bt *bt = &bts->items[i];
        xml_open(w, S("bizTransaction"));
        if (bt->type != EPCIS_TRADE_NONE)
            xml_attr(w, S("type"), epcis_word_urn(EPCIS_VOC_TRADE, bt->type));
        xml_text(w, epcis_bt_text(d, bt));
        xml_close(w);
    }
    xml_close(w);
}

static void xml_parties(struct xml_w *w, str list, str one, const struct epcis_parties *p)
{
    if (p->n == 0) return;
    xml_open(w, list);
    for (uint32_t i = 0; i < p->n; i++) {
        xml_open(w, one);
        xml_attr(w, S("type"), epcis_word_urn(EPCIS_VOC_END, p->items[i].type));
        xml_text(w, place_of(&p->items[i].id));
        xml_close(w);
    }
    xml_close(w);
}

static void xml_fields(struct epcis_doc *d, const struct epcis_fields *f)
{
    for (uint32_t i = 0; i < f->n; i++)
        xml_leaf(&d->w.xml, epcis_name_text(d, &f->items[i]), f->items[i].text);
}

static void xml_ilmd(struct epcis_doc *d, const struct epcis_ilmd *m)
{
    struct xml_w *w = &d->w.xml;

    xml_open(w, S("ilmd"));
    if (m->lot.n > 0) xml_leaf(w, S("cbvmda:lotNumber"), m->lot);
    if (m->expiry.year != 0)
        xml_leaf(w, S("cbvmda:itemExpirationDate"), epcis_date_text(d, m->expiry));
    xml_fields(d, &m->fields);
    xml_close(w);
}

static void xml_extension(struct epcis_doc *d, const struct epcis_event *e)
{
    struct xml_w *w = &d->w.xml;

    if (e->sources.n == 0 && e->destinations.n == 0 && !epcis_has_ilmd(e)) return;
    xml_open(w, S("extension"));
    xml_parties(w, S("sourceList"), S("source"), &e->sources);
    xml_parties(w, S("destinationList"), S("destination"), &e->destinations);
    if (epcis_has_ilmd(e)) xml_ilmd(d, &e->ilmd);
    xml_close(w);
}

static void xml_ns(struct epcis_doc *d, const struct epcis_ns *ns)
{
    struct epcis_field name = {.ns = &(struct epcis_ns){.prefix = S("xmlns")}, .name = ns->prefix};

    xml_attr(&d->w.xml, epcis_name_text(d, &name), ns->uri);
}

static void xml_time(struct epcis_doc *d, str name, struct moment m)
{
    xml_leaf(&d->w.xml, name, epcis_time_text(d, m));
}

static void xml_when(struct epcis_doc *d, const struct epcis_event *e)
{
    struct xml_w *w = &d->w.xml;

    xml_time(d, S("eventTime"), e->time);
    if (e->recorded.at.ms != 0) xml_time(d, S("recordTime"), e->recorded);
    xml_leaf(w, S("eventTimeZoneOffset"), epcis_offset_text(d, e->time));
    if (e->id.n == 0) return;
    xml_open(w, S("baseExtension"));
    xml_leaf(w, S("eventID"), e->id);
    xml_close(w);
}

static status xml_event(struct epcis_doc *d, const struct epcis_event *e)
{
    struct xml_w *w = &d->w.xml;

    TRY(xml_check(e));
    xml_open(w, str_of(epcis_shape(e->type)->name));
    epcis_new_ns(d, e, xml_ns);
    xml_when(d, e);
    if (e->parent.dl.n > 0) xml_leaf(w, S("parentID"), e->parent.urn);
    TRY(xml_ids(d, e));
    xml_leaf(w, S("action"), epcis_action_name(e->action));
    xml_word(w, S("bizStep"), EPCIS_VOC_STEP, e->step);
    xml_word(w, S("disposition"), EPCIS_VOC_DISP, e->disposition);
    xml_place(w, S("readPoint"), &e->read_point);
    xml_place(w, S("bizLocation"), &e->biz_location);
    xml_bts(d, &e->bts);
    xml_extension(d, e);
    xml_fields(d, &e->fields);
    xml_close(w);
    return w->st;
}

static void xml_partner(struct xml_w *w, str role, str gln)
{
    xml_open(w, role);
    xml_open(w, S("sbdh:Identifier"));
    xml_attr(w, S("Authority"), S("GS1")); // that is: the identifier is a GLN
    xml_text(w, gln);
    xml_close(w);
    xml_close(w);
}

static void xml_header(struct epcis_doc *d, const struct epcis_head *h)
{
    struct xml_w *w = &d->w.xml;

    if (h->sender.n == 0) return;
    xml_open(w, S("EPCISHeader"));
    xml_open(w, S("sbdh:StandardBusinessDocumentHeader"));
    xml_attr(w, S("xmlns:sbdh"), S(SBDH));
    xml_leaf(w, S("sbdh:HeaderVersion"), S("1.0"));
    xml_partner(w, S("sbdh:Sender"), h->sender);
    xml_partner(w, S("sbdh:Receiver"), h->receiver);
    xml_open(w, S("sbdh:DocumentIdentification"));
    xml_leaf(w, S("sbdh:Standard"), S("EPCglobal"));
    xml_leaf(w, S("sbdh:TypeVersion"), S("1.0"));
    xml_leaf(w, S("sbdh:InstanceIdentifier"), h->instance);
    xml_leaf(w, S("sbdh:Type"), S("Events"));
    xml_time(d, S("sbdh:CreationDateAndTime"), h->created);
    xml_close(w);
    xml_close(w);
    xml_close(w);
}

static status xml_begin(struct epcis_doc *d, const struct epcis_head *h)
{
    struct xml_w *w = &d->w.xml;

    *w = xml_writer(d->out);
    xml_declare(w);
    xml_open(w, S("epcis:EPCISDocument"));
    xml_attr(w, S("xmlns:epcis"), S("urn:epcglobal:epcis:xsd:1"));
    xml_attr(w, S("xmlns:cbvmda"), S("urn:epcglobal:cbv:mda"));
    for (uint32_t i = 0; i < h->ns_count; i++) xml_ns(d, &h->ns[i]);
    xml_attr(w, S("schemaVersion"), S("1.2"));
    xml_attr(w, S("creationDate"), epcis_time_text(d, h->created));
    xml_header(d, h);
    xml_open(w, S("EPCISBody"));
    xml_open(w, S("EventList"));
    return w->st;
}

static status xml_end(struct epcis_doc *d)
{
    for (int i = 0; i < 3; i++) xml_close(&d->w.xml); // EventList, EPCISBody, the document
    return xml_done(&d->w.xml);
}

const struct epcis_format_ops epcis_xml_1_2_ops = {EPCIS_URN, xml_begin, xml_event, xml_end};
