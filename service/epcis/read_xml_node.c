// read_xml_node.c - elements of somebody's own vocabulary as nodes: what they are called, what they
// hold, their attributes in front.
#include "service/epcis/xml_in.h"

void xml_in_full(struct xml_in *x)
{
    xml_r_refuse(&x->r, fail(ST_TOO_LARGE, "xml.ceiling", 0, "more than the arena holds"));
}

static const struct epcis_ns *ns_of(struct xml_in *x, str prefix, str uri)
{
    struct xml_in_ns *n = x->ns;

    if (uri.n == 0) return NULL;
    while (n != NULL && !(str_eq(n->ns.uri, uri) && str_eq(n->ns.prefix, prefix))) n = n->next;
    if (n == NULL) {
        n = NEW(x->arena, struct xml_in_ns);
        if (n == NULL) return xml_in_full(x), NULL;
        *n = (struct xml_in_ns){
            .ns = {prefix, uri},
              .next = x->ns
        };
        x->ns = n;
    }
    return &n->ns;
}

static struct epcis_node *node_new(struct xml_in *x, const struct xml_name *name)
{
    struct epcis_node *n = NEW(x->arena, struct epcis_node);

    if (n == NULL) return xml_in_full(x), NULL;
    n->ns = ns_of(x, name->prefix, name->uri);
    n->name = name->local;
    return n;
}

bool xml_in_is_xsi(const struct xml_name *name)
{
    return str_eq(name->uri, S("http://www.w3.org/2001/XMLSchema-instance"));
}

// The type of an xsi:type is a name with a prefix of its own: it hangs below the attribute, so that
// whoever writes it declares that namespace, too.
static struct epcis_node *type_node(struct xml_in *x, str text)
{
    struct xml_name name = {.local = text};

    if (str_cut(&name.local, ':', &name.prefix)) {
        const struct xml_ns *ns = xml_r_ns(&x->r, name.prefix);
        if (ns != NULL) name.uri = ns->uri;
    }
    return name.uri.n > 0 && name.local.n > 0 ? node_new(x, &name) : NULL;
}

struct epcis_node *xml_in_attribute_node(struct xml_in *x, const struct xml_r_attr *a)
{
    struct epcis_node *n = node_new(x, &a->name);

    if (n == NULL) return NULL;
    n->is_attribute = true;
    n->text = str_trim(a->value);
    if (xml_in_is_xsi(&a->name) && str_eq(a->name.local, S("type")))
        n->child = type_node(x, n->text);
    return n;
}

static void chain(struct epcis_node ***end, struct epcis_node *n)
{
    if (n == NULL) return;
    **end = n;
    *end = &n->next;
}

void xml_in_attributes(struct xml_in *x, struct epcis_node ***end)
{
    for (uint32_t i = 0; i < x->r.attr_count && x->r.st.cls == ST_OK; i++) {
        const struct xml_r_attr *a = &x->r.attrs[i];
        if (xml_in_is_xsi(&a->name)) continue; // what a schema is told is no content
        if (a->name.uri.n == 0 || xml_in_is_epcis(a->name.uri))
            xml_in_attribute_unknown(x, a);
        else
            chain(end, xml_in_attribute_node(x, a));
    }
}

// Texts between elements are one text: where each of them stood is not kept.
static str text_join(struct xml_in *x, str before, str text)
{
    if (before.n == 0) return text;
    if (str_trim(text).n == 0) return before;
    char *p = arena_alloc(x->arena, before.n + text.n);
    if (p == NULL) return xml_in_full(x), before;
    for (size_t i = 0; i < before.n; i++) p[i] = before.p[i];
    for (size_t i = 0; i < text.n; i++) p[before.n + i] = text.p[i];
    return (str){p, before.n + text.n};
}

static struct epcis_node *node_take(struct xml_in *x, unsigned depth)
{
    struct epcis_node *n = node_new(x, &x->r.name), **end;
    enum xml_token token;
    str text;

    if (n == NULL) return NULL;
    if (depth + (x->r.attr_count > 0 ? 2 : 0) >= EPCIS_NODE_DEPTH_MAX)
        xml_r_fail(&x->r, "xml.depth", "extensions nest deeper than %u", EPCIS_NODE_DEPTH_MAX);
    end = &n->child;
    for (uint32_t i = 0; i < x->r.attr_count; i++)
        chain(&end, xml_in_attribute_node(x, &x->r.attrs[i]));
    while ((token = xml_r_next(&x->r, &text)) == XML_TEXT || token == XML_START) {
        if (token == XML_TEXT)
            n->text = text_join(x, n->text, text);
        else
            chain(&end, node_take(x, depth + 1));
    }
    n->text = str_trim(n->text);
    n->kind = n->child != NULL ? NODE_PARENT : NODE_TEXT;
    return n;
}

void xml_in_node(struct xml_in *x, struct epcis_node ***end) { chain(end, node_take(x, 0)); }
