#include "tests/unit/epcis_same.h"

#define SAME(what, condition)                                                                      \
    do {                                                                                           \
        if (!(condition)) return what;                                                             \
    } while (0)
#define INSIDE(call)                                                                               \
    do {                                                                                           \
        const char *differs_ = (call);                                                             \
        if (differs_ != NULL) return differs_;                                                     \
    } while (0)

static str uri_of(const struct epcis_node *n) { return n->ns != NULL ? n->ns->uri : (str){"", 0}; }

static bool same_name(const struct epcis_node *a, const struct epcis_node *b)
{
    return str_eq(a->name, b->name) && str_eq(uri_of(a), uri_of(b));
}

static uint32_t count(const struct epcis_node *n, const struct epcis_node *like)
{
    uint32_t k = 0;

    for (; n != NULL; n = n->next) k += like == NULL || same_name(n, like);
    return k;
}

static const struct epcis_node *find(const struct epcis_node *n, const struct epcis_node *like,
                                     uint32_t k)
{
    for (; n != NULL; n = n->next)
        if (same_name(n, like) && k-- == 0) return n;
    return NULL;
}

static const char *nodes(const struct epcis_node *a, const struct epcis_node *b)
{
    const struct epcis_node *first = a;

    SAME("how many nodes", count(a, NULL) == count(b, NULL));
    for (; a != NULL; a = a->next) {
        uint32_t k = 0;
        for (const struct epcis_node *x = first; x != a; x = x->next) k += same_name(x, a);
        const struct epcis_node *other = find(b, a, k);
        SAME("a node's name", other != NULL);
        SAME("a node's kind", other->kind == a->kind && other->is_attribute == a->is_attribute);
        SAME("an array", other->in_array == a->in_array || count(first, a) > 1);
        SAME("a node's text", str_eq(other->text, a->text));
        INSIDE(nodes(a->child, other->child));
    }
    return NULL;
}

static const char *strs(const char *what, const struct epcis_strs *a, const struct epcis_strs *b)
{
    SAME(what, a->n == b->n);
    for (uint32_t i = 0; i < a->n; i++) SAME(what, str_eq(a->at[i], b->at[i]));
    return NULL;
}

static const char *ids(const struct epcis_ids *a, const struct epcis_ids *b)
{
    struct epcis_strs x = {a->at, a->n}, y = {b->at, b->n};

    return strs("ids", &x, &y);
}

static const char *pairs(const struct epcis_pairs *a, const struct epcis_pairs *b)
{
    SAME("how many pairs", a->n == b->n);
    for (uint32_t i = 0; i < a->n; i++)
        SAME("a pair", str_eq(a->at[i].type, b->at[i].type) && str_eq(a->at[i].id, b->at[i].id));
    return NULL;
}

static const char *quantities(const struct epcis_quantities *a, const struct epcis_quantities *b)
{
    SAME("how many quantities", a->n == b->n);
    for (uint32_t i = 0; i < a->n; i++) {
        const struct epcis_quantity *x = &a->at[i], *y = &b->at[i];
        SAME("a quantity", str_eq(x->epc_class, y->epc_class) && str_eq(x->uom, y->uom) &&
                               str_eq(x->quantity, y->quantity));
    }
    return NULL;
}

static const char *times(const struct epcis_time *a, const struct epcis_time *b)
{
    SAME("a time", a->at.at.ms == b->at.at.ms && a->at.offset_min == b->at.offset_min &&
                       str_eq(a->text, b->text));
    return NULL;
}

static const char *places(const struct epcis_place *a, const struct epcis_place *b)
{
    SAME("a place", str_eq(a->id, b->id));
    return nodes(a->ext, b->ext);
}

static const char *parts(const struct epcis_sensor_part *a, const struct epcis_sensor_part *b)
{
    SAME("sensorMetadata", (a == NULL) == (b == NULL));
    if (a == NULL) return NULL;
    for (int i = 0; i < EPCIS_SENSOR_FIELD_COUNT; i++)
        SAME("a field of a sensor", str_eq(a->at[i], b->at[i]));
    return nodes(a->ext, b->ext);
}

static const char *sensors(const struct epcis_sensors *a, const struct epcis_sensors *b)
{
    SAME("how many sensor elements", a->n == b->n);
    for (uint32_t i = 0; i < a->n; i++) {
        const struct epcis_sensor *x = &a->at[i], *y = &b->at[i];
        SAME("how many reports", x->report_count == y->report_count);
        INSIDE(parts(x->metadata, y->metadata));
        for (uint32_t k = 0; k < x->report_count; k++)
            INSIDE(parts(&x->reports[k], &y->reports[k]));
        INSIDE(nodes(x->ext, y->ext));
    }
    return NULL;
}

static const char *errors(const struct epcis_error *a, const struct epcis_error *b)
{
    SAME("errorDeclaration", (a == NULL) == (b == NULL));
    if (a == NULL) return NULL;
    INSIDE(times(&a->declared, &b->declared));
    SAME("reason", str_eq(a->reason, b->reason));
    INSIDE(strs("correctiveEventIDs", &a->corrective, &b->corrective));
    return nodes(a->ext, b->ext);
}

const char *epcis_differ(const struct epcis_event *a, const struct epcis_event *b)
{
    SAME("type", a->type == b->type && a->action == b->action);
    SAME("eventID", str_eq(a->id, b->id));
    INSIDE(times(&a->time, &b->time));
    INSIDE(times(&a->recorded, &b->recorded));
    SAME("zone", str_eq(a->zone, b->zone));
    INSIDE(errors(a->error, b->error));
    INSIDE(strs("certificationInfo", &a->certification, &b->certification));
    SAME("parentID", str_eq(a->parent, b->parent));
    INSIDE(ids(&a->epcs, &b->epcs));
    INSIDE(ids(&a->out_epcs, &b->out_epcs));
    INSIDE(quantities(&a->quantities, &b->quantities));
    INSIDE(quantities(&a->out_quantities, &b->out_quantities));
    SAME("transformationID", str_eq(a->transformation, b->transformation));
    SAME("words", str_eq(a->step, b->step) && str_eq(a->disposition, b->disposition));
    INSIDE(strs("set", &a->set, &b->set));
    INSIDE(strs("unset", &a->unset, &b->unset));
    INSIDE(places(&a->read_point, &b->read_point));
    INSIDE(places(&a->biz_location, &b->biz_location));
    INSIDE(pairs(&a->bts, &b->bts));
    INSIDE(pairs(&a->sources, &b->sources));
    INSIDE(pairs(&a->destinations, &b->destinations));
    INSIDE(sensors(&a->sensors, &b->sensors));
    SAME("ilmd", a->has_ilmd == b->has_ilmd);
    INSIDE(nodes(a->ilmd, b->ilmd));
    INSIDE(strs("contexts", &a->contexts, &b->contexts));
    return nodes(a->ext, b->ext);
}
