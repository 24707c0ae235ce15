// event.c - what an event may hold, whatever it is rendered to.
#include "service/epcis/event.h"
#include "common/xml.h"
#include "service/epcis/epcis_int.h"

static const struct epcis_shape shapes[EPCIS_TYPE_COUNT] = {
    [EPCIS_OBJECT] = {"ObjectEvent",      "epcList",   .ilmd = true  },
    [EPCIS_AGGREGATION] = {"AggregationEvent", "childEPCs", .parent = true},
};

const struct epcis_shape *epcis_shape(enum epcis_type t)
{
    assert(t < EPCIS_TYPE_COUNT && shapes[t].name != NULL);
    return &shapes[t];
}

str epcis_action_name(enum epcis_action a)
{
    static const char *const names[EPCIS_ACTION_COUNT] = {"ADD", "OBSERVE", "DELETE"};

    assert(a < EPCIS_ACTION_COUNT);
    return str_of(names[a]);
}

static status list_put(const void *self, uint32_t i, enum epcis_form form, struct buf *out)
{
    const struct epcis_id *id = (const struct epcis_id *)self + i;
    str s = form == EPCIS_DL ? id->dl : id->urn;

    if (s.n == 0)
        return fail(ST_CONFLICT, "prefix.unknown", 0,
                    "object %u has no EPC URN: its company prefix is not known", i);
    buf_add(out, s);
    return OK;
}

struct epcis_ids epcis_ids_of(const struct epcis_id *list, uint32_t n)
{
    return (struct epcis_ids){.n = n, .put = list_put, .self = list};
}

bool epcis_has_ilmd(const struct epcis_event *e)
{
    return e->ilmd.lot.n > 0 || e->ilmd.expiry.year != 0 || e->ilmd.fields.n > 0;
}

// The i-th of all namespaces that the event's fields name, its own and its ILMD's.
static const struct epcis_ns *ns_at(const struct epcis_event *e, uint32_t i)
{
    if (i < e->fields.n) return e->fields.items[i].ns;
    return e->ilmd.fields.items[i - e->fields.n].ns;
}

static bool ns_same(const struct epcis_ns *a, const struct epcis_ns *b)
{
    return str_eq(a->prefix, b->prefix) && str_eq(a->uri, b->uri);
}

static bool ns_declared(const struct epcis_doc *d, const struct epcis_ns *ns)
{
    for (uint32_t i = 0; i < d->ns_count; i++)
        if (ns_same(&d->ns[i], ns)) return true;
    return false;
}

bool epcis_new_ns(struct epcis_doc *d, const struct epcis_event *e,
                  void (*each)(struct epcis_doc *d, const struct epcis_ns *ns))
{
    bool any = false;

    for (uint32_t i = 0; i < e->fields.n + e->ilmd.fields.n; i++) {
        const struct epcis_ns *ns = ns_at(e, i);
        bool again = ns == NULL || ns_declared(d, ns);
        for (uint32_t k = 0; k < i && !again; k++)
            again = ns_at(e, k) != NULL && ns_same(ns_at(e, k), ns);
        if (again) continue;
        any = true;
        if (each != NULL) each(d, ns);
    }
    return any;
}

static bool is_name(str s) { return s.n <= EPCIS_NAME_MAX && xml_is_ncname(s); }

status epcis_ns_check(const struct epcis_ns *ns)
{
    if (!is_name(ns->prefix) || str_starts(ns->prefix, S("xml")))
        return fail(ST_UNPROCESSABLE, "epcis.field", 0, "a namespace's prefix is not a name");
    if (ns->uri.n == 0 || !str_is_utf8(ns->uri, NULL))
        return fail(ST_UNPROCESSABLE, "epcis.field", 0, "a namespace has no URI");
    return OK;
}

static status fields_check(const struct epcis_fields *f)
{
    if (f->n > EPCIS_FIELDS_MAX)
        return fail(ST_UNPROCESSABLE, "epcis.field", 0, "more than %u fields", EPCIS_FIELDS_MAX);
    for (uint32_t i = 0; i < f->n; i++) {
        const struct epcis_field *one = &f->items[i];
        if (!is_name(one->name) || !str_is_utf8(one->text, NULL))
            return fail(ST_UNPROCESSABLE, "epcis.field", 0, "field %u: not a name, or not UTF-8",
                        i);
        if (one->ns != NULL) TRY(epcis_ns_check(one->ns));
    }
    return OK;
}

// One prefix means one thing in an event: both formats declare it once.
static status prefixes_check(const struct epcis_event *e)
{
    uint32_t n = e->fields.n + e->ilmd.fields.n;

    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t k = 0; k < i; k++) {
            const struct epcis_ns *a = ns_at(e, i), *b = ns_at(e, k);
            if (a != NULL && b != NULL && str_eq(a->prefix, b->prefix) && !ns_same(a, b))
                return fail(ST_UNPROCESSABLE, "epcis.field", 0,
                            "the prefix %.*s stands for two namespaces", STR(a->prefix));
        }
    }
    return OK;
}

// The number of a document is whatever a partner's system thinks of, within reason.
static status bts_check(const struct epcis_bts *bts)
{
    for (uint32_t i = 0; i < bts->n; i++) {
        const struct epcis_bt *bt = &bts->items[i];
        bool gln = bt->gln.n == 0 || (bt->gln.n == 13 && str_is_digits(bt->gln));
        if (!gln || bt->id.n == 0 || bt->id.n > EPCIS_BT_MAX || !str_is_utf8(bt->id, NULL))
            return fail(ST_UNPROCESSABLE, "epcis.bt", 0,
                        "business transaction %u: needs a GLN and a number of 1 to %u bytes", i,
                        EPCIS_BT_MAX);
    }
    return OK;
}

static status refuse(const char *reason, const char *sentence)
{
    return fail(ST_UNPROCESSABLE, reason, 0, "%s", sentence);
}

status epcis_event_check(const struct epcis_event *e)
{
    assert(e->type < EPCIS_TYPE_COUNT && e->action < EPCIS_ACTION_COUNT);
    if (shapes[e->type].name == NULL)
        return fail(ST_UNSUPPORTED, "epcis.type", 0, "events of this type are not written");
    const struct epcis_shape *s = &shapes[e->type];
    bool parent = e->parent.dl.n > 0;

    if (parent && !s->parent) return refuse("epcis.parent_extra", "this event has no parentID");
    if (!parent && s->parent && e->action != EPCIS_OBSERVE)
        return refuse("epcis.parent_missing", "parentID is needed, except for OBSERVE");
    // An aggregation's DELETE without children empties the parent (EPCIS 2.0 section 7.4.3).
    if (e->epcs.n == 0 && !(s->parent && e->action == EPCIS_DELETE))
        return refuse("epcis.ids_missing", "the event names no object");
    if (epcis_has_ilmd(e) && (!s->ilmd || e->action != EPCIS_ADD))
        return refuse("epcis.ilmd_extra", "only an ObjectEvent with ADD has an ilmd");
    if (!str_is_utf8(e->ilmd.lot, NULL)) return refuse("epcis.field", "the lot is not UTF-8");
    TRY(bts_check(&e->bts));
    TRY(fields_check(&e->fields));
    TRY(fields_check(&e->ilmd.fields));
    return prefixes_check(e);
}
