// check.c - what an event may hold, whatever it is written to.
#include "service/epcis/event.h"

static status refuse(const char *reason, const char *sentence)
{
    return fail(ST_UNPROCESSABLE, reason, 0, "%s", sentence);
}

// A name that JSON can have: XML's own rules are for its writer.
static bool is_name(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f) return false;
    return str_is_utf8(s, NULL);
}

static status node_check(const struct epcis_node *n, bool named)
{
    bool bad_ns = n->ns != NULL && (n->ns->uri.n == 0 || !str_is_utf8(n->ns->uri, NULL));

    if (bad_ns) return refuse("epcis.field", "a namespace has no URI");
    if ((named && n->name.n == 0) || !is_name(n->name) || !str_is_utf8(n->text, NULL))
        return refuse("epcis.field", "an extension is not a name, or its text is not UTF-8");
    return OK;
}

static status nodes_check(const struct epcis_node *n, bool named, unsigned depth)
{
    if (n != NULL && depth == EPCIS_NODE_DEPTH_MAX)
        return refuse("epcis.field", "extensions are nested too deep");
    for (; n != NULL; n = n->next) {
        TRY(node_check(n, named));
        TRY(nodes_check(n->child, n->kind != NODE_ARRAY, depth + 1));
    }
    return OK;
}

static status bts_check(const struct epcis_pairs *bts)
{
    for (uint32_t i = 0; i < bts->n; i++)
        if (bts->at[i].id.n == 0 || !str_is_utf8(bts->at[i].id, NULL))
            return refuse("epcis.bt", "bizTransactionList: a transaction has no id");
    return OK;
}

status epcis_event_check(const struct epcis_event *e)
{
    assert(e->type < EPCIS_TYPE_COUNT && e->action < EPCIS_ACTION_COUNT);
    const struct epcis_shape *s = epcis_shape(e->type);
    bool parent = e->parent.n > 0, many = e->epcs.n + e->quantities.n > 0;
    bool groups = e->type == EPCIS_AGGREGATION || e->type == EPCIS_ASSOCIATION;

    if (parent && !s->parent) return refuse("epcis.parent_extra", "this event has no parentID");
    if (!parent && groups && e->action != EPCIS_OBSERVE)
        return refuse("epcis.parent_missing", "parentID is needed, except for OBSERVE");
    // An aggregation's DELETE without children empties the parent (EPCIS 2.0 section 7.4.3).
    if (!many && e->sensors.n == 0 && !s->out_ids && !(groups && e->action == EPCIS_DELETE) &&
        e->type != EPCIS_TRANSACTION)
        return refuse("epcis.ids_missing", "the event names no object");
    if (e->has_ilmd && (!s->ilmd || (e->type == EPCIS_OBJECT && e->action != EPCIS_ADD)))
        return refuse("epcis.ilmd_extra", "only an ObjectEvent with ADD has an ilmd");
    TRY(bts_check(&e->bts));
    TRY(nodes_check(e->ilmd, true, 0));
    return nodes_check(e->ext, true, 0);
}
