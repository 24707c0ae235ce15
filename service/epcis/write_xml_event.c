// write_xml_event.c - one event of EPCIS 2.0 or 1.2 in XML. The order of elements is the schema's:
// a table for each type and version names the parts in that order.
//
// In 1.2 what came after 1.0 lies in baseExtension (event id, error declaration) and extension
// (quantities, sources, destinations, ILMD). Elements of EPCIS itself have no namespace; only the
// root has.
#include "service/epcis/value.h"
#include "service/epcis/xml_out.h"
#include <string.h>

// ---- what EPCIS 1.2 has no place for

bool xml_out_is_1_2(const struct epcis_doc *d) { return d->conf.format == EPCIS_XML_1_2; }

status xml_out_not_in_1_2(const char *what)
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

static status pairs_check(enum epcis_vocabulary v, const struct epcis_pairs *p)
{
    for (uint32_t i = 0; i < p->n; i++) TRY(word_check(v, p->at[i].type));
    return OK;
}

// Refuses first and writes after: what the schema of 1.2 would let pass and its readers would not.
static status check_1_2(const struct epcis_event *e)
{
    if (e->type == EPCIS_ASSOCIATION) return xml_out_not_in_1_2("an AssociationEvent");
    if (e->certification.n > 0) return xml_out_not_in_1_2("certificationInfo");
    if (e->set.n + e->unset.n > 0) return xml_out_not_in_1_2("persistentDisposition");
    if (e->sensors.n > 0) return xml_out_not_in_1_2("sensorElementList");
    TRY(word_check(EPCIS_VOC_STEP, e->step));
    TRY(word_check(EPCIS_VOC_DISP, e->disposition));
    if (e->error != NULL) TRY(word_check(EPCIS_VOC_ERROR, e->error->reason));
    TRY(pairs_check(EPCIS_VOC_TRADE, &e->bts));
    TRY(pairs_check(EPCIS_VOC_END, &e->sources));
    return pairs_check(EPCIS_VOC_END, &e->destinations);
}

static status check_2_0(const struct epcis_event *e)
{
    // REQ EPCIS-XML-CERTIFICATION: the schema has one element, and none of several is left out
    if (e->certification.n > 1)
        return fail(ST_CONFLICT, "epcis.not_in_xml", 0,
                    "XML has one certificationInfo, here are %u", e->certification.n);
    return OK;
}

// ---- values

static void leaf(struct epcis_doc *d, const char *name, str text)
{
    if (text.n > 0) xml_leaf(&d->w.xml, str_of(name), text);
}

static str word_text(const struct epcis_doc *d, enum epcis_vocabulary v, str text)
{
    unsigned word = epcis_word_find(v, text);
    bool web = d->conf.words == EPCIS_WORDS_WEB && !xml_out_is_1_2(d);

    if (word == 0) return text;
    return web ? epcis_word_web(v, word) : epcis_word_urn(v, word);
}

static void word(struct epcis_doc *d, const char *name, enum epcis_vocabulary v, str text)
{
    leaf(d, name, word_text(d, v, text));
}

// RFC 3339 lets T and Z be small, XML Schema does not.
static str time_text(struct epcis_doc *d, str text)
{
    if (text.n == 0) return text;
    if (memchr(text.p, 't', text.n) == NULL && memchr(text.p, 'z', text.n) == NULL) return text;
    buf_reset(&d->text);
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        buf_addc(&d->text, c == 't' ? 'T' : c == 'z' ? 'Z' : c);
    }
    return buf_str(&d->text);
}

static void time_put(struct epcis_doc *d, const char *name, const struct epcis_time *t)
{
    if (epcis_has_time(t)) leaf(d, name, time_text(d, epcis_time_text(d, t)));
}

// xsd:decimal has no exponent.
static status decimal_text(struct epcis_doc *d, str text, str *out)
{
    struct epcis_number n;

    *out = text;
    if (text.n == 0) return OK;
    if (memchr(text.p, 'e', text.n) == NULL && memchr(text.p, 'E', text.n) == NULL) return OK;
    buf_reset(&d->text);
    if (!epcis_number_read(text, &n) || !epcis_number_write(&n, &d->text))
        return fail(ST_CONFLICT, "epcis.number", 0, "quantity: no decimal number of XML");
    return buf_done(&d->text, out);
}

static void strs(struct epcis_doc *d, const char *one, const struct epcis_strs *s)
{
    for (uint32_t i = 0; i < s->n; i++) leaf(d, one, s->at[i]);
}

static status ids(struct epcis_doc *d, const char *list, const struct epcis_ids *l)
{
    struct xml_w *w = &d->w.xml;
    str id;

    xml_open(w, str_of(list));
    for (uint32_t i = 0; i < l->n; i++) {
        TRY(epcis_ids_text(d, l, i, &id));
        xml_leaf(w, S("epc"), id);
    }
    xml_close(w);
    return OK;
}

static status quantities(struct epcis_doc *d, const char *list, const struct epcis_quantities *q)
{
    struct xml_w *w = &d->w.xml;
    str text;

    if (q->n == 0) return OK;
    xml_open(w, str_of(list));
    for (uint32_t i = 0; i < q->n; i++) {
        TRY(epcis_object_text(d, q->at[i].epc_class, &text));
        xml_open(w, S("quantityElement"));
        xml_leaf(w, S("epcClass"), text);
        TRY(decimal_text(d, q->at[i].quantity, &text));
        leaf(d, "quantity", text);
        leaf(d, "uom", q->at[i].uom);
        xml_close(w);
    }
    xml_close(w);
    return OK;
}

static void pairs(struct epcis_doc *d, const char *list, const char *one, enum epcis_vocabulary v,
                  const struct epcis_pairs *p)
{
    struct xml_w *w = &d->w.xml;

    if (p->n == 0) return;
    xml_open(w, str_of(list));
    for (uint32_t i = 0; i < p->n; i++) {
        xml_open(w, str_of(one));
        if (p->at[i].type.n > 0) xml_attr(w, S("type"), word_text(d, v, p->at[i].type));
        xml_text(w, epcis_id_text(d, p->at[i].id));
        xml_close(w);
    }
    xml_close(w);
}

static status place(struct epcis_doc *d, const char *name, const struct epcis_place *p)
{
    struct xml_w *w = &d->w.xml;

    if (p->id.n == 0) return OK;
    xml_open(w, str_of(name));
    TRY(xml_out_attributes(d, p->ext));
    xml_leaf(w, S("id"), epcis_id_text(d, p->id));
    TRY(xml_out_elements(d, p->ext));
    xml_close(w);
    return OK;
}

static status error_put(struct epcis_doc *d, const struct epcis_error *x)
{
    struct xml_w *w = &d->w.xml;

    if (x == NULL) return OK;
    xml_open(w, S("errorDeclaration"));
    TRY(xml_out_attributes(d, x->ext));
    time_put(d, "declarationTime", &x->declared);
    word(d, "reason", EPCIS_VOC_ERROR, x->reason);
    if (x->corrective.n > 0) {
        xml_open(w, S("correctiveEventIDs"));
        strs(d, "correctiveEventID", &x->corrective);
        xml_close(w);
    }
    TRY(xml_out_elements(d, x->ext));
    xml_close(w);
    return OK;
}

static status ilmd_put(struct epcis_doc *d, const struct epcis_event *e)
{
    struct xml_w *w = &d->w.xml;

    if (!e->has_ilmd && e->ilmd == NULL) return OK;
    xml_open(w, S("ilmd"));
    TRY(xml_out_attributes(d, e->ilmd));
    TRY(xml_out_elements(d, e->ilmd));
    xml_close(w);
    return OK;
}

// ---- sensors

static enum epcis_vocabulary sensor_word(unsigned field)
{
    return field == EPCIS_SENSOR_TYPE        ? EPCIS_VOC_MEASUREMENT
           : field == EPCIS_SENSOR_EXCEPTION ? EPCIS_VOC_ALERT
                                             : EPCIS_VOC_COMPONENT;
}

static str sensor_text(struct epcis_doc *d, unsigned field, char what, str text)
{
    switch (what) {
    case 'w': return word_text(d, sensor_word(field), text);
    case 't': return time_text(d, text);
    case 'u': return epcis_id_text(d, text);
    default: return text;
    }
}

static status sensor_part(struct epcis_doc *d, const char *name, const struct epcis_sensor_part *p)
{
    static const struct {
        const char *word;
        char what;
    } fields[] = {
#define X(name, word, where, what) {word, what},
        EPCIS_SENSOR_FIELDS(X)
#undef X
    };
    struct xml_w *w = &d->w.xml;

    xml_open(w, str_of(name));
    for (unsigned i = 0; i < LEN(fields); i++)
        if (p->at[i].n > 0)
            xml_attr(w, str_of(fields[i].word), sensor_text(d, i, fields[i].what, p->at[i]));
    TRY(xml_out_as_attributes(d, p->ext));
    xml_close(w);
    return OK;
}

static status sensor(struct epcis_doc *d, const struct epcis_sensor *s)
{
    xml_open(&d->w.xml, S("sensorElement"));
    TRY(xml_out_attributes(d, s->ext));
    if (s->metadata != NULL) TRY(sensor_part(d, "sensorMetadata", s->metadata));
    for (uint32_t i = 0; i < s->report_count; i++)
        TRY(sensor_part(d, "sensorReport", &s->reports[i]));
    TRY(xml_out_elements(d, s->ext));
    xml_close(&d->w.xml);
    return OK;
}

// ---- parts of an event, for the tables

typedef status part(struct epcis_doc *d, const struct epcis_event *e);

static status times(struct epcis_doc *d, const struct epcis_event *e)
{
    time_put(d, "eventTime", &e->time);
    time_put(d, "recordTime", &e->recorded);
    leaf(d, "eventTimeZoneOffset", epcis_zone_text(d, e));
    return OK;
}

static status names(struct epcis_doc *d, const struct epcis_event *e)
{
    leaf(d, "eventID", e->id);
    return error_put(d, e->error);
}

static status names_1_2(struct epcis_doc *d, const struct epcis_event *e)
{
    if (e->id.n == 0 && e->error == NULL) return OK;
    xml_open(&d->w.xml, S("baseExtension"));
    TRY(names(d, e));
    xml_close(&d->w.xml);
    return OK;
}

static status certification(struct epcis_doc *d, const struct epcis_event *e)
{
    strs(d, "certificationInfo", &e->certification);
    return OK;
}

static status parent(struct epcis_doc *d, const struct epcis_event *e)
{
    str id;

    if (e->parent.n == 0) return OK;
    TRY(epcis_object_text(d, e->parent, &id));
    leaf(d, "parentID", id);
    return OK;
}

static status objects(struct epcis_doc *d, const struct epcis_event *e)
{
    return e->epcs.n > 0 ? ids(d, epcis_shape(e->type)->ids, &e->epcs) : OK;
}

// The schema of 1.2 wants it even when it is empty.
static status objects_1_2(struct epcis_doc *d, const struct epcis_event *e)
{
    return ids(d, epcis_shape(e->type)->ids, &e->epcs);
}

static status classes(struct epcis_doc *d, const struct epcis_event *e)
{
    return quantities(d, epcis_shape(e->type)->quantities, &e->quantities);
}

static status outputs(struct epcis_doc *d, const struct epcis_event *e)
{
    const struct epcis_shape *s = epcis_shape(e->type);

    if (e->out_epcs.n > 0) TRY(ids(d, s->out_ids, &e->out_epcs));
    TRY(quantities(d, s->out_quantities, &e->out_quantities));
    leaf(d, "transformationID", epcis_id_text(d, e->transformation));
    return OK;
}

static status action(struct epcis_doc *d, const struct epcis_event *e)
{
    leaf(d, "action", str_of(epcis_action_name(e->action)));
    return OK;
}

static status where(struct epcis_doc *d, const struct epcis_event *e)
{
    word(d, "bizStep", EPCIS_VOC_STEP, e->step);
    word(d, "disposition", EPCIS_VOC_DISP, e->disposition);
    TRY(place(d, "readPoint", &e->read_point));
    return place(d, "bizLocation", &e->biz_location);
}

static status bts(struct epcis_doc *d, const struct epcis_event *e)
{
    pairs(d, "bizTransactionList", "bizTransaction", EPCIS_VOC_TRADE, &e->bts);
    return OK;
}

static status ends(struct epcis_doc *d, const struct epcis_event *e)
{
    pairs(d, "sourceList", "source", EPCIS_VOC_END, &e->sources);
    pairs(d, "destinationList", "destination", EPCIS_VOC_END, &e->destinations);
    return OK;
}

static status sensors(struct epcis_doc *d, const struct epcis_event *e)
{
    if (e->sensors.n == 0) return OK;
    xml_open(&d->w.xml, S("sensorElementList"));
    for (uint32_t i = 0; i < e->sensors.n; i++) TRY(sensor(d, &e->sensors.at[i]));
    xml_close(&d->w.xml);
    return OK;
}

static void dispositions(struct epcis_doc *d, const char *name, const struct epcis_strs *s)
{
    for (uint32_t i = 0; i < s->n; i++) word(d, name, EPCIS_VOC_DISP, s->at[i]);
}

static status persistent(struct epcis_doc *d, const struct epcis_event *e)
{
    if (e->set.n + e->unset.n == 0) return OK;
    xml_open(&d->w.xml, S("persistentDisposition"));
    dispositions(d, "unset", &e->unset);
    dispositions(d, "set", &e->set);
    xml_close(&d->w.xml);
    return OK;
}

static status others(struct epcis_doc *d, const struct epcis_event *e)
{
    return xml_out_others(d, e->ext);
}

// What has no namespace lies in an extension of its own.
static status innermost(struct epcis_doc *d, const struct epcis_event *e)
{
    if (!xml_out_has_local(d, e->ext)) return OK;
    xml_open(&d->w.xml, S("extension"));
    TRY(xml_out_local(d, e->ext));
    xml_close(&d->w.xml);
    return OK;
}

static status extension_1_2(struct epcis_doc *d, const struct epcis_event *e)
{
    uint32_t n = e->quantities.n + e->sources.n + e->destinations.n;

    if (n == 0 && !e->has_ilmd && !xml_out_has_local(d, e->ext)) return OK;
    xml_open(&d->w.xml, S("extension"));
    TRY(classes(d, e));
    TRY(ends(d, e));
    TRY(ilmd_put(d, e));
    TRY(innermost(d, e));
    xml_close(&d->w.xml);
    return OK;
}

// ---- the tables

#define WHEN     times, names, certification
#define NEWS     sensors, persistent
#define WHEN_1_2 times, names_1_2

static part *const object_2_0[] = {WHEN, objects, action,   where,  bts, classes,
                                   ends, NEWS,    ilmd_put, others, NULL};
static part *const aggregation_2_0[] = {WHEN,    parent, objects, action, where, bts,
                                        classes, ends,   NEWS,    others, NULL};
static part *const transaction_2_0[] = {WHEN,    bts,  parent, objects, action, where,
                                        classes, ends, NEWS,   others,  NULL};
static part *const transformation_2_0[] = {WHEN, objects, classes,  outputs, where, bts,
                                           ends, NEWS,    ilmd_put, others,  NULL};
static part *const association_2_0[] = {WHEN, parent, objects, classes, action, where,
                                        bts,  ends,   NEWS,    others,  NULL};
static part *const object_1_2[] = {WHEN_1_2, objects_1_2,   action, where,
                                   bts,      extension_1_2, others, NULL};
static part *const aggregation_1_2[] = {WHEN_1_2, parent,        objects_1_2, action, where,
                                        bts,      extension_1_2, others,      NULL};
static part *const transaction_1_2[] = {WHEN_1_2, bts,           parent, objects_1_2, action,
                                        where,    extension_1_2, others, NULL};
static part *const transformation_1_2[] = {WHEN_1_2, objects,  classes,   outputs, where, bts,
                                           ends,     ilmd_put, innermost, others,  NULL};

static const struct {
    part *const *in_2_0, *const *in_1_2;
} tables[EPCIS_TYPE_COUNT] = {
    [EPCIS_OBJECT] = {object_2_0,         object_1_2        },
    [EPCIS_AGGREGATION] = {aggregation_2_0,    aggregation_1_2   },
    [EPCIS_TRANSACTION] = {transaction_2_0,    transaction_1_2   },
    [EPCIS_TRANSFORMATION] = {transformation_2_0, transformation_1_2},
    [EPCIS_ASSOCIATION] = {association_2_0,    NULL              },
};

static status event_put(struct epcis_doc *d, const struct epcis_event *e)
{
    part *const *parts = xml_out_is_1_2(d) ? tables[e->type].in_1_2 : tables[e->type].in_2_0;

    xml_open(&d->w.xml, str_of(epcis_shape(e->type)->name));
    xml_out_declare(d);
    TRY(xml_out_attributes(d, e->ext));
    for (; *parts != NULL; parts++) TRY((*parts)(d, e));
    xml_close(&d->w.xml);
    return d->w.xml.st;
}

status xml_out_event(struct epcis_doc *d, const struct epcis_event *e)
{
    bool wrapped = xml_out_is_1_2(d) && e->type == EPCIS_TRANSFORMATION;

    TRY(xml_out_is_1_2(d) ? check_1_2(e) : check_2_0(e));
    if (wrapped) xml_open(&d->w.xml, S("extension"));
    TRY(event_put(d, e));
    if (wrapped) xml_close(&d->w.xml);
    return d->w.xml.st;
}
