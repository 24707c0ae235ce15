// match_field.c - extensions by their names, wherever an event may have them, and the attributes
// that master data give to what an event names.
#include "service/query/rows.h"
#include <string.h>

// ---- nodes

// A namespace is its URI. One that a question spells "URI#name" may have been declared with the
// sign; that of CBV's own attributes has two spellings.
static bool is_ns(str asked, const struct epcis_ns *ns)
{
    if (ns == NULL) return asked.n == 0;
    if (str_eq(asked, ns->uri)) return true;
    if (epcis_ns_is_cbvmda(asked)) return epcis_ns_is_cbvmda(ns->uri);
    return asked.n > 0 && ns->uri.n == asked.n + 1 && str_starts(ns->uri, asked) &&
           ns->uri.p[asked.n] == '#';
}

static bool is_named(const struct node_seek *s, const struct epcis_node *n)
{
    return str_eq(n->name, s->field->name) && is_ns(s->field->ns, n->ns);
}

static bool below(const struct node_seek *s, const struct epcis_node *n)
{
    for (const struct epcis_node *c = n->child; c != NULL; c = c->next)
        if ((is_named(s, c) && s->each(s->arg, c)) || below(s, c)) return true;
    return false;
}

bool nodes_seek(const struct node_seek *s, const struct epcis_node *first)
{
    for (const struct epcis_node *n = first; n != NULL; n = n->next) {
        if (!s->inner && is_named(s, n) && s->each(s->arg, n)) return true;
        if (s->inner && below(s, n)) return true;
    }
    return false;
}

str node_value(const struct epcis_node *n)
{
    if (n->kind != NODE_PARENT) return n->text;
    for (const struct epcis_node *c = n->child; c != NULL; c = c->next)
        if (c->ns == NULL && (str_eq(c->name, S("@value")) || str_eq(c->name, S("@id"))))
            return c->text;
    return n->text;
}

// ---- fields

static bool node_fits(void *arg, const struct epcis_node *n)
{
    const struct query_term *t = arg;
    str text = str_trim(node_value(n));
    struct moment at;

    if (t->row->op == QUERY_EXISTS) return true;
    if (value_text(t, text) || value_number(t, text, (str){0})) return true;
    return t->values[0].is_time && when_read(text, &at).cls == ST_OK && value_time(t, at);
}

static bool seek_sensors(const struct node_seek *s, const struct epcis_sensors *all, unsigned of)
{
    for (uint32_t i = 0; i < all->n; i++) {
        const struct epcis_sensor *x = &all->at[i];
        if (of == OF_ELEMENT && nodes_seek(s, x->ext)) return true;
        if (of == OF_METADATA && x->metadata != NULL && nodes_seek(s, x->metadata->ext))
            return true;
        for (uint32_t k = 0; of == OF_REPORT && k < x->report_count; k++)
            if (nodes_seek(s, x->reports[k].ext)) return true;
    }
    return false;
}

bool match_field(struct query_look *l, const struct query_term *t)
{
    const struct epcis_event *e = l->e;
    struct query_term copy = *t; // `each` is handed no constant
    struct node_seek s = {&t->field, t->row->inner, node_fits, &copy};

    switch (t->row->of) {
    case OF_EXT: return nodes_seek(&s, e->ext);
    case OF_ILMD: return nodes_seek(&s, e->ilmd);
    case OF_ERROR: return e->error != NULL && nodes_seek(&s, e->error->ext);
    case OF_READ_POINT_EXT: return nodes_seek(&s, e->read_point.ext);
    case OF_BIZ_LOCATION_EXT: return nodes_seek(&s, e->biz_location.ext);
    default: return seek_sensors(&s, &e->sensors, t->row->of);
    }
}

// ---- attributes of master data

struct attr_look {
    struct query_look *l;
    const struct query_term *t;
    bool hit;
};

static void attr_hit(void *arg, str text)
{
    struct attr_look *x = arg;
    x->hit = x->hit || x->t->row->tail == TAIL_HAS || value_text(x->t, text);
}

static void ask(struct attr_look *x, str id, str name)
{
    const struct query_master *m = x->l->master;
    m->ops->attribute(m->t, m->client, (const str[2]){id, name}, attr_hit, x);
}

// Does what the event names by this identifier have the attribute?
static bool id_has(struct attr_look *x, str id)
{
    struct gs1_id gs1;
    struct buf b;

    if (id.n == 0 || x->l->master->ops == NULL || x->hit) return x->hit;
    buf_init(&b, 16 * KB);
    arena_reset(x->l->scratch);
    bool is_gs1 = gs1_read(id, x->l->scratch, &gs1).cls == ST_OK &&
                  gs1_write(&gs1, GS1_DL, NULL, &b).cls == ST_OK && !b.failed;
    if (is_gs1) id = buf_str(&b);
    if (x->t->row->tail == TAIL_ATTR) ask(x, id, x->t->field.attr);
    for (uint32_t i = 0; x->t->row->tail == TAIL_HAS && i < x->t->n && !x->hit; i++)
        ask(x, id, x->t->values[i].text);
    buf_fini(&b);
    return x->hit;
}

static bool pairs_have(struct attr_look *x, const struct epcis_pairs *p)
{
    for (uint32_t i = 0; i < p->n; i++)
        if (id_has(x, p->at[i].id)) return true;
    return false;
}

static bool classes_have(struct attr_look *x, const struct epcis_event *e)
{
    for (uint32_t i = 0; i < e->quantities.n; i++)
        if (id_has(x, e->quantities.at[i].epc_class)) return true;
    for (uint32_t i = 0; i < e->out_quantities.n; i++)
        if (id_has(x, e->out_quantities.at[i].epc_class)) return true;
    return false;
}

static bool node_has(void *arg, const struct epcis_node *n)
{
    return id_has(arg, str_trim(node_value(n)));
}

static bool named_has(struct attr_look *x, str name)
{
    const struct epcis_event *e = x->l->e;
    const struct {
        str name, id;
    } single[] = {
        {S("bizStep"),          e->step           },
        {S("disposition"),      e->disposition    },
        {S("readPoint"),        e->read_point.id  },
        {S("bizLocation"),      e->biz_location.id},
        {S("transformationID"), e->transformation },
    };

    for (size_t i = 0; i < LEN(single); i++)
        if (str_eq(name, single[i].name)) return id_has(x, single[i].id);
    if (str_eq(name, S("epcClass"))) return classes_have(x, e);
    if (str_eq(name, S("bizTransaction"))) return pairs_have(x, &e->bts);
    if (str_eq(name, S("source"))) return pairs_have(x, &e->sources);
    return str_eq(name, S("destination")) && pairs_have(x, &e->destinations);
}

bool match_has(struct query_look *l, const struct query_term *t)
{
    struct attr_look x = {l, t, false};
    struct node_seek s = {&t->field, false, node_has, &x};

    if (t->field.ns.n == 0) return named_has(&x, t->field.name);
    return nodes_seek(&s, l->e->ext);
}
