// event.c - what the types of events are made of, and their names.
#include "service/epcis/event.h"
#include "service/epcis/epcis_int.h"

#define SHAPE(name, ids, quantities, parent, ilmd)                                                 \
    {                                                                                              \
        name, ids, quantities, NULL, NULL, parent, ilmd                                            \
    }
static const struct epcis_shape shapes[EPCIS_TYPE_COUNT] = {
    [EPCIS_OBJECT] = SHAPE("ObjectEvent", "epcList", "quantityList", false, true),
    [EPCIS_AGGREGATION] = SHAPE("AggregationEvent", "childEPCs", "childQuantityList", true, false),
    [EPCIS_TRANSACTION] = SHAPE("TransactionEvent", "epcList", "quantityList", true, false),
    [EPCIS_ASSOCIATION] = SHAPE("AssociationEvent", "childEPCs", "childQuantityList", true, false),
    [EPCIS_TRANSFORMATION] = {"TransformationEvent", "inputEPCList", "inputQuantityList",
                              "outputEPCList", "outputQuantityList", false, true},
};
static const char *const actions[EPCIS_ACTION_COUNT] = {"ADD", "OBSERVE", "DELETE", NULL};

const struct epcis_ns epcis_ns_cbvmda = {
    {"cbvmda",                 6 },
    {"urn:epcglobal:cbv:mda:", 22}
};

const struct epcis_ns epcis_ns_hc = {
    {EPCIS_HC_PREFIX, sizeof EPCIS_HC_PREFIX - 1},
    {EPCIS_HC_URI,    sizeof EPCIS_HC_URI - 1   }
};

const struct epcis_ns epcis_ns_unqualified = {
    {"unqualified",               11},
    {"urn:packtrail:unqualified", 25}
};

const struct epcis_ns epcis_ns_xml = {
    {"xml",                                  3 },
    {"http://www.w3.org/XML/1998/namespace", 36}
};

bool epcis_is_unqualified(const struct epcis_node *n)
{
    return n->ns == NULL || str_eq(n->ns->uri, epcis_ns_unqualified.uri);
}

bool epcis_ns_is_cbvmda(str uri)
{
    str with = epcis_ns_cbvmda.uri;

    return str_eq(uri, with) || str_eq(uri, (str){with.p, with.n - 1});
}

const struct epcis_shape *epcis_shape(enum epcis_type t)
{
    assert(t < EPCIS_TYPE_COUNT);
    return &shapes[t];
}

bool epcis_type_find(str name, enum epcis_type *out)
{
    for (int t = 0; t < EPCIS_TYPE_COUNT; t++) {
        if (!str_eq(name, str_of(shapes[t].name))) continue;
        *out = (enum epcis_type)t;
        return true;
    }
    return false;
}

const char *epcis_action_name(enum epcis_action a)
{
    assert(a < EPCIS_ACTION_COUNT);
    return actions[a];
}

bool epcis_action_find(str name, enum epcis_action *out)
{
    for (int a = 0; a < EPCIS_NO_ACTION; a++) {
        if (!str_eq(name, str_of(actions[a]))) continue;
        *out = (enum epcis_action)a;
        return true;
    }
    return false;
}
