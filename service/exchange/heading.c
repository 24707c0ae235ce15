// heading.c - which names a message has, looked up once each, and told by vocabulary.
#include "service/exchange/heading.h"
#include "service/catalog/place.h"
#include "service/catalog/product.h"
#include "service/lot/lot_db.h"
#include "service/vocabulary/vocabulary_db.h"

#define ATTRS_MAX 64u // of an element

static const struct vocabulary {
    str type, name; // and the attribute that holds what the catalog calls it
} vocabularies[HEADING_TYPES] = {
#define V(type, name)                                                                              \
    {                                                                                              \
        {"urn:epcglobal:epcis:vtype:" type, sizeof("urn:epcglobal:epcis:vtype:" type) - 1},        \
        {                                                                                          \
            "urn:epcglobal:cbv:mda#" name, sizeof("urn:epcglobal:cbv:mda#" name) - 1               \
        }                                                                                          \
    }
    [HEADING_CLASS] = V("EPCClass", "regulatedProductName"),
    [HEADING_READ_POINT] = V("ReadPoint", "name"),
    [HEADING_LOCATION] = V("BusinessLocation", "name"),
    [HEADING_END] = V("SourceDest", "name"),
#undef V
};

// ---- what is known

static bool key_find(struct heading *h, enum heading_type type, str id, struct element_id *out)
{
    struct buf key;

    buf_init(&key, 4 * KB);
    bool found = vocabulary_key(vocabularies[type].type, id, h->scratch, &key).cls == ST_OK;
    if (found) *out = element_id_of(buf_str(&key), vocabularies[type].type);
    buf_fini(&key);
    return found;
}

// Texts alone: values that are trees are asked for by SimpleMasterDataQuery.
static bool captured_take(struct heading *h, enum heading_type type, str id,
                          struct epcis_vocabulary_element *e)
{
    struct epcis_vocabulary_attr *attrs = NEW_ARRAY(h->a, struct epcis_vocabulary_attr, ATTRS_MAX);
    struct attr_row row = {
        .name = {"", 0}
    };
    struct element_row element;
    struct element_id at;

    if (attrs == NULL || !key_find(h, type, id, &at)) return false;
    bool found = element_get(h->t, h->client, &at, &element);
    while (found && e->attr_count < ATTRS_MAX && attr_next(h->t, h->client, &at, row.name, &row)) {
        str name = arena_str(h->a, row.name);
        if (name.p == NULL || attr_value(h->t, h->a, &row).cls != ST_OK) return false;
        row.name = name;
        str text = arena_str(h->a, row.value);
        if (text.p == NULL) return false;
        if (row.tree.n == 0) attrs[e->attr_count++] = (struct epcis_vocabulary_attr){name, text, 0};
    }
    e->attrs = attrs;
    return e->attr_count > 0;
}

static bool catalog_take(struct heading *h, enum heading_type type, str name,
                         struct epcis_vocabulary_element *e)
{
    struct epcis_vocabulary_attr *attr = NEW(h->a, struct epcis_vocabulary_attr);

    if (name.n == 0 || attr == NULL) return false;
    *attr = (struct epcis_vocabulary_attr){vocabularies[type].name, name, 0};
    e->attrs = attr;
    e->attr_count = 1;
    return true;
}

// ---- names

static void spell(const struct heading *h, const struct gs1_id *id, struct buf *out)
{
    if (h->urns && gs1_write(id, GS1_URN, h->prefixes, out).cls == ST_OK) return;
    (void)gs1_write(id, GS1_DL, NULL, out); // nothing where it has none
}

static bool is_there(const struct heading *h, enum heading_type type, str id)
{
    for (uint32_t i = 0; i < h->n; i++)
        if (h->at[i].type == type && str_eq(h->at[i].element.id, id)) return true;
    return false;
}

// `name`: what the catalog calls it, or nothing. Nothing that lies in the scratch arena is good
// behind it.
static void add(struct heading *h, enum heading_type type, const struct gs1_id *id, str name)
{
    struct epcis_vocabulary_element e = {.type = vocabularies[type].type};
    struct buf b;

    if (h->at == NULL) h->at = NEW_ARRAY(h->a, struct heading_entry, HEADING_MAX);
    if (h->at == NULL || h->n == HEADING_MAX) return;
    buf_init(&b, 4 * KB);
    spell(h, id, &b);
    bool is_new = !b.failed && b.n > 0 && !is_there(h, type, buf_str(&b));
    if (is_new) e.id = arena_str(h->a, buf_str(&b));
    if (is_new) name = arena_str(h->a, name);
    buf_fini(&b);
    if (!is_new || e.id.p == NULL || name.p == NULL) return;
    if (captured_take(h, type, e.id, &e) || catalog_take(h, type, name, &e))
        h->at[h->n++] = (struct heading_entry){type, e};
}

static void add_place(struct heading *h, enum heading_type type, str text)
{
    struct gs1_id id;
    str name = {"", 0};

    arena_reset(h->scratch);
    if (text.n == 0 || gs1_read(text, h->scratch, &id).cls != ST_OK) return;
    if (id.scheme == GS1_SGLN) name = place_name(h->t, &noun_location, gs1_id_key(&id), h->scratch);
    if (id.scheme == GS1_PGLN) name = place_name(h->t, &noun_party, gs1_id_key(&id), h->scratch);
    add(h, type, &id, name);
}

// Each lot once: a message mostly has many events of few.
static void add_lot(struct heading *h, uint32_t number)
{
    struct lots one = {{number}, 1};
    struct product p;
    struct lot lot;

    if (number == PARKED_ALL_LOTS || lot_set_meets(&h->lots, &one)) return;
    h->lots.a = h->a;
    lot_set_add(&h->lots, &one);
    arena_reset(h->scratch);
    if (!lot_get(h->t, number, h->scratch, &lot) ||
        product_get_version(h->t, lot.product, lot.product_version, h->a, &p).cls != ST_OK)
        return;
    for (uint32_t i = 0; i < p.level_count; i++) {
        struct gs1_id id = gs1_gtin(p.levels[i].gtin);
        if (!p.levels[i].is_sscc) add(h, HEADING_CLASS, &id, p.name);
    }
}

static void add_ends(struct heading *h, const struct epcis_pairs *ends)
{
    for (uint32_t i = 0; i < ends->n; i++) add_place(h, HEADING_END, ends->at[i].id);
}

void heading_note(struct heading *h, const struct order *o, const struct fact *f,
                  const struct event_parts *parts)
{
    struct lots lots;

    if (event_lots(o, f, &lots).cls != ST_OK) lots.n = 0;
    for (uint32_t i = 0; i < lots.n; i++) add_lot(h, lots.at[i]);
    for (uint32_t i = 0; i < parts->n; i++) {
        const struct epcis_event *e = &parts->at[i].event;
        add_place(h, HEADING_READ_POINT, e->read_point.id);
        add_place(h, HEADING_LOCATION, e->biz_location.id);
        add_ends(h, &e->sources);
        add_ends(h, &e->destinations);
    }
}

bool heading_elements(struct heading *h, struct epcis_out *out)
{
    struct epcis_vocabulary_element *all =
        NEW_ARRAY(h->a, struct epcis_vocabulary_element, h->n + 1);

    if (all == NULL || h->n == 0) return false;
    out->elements = all;
    out->element_count = h->n;
    for (int type = 0; type < HEADING_TYPES; type++)
        for (uint32_t i = 0; i < h->n; i++)
            if ((int)h->at[i].type == type) *all++ = h->at[i].element;
    return true;
}
