// write_json_node.c - extensions as members: siblings of one name are one array.
#include "service/epcis/epcis_int.h"
#include "service/epcis/json_node.h"
#include <stdlib.h>

// A sibling, and the next of its name.
struct slot {
    const struct epcis_node *node;
    const struct epcis_ns *ns; // that it is written in
    uint32_t at;
    struct slot *more;
    bool later; // not the first of its name
};

static void value(struct epcis_doc *d, const struct epcis_node *n);

// The event is refused for the lack of room.
static void too_large(struct epcis_doc *d) { d->out->failed = true; }

static void key(struct epcis_doc *d, const struct slot *s)
{
    str name = s->node->name;

    if (s->ns != NULL) {
        buf_reset(&d->text);
        buf_add(&d->text, epcis_used_prefix(d, s->ns));
        buf_addc(&d->text, ':');
        buf_add(&d->text, name);
        if (buf_done(&d->text, &name).cls != ST_OK) too_large(d);
    }
    json_w_key(&d->w.json, name);
}

static void member(struct epcis_doc *d, const struct slot *s)
{
    bool array = s->more != NULL || s->node->in_array;

    key(d, s);
    if (array) json_w_array(&d->w.json);
    for (; s != NULL; s = s->more) value(d, s->node);
    if (array) json_w_end(&d->w.json);
}

static int by_name(const void *a, const void *b)
{
    const struct slot *x = *(struct slot *const *)a, *y = *(struct slot *const *)b;
    const struct epcis_ns *nx = x->ns, *ny = y->ns;
    int c = str_cmp(x->node->name, y->node->name);

    if (c == 0 && nx != ny) c = str_cmp(nx ? nx->uri : S(""), ny ? ny->uri : S(""));
    return c != 0 ? c : (x->at > y->at) - (x->at < y->at);
}

static bool same_name(const struct slot *x, const struct slot *y)
{
    const struct epcis_ns *a = x->ns, *b = y->ns;

    return str_eq(x->node->name, y->node->name) &&
           (a == b || (a != NULL && b != NULL && str_eq(a->uri, b->uri)));
}

static void chain(struct slot **sorted, uint32_t n)
{
    qsort(sorted, n, sizeof *sorted, by_name);
    for (uint32_t i = 1; i < n; i++) {
        if (!same_name(sorted[i - 1], sorted[i])) continue;
        sorted[i - 1]->more = sorted[i];
        sorted[i]->later = true;
    }
}

static void members(struct epcis_doc *d, const struct epcis_node *first, bool outer)
{
    uint32_t n = 0;

    for (const struct epcis_node *x = first; x != NULL; x = x->next) n++;
    if (n == 0) return;
    struct slot *slots = NEW_ARRAY(&d->scratch, struct slot, n);
    struct slot **sorted = NEW_ARRAY(&d->scratch, struct slot *, n);
    if (slots == NULL || sorted == NULL) {
        too_large(d);
        return;
    }
    for (uint32_t i = 0; i < n; i++, first = first->next) {
        slots[i] = (struct slot){
            .node = first, .ns = outer ? epcis_outer_ns(d, first) : first->ns, .at = i};
        sorted[i] = &slots[i];
    }
    chain(sorted, n);
    for (uint32_t i = 0; i < n; i++)
        if (!slots[i].later) member(d, &slots[i]);
}

void epcis_json_nodes(struct epcis_doc *d, const struct epcis_node *first)
{
    members(d, first, true);
}

void epcis_json_inner(struct epcis_doc *d, const struct epcis_node *first)
{
    members(d, first, false);
}

void epcis_json_item(struct epcis_doc *d, const struct epcis_node *n) { value(d, n); }

static void items(struct epcis_doc *d, const struct epcis_node *n)
{
    json_w_array(&d->w.json);
    for (n = n->child; n != NULL; n = n->next) value(d, n);
    json_w_end(&d->w.json);
}

// XML's text beside attributes or elements is what JSON-LD calls the value.
static void object(struct epcis_doc *d, const struct epcis_node *n)
{
    json_w_object(&d->w.json);
    members(d, n->child, false);
    if (n->text.n > 0) json_w_kstr(&d->w.json, "@value", n->text);
    json_w_end(&d->w.json);
}

static void value(struct epcis_doc *d, const struct epcis_node *n)
{
    struct json_w *w = &d->w.json;

    switch (n->kind) {
    case NODE_TEXT: json_w_str(w, n->text); break;
    case NODE_NUMBER:
    case NODE_BOOL: json_w_raw(w, n->text); break;
    case NODE_NULL: json_w_null(w); break;
    case NODE_EMPTY_ARRAY:
        json_w_array(w);
        json_w_end(w);
        break;
    case NODE_ARRAY: items(d, n); break;
    case NODE_PARENT: object(d, n); break;
    }
}
