// write_json.c - EPCIS 2.0 in JSON-LD. Members come in one order, so that equal events are equal
// bytes. What the GS1 context does not declare is declared by the document, or by the event.
#include "service/epcis/epcis_int.h"
#include "service/epcis/json_node.h"
#include "service/epcis/value.h"
#include <stdio.h>

// ---- small members

static void json_text(struct json_w *w, const char *key, str s)
{
    if (s.n > 0) json_w_kstr(w, key, s);
}

static void json_id(struct epcis_doc *d, const char *key, str id)
{
    if (id.n > 0) json_w_kstr(&d->w.json, key, epcis_id_text(d, id));
}

static void json_time(struct epcis_doc *d, const char *key, const struct epcis_time *t)
{
    if (epcis_has_time(t)) json_w_kstr(&d->w.json, key, epcis_time_text(d, t));
}

static void json_strs(struct json_w *w, const char *key, const struct epcis_strs *s)
{
    if (s->n == 0) return;
    json_w_key(w, str_of(key));
    json_w_array(w);
    for (uint32_t i = 0; i < s->n; i++) json_w_str(w, s->at[i]);
    json_w_end(w);
}

static size_t digits(str s)
{
    size_t n = 0;

    while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9') n++;
    return n;
}

// XML's decimals may be spelled as JSON's may not: a plus or zeros in front, a bare point.
static bool number_mend(str s, char *out, size_t room, str *mended)
{
    bool minus = str_starts(s, S("-"));
    str in = minus || str_starts(s, S("+")) ? str_from(s, 1) : s;
    size_t whole = digits(in);
    str rest = str_from(in, whole);
    bool point = rest.n > 0 && rest.p[0] == '.';
    size_t fraction = point ? digits(str_from(rest, 1)) : 0;
    size_t zeros = 0;

    while (zeros + 1 < whole && in.p[zeros] == '0') zeros++;
    if (point && fraction == 0) rest = str_from(rest, 1);
    int n = snprintf(out, room, "%s%.*s%.*s", minus ? "-" : "",
                     STR(whole > 0 ? ((str){in.p + zeros, whole - zeros}) : S("0")), STR(rest));
    *mended = (str){out, (size_t)n};
    return whole + fraction > 0 && n > 0 && (size_t)n < room && json_is_number(*mended);
}

// A number too long to be mended is told in its shortest form.
static bool number_shorten(str s, struct buf *out)
{
    struct epcis_number n;

    return epcis_number_read(s, &n) && epcis_number_write(&n, out) && !out->failed;
}

static status json_decimal(struct json_w *w, const char *key, str s)
{
    char text[128];
    struct buf b;

    if (s.n == 0) return OK;
    buf_init(&b, 2 * KB);
    str told = s;
    bool good = json_is_number(s) || number_mend(s, text, sizeof text, &told);
    if (!good && (good = number_shorten(s, &b))) told = buf_str(&b);
    if (good) {
        json_w_key(w, str_of(key));
        json_w_raw(w, told);
    }
    buf_fini(&b);
    if (good) return OK;
    return fail(ST_UNPROCESSABLE, "epcis.number", 0, "%s: not a number that JSON has", key);
}

// ---- what

static status json_ids(struct epcis_doc *d, const char *key, const struct epcis_ids *ids)
{
    struct json_w *w = &d->w.json;
    str id;

    // A DELETE of all children has no list (EPCIS 2.0 section 7.4.3).
    if (ids->n == 0) return OK;
    json_w_key(w, str_of(key));
    json_w_array(w);
    for (uint32_t i = 0; i < ids->n; i++) {
        TRY(epcis_ids_text(d, ids, i, &id));
        json_w_str(w, id);
    }
    json_w_end(w);
    return OK;
}

static status json_quantities(struct epcis_doc *d, const char *key,
                              const struct epcis_quantities *q)
{
    struct json_w *w = &d->w.json;
    str id;

    if (q->n == 0) return OK;
    json_w_key(w, str_of(key));
    json_w_array(w);
    for (uint32_t i = 0; i < q->n; i++) {
        TRY(epcis_object_text(d, q->at[i].epc_class, &id));
        json_w_object(w);
        json_w_kstr(w, "epcClass", id);
        TRY(json_decimal(w, "quantity", q->at[i].quantity));
        json_text(w, "uom", q->at[i].uom);
        json_w_end(w);
    }
    json_w_end(w);
    return OK;
}

static status json_what(struct epcis_doc *d, const struct epcis_event *e)
{
    const struct epcis_shape *s = epcis_shape(e->type);
    str parent;

    if (e->parent.n > 0) {
        TRY(epcis_object_text(d, e->parent, &parent));
        json_w_kstr(&d->w.json, "parentID", parent);
    }
    TRY(json_ids(d, s->ids, &e->epcs));
    TRY(json_quantities(d, s->quantities, &e->quantities));
    if (s->out_ids == NULL) return OK;
    TRY(json_ids(d, s->out_ids, &e->out_epcs));
    TRY(json_quantities(d, s->out_quantities, &e->out_quantities));
    json_id(d, "transformationID", e->transformation);
    return OK;
}

// ---- where and why

static status json_place(struct epcis_doc *d, const char *key, const struct epcis_place *p)
{
    struct json_w *w = &d->w.json;

    if (p->id.n == 0 && p->ext == NULL) return OK;
    json_w_key(w, str_of(key));
    json_w_object(w);
    json_id(d, "id", p->id);
    epcis_json_nodes(d, p->ext);
    json_w_end(w);
    return OK;
}

static void json_pairs(struct epcis_doc *d, const char *list, const char *one,
                       const struct epcis_pairs *p)
{
    struct json_w *w = &d->w.json;

    if (p->n == 0) return;
    json_w_key(w, str_of(list));
    json_w_array(w);
    for (uint32_t i = 0; i < p->n; i++) {
        json_w_object(w);
        json_text(w, "type", p->at[i].type);
        json_w_kstr(w, one, epcis_id_text(d, p->at[i].id));
        json_w_end(w);
    }
    json_w_end(w);
}

static status json_error(struct epcis_doc *d, const struct epcis_error *x)
{
    struct json_w *w = &d->w.json;

    if (x == NULL) return OK;
    json_w_key(w, S("errorDeclaration"));
    json_w_object(w);
    json_time(d, "declarationTime", &x->declared);
    json_text(w, "reason", x->reason);
    json_strs(w, "correctiveEventIDs", &x->corrective);
    epcis_json_nodes(d, x->ext);
    json_w_end(w);
    return OK;
}

static void json_persistent(struct json_w *w, const struct epcis_event *e)
{
    if (e->set.n + e->unset.n == 0) return;
    json_w_key(w, S("persistentDisposition"));
    json_w_object(w);
    json_strs(w, "set", &e->set);
    json_strs(w, "unset", &e->unset);
    json_w_end(w);
}

// ---- sensors

static status json_sensor_field(struct epcis_doc *d, const char *key, char what, str s)
{
    struct json_w *w = &d->w.json;

    if (s.n == 0) return OK;
    if (what == 'n') return json_decimal(w, key, s);
    if (what == 'b') {
        json_w_kbool(w, key, str_eq(s, S("true")) || str_eq(s, S("1")));
        return OK;
    }
    json_w_kstr(w, key, what == 'u' ? epcis_id_text(d, s) : s);
    return OK;
}

static status json_sensor_part(struct epcis_doc *d, const struct epcis_sensor_part *p)
{
    static const struct {
        const char *word;
        char what;
    } fields[] = {
#define X(name, word, where, what) {word, what},
        EPCIS_SENSOR_FIELDS(X)
#undef X
    };

    json_w_object(&d->w.json);
    for (size_t i = 0; i < LEN(fields); i++)
        TRY(json_sensor_field(d, fields[i].word, fields[i].what, p->at[i]));
    epcis_json_nodes(d, p->ext);
    json_w_end(&d->w.json);
    return OK;
}

static status json_sensor(struct epcis_doc *d, const struct epcis_sensor *s)
{
    struct json_w *w = &d->w.json;

    json_w_object(w);
    if (s->metadata != NULL) {
        json_w_key(w, S("sensorMetadata"));
        TRY(json_sensor_part(d, s->metadata));
    }
    json_w_key(w, S("sensorReport"));
    json_w_array(w);
    for (uint32_t i = 0; i < s->report_count; i++) TRY(json_sensor_part(d, &s->reports[i]));
    json_w_end(w);
    epcis_json_nodes(d, s->ext);
    json_w_end(w);
    return OK;
}

static status json_sensors(struct epcis_doc *d, const struct epcis_sensors *s)
{
    if (s->n == 0) return OK;
    json_w_key(&d->w.json, S("sensorElementList"));
    json_w_array(&d->w.json);
    for (uint32_t i = 0; i < s->n; i++) TRY(json_sensor(d, &s->at[i]));
    json_w_end(&d->w.json);
    return OK;
}

// ---- contexts

static void json_ns(struct json_w *w, str prefix, str uri)
{
    json_w_key(w, prefix);
    json_w_str(w, uri);
}

static bool has_new_ns(const struct epcis_used *u)
{
    while (u != NULL && u->declared) u = u->next;
    return u != NULL;
}

static void json_new_ns(struct json_w *w, const struct epcis_used *used)
{
    if (!has_new_ns(used)) return;
    json_w_object(w);
    for (const struct epcis_used *u = used; u != NULL; u = u->next)
        if (!u->declared) json_ns(w, u->prefix, u->ns->uri);
    json_w_end(w);
}

static void json_foreign(struct json_w *w, const struct epcis_strs *contexts)
{
    for (uint32_t i = 0; i < contexts->n; i++) json_w_str(w, contexts->at[i]);
}

static void json_context(struct epcis_doc *d)
{
    struct json_w *w = &d->w.json;

    json_w_key(w, S("@context"));
    json_w_array(w);
    json_w_str(w, S(EPCIS_GS1_CONTEXT));
    // The GS1 context says the same; older readers look for what the document itself declares.
    json_w_object(w);
    json_ns(w, d->ops->mda.prefix, d->ops->mda.uri);
    for (uint32_t i = 0; i < d->conf.ns_count; i++)
        json_ns(w, d->conf.ns[i].prefix, d->conf.ns[i].uri);
    if (d->conf.statement) json_ns(w, S(EPCIS_HC_PREFIX), S(EPCIS_HC_URI));
    json_w_end(w);
    json_w_end(w);
}

static void json_event_context(struct epcis_doc *d, const struct epcis_event *e)
{
    bool bare = d->conf.kind == EPCIS_BARE_EVENT, array = bare || e->contexts.n > 0;
    struct json_w *w = &d->w.json;

    if (!array && !has_new_ns(d->used)) return;
    json_w_key(w, S("@context"));
    if (array) json_w_array(w);
    if (bare) json_w_str(w, S(EPCIS_GS1_CONTEXT));
    json_foreign(w, &e->contexts);
    json_new_ns(w, d->used);
    if (array) json_w_end(w);
}

// ---- events

static status json_when(struct epcis_doc *d, const struct epcis_event *e)
{
    struct json_w *w = &d->w.json;

    json_event_context(d, e);
    json_w_kstr(w, "type", str_of(epcis_shape(e->type)->name));
    json_text(w, "eventID", e->id);
    json_time(d, "eventTime", &e->time);
    json_time(d, "recordTime", &e->recorded);
    json_w_kstr(w, "eventTimeZoneOffset", epcis_zone_text(d, e));
    TRY(json_error(d, e->error));
    if (e->certification.n == 1)
        json_w_kstr(w, "certificationInfo", e->certification.at[0]);
    else
        json_strs(w, "certificationInfo", &e->certification);
    return OK;
}

static status json_ilmd(struct epcis_doc *d, const struct epcis_event *e)
{
    struct json_w *w = &d->w.json;

    if (!e->has_ilmd && e->ilmd == NULL) return OK;
    json_w_key(w, S("ilmd"));
    json_w_object(w);
    epcis_json_nodes(d, e->ilmd);
    json_w_end(w);
    return OK;
}

static status json_event(struct epcis_doc *d, const struct epcis_event *e)
{
    struct json_w *w = &d->w.json;
    const char *action = epcis_action_name(e->action);

    json_w_object(w);
    TRY(json_when(d, e));
    if (action != NULL) json_w_kstr(w, "action", str_of(action));
    json_text(w, "bizStep", e->step);
    json_text(w, "disposition", e->disposition);
    json_persistent(w, e);
    TRY(json_what(d, e));
    TRY(json_place(d, "readPoint", &e->read_point));
    TRY(json_place(d, "bizLocation", &e->biz_location));
    json_pairs(d, "bizTransactionList", "bizTransaction", &e->bts);
    json_pairs(d, "sourceList", "source", &e->sources);
    json_pairs(d, "destinationList", "destination", &e->destinations);
    TRY(json_sensors(d, &e->sensors));
    TRY(json_ilmd(d, e));
    epcis_json_nodes(d, e->ext);
    json_w_end(w);
    return OK;
}

// ---- documents

static void json_parties(struct epcis_doc *d)
{
    const struct epcis_out *h = &d->conf;
    struct json_w *w = &d->w.json;

    if (h->sender.n > 0) {
        json_w_kstr(w, "sender", epcis_gln_text(d, h->sender));
        json_w_kstr(w, "receiver", epcis_gln_text(d, h->receiver));
    }
    json_text(w, "instanceIdentifier", h->instance);
}

static void json_statement(struct json_w *w)
{
    json_w_key(w, S(EPCIS_STATEMENT));
    json_w_object(w);
    json_w_kbool(w, EPCIS_AFFIRM, true);
    json_w_kstr(w, EPCIS_LEGAL_NOTICE, S(EPCIS_NOTICE_TEXT));
    json_w_end(w);
}

// Elements, and maybe more to come.
static status json_master_begin(struct epcis_doc *d)
{
    struct json_w *w = &d->w.json;

    json_w_key(w, S("epcisMasterData"));
    json_w_object(w);
    json_w_key(w, S("vocabularyList"));
    json_w_array(w);
    for (uint32_t i = 0; i < d->conf.element_count; i++)
        TRY(epcis_json_element(d, &d->conf.elements[i]));
    return OK;
}

static void json_master_end(struct epcis_doc *d)
{
    epcis_json_elements_end(d);
    json_w_end(&d->w.json);
    json_w_end(&d->w.json);
}

static status json_master(struct epcis_doc *d)
{
    TRY(json_master_begin(d));
    json_master_end(d);
    return OK;
}

static status json_header(struct epcis_doc *d)
{
    struct json_w *w = &d->w.json;

    if (d->conf.kind == EPCIS_MASTERDATA_DOC) {
        json_w_key(w, S("epcisHeader"));
        json_w_object(w);
        return json_master_begin(d);
    }
    if (!d->conf.statement && d->conf.element_count == 0) return OK;
    json_w_key(w, S("epcisHeader"));
    json_w_object(w);
    if (d->conf.element_count > 0) TRY(json_master(d));
    if (d->conf.statement) json_statement(w);
    json_w_end(w);
    return OK;
}

static void json_results(struct epcis_doc *d)
{
    struct json_w *w = &d->w.json;

    json_w_key(w, S("queryResults"));
    json_w_object(w);
    json_w_kstr(w, "queryName",
                d->conf.query_name.n > 0 ? d->conf.query_name : S("SimpleEventQuery"));
    json_text(w, "subscriptionID", d->conf.subscription_id);
    json_w_key(w, S("resultsBody"));
    json_w_object(w);
}

static void json_body(struct epcis_doc *d)
{
    struct json_w *w = &d->w.json;

    json_w_key(w, S("epcisBody"));
    json_w_object(w);
    if (d->conf.kind == EPCIS_QUERY_DOC) json_results(d);
    json_w_key(w, S("eventList"));
    json_w_array(w);
}

static status json_begin(struct epcis_doc *d)
{
    bool query = d->conf.kind == EPCIS_QUERY_DOC;
    struct json_w *w = &d->w.json;

    *w = json_writer(d->out);
    if (d->conf.kind == EPCIS_BARE_EVENT) return OK;
    json_w_object(w);
    json_context(d);
    json_w_kstr(w, "type", query ? S("EPCISQueryDocument") : S("EPCISDocument"));
    json_w_kstr(w, "schemaVersion", S("2.0"));
    json_w_kstr(w, "creationDate", epcis_moment_text(d, d->conf.created));
    if (!query) json_parties(d); // the schema has no place for them in a query's results
    TRY(json_header(d));
    if (d->conf.kind != EPCIS_MASTERDATA_DOC) json_body(d);
    return OK;
}

static status json_end(struct epcis_doc *d)
{
    if (d->conf.kind == EPCIS_MASTERDATA_DOC) {
        json_master_end(d);
        json_w_end(&d->w.json); // the header
        json_body(d);
    }
    while (d->w.json.depth > 0) json_w_end(&d->w.json);
    return OK;
}

const struct epcis_format_ops epcis_json_ops = {
    json_begin,
    json_event,
    epcis_json_element,
    json_end,
    {{"cbvmda", 6}, {"urn:epcglobal:cbv:mda:", 22}}
};
