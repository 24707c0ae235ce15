// write.c - the course of a document, the same for every format, and the small texts that all of
// them write alike.
#include "service/epcis/write.h"
#include "service/epcis/epcis_int.h"
#include "service/gs1/id.h"

#define TEXT_MAX    (64 * KB)     // a text put together from parts that have smaller ceilings
#define CLOSE_MAX   ((size_t)192) // what the end of any format needs, kept free for it
#define STATED_MAX  ((size_t)512) // a transaction statement, which may be part of that end
#define SCRATCH_MAX (64 * MB)     // for one event; grows with its extensions alone

static const struct epcis_format_ops *const formats[EPCIS_FORMAT_COUNT] = {
    [EPCIS_JSON_2_0] = &epcis_json_ops,
    [EPCIS_XML_1_2] = &epcis_xml_1_2_ops,
    [EPCIS_XML_2_0] = &epcis_xml_2_0_ops,
};

static status full(const struct epcis_doc *d)
{
    return fail(ST_TOO_LARGE, "epcis.full", 0, "the document would have more than %zu bytes",
                d->out->max);
}

static bool has_room(const struct epcis_doc *d)
{
    size_t wanted = CLOSE_MAX + (d->conf.statement ? STATED_MAX : 0);

    return !d->out->failed && d->out->max - d->out->n >= wanted;
}

static status ns_check(const struct epcis_ns *ns)
{
    if (!xml_is_ncname(ns->prefix) || str_starts(ns->prefix, S("xml")))
        return fail(ST_UNPROCESSABLE, "epcis.field", 0, "a namespace's prefix is not a name");
    if (ns->uri.n == 0 || !str_is_utf8(ns->uri, NULL))
        return fail(ST_UNPROCESSABLE, "epcis.field", 0, "a namespace has no URI");
    return OK;
}

static status head_check(const struct epcis_out *h)
{
    bool party = h->sender.n > 0;

    if (party != (h->receiver.n > 0) || (party && h->instance.n == 0))
        return fail(ST_UNPROCESSABLE, "epcis.head", 0,
                    "sender, receiver and instance identifier go together");
    if (party && (h->sender.n != 13 || !str_is_digits(h->sender) || h->receiver.n != 13 ||
                  !str_is_digits(h->receiver)))
        return fail(ST_UNPROCESSABLE, "epcis.head", 0, "a GLN has 13 digits");
    if (h->statement && (!party || h->kind != EPCIS_DOC))
        return fail(ST_UNPROCESSABLE, "epcis.head", 0,
                    "a statement is of a document's sender to its receiver");
    bool of_header = h->kind == EPCIS_DOC && (h->format != EPCIS_XML_1_2 || party);
    if (h->element_count > 0 && !of_header && h->kind != EPCIS_MASTERDATA_DOC)
        return fail(ST_UNPROCESSABLE, "epcis.head", 0,
                    "master data stand in a document of their own or of events; in 1.2 behind its "
                    "sender");
    if (!str_is_utf8(h->instance, NULL))
        return fail(ST_UNPROCESSABLE, "epcis.head", 0, "the instance identifier is not UTF-8");
    for (uint32_t i = 0; i < h->ns_count; i++) TRY(ns_check(&h->ns[i]));
    return OK;
}

void epcis_doc_init(struct epcis_doc *d, const struct epcis_out *conf, struct buf *out)
{
    assert(conf->format < EPCIS_FORMAT_COUNT && formats[conf->format] != NULL && !out->failed);
    *d = (struct epcis_doc){
        .ops = formats[conf->format], .conf = *conf, .out = out, .st = head_check(conf)};
    if (conf->format == EPCIS_XML_1_2 && conf->ids == EPCIS_DL) d->conf.ids = EPCIS_URN;
    buf_init(&d->text, TEXT_MAX);
    arena_init(&d->scratch, SCRATCH_MAX);
    arena_init(&d->spelling, 64 * KB);
    if (d->st.cls == ST_OK) d->st = d->ops->begin(d);
    if (d->st.cls == ST_OK && !has_room(d)) d->st = full(d);
}

static status event_write(struct epcis_doc *d, const struct epcis_event *e)
{
    bool bare = d->conf.kind == EPCIS_BARE_EVENT;

    if (bare && d->events > 0)
        return fail(ST_TOO_LARGE, "epcis.full", 0, "a bare event is one event");
    if (d->conf.kind == EPCIS_MASTERDATA_DOC)
        return fail(ST_CONFLICT, "epcis.event_list", 0, "a document of master data has no events");
    TRY(epcis_event_check(e));
    arena_reset(&d->scratch);
    TRY(epcis_used_collect(d, e, !bare));
    TRY(d->ops->event(d, e));
    d->events++;
    return has_room(d) ? OK : full(d);
}

struct epcis_mark epcis_doc_mark(const struct epcis_doc *d)
{
    return (struct epcis_mark){d->out->n, d->events, d->list, d->w};
}

void epcis_doc_back(struct epcis_doc *d, const struct epcis_mark *m)
{
    d->w = m->w;
    d->events = m->events;
    d->list = m->list;
    d->out->n = m->n;
    d->out->failed = false; // it was not at the mark: has_room said so
}

status epcis_doc_event(struct epcis_doc *d, const struct epcis_event *e)
{
    TRY(d->st);
    struct epcis_mark mark = epcis_doc_mark(d);
    status st = event_write(d, e);

    if (st.cls != ST_OK) epcis_doc_back(d, &mark);
    return st;
}

status epcis_doc_element(struct epcis_doc *d, const struct epcis_vocabulary_element *e)
{
    assert(d->conf.kind == EPCIS_MASTERDATA_DOC);
    TRY(d->st);
    struct epcis_mark mark = epcis_doc_mark(d);
    status st = d->ops->element(d, e);

    if (st.cls == ST_OK && !has_room(d)) st = full(d);
    if (st.cls != ST_OK) epcis_doc_back(d, &mark);
    return st;
}

status epcis_doc_end(struct epcis_doc *d)
{
    TRY(d->st);
    return d->ops->end(d);
}

void epcis_doc_fini(struct epcis_doc *d)
{
    arena_fini(&d->spelling);
    arena_fini(&d->scratch);
    buf_fini(&d->text);
}

// ---- texts

// A Digital Link of any domain is left as it is among Digital Links: what it says beside the
// identity would be lost (POLICY of CHECKLIST 3.7).
static bool is_spelled(str id, enum epcis_form form)
{
    bool urn = id.n > 8 && str_eq_fold((str){id.p, 8}, S("urn:epc:"));
    bool web = str_starts(id, S("https://")) || str_starts(id, S("http://"));

    if (str_starts(id, S("("))) return form == EPCIS_AS_GIVEN; // of a lenient event
    return form == EPCIS_AS_GIVEN || !(form == EPCIS_DL ? urn : web);
}

// Written as the hash takes it, so that it has one hash in every spelling: these
// are raw there, and escaped in the canonical form.
static void link_unescape(struct buf *b)
{
    size_t n = 0;

    for (size_t i = 0; i < b->n; i++) {
        char c = b->p[i];
        if (c == '%' && i + 2 < b->n && hex_get((str){b->p + i + 1, 2}, &c, 1)) {
            if (c == '\'' || c == ';' || c == '=') {
                b->p[n++] = c;
                i += 2;
                continue;
            }
            b->p[n++] = b->p[i++];
            b->p[n++] = b->p[i++];
            c = b->p[i];
        }
        b->p[n++] = c;
    }
    b->n = n;
}

static status id_spell(struct epcis_doc *d, str id, str *out)
{
    enum gs1_form form = d->conf.ids == EPCIS_URN ? GS1_URN : GS1_DL;
    struct gs1_id gs1;

    *out = id;
    if (is_spelled(id, d->conf.ids)) return OK;
    arena_reset(&d->spelling);
    if (gs1_read(id, &d->spelling, &gs1).cls != ST_OK || gs1.scheme == GS1_URI) return OK;
    buf_reset(&d->text);
    if (form == GS1_URN) {
        TRY(gs1_write(&gs1, form, d->conf.prefixes, &d->text));
    } else {
        (void)gs1_hash_form_any(id, &d->spelling, &d->text); // the text itself where it has none
    }
    return buf_done(&d->text, out);
}

str epcis_id_text(struct epcis_doc *d, str id)
{
    str out;

    return id_spell(d, id, &out).cls == ST_OK ? out : id;
}

status epcis_object_text(struct epcis_doc *d, str id, str *out)
{
    status st = id_spell(d, id, out);

    if (st.cls == ST_OK || d->conf.strict) return st;
    *out = id;
    return OK;
}

status epcis_ids_text(struct epcis_doc *d, const struct epcis_ids *ids, uint32_t i, str *out)
{
    if (ids->at != NULL) return epcis_object_text(d, ids->at[i], out);
    buf_reset(&d->text);
    status st = ids->put(ids->self, i, d->conf.ids, &d->text);
    if (st.cls != ST_OK && d->conf.ids == EPCIS_URN && !d->conf.strict) {
        buf_reset(&d->text);
        st = ids->put(ids->self, i, EPCIS_DL, &d->text);
    }
    TRY(st);
    if (d->conf.ids == EPCIS_DL && !d->text.failed) link_unescape(&d->text);
    return buf_done(&d->text, out);
}

str epcis_moment_text(struct epcis_doc *d, struct moment m)
{
    buf_reset(&d->text);
    when_write(&d->text, m);
    return buf_str(&d->text);
}

str epcis_time_text(struct epcis_doc *d, const struct epcis_time *t)
{
    return t->text.n > 0 ? t->text : epcis_moment_text(d, t->at);
}

str epcis_zone_text(struct epcis_doc *d, const struct epcis_event *e)
{
    int offset = e->time.at.offset_min, minutes = offset < 0 ? -offset : offset;

    if (e->zone.n > 0) return e->zone;
    buf_reset(&d->text);
    buf_addf(&d->text, "%c%02d:%02d", offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
    return buf_str(&d->text);
}

str epcis_gln_text(struct epcis_doc *d, str gln)
{
    buf_reset(&d->text);
    buf_addf(&d->text, "https://id.gs1.org/417/%.*s", STR(gln));
    return buf_str(&d->text);
}
