// json.c - EPCIS 2.0 in JSON-LD. Members come in one order, so that equal events are equal bytes.
#include "service/epcis/epcis_int.h"

static status json_ids(struct epcis_doc *d, const struct epcis_event *e)
{
    struct json_w *w = &d->w.json;
    str id;

    // A DELETE of all children has no list (EPCIS 2.0 section 7.4.3).
    if (e->epcs.n == 0) return OK;
    json_w_key(w, str_of(epcis_shape(e->type)->ids));
    json_w_array(w);
    for (uint32_t i = 0; i < e->epcs.n; i++) {
        TRY(epcis_id_text(d, e, i, &id));
        json_w_str(w, id);
    }
    json_w_end(w);
    return OK;
}

static void json_place(struct json_w *w, const char *key, const struct epcis_id *id)
{
    if (id->dl.n == 0) return;
    json_w_key(w, str_of(key));
    json_w_object(w);
    json_w_kstr(w, "id", id->dl);
    json_w_end(w);
}

static void json_bts(struct epcis_doc *d, const struct epcis_bts *bts)
{
    struct json_w *w = &d->w.json;

    if (bts->n == 0) return;
    json_w_key(w, S("bizTransactionList"));
    json_w_array(w);
    for (uint32_t i = 0; i < bts->n; i++) {
        json_w_object(w);
        if (bts->items[i].type != EPCIS_TRADE_NONE)
            json_w_kstr(w, "type", epcis_word(EPCIS_VOC_TRADE, bts->items[i].type));
        json_w_kstr(w, "bizTransaction", epcis_bt_text(d, &bts->items[i]));
        json_w_end(w);
    }
    json_w_end(w);
}

static void json_parties(struct json_w *w, const char *list, const char *one,
                         const struct epcis_parties *p)
{
    if (p->n == 0) return;
    json_w_key(w, str_of(list));
    json_w_array(w);
    for (uint32_t i = 0; i < p->n; i++) {
        json_w_object(w);
        json_w_kstr(w, "type", epcis_word(EPCIS_VOC_END, p->items[i].type));
        json_w_kstr(w, one, p->items[i].id.dl);
        json_w_end(w);
    }
    json_w_end(w);
}

static void json_fields(struct epcis_doc *d, const struct epcis_fields *f)
{
    struct json_w *w = &d->w.json;

    for (uint32_t i = 0; i < f->n; i++) {
        json_w_key(w, epcis_name_text(d, &f->items[i]));
        json_w_str(w, f->items[i].text);
    }
}

static void json_ilmd(struct epcis_doc *d, const struct epcis_ilmd *m)
{
    struct json_w *w = &d->w.json;

    json_w_key(w, S("ilmd"));
    json_w_object(w);
    if (m->lot.n > 0) json_w_kstr(w, "cbvmda:lotNumber", m->lot);
    if (m->expiry.year != 0)
        json_w_kstr(w, "cbvmda:itemExpirationDate", epcis_date_text(d, m->expiry));
    json_fields(d, &m->fields);
    json_w_end(w);
}

static void json_ns(struct epcis_doc *d, const struct epcis_ns *ns)
{
    json_w_key(&d->w.json, ns->prefix);
    json_w_str(&d->w.json, ns->uri);
}

static void json_what_and_when(struct epcis_doc *d, const struct epcis_event *e)
{
    struct json_w *w = &d->w.json;

    if (epcis_new_ns(d, e, NULL)) {
        json_w_key(w, S("@context"));
        json_w_object(w);
        epcis_new_ns(d, e, json_ns);
        json_w_end(w);
    }
    json_w_kstr(w, "type", str_of(epcis_shape(e->type)->name));
    if (e->id.n > 0) json_w_kstr(w, "eventID", e->id);
    json_w_kstr(w, "eventTime", epcis_time_text(d, e->time));
    if (e->recorded.at.ms != 0) json_w_kstr(w, "recordTime", epcis_time_text(d, e->recorded));
    json_w_kstr(w, "eventTimeZoneOffset", epcis_offset_text(d, e->time));
    json_w_kstr(w, "action", epcis_action_name(e->action));
    if (e->step != EPCIS_STEP_NONE) json_w_kstr(w, "bizStep", epcis_word(EPCIS_VOC_STEP, e->step));
    if (e->disposition != EPCIS_DISP_NONE)
        json_w_kstr(w, "disposition", epcis_word(EPCIS_VOC_DISP, e->disposition));
}

static status json_event(struct epcis_doc *d, const struct epcis_event *e)
{
    struct json_w *w = &d->w.json;

    json_w_object(w);
    json_what_and_when(d, e);
    if (e->parent.dl.n > 0) json_w_kstr(w, "parentID", e->parent.dl);
    TRY(json_ids(d, e));
    json_place(w, "readPoint", &e->read_point);
    json_place(w, "bizLocation", &e->biz_location);
    json_bts(d, &e->bts);
    json_parties(w, "sourceList", "source", &e->sources);
    json_parties(w, "destinationList", "destination", &e->destinations);
    if (epcis_has_ilmd(e)) json_ilmd(d, &e->ilmd);
    json_fields(d, &e->fields);
    json_w_end(w);
    return OK;
}

static status json_begin(struct epcis_doc *d, const struct epcis_head *h)
{
    struct json_w *w = &d->w.json;

    *w = json_writer(d->out);
    json_w_object(w);
    json_w_key(w, S("@context"));
    json_w_array(w);
    json_w_str(w, S(EPCIS_GS1_CONTEXT));
    // The GS1 context says the same; older readers look for what the document itself declares.
    json_w_object(w);
    json_w_kstr(w, "cbvmda", S("urn:epcglobal:cbv:mda:"));
    for (uint32_t i = 0; i < h->ns_count; i++) json_ns(d, &h->ns[i]);
    json_w_end(w);
    json_w_end(w);
    json_w_kstr(w, "type", S("EPCISDocument"));
    json_w_kstr(w, "schemaVersion", S("2.0"));
    json_w_kstr(w, "creationDate", epcis_time_text(d, h->created));
    if (h->sender.n > 0) {
        json_w_kstr(w, "sender", epcis_gln_text(d, h->sender));
        json_w_kstr(w, "receiver", epcis_gln_text(d, h->receiver));
    }
    if (h->instance.n > 0) json_w_kstr(w, "instanceIdentifier", h->instance);
    json_w_key(w, S("epcisBody"));
    json_w_object(w);
    json_w_key(w, S("eventList"));
    json_w_array(w);
    return OK;
}

static status json_end(struct epcis_doc *d)
{
    for (int i = 0; i < 3; i++) json_w_end(&d->w.json); // eventList, epcisBody, the document
    return OK;
}

const struct epcis_format_ops epcis_json_ops = {EPCIS_DL, json_begin, json_event, json_end};
