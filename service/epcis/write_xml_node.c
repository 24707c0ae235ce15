// write_xml_node.c - trees of somebody's own vocabulary as elements and attributes.
//
// What came from JSON may be what XML has no word for: names that are none, lists in lists. Such an
// event is refused (epcis.not_in_xml). An empty list is no element, nor is null:
// JSON-LD takes a member that is null for none.
#include "service/epcis/xml_out.h"

static status no_xml(const struct epcis_node *n, const char *why)
{
    str name = str_shown(n->name, 32);

    return fail(ST_CONFLICT, "epcis.not_in_xml", 0, "XML cannot say %.*s: %s", STR(name), why);
}

// prefix:name in d->text, until the next text.
static status name_put(struct epcis_doc *d, const struct epcis_node *n, const struct epcis_ns *ns,
                       str *out)
{
    if (!xml_is_any_ncname(n->name)) return no_xml(n, "it is no name there");
    buf_reset(&d->text);
    if (ns != NULL) {
        buf_add(&d->text, epcis_used_prefix(d, ns));
        buf_addc(&d->text, ':');
    }
    buf_add(&d->text, n->name);
    return buf_done(&d->text, out);
}

void xml_out_declare(struct epcis_doc *d)
{
    for (const struct epcis_used *u = d->used; u != NULL; u = u->next) {
        if (u->declared) continue;
        buf_reset(&d->text);
        buf_addf(&d->text, "xmlns:%.*s", STR(u->prefix));
        // ours has the format's own spelling where no document declares it, too
        xml_attr(&d->w.xml, buf_str(&d->text),
                 u->ns == &epcis_ns_cbvmda ? d->ops->mda.uri : u->ns->uri);
    }
}

// The value of an xsi:type has a prefix, which may be another now; else the text.
static status value_put(struct epcis_doc *d, const struct epcis_node *n, str *out)
{
    *out = n->text;
    return n->child != NULL ? name_put(d, n->child, n->child->ns, out) : OK;
}

static status attribute(struct epcis_doc *d, const struct epcis_node *n)
{
    str name, value;

    TRY(value_put(d, n, &value));
    if (n->child != NULL) value = arena_str(&d->scratch, value);
    if (value.p == NULL) return no_memory();
    TRY(name_put(d, n, n->ns, &name));
    xml_attr(&d->w.xml, name, value);
    return d->w.xml.st;
}

// xml:lang is no element, whatever format it came in.
static bool is_attribute(const struct epcis_node *n)
{
    bool xml = n->ns != NULL && n->kind <= NODE_BOOL && str_eq(n->ns->uri, epcis_ns_xml.uri);

    return n->is_attribute || xml;
}

status xml_out_attributes(struct epcis_doc *d, const struct epcis_node *chain)
{
    for (; chain != NULL; chain = chain->next)
        if (is_attribute(chain)) TRY(attribute(d, chain));
    return OK;
}

status xml_out_as_attributes(struct epcis_doc *d, const struct epcis_node *chain)
{
    for (; chain != NULL; chain = chain->next) {
        bool value = chain->kind <= NODE_BOOL;
        if (!value || chain->ns == NULL)
            return no_xml(chain, "here are attributes with a namespace only");
        TRY(attribute(d, chain));
    }
    return OK;
}

// JSON-LD's name for what is a text in XML.
static bool is_value(const struct epcis_node *n)
{
    return n->ns == NULL && str_eq(n->name, S("@value")) && n->kind <= NODE_BOOL;
}

static status element(struct epcis_doc *d, const struct epcis_node *n, const struct epcis_ns *ns);

status xml_out_inner(struct epcis_doc *d, const struct epcis_node *chain)
{
    for (; chain != NULL; chain = chain->next) {
        if (is_value(chain))
            xml_text(&d->w.xml, chain->text);
        else if (!is_attribute(chain))
            TRY(element(d, chain, chain->ns));
    }
    return OK;
}

static status element(struct epcis_doc *d, const struct epcis_node *n, const struct epcis_ns *ns)
{
    struct xml_w *w = &d->w.xml;
    str name;

    if (n->kind == NODE_EMPTY_ARRAY || n->kind == NODE_NULL) return OK;
    if (n->kind == NODE_ARRAY) return no_xml(n, "a list in a list");
    TRY(name_put(d, n, ns, &name));
    xml_open(w, name);
    if (n->kind == NODE_PARENT) TRY(xml_out_attributes(d, n->child));
    xml_text(w, n->text);
    if (n->kind == NODE_PARENT) TRY(xml_out_inner(d, n->child));
    xml_close(w);
    return w->st;
}

static status elements(struct epcis_doc *d, const struct epcis_node *n, bool local)
{
    for (; n != NULL; n = n->next) {
        const struct epcis_ns *ns = epcis_outer_ns(d, n);
        if (!is_attribute(n) && (ns == NULL) == local) TRY(element(d, n, ns));
    }
    return OK;
}

bool xml_out_has_local(const struct epcis_doc *d, const struct epcis_node *chain)
{
    while (chain != NULL && (is_attribute(chain) || epcis_outer_ns(d, chain) != NULL))
        chain = chain->next;
    return chain != NULL;
}

status xml_out_local(struct epcis_doc *d, const struct epcis_node *chain)
{
    return elements(d, chain, true);
}

status xml_out_others(struct epcis_doc *d, const struct epcis_node *chain)
{
    return elements(d, chain, false);
}

status xml_out_elements(struct epcis_doc *d, const struct epcis_node *chain)
{
    if (xml_out_has_local(d, chain)) {
        xml_open(&d->w.xml, S("extension"));
        TRY(xml_out_local(d, chain));
        xml_close(&d->w.xml);
    }
    return xml_out_others(d, chain);
}
