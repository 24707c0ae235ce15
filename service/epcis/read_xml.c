// read_xml.c - one event of EPCIS 2.0, 1.2, 1.1 or 1.0 in XML: which elements its type has, in the
// order of the schemas. A row is an element.
//
// What came after 1.0 lies in wrappers in 1.1 and 1.2: the event's id in baseExtension, quantities,
// sources, destinations and ILMD in extension, a TransformationEvent in an extension of the list of
// events. There is a revised schema of 1.2 that puts what 2.0 brought one extension deeper; it is
// read, too. What somebody put into an innermost extension without a namespace becomes a node that
// has none. A QuantityEvent, which 2.0 has no more, is read as the ObjectEvent with a quantity
// that took its place in 1.1: OBSERVE, for it says nothing of birth or end.
#include "service/epcis/read_int.h"
#include "service/epcis/xml_in.h"

// ---- rows

struct event_in { // the event comes first: rows count from it
    struct epcis_event e;
    struct epcis_quantity counted; // by a QuantityEvent
};
#define E                             struct epcis_event
#define EL(name, take, member)        XML_SLOT(name, take, E, member)
#define EL_X(name, take, member, ...) XML_SLOT_X(name, take, E, member, __VA_ARGS__)

static const struct xml_slot correctives[] = {{.name = {"correctiveEventID", 17}}};
static const struct xml_slot epc[] = {{.name = {"epc", 3}}};
static const struct xml_slot quantity[] = {{.name = {"quantityElement", 15}}};
static const struct xml_slot bt[] = {{.name = {"bizTransaction", 14}}};
static const struct xml_slot source[] = {{.name = {"source", 6}}};
static const struct xml_slot destination[] = {{.name = {"destination", 11}}};

#define X struct epcis_error
#define ERROR_SLOTS(free_order)                                                                    \
    {                                                                                              \
        XML_SLOT_X("declarationTime", xml_take_time, X, declared, .anywhere = free_order),         \
            XML_SLOT_X("reason", xml_take_word, X, reason, .voc = EPCIS_VOC_ERROR,                 \
                       .anywhere = free_order),                                                    \
            XML_SLOT_X("correctiveEventIDs", xml_take_uri_list, X, corrective,                     \
                       .items = correctives, .anywhere = free_order),                              \
            XML_SLOT_X("extension", xml_take_unknown, X, ext, .anywhere = free_order),             \
            XML_SLOT_END,                                                                          \
    }
static const struct xml_slot error_1[] = ERROR_SLOTS(false);
static const struct xml_slot error_2[] = ERROR_SLOTS(true); // a choice in the schema of 2.0

#define TIMES                                                                                      \
    EL("eventTime", xml_take_time, time), EL("recordTime", xml_take_time, recorded),               \
        EL("eventTimeZoneOffset", xml_take_text, zone)
#define EPCS(name, member)       EL_X(name, xml_take_ids, member, .items = epc)
#define EPCS_1(name, member)     EL_X(name, xml_take_ids, member, .items = epc, .required = true)
#define QUANTITIES(name, member) EL_X(name, xml_take_quantities, member, .items = quantity)
#define PARENT                   EL("parentID", xml_take_text, parent)
#define ACTION                   EL("action", xml_take_action, action)

#define BTS EL_X("bizTransactionList", xml_take_pairs, bts, .voc = EPCIS_VOC_TRADE, .items = bt)
#define WHERE                                                                                      \
    EL_X("bizStep", xml_take_word, step, .voc = EPCIS_VOC_STEP),                                   \
        EL_X("disposition", xml_take_word, disposition, .voc = EPCIS_VOC_DISP),                    \
        EL("readPoint", xml_take_place, read_point),                                               \
        EL("bizLocation", xml_take_place, biz_location)
#define ENDS                                                                                       \
    EL_X("sourceList", xml_take_pairs, sources, .items = source, .voc = EPCIS_VOC_END),            \
        EL_X("destinationList", xml_take_pairs, destinations, .items = destination,                \
             .voc = EPCIS_VOC_END)
#define NEWS /* what 2.0 brought, wherever it lies */                                              \
    EL("sensorElementList", xml_take_sensors, sensors),                                            \
        EL("persistentDisposition", xml_take_persistent, set)
#define ILMD    EL("ilmd", xml_take_ilmd, ilmd)
#define OTHERS  EL("extension", xml_take_others, ext)  // of 2.0: elements of others, wrapped
#define UNKNOWN EL("extension", xml_take_unknown, ext) // of 1.0: whatever the vendor liked

// ---- 2.0

#define WHEN_2                                                                                     \
    TIMES, EL("eventID", xml_take_text, id),                                                       \
        EL_X("errorDeclaration", xml_take_error, error, .items = error_2),                         \
        EL("certificationInfo", xml_take_one_text, certification),                                 \
        EL("baseExtension", xml_take_others, ext)

static const struct xml_slot object_2[] = {WHEN_2,      EPCS("epcList", epcs),
                                           ACTION,      WHERE,
                                           BTS,         QUANTITIES("quantityList", quantities),
                                           ENDS,        NEWS,
                                           ILMD,        OTHERS,
                                           XML_SLOT_END};
static const struct xml_slot aggregation_2[] = {WHEN_2,
                                                PARENT,
                                                EPCS("childEPCs", epcs),
                                                ACTION,
                                                WHERE,
                                                BTS,
                                                QUANTITIES("childQuantityList", quantities),
                                                ENDS,
                                                NEWS,
                                                OTHERS,
                                                XML_SLOT_END};
static const struct xml_slot transaction_2[] = {WHEN_2,
                                                BTS,
                                                PARENT,
                                                EPCS("epcList", epcs),
                                                ACTION,
                                                WHERE,
                                                QUANTITIES("quantityList", quantities),
                                                ENDS,
                                                NEWS,
                                                OTHERS,
                                                XML_SLOT_END};
static const struct xml_slot transformation_2[] = {
    WHEN_2,
    EPCS("inputEPCList", epcs),
    QUANTITIES("inputQuantityList", quantities),
    EPCS("outputEPCList", out_epcs),
    QUANTITIES("outputQuantityList", out_quantities),
    EL("transformationID", xml_take_text, transformation),
    WHERE,
    BTS,
    ENDS,
    NEWS,
    ILMD,
    OTHERS,
    XML_SLOT_END};
static const struct xml_slot association_2[] = {WHEN_2,
                                                PARENT,
                                                EPCS("childEPCs", epcs),
                                                QUANTITIES("childQuantityList", quantities),
                                                ACTION,
                                                WHERE,
                                                BTS,
                                                ENDS,
                                                NEWS,
                                                OTHERS,
                                                XML_SLOT_END};

// ---- 1.0 to 1.2

// Those of 1.0 hold whatever the vendor liked, and the innermost ones do to this day: unless it
// begins with what the schema knows, it stands for itself.
static bool is_known(const struct xml_in *x, const struct xml_slot *slot)
{
    struct xml_r ahead = x->r;

    return !xml_r_child(&ahead) || xml_in_slot(slot->items, ahead.name.local) != NULL;
}

static void take_innermost(struct xml_in *x, const struct xml_slot *slot, void *field)
{
    E *e = field;
    struct epcis_node **end = &e->ext;

    if (is_known(x, slot)) {
        xml_in_sequence(x, slot->items, e, NULL);
        return;
    }
    while (*end != NULL) end = &(*end)->next;
    xml_take_unknown(x, slot, &end);
}

static void take_wrapped(struct xml_in *x, const struct xml_slot *slot, void *field)
{
    if (x->version == EPCIS_1_0)
        take_innermost(x, slot, field);
    else
        xml_in_sequence(x, slot->items, field, NULL);
}

// Fields of the same event: `at` is 0.
#define WRAPPED(name_, items_)                                                                     \
    {                                                                                              \
        .name = {name_, sizeof(name_) - 1}, .take = take_wrapped, .items = items_                  \
    }
#define INNERMOST(items_)                                                                          \
    {                                                                                              \
        .name = {"extension", 9}, .take = take_innermost, .items = items_                          \
    }

// What systems of SAP send, in 1.1 and 1.2: an element of their own without a namespace, where the
// schemas have none. It is kept as if it lay in an innermost extension.
static void take_sap(struct xml_in *x, const struct xml_slot *slot, void *field)
{
    struct epcis_node **end = field;

    (void)slot;
    while (*end != NULL) end = &(*end)->next;
    xml_in_node(x, &end);
}
#define SAP EL_X("SAPExtension", take_sap, ext, .anywhere = true)

static const struct xml_slot nothing[] = {XML_SLOT_END};
static const struct xml_slot base_1[] = {
    EL("eventID", xml_take_text, id),
    EL_X("errorDeclaration", xml_take_error, error, .items = error_1), INNERMOST(nothing),
    XML_SLOT_END};
#define WHEN_1 TIMES, WRAPPED("baseExtension", base_1)

static const struct xml_slot news_1[] = {
    NEWS, EL("certificationInfo", xml_take_one_text, certification), XML_SLOT_END};
static const struct xml_slot object_ext[] = {
    QUANTITIES("quantityList", quantities), ENDS, ILMD, INNERMOST(news_1), SAP, XML_SLOT_END};
static const struct xml_slot aggregation_ext[] = {QUANTITIES("childQuantityList", quantities), ENDS,
                                                  INNERMOST(news_1), SAP, XML_SLOT_END};
static const struct xml_slot transaction_ext[] = {QUANTITIES("quantityList", quantities), ENDS,
                                                  INNERMOST(news_1), SAP, XML_SLOT_END};

static const struct xml_slot object_1[] = {
    WHEN_1, EPCS_1("epcList", epcs),          ACTION, WHERE,
    BTS,    WRAPPED("extension", object_ext), SAP,    XML_SLOT_END};
static const struct xml_slot aggregation_1[] = {WHEN_1,
                                                PARENT,
                                                EPCS_1("childEPCs", epcs),
                                                ACTION,
                                                WHERE,
                                                BTS,
                                                WRAPPED("extension", aggregation_ext),
                                                SAP,
                                                XML_SLOT_END};
static const struct xml_slot transaction_1[] = {WHEN_1,
                                                BTS,
                                                PARENT,
                                                EPCS_1("epcList", epcs),
                                                ACTION,
                                                WHERE,
                                                WRAPPED("extension", transaction_ext),
                                                SAP,
                                                XML_SLOT_END};
static const struct xml_slot transformation_1[] = {
    WHEN_1,
    EPCS("inputEPCList", epcs),
    QUANTITIES("inputQuantityList", quantities),
    EPCS("outputEPCList", out_epcs),
    QUANTITIES("outputQuantityList", out_quantities),
    EL("transformationID", xml_take_text, transformation),
    WHERE,
    BTS,
    ENDS,
    ILMD,
    INNERMOST(news_1),
    SAP,
    XML_SLOT_END};
// The revised schema and its examples do not agree on where the quantities stand.
static const struct xml_slot association_1[] = {
    WHEN_1,
    PARENT,
    EPCS("childEPCs", epcs),
    EL_X("childQuantityList", xml_take_quantities, quantities, .items = quantity, .anywhere = true),
    ACTION,
    WHERE,
    BTS,
    ENDS,
    NEWS,
    UNKNOWN,
    XML_SLOT_END};
static const struct xml_slot quantity_1[] = {
    WHEN_1,
    XML_SLOT_X("epcClass", xml_take_text, struct event_in, counted.epc_class, .required = true),
    XML_SLOT_X("quantity", xml_take_text, struct event_in, counted.quantity, .required = true),
    WHERE,
    BTS,
    UNKNOWN,
    XML_SLOT_END};

// ---- types

static const struct kind {
    str name;
    enum epcis_type type;
    bool since_2;
    unsigned wrappers; // that it lies in
    const struct xml_slot *slots;
} kinds[] = {
    {{"ObjectEvent", 11},         EPCIS_OBJECT,         true,  0, object_2        },
    {{"AggregationEvent", 16},    EPCIS_AGGREGATION,    true,  0, aggregation_2   },
    {{"TransactionEvent", 16},    EPCIS_TRANSACTION,    true,  0, transaction_2   },
    {{"TransformationEvent", 19}, EPCIS_TRANSFORMATION, true,  0, transformation_2},
    {{"AssociationEvent", 16},    EPCIS_ASSOCIATION,    true,  0, association_2   },
    {{"ObjectEvent", 11},         EPCIS_OBJECT,         false, 0, object_1        },
    {{"AggregationEvent", 16},    EPCIS_AGGREGATION,    false, 0, aggregation_1   },
    {{"TransactionEvent", 16},    EPCIS_TRANSACTION,    false, 0, transaction_1   },
    {{"QuantityEvent", 13},       EPCIS_OBJECT,         false, 0, quantity_1      },
    {{"TransformationEvent", 19}, EPCIS_TRANSFORMATION, false, 1, transformation_1},
    {{"AssociationEvent", 16},    EPCIS_ASSOCIATION,    false, 2, association_1   },
};

// What a document says of itself, an event that stands alone may say: it was heard when it was cut.
static void document_attributes_drop(struct xml_in *x)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < x->r.attr_count; i++) {
        const struct xml_name *name = &x->r.attrs[i].name;
        if (xml_is(name, S(""), S("schemaVersion")) || xml_is(name, S(""), S("creationDate")))
            continue;
        x->r.attrs[n++] = x->r.attrs[i];
    }
    x->r.attr_count = n;
}

static const struct kind *kind_find(struct xml_in *x, unsigned wrappers)
{
    str name = x->r.name.local;
    bool wrong_place = false;

    for (size_t i = 0; i < LEN(kinds); i++) {
        const struct kind *k = &kinds[i];
        if (!str_eq(k->name, name)) continue;
        if (x->lenient && x->r.name.uri.n == 0) return k; // the rows of 2.0 have all names
        if (k->since_2 != (x->version == EPCIS_2_0)) continue;
        if (x->r.name.uri.n == 0 && k->wrappers == wrappers) return k;
        wrong_place = true;
    }
    if (x->r.name.uri.n > 0 && wrong_place)
        xml_in_element_unknown(x);
    else if (wrong_place)
        xml_r_fail(&x->r, "epcis.order", "%.*s lies in other wrappers in EPCIS 1.2", STR(name));
    else
        xml_r_fail(&x->r, "epcis.type", "this is no event of this version of EPCIS");
    return NULL;
}

// What a QuantityEvent counts becomes a list of one.
static void counted_take(struct xml_in *x, struct event_in *in)
{
    struct xml_list l = {0};
    struct epcis_quantity *q = xml_list_add(x, &l, sizeof *q);

    if (q == NULL) return;
    *q = in->counted;
    in->e.quantities = (struct epcis_quantities){q, 1};
    in->e.action = EPCIS_OBSERVE;
}

// Into the event, past the wrappers of 1.1 and 1.2.
static unsigned unwrap(struct xml_in *x)
{
    unsigned n = 0;

    xml_r_root(&x->r);
    while ((x->version != EPCIS_2_0 || x->lenient) && x->r.st.cls == ST_OK && n < 2 &&
           xml_is(&x->r.name, S(""), S("extension"))) {
        n++;
        if (!xml_r_child(&x->r)) xml_r_fail(&x->r, "epcis.type", "there is no event in here");
    }
    return n;
}

static void event_take(struct xml_in *x, struct event_in *in)
{
    unsigned wrappers = unwrap(x);
    const struct kind *k = x->r.st.cls == ST_OK ? kind_find(x, wrappers) : NULL;

    if (k == NULL) return;
    in->e.type = k->type;
    document_attributes_drop(x);
    xml_in_sequence(x, k->slots, in, &in->e.ext);
    if (k->slots == quantity_1) counted_take(x, in);
    while (wrappers-- > 0)
        if (xml_r_child(&x->r))
            xml_r_fail(&x->r, "epcis.order", "an extension holds one event, this is another");
}

status epcis_xml_event_read(str bytes, const struct epcis_scope *scope, struct arena *a,
                            struct epcis_event *out)
{
    struct event_in in = {.e.action = EPCIS_NO_ACTION};
    struct xml_in x;

    assert(scope->syntax == EPCIS_SYNTAX_XML);
    xml_r_init(&x.r, bytes, a);
    x.r.transcoded = true; // by who took it in, if need be
    x.arena = a;
    x.version = scope->version;
    x.uri = (str){"", 0};
    x.ns = NULL;
    x.lenient = scope->lenient;
    x.words_as_given = scope->words_as_given;
    xml_r_scope(&x.r, scope->context);
    if (x.r.st.cls == ST_OK) event_take(&x, &in);
    TRY(xml_r_end(&x.r));
    *out = in.e;
    return OK;
}
