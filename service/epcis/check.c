// check.c - what EPCIS 2.0 section 7 and the CBV allow in an event, whatever it was read from.
//
// What a whole event must have or must not have is a row of `rules`; what one value must be is
// checked field by field. Events told by us hand out their identifiers one at a time
// (epcis_ids.put) and vouch for them.
#include "service/epcis/check.h"
#include "service/epcis/value.h"
#include "service/gs1/id.h"
#include <string.h>

#define ID_ARENA (4 * GS1_TEXT_MAX) // one identifier at a time, unescaped

static status wrong(const char *code, const char *field, const char *says)
{
    return fail(ST_BAD_INPUT, code, 0, "%s: %s", field, says);
}

// ---- the event as a whole

enum {
    O = 1 << EPCIS_OBJECT,
    A = 1 << EPCIS_AGGREGATION,
    T = 1 << EPCIS_TRANSACTION,
    F = 1 << EPCIS_TRANSFORMATION,
    S = 1 << EPCIS_ASSOCIATION,
    ALL = O | A | T | F | S
};

typedef const struct epcis_event event;

static bool has_ids(event *e) { return e->epcs.n > 0 || e->quantities.n > 0; }
static bool has_out(event *e) { return e->out_epcs.n > 0 || e->out_quantities.n > 0; }
static bool is_add(event *e) { return e->action == EPCIS_ADD; }
static bool is_delete(event *e) { return e->action == EPCIS_DELETE; }

static bool no_time(event *e) { return !epcis_has_time(&e->time); }
static bool no_zone(event *e) { return e->zone.n == 0 && e->time.text.n > 0; }
static bool bad_zone(event *e) { return e->zone.n > 0 && !epcis_is_zone(e->zone); }
static bool no_action(event *e) { return e->action >= EPCIS_NO_ACTION; }
static bool has_action(event *e) { return e->action != EPCIS_NO_ACTION; }
static bool no_what(event *e) { return !has_ids(e) && e->sensors.n == 0; }
static bool sensors_nowhere(event *e) { return !has_ids(e) && e->read_point.id.n == 0; }
static bool no_children(event *e) { return !has_ids(e) && !is_delete(e); }
static bool no_change(event *e)
{
    return e->transformation.n > 0 ? !has_ids(e) && !has_out(e) : !has_ids(e) || !has_out(e);
}
static bool no_parent(event *e) { return e->parent.n == 0; }
static bool no_parent_to_change(event *e)
{
    return e->parent.n == 0 && (is_add(e) || is_delete(e));
}
static bool has_parent(event *e) { return e->parent.n > 0; }
static bool has_ilmd(event *e) { return e->has_ilmd; }
static bool ilmd_not_at_birth(event *e) { return e->has_ilmd && !is_add(e); }
static bool no_bt(event *e) { return e->bts.n == 0; }
static bool has_transformation(event *e) { return e->transformation.n > 0; }
static bool no_declaration(event *e)
{
    return e->error != NULL && !epcis_has_time(&e->error->declared);
}
static bool undone_and_corrected(event *e)
{
    return e->error != NULL && e->error->corrective.n > 0 &&
           str_eq(e->error->reason, S("did_not_occur"));
}

// clang-format off
static const struct rule {
    const char *code, *source; // section of EPCIS 2.0
    unsigned types;
    bool (*broken)(event *e);
    const char *says;
} rules[] = {
    {"epcis.time_missing", "7.4.1", ALL, no_time,
     "an event needs its eventTime"},
    {"epcis.zone_missing", "7.4.1", ALL, no_zone,
     "an event needs its eventTimeZoneOffset"},
    {"epcis.zone", "7.4.1", ALL, bad_zone,
     "eventTimeZoneOffset is +hh:mm or -hh:mm, at most 14:00"},
    {"epcis.action_missing", "7.4.2", ALL & ~F, no_action,
     "the action is missing: ADD, OBSERVE or DELETE"},
    {"epcis.action_extra", "7.4.6", F, has_action,
     "a TransformationEvent has no action"},
    {"epcis.ids_missing", "7.4.2", O, no_what,
     "an ObjectEvent has epcList, quantityList or sensorElementList"},
    {"epcis.read_point_missing", "7.4.2", O, sensors_nowhere,
     "an ObjectEvent of sensor data alone has a readPoint"},
    {"epcis.parent_missing", "7.4.3", A, no_parent_to_change,
     "to ADD and to DELETE need a parentID"},
    {"epcis.parent_missing", "7.4.7", S, no_parent,
     "an AssociationEvent needs a parentID"},
    {"epcis.parent_extra", "7.4.2", O | F, has_parent,
     "events of this type have no parentID"},
    {"epcis.ids_missing", "7.4.3", A | S, no_children,
     "only a DELETE does without childEPCs and childQuantityList"},
    {"epcis.bt_missing", "7.4.5", T, no_bt,
     "a TransactionEvent has a bizTransactionList"},
    {"epcis.ids_missing", "7.4.6", F, no_change,
     "inputs and outputs are needed, or a transformationID and one of them"},
    {"epcis.output_extra", "7.4.6", ALL & ~F, has_out,
     "only a TransformationEvent has outputs"},
    {"epcis.transformation_extra", "7.4.6", ALL & ~F, has_transformation,
     "only a TransformationEvent has a transformationID"},
    {"epcis.ilmd_extra", "7.4.2", O, ilmd_not_at_birth,
     "in an ObjectEvent ilmd stands with ADD only"},
    {"epcis.ilmd_extra", "7.4.3", A | T | S, has_ilmd,
     "events of this type have no ilmd"},
    {"epcis.error_time_missing", "7.4.1.2", ALL, no_declaration,
     "an errorDeclaration needs its declarationTime"},
    {"epcis.error_corrected", "7.4.1.2", ALL, undone_and_corrected,
     "what did_not_occur has no correctiveEventIDs"},
};
// clang-format on

static status whole_check(event *e)
{
    for (const struct rule *r = rules; r < rules + LEN(rules); r++)
        if ((r->types & 1u << e->type) != 0 && r->broken(e))
            return fail(ST_BAD_INPUT, r->code, 0, "%s (%s)", r->says, r->source);
    return OK;
}

// ---- identifiers

struct checker {
    struct arena arena;
    bool lenient;
};

enum want { ANY_ID, INSTANCE, CLASS };

static status no_uri(void) { return fail(ST_BAD_INPUT, "epcis.uri", 0, "this is no URI"); }

static bool is_letter(str s) { return s.n > 0 && (s.p[0] | 0x20) >= 'a' && (s.p[0] | 0x20) <= 'z'; }

// REQ EPCIS-TCR-4: what gs1_read does not know of urn:epc: is refused, tag and raw URIs with it
static status id_check(struct checker *c, str text, enum want want)
{
    struct gs1_id id;

    bool bracketed = c->lenient && str_starts(text, S("("));
    bool bare = c->lenient && want == ANY_ID;                        // a document's number, say
    if (!is_letter(text) && !bracketed) return bare ? OK : no_uri(); // element strings are none
    arena_reset(&c->arena);
    status st = gs1_read(text, &c->arena, &id);
    if (bare && st.cls != ST_OK && strcmp(st.reason, "gs1.unreadable") == 0) return OK;
    if (st.cls != ST_OK) return strcmp(st.reason, "gs1.unreadable") == 0 ? no_uri() : st;
    if (want == INSTANCE && id.is_class)
        return fail(ST_BAD_INPUT, "epcis.class", 0, "this names a class, not one object");
    if (want == CLASS && !id.is_class && id.scheme != GS1_URI)
        return fail(ST_BAD_INPUT, "epcis.instance", 0, "this names one object, not a class");
    return OK;
}

status epcis_at_item(const char *field, uint32_t i, status st)
{
    if (st.cls == ST_OK) return st;
    if (i == EPCIS_ALONE) return fail(ST_BAD_INPUT, st.reason, 0, "%s: %s", field, st.text);
    return fail(ST_BAD_INPUT, st.reason, 0, "%s[%u]: %s", field, i, st.text);
}
static status one_id_check(struct checker *c, const char *field, str text, enum want want)
{
    return text.n == 0 ? OK : epcis_at_item(field, EPCIS_ALONE, id_check(c, text, want));
}

static status ids_check(struct checker *c, const char *field, const struct epcis_ids *ids)
{
    if (ids->put != NULL) return OK;
    for (uint32_t i = 0; i < ids->n; i++) {
        status st = id_check(c, ids->at[i], INSTANCE);
        if (st.cls != ST_OK) return epcis_at_item(field, i, st);
    }
    return OK;
}

status epcis_uri_check(const char *field, uint32_t i, str text)
{
    if (text.n == 0 || epcis_is_uri(text)) return OK;
    return epcis_at_item(field, i, no_uri());
}

static status uris_check(const char *field, const struct epcis_strs *uris)
{
    for (uint32_t i = 0; i < uris->n; i++) TRY(epcis_uri_check(field, i, uris->at[i]));
    return OK;
}

status epcis_word_check(const char *field, uint32_t i, enum epcis_vocabulary v, str text)
{
    str word;

    if (text.n == 0) return OK;
    status st = epcis_word_read(v, text, EPCIS_SPELT_ANYHOW, &word);
    if (st.cls == ST_OK && epcis_word_find(v, word) == 0) return epcis_uri_check(field, i, text);
    return epcis_at_item(field, i, st);
}

static status word_check(struct checker *c, const char *field, uint32_t i, enum epcis_vocabulary v,
                         str text)
{
    if (c->lenient && str_starts(text, S("urn:"))) return epcis_uri_check(field, i, text);
    return epcis_word_check(field, i, v, text);
}

// ---- quantities

// REQ EPCIS-QUANTITY: without a unit a positive whole number; a unit never stands alone
static status quantity_check(struct checker *c, const struct epcis_quantity *q)
{
    struct epcis_number n;

    if (q->epc_class.n == 0)
        return fail(ST_BAD_INPUT, "epcis.epc_class_missing", 0, "an epcClass is missing");
    TRY(id_check(c, q->epc_class, CLASS));
    if (q->quantity.n == 0 && q->uom.n == 0) return OK;
    if (q->quantity.n == 0)
        return fail(ST_BAD_INPUT, "epcis.quantity", 0, "a uom stands beside a quantity only");
    if (!epcis_number_read(q->quantity, &n))
        return fail(ST_BAD_INPUT, "epcis.number", 0, "the quantity is no number");
    if (n.negative || (n.zero && !c->lenient))
        return fail(ST_BAD_INPUT, "epcis.quantity", 0, "a quantity is positive");
    if (q->uom.n == 0 && !n.whole)
        return fail(ST_BAD_INPUT, "epcis.quantity", 0, "a quantity without uom is a whole number");
    if (q->uom.n > 0 && !epcis_is_uom(q->uom))
        return fail(ST_BAD_INPUT, "epcis.uom", 0, "a uom is a code of 2 or 3 of A-Z and 0-9");
    return OK;
}

static status quantities_check(struct checker *c, const char *field,
                               const struct epcis_quantities *q)
{
    for (uint32_t i = 0; i < q->n; i++) {
        status st = quantity_check(c, &q->at[i]);
        if (st.cls != ST_OK) return epcis_at_item(field, i, st);
    }
    return OK;
}

// ---- what stands beside

static status pairs_check(struct checker *c, const char *field, const struct epcis_pairs *p,
                          enum epcis_vocabulary types)
{
    bool is_bt = types == EPCIS_VOC_TRADE;

    for (uint32_t i = 0; i < p->n; i++) {
        if (p->at[i].id.n == 0)
            return epcis_at_item(
                field, i,
                fail(ST_BAD_INPUT, is_bt ? "epcis.bt" : "epcis.id_missing", 0, "names nothing"));
        if (p->at[i].type.n == 0 && !is_bt)
            return epcis_at_item(field, i,
                                 fail(ST_BAD_INPUT, "epcis.type_missing", 0, "needs a type"));
        TRY(word_check(c, field, i, types, p->at[i].type));
        status st = id_check(c, p->at[i].id, ANY_ID);
        if (st.cls != ST_OK) return epcis_at_item(field, i, st);
    }
    return OK;
}

static bool is_twice(const struct epcis_strs *words, uint32_t i)
{
    for (uint32_t k = 0; k < i; k++)
        if (str_eq(words->at[k], words->at[i])) return true;
    return false;
}

static status dispositions_check(struct checker *c, const char *field,
                                 const struct epcis_strs *words)
{
    for (uint32_t i = 0; i < words->n; i++) {
        TRY(word_check(c, field, i, EPCIS_VOC_DISP, words->at[i]));
        if (words->at[i].n == 0) return wrong("epcis.word", field, "a disposition is empty");
        if (is_twice(words, i)) return wrong("epcis.twice", field, "a disposition comes twice");
    }
    return OK;
}

static status place_check(struct checker *c, const char *field, const struct epcis_place *p)
{
    if (p->id.n == 0 && p->ext != NULL) return wrong("epcis.id_missing", field, "needs an id");
    TRY(epcis_nodes_check(p->ext));
    return one_id_check(c, field, p->id, ANY_ID);
}

static status error_check(const struct epcis_error *error)
{
    if (error == NULL) return OK;
    TRY(epcis_word_check("reason", EPCIS_ALONE, EPCIS_VOC_ERROR, error->reason));
    TRY(epcis_nodes_check(error->ext));
    return uris_check("correctiveEventIDs", &error->corrective);
}

static status what_check(struct checker *c, event *e)
{
    const struct epcis_shape *shape = epcis_shape(e->type);

    TRY(one_id_check(c, "parentID", e->parent, INSTANCE));
    TRY(ids_check(c, shape->ids, &e->epcs));
    TRY(quantities_check(c, shape->quantities, &e->quantities));
    TRY(ids_check(c, shape->out_ids, &e->out_epcs));
    return quantities_check(c, shape->out_quantities, &e->out_quantities);
}

static status fields_check(struct checker *c, event *e)
{
    TRY(epcis_uri_check("eventID", EPCIS_ALONE, e->id));
    TRY(error_check(e->error));
    TRY(uris_check("certificationInfo", &e->certification));
    TRY(what_check(c, e));
    TRY(one_id_check(c, "transformationID", e->transformation, ANY_ID));
    TRY(word_check(c, "bizStep", EPCIS_ALONE, EPCIS_VOC_STEP, e->step));
    TRY(word_check(c, "disposition", EPCIS_ALONE, EPCIS_VOC_DISP, e->disposition));
    TRY(dispositions_check(c, "persistentDisposition.set", &e->set));
    TRY(dispositions_check(c, "persistentDisposition.unset", &e->unset));
    TRY(place_check(c, "readPoint", &e->read_point));
    TRY(place_check(c, "bizLocation", &e->biz_location));
    TRY(pairs_check(c, "bizTransactionList", &e->bts, EPCIS_VOC_TRADE));
    TRY(pairs_check(c, "sourceList", &e->sources, EPCIS_VOC_END));
    TRY(pairs_check(c, "destinationList", &e->destinations, EPCIS_VOC_END));
    TRY(epcis_sensors_check(e));
    TRY(epcis_nodes_check(e->ilmd));
    return epcis_nodes_check(e->ext);
}

status epcis_event_check(const struct epcis_event *e)
{
    struct checker c = {.lenient = e->lenient};

    assert(e->type < EPCIS_TYPE_COUNT);
    TRY(whole_check(e));
    arena_init(&c.arena, ID_ARENA);
    status st = fields_check(&c, e);
    arena_fini(&c.arena);
    return st;
}
