// read_json.c - one event of EPCIS 2.0 from JSON-LD, in one pass over its bytes and one over the
// keys of its extensions.
//
// The JSON Schema of EPCIS 2.0 is held to where it is about form: types of values, and which
// members an event of this type may have. What the values must be like is the business of
// epcis_event_check.
#include "service/epcis/read_int.h"
#include "service/epcis/read_json_int.h"
#include <string.h>

// ---- values

str epcis_json_text(struct json_r *r) { return str_trim(json_string(r)); }

str epcis_json_word(struct json_reading *x, enum epcis_vocabulary v)
{
    str in = epcis_json_text(&x->r), out = {"", 0};
    unsigned spellings = x->lenient ? EPCIS_SPELT_ANYHOW : EPCIS_SPELT_IN_JSON;

    if (x->r.st.cls != ST_OK || in.n == 0) return out;
    status st = epcis_word_read(v, in, spellings, &out);
    if (st.cls == ST_OK) return out;
    if (x->lenient && str_starts(in, S("urn:"))) return in;
    json_refuse(&x->r, st);
    return out;
}

void epcis_json_time(struct json_r *r, struct epcis_time *out)
{
    str in = epcis_json_text(r);
    struct moment at;

    if (r->st.cls != ST_OK) return;
    status st = when_read(in, &at);
    if (st.cls != ST_OK)
        json_refuse(r, st);
    else
        *out = (struct epcis_time){at, in};
}

bool epcis_json_is_type(str key)
{
    return str_eq(key, S("type")) || str_eq(key, S("isA")) || str_eq(key, S("@type"));
}

static bool is_id(str key) { return str_eq(key, S("id")) || str_eq(key, S("@id")); }

bool epcis_json_is_remark(str key)
{
    return str_eq(key, S("comment")) || str_eq(key, S("rdfs:comment"));
}

void *epcis_list_add(struct json_r *r, struct epcis_list *l, size_t item)
{
    if (r->st.cls != ST_OK) return NULL;
    if (l->n == l->room) {
        uint32_t room = l->room == 0 ? 8 : l->room * 2;
        void *at = arena_alloc(r->arena, room * item);
        if (at == NULL) {
            json_refuse(r, no_memory());
            return NULL;
        }
        if (l->n > 0) memcpy(at, l->at, l->n * item);
        l->at = at;
        l->room = room;
    }
    return (char *)l->at + item * l->n++;
}

struct epcis_strs epcis_json_texts(struct json_r *r)
{
    struct epcis_list l = {0};

    for (json_array(r); json_item(r);) {
        str text = epcis_json_text(r), *s = epcis_list_add(r, &l, sizeof *s);
        if (s != NULL) *s = text;
    }
    return (struct epcis_strs){l.at, l.n};
}

// ---- members of an event

struct member;
typedef void take(struct json_reading *x, const struct member *m);

struct member {
    str name;
    take *take;
    uint16_t offset; // of its value in struct epcis_event
    uint8_t types;   // which events have it: a bit per type
    uint8_t vocabulary;
};

static void *place_of(const struct json_reading *x, const struct member *m)
{
    return (char *)x->e + m->offset;
}

static void take_text(struct json_reading *x, const struct member *m)
{
    *(str *)place_of(x, m) = epcis_json_text(&x->r);
}

static void take_word(struct json_reading *x, const struct member *m)
{
    *(str *)place_of(x, m) = epcis_json_word(x, (enum epcis_vocabulary)m->vocabulary);
}

static void take_time(struct json_reading *x, const struct member *m)
{
    epcis_json_time(&x->r, place_of(x, m));
}

static void take_type(struct json_reading *x, const struct member *m)
{
    str name = epcis_json_text(&x->r);

    (void)m;
    if (x->r.st.cls == ST_OK && !epcis_type_find(name, &x->e->type))
        json_fail(&x->r, "epcis.type", "there are no events of this type in EPCIS 2.0");
}

static void take_action(struct json_reading *x, const struct member *m)
{
    str name = epcis_json_text(&x->r);

    (void)m;
    if (x->r.st.cls == ST_OK && !epcis_action_find(name, &x->e->action))
        json_fail(&x->r, "epcis.action", "\"action\" must be ADD, OBSERVE or DELETE");
}

static void take_ids(struct json_reading *x, const struct member *m)
{
    struct epcis_strs s = epcis_json_texts(&x->r);

    *(struct epcis_ids *)place_of(x, m) = (struct epcis_ids){.n = s.n, .at = s.at};
}

static void take_certification(struct json_reading *x, const struct member *m)
{
    struct epcis_strs *out = place_of(x, m);
    struct epcis_list l = {0};

    if (json_peek(&x->r) == JSON_ARRAY) {
        *out = epcis_json_texts(&x->r);
        return;
    }
    str *one = epcis_list_add(&x->r, &l, sizeof *one);
    if (one == NULL) return;
    *one = epcis_json_text(&x->r);
    *out = (struct epcis_strs){one, 1};
}

// One bit per member of a small object: true when it comes the first time.
static bool once(struct json_r *r, uint32_t *seen, unsigned bit, str key)
{
    bool again = *seen >> bit & 1;

    *seen |= 1u << bit;
    if (again) json_twice(r, key);
    return !again;
}

static str unit_of_measure(struct json_reading *x)
{
    str uom = epcis_json_text(&x->r);

    if (uom.n == 0 && x->r.st.cls == ST_OK && !x->lenient)
        json_fail(&x->r, "epcis.uom", "\"uom\" is two or three of A-Z and 0-9, or absent");
    return uom;
}

static void quantity(struct json_reading *x, struct epcis_quantity *q)
{
    struct json_r *r = &x->r;
    uint32_t seen = 0;
    str key;

    for (json_object(r); json_key(r, &key);) {
        if (str_eq(key, S("epcClass")) && once(r, &seen, 0, key))
            q->epc_class = epcis_json_text(r);
        else if (str_eq(key, S("quantity")) && once(r, &seen, 1, key))
            q->quantity = json_number(r);
        else if (str_eq(key, S("uom")) && once(r, &seen, 2, key))
            q->uom = unit_of_measure(x);
        else if (epcis_json_is_remark(key))
            json_raw(r);
        else
            json_unknown(r, key);
    }
}

static void take_quantities(struct json_reading *x, const struct member *m)
{
    struct epcis_list l = {0};

    for (json_array(&x->r); json_item(&x->r);) {
        struct epcis_quantity q = {0}, *at;
        quantity(x, &q);
        at = epcis_list_add(&x->r, &l, sizeof q);
        if (at != NULL) *at = q;
    }
    *(struct epcis_quantities *)place_of(x, m) = (struct epcis_quantities){l.at, l.n};
}

// The lists of transactions, sources and destinations: what an item is called besides its type.
static str item_name(const struct member *m) { return (str){m->name.p, m->name.n - S("List").n}; }

static struct epcis_pair pair(struct json_reading *x, const struct member *m)
{
    struct json_r *r = &x->r;
    struct epcis_pair p = {0};
    uint32_t seen = 0;
    str key;

    for (json_object(r); json_key(r, &key);) {
        if (epcis_json_is_type(key) && once(r, &seen, 0, key))
            p.type = epcis_json_word(x, (enum epcis_vocabulary)m->vocabulary);
        else if (str_eq(key, item_name(m)) && once(r, &seen, 1, key))
            p.id = epcis_json_text(r);
        else if (epcis_json_is_remark(key))
            json_raw(r);
        else
            json_unknown(r, key);
    }
    return p;
}

static void take_pairs(struct json_reading *x, const struct member *m)
{
    struct epcis_list l = {0};

    for (json_array(&x->r); json_item(&x->r);) {
        struct epcis_pair p = pair(x, m), *at = epcis_list_add(&x->r, &l, sizeof p);
        if (at != NULL) *at = p;
    }
    *(struct epcis_pairs *)place_of(x, m) = (struct epcis_pairs){l.at, l.n};
}

static void take_place(struct json_reading *x, const struct member *m)
{
    struct epcis_place *p = place_of(x, m);
    struct epcis_chain ext = {0};
    size_t at = x->r.mark;
    uint32_t seen = 0;
    str key;

    for (json_object(&x->r); json_key(&x->r, &key);) {
        if (!is_id(key))
            epcis_json_extension(&x->r, &ext, key);
        else if (once(&x->r, &seen, 0, key))
            p->id = epcis_json_text(&x->r);
    }
    p->ext = ext.first;
    if (seen != 0 || ext.first != NULL || x->lenient || x->r.st.cls != ST_OK) return;
    x->r.mark = at;
    json_fail(&x->r, "epcis.id_missing", "\"%.*s\" needs an \"id\"", STR(m->name));
}

static struct epcis_strs words(struct json_reading *x, enum epcis_vocabulary v)
{
    struct json_r *r = &x->r;
    struct epcis_list l = {0};

    for (json_array(r); json_item(r);) {
        str word = epcis_json_word(x, v), *s = epcis_list_add(r, &l, sizeof *s);
        if (s != NULL) *s = word;
    }
    return (struct epcis_strs){l.at, l.n};
}

static void take_persistent(struct json_reading *x, const struct member *m)
{
    size_t at = x->r.mark;
    uint32_t seen = 0;
    str key;

    (void)m;
    for (json_object(&x->r); json_key(&x->r, &key);) {
        if (str_eq(key, S("set")) && once(&x->r, &seen, 0, key))
            x->e->set = words(x, EPCIS_VOC_DISP);
        else if (str_eq(key, S("unset")) && once(&x->r, &seen, 1, key))
            x->e->unset = words(x, EPCIS_VOC_DISP);
        else if (epcis_json_is_remark(key))
            json_raw(&x->r);
        else
            json_unknown(&x->r, key);
    }
    bool is_empty = (seen & 1 && x->e->set.n == 0) || (seen & 2 && x->e->unset.n == 0);
    bool says = x->e->set.n + x->e->unset.n > 0 && (x->lenient || !is_empty);
    if (says || x->r.st.cls != ST_OK) return;
    x->r.mark = at;
    json_fail(&x->r, "epcis.missing",
              "\"persistentDisposition\" needs \"set\" or \"unset\", not empty");
}

static void take_error(struct json_reading *x, const struct member *m)
{
    struct epcis_error *error = NEW(x->r.arena, struct epcis_error);
    struct epcis_chain ext = {0};
    uint32_t seen = 0;
    str key;

    (void)m;
    if (error == NULL) {
        json_refuse(&x->r, no_memory());
        return;
    }
    for (json_object(&x->r); json_key(&x->r, &key);) {
        if (str_eq(key, S("declarationTime")) && once(&x->r, &seen, 0, key))
            epcis_json_time(&x->r, &error->declared);
        else if (str_eq(key, S("reason")) && once(&x->r, &seen, 1, key))
            error->reason = epcis_json_word(x, EPCIS_VOC_ERROR);
        else if (str_eq(key, S("correctiveEventIDs")) && once(&x->r, &seen, 2, key))
            error->corrective = epcis_json_texts(&x->r);
        else
            epcis_json_extension(&x->r, &ext, key);
    }
    error->ext = ext.first;
    x->e->error = x->error = error;
}

static void take_ilmd(struct json_reading *x, const struct member *m)
{
    struct epcis_chain attributes = {0};
    str key;

    (void)m;
    for (json_object(&x->r); json_key(&x->r, &key);) epcis_json_extension(&x->r, &attributes, key);
    x->e->ilmd = attributes.first;
    x->e->has_ilmd = true;
}

static void take_sensors(struct json_reading *x, const struct member *m)
{
    (void)m;
    epcis_json_sensors(x);
}

enum {
    O = 1 << EPCIS_OBJECT,
    A = 1 << EPCIS_AGGREGATION,
    T = 1 << EPCIS_TRANSACTION,
    F = 1 << EPCIS_TRANSFORMATION,
    S_ = 1 << EPCIS_ASSOCIATION,
    ALL = O | A | T | F | S_
};
#define AT(member) offsetof(struct epcis_event, member)
#define ROW(name, take, at, types, voc)                                                            \
    {                                                                                              \
        {"" name, sizeof(name) - 1}, take, at, types, voc                                          \
    }

// The order is that of how often they are met; members of one name are rows of one event each.
static const struct member members[] = {
    ROW("type", take_type, 0, ALL, 0),
    ROW("eventID", take_text, AT(id), ALL, 0),
    ROW("eventTime", take_time, AT(time), ALL, 0),
    ROW("eventTimeZoneOffset", take_text, AT(zone), ALL, 0),
    ROW("recordTime", take_time, AT(recorded), ALL, 0),
    ROW("action", take_action, 0, ALL & ~F, 0),
    ROW("bizStep", take_word, AT(step), ALL, EPCIS_VOC_STEP),
    ROW("disposition", take_word, AT(disposition), ALL, EPCIS_VOC_DISP),
    ROW("epcList", take_ids, AT(epcs), O | T, 0),
    ROW("parentID", take_text, AT(parent), A | T | S_, 0),
    ROW("childEPCs", take_ids, AT(epcs), A | S_, 0),
    ROW("readPoint", take_place, AT(read_point), ALL, 0),
    ROW("bizLocation", take_place, AT(biz_location), ALL, 0),
    ROW("bizTransactionList", take_pairs, AT(bts), ALL, EPCIS_VOC_TRADE),
    ROW("sourceList", take_pairs, AT(sources), ALL, EPCIS_VOC_END),
    ROW("destinationList", take_pairs, AT(destinations), ALL, EPCIS_VOC_END),
    ROW("ilmd", take_ilmd, 0, O | F, 0),
    ROW("quantityList", take_quantities, AT(quantities), O | T, 0),
    ROW("childQuantityList", take_quantities, AT(quantities), A | S_, 0),
    ROW("inputEPCList", take_ids, AT(epcs), F, 0),
    ROW("inputQuantityList", take_quantities, AT(quantities), F, 0),
    ROW("outputEPCList", take_ids, AT(out_epcs), F, 0),
    ROW("outputQuantityList", take_quantities, AT(out_quantities), F, 0),
    ROW("transformationID", take_text, AT(transformation), F, 0),
    ROW("persistentDisposition", take_persistent, 0, ALL, 0),
    ROW("sensorElementList", take_sensors, 0, ALL, 0),
    ROW("certificationInfo", take_certification, AT(certification), ALL, 0),
    ROW("errorDeclaration", take_error, 0, ALL, 0),
};

// ---- events

static const struct member *member_find(str key)
{
    if (epcis_json_is_type(key)) return &members[0];
    for (size_t i = 0; i < LEN(members); i++)
        if (str_eq(key, members[i].name)) return &members[i];
    return NULL;
}

// The first member that an event of this type does not have.
static status members_check(const struct json_reading *x, const uint32_t at[])
{
    const struct member *wrong = NULL;
    uint32_t first = UINT32_MAX;

    if (at[0] == 0) return fail(ST_BAD_INPUT, "epcis.type", 0, "the event has no \"type\"");
    for (size_t i = 0; i < LEN(members); i++) {
        if (at[i] == 0 || at[i] > first || (members[i].types & 1 << x->e->type)) continue;
        wrong = &members[i];
        first = at[i];
    }
    if (wrong == NULL) return OK;
    return fail(ST_BAD_INPUT, "json.unknown_field", first, "\"%.*s\" is no member of %s",
                STR(wrong->name), epcis_shape(x->e->type)->name);
}

static void event_members(struct json_reading *x, uint32_t at[])
{
    str key;

    for (json_object(&x->r); json_key(&x->r, &key);) {
        const struct member *m = member_find(key);
        uint32_t *seen = m == NULL ? NULL : &at[m - members];
        if (m == NULL) {
            epcis_json_extension(&x->r, &x->ext,
                                 epcis_json_is_remark(key) ? S("rdfs:comment") : key);
        } else if (*seen != 0) {
            json_twice(&x->r, key);
        } else {
            *seen = (uint32_t)x->r.mark;
            m->take(x, m);
        }
    }
    x->e->ext = x->ext.first;
}

// From outside in: a @context holds for what lies in its object.
static status resolve(struct json_reading *x, const struct epcis_scope *scope)
{
    struct epcis_contexts c = epcis_contexts(x->r.arena);
    const struct epcis_term *document = NULL, *event, *inner;
    struct epcis_event *e = x->e;

    if (scope->context.n > 0) {
        status st = epcis_context_read(&c, scope->context, &document);
        if (st.cls != ST_OK) return st.at = 0, st;
    } else if (x->ext.first == NULL || !epcis_json_has_context(x->ext.first)) {
        return fail(ST_BAD_INPUT, "epcis.context", 0, "an event alone needs a \"@context\"");
    }
    event = document;
    TRY(epcis_json_resolve(&c, &e->ext, &event));
    inner = event;
    if (x->error != NULL) TRY(epcis_json_resolve(&c, &x->error->ext, &inner));
    inner = event;
    TRY(epcis_json_resolve(&c, &e->read_point.ext, &inner));
    inner = event;
    TRY(epcis_json_resolve(&c, &e->biz_location.ext, &inner));
    TRY(epcis_json_sensors_resolve(x, &c, event));
    inner = event;
    TRY(epcis_json_resolve(&c, &e->ilmd, &inner));
    e->contexts = c.urls;
    return OK;
}

status epcis_json_event_read(str bytes, const struct epcis_scope *scope, struct arena *a,
                             struct epcis_event *out)
{
    struct epcis_event e = {.action = EPCIS_NO_ACTION};
    struct json_reading x = {.r = json_reader(bytes, a), .e = &e, .lenient = scope->lenient};
    uint32_t at[LEN(members)] = {0};

    event_members(&x, at);
    TRY(json_r_end(&x.r));
    TRY(members_check(&x, at));
    TRY(resolve(&x, scope));
    *out = e;
    return OK;
}
