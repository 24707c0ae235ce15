// render_xml_1_2.c - EPCIS 1.2 in XML. The order of elements is the schema's: what came after 1.0
// lies in baseExtension (event id) and extension (sources, destinations, ILMD), and extensions of
// others come last. Elements of EPCIS itself have no namespace; only the root has.
#include "service/epcis/epcis_int.h"

#define SBDH "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"

static status not_in_1_2(const char *what)
{
    return fail(ST_CONFLICT, "epcis.not_in_1_2", 0, "EPCIS 1.2 has no place for %s", what);
}

// REQ EPCIS-1.2-WORDS: a reader of 1.2 is never sent a word that CBV 2.0 brought
static status word_check(enum epcis_vocabulary v, str text)
{
    unsigned word = epcis_word_find(v, text);

    if (word == 0 || epcis_word_in_1_2(v, word)) return OK;
    return fail(ST_CONFLICT, "epcis.not_in_1_2", 0, "EPCIS 1.2 does not know the word %.*s",
                STR(text));
}

// Refuses first and writes after: what the schema of 1.2 would let pass and its readers would not.
static status xml_check(const struct epcis_event *e)
{
    if (e->type != EPCIS_OBJECT && e->type != EPCIS_AGGREGATION)
        return fail(ST_UNSUPPORTED, "epcis.type", 0, "events of this type are not written");
    if (e->error != NULL) return not_in_1_2("errorDeclaration");
    if (e->certification.n > 0) return not_in_1_2("certificationInfo");
    if (e->set.n + e->unset.n > 0) return not_in_1_2("persistentDisposition");
    if (e->sensors.n > 0) return not_in_1_2("sensorElementList");
    if (e->quantities.n > 0) return not_in_1_2("quantityList");
    TRY(word_check(EPCIS_VOC_STEP, e->step));
    TRY(word_check(EPCIS_VOC_DISP, e->disposition));
    for (uint32_t i = 0; i < e->bts.n; i++) TRY(word_check(EPCIS_VOC_TRADE, e->bts.at[i].type));
    return OK;
}

static status xml_ids(struct epcis_doc *d, const struct epcis_event *e)
{
    struct xml_w *w = &d->w.xml;
    str id;

    xml_open(w, str_of(epcis_shape(e->type)->ids)); // the schema wants it even when it is empty
    for (uint32_t i = 0; i < e->epcs.n; i++) {
        TRY(epcis_ids_text(d, &e->epcs, i, &id));
        xml_leaf(w, S("epc"), id);
    }
    xml_close(w);
    return OK;
}

static str word_urn(enum epcis_vocabulary v, str text)
{
    unsigned word = epcis_word_find(v, text);

    return word != 0 ? epcis_word_urn(v, word) : text;
}

static void xml_word(struct xml_w *w, str name, enum epcis_vocabulary v, str word)
{
    if (word.n > 0) xml_leaf(w, name, word_urn(v, word));
}

static void xml_place(struct epcis_doc *d, str name, const struct epcis_place *p)
{
    struct xml_w *w = &d->w.xml;

    if (p->id.n == 0) return;
    xml_open(w, name);
    xml_leaf(w, S("id"), epcis_id_text(d, p->id));
    xml_close(w);
}

static void xml_pairs(struct epcis_doc *d, str list, str one, enum epcis_vocabulary v,
                      const struct epcis_pairs *p)
{
    struct xml_w *w = &d->w.xml;

    if (p->n == 0) return;
    xml_open(w, list);
    for (uint32_t i = 0; i < p->n; i++) {
        xml_open(w, one);
        if (p->at[i].type.n > 0) xml_attr(w, S("type"), word_urn(v, p->at[i].type));
        xml_text(w, epcis_id_text(d, p->at[i].id));
        xml_close(w);
    }
    xml_close(w);
}

static void xml_nodes(struct epcis_doc *d, const struct epcis_node *n)
{
    for (; n != NULL; n = n->next) {
        buf_reset(&d->text);
        if (n->ns != NULL) {
            buf_add(&d->text, epcis_used_prefix(d, n->ns));
            buf_addc(&d->text, ':');
        }
        buf_add(&d->text, n->name);
        xml_leaf(&d->w.xml, buf_str(&d->text), n->text);
    }
}

static void xml_extension(struct epcis_doc *d, const struct epcis_event *e)
{
    struct xml_w *w = &d->w.xml;

    if (e->sources.n == 0 && e->destinations.n == 0 && !e->has_ilmd) return;
    xml_open(w, S("extension"));
    xml_pairs(d, S("sourceList"), S("source"), EPCIS_VOC_END, &e->sources);
    xml_pairs(d, S("destinationList"), S("destination"), EPCIS_VOC_END, &e->destinations);
    if (e->has_ilmd) {
        xml_open(w, S("ilmd"));
        xml_nodes(d, e->ilmd);
        xml_close(w);
    }
    xml_close(w);
}

static void xml_ns(struct epcis_doc *d, const struct epcis_ns *ns)
{
    buf_reset(&d->text);
    buf_addf(&d->text, "xmlns:%.*s", STR(ns->prefix));
    xml_attr(&d->w.xml, buf_str(&d->text), ns->uri);
}

static void xml_new_ns(struct epcis_doc *d)
{
    for (const struct epcis_used *u = d->used; u != NULL; u = u->next) {
        struct epcis_ns ns = {u->prefix, u->ns->uri};
        if (!u->declared) xml_ns(d, &ns);
    }
}

static void xml_time(struct epcis_doc *d, str name, const struct epcis_time *t)
{
    if (epcis_has_time(t)) xml_leaf(&d->w.xml, name, epcis_time_text(d, t));
}

static void xml_when(struct epcis_doc *d, const struct epcis_event *e)
{
    struct xml_w *w = &d->w.xml;

    xml_time(d, S("eventTime"), &e->time);
    xml_time(d, S("recordTime"), &e->recorded);
    xml_leaf(w, S("eventTimeZoneOffset"), epcis_zone_text(d, e));
    if (e->id.n == 0) return;
    xml_open(w, S("baseExtension"));
    xml_leaf(w, S("eventID"), e->id);
    xml_close(w);
}

static status xml_event(struct epcis_doc *d, const struct epcis_event *e)
{
    struct xml_w *w = &d->w.xml;
    str parent;

    TRY(xml_check(e));
    xml_open(w, str_of(epcis_shape(e->type)->name));
    xml_new_ns(d);
    xml_when(d, e);
    if (e->parent.n > 0) {
        TRY(epcis_object_text(d, e->parent, &parent));
        xml_leaf(w, S("parentID"), parent);
    }
    TRY(xml_ids(d, e));
    xml_leaf(w, S("action"), str_of(epcis_action_name(e->action)));
    xml_word(w, S("bizStep"), EPCIS_VOC_STEP, e->step);
    xml_word(w, S("disposition"), EPCIS_VOC_DISP, e->disposition);
    xml_place(d, S("readPoint"), &e->read_point);
    xml_place(d, S("bizLocation"), &e->biz_location);
    xml_pairs(d, S("bizTransactionList"), S("bizTransaction"), EPCIS_VOC_TRADE, &e->bts);
    xml_extension(d, e);
    xml_nodes(d, e->ext);
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

static void xml_header(struct epcis_doc *d)
{
    const struct epcis_out *h = &d->conf;
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
    xml_leaf(w, S("sbdh:CreationDateAndTime"), epcis_moment_text(d, h->created));
    xml_close(w);
    xml_close(w);
    xml_close(w);
}

static status xml_begin(struct epcis_doc *d)
{
    const struct epcis_out *h = &d->conf;
    struct xml_w *w = &d->w.xml;

    *w = xml_writer(d->out);
    xml_declare(w);
    xml_open(w, S("epcis:EPCISDocument"));
    xml_attr(w, S("xmlns:epcis"), S("urn:epcglobal:epcis:xsd:1"));
    xml_attr(w, S("xmlns:cbvmda"), S("urn:epcglobal:cbv:mda"));
    for (uint32_t i = 0; i < h->ns_count; i++) xml_ns(d, &h->ns[i]);
    xml_attr(w, S("schemaVersion"), S("1.2"));
    xml_attr(w, S("creationDate"), epcis_moment_text(d, h->created));
    xml_header(d);
    xml_open(w, S("EPCISBody"));
    xml_open(w, S("EventList"));
    return w->st;
}

static status xml_end(struct epcis_doc *d)
{
    for (int i = 0; i < 3; i++) xml_close(&d->w.xml); // EventList, EPCISBody, the document
    return xml_done(&d->w.xml);
}

const struct epcis_format_ops epcis_xml_1_2_ops = {xml_begin, xml_event, xml_end};
